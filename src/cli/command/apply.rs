//! Flags that the commands share which make revisions.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::ValueEnum;

use crate::action::{ApplyOptions, DryRun, WaitOptions};
use crate::cli::{Failure, duration, env};
use crate::value::Map;
use crate::values::ValueSources;

/// What `--wait` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Wait {
    /// All objects.
    #[value(alias = "true")]
    Watcher,
    /// Hooks alone, as without the flag.
    #[value(name = "hookOnly", alias = "false")]
    HookOnly,
}

/// Waiting.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct WaitArgs {
    /// Wait until all objects are ready
    #[arg(
        long, value_enum, value_name = "STRATEGY", num_args = 0..=1, require_equals = true,
        default_missing_value = "watcher", default_value = "hookOnly"
    )]
    wait: Wait,
    /// Bound of the whole command, such as 5m0s
    #[arg(long, value_name = "DURATION", default_value = "5m0s", value_parser = duration::parse)]
    timeout: Duration,
}

impl WaitArgs {
    pub(in crate::cli) fn options(self, jobs: bool) -> WaitOptions {
        let WaitArgs { wait, timeout } = self;
        WaitOptions { ready: wait == Wait::Watcher || jobs, jobs, timeout }
    }
}

/// A run that changes nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Dry {
    /// No dry run.
    #[value(alias = "false")]
    None,
    /// Without asking the cluster.
    #[value(alias = "true")]
    Client,
    /// With the cluster's capabilities, and checked against its objects.
    Server,
}

/// `--dry-run`.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct DryRunArgs {
    /// Show what would be done, and do nothing
    #[arg(
        long, value_enum, value_name = "HOW", num_args = 0..=1, require_equals = true,
        default_missing_value = "client", default_value = "none"
    )]
    dry_run: Dry,
}

impl DryRunArgs {
    pub(in crate::cli) fn option(self) -> Option<DryRun> {
        match self.dry_run {
            Dry::None => None,
            Dry::Client => Some(DryRun::Client),
            Dry::Server => Some(DryRun::Server),
        }
    }
}

/// How a revision of a chart is put into the cluster.
#[derive(Clone, Debug, clap::Args)]
pub struct ApplyArgs {
    #[command(flatten)]
    wait: WaitArgs,
    /// Wait until Jobs have completed, too; implies --wait
    #[arg(long)]
    wait_for_jobs: bool,
    /// Do not run hooks
    #[arg(long)]
    no_hooks: bool,
    /// Take over objects that belong to nobody or to another release
    #[arg(long)]
    take_ownership: bool,
    /// Take over fields that others have set
    #[arg(long)]
    force_conflicts: bool,
    /// Make the namespace of the release if it does not exist
    #[arg(long)]
    create_namespace: bool,
    /// Do not install the files in crds/
    #[arg(long)]
    skip_crds: bool,
    /// Description of the revision in the history
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Labels of the record, parted by commas; on upgrade KEY=null takes one away
    #[arg(short, long, value_name = "KEY=VALUE", value_delimiter = ',', value_parser = label)]
    labels: Vec<(String, String)>,
    #[command(flatten)]
    dry_run: DryRunArgs,
}

impl ApplyArgs {
    pub(in crate::cli) fn options(self, cleanup_on_fail: bool) -> ApplyOptions {
        let ApplyArgs {
            wait,
            wait_for_jobs,
            no_hooks,
            take_ownership,
            force_conflicts,
            create_namespace,
            skip_crds,
            description,
            labels,
            dry_run,
        } = self;
        ApplyOptions {
            wait: wait.options(wait_for_jobs),
            no_hooks,
            take_ownership,
            force_conflicts,
            create_namespace,
            skip_crds,
            cleanup_on_fail,
            description,
            labels: labels.into_iter().collect::<BTreeMap<_, _>>(),
            dry_run: dry_run.option(),
        }
    }

    pub(in crate::cli) fn is_dry_run(&self) -> bool {
        self.dry_run.option().is_some()
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    let (key, value) =
        text.split_once('=').ok_or_else(|| format!("{text} must be formatted as key=value"))?;
    Ok((key.to_owned(), value.to_owned()))
}

/// Reads the user's values.
pub(super) fn read_values(sources: &ValueSources) -> Result<Map, Failure> {
    sources
        .read(&mut std::io::stdin().lock())
        .map_err(|error| Failure::from(crate::action::Error::from(error)))
}

/// Returns how many revisions a release keeps: the flag, `HELM_MAX_HISTORY`, 10.
pub(super) fn history_max(flag: Option<usize>) -> usize {
    let variable = || env::get(env::HELM_MAX_HISTORY).and_then(|text| text.parse().ok());
    flag.or_else(variable).unwrap_or(10)
}
