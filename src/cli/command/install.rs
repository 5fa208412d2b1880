//! `rhumb install`.

use super::apply::{RevisionArgs, RevisionOptions, is_of_flags};
use super::template::name_and_chart;
use crate::action::{self, Error, InstallRequest, ServerSide};
use crate::cli::args;
use crate::cli::cluster::{block_on, connect, unreachable};
use crate::cli::output::Format;
use crate::cli::{Failure, GlobalOptions, Ui};

/// Install a chart
#[derive(Debug, clap::Args)]
pub struct InstallArgs {
    /// [NAME] CHART: the name of the release, and the folder or archive of the chart
    #[arg(value_name = "[NAME] CHART", num_args = 0..)]
    names: Vec<String>,
    #[command(flatten)]
    revision: RevisionArgs,
    /// Make up a name (and omit NAME)
    #[arg(short, long)]
    generate_name: bool,
    /// Template of the release's name
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,
    /// Use the name of a release that failed or was uninstalled again
    #[arg(long)]
    replace: bool,
    /// Let the server work out what changes in objects, and not this program
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", default_value = "true", value_parser = args::parse_bool,
        action = clap::ArgAction::Set
    )]
    server_side: bool,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: InstallArgs,
) -> Result<(), Failure> {
    let InstallArgs { names, revision, generate_name, name_template, replace, server_side } = args;
    let (name, chart) = name_and_chart(&names, generate_name, name_template.as_deref(), "install")
        .map_err(|failure| if names.is_empty() { failure } else { prefixed(failure) })?;
    let name = name.ok_or(Error::NoName).map_err(|error| prefixed(error.into()))?;
    let server_side = if server_side { ServerSide::Yes } else { ServerSide::No };
    let RevisionOptions { chart, values, render, apply, rollback_on_failure, output, details } =
        revision.read(ui, global, &chart, server_side, false).map_err(prefixed)?;
    let request =
        InstallRequest { name, chart, values, render, apply, replace, rollback_on_failure };
    let report = block_on(async {
        let session = connect(global).await?;
        Box::pin(action::install(&session, &request)).await
    })
    .map_err(|failure| prefixed(unreachable(failure)))?;
    ui.report(&report, output, details)
}

/// Adds Helm's words for a failed install.
pub(super) fn prefixed(mut failure: Failure) -> Failure {
    if is_of_flags(&failure) {
        return failure;
    }
    failure.message.insert_str(0, "INSTALLATION FAILED: ");
    failure
}

/// Says that an upgrade turned into an install.
pub(super) fn announce(ui: &mut Ui, name: &str, format: Format) {
    if format == Format::Table {
        ui.out(format!("Release {name:?} does not exist. Installing it now.\n").as_bytes());
    }
}
