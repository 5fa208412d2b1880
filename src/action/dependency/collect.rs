use std::collections::BTreeSet;

use super::DependencyError as Error;
use super::resolve::{Indexes, load_folder, oci_reference, versions};
use super::source::Source;
use super::store::NewArchive;
use super::update::Work;
use crate::chart::{self, Dependency};
#[cfg(feature = "provenance")]
use crate::fetch::fetch_provenance;
use crate::fetch::{self, Reference, archive_url, fetch_archive};
use crate::version::{Constraint, Version};

/// Fetches or packs the archives of locked dependencies, without writing anything into the chart.
pub(super) fn collect(
    work: &mut Work<'_>,
    locked: &[Dependency],
    sources: &[Source],
    indexes: &mut Indexes,
) -> Result<Vec<NewArchive>, Error> {
    work.say(format!("Saving {} charts", locked.len()));
    let mut archives = Vec::new();
    let mut seen = BTreeSet::new();
    for (dependency, source) in locked.iter().zip(sources) {
        let found = one(work, dependency, source, indexes, &mut seen);
        archives.extend(found.inspect_err(|error| {
            work.say(format!("Save error occurred:  {error}"));
        })?);
    }
    Ok(archives)
}

fn one(
    work: &mut Work<'_>,
    dependency: &Dependency,
    source: &Source,
    indexes: &mut Indexes,
    seen: &mut BTreeSet<String>,
) -> Result<Option<NewArchive>, Error> {
    let Dependency { name, version, repository, .. } = dependency;
    match source {
        Source::Here => {
            work.say(format!(
                "Dependency {name} did not declare a repository. Assuming it exists in the charts \
                 directory"
            ));
            let chart = load_folder(&work.chart.join("charts").join(name))?;
            let found = chart.metadata.version;
            let constraint = Constraint::parse(version).map_err(|error| Error::Constraint {
                name: name.clone(),
                reason: error.to_string(),
            })?;
            if Version::parse(&found).is_ok_and(|found| constraint.matches(&found)) {
                return Ok(None);
            }
            Err(Error::WrongVersion { name: name.clone(), found, wanted: version.clone() })
        }
        Source::Folder(path) => {
            let chart = load_folder(path)?;
            let wanted = Constraint::parse(version);
            let found = Version::parse(&chart.metadata.version);
            if !wanted.is_ok_and(|wanted| found.is_ok_and(|found| wanted.matches(&found))) {
                return Err(Error::MovedOn(name.clone()));
            }
            let file = format!("{}-{}.tgz", chart.name(), chart.metadata.version);
            let bytes = chart::pack(&chart, work.request.epoch)?;
            Ok(Some(NewArchive { file, bytes }))
        }
        Source::Registry => {
            let url = oci_reference(repository, name);
            if !seen.insert(format!("{url}:{version}")) {
                work.say(format!("Already downloaded {name} from repo {repository}"));
                return Ok(None);
            }
            work.say(format!("Downloading {name} from repo {repository}"));
            let fail = |cause: fetch::Error| Error::Download { url: url.clone(), cause };
            let reference = Reference::parse(&url).map_err(fail)?;
            #[cfg(feature = "provenance")]
            let request = work.request;
            let registry = work.registry()?;
            let reference = registry.resolve(&reference, version).map_err(fail)?;
            let pulled = registry.pull(&reference).map_err(fail)?;
            #[cfg(feature = "provenance")]
            let provenance =
                request.keyring.as_ref().map(|keyring| (registry.provenance(&reference), keyring));
            work.pulled(pulled.summary());
            let new = NewArchive { file: pulled.file_name(), bytes: pulled.archive };
            #[cfg(feature = "provenance")]
            if let Some((provenance, keyring)) = provenance {
                verify(&url, &new, &provenance.map_err(fail)?, keyring)?;
            }
            Ok(Some(new))
        }
        Source::Repository { repository: owner, .. } => {
            let known = versions(work, indexes, &owner.name, name, repository)?;
            let entry = known.iter().find(|entry| entry.version == *version);
            let entry = entry.ok_or_else(|| Error::NotFound {
                url: repository.clone(),
                cause: fetch::Error::NotInRepository {
                    chart: name.clone(),
                    version: version.clone(),
                    url: repository.clone(),
                },
            })?;
            let archive = archive_url(&owner.url, entry)?;
            if !seen.insert(archive.url.clone()) {
                work.say(format!("Already downloaded {name} from repo {repository}"));
                return Ok(None);
            }
            work.say(format!("Downloading {name} from repo {repository}"));
            let fail = |cause: fetch::Error| Error::Download { url: archive.url.clone(), cause };
            let file = archive.file_name().map_err(fail)?;
            let places = work.request.places.clone();
            let bytes = fetch_archive(&archive, owner, &places, &mut |warning| work.log(warning))
                .map_err(fail)?;
            let new = NewArchive { file, bytes };
            #[cfg(feature = "provenance")]
            if let Some(keyring) = work.request.keyring.clone() {
                let provenance =
                    fetch_provenance(&archive, owner, &mut |warning| work.log(warning));
                verify(&archive.url, &new, &provenance.map_err(fail)?, &keyring)?;
            }
            Ok(Some(new))
        }
    }
}

/// Checks the signature of an archive.
#[cfg(feature = "provenance")]
fn verify(
    url: &str,
    archive: &NewArchive,
    provenance: &[u8],
    keyring: &std::path::Path,
) -> Result<(), Error> {
    use crate::provenance::{Error as Fault, Keyring, verify};
    let check = || -> Result<(), Fault> {
        let keyring = Keyring::load(keyring).map_err(|cause| Fault::Keyring(Box::new(cause)))?;
        verify(&archive.file, &archive.bytes, provenance, &keyring).map(|_| ())
    };
    check().map_err(|cause| Error::Unverified { url: url.to_owned(), cause })
}
