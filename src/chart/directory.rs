use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::archive::{ArchiveFile, MAX_TOTAL, without_mark};
use super::{Chart, Error, IgnoreRules, Warned, Warning, load};
use crate::value::Str;

/// How deep folders may lie within folders; symbolic links can make loops.
const MAX_DEPTH: usize = 255;

/// Loads a chart from a folder, less what its `.helmignore` leaves out.
///
/// Symbolic links are followed, out of the folder too, and reported as warnings.
///
/// # Errors
/// [`Error`], worded as Helm words it.
pub fn load_directory(path: &Path) -> Result<Warned<Chart>, Error> {
    let metadata = std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).join("Chart.yaml");
    if let Err(cause) = fs::metadata(&metadata) {
        return Err(Error::Undetected { path: metadata, cause });
    }
    load_with(path, load::build)
}

/// Loads a chart from a folder whatever API version it names, as Helm's linter does.
///
/// # Errors
/// As [`load_directory`].
pub fn load_directory_as_v2(path: &Path) -> Result<Warned<Chart>, Error> {
    load_with(path, load::build_as_v2)
}

fn load_with(
    path: &Path,
    build: fn(Vec<ArchiveFile>) -> Result<Warned<Chart>, Error>,
) -> Result<Warned<Chart>, Error> {
    let top = std::path::absolute(path)
        .map_err(|cause| Error::NotFound { path: path.to_owned(), cause })?;
    let ignore_file = top.join(".helmignore");
    let rules = match fs::read(&ignore_file) {
        Ok(text) => IgnoreRules::parse(&text)?,
        Err(cause) if cause.kind() == ErrorKind::NotFound => IgnoreRules::default(),
        Err(cause) => return Err(Error::Read { path: ignore_file, cause }),
    };
    let mut walk = Walk { rules, files: Vec::new(), warnings: Vec::new(), remaining: MAX_TOTAL };
    walk.directory(&top, "", 0)?;
    let Walk { files, mut warnings, .. } = walk;
    let Warned { value, warnings: later } = build(files)?;
    warnings.extend(later);
    Ok(Warned { value, warnings })
}

/// Loads a chart from the files of an archive as [`load_directory_as_v2`] would if they lay in a folder: less what `.helmignore`
/// leaves out, in the order of a folder.
///
/// # Errors
/// As [`load_directory`].
pub fn load_unpacked(mut files: Vec<ArchiveFile>) -> Result<Warned<Chart>, Error> {
    let rules = match files.iter().find(|file| file.name == ".helmignore") {
        Some(file) => IgnoreRules::parse(file.data.as_bytes())?,
        None => IgnoreRules::default(),
    };
    files.retain(|file| {
        let folders = file.name.match_indices('/').map(|(at, _)| &file.name[..at]);
        !rules.ignores(&file.name, false) && folders.into_iter().all(|f| !rules.ignores(f, true))
    });
    files.sort_by(|a, b| a.name.split('/').cmp(b.name.split('/')));
    load::build_as_v2(files)
}

struct Walk {
    rules: IgnoreRules,
    files: Vec<ArchiveFile>,
    warnings: Vec<Warning>,
    /// How many bytes may still be read.
    remaining: u64,
}

impl Walk {
    fn directory(&mut self, path: &Path, name: &str, depth: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error::TooDeep { limit: MAX_DEPTH });
        }
        let read = |cause| Error::Read { path: path.to_owned(), cause };
        let mut entries = Vec::new();
        for entry in fs::read_dir(path).map_err(read)? {
            entries.push(entry.map_err(read)?.file_name());
        }
        entries.sort_unstable();
        for entry in entries {
            let inner = path.join(&entry);
            let Some(part) = entry.to_str() else { return Err(Error::FileName { path: inner }) };
            let name = if name.is_empty() { part.to_owned() } else { format!("{name}/{part}") };
            self.entry(inner, name, depth)?;
        }
        Ok(())
    }

    fn entry(&mut self, path: PathBuf, name: String, depth: usize) -> Result<(), Error> {
        let read = |cause| Error::Read { path: path.clone(), cause };
        let mut status = fs::symlink_metadata(&path).map_err(read)?;
        let mut source = path.clone();
        if status.is_symlink() {
            source = fs::canonicalize(&path).map_err(|cause| {
                let target = fs::read_link(&path).unwrap_or_default();
                let target =
                    path.parent().map_or_else(|| target.clone(), |base| base.join(&target));
                Error::BrokenLink { path: path.clone(), target, cause }
            })?;
            status = fs::metadata(&source).map_err(read)?;
            self.warnings.push(Warning {
                level: super::Level::Info,
                message: "found symbolic link in path. Contents of linked file included and used"
                    .to_owned(),
                attributes: vec![
                    ("path", path.display().to_string()),
                    ("resolved", source.display().to_string()),
                ],
            });
        }
        if self.rules.ignores(&name, status.is_dir()) {
            return Ok(());
        }
        if status.is_dir() {
            return self.directory(&source, &name, depth + 1);
        }
        if !status.is_file() {
            return Err(Error::Irregular { path });
        }
        if status.len() >= self.remaining {
            return Err(Error::TooLarge { limit: MAX_TOTAL });
        }
        let data = fs::read(&source).map_err(read)?;
        let size = data.len() as u64;
        if size >= self.remaining {
            return Err(Error::TooLarge { limit: MAX_TOTAL });
        }
        self.remaining -= size;
        let modified = status.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        self.files.push(ArchiveFile { name, data: Str::from(without_mark(&data)), modified });
        Ok(())
    }
}
