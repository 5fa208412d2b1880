use std::fs;
use std::path::Path;

use crate::action::Error;
use crate::chart::{self, Chart, Dependency, Warned, Warning};
use crate::glob::filepath_match;
use crate::go::path::clean;
use crate::version::{Constraint, Version};

/// What `dependency list` has to show.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DependencyReport {
    /// The declared dependencies, in order; `None` for a chart without a list of them.
    pub rows: Option<Vec<DependencyRow>>,
    /// The folder of the subcharts.
    pub folder: String,
    /// What lies in the folder and should not, in Helm's words.
    pub strays: Vec<String>,
    /// What was met on the way.
    pub warnings: Vec<Warning>,
}

/// One dependency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DependencyRow {
    /// As declared.
    pub name: String,
    /// As declared.
    pub version: String,
    /// As declared.
    pub repository: String,
    /// Whether and how it is there: `ok`, `unpacked`, `missing`, `wrong version`, ….
    pub status: &'static str,
}

/// Compares the dependencies that a chart declares with those that it has.
///
/// # Errors
/// [`Error::Chart`] when the chart cannot be loaded.
///
/// # Source
/// Helm v4 `pkg/action/dependency.go`.
pub fn dependency_list(path: &str) -> Result<DependencyReport, Error> {
    let path = String::from_utf8_lossy(&clean(path.as_bytes())).into_owned();
    let Warned { value: chart, mut warnings } = if Path::new(&path).is_dir() {
        chart::load_directory_as_v2(Path::new(&path))?
    } else {
        chart::load(Path::new(&path))?
    };
    let folder = joined(&path, "charts");
    let declared = &chart.metadata.dependencies;
    let rows: Vec<_> = declared
        .iter()
        .map(|dependency| DependencyRow {
            name: dependency.name.clone(),
            version: dependency.version.clone(),
            repository: dependency.repository.clone(),
            status: status(&folder, dependency, &chart, &mut warnings),
        })
        .collect();
    let has_list = chart.metadata.has_dependency_list;
    let mut strays = Vec::new();
    for name in if has_list { entries(&folder) } else { Vec::new() } {
        let path = joined(&folder, &name);
        if !Path::new(&path).is_dir() && !has_ending(&name) {
            continue;
        }
        match load(&path, &mut warnings) {
            None => strays.push(format!("WARNING: {path:?} is not a chart.")),
            Some(chart) if declared.iter().all(|known| known.name != chart.name()) => {
                strays.push(format!("WARNING: {path:?} is not in Chart.yaml."));
            }
            Some(_) => {}
        }
    }
    let rows = has_list.then_some(rows);
    Ok(DependencyReport { rows, folder, strays, warnings })
}

fn load(path: &str, log: &mut Vec<Warning>) -> Option<Chart> {
    let Warned { value, warnings } = chart::load(Path::new(path)).ok()?;
    log.extend(warnings);
    Some(value)
}

fn joined(folder: &str, name: &str) -> String {
    String::from_utf8_lossy(&clean(format!("{folder}/{name}").as_bytes())).into_owned()
}

/// Tells endings apart by case, as Helm does.
fn has_ending(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, ending)| ending == "tgz")
}

/// Returns the names in a folder, sorted; none for a folder that is not there.
fn entries(folder: &str) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let names = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

fn status(
    folder: &str,
    dependency: &Dependency,
    parent: &Chart,
    log: &mut Vec<Warning>,
) -> &'static str {
    let pattern = format!("{}-*.tgz", dependency.name);
    let mut archives = Vec::new();
    for name in entries(folder) {
        match filepath_match(pattern.as_bytes(), name.as_bytes()) {
            Ok(true) => archives.push(name),
            Ok(false) => {}
            Err(_) => return "bad pattern",
        }
    }
    if archives.len() > 1 {
        archives.retain(|name| {
            let version = name.strip_suffix(".tgz").unwrap_or(name);
            let prefix = format!("{}-", dependency.name);
            Version::parse_strict(version.strip_prefix(&prefix).unwrap_or(version)).is_ok()
        });
        if archives.len() > 1 {
            return "too many matches";
        }
    }
    if let Some(name) = archives.first() {
        let path = joined(folder, name);
        if Path::new(&path).exists() {
            return match load(&path, log) {
                None => "corrupt",
                Some(chart) if chart.name() != dependency.name => "misnamed",
                Some(chart) => mismatch(&chart, dependency).unwrap_or("ok"),
            };
        }
    }
    match parent.dependencies.iter().rfind(|chart| chart.name() == dependency.name) {
        None => "missing",
        Some(chart) => mismatch(chart, dependency).unwrap_or("unpacked"),
    }
}

fn mismatch(chart: &Chart, dependency: &Dependency) -> Option<&'static str> {
    let version = &chart.metadata.version;
    if *version == dependency.version {
        return None;
    }
    let parsed = Constraint::parse(&dependency.version).ok().zip(Version::parse(version).ok());
    match parsed {
        None => Some("invalid version"),
        Some((constraint, version)) => (!constraint.matches(&version)).then_some("wrong version"),
    }
}
