//! From a reference and flags to a chart's files, and from values flags to values.

use std::path::{Path, PathBuf};

#[cfg(feature = "provenance")]
use super::VerifyArgs;
use super::{Failure, GlobalOptions, Ui, env};
use crate::action::{self, DependencyRequest};
use crate::fetch::{self, Access, ChartQuery, Client, Limit, Located};
use crate::values::{Inputs, UserValues, ValueSources};

/// Where a chart comes from.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Options for charts on servers")]
pub struct ChartArgs {
    /// URL of the repository that has the chart
    #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
    repo: String,
    /// Version of the chart, or a constraint such as ^2.0.0; the newest without it
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    version: String,
    /// Let pre-releases count, as --version '>0.0.0-0' does
    #[arg(long)]
    devel: bool,
    #[command(flatten)]
    access: Access,
    /// Pass credentials to all domains
    #[arg(long)]
    pass_credentials: bool,
    #[cfg(feature = "provenance")]
    #[command(flatten)]
    verify: VerifyArgs,
}

impl ChartArgs {
    /// Fetches what a chart needs and does not have in `charts/` (`--dependency-update`).
    ///
    /// # Errors
    /// Helm's text.
    pub fn update_dependencies(
        &self,
        ui: &mut Ui,
        global: &GlobalOptions,
        path: &Path,
    ) -> Result<(), Failure> {
        let request = DependencyRequest {
            chart: path.to_string_lossy().into_owned(),
            places: global.places(),
            access: self.access.clone(),
            skip_refresh: false,
            #[cfg(feature = "provenance")]
            keyring: None,
            epoch: env::source_date_epoch().map_err(Failure::new)?,
        };
        Ok(action::update_missing_dependencies(&request, &mut |told| ui.tell(&told))?)
    }

    /// Finds the chart that a reference names, fetches it if it is on a server, and returns where
    /// it lies.
    ///
    /// # Errors
    /// Helm's text.
    pub fn locate(
        &self,
        ui: &mut Ui,
        global: &GlobalOptions,
        reference: &str,
    ) -> Result<PathBuf, Failure> {
        let ChartArgs { repo, version, devel, mut access, pass_credentials, .. } = self.clone();
        #[cfg(feature = "provenance")]
        let keyring = self.verify.wanted();
        access.pass_credentials = pass_credentials;
        let query = ChartQuery {
            reference: reference.to_owned(),
            version,
            repository: repo,
            devel,
            access,
            #[cfg(feature = "provenance")]
            with_provenance: keyring.is_some(),
            #[cfg(not(feature = "provenance"))]
            with_provenance: false,
        };
        let Located { path, pulled, signed } =
            fetch::locate(&query, &global.places(), &mut |warning| ui.warn(warning))
                .map_err(action::Error::from)?;
        if let Some(pulled) = pulled {
            ui.say(&pulled.summary());
        }
        #[cfg(feature = "provenance")]
        if let Some(keyring) = keyring {
            match signed {
                None => action::verify_file(Path::new(reference.trim()), &keyring)?,
                Some(signed) => {
                    let fetch::Signed { name, provenance } = signed.map_err(action::Error::from)?;
                    action::verify_archive(&name, &std::fs::read(&path)?, &provenance, &keyring)?
                }
            };
        }
        #[cfg(not(feature = "provenance"))]
        drop(signed);
        let details = vec![("path", path.display().to_string())];
        ui.warn(&crate::chart::Warning::debug("Chart path", details));
        Ok(path)
    }
}

/// Reads the user's values; `-` is standard input, URLs are fetched.
///
/// # Errors
/// Helm's text for the first source that cannot be read.
pub fn read_values(ui: &mut Ui, sources: &ValueSources) -> Result<UserValues, Failure> {
    let mut client = None;
    let mut fetch = |url: &str| -> Result<Vec<u8>, String> {
        let fail = |error: fetch::Error| error.to_string();
        let client = match &mut client {
            Some(client) => client,
            empty => empty.insert(Client::new(&Access::default()).map_err(fail)?),
        };
        client.get(url, None, Limit::Values, &mut |warning| ui.warn(warning)).map_err(fail)
    };
    let mut stdin = std::io::stdin().lock();
    let mut inputs = Inputs { stdin: &mut stdin, fetch: Some(&mut fetch) };
    Ok(sources.read_sources_from(&mut inputs).map_err(action::Error::from)?)
}
