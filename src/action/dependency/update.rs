use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::DependencyError as Error;
use super::source::{self, Source};
use super::{collect, resolve, store};
use crate::action;
use crate::chart::{self, Chart, Dependency, Lock, Warning, lock_digest, old_lock_digest};
use crate::fetch::{Access, Places, Registry, Repositories, Repository, refresh};
use crate::go::path::clean;
use crate::release::Time;

/// Which chart gets the charts it needs, and how.
#[derive(Clone, Debug, Default)]
pub struct DependencyRequest {
    /// The folder of the chart.
    pub chart: String,
    /// Where repositories, indexes and logins are.
    pub places: Places,
    /// Certificates and credentials; the latter are for registries alone.
    pub access: Access,
    /// Whether indexes are taken as they were fetched last.
    pub skip_refresh: bool,
    /// The keyring that everything fetched is verified with (`--verify`).
    #[cfg(feature = "provenance")]
    pub keyring: Option<PathBuf>,
    /// The time of files in archives made of folders; see [`chart::pack`].
    pub epoch: Option<u64>,
}

/// What is told on the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A line of what Helm prints on its standard output.
    Line(String),
    /// What came from a registry, which Helm prints there as well.
    Pulled(String),
    /// A line of the log.
    Log(Warning),
}

/// One update or build at work.
pub(super) struct Work<'a> {
    pub(super) request: &'a DependencyRequest,
    /// The cleaned path of the chart.
    pub(super) chart: PathBuf,
    tell: &'a mut dyn FnMut(Told),
    registry: Option<Registry>,
}

impl Work<'_> {
    pub(super) fn say(&mut self, line: String) {
        (self.tell)(Told::Line(line));
    }

    pub(super) fn pulled(&mut self, summary: String) {
        (self.tell)(Told::Pulled(summary));
    }

    pub(super) fn log(&mut self, warning: &Warning) {
        (self.tell)(Told::Log(warning.clone()));
    }

    /// Returns the client of registries, made when it is first needed.
    pub(super) fn registry(&mut self) -> Result<&Registry, Error> {
        let DependencyRequest { access, places, .. } = self.request;
        Ok(match &mut self.registry {
            Some(registry) => registry,
            empty => empty.insert(Registry::new(access, places.credential_files.clone())?),
        })
    }

    fn load(&mut self) -> Result<Chart, Error> {
        let path = self.chart.clone();
        let status = fs::metadata(&path).map_err(|error| Error::NoChart {
            path: path.clone(),
            reason: chart::io_text(&error),
        })?;
        if !status.is_dir() {
            return Err(Error::Packed);
        }
        let loaded = chart::load_directory(&path).map_err(|fault| match fault {
            chart::Error::Undetected { .. } => chart::Error::MissingMetadata,
            fault => fault,
        })?;
        loaded.warnings.iter().for_each(|warning| self.log(warning));
        Ok(loaded.value)
    }

    /// Fetches the indexes of repositories that were never added but are needed.
    fn refresh_unmanaged(&mut self, sources: &[Source]) -> Result<(), Error> {
        let mut wanted: Vec<Repository> = Vec::new();
        for source in sources {
            if let Source::Repository { repository, is_managed: false } = source
                && wanted.iter().all(|known| known.name != repository.name)
            {
                wanted.push(repository.clone());
            }
        }
        if wanted.is_empty() {
            return Ok(());
        }
        self.say("Getting updates for unmanaged Helm repositories...".to_owned());
        for repository in &wanted {
            check_scheme(&repository.url)?;
        }
        let results = self.refresh(&wanted);
        for (repository, result) in wanted.iter().zip(results) {
            let url = &repository.url;
            self.say(match result {
                Ok(()) => {
                    format!("...Successfully got an update from the {url:?} chart repository")
                }
                Err(error) => {
                    format!(
                        "...Unable to get an update from the {url:?} chart repository:\n\t{error}"
                    )
                }
            });
        }
        Ok(())
    }

    /// Fetches the indexes of all repositories that were added, as Helm does.
    fn refresh_managed(&mut self, known: &Repositories) -> Result<(), Error> {
        if known.entries.is_empty() {
            return Ok(());
        }
        for repository in &known.entries {
            check_scheme(&repository.url)?;
        }
        self.say("Hang tight while we grab the latest from your chart repositories...".to_owned());
        let results = self.refresh(&known.entries);
        for (Repository { name, url, .. }, result) in known.entries.iter().zip(results) {
            self.say(match result {
                Ok(()) => {
                    format!("...Successfully got an update from the {name:?} chart repository")
                }
                Err(error) => format!(
                    "...Unable to get an update from the {name:?} chart repository \
                     ({url}):\n\t{error}"
                ),
            });
        }
        self.say("Update Complete. ⎈Happy Helming!⎈".to_owned());
        Ok(())
    }

    fn refresh(&mut self, repositories: &[Repository]) -> Vec<Result<(), crate::fetch::Error>> {
        let places = self.request.places.clone();
        refresh(repositories, &places, &mut |warning| self.log(warning))
    }

    /// Fetches everything that a list of locked dependencies names, then puts it into `charts/`.
    fn fetch(
        &mut self,
        locked: &[Dependency],
        sources: &[Source],
        indexes: &mut resolve::Indexes,
    ) -> Result<(), Error> {
        store::check(&self.chart)?;
        let archives = collect::collect(self, locked, sources, indexes)?;
        store::store(self, &archives, locked)
    }
}

fn check_scheme(url: &str) -> Result<(), Error> {
    let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
    if matches!(scheme, "http" | "https" | "oci") {
        return Ok(());
    }
    Err(crate::fetch::Error::Handler { scheme: scheme.to_owned() }.into())
}

fn start<'a>(request: &'a DependencyRequest, tell: &'a mut dyn FnMut(Told)) -> Work<'a> {
    let chart = clean(request.chart.as_bytes());
    let chart = PathBuf::from(String::from_utf8_lossy(&chart).into_owned());
    Work { request, chart, tell, registry: None }
}

/// Returns how repositories are spoken to that were never added: nobody's credentials go there.
fn unmanaged_access(access: &Access) -> Access {
    Access { username: None, password: None, ..access.clone() }
}

/// The files of a chart's dependencies and of their lock.
fn files(chart: &Chart) -> (&'static str, &'static str) {
    if chart.metadata.api_version == "v1" {
        ("requirements.yaml", "requirements.lock")
    } else {
        ("Chart.yaml", "Chart.lock")
    }
}

/// Resolves the dependencies that a chart declares to versions, fetches them into `charts/`, and
/// writes the lock when they have changed.
///
/// Nothing in the chart changes before everything has been fetched.
///
/// # Errors
/// [`action::Error::Dependency`]
///
/// # Source
/// Helm v4 `pkg/downloader/manager.go`, `Update`.
pub fn dependency_update(
    request: &DependencyRequest,
    tell: &mut dyn FnMut(Told),
) -> Result<(), action::Error> {
    let mut work = start(request, tell);
    let chart = work.load()?;
    Ok(update(&mut work, &chart)?)
}

fn update(work: &mut Work<'_>, chart: &Chart) -> Result<(), Error> {
    if !chart.metadata.has_dependency_list {
        return Ok(());
    }
    let request = work.request;
    let known = Repositories::load(&request.places.repository_config)?;
    let mut declared = chart.metadata.dependencies.clone();
    let access = unmanaged_access(&request.access);
    let sources = source::find(&mut declared, &work.chart, &known, &access)?;
    if !request.skip_refresh {
        work.refresh_unmanaged(&sources)?;
        work.refresh_managed(&known)?;
    }
    let mut indexes = resolve::Indexes::new();
    let locked = resolve::resolve(work, &declared, &sources, &mut indexes)?;
    work.fetch(&locked, &sources, &mut indexes)?;
    let digest = lock_digest(&declared, &locked);
    if chart.lock.as_ref().is_some_and(|lock| lock.digest == digest.as_str()) {
        return Ok(());
    }
    let now = Time::new(Timestamp::now(), &TimeZone::system());
    let lock =
        Lock { generated: now.to_rfc3339().into(), digest: digest.into(), dependencies: locked };
    store::write_lock(&work.chart, files(chart).1, &lock)
}

/// Fetches into `charts/` the versions that a chart's lock names; without a lock as
/// [`dependency_update`].
///
/// # Errors
/// [`action::Error::Dependency`]
///
/// # Source
/// Helm v4 `pkg/downloader/manager.go`, `Build`.
pub fn dependency_build(
    request: &DependencyRequest,
    tell: &mut dyn FnMut(Told),
) -> Result<(), action::Error> {
    let mut work = start(request, tell);
    let chart = work.load()?;
    Ok(build(&mut work, &chart)?)
}

fn build(work: &mut Work<'_>, chart: &Chart) -> Result<(), Error> {
    let Some(lock) = &chart.lock else { return update(work, chart) };
    let request = work.request;
    let known = Repositories::load(&request.places.repository_config)?;
    let mut declared = chart.metadata.dependencies.clone();
    let old_digest = old_lock_digest(&declared);
    let access = unmanaged_access(&request.access);
    source::find(&mut declared, &work.chart, &known, &access)?;
    let (list, file) = files(chart);
    if lock.digest != lock_digest(&declared, &lock.dependencies).as_str() {
        let is_old = list == "requirements.yaml";
        if is_old {
            work.log(&Warning::info(
                "warning: a valid Helm v3 hash was not found. Checking against Helm v2 hash...",
            ));
        }
        if !is_old || lock.digest != old_digest.as_str() {
            return Err(Error::OutOfSync { lock: file, list });
        }
    }
    let mut locked = lock.dependencies.clone();
    let sources = source::find(&mut locked, &work.chart, &known, &access)?;
    let unknown = |source: &Source| matches!(source, Source::Repository { is_managed: false, .. });
    let unknown: Vec<String> = locked
        .iter()
        .zip(&sources)
        .filter(|(_, source)| unknown(source))
        .map(|(dependency, _)| dependency.repository.clone())
        .collect();
    if !unknown.is_empty() {
        return Err(Error::NoLockedRepositories { names: unknown });
    }
    if !request.skip_refresh {
        work.refresh_managed(&known)?;
    }
    work.fetch(&locked, &sources, &mut resolve::Indexes::new())
}

/// Updates the dependencies of a chart if one that it declares is missing, as
/// `--dependency-update` does before the chart is used.
///
/// # Errors
/// As [`dependency_update`]. A chart that cannot be loaded is left to whoever uses it.
pub fn update_missing_dependencies(
    request: &DependencyRequest,
    tell: &mut dyn FnMut(Told),
) -> Result<(), action::Error> {
    let Ok(loaded) = chart::load(Path::new(&request.chart)) else { return Ok(()) };
    if loaded.value.check_dependencies().is_ok() {
        return Ok(());
    }
    dependency_update(request, tell)
}
