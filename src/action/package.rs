use std::fs;
use std::path::PathBuf;

use super::Error;
use crate::chart::{self, Warned, Warning};
use crate::go::path::clean;
use crate::template;
use crate::version::Version;

/// What to package, and where to.
#[derive(Clone, Debug, Default)]
pub struct PackageRequest {
    /// The folder of the chart.
    pub chart: String,
    /// The version the archive gets in place of that in `Chart.yaml`; empty for none.
    pub version: String,
    /// The version of the application the archive gets; empty for none.
    pub app_version: String,
    /// The folder for the archive; made if missing, empty for the one we are in.
    pub destination: String,
    /// The time of the files in seconds since 1970; see [`chart::pack`].
    pub epoch: Option<u64>,
    /// Whether to warn of what Helm cannot render.
    pub helm_compat: bool,
}

/// Writes a chart folder as an archive and returns the archive's path.
///
/// `warn` gets each warning as soon as it is known, so that those before an error are not lost.
///
/// # Errors
/// [`Error::Chart`] when the folder holds no whole chart, [`Error::Version`], [`Error::Save`].
pub fn package(request: &PackageRequest, warn: &mut dyn FnMut(&Warning)) -> Result<PathBuf, Error> {
    let PackageRequest { chart: folder, version, app_version, destination, epoch, helm_compat } =
        request;
    let folder = PathBuf::from(folder);
    fs::metadata(&folder)
        .map_err(|cause| chart::Error::NotFound { path: folder.clone(), cause })?;
    let Warned { value: mut chart, warnings } = chart::load_directory(&folder)?;
    warnings.iter().for_each(&mut *warn);
    if *helm_compat {
        let jinja = chart.templates.iter().filter(|file| template::is_jinja(&file.name));
        for file in jinja {
            warn(&Warning::advice(format!(
                "{}: Helm takes templates in Jinja for Go templates, so it cannot render this chart",
                file.name
            )));
        }
    }
    if !version.is_empty() {
        Version::parse(version).map_err(|_| Error::Version)?;
        chart.metadata.version.clone_from(version);
    }
    if !app_version.is_empty() {
        chart.metadata.app_version.clone_from(app_version);
    }
    chart.check_dependencies()?;
    chart.validate()?;
    let destination = match clean(destination.as_bytes()) {
        plain if plain == b"." => PathBuf::new(),
        path => PathBuf::from(String::from_utf8_lossy(&path).into_owned()),
    };
    Ok(chart::save(&chart, &destination, *epoch)?)
}
