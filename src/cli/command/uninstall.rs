//! `rhumb uninstall`.

use super::apply::WaitArgs;
use crate::action::{self, UninstallReport, UninstallRequest};
use crate::chart::Warning;
use crate::cli::cluster::{block_on, connect};
use crate::cli::{Failure, GlobalOptions, Ui};
use crate::plan::Propagation;

/// Uninstall releases
#[derive(Debug, clap::Args)]
pub struct UninstallArgs {
    /// Names of the releases
    #[arg(required = true, value_name = "RELEASE")]
    releases: Vec<String>,
    #[command(flatten)]
    wait: WaitArgs,
    /// Do not run hooks
    #[arg(long)]
    no_hooks: bool,
    /// Keep the records, and say that the release is uninstalled
    #[arg(long)]
    keep_history: bool,
    /// Succeed if there is no such release
    #[arg(long)]
    ignore_not_found: bool,
    /// Change nothing
    #[arg(long)]
    dry_run: bool,
    /// What becomes of the dependents of deleted objects
    #[arg(long, value_name = "HOW", default_value = "background")]
    cascade: String,
    /// Description of the revision in the history
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

fn parse_cascade(word: &str) -> Result<Propagation, String> {
    match word {
        "background" => Ok(Propagation::Background),
        "orphan" => Ok(Propagation::Orphan),
        "foreground" => Ok(Propagation::Foreground),
        _ => Err(format!(
            "invalid cascade value ({word}). Must be \"background\", \"foreground\", or \"orphan\""
        )),
    }
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: UninstallArgs,
) -> Result<(), Failure> {
    let UninstallArgs {
        releases,
        wait,
        no_hooks,
        keep_history,
        ignore_not_found,
        dry_run,
        cascade,
        description,
    } = args;
    let wait = wait.options(ui, false);
    let propagation = parse_cascade(&cascade).map_err(Failure::new)?;
    for name in releases {
        let request = UninstallRequest {
            name,
            no_hooks,
            wait,
            keep_history,
            ignore_not_found,
            dry_run,
            propagation,
            description: description.clone(),
        };
        let report = block_on(async {
            let session = connect(global).await?;
            action::uninstall(&session, &request).await
        })?;
        show(ui, &request.name, &report);
    }
    Ok(())
}

fn show(ui: &mut Ui, name: &str, report: &UninstallReport) {
    let mut text = String::new();
    let (asked, foreign): (Vec<_>, Vec<_>) =
        report.kept.iter().partition(|kept| kept.foreign.is_none());
    for kept in &foreign {
        ui.warn(&Warning::warn(
            "skipping delete of resource not owned by this release",
            vec![
                ("kind", kept.id.kind.clone()),
                ("name", kept.id.name.clone()),
                ("namespace", kept.id.namespace.clone().unwrap_or_default()),
                ("release", name.to_owned()),
            ],
        ));
    }
    let lines = |kept: &[&crate::plan::Kept]| -> String {
        let lines: Vec<_> =
            kept.iter().map(|kept| format!("[{}] {}\n", kept.id.kind, kept.id.name)).collect();
        lines.concat()
    };
    if !asked.is_empty() {
        text.push_str("These resources were kept due to the resource policy:\n");
        text.push_str(&lines(&asked));
        text.push('\n');
    }
    if !foreign.is_empty() {
        let count = foreign.len();
        text.extend([format!(
            "{count} resource(s) were not deleted because they are not owned by this release:\n"
        )]);
        text.push_str(&lines(&foreign));
        text.push('\n');
    }
    text.extend([format!("release {name:?} uninstalled\n")]);
    ui.out(text.as_bytes());
}
