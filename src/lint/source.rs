use std::borrow::Cow;
use std::cell::OnceCell;
use std::fs;
use std::path::{Path, PathBuf};

use super::Report;
use crate::chart::{self, Chart, File, Metadata, Warned, io_text};
use crate::go::path::clean;

/// What there is under a name in a chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Missing,
    File,
    Folder,
}

/// A chart as files, whatever state they are in.
pub(super) struct Source {
    /// The absolute path of the folder or archive.
    path: PathBuf,
    /// The files of an archive.
    files: Option<Vec<File>>,
    loaded: OnceCell<Result<Warned<Chart>, chart::Error>>,
}

impl Source {
    /// Finds the files of a chart.
    ///
    /// # Errors
    /// Why there are none, in Helm's words.
    pub(super) fn open(path: &Path) -> Result<Source, String> {
        let name = path.to_string_lossy();
        let mut source = Source {
            path: std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
            files: None,
            loaded: OnceCell::new(),
        };
        if is_archive_name(&name) {
            source.files = Some(unpack(path)?);
        } else if let Err(error) = fs::metadata(path.join("Chart.yaml")) {
            let path = path.join("Chart.yaml");
            let path = clean(path.to_string_lossy().as_bytes());
            let path = String::from_utf8_lossy(&path);
            return Err(format!(
                "unable to check Chart.yaml file in chart: stat {path}: {}",
                io_text(&error)
            ));
        }
        Ok(source)
    }

    /// Returns the path for findings about the chart as a whole.
    pub(super) fn path(&self) -> Cow<'_, str> {
        self.path.to_string_lossy()
    }

    /// Returns what `name` is.
    pub(super) fn entry(&self, name: &str) -> Entry {
        let Some(files) = &self.files else {
            return match fs::metadata(self.path.join(name)) {
                Ok(status) if status.is_dir() => Entry::Folder,
                Ok(_) => Entry::File,
                Err(_) => Entry::Missing,
            };
        };
        let below = |file: &&File| {
            file.name
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        match files.iter().find(below) {
            Some(file) if file.name == name => Entry::File,
            Some(_) => Entry::Folder,
            None => Entry::Missing,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// The system's text as Go prints it.
    pub(super) fn read(&self, name: &str) -> Result<Cow<'_, [u8]>, String> {
        let path = self.path.join(name);
        match &self.files {
            None => fs::read(&path).map(Cow::Owned).map_err(|error| {
                let call =
                    if error.kind() == std::io::ErrorKind::IsADirectory { "read" } else { "open" };
                format!("{call} {}: {}", path.display(), io_text(&error))
            }),
            Some(files) => match files.iter().rfind(|file| file.name == name) {
                Some(file) => Ok(Cow::Borrowed(file.data.as_bytes())),
                None => Err(format!("open {}: no such file or directory", path.display())),
            },
        }
    }

    /// Loads the chart, and logs each time what was met on the way.
    ///
    /// # Errors
    /// Why it cannot be loaded.
    pub(super) fn load(&self, report: &mut Report) -> Result<&Chart, String> {
        let loaded = self.loaded.get_or_init(|| match &self.files {
            None => chart::load_directory_as_v2(&self.path),
            Some(files) => chart::load_unpacked(files.clone()),
        });
        match loaded {
            Ok(Warned { value, warnings }) => {
                report.log.extend(warnings.iter().cloned());
                Ok(value)
            }
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Returns whether a path is that of an archive, going by its ending.
#[must_use]
pub fn is_archive_name(path: &str) -> bool {
    [".tgz", ".tar.gz"].iter().any(|ending| path.ends_with(ending))
}

/// Takes an archive apart, refusing those without a sound name.
fn unpack(path: &Path) -> Result<Vec<File>, String> {
    let bytes = fs::read(path).map_err(|error| {
        format!("unable to open tarball: open {}: {}", path.display(), io_text(&error))
    })?;
    let refused = |text: String| Err(format!("unable to extract tarball: {text}"));
    let files = match chart::read_archive(&bytes) {
        Ok(files) => files,
        Err(fault) => return refused(fault.to_string()),
    };
    let mut name = String::new();
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        match Metadata::read(file.data.as_bytes()) {
            Ok((metadata, _)) => name = metadata.name,
            Err(error) => return refused(error.to_string()),
        }
    }
    match name.as_str() {
        "" => refused("chart name not specified".to_owned()),
        "." | ".." => refused(format!("chart name {name:?} is not allowed")),
        _ if name.contains('/') => {
            refused(format!("chart name {name:?} must not contain path separators"))
        }
        _ => Ok(files),
    }
}
