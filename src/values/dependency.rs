use std::collections::HashSet;
use std::fmt;

use super::coalesce::{Nulls, coalesce, copy_map, merge_tables};
use super::table::{find_table, find_value};
use super::{Error, ValuePath};
use crate::chart::{Chart, Dependency, ImportValues, Warned, Warning};
use crate::value::{Entries, Map, MapType, Str, Value, to_text};
use crate::version::{Constraint, Version};

/// Switches subcharts on and off by tags and conditions, gives aliased ones their names, and
/// takes over imported values.
///
/// Returns a new chart: `dependencies` and `metadata.dependencies` hold what is on, names are the
/// aliases, and the `values` of every chart with dependencies are the defaults of the whole tree
/// below it merged, as a release record stores them. Check with [`Chart::check_dependencies`]
/// first.
///
/// # Errors
/// [`Error::Dependencies`] when there is something other than a map under a subchart's name.
///
/// # Source
/// Helm v4 `pkg/chart/v2/util/dependencies.go`.
pub fn process_dependencies(chart: Chart, user: &Map) -> Warned<Result<Chart, Error>> {
    let Warned { value, warnings } = switch_dependencies(chart, user);
    Warned { value: value.map(|(chart, _)| chart), warnings }
}

/// Processes dependencies as [`process_dependencies`] does and tells what switched them.
///
/// # Errors
/// As [`process_dependencies`].
pub fn switch_dependencies(chart: Chart, user: &Map) -> Warned<Result<(Chart, Switches), Error>> {
    let mut chart = chart;
    let mut run = Run { warnings: Vec::new(), switches: Switches::default() };
    let done = run.enable(&mut chart, user, "").and_then(|()| run.import(&mut chart));
    let value = match done {
        Ok(()) => Ok((chart, run.switches)),
        Err(error) => Err(Error::Dependencies(Box::new(error))),
    };
    Warned { value, warnings: run.warnings }
}

/// What decided which subcharts are on.
#[derive(Clone, Debug, Default)]
pub struct Switches {
    /// The paths of the values that were looked at, from the values of the top chart.
    pub read: Vec<ValuePath>,
    /// The subcharts that are off.
    pub off: Vec<SwitchedOff>,
}

/// A subchart that is off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SwitchedOff {
    /// The path of its values from those of the top chart; its last key is its name.
    pub path: ValuePath,
    /// The path of the condition that is false, or the tags of which none is on.
    pub by: SwitchedBy,
}

impl fmt::Display for SwitchedOff {
    /// Says whose values these are and why nobody reads them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "belongs to subchart {}, which is disabled by ", self.path)?;
        match &self.by {
            SwitchedBy::Condition(condition) => write!(f, "condition {condition}"),
            SwitchedBy::Tags(tags) => {
                write!(f, "tag{} {}", if tags.len() == 1 { "" } else { "s" }, tags.join(", "))
            }
        }
    }
}

/// What switched a subchart off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SwitchedBy {
    /// The value at this path is false.
    Condition(ValuePath),
    /// None of these tags is on.
    Tags(Vec<String>),
}

/// Takes over the imported values once more, in a chart whose dependencies were processed and
/// whose defaults were put back to what they were before.
pub(super) fn import_again(chart: &mut Chart) -> Result<(), Error> {
    Run { warnings: Vec::new(), switches: Switches::default() }.import(chart)
}

struct Run {
    warnings: Vec<Warning>,
    switches: Switches,
}

impl Run {
    fn enable(&mut self, chart: &mut Chart, values: &Map, path: &str) -> Result<(), Error> {
        if chart.metadata.dependencies.is_empty() {
            return Ok(());
        }
        name_children(chart);
        let values = coalesce(chart, values, Nulls::Delete, &mut self.warnings)?;
        let requirements = &mut chart.metadata.dependencies;
        self.apply_tags(requirements, &values);
        let decided = self.apply_conditions(requirements, &values, path);
        for (requirement, condition) in requirements.iter().zip(decided) {
            if !requirement.enabled {
                let by = match condition {
                    Some(condition) => SwitchedBy::Condition(condition),
                    None => SwitchedBy::Tags(requirement.tags.clone()),
                };
                let path = dotted(&format!("{path}{}", requirement.name));
                self.switches.off.push(SwitchedOff { path, by });
            }
        }
        let off = requirements.iter().filter(|requirement| !requirement.enabled);
        let off: HashSet<String> = off.map(|requirement| requirement.name.clone()).collect();
        requirements.retain(|requirement| !off.contains(&requirement.name));
        chart.dependencies.retain(|child| !off.contains(child.name()));
        for child in &mut chart.dependencies {
            let path = format!("{path}{}.", child.name());
            self.enable(child, &values, &path)?;
        }
        Ok(())
    }

    fn apply_tags(&mut self, requirements: &mut [Dependency], values: &Map) {
        let tags = requirements.iter().flat_map(|requirement| &requirement.tags);
        let read = tags.map(|tag| ValuePath::of_keys(["tags", tag.as_str()]));
        self.switches.read.extend(read);
        let Some(Value::Map(tags)) = values.get("tags") else { return };
        for requirement in requirements {
            let (mut on, mut off) = (false, false);
            for tag in &requirement.tags {
                match tags.get(tag) {
                    None => {}
                    Some(Value::Bool(true)) => on = true,
                    Some(Value::Bool(false)) => off = true,
                    Some(_) => self.warnings.push(Warning::warn(
                        "returned non-bool value",
                        vec![("tag", tag.clone()), ("chart", requirement.name.clone())],
                    )),
                }
            }
            requirement.enabled = on || !off;
        }
    }

    /// Returns for each requirement the condition that decided.
    fn apply_conditions(
        &mut self,
        requirements: &mut [Dependency],
        values: &Map,
        path: &str,
    ) -> Vec<Option<ValuePath>> {
        let mut decided = Vec::new();
        for requirement in requirements {
            decided.push(None);
            for condition in requirement.condition.trim().split(',') {
                if condition.is_empty() {
                    continue;
                }
                let full = format!("{path}{condition}");
                self.switches.read.push(dotted(&full));
                match find_value(values, &full) {
                    None => {}
                    Some(Value::Bool(enabled)) => {
                        requirement.enabled = enabled;
                        decided.pop();
                        decided.push(Some(dotted(&full)));
                        break;
                    }
                    Some(_) => self.warnings.push(Warning::warn(
                        "returned non-bool value",
                        vec![("path", condition.to_owned()), ("chart", requirement.name.clone())],
                    )),
                }
            }
        }
        decided
    }

    fn import(&mut self, chart: &mut Chart) -> Result<(), Error> {
        for child in &mut chart.dependencies {
            self.import(child)?;
        }
        if chart.metadata.dependencies.is_empty() {
            return Ok(());
        }
        let values = coalesce(chart, &Map::new(), Nulls::Keep, &mut self.warnings)?;
        let imported = Map::new();
        for requirement in &mut chart.metadata.dependencies {
            let mut taken = Vec::new();
            for import in std::mem::take(&mut requirement.import_values.0) {
                self.import_one(&requirement.name, &import, &values, &imported, &mut taken);
            }
            requirement.import_values = ImportValues(taken);
        }
        merge_tables(&values, &copy_map(&imported), &mut self.warnings);
        chart.values = values;
        Ok(())
    }

    fn import_one(
        &mut self,
        name: &str,
        import: &Value,
        values: &Map,
        imported: &Map,
        taken: &mut Vec<Value>,
    ) {
        let (child, parent, warning) = match import {
            Value::Map(map) => {
                let part = |key: &str| to_text(&map.get(key).unwrap_or_default()).to_string();
                (part("child"), part("parent"), "ImportValues missing table from chart")
            }
            Value::Str(text) => {
                (format!("exports.{text}"), ".".to_owned(), "ImportValues missing table")
            }
            _ => return,
        };
        let pair = [
            (Str::from("child"), Value::str(child.as_str())),
            (Str::from("parent"), Value::str(parent.as_str())),
        ];
        let entries: Entries = pair.into_iter().collect();
        taken.push(Value::Map(Map::open(MapType::Strings, entries)));
        match find_table(values, &format!("{name}.{child}")) {
            Ok(table) => {
                // Shared on purpose: what a second import adds shows in the first one's source, as
                // in Helm, unless that was empty.
                let table = if table.is_empty() { Map::new() } else { table };
                let under = nest(&parent, table);
                merge_tables(imported, &under, &mut self.warnings);
            }
            Err(error) => {
                let mut attributes = Vec::new();
                if matches!(import, Value::Map(_)) {
                    attributes.push(("chart", name.to_owned()));
                }
                attributes.push(("error", error));
                self.warnings.push(Warning::warn(warning, attributes));
            }
        }
    }
}

/// Makes the subcharts the undeclared ones, then for each requirement a copy of the chart it
/// names, under its alias. Sets the requirement's name to the alias and switches it on.
fn name_children(chart: &mut Chart) {
    let Chart { metadata, dependencies: children, .. } = chart;
    let fits = |child: &Chart, requirement: &Dependency| {
        child.name() == requirement.name
            && is_compatible(&requirement.version, &child.metadata.version)
    };
    let existing = std::mem::take(children);
    let is_declared = |child: &&Chart| metadata.dependencies.iter().any(|r| fits(child, r));
    children.extend(existing.iter().filter(|child| !is_declared(child)).cloned());
    for requirement in &mut metadata.dependencies {
        if let Some(found) = existing.iter().find(|child| fits(child, requirement)) {
            let mut copy = found.clone();
            if !requirement.alias.is_empty() {
                copy.metadata.name.clone_from(&requirement.alias);
            }
            children.push(copy);
        }
        requirement.enabled = true;
        if !requirement.alias.is_empty() {
            requirement.name.clone_from(&requirement.alias);
        }
    }
}

fn dotted(path: &str) -> ValuePath {
    ValuePath::of_keys(path.split('.'))
}

/// Returns a map that holds `table` at the dotted path; `.` is the map itself.
fn nest(path: &str, table: Map) -> Map {
    if path == "." {
        return table;
    }
    path.rsplit('.').fold(table, |inner, part| Map::from_pairs([(part, Value::Map(inner))]))
}

/// Returns whether a chart's version is in the range of a requirement. What cannot be parsed is
/// not.
fn is_compatible(range: &str, version: &str) -> bool {
    match (Constraint::parse(range), Version::parse(version)) {
        (Ok(range), Ok(version)) => range.matches(&version),
        _ => false,
    }
}
