//! From a reference and flags to a chart's files, and from values flags to values.

use std::path::PathBuf;

use super::{Failure, GlobalOptions, Ui};
use crate::action;
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
}

impl ChartArgs {
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
        let ChartArgs { repo, version, devel, access } = self.clone();
        let query = ChartQuery {
            reference: reference.to_owned(),
            version,
            repository: repo,
            devel,
            access,
        };
        let Located { path, pulled } =
            fetch::locate(&query, &global.places(), &mut |warning| ui.warn(warning))
                .map_err(action::Error::from)?;
        if let Some(pulled) = pulled {
            ui.say(&pulled.summary());
        }
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
