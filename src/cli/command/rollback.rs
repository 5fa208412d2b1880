//! `rhumb rollback`.

use super::apply::{self, DryRunArgs, ReplaceArgs, ServerSideArgs, WaitArgs};
use crate::action::{self, ApplyOptions, DryRun, Error, RollbackRequest};
use crate::chart::Warning;
use crate::cli::cluster::{block_on, connect};
use crate::cli::{Failure, GlobalOptions, Ui};
use crate::release::Revision;

/// Roll a release back to an earlier revision
#[derive(Debug, clap::Args)]
pub struct RollbackArgs {
    /// Name of the release
    release: String,
    /// Revision to go back to; without it, or 0, the one before the last
    revision: Option<Revision>,
    #[command(flatten)]
    wait: WaitArgs,
    /// With --wait, wait until Jobs have completed, too
    #[arg(long)]
    wait_for_jobs: bool,
    /// Do not run hooks
    #[arg(long)]
    no_hooks: bool,
    /// Take over fields that others have set
    #[arg(long)]
    force_conflicts: bool,
    #[command(flatten)]
    replace: ReplaceArgs,
    #[command(flatten)]
    server_side: ServerSideArgs,
    /// Delete what a failed rollback has made
    #[arg(long)]
    cleanup_on_fail: bool,
    /// Description of the revision in the history
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// How many revisions are kept; 0 keeps all
    #[arg(long, value_name = "NUMBER")]
    history_max: Option<usize>,
    #[command(flatten)]
    dry_run: DryRunArgs,
}

/// How long the description of a rollback may be, in characters.
const MAX_DESCRIPTION: usize = 256;

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: RollbackArgs,
) -> Result<(), Failure> {
    let RollbackArgs {
        release,
        revision,
        wait,
        wait_for_jobs,
        no_hooks,
        force_conflicts,
        replace,
        server_side,
        cleanup_on_fail,
        description,
        history_max,
        dry_run,
    } = args;
    // Go counts runes.
    let length = description.as_ref().map_or(0, |description| description.chars().count());
    if length > MAX_DESCRIPTION {
        return Err(Failure::new(format!(
            "description must be {MAX_DESCRIPTION} characters or less, got {length}"
        )));
    }
    let dry_run = dry_run.option(ui)?;
    let request = RollbackRequest {
        name: release,
        revision,
        apply: ApplyOptions {
            wait: wait.options(ui, wait_for_jobs),
            no_hooks,
            server_side: server_side.read()?,
            force_conflicts,
            force_replace: replace.is_given(),
            cleanup_on_fail,
            description,
            dry_run,
            yield_replicas: !global.as_helm,
            rehearse: dry_run == Some(DryRun::Server) && !global.as_helm,
            ..ApplyOptions::default()
        },
        history_max: apply::kept_revisions(history_max),
    };
    let report = block_on(async {
        let session = connect(global).await?;
        let result = Box::pin(action::rollback(&session, &request)).await;
        let cause = result.as_ref().err().and_then(Error::cause);
        if let (true, Some(cause)) =
            (global.as_helm, cause.filter(|cause| !cause.is_after_objects()))
        {
            let text = format!("Rollback {:?} failed: {cause}", request.name);
            ui.warn(&Warning::warn(text, Vec::new()));
        }
        result
    })?;
    ui.preview(&report);
    ui.out(b"Rollback was a success! Happy Helming!\n");
    Ok(())
}
