//! `rhumb upgrade`.

use super::apply::{RevisionArgs, RevisionOptions, ServerSideArgs, is_of_flags, kept_revisions};
use super::install;
use crate::action::{self, Error, UpgradeRequest};
use crate::chart::Warning;
use crate::cli::cluster::{block_on, connect};
use crate::cli::output::Format;
use crate::cli::{Failure, GlobalOptions, Ui};
use crate::values::Reuse;

/// Upgrade a release
#[derive(Debug, clap::Args)]
pub struct UpgradeArgs {
    /// Name of the release
    release: String,
    /// Folder or archive of the chart
    chart: String,
    #[command(flatten)]
    revision: RevisionArgs,
    #[command(flatten)]
    server_side: ServerSideArgs,
    /// Install the release if it does not exist
    #[arg(short, long)]
    install: bool,
    /// Start from the chart's values
    #[arg(long)]
    reset_values: bool,
    /// Start from the values of the last revision, defaults included
    #[arg(long)]
    reuse_values: bool,
    /// Start from the chart's values with the user's values of the last revision over them
    #[arg(long)]
    reset_then_reuse_values: bool,
    /// How many revisions are kept; 0 keeps all
    #[arg(long, value_name = "NUMBER")]
    history_max: Option<usize>,
    /// Delete what a failed upgrade has made
    #[arg(long)]
    cleanup_on_fail: bool,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: UpgradeArgs,
) -> Result<(), Failure> {
    let UpgradeArgs {
        release,
        chart,
        revision,
        server_side,
        install,
        reset_values,
        reuse_values,
        reset_then_reuse_values,
        history_max,
        cleanup_on_fail,
    } = args;
    let reuse = match (reset_values, reuse_values, reset_then_reuse_values) {
        (true, _, _) => Reuse::Never,
        (_, true, _) => Reuse::All,
        (_, _, true) => Reuse::UserValues,
        _ => Reuse::WhenNoneGiven,
    };
    let server_side = server_side.read().map_err(prefixed)?;
    let RevisionOptions { chart, values, render, apply, rollback_on_failure, output, details } =
        revision.read(ui, global, &chart, server_side, cleanup_on_fail)?;
    let request = UpgradeRequest {
        name: release,
        chart,
        values,
        reuse,
        render,
        apply,
        install,
        history_max: kept_revisions(history_max),
        rollback_on_failure,
    };
    let report = block_on(async {
        let session = connect(global).await?;
        let result = Box::pin(action::upgrade(&session, &request)).await;
        if let (true, Some(cause)) = (global.as_helm, result.as_ref().err().and_then(Error::cause))
        {
            let attributes = vec![("name", request.name.clone()), ("error", cause.to_string())];
            ui.warn(&Warning::warn("upgrade failed", attributes));
        }
        result
    })
    .map_err(|failure| {
        if install && failure.message.starts_with("kubernetes cluster unreachable: ") {
            return failure;
        }
        prefixed(failure)
    })?;
    if report.installed {
        install::announce(ui, &request.name, output);
    } else if output == Format::Table {
        let text = format!("Release {:?} has been upgraded. Happy Helming!\n", request.name);
        ui.out(text.as_bytes());
    }
    ui.report(&report, output, details)
}

/// Adds Helm's words for a failed upgrade.
fn prefixed(mut failure: Failure) -> Failure {
    if is_of_flags(&failure) {
        return failure;
    }
    failure.message.insert_str(0, "UPGRADE FAILED: ");
    failure
}
