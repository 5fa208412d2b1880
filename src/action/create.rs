use std::fs;
use std::path::{Path, PathBuf};

use super::Error;
use crate::chart::{self, Language, NewFile, io_text};
use crate::go::path::clean;

/// The longest name of a chart.
const MAX_NAME: usize = 250;

/// Which chart to make.
#[derive(Clone, Debug, Default)]
pub struct CreateRequest {
    /// The chart's folder; its last part is the chart's name.
    pub path: String,
    /// A chart, folder or archive, to make the new one after; `None` for our scaffold.
    pub starter: Option<PathBuf>,
    /// The language of the scaffold's templates.
    pub language: Language,
}

/// Makes the folder of a new chart and returns its path.
///
/// Folders on the way are made. Files of the same names are overwritten, each named to `replacing`
/// before; other files stay.
///
/// # Errors
/// [`Error::Create`] with Helm's text: a bad name, a starter that does not load, a file in the way.
pub fn create(request: &CreateRequest, replacing: &mut dyn FnMut(&Path)) -> Result<PathBuf, Error> {
    let CreateRequest { path, starter, language } = request;
    let path = String::from_utf8_lossy(&clean(path.as_bytes())).into_owned();
    let folder =
        std::path::absolute(&path).map_err(|cause| failed("open", Path::new(&path), &cause))?;
    let name = match folder.file_name().map(|name| name.to_string_lossy().into_owned()) {
        Some(name) if !path.ends_with("..") => name,
        // Helm makes a chart that it then refuses to load.
        _ => return Err(message(format!("chart.metadata.name {path:?} is not allowed"))),
    };
    let files = match starter {
        None => {
            check_name(&name)?;
            chart::scaffold(&name, *language)
        }
        Some(starter) => started(starter, &name)?,
    };
    let is_file = |path: &Path| fs::metadata(path).is_ok_and(|status| !status.is_dir());
    if let Some(parent) = folder.parent().filter(|parent| is_file(parent)) {
        return Err(message(format!("no such directory {}", parent.display())));
    }
    if is_file(&folder) {
        // Helm resolves the path for its scaffold only.
        let place = if starter.is_none() { folder.display() } else { Path::new(&path).display() };
        return Err(message(format!("file {place} already exists and is not a directory")));
    }
    for (name, content) in files {
        let file = folder.join(name);
        if starter.is_none() && file.exists() {
            replacing(&file);
        }
        write(&file, &content)?;
    }
    if starter.is_none() {
        make_folder(&folder.join("charts"))?;
    }
    Ok(folder)
}

fn check_name(name: &str) -> Result<(), Error> {
    if name.len() > MAX_NAME {
        let text = format!("chart name must be between 1 and {MAX_NAME} characters");
        return Err(message(text));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.chars().all(allowed) {
        return Ok(());
    }
    Err(message("chart name must match the regular expression \"^[a-zA-Z0-9._-]+$\"".to_owned()))
}

fn started(starter: &Path, name: &str) -> Result<Vec<NewFile>, Error> {
    let loaded = chart::load(starter).map_err(|fault| {
        // Helm knows here that it wants a chart of this format, so it says less.
        let fault = match fault {
            chart::Error::Undetected { .. } | chart::Error::UndetectedVersion => {
                chart::Error::MissingMetadata
            }
            fault => fault,
        };
        message(format!("could not load {}: {fault}", starter.display()))
    })?;
    Ok(chart::from_starter(&loaded.value, name)?)
}

fn write(file: &Path, content: &[u8]) -> Result<(), Error> {
    if let Some(folder) = file.parent() {
        make_folder(folder)?;
    }
    fs::write(file, content).map_err(|cause| failed("open", file, &cause))
}

fn make_folder(folder: &Path) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(|cause| failed("mkdir", folder, &cause))
}

fn failed(call: &str, path: &Path, cause: &std::io::Error) -> Error {
    message(format!("{call} {}: {}", path.display(), io_text(cause)))
}

fn message(message: String) -> Error {
    Error::Create { message }
}
