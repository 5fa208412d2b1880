use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches};

use std::path::PathBuf;

use super::{Failure, env};
use crate::fetch::Places;
use crate::values::split_list;

/// Flags that every command takes.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalOptions {
    /// Namespace scope for this request
    #[arg(short, long, global = true, value_name = "NAMESPACE")]
    pub namespace: Option<String>,
    /// Path to the kubeconfig file
    #[arg(long, global = true, value_name = "PATH")]
    pub kubeconfig: Option<String>,
    /// Name of the kubeconfig context to use
    #[arg(long, global = true, value_name = "NAME")]
    pub kube_context: Option<String>,
    /// Address and port of the Kubernetes API server
    #[arg(long, global = true, value_name = "URL")]
    pub kube_apiserver: Option<String>,
    /// Bearer token used for authentication
    #[arg(long, global = true, value_name = "TOKEN")]
    pub kube_token: Option<String>,
    /// Certificate authority file for the connection to the API server
    #[arg(long, global = true, value_name = "PATH")]
    pub kube_ca_file: Option<String>,
    /// User to impersonate
    #[arg(long, global = true, value_name = "USER")]
    pub kube_as_user: Option<String>,
    /// Group to impersonate (can be repeated)
    #[arg(long, global = true, value_name = "GROUP")]
    pub kube_as_group: Vec<String>,
    /// Do not check the API server's certificate; this makes HTTPS connections insecure
    #[arg(long, global = true)]
    pub kube_insecure_skip_tls_verify: bool,
    /// Name that the API server's certificate has to bear
    #[arg(long, global = true, value_name = "NAME")]
    pub kube_tls_server_name: Option<String>,
    /// Requests to the API server that may go out in a burst
    #[arg(long, global = true, value_name = "NUMBER")]
    pub burst_limit: Option<i64>,
    /// Requests to the API server a second, after the burst
    #[arg(long, global = true, value_name = "NUMBER", value_parser = parse_float)]
    pub qps: Option<f32>,
    /// Folder of charts by their digest
    #[arg(long, global = true, value_name = "PATH")]
    pub content_cache: Option<String>,
    /// File with logins for registries
    #[arg(long, global = true, value_name = "PATH")]
    pub registry_config: Option<String>,
    /// Folder of the indexes of repositories
    #[arg(long, global = true, value_name = "PATH")]
    pub repository_cache: Option<String>,
    /// File that lists repositories
    #[arg(long, global = true, value_name = "PATH")]
    pub repository_config: Option<String>,
    /// Whether results have colors: never, auto or always
    #[arg(long, alias = "colour", global = true, value_name = "WHEN")]
    pub color: Option<String>,
    /// Show more of what is done
    #[arg(long, global = true)]
    pub debug: bool,
    // The flags of a log that is not there.
    #[command(flatten)]
    #[expect(missing_docs, reason = "clap would take it for the text of the help")]
    pub log: LogOptions,
    /// Whether the program was called as `helm`, by scripts that expect no more than Helm says.
    #[arg(skip)]
    pub as_helm: bool,
}

/// Flags of the log of Helm's Kubernetes client, which Helm takes and does not list. They are checked
/// as by Helm; rhumb has no such log.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct LogOptions {
    /// How much is logged
    #[arg(short, long, global = true, hide = true, value_parser = parse_level)]
    v: Option<i32>,
    /// How much is logged by single files
    #[arg(long, global = true, hide = true, value_parser = parse_modules)]
    vmodule: Option<String>,
    /// Where a trace is logged
    #[arg(long, global = true, hide = true, value_parser = parse_place)]
    log_backtrace_at: Option<String>,
    /// Folder of the log
    #[arg(long, global = true, hide = true)]
    log_dir: Option<String>,
    /// File of the log
    #[arg(long, global = true, hide = true)]
    log_file: Option<String>,
    /// Size of the log
    #[arg(long, global = true, hide = true, value_parser = parse_size)]
    log_file_max_size: Option<u64>,
    /// From which severity on stderr is written to
    #[arg(long, global = true, hide = true, value_parser = parse_severity)]
    stderrthreshold: Option<String>,
    /// Form of the lines
    #[arg(long, global = true, hide = true)]
    add_dir_header: bool,
    /// Where lines go
    #[arg(long, global = true, hide = true)]
    alsologtostderr: bool,
    /// Where lines go
    #[arg(long, global = true, hide = true)]
    legacy_stderr_threshold_behavior: bool,
    /// Where lines go
    #[arg(long, global = true, hide = true)]
    logtostderr: bool,
    /// Where lines go
    #[arg(long, global = true, hide = true)]
    one_output: bool,
    /// Form of the lines
    #[arg(long, global = true, hide = true)]
    skip_headers: bool,
    /// Form of the file
    #[arg(long, global = true, hide = true)]
    skip_log_headers: bool,
}

fn parse_level(text: &str) -> Result<i32, String> {
    text.parse().map_err(|_| format!("strconv.ParseInt: parsing {text:?}: invalid syntax"))
}

fn parse_size(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| "parse error".to_owned())
}

fn parse_severity(text: &str) -> Result<String, String> {
    let is_name = ["INFO", "WARNING", "ERROR", "FATAL"].contains(&text.to_uppercase().as_str());
    if is_name { Ok(text.to_owned()) } else { parse_level(text).map(|_| text.to_owned()) }
}

fn parse_modules(text: &str) -> Result<String, String> {
    let is_pair = |part: &str| part.split_once('=').is_some_and(|(name, _)| !name.is_empty());
    if text.split(',').all(|part| part.is_empty() || is_pair(part)) {
        return Ok(text.to_owned());
    }
    Err("syntax error: expect comma-separated list of filename=N".to_owned())
}

fn parse_place(text: &str) -> Result<String, String> {
    let line = text.split_once(':').and_then(|(file, line)| {
        let line: u64 = line.parse().ok()?;
        (file.contains('.') && line > 0).then_some(line)
    });
    if text.is_empty() || line.is_some() {
        return Ok(text.to_owned());
    }
    Err("syntax error: expect file.go:234".to_owned())
}

impl GlobalOptions {
    /// Returns whether `--debug` or its variable is on.
    #[must_use]
    pub fn is_debug(&self) -> bool {
        self.debug || env::is_true(env::HELM_DEBUG)
    }

    /// Returns the burst in force: the flag, `HELM_BURST_LIMIT`, 100.
    #[must_use]
    pub fn burst(&self) -> i64 {
        let variable = || env::get(env::HELM_BURST_LIMIT).and_then(|text| text.parse().ok());
        self.burst_limit.or_else(variable).unwrap_or(100)
    }

    /// Returns the rate in force, requests a second: the flag, `HELM_QPS`, 0 for the default.
    #[must_use]
    pub fn rate(&self) -> f32 {
        let variable = || env::get(env::HELM_QPS).and_then(|text| text.parse().ok());
        self.qps.or_else(variable).unwrap_or(0.0)
    }

    /// Returns what flags say in place of variables: names of variables and values.
    #[must_use]
    pub fn overrides(&self) -> Vec<(&'static str, String)> {
        let groups = Some(self.kube_as_group.join(",")).filter(|groups| !groups.is_empty());
        let texts = [
            (env::HELM_CONTENT_CACHE, &self.content_cache),
            (env::HELM_KUBEAPISERVER, &self.kube_apiserver),
            (env::HELM_KUBEASGROUPS, &groups),
            (env::HELM_KUBEASUSER, &self.kube_as_user),
            (env::HELM_KUBECAFILE, &self.kube_ca_file),
            (env::HELM_KUBECONTEXT, &self.kube_context),
            (env::HELM_KUBETLS_SERVER_NAME, &self.kube_tls_server_name),
            (env::HELM_KUBETOKEN, &self.kube_token),
            (env::HELM_REGISTRY_CONFIG, &self.registry_config),
            (env::HELM_REPOSITORY_CACHE, &self.repository_cache),
            (env::HELM_REPOSITORY_CONFIG, &self.repository_config),
        ];
        let texts = texts.into_iter().filter_map(|(name, text)| Some((name, text.clone()?)));
        let mut found: Vec<_> = texts.collect();
        if self.debug {
            found.push((env::HELM_DEBUG, "true".to_owned()));
        }
        if self.kube_insecure_skip_tls_verify {
            found.push((env::HELM_KUBEINSECURE_SKIP_TLS_VERIFY, "true".to_owned()));
        }
        found.push((env::HELM_BURST_LIMIT, self.burst().to_string()));
        found.push((env::HELM_QPS, format!("{:.2}", self.rate())));
        found
    }

    /// Returns where charts, indexes and logins are kept: the flag, the variable, Helm's default.
    #[must_use]
    pub fn places(&self) -> Places {
        let or = |flag: &Option<String>, variable| {
            flag.clone().map_or_else(|| env::folder(variable), PathBuf::from)
        };
        let registry_config = or(&self.registry_config, env::HELM_REGISTRY_CONFIG);
        let docker_config = env::get("DOCKER_CONFIG")
            .map_or_else(|| env::home().join(".docker"), PathBuf::from)
            .join("config.json");
        Places {
            repository_config: or(&self.repository_config, env::HELM_REPOSITORY_CONFIG),
            repository_cache: or(&self.repository_cache, env::HELM_REPOSITORY_CACHE),
            content_cache: or(&self.content_cache, env::HELM_CONTENT_CACHE),
            credential_files: vec![registry_config, docker_config],
        }
    }

    /// Returns the namespace in force: the flag, `HELM_NAMESPACE`, the kubeconfig context's,
    /// `default`.
    #[must_use]
    pub fn namespace(&self) -> String {
        self.namespace
            .clone()
            .filter(|namespace| !namespace.is_empty())
            .or_else(|| env::get(env::HELM_NAMESPACE))
            .or_else(|| self.context_namespace())
            .unwrap_or_else(|| "default".to_owned())
    }

    /// A kubeconfig that cannot be read has no say: commands that need it will report it.
    #[cfg(feature = "cluster")]
    fn context_namespace(&self) -> Option<String> {
        use kube::config::Kubeconfig;
        let config = match &self.kubeconfig {
            Some(path) => Kubeconfig::read_from(path).ok()?,
            None => match env::get(env::KUBECONFIG) {
                Some(_) => crate::cluster::merged_kubeconfig(&env::kubeconfig_list()).ok()??,
                None => Kubeconfig::read().ok()?,
            },
        };
        let name = self
            .kube_context
            .clone()
            .or_else(|| env::get(env::HELM_KUBECONTEXT))
            .or(config.current_context)?;
        let context = config.contexts.into_iter().find(|context| context.name == name)?;
        context.context?.namespace.filter(|namespace| !namespace.is_empty())
    }

    #[cfg(not(feature = "cluster"))]
    #[expect(clippy::unused_self, reason = "without the cluster feature nobody reads kubeconfigs")]
    fn context_namespace(&self) -> Option<String> {
        None
    }
}

/// Gives every flag the habits of Helm's: switches take `=true` and `=false`, values may begin
/// with a hyphen, a flag given twice keeps its last value.
pub(super) fn command(command: clap::Command) -> clap::Command {
    let command = command.args_override_self(true).mut_args(|arg| match arg.get_action() {
        ArgAction::SetTrue => arg
            .action(ArgAction::Set)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .default_value("false")
            .value_parser(parse_bool)
            .hide_default_value(true)
            .value_name("BOOL")
            .hide_possible_values(true),
        ArgAction::Set | ArgAction::Append if !arg.is_positional() => {
            let optional = arg.get_num_args().is_some_and(|range| range.min_values() == 0);
            arg.allow_hyphen_values(!optional)
        }
        _ => arg,
    });
    let names: Vec<String> =
        command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, self::command))
}

/// Reads a number as Go's `strconv.ParseFloat` does.
fn parse_float(text: &str) -> Result<f32, String> {
    text.parse().map_err(|_| format!("strconv.ParseFloat: parsing {text:?}: invalid syntax"))
}

/// Reads a truth value as Go's `strconv.ParseBool` does.
pub(super) fn parse_bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(format!("strconv.ParseBool: parsing {text:?}: invalid syntax")),
    }
}

/// Labels of a release, `KEY=VALUE` parted by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Labels(pub(super) Vec<(String, String)>);

impl Labels {
    /// Reads labels by the rules of Helm's flag: with one `=` all that follows is the value, commas
    /// included.
    ///
    /// # Errors
    /// Helm's text for what is no pair.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let pair = |text: &str| match text.split_once('=') {
            Some((key, value)) => Ok((key.to_owned(), value.to_owned())),
            None => Err(format!("{text} must be formatted as key=value")),
        };
        if text.matches('=').count() <= 1 {
            return Ok(Labels(vec![pair(text.trim_matches('"'))?]));
        }
        let parts = split_list(text).map_err(|error| error.to_string())?;
        Ok(Labels(parts.iter().map(|part| pair(part)).collect::<Result<_, _>>()?))
    }
}

/// Flags that still work and that Helm wants to be rid of: command, flag, advice.
const DEPRECATED: [(&str, &str, &str); 5] = [
    ("", "atomic", "use --rollback-on-failure instead"),
    ("", "force", "use --force-replace instead"),
    ("template", "hide_notes", NO_EFFECT),
    ("template", "render_subchart_notes", NO_EFFECT),
    ("template", "validate", "use '--dry-run=server' instead"),
];
const NO_EFFECT: &str = "this flag has no effect for 'helm template' and will be removed in Helm 5";

/// Pairs of flags of which one may be given.
const EXCLUSIVE: [[&str; 2]; 3] =
    [["validate", "dry_run"], ["force", "force_conflicts"], ["force_replace", "force_conflicts"]];

fn is_given(matches: &ArgMatches, id: &str) -> bool {
    matches.try_contains_id(id).is_ok()
        && matches.value_source(id) == Some(ValueSource::CommandLine)
}

/// Returns a line for each deprecated flag that was given, in the order of the command line.
pub(super) fn deprecated(matches: &ArgMatches) -> Vec<String> {
    let Some((command, matches)) = matches.subcommand() else { return Vec::new() };
    let mut found: Vec<_> = DEPRECATED
        .iter()
        .filter(|(only, id, _)| (only.is_empty() || *only == command) && is_given(matches, id))
        .map(|(_, id, advice)| (matches.index_of(id), id.replace('_', "-"), advice))
        .collect();
    found.sort();
    let line = |(_, flag, advice)| format!("Flag --{flag} has been deprecated, {advice}");
    found.into_iter().map(line).collect()
}

/// Returns what is wrong with the flags as a whole.
pub(super) fn clash(matches: &ArgMatches) -> Option<Failure> {
    let (_, matches) = matches.subcommand()?;
    let pair = EXCLUSIVE.iter().find(|pair| pair.iter().all(|id| is_given(matches, id)))?;
    let group = pair.map(|id| id.replace('_', "-"));
    let mut set = group.clone();
    set.sort();
    Some(Failure::new(format!(
        "if any flags in the group [{}] are set none of the others can be; [{}] were all set",
        group.join(" "),
        set.join(" ")
    )))
}
