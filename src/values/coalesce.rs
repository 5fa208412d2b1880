use super::Error;
use crate::chart::{Chart, Warned, Warning};
use crate::value::{Frozen, Map, MapType, Str, Value, deep_copy, print_to};

/// The key under which values reach every chart.
const GLOBAL: &str = "global";

/// What becomes of nulls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Nulls {
    /// A null deletes the default it stands over.
    Delete,
    /// A null stays, for a later step to act on.
    Keep,
}

/// Merges the user's values over the defaults of the chart and its subcharts.
///
/// Call it with the chart that [`super::process_dependencies`] returned. The result is the
/// `.Values` of the top chart (`common.Values`, everything within are plain maps), writable, and
/// shares nothing with `chart` or `user`. A subchart's `.Values` is the map under its name: the
/// same node, so that a write through one is seen through the other. Within `global`, the maps
/// directly under it are copies per chart, while maps deeper down are one node in all charts, as
/// far as no chart has its own; Helm's templates can observe both.
///
/// # Errors
/// [`Error::SubchartValues`] when there is something other than a map under a subchart's name.
///
/// # Source
/// Helm v4 `pkg/chart/common/util/coalesce.go`, null rules as in the 4.3.1 binary.
pub fn merge(chart: &Chart, user: &Map) -> Warned<Result<Map, Error>> {
    let mut warnings = Vec::new();
    let merged = coalesce(chart, user, Nulls::Delete, &mut warnings);
    let value = merged.map(|merged| Map::open(MapType::Values, merged.entries()));
    Warned { value, warnings }
}

/// Merges the user's values over those of one file, subcharts left aside.
pub fn merge_file(defaults: &Map, user: &Map) -> Warned<Map> {
    let mut warnings = Vec::new();
    let value = copy_map(user);
    coalesce_tables(&value, defaults, &mut warnings);
    Warned { value, warnings }
}

/// Merges a copy of `values` over the defaults of `chart` and its subcharts.
pub(super) fn coalesce(
    chart: &Chart,
    values: &Map,
    nulls: Nulls,
    warnings: &mut Vec<Warning>,
) -> Result<Map, Error> {
    let copy = copy_map(values);
    let mut run = Run { warnings };
    run.chart(chart, &copy, "", nulls)?;
    Ok(copy)
}

/// Merges `under` into `over` at every level; `over` wins.
pub(super) fn merge_tables(over: &Map, under: &Map, warnings: &mut Vec<Warning>) {
    Run { warnings }.tables(over, under, "", Nulls::Keep);
}

/// Merges `under` into `over` at every level; `over` wins, and its nulls delete what they stand
/// over.
pub(super) fn coalesce_tables(over: &Map, under: &Map, warnings: &mut Vec<Warning>) {
    Run { warnings }.tables(over, under, "", Nulls::Delete);
}

/// Returns a writable deep copy.
pub(super) fn copy_map(map: &Map) -> Map {
    match deep_copy(&Value::Map(map.clone())) {
        Value::Map(copy) if !copy.is_nil() => copy,
        _ => Map::new(),
    }
}

struct Run<'a> {
    warnings: &'a mut Vec<Warning>,
}

impl Run<'_> {
    fn chart(
        &mut self,
        chart: &Chart,
        values: &Map,
        prefix: &str,
        nulls: Nulls,
    ) -> Result<(), Error> {
        self.defaults(chart, values, prefix, nulls);
        let inner_prefix = join(prefix, chart.name());
        for child in &chart.dependencies {
            let section = match values.get(child.name()) {
                None => {
                    let section = Map::new();
                    put(values, Str::from(child.name()), Value::Map(section.clone()));
                    section
                }
                Some(Value::Map(section)) => section,
                Some(other) => {
                    return Err(Error::SubchartValues {
                        name: child.name().to_owned(),
                        found: as_bool_text(&other),
                    });
                }
            };
            self.globals(&section, values, &inner_prefix);
            self.chart(child, &section, &inner_prefix, nulls)?;
        }
        Ok(())
    }

    fn defaults(&mut self, chart: &Chart, values: &Map, prefix: &str, nulls: Nulls) {
        let prefix = join(prefix, chart.name());
        let defaults = copy_map(&chart.values);
        for (key, default) in defaults.entries() {
            let over = values.get(&key);
            let is_section = matches!(over, Some(Value::Map(_)))
                && chart.dependencies.iter().any(|child| key == *child.name());
            let nulls = if is_section { Nulls::Keep } else { nulls };
            if nulls == Nulls::Delete {
                drop_nulls(&default);
            }
            match over {
                None if nulls == Nulls::Delete && default.is_nil() => {}
                None => put(values, key, default),
                Some(Value::Nil) if nulls == Nulls::Delete => delete(values, &key),
                Some(Value::Map(over)) => {
                    let full = join(&prefix, &key.to_str_lossy());
                    match default {
                        Value::Map(under) => {
                            self.tables(&over, &under, &full, nulls);
                        }
                        Value::Nil => {}
                        _ => self.warn(format!("warning: skipped value for {full}: Not a table.")),
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn tables(&mut self, over: &Map, under: &Map, prefix: &str, nulls: Nulls) {
        if nulls == Nulls::Keep {
            // Helm notes them there, which shows when `under` is part of another chart's values.
            for (key, _) in over.entries().into_iter().filter(|(_, value)| value.is_nil()) {
                put(under, key, Value::Nil);
            }
        }
        for (key, default) in under.entries() {
            let full = || join(prefix, &key.to_str_lossy());
            match (over.get(&key), default) {
                (None, default) => put(over, key, default),
                (Some(Value::Nil), _) if nulls == Nulls::Keep => {}
                (Some(Value::Nil), _) => delete(over, &key),
                (Some(Value::Map(inner)), Value::Map(default)) => {
                    self.tables(&inner, &default, &full(), nulls);
                }
                (Some(_), default @ Value::Map(_)) => self.warn(format!(
                    "warning: cannot overwrite table with non table for {} ({})",
                    full(),
                    text(&default)
                )),
                (Some(Value::Map(_)), Value::Nil) => {}
                (Some(Value::Map(_)), default) => self.warn(format!(
                    "warning: destination for {} is a table. Ignoring non-table value ({})",
                    full(),
                    text(&default)
                )),
                _ => {}
            }
        }
    }

    /// Merges the globals of `source` over those of `section`.
    fn globals(&mut self, section: &Map, source: &Map, prefix: &str) {
        let own = match section.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Map(own)) => own,
            Some(_) => {
                self.warn(format!(
                    "warning: skipping globals because destination {GLOBAL} is not a table."
                ));
                return;
            }
        };
        let given = match source.get(GLOBAL) {
            None => Map::new(),
            Some(Value::Map(given)) => given,
            Some(_) => {
                self.warn(format!(
                    "warning: skipping globals because source {GLOBAL} is not a table."
                ));
                return;
            }
        };
        for (key, value) in given.entries() {
            let Value::Map(table) = &value else {
                if matches!(own.get(&key), Some(Value::Map(_))) {
                    self.warn(format!("key {key} is table. Skipping"));
                } else {
                    put(&own, key, value);
                }
                continue;
            };
            let copy = table.shallow_copy();
            match own.get(&key) {
                None => put(&own, key, Value::Map(copy)),
                Some(Value::Map(under)) => {
                    self.tables(&copy, &under, &join(prefix, &key.to_str_lossy()), Nulls::Keep);
                    put(&own, key, Value::Map(copy));
                }
                Some(_) => self.warn(format!(
                    "Conflict: cannot merge map onto non-map for {:?}. Skipping.",
                    key.to_str_lossy()
                )),
            }
        }
        put(section, Str::from(GLOBAL), Value::Map(own));
    }

    fn warn(&mut self, message: String) {
        self.warnings.push(Warning::info(message));
    }
}

/// Removes null entries from a map and the maps within.
fn drop_nulls(value: &Value) {
    let Value::Map(map) = value else { return };
    for (key, inner) in map.entries() {
        if inner.is_nil() {
            delete(map, &key);
        } else {
            drop_nulls(&inner);
        }
    }
}

/// Sets an entry. Every map met here was made by [`copy_map`], which makes writable ones only.
fn put(map: &Map, key: Str, value: Value) {
    let done: Result<(), Frozen> = map.set(key, value);
    debug_assert!(done.is_ok());
}

fn delete(map: &Map, key: &Str) {
    let done = map.remove(key);
    debug_assert!(done.is_ok());
}

fn join(prefix: &str, key: &str) -> String {
    if prefix.is_empty() { key.to_owned() } else { format!("{prefix}.{key}") }
}

fn text(value: &Value) -> Str {
    let mut out = Vec::new();
    print_to(&mut out, value);
    Str::from(out)
}

/// Returns what Go prints for `%t`: the value if it is a bool, else a complaint.
fn as_bool_text(value: &Value) -> String {
    match value {
        Value::Bool(flag) => flag.to_string(),
        Value::Nil | Value::Absent => "%!t(<nil>)".to_owned(),
        Value::List(list) => {
            let items: Vec<String> = list.items().iter().map(item_bool_text).collect();
            format!("[{}]", items.join(" "))
        }
        other => format!("%!t({}={})", other.type_name(), text(other)),
    }
}

fn item_bool_text(value: &Value) -> String {
    match value {
        Value::Nil | Value::Absent => "<nil>".to_owned(),
        Value::Map(map) => {
            let pair = |(key, value): (Str, Value)| {
                format!("%!t(string={key}):{}", item_bool_text(&value))
            };
            let pairs: Vec<String> = map.entries().into_iter().map(pair).collect();
            format!("map[{}]", pairs.join(" "))
        }
        other => as_bool_text(other),
    }
}
