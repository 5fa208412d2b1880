//! Errors to messages, hints and exit codes.

use std::process::ExitCode;

use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::Ui;
use super::output::excerpt;
use crate::action;

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
        let details = match &error {
            action::Error::Template { diagnostic, source_text } => {
                excerpt::draw(diagnostic, source_text.as_ref())
            }
            action::Error::Manifest { error, file, source_text } => file
                .as_ref()
                .and_then(|file| excerpt::draw_rendered(error, file, source_text.as_ref())),
            _ => None,
        };
        Failure { message: error.to_string(), details }
    }
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

/// Answers a command line that clap did not take: help and version are no errors; the others are
/// told in the words of Helm's flag parser.
pub(super) fn usage(ui: &mut Ui, error: &clap::Error) -> Result<(), Failure> {
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
                None => format!("unexpected argument: {argument}"),
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
            let failure = Failure::new(format!("unknown command {name:?} for \"rhumb\""));
            match error.get(ContextKind::SuggestedSubcommand) {
                Some(ContextValue::Strings(near)) if !near.is_empty() => {
                    failure.with_hint(&format!("did you mean `{}`?", near[0]))
                }
                _ => failure.with_hint("run `rhumb --help` to see the commands"),
            }
        }
        ErrorKind::InvalidValue if context(ContextKind::InvalidValue).is_empty() => Failure::new(
            format!("flag needs an argument: {}", flag(&context(ContextKind::InvalidArg))),
        ),
        _ => {
            let text = error.render().to_string();
            let first = text.lines().next().unwrap_or_default();
            Failure::new(first.strip_prefix("error: ").unwrap_or(first))
        }
    };
    Err(failure)
}
