//! Errors to messages, hints and exit codes.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::output::{excerpt, rendered, template_failure};
use super::{Ui, program};
use crate::diagnostic::Diagnostic;
use crate::{action, chart, values};

/// A failed command: what to print on stderr.
#[derive(Debug)]
pub struct Failure {
    /// The message after `Error: `.
    pub message: String,
    /// What follows the message: an excerpt, a hint.
    pub details: Option<String>,
}

impl Failure {
    /// Makes a failure of a message alone.
    pub fn new(message: impl Into<String>) -> Self {
        Failure { message: message.into(), details: None }
    }

    /// Adds a line of advice.
    #[must_use]
    pub fn with_hint(mut self, hint: &str) -> Self {
        let details = self.details.get_or_insert_default();
        if !details.is_empty() {
            details.push('\n');
        }
        details.push_str("hint: ");
        details.push_str(hint);
        self
    }
}

impl From<action::Error> for Failure {
    fn from(error: action::Error) -> Self {
        if let action::Error::Chart(fault) = &error
            && fault.is_archive_fault()
        {
            let details = Some(format!("reason: {fault}"));
            return Failure { message: "unable to load chart archive".to_owned(), details };
        }
        let details = match &error {
            action::Error::Template { failures, sources } => {
                template_failure::draw_failures(failures, sources)
            }
            action::Error::Manifest { failures, sources, .. } => rendered::draw(failures, sources),
            action::Error::Schema { places, .. } if !places.is_empty() => {
                let line = |set: &action::SetValue| {
                    let action::SetValue { path, value, place, rule, lacks_quotes: _ } = set;
                    let path = if path.is_empty() { "all values" } else { path };
                    let mut line = format!("  {path}: {value}");
                    if let Some(place) = place {
                        line.extend([", set in ", place]);
                    }
                    if let Some(rule) = rule {
                        line.extend(["\n    against ", rule]);
                    }
                    line
                };
                let lines: Vec<_> = places.iter().map(line).collect();
                Some(format!("the values:\n{}", lines.join("\n")))
            }
            action::Error::Chart(fault) | action::Error::Dependencies(fault) => {
                chart_place(fault, "")
            }
            action::Error::Values(values::Error::Parse { path, cause }) => {
                values_place(path, cause)
            }
            action::Error::PostRender(fault) => post_render_details(fault),
            action::Error::PostRendered { program, .. } => {
                Some(format!("reason: the output of the post-renderer {program:?} is no manifest"))
            }
            action::Error::Values(values::Error::SetJson { argument, place, cause }) => {
                let label = cause.to_string();
                excerpt::draw_argument("--set-json", argument, place.as_ref(), &label)
                    .or(Some(format!("reason: {cause}")))
            }
            action::Error::Values(values::Error::Set { flag, argument, place, .. }) => {
                excerpt::draw_argument(flag, argument, place.as_ref(), "")
            }
            action::Error::Values(values::Error::SetJsonObject { cause, .. }) => {
                Some(format!("reason: {}", cause.message))
            }
            #[cfg(feature = "cluster")]
            error => super::cluster::explained(error),
            #[cfg(not(feature = "cluster"))]
            _ => None,
        };
        let failure = Failure { message: excerpt::shortened(&error.to_string()), details };
        match hint(&error) {
            Some(hint) => failure.with_hint(&hint),
            None => failure,
        }
    }
}

/// Tells what a post-renderer said, and how it ended.
fn post_render_details(fault: &crate::postrender::Error) -> Option<String> {
    use crate::postrender::Error;
    match fault {
        Error::Exit { code, said, .. } => {
            let mut text = match code {
                Some(code) => format!("reason: exit code {code}"),
                None => "reason: it was ended by a signal".to_owned(),
            };
            for line in said.lines().take(20) {
                text.extend(["\n  | ", line]);
            }
            Some(text)
        }
        Error::Output { name, source } => {
            let title = format!("output of the post-renderer {name}");
            excerpt::draw_yaml(&title, source)
        }
        Error::Yaml { path, source, .. } => excerpt::draw_yaml(path, source),
        _ => None,
    }
}

/// Draws the place of an error in a file of a chart. `folder` leads from the chart to the subchart.
fn chart_place(fault: &chart::Error, folder: &str) -> Option<String> {
    match fault {
        chart::Error::Yaml { file, cause } => excerpt::draw_yaml(&format!("{folder}{file}"), cause),
        chart::Error::Shape { file, place: Some(place), .. } => {
            Some(excerpt::draw_place(&format!("{folder}{file}"), place))
        }
        chart::Error::Invalid { place: Some(place), .. } => {
            Some(excerpt::draw_place(&format!("{folder}Chart.yaml"), place))
        }
        chart::Error::Values(cause) => values_place(&format!("{folder}values.yaml"), cause),
        chart::Error::Subchart { name, cause, .. } => {
            chart_place(cause, &format!("{folder}charts/{name}/"))
        }
        _ => None,
    }
}

fn values_place(path: &str, fault: &chart::ValuesFault) -> Option<String> {
    match fault {
        chart::ValuesFault::Yaml(cause) | chart::ValuesFault::Separator(cause) => {
            excerpt::draw_yaml(path, cause)
        }
        chart::ValuesFault::Shape { .. } => None,
    }
}

/// Returns what the user can do.
fn hint(error: &action::Error) -> Option<String> {
    let shape = "values are a map: lines of `key: value`";
    let hint = match error {
        #[cfg(feature = "fetch")]
        action::Error::Fetch(error) => return fetch_hint(error).map(str::to_owned),
        action::Error::Schema { places, .. } => {
            let set = places.iter().find(|set| set.lacks_quotes)?;
            return Some(format!(
                "a value without quotes that looks like a number or a boolean is one; quote {}, or \
                 set it with --set-string",
                set.path
            ));
        }
        action::Error::Chart(chart::Error::Shape { file: "Chart.yaml", message, .. })
            if message.ends_with("of type string")
                && ["unmarshal number ", "unmarshal bool "].iter().any(|w| message.contains(w)) =>
        {
            "a value without quotes that looks like a number or a boolean is one: quote it"
        }
        action::Error::Reference { .. } => "give the folder or the archive of a chart",
        action::Error::Chart(chart::Error::Ignore(_)) => "the line is in .helmignore",
        action::Error::Chart(chart::Error::UnsupportedVersion) => {
            "the apiVersion in Chart.yaml has to be v2 or v1"
        }
        action::Error::Chart(chart::Error::Shape { file: "Chart.yaml", .. }) => {
            "Chart.yaml is a map with apiVersion, name and version"
        }
        action::Error::Chart(chart::Error::Values(chart::ValuesFault::Shape { .. }))
        | action::Error::Values(values::Error::Parse {
            cause: chart::ValuesFault::Shape { .. },
            ..
        }) => shape,
        action::Error::Values(values::Error::Remote { .. }) => "fetch the file and give its path",
        action::Error::Chart(chart::Error::TooDeep { .. }) => {
            "a symbolic link may lead in a circle"
        }
        action::Error::NotInstallable { .. } => {
            "a library chart only helps other charts, as their dependency"
        }
        #[cfg(feature = "cluster")]
        error => return super::cluster::hint(error),
        #[cfg(not(feature = "cluster"))]
        _ => return None,
    };
    Some(hint.to_owned())
}

#[cfg(feature = "fetch")]
fn fetch_hint(error: &crate::fetch::Error) -> Option<&'static str> {
    use crate::fetch::Error;
    Some(match error {
        Error::NoPath { .. } => "give the folder or the archive of a chart",
        Error::NoForm { .. } => {
            "give the folder or the archive of a chart, or REPOSITORY/NAME, or a URL"
        }
        Error::NoRepository { .. } => {
            "there is no such folder either; `helm repo add` makes a repository known"
        }
        Error::Digest { .. } => {
            "the file was changed after the index was made, or on its way; nothing was kept of it"
        }
        Error::Large { .. } => "fetch the file yourself and give its path",
        _ => return None,
    })
}

/// Words a syntax error in a template of the command line as Go does.
pub(super) fn go_text(error: &Diagnostic) -> Failure {
    let message = &error.message;
    let text = message.strip_prefix("parse error at (").and_then(|rest| rest.split_once("): "));
    Failure::new(match text {
        Some((place, text)) => format!("template: {place}: {text}"),
        None => message.clone(),
    })
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Failure::new(crate::chart::io_text(&error))
    }
}

/// Prints a failure and returns the exit code: 0 done, 1 failed.
pub(super) fn exit_code(ui: &mut Ui, result: Result<(), Failure>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            ui.error(&failure.message, failure.details.as_deref());
            ExitCode::FAILURE
        }
    }
}

/// Answers a command line that clap did not take, `last` being its last argument: help and version are no errors; the others are
/// told in the words of Helm's flag parser.
pub(super) fn usage(ui: &mut Ui, error: &clap::Error, last: &str) -> Result<(), Failure> {
    let context = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::Strings(texts)) => texts.join(" "),
        _ => String::new(),
    };
    let flag = |text: &str| text.split([' ', '=']).next().unwrap_or_default().to_owned();
    let failure = match error.kind() {
        ErrorKind::DisplayHelp
        | ErrorKind::DisplayVersion
        | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            ui.out(error.render().to_string().as_bytes());
            return Ok(());
        }
        ErrorKind::UnknownArgument => {
            let argument = context(ContextKind::InvalidArg);
            let message = match argument.strip_prefix('-') {
                Some(short) if !short.starts_with('-') => {
                    let letter: String = short.chars().take(1).collect();
                    format!("unknown shorthand flag: '{letter}' in {argument}")
                }
                Some(_) => format!("unknown flag: {}", flag(&argument)),
                None => {
                    wrong_count(error).unwrap_or_else(|| format!("unexpected argument: {argument}"))
                }
            };
            let failure = Failure::new(message);
            match error.get(ContextKind::SuggestedArg) {
                Some(ContextValue::String(near)) => {
                    failure.with_hint(&format!("did you mean `{near}`?"))
                }
                _ => failure,
            }
        }
        ErrorKind::InvalidSubcommand => {
            let name = context(ContextKind::InvalidSubcommand);
            let path = usage_of(error).0;
            let program = [program(), &path].join(" ");
            let program = program.trim_end();
            let mut message = format!("unknown command {name:?} for {program:?}");
            let is_missing = path.is_empty() && HELM_COMMANDS.contains(&name.as_str());
            match error.get(ContextKind::SuggestedSubcommand) {
                Some(ContextValue::Strings(near)) if !is_missing => {
                    let near: Vec<_> = near.iter().filter(|near| is_near(&name, near)).collect();
                    if !near.is_empty() {
                        message.push_str("\n\nDid you mean this?\n");
                        message.extend(near.iter().map(|name| format!("\t{name}\n")));
                    }
                }
                _ => {}
            }
            message.extend(["\nRun '", program, " --help' for usage."]);
            let failure = Failure::new(message);
            if is_missing {
                failure.with_hint(&format!("Helm has the command `{name}`, rhumb does not have it"))
            } else {
                failure
            }
        }
        ErrorKind::InvalidValue if context(ContextKind::InvalidValue).is_empty() => {
            let short = last.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
            let name = match short.and_then(|rest| rest.chars().last()) {
                Some(letter) => format!("'{letter}' in {last}"),
                None => flag(&context(ContextKind::InvalidArg)),
            };
            Failure::new(format!("flag needs an argument: {name}"))
        }
        ErrorKind::InvalidValue | ErrorKind::ValueValidation => {
            let argument = context(ContextKind::InvalidArg);
            let value = context(ContextKind::InvalidValue);
            let allowed = match error.get(ContextKind::ValidValue) {
                Some(ContextValue::Strings(allowed)) => allowed.as_slice(),
                _ => &[],
            };
            invalid_value(&argument, &value, allowed, error)
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = format!("missing: {}", context(ContextKind::InvalidArg));
            let failure = Failure::new(wrong_count(error).unwrap_or(missing));
            match error.get(ContextKind::Usage) {
                Some(usage) => {
                    let usage = usage.to_string();
                    failure.with_hint(&usage.trim().replacen("Usage", "usage", 1))
                }
                None => failure,
            }
        }
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            Failure::new(first.strip_prefix("error: ").unwrap_or(first))
        }
    };
    Err(failure)
}

/// Returns whether a command may have been meant, as Helm's command line judges: it begins with what
/// was typed, or two letters at most are wrong.
fn is_near(typed: &str, known: &str) -> bool {
    let typed = typed.to_lowercase();
    if known.to_lowercase().starts_with(&typed) {
        return true;
    }
    let known: Vec<char> = known.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=known.len()).collect();
    for (i, a) in typed.chars().enumerate() {
        let mut last = row[0];
        row[0] = i + 1;
        for (j, b) in known.iter().enumerate() {
            let replaced = last + usize::from(a != *b);
            last = row[j + 1];
            row[j + 1] = replaced.min(last + 1).min(row[j] + 1);
        }
    }
    row.last().is_some_and(|distance| *distance <= 2)
}

/// The commands of Helm 4.3.1 and their other names.
const HELM_COMMANDS: [&str; 35] = [
    "completion",
    "create",
    "del",
    "delete",
    "dep",
    "dependencies",
    "dependency",
    "env",
    "fetch",
    "get",
    "help",
    "hist",
    "history",
    "inspect",
    "install",
    "lint",
    "list",
    "ls",
    "package",
    "plugin",
    "pull",
    "push",
    "registry",
    "repo",
    "rollback",
    "search",
    "show",
    "status",
    "template",
    "test",
    "un",
    "uninstall",
    "upgrade",
    "verify",
    "version",
];

/// Takes the usage line of an error apart: the subcommand and its positional arguments.
fn usage_of(error: &clap::Error) -> (String, Vec<String>) {
    let Some(ContextValue::StyledStr(usage)) = error.get(ContextKind::Usage) else {
        return (String::new(), Vec::new());
    };
    let usage = usage.to_string();
    let words = usage.split_whitespace().skip_while(|word| *word != program()).skip(1);
    let is_name = |word: &&str| !word.starts_with(['[', '<', '-']);
    let path: Vec<&str> = words.clone().take_while(is_name).collect();
    let positional = words
        .skip(path.len())
        .filter(|word| !matches!(*word, "[OPTIONS]" | "<COMMAND>"))
        .map(str::to_owned)
        .collect();
    (path.join(" "), positional)
}

/// Returns what Helm says of too few or too many arguments.
fn wrong_count(error: &clap::Error) -> Option<String> {
    let (path, positional) = usage_of(error);
    if path.is_empty() {
        return None;
    }
    let required = positional.iter().filter(|word| word.starts_with('<')).count();
    let total = positional.len();
    let plural = |count: usize| if count == 1 { "" } else { "s" };
    let is_endless = positional.iter().any(|word| word.ends_with("..."));
    let is_missing = error.kind() == ErrorKind::MissingRequiredArgument;
    Some(match () {
        () if total == 0 => format!("\"helm {path}\" accepts no arguments"),
        () if required == total && !is_endless => {
            format!("\"helm {path}\" requires {total} argument{}", plural(total))
        }
        () if is_missing => {
            format!("\"helm {path}\" requires at least {required} argument{}", plural(required))
        }
        () => format!("\"helm {path}\" accepts at most {total} argument{}", plural(total)),
    })
}

/// Tells of a value that a flag or an argument does not take, as Helm's flag parser does.
fn invalid_value(argument: &str, value: &str, allowed: &[String], error: &clap::Error) -> Failure {
    let name = argument.split(['=', ' ', '[']).next().unwrap_or_default();
    let number = std::error::Error::source(error)
        .and_then(|source| source.downcast_ref::<std::num::ParseIntError>())
        .is_some();
    let call = if matches!(name, "--max" | "--history-max" | "--revision" | "--burst-limit") {
        "strconv.ParseInt"
    } else if name == "--max-col-width" {
        "strconv.ParseUint"
    } else {
        "strconv.Atoi"
    };
    let reason = match std::error::Error::source(error) {
        _ if number => format!("{call}: parsing {value:?}: invalid syntax"),
        Some(source) => source.to_string(),
        None if name == "--output" => "invalid format type".to_owned(),
        None if name == "--wait" => {
            let allowed = match allowed {
                [first @ .., last] if first.len() > 1 => {
                    format!("{}, and {last}", first.join(", "))
                }
                _ => allowed.join(" and "),
            };
            format!("invalid wait input {value:?}. Valid inputs are {allowed}")
        }
        None if name == "--dry-run" => {
            return Failure::new(format!(
                "invalid dry-run value ({value:?}). Must be \"none\", \"server\", or \"client\""
            ));
        }
        None => "invalid value".to_owned(),
    };
    if argument == "[REVISION]" {
        return Failure::new(format!("could not convert revision to a number: {reason}"));
    }
    let name = match name {
        "--output" => "-o, --output",
        "--labels" => "-l, --labels",
        name => name,
    };
    let failure = Failure::new(format!("invalid argument {value:?} for {name:?} flag: {reason}"));
    if allowed.is_empty() || name == "--wait" {
        return failure;
    }
    failure.with_hint(&format!("it takes {}", allowed.join(", ")))
}
