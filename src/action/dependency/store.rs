use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::DependencyError as Error;
use super::update::Work;
use crate::chart::{self, Dependency, Lock};

/// An archive for `charts/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewArchive {
    pub(super) file: String,
    pub(super) bytes: Vec<u8>,
}

/// Says whether `charts/` can take archives.
pub(super) fn check(chart: &Path) -> Result<(), Error> {
    let folder = chart.join("charts");
    if folder.exists() && !folder.is_dir() {
        return Err(Error::NotDirectory(folder));
    }
    Ok(())
}

/// Puts archives into `charts/` and deletes those that are no longer needed.
///
/// All are written beside their places first, so that a full disk changes nothing.
pub(super) fn store(
    work: &mut Work<'_>,
    archives: &[NewArchive],
    locked: &[Dependency],
) -> Result<(), Error> {
    let folder = work.chart.join("charts");
    fs::create_dir_all(&folder).map_err(|error| Error::file("mkdir", &folder, &error))?;
    work.say("Deleting outdated charts".to_owned());
    let mut drafts: Vec<(PathBuf, PathBuf)> = Vec::new();
    let written = archives.iter().enumerate().try_for_each(|(index, archive)| {
        // Charts pass over files whose names begin with a dot.
        let draft = folder.join(format!(".rhumb-{}-{index}", std::process::id()));
        drafts.push((draft.clone(), folder.join(&archive.file)));
        write_synced(&draft, &archive.bytes)
    });
    let moved = written.and_then(|()| {
        drafts.iter().try_for_each(|(draft, place)| {
            fs::rename(draft, place).map_err(|error| Error::file("rename", place, &error))
        })
    });
    if moved.is_err() {
        // Nothing more can be done about a draft that cannot be removed either.
        for (draft, _) in &drafts {
            drop(fs::remove_file(draft));
        }
    }
    moved?;
    let kept: BTreeSet<&str> = archives.iter().map(|archive| archive.file.as_str()).collect();
    let here = |name: &str| locked.iter().any(|d| d.repository.is_empty() && d.name == name);
    let mut names: Vec<String> = fs::read_dir(&folder)
        .map_err(|error| Error::file("open", &folder, &error))?
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    for name in names {
        let path = folder.join(&name);
        if kept.contains(name.as_str()) || path.is_dir() {
            continue;
        }
        match chart::load(&path) {
            Err(fault) => {
                let fault = if fault.is_archive_fault() {
                    "unable to load chart archive".to_owned()
                } else {
                    // Faults name files by their whole path, Helm here by the one it was given.
                    let whole = std::path::absolute(&path).unwrap_or_default();
                    let short = path.to_string_lossy();
                    fault.to_string().replace(&*whole.to_string_lossy(), &short)
                };
                let path = path.display();
                work.say(format!("Could not verify {path} for deletion: {fault} (Skipping)"));
            }
            Ok(chart) if here(chart.value.name()) => {}
            Ok(_) => {
                fs::remove_file(&path).map_err(|error| Error::file("remove", &path, &error))?;
            }
        }
    }
    Ok(())
}

fn write_synced(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    use std::io::Write as _;
    let write = || {
        let mut file = fs::File::create(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|error| Error::file("open", path, &error))
}

/// Writes a lock in one step.
pub(super) fn write_lock(chart: &Path, file: &'static str, lock: &Lock) -> Result<(), Error> {
    let path = chart.join(file);
    if let Ok(target) = fs::read_link(&path) {
        return Err(Error::LinkedLock { file, target });
    }
    let draft = chart.join(format!(".{file}-{}", std::process::id()));
    let written = write_synced(&draft, &lock.to_yaml()?).and_then(|()| {
        fs::rename(&draft, &path).map_err(|error| Error::file("rename", &path, &error))
    });
    if written.is_err() {
        // As above.
        drop(fs::remove_file(&draft));
    }
    written
}
