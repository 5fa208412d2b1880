use std::collections::BTreeMap;
use std::path::Path;

use super::DependencyError as Error;
use super::source::Source;
use super::update::Work;
use crate::chart::{self, Chart, Dependency};
use crate::fetch::{self, Entry, Index, Reference, cached_index};
use crate::version::{Constraint, Version};

/// Indexes that were read, by the names of their repositories.
pub(super) type Indexes = BTreeMap<String, Index>;

/// Finds the newest version of each dependency that fits: the list of a lock.
pub(super) fn resolve(
    work: &mut Work<'_>,
    declared: &[Dependency],
    sources: &[Source],
    indexes: &mut Indexes,
) -> Result<Vec<Dependency>, Error> {
    let mut locked = Vec::new();
    let mut missing = Vec::new();
    for (dependency, source) in declared.iter().zip(sources) {
        let Dependency { name, version, repository, .. } = dependency;
        let constraint = Constraint::parse(version)
            .map_err(|error| Error::Constraint { name: name.clone(), reason: error.to_string() })?;
        let found = match source {
            Source::Here => {
                let path = work.chart.join("charts").join(name);
                if !path.is_dir() {
                    return Err(Error::NoFolder(path));
                }
                Some(version.clone())
            }
            Source::Folder(path) => {
                let found = load_folder(path)?.metadata.version;
                let fits = Version::parse(&found).is_ok_and(|found| constraint.matches(&found));
                fits.then_some(found)
            }
            // Where no tag fits, the range stays, and fetching it fails.
            Source::Registry if Version::parse(version).is_ok() => Some(version.clone()),
            Source::Registry => {
                Some(newest_tag(work, dependency, &constraint)?.unwrap_or_else(|| version.clone()))
            }
            Source::Repository { repository: entry, .. } => {
                let versions = versions(work, indexes, &entry.name, name, repository)?;
                let fits = |entry: &&Entry| {
                    let version = Version::parse(&entry.version);
                    !entry.urls.is_empty() && version.is_ok_and(|v| constraint.matches(&v))
                };
                versions.iter().find(fits).map(|entry| entry.version.clone())
            }
        };
        match found {
            Some(version) => locked.push(Dependency {
                name: name.clone(),
                version,
                repository: repository.clone(),
                ..Dependency::default()
            }),
            None => {
                missing.push(format!("{name:?} (repository {repository:?}, version {version:?})"));
            }
        }
    }
    if missing.is_empty() { Ok(locked) } else { Err(Error::NoVersions { wanted: missing }) }
}

/// Loads the chart of a `file://` dependency.
pub(super) fn load_folder(path: &Path) -> Result<Chart, chart::Error> {
    let loaded = chart::load_directory(path).map_err(|fault| match fault {
        // Helm does not look here first whether there is a chart at all.
        chart::Error::Undetected { .. } => chart::Error::MissingMetadata,
        fault => fault,
    });
    Ok(loaded?.value)
}

/// Returns the versions that the cached index of a repository has of a chart, newest first.
pub(super) fn versions(
    work: &mut Work<'_>,
    indexes: &mut Indexes,
    name: &str,
    chart: &str,
    url: &str,
) -> Result<Vec<Entry>, Error> {
    if !indexes.contains_key(name) {
        indexes.insert(name.to_owned(), cached_index(name, &work.request.places)?);
    }
    let index = &indexes[name];
    index
        .versions(chart, &mut |warning| work.log(warning))
        .ok_or_else(|| Error::NoSuchChart { name: chart.to_owned(), url: url.to_owned() })
}

fn newest_tag(
    work: &mut Work<'_>,
    dependency: &Dependency,
    constraint: &Constraint,
) -> Result<Option<String>, Error> {
    let Dependency { name, repository, .. } = dependency;
    let fail = |cause: fetch::Error| Error::Tags { url: repository.clone(), cause };
    let reference = Reference::parse(&oci_reference(repository, name)).map_err(fail)?;
    let mut versions: Vec<Version> = work
        .registry()?
        .tags(&reference)
        .map_err(fail)?
        .iter()
        .filter_map(|tag| Version::parse_strict(&tag.replace('_', "+")).ok())
        .filter(|version| constraint.matches(version))
        .collect();
    versions.sort();
    Ok(versions.last().map(|version| version.original().to_owned()))
}

/// Returns the reference of a chart in a registry.
pub(super) fn oci_reference(repository: &str, name: &str) -> String {
    format!("{}/{name}", repository.trim_end_matches('/'))
}
