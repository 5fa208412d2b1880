use std::fmt;

use crate::chart::Warning;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Fails the chart only under `--strict`.
    Warning,
    /// Fails the chart.
    Error,
}

/// A finding. Its `Display` is Helm's line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// How bad it is.
    pub severity: Severity,
    /// The file inside the chart, or the path of the chart; empty for a chart that cannot be
    /// loaded.
    pub path: String,
    /// What is wrong.
    pub text: String,
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Info => "INFO",
            Severity::Warning => "WARNING",
            Severity::Error => "ERROR",
        };
        write!(f, "[{severity}] {}: {}", self.path, self.text)
    }
}

/// What there is to say of one chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The findings, in order of the rules.
    pub messages: Vec<Message>,
    /// Why no rule could be tried.
    pub fault: Option<String>,
    /// What was met on the way, in order.
    pub log: Vec<Warning>,
}

impl Report {
    /// Returns whether the chart fails if findings from `lowest` on are failures.
    #[must_use]
    pub fn fails_at(&self, lowest: Severity) -> bool {
        self.fault.is_some() || self.messages.iter().any(|message| message.severity >= lowest)
    }

    /// Adds the finding of a rule and returns whether there was none.
    pub(super) fn check(
        &mut self,
        severity: Severity,
        path: &str,
        rule: Result<(), impl Into<String>>,
    ) -> bool {
        let Err(text) = rule else { return true };
        self.messages.push(Message { severity, path: path.to_owned(), text: text.into() });
        false
    }
}
