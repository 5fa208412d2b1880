//! `rhumb template`.

use std::io;
use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;

use crate::action::{self, TemplateRequest, UnreadValues, ValueCheck};
use crate::chart::{Warned, Warning};
use crate::cli::args::Labels;
#[cfg(feature = "cluster")]
use crate::cli::cluster::Online as Cluster;
use crate::cli::{
    ChartArgs, Failure, GlobalOptions, PostRenderArgs, Ui, args, duration, read_values, report,
};
use crate::glob::filepath_match;
use crate::manifest::{self, PrintOptions};
use crate::release::{ReleaseName, is_system_label};
use crate::template::function::Env;
use crate::template::gotmpl::{Executor, Stop, TemplateSet};
use crate::template::{Capabilities, KubeVersion};
use crate::value::{Str, Value};
use crate::values::ValueSources;

/// Render a chart's templates and print the manifests
#[derive(Debug, clap::Args)]
pub struct TemplateArgs {
    /// [NAME] CHART: the name of the release, and the folder or archive of the chart
    #[arg(value_name = "[NAME] CHART", num_args = 0..)]
    names: Vec<String>,
    #[command(flatten)]
    values: ValueSources,
    /// Kubernetes API versions that .Capabilities.APIVersions has besides the default ones
    #[arg(short, long, value_name = "VERSIONS", value_delimiter = ',')]
    api_versions: Vec<String>,
    /// Kubernetes version that .Capabilities.KubeVersion has
    #[arg(long, value_name = "VERSION")]
    kube_version: Option<String>,
    /// Let getHostByName ask the network
    #[arg(long)]
    enable_dns: bool,
    /// Refuse NAME; the name is `release-name`, as without this flag
    #[arg(short, long)]
    generate_name: bool,
    /// Template of the release's name
    #[arg(long, value_name = "TEMPLATE")]
    name_template: Option<String>,
    /// Print the custom resource definitions too
    #[arg(long)]
    include_crds: bool,
    /// Do not warn of custom resource definitions under --dry-run=server
    #[arg(long)]
    skip_crds: bool,
    /// Set .Release.IsUpgrade instead of .Release.IsInstall
    #[arg(long)]
    is_upgrade: bool,
    /// Leave hooks out
    #[arg(long)]
    no_hooks: bool,
    /// Leave tests out
    #[arg(long)]
    skip_tests: bool,
    /// Do not check the values against values.schema.json
    #[arg(long)]
    skip_schema_validation: bool,
    /// Fail when there are values from -f or --set that no template reads
    #[arg(long)]
    strict_values: bool,
    /// Print the manifests of these templates alone (path below the chart; `*` and `?` match)
    #[arg(short, long, value_name = "PATH")]
    show_only: Vec<String>,
    /// Write the manifests to files below this folder instead of stdout
    #[arg(long, value_name = "DIR")]
    output_dir: Option<String>,
    /// Put the name of the release into the path below --output-dir
    #[arg(long)]
    release_name: bool,
    /// Take objects of others on the cluster for those of the release, under --dry-run=server
    #[arg(long)]
    take_ownership: bool,
    #[command(flatten)]
    chart: ChartArgs,
    /// Fetch charts that the chart needs and does not have in charts/
    #[arg(long)]
    dependency_update: bool,
    #[command(flatten)]
    post_render: PostRenderArgs,
    #[command(flatten)]
    dry_run: DryRunArgs,
    #[command(flatten)]
    idle: IdleArgs,
}

/// Whether the cluster is asked.
#[derive(Clone, Debug, clap::Args)]
struct DryRunArgs {
    /// "server" renders with the capabilities and objects of the cluster, and checks that it would
    /// take the result; "client", the default, does without a cluster
    #[arg(
        long, value_name = "HOW", num_args = 0..=1, require_equals = true,
        default_missing_value = "unset", default_value = "client", hide_default_value = true
    )]
    dry_run: String,
    /// As --dry-run=server
    #[arg(long, hide = true)]
    validate: bool,
}

impl DryRunArgs {
    /// Returns whether the cluster is asked, and what is to be said of the flag.
    fn asks_cluster(&self) -> Result<(bool, Option<Warning>), Failure> {
        let old = |text: &str| Some(Warning::warn(text, Vec::new()));
        match self.dry_run.as_str() {
            "client" => Ok((self.validate, None)),
            "server" => Ok((true, None)),
            "unset" => Ok((
                false,
                old("--dry-run is deprecated and should be replaced with '--dry-run=client'"),
            )),
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok((
                false,
                old("boolean '--dry-run=true' flag is deprecated and must be replaced with \
                     '--dry-run=client'"),
            )),
            "none" | "0" | "f" | "F" | "false" | "FALSE" | "False" => Err(Failure::new(format!(
                "invalid dry-run value ({:?}). Must be \"server\" or \"client\"",
                self.dry_run
            ))),
            other => Err(Failure::new(format!(
                "invalid dry-run value ({other:?}). Must be \"none\", \"server\", or \"client\""
            ))),
        }
    }
}

/// Flags of `install` that `template` takes as Helm does: they are checked and change nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Options of install, without effect here")]
struct IdleArgs {
    /// Make the namespace of the release if it does not exist
    #[arg(long)]
    create_namespace: bool,
    /// Description of the revision
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
    /// Do not check objects against the schema of the server
    #[arg(long)]
    disable_openapi_validation: bool,
    /// Take over fields that others have set
    #[arg(long)]
    force_conflicts: bool,
    /// Replace objects instead of changing them
    #[arg(long)]
    force_replace: bool,
    /// Labels of the release's record
    #[arg(short, long, value_name = "KEY=VALUE", value_parser = Labels::parse)]
    labels: Vec<Labels>,
    /// Use the name of a release that was uninstalled again
    #[arg(long)]
    replace: bool,
    /// Undo an installation that failed
    #[arg(long)]
    rollback_on_failure: bool,
    /// Let the server apply changes
    #[arg(
        long, value_name = "BOOL", num_args = 0..=1, require_equals = true,
        default_missing_value = "true", default_value = "true", value_parser = args::parse_bool,
        action = clap::ArgAction::Set
    )]
    server_side: bool,
    /// Bound of the whole command
    #[arg(long, value_name = "DURATION", default_value = "5m0s", value_parser = duration::parse)]
    timeout: Duration,
    /// Wait until all objects are ready
    #[arg(
        long, value_enum, value_name = "STRATEGY", num_args = 0..=1, require_equals = true,
        default_missing_value = "watcher", default_value = "hookOnly"
    )]
    wait: Wait,
    /// Wait until Jobs have completed, too
    #[arg(long)]
    wait_for_jobs: bool,
    /// As --rollback-on-failure
    #[arg(long, hide = true)]
    atomic: bool,
    /// As --force-replace
    #[arg(long, hide = true)]
    force: bool,
    /// Do not show notes, which are not shown anyway
    #[arg(long, hide = true)]
    hide_notes: bool,
    /// Show the notes of subcharts, which are not shown anyway
    #[arg(long, hide = true)]
    render_subchart_notes: bool,
}

/// What `--wait` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Wait {
    Watcher,
    #[value(name = "hookOnly")]
    HookOnly,
    Legacy,
    /// An old word for `watcher`.
    #[value(hide = true)]
    True,
    /// An old word for `hookOnly`.
    #[value(hide = true)]
    False,
}

impl IdleArgs {
    /// Returns what is to be said of flags in an old form.
    fn warning(&self) -> Option<Warning> {
        let (old, new) = match self.wait {
            Wait::True => ("true", "watcher"),
            Wait::False => ("false", "hookOnly"),
            Wait::Watcher | Wait::HookOnly | Wait::Legacy => return None,
        };
        let text = format!(
            "--wait={old} is deprecated (boolean value) and can be replaced with --wait={new}"
        );
        Some(Warning::warn(text, Vec::new()))
    }

    /// Checks the one flag that can make `template` fail after rendering.
    fn check(&self) -> Result<(), Failure> {
        if self.labels.iter().flat_map(|labels| &labels.0).any(|(key, _)| is_system_label(key)) {
            return Err(Failure::new(
                "user supplied labels contains system reserved label name. System labels: [name \
                 owner status version createdAt modifiedAt]",
            ));
        }
        Ok(())
    }
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: TemplateArgs,
) -> Result<(), Failure> {
    let TemplateArgs {
        names,
        values,
        api_versions,
        kube_version,
        enable_dns,
        generate_name,
        name_template,
        include_crds,
        skip_crds,
        is_upgrade,
        no_hooks,
        skip_tests,
        skip_schema_validation,
        strict_values,
        show_only,
        output_dir,
        release_name,
        take_ownership,
        chart: chart_args,
        dependency_update,
        post_render,
        dry_run,
        idle,
    } = args;
    let post_renderer = post_render.find()?;
    if let Some(warning) = idle.warning() {
        ui.warn(&warning);
    }
    let mut capabilities = Capabilities::default();
    if let Some(version) = kube_version.as_ref().filter(|version| !version.is_empty()) {
        capabilities.kube_version = KubeVersion::parse(version)
            .map_err(|error| Failure::new(format!("invalid kube version '{version}': {error}")))?;
    }
    capabilities.api_versions.extend(api_versions);
    let (online, warning) = dry_run.asks_cluster()?;
    if let Some(warning) = warning {
        ui.warn(&warning);
    }
    let (name, chart) =
        name_and_chart(&names, generate_name, name_template.as_deref(), "template")?;
    let name = name.unwrap_or_else(|| "release-name".to_owned());
    let path = chart_args.locate(ui, global, &chart)?;
    let user_values = read_values(ui, &values)?;
    if dependency_update {
        chart_args.update_dependencies(ui, global, &path)?;
    }
    let mut env = Env::new();
    env.enable_dns = enable_dns;
    let Warned { value: chart, warnings } = action::load_chart(&path.to_string_lossy())?;
    for warning in &warnings {
        ui.warn(warning);
    }
    let cluster = if online {
        let (cluster, found) = Cluster::connect(global).inspect_err(|failure| {
            ui.warn(&Warning::error(failure.message.as_str(), Vec::new()));
        })?;
        capabilities = found;
        env.lookup = cluster.lookup();
        if !skip_crds && !chart.crds().is_empty() && ReleaseName::new(&name).is_ok() {
            let text = "This chart or one of its subcharts contains CRDs. Rendering may fail or \
                        contain inaccuracies.";
            ui.warn(&Warning::warn(text, Vec::new()));
        }
        Some(cluster)
    } else {
        None
    };
    if ReleaseName::new(&name).is_ok() {
        let count = chart.dependencies.len().to_string();
        let details = vec![("chart", chart.name().to_owned()), ("dependencies", count)];
        ui.warn(&Warning::debug("number of dependencies in the chart", details));
    }
    let request = TemplateRequest {
        name: name.clone(),
        namespace: global.namespace(),
        chart,
        user_values: &user_values,
        capabilities,
        env: &env,
        is_upgrade,
        skip_schema_validation,
        post_renderer: post_renderer.as_ref(),
        check: UnreadValues::of_command(strict_values, !global.as_helm)
            .map(|unread| ValueCheck { given: &user_values, unread }),
    };
    let report = match action::template(request, &mut |warning| ui.warn(warning)) {
        Ok(report) => report,
        Err(error) => return Err(template_failure(ui, global, error)),
    };
    idle.check()?;
    if let Some(cluster) = cluster {
        let documents = &report.chart.manifest.documents;
        cluster.check(&name, documents, take_ownership || is_upgrade)?;
    }
    let crds = if include_crds { report.chart.crds() } else { Vec::new() };
    let options = PrintOptions { no_hooks, skip_tests };
    if let Some(folder) = output_dir.filter(|folder| !folder.is_empty()) {
        let folder = if release_name { Path::new(&folder).join(&name) } else { folder.into() };
        let files = manifest::print_files(&report.chart.manifest, &crds, options);
        write_files(ui, &folder, &files)?;
        // What is left to print is nothing, and a line feed after it; nothing can be picked from
        // that either.
        if let Some(pattern) = show_only.into_iter().next() {
            return Err(action::Error::from(manifest::ShowOnlyError { pattern }).into());
        }
        ui.out(b"\n");
        return Ok(());
    }
    let printed = manifest::print_template(&report.chart.manifest, &crds, options);
    if show_only.is_empty() {
        ui.out(&printed);
        // The process is about to end, which frees all of it at once.
        std::mem::forget(report);
        return Ok(());
    }
    let matches = |pattern: &str, path: &str| {
        filepath_match(pattern.as_bytes(), path.as_bytes()).unwrap_or(false)
    };
    let selected = manifest::select(&printed, show_only.iter().map(String::as_str), matches)
        .map_err(action::Error::from)?;
    ui.out(&selected);
    Ok(())
}

/// Without the feature there is no cluster to ask.
#[cfg(not(feature = "cluster"))]
enum Cluster {}

#[cfg(not(feature = "cluster"))]
impl Cluster {
    fn connect(_: &GlobalOptions) -> Result<(Self, Capabilities), Failure> {
        Err(Failure::new("this rhumb was built without its cluster feature"))
    }

    fn lookup(&self) -> std::rc::Rc<crate::template::function::Lookup> {
        match *self {}
    }

    fn check(&self, _: &str, _: &[manifest::Document], _: bool) -> Result<(), Failure> {
        match *self {}
    }
}

/// Words a failure as Helm does; under `--debug` the rendered text is printed as far as it came.
fn template_failure(ui: &mut Ui, global: &GlobalOptions, error: action::Error) -> Failure {
    if let action::Error::Name { name } = &error {
        let details = vec![("error", action::name_text(name))];
        ui.warn(&Warning::error("release name check failed", details));
    }
    let is_rendering = error.is_rendering();
    if global.is_debug() && is_rendering {
        let files = match &error {
            action::Error::Manifest { texts, .. } => texts.as_slice(),
            _ => &[],
        };
        let files = files.iter().map(|(path, text)| (path.as_str(), text.as_slice()));
        let text = manifest::source_files(files);
        ui.out(text.trim_ascii());
        ui.out(b"\n");
    }
    let mut failure = Failure::from(error);
    if is_rendering && !global.is_debug() {
        failure.message.push_str("\n\nUse --debug flag to render out invalid YAML");
    }
    failure
}

/// Takes `[NAME] CHART` apart, as all commands that make releases do.
///
/// # Errors
/// Too few or too many names, or a name beside a flag that makes one; Helm's texts.
pub(in crate::cli) fn name_and_chart(
    names: &[String],
    generate_name: bool,
    name_template: Option<&str>,
    command: &str,
) -> Result<(Option<String>, String), Failure> {
    let (name, chart) = match names {
        [] => {
            let message = format!("\"helm {command}\" requires at least 1 argument");
            return Err(Failure::new(message).with_hint(&format!(
                "usage: {} {command} [NAME] CHART [flags]",
                crate::cli::program()
            )));
        }
        [chart] => (None, chart),
        [name, chart] => (Some(name), chart),
        [_, _, rest @ ..] => {
            let rest = rest.join(", ");
            return Err(Failure::new(format!(
                "expected at most two arguments, unexpected arguments: {rest}"
            )));
        }
    };
    if name.is_some() && generate_name {
        return Err(Failure::new("cannot set --generate-name and also specify a name"));
    }
    if name.is_some() && name_template.is_some() {
        return Err(Failure::new("cannot set --name-template and also specify a name"));
    }
    if let Some(name) = name {
        return Ok((Some(name.clone()), chart.clone()));
    }
    if let Some(template) = name_template {
        return Ok((Some(render_name(template)?), chart.clone()));
    }
    // `template` has a name for all that have none, and Helm leaves it at that.
    if generate_name && command != "template" {
        return Ok((Some(generated_name(chart)), chart.clone()));
    }
    Ok((None, chart.clone()))
}

/// `<base name up to its first dot>-<seconds since 1970>`, as Helm makes names up.
fn generated_name(chart: &str) -> String {
    let base =
        Path::new(chart).file_name().map_or_else(|| "chart".into(), |name| name.to_string_lossy());
    let base = base.split('.').next().unwrap_or_default();
    let base = if base.is_empty() { "chart" } else { base };
    format!("{base}-{}", jiff::Timestamp::now().as_second())
}

fn render_name(template: &str) -> Result<String, Failure> {
    let path = Str::from("name-template");
    let mut set = TemplateSet::default();
    set.parse(&path, &Str::from(template)).map_err(|error| report::go_text(&error))?;
    let env = Env::new();
    match Executor::new(&set, &env).execute("name-template", Value::Nil) {
        Ok(output) => Ok(String::from_utf8_lossy(&output.text).into_owned()),
        Err(Stop::Failed(diagnostic)) => Err(Failure::new(diagnostic.message)),
        Err(Stop::Frozen) => Err(Failure::new("the name template writes to frozen data")),
    }
}

fn write_files(ui: &mut Ui, folder: &Path, files: &[manifest::OutputFile]) -> Result<(), Failure> {
    use std::io::Write as _;
    let mut begun: Vec<&str> = Vec::new();
    for file in files {
        let path = folder.join(&file.path);
        let failed = |action: &str, path: &Path, error: &io::Error| {
            let reason = crate::chart::io_text(error);
            let path = path.display();
            let hint = "Use --debug flag to render out invalid YAML";
            Failure::new(format!("{action} {path}: {reason}\n\n{hint}"))
        };
        if let Some(parent) = path.parent()
            && let Err(error) = std::fs::create_dir_all(parent)
        {
            if error.kind() == io::ErrorKind::NotADirectory {
                return Err(failed("stat", parent, &error));
            }
            // The first folder on the way that cannot be made is the one at fault.
            let way: Vec<&Path> =
                parent.ancestors().filter(|p| !p.as_os_str().is_empty()).collect();
            let at_fault = way.iter().rev().find(|folder| !folder.is_dir()).unwrap_or(&parent);
            return Err(failed("mkdir", at_fault, &error));
        }
        let is_new = !begun.contains(&file.path.as_str());
        let mut target = std::fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(is_new)
            .append(!is_new)
            .open(&path)
            .map_err(|error| failed("open", &path, &error))?;
        target.write_all(&file.text).map_err(|error| failed("write", &path, &error))?;
        if is_new {
            begun.push(&file.path);
        }
        ui.out(format!("wrote {}\n", path.display()).as_bytes());
    }
    Ok(())
}
