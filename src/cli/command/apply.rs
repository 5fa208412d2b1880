//! Flags that the commands share which make revisions.

use std::collections::BTreeMap;
use std::time::Duration;

use clap::ValueEnum;

use crate::action::{ApplyOptions, DryRun, RenderOptions, ServerSide, WaitOptions};
use crate::chart::Warning;
use crate::cli::args::{Labels, parse_bool};
use crate::cli::output::{Details, Format, OutputArgs};
use crate::cli::{
    ChartArgs, Failure, GlobalOptions, PostRenderArgs, Ui, duration, env, read_values,
};
use crate::values::{UserValues, ValueSources};

/// What `--wait` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Wait {
    /// All objects.
    Watcher,
    /// Hooks alone, as without the flag.
    #[value(name = "hookOnly")]
    HookOnly,
    /// All objects, by the rules of Helm 3.
    Legacy,
    /// Watcher, in an older word.
    #[value(hide = true)]
    True,
    /// Hooks alone, in an older word.
    #[value(hide = true)]
    False,
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
    pub(in crate::cli) fn options(self, ui: &mut Ui, jobs: bool) -> WaitOptions {
        let WaitArgs { wait, timeout } = self;
        let (word, new) = match wait {
            Wait::True => ("true", "watcher"),
            Wait::False => ("false", "hookOnly"),
            Wait::Watcher | Wait::HookOnly | Wait::Legacy => ("", ""),
        };
        if !word.is_empty() {
            ui.warn(&Warning::warn(
                format!(
                    "--wait={word} is deprecated (boolean value) and can be replaced with \
                     --wait={new}"
                ),
                Vec::new(),
            ));
        }
        let legacy = wait == Wait::Legacy;
        let ready = legacy || matches!(wait, Wait::Watcher | Wait::True);
        WaitOptions { ready, jobs, legacy, timeout }
    }
}

/// A run that changes nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Dry {
    option: Option<DryRun>,
    /// What Helm says of an old word.
    warning: Option<String>,
}

/// Returns whether a flag has a word that it does not know: Helm tells before the verb begins.
pub(super) fn is_of_flags(failure: &Failure) -> bool {
    failure.message.starts_with("invalid dry-run value ")
}

/// The value that stands for the flag without one.
const BARE: &str = "unchanged";

impl Dry {
    fn parse(text: &str) -> Result<Self, String> {
        let known = match text {
            "none" => Some(None),
            "client" => Some(Some(DryRun::Client)),
            "server" => Some(Some(DryRun::Server)),
            _ => None,
        };
        if let Some(option) = known {
            return Ok(Dry { option, warning: None });
        }
        if text == BARE {
            let text = "--dry-run is deprecated and should be replaced with '--dry-run=client'";
            return Ok(Dry { option: Some(DryRun::Client), warning: Some(text.to_owned()) });
        }
        let Ok(is_dry) = parse_bool(text) else {
            return Err(format!(
                "invalid dry-run value ({text:?}). Must be \"none\", \"server\", or \"client\""
            ));
        };
        let new = if is_dry { "client" } else { "none" };
        let warning = format!(
            "boolean '--dry-run={text}' flag is deprecated and must be replaced with \
             '--dry-run={new}'"
        );
        Ok(Dry { option: is_dry.then_some(DryRun::Client), warning: Some(warning) })
    }
}

/// `--dry-run`.
#[derive(Clone, Debug, clap::Args)]
pub struct DryRunArgs {
    /// Show what would be done, and do nothing: without the cluster (client), or as it would answer
    /// (server)
    #[arg(
        long, value_name = "HOW", num_args = 0..=1, require_equals = true,
        default_missing_value = BARE, default_value = "none"
    )]
    dry_run: String,
}

impl DryRunArgs {
    pub(in crate::cli) fn option(&self, ui: &mut Ui) -> Result<Option<DryRun>, Failure> {
        let Dry { option, warning } = Dry::parse(&self.dry_run).map_err(Failure::new)?;
        if let Some(warning) = warning {
            ui.warn(&Warning::warn(warning, Vec::new()));
        }
        Ok(option)
    }
}

/// `--force-replace` and its old name.
#[derive(Clone, Copy, Debug, clap::Args)]
pub struct ReplaceArgs {
    /// Replace objects in place of patching them; with --server-side=false
    #[arg(long)]
    force_replace: bool,
    /// As --force-replace
    #[arg(long, hide = true)]
    force: bool,
}

impl ReplaceArgs {
    pub(super) fn is_given(self) -> bool {
        self.force_replace || self.force
    }
}

/// `--server-side` of the commands that go by the revision before.
#[derive(Clone, Debug, clap::Args)]
pub struct ServerSideArgs {
    /// Let the server work out what changes (true), or do so here (false); auto does as the revision
    /// before
    #[arg(long, value_name = "HOW", default_value = "auto")]
    server_side: String,
}

impl ServerSideArgs {
    pub(super) fn read(&self) -> Result<ServerSide, Failure> {
        match self.server_side.as_str() {
            "auto" => Ok(ServerSide::Auto),
            "true" => Ok(ServerSide::Yes),
            "false" => Ok(ServerSide::No),
            word => Err(Failure::new(format!(
                "invalid/unknown release server-side apply method: {word}"
            ))),
        }
    }
}

/// What makes a revision of a chart: its values, how it is rendered, put into the cluster and shown.
#[derive(Clone, Debug, clap::Args)]
pub struct RevisionArgs {
    #[command(flatten)]
    chart: ChartArgs,
    /// Fetch charts that the chart needs and does not have in charts/
    #[arg(long)]
    dependency_update: bool,
    #[command(flatten)]
    values: ValueSources,
    #[command(flatten)]
    wait: WaitArgs,
    /// With --wait, wait until Jobs have completed, too
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
    #[command(flatten)]
    replace: ReplaceArgs,
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
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = Labels::parse)]
    labels: Vec<Labels>,
    #[command(flatten)]
    dry_run: DryRunArgs,
    /// Undo what a failed install or upgrade has done; implies --wait
    #[arg(long)]
    rollback_on_failure: bool,
    /// As --rollback-on-failure
    #[arg(long, hide = true)]
    atomic: bool,
    /// In a dry run, do not show the content of Secrets
    #[arg(long)]
    hide_secret: bool,
    /// For Helm's sake: the server checks objects in any case
    #[arg(long, hide = true)]
    disable_openapi_validation: bool,
    #[command(flatten)]
    render: RenderOptions,
    #[command(flatten)]
    post_render: PostRenderArgs,
    /// Do not show notes
    #[arg(long)]
    hide_notes: bool,
    #[command(flatten)]
    output: OutputArgs,
}

/// What the flags of [`RevisionArgs`] come to.
pub(super) struct RevisionOptions {
    /// Where the chart lies.
    pub(super) chart: String,
    pub(super) values: UserValues,
    pub(super) render: RenderOptions,
    pub(super) apply: ApplyOptions,
    pub(super) rollback_on_failure: bool,
    pub(super) output: Format,
    pub(super) details: Details,
}

impl RevisionArgs {
    /// Finds the chart, reads the values and takes the flags together.
    pub(super) fn read(
        self,
        ui: &mut Ui,
        global: &GlobalOptions,
        reference: &str,
        server_side: ServerSide,
        cleanup_on_fail: bool,
    ) -> Result<RevisionOptions, Failure> {
        let RevisionArgs {
            chart,
            dependency_update,
            values,
            wait,
            wait_for_jobs,
            no_hooks,
            take_ownership,
            force_conflicts,
            replace,
            create_namespace,
            skip_crds,
            description,
            labels,
            dry_run,
            rollback_on_failure,
            atomic,
            hide_secret,
            disable_openapi_validation: _,
            mut render,
            post_render,
            hide_notes,
            output: OutputArgs { output },
        } = self;
        let dry_run = dry_run.option(ui)?;
        if hide_secret && dry_run.is_none() {
            return Err(Failure::new("hiding Kubernetes secrets requires a dry-run mode"));
        }
        render.post_renderer = post_render.find()?;
        let path = chart.locate(ui, global, reference)?;
        let values = read_values(ui, &values)?;
        if dependency_update {
            chart.update_dependencies(ui, global, &path)?;
        }
        let chart = path.to_string_lossy().into_owned();
        let rollback_on_failure = rollback_on_failure || atomic;
        let render = RenderOptions { warn_unread: !global.as_helm, ..render };
        let mut wait = wait.options(ui, wait_for_jobs);
        wait.ready |= rollback_on_failure;
        let apply = ApplyOptions {
            wait,
            no_hooks,
            take_ownership,
            server_side,
            force_conflicts,
            force_replace: replace.is_given(),
            create_namespace,
            skip_crds,
            cleanup_on_fail,
            description,
            labels: labels.into_iter().flat_map(|labels| labels.0).collect::<BTreeMap<_, _>>(),
            dry_run,
            yield_replicas: !global.as_helm,
            rehearse: dry_run == Some(DryRun::Server) && !global.as_helm,
            hide_secret,
        };
        let details = Details {
            manifest: dry_run.is_some() || global.is_debug(),
            hide_notes,
            ..Details::default()
        };
        Ok(RevisionOptions { chart, values, render, apply, rollback_on_failure, output, details })
    }
}

/// Returns how many revisions a release keeps: the flag, `HELM_MAX_HISTORY`, 10.
pub(super) fn kept_revisions(flag: Option<usize>) -> usize {
    let variable = || env::get(env::HELM_MAX_HISTORY).and_then(|text| text.parse().ok());
    flag.or_else(variable).unwrap_or(10)
}
