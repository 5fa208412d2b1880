use std::fs;
use std::path::{Path, PathBuf};

use super::Error;
use crate::chart::{self, io_text};
use crate::provenance::{self, Keyring, SigningKey, Verification};
use crate::{json, yaml};

/// Checks the archive at a path by the provenance file beside it.
///
/// # Errors
/// [`Error::Unverifiable`], [`Error::Provenance`]
///
/// # Source
/// Helm v4 `pkg/downloader/chart_downloader.go`, `VerifyChart`.
pub fn verify_file(path: &Path, keyring: &Path) -> Result<Verification, Error> {
    let fail = |message: String| Error::Unverifiable { message };
    let status = |path: &Path| {
        fs::metadata(path).map_err(|error| format!("stat {}: {}", path.display(), io_text(&error)))
    };
    if status(path).map_err(fail)?.is_dir() {
        return Err(fail("unpacked charts cannot be verified".to_owned()));
    }
    if path.extension().is_none_or(|ending| ending != "tgz") {
        return Err(fail("chart must be a tgz file".to_owned()));
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(".prov");
    let beside = PathBuf::from(beside);
    status(&beside).map_err(|reason| {
        fail(format!("could not load provenance file {}: {reason}", beside.display()))
    })?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let read = |path: &Path| {
        fs::read(path)
            .map_err(|error| fail(format!("open {}: {}", path.display(), io_text(&error))))
    };
    verify_archive(&name, &read(path)?, &read(&beside)?, keyring)
}

/// Checks an archive by the content of its provenance file, with the keys of a file.
///
/// # Errors
/// [`Error::Provenance`]
pub fn verify_archive(
    name: &str,
    archive: &[u8],
    provenance: &[u8],
    keyring: &Path,
) -> Result<Verification, Error> {
    let keyring =
        Keyring::load(keyring).map_err(|cause| provenance::Error::Keyring(Box::new(cause)))?;
    Ok(provenance::verify(name, archive, provenance, &keyring)?)
}

/// Signs an archive: writes the provenance file beside it, in one step.
///
/// # Errors
/// [`Error::Chart`], [`Error::Provenance`], [`Error::Save`]
pub fn sign_package(archive: &Path, key: &SigningKey) -> Result<(), Error> {
    let mut target = archive.as_os_str().to_owned();
    target.push(".prov");
    let target = PathBuf::from(target);
    let failed = |path: &Path, cause| chart::SaveFault::Write { path: path.to_owned(), cause };
    let bytes = fs::read(archive).map_err(|cause| failed(archive, cause))?;
    let metadata = chart::load_archive(&bytes)?.value.metadata.to_json();
    let metadata = yaml::encode(&json::from_serde(metadata)).map_err(Error::Metadata)?;
    let name = archive.file_name().map(|name| name.to_string_lossy().into_owned());
    let text = provenance::sign(
        &String::from_utf8_lossy(&metadata),
        &name.unwrap_or_default(),
        &bytes,
        key,
    )?;
    let draft = target.with_extension(format!("prov-{}", std::process::id()));
    let written = fs::write(&draft, text).and_then(|()| fs::rename(&draft, &target));
    written.map_err(|cause| {
        // Nothing more can be done about a draft that cannot be removed either.
        drop(fs::remove_file(&draft));
        failed(&target, cause).into()
    })
}
