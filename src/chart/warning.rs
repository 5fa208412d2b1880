use std::borrow::Cow;
use std::fmt;

/// How Helm's log ranks a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Printed as `level=DEBUG`, and only where someone asked for it.
    Debug,
    /// Printed as `level=INFO`.
    Info,
    /// Printed as `level=WARN`.
    Warn,
    /// Printed as `level=ERROR`, above the message of the failure itself.
    Error,
    /// Printed after `warning: `: what Helm has no word for.
    Advice,
}

/// Something worth telling that did not stop the work, in Helm's words.
///
/// Its `Display` is the message alone; Helm's log line adds the level and the attributes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The rank.
    pub level: Level,
    /// The message.
    pub message: String,
    /// Details of the log line, in order.
    pub attributes: Vec<(&'static str, String)>,
}

impl Warning {
    /// Makes a message that Helm logs without details, ranked as information.
    #[must_use]
    pub fn info(message: impl Into<String>) -> Self {
        Warning { level: Level::Info, message: message.into(), attributes: Vec::new() }
    }

    /// Makes a message about the work in progress, with details.
    #[must_use]
    pub fn debug(message: impl Into<String>, attributes: Vec<(&'static str, String)>) -> Self {
        Warning { level: Level::Debug, message: message.into(), attributes }
    }

    /// Makes a message about a failure, with details.
    #[must_use]
    pub fn error(message: impl Into<String>, attributes: Vec<(&'static str, String)>) -> Self {
        Warning { level: Level::Error, message: message.into(), attributes }
    }

    /// Makes a message of our own, without details.
    #[must_use]
    pub fn advice(message: impl Into<String>) -> Self {
        Warning { level: Level::Advice, message: message.into(), attributes: Vec::new() }
    }

    /// Makes a warning with details.
    #[must_use]
    pub fn warn(message: impl Into<String>, attributes: Vec<(&'static str, String)>) -> Self {
        Warning { level: Level::Warn, message: message.into(), attributes }
    }
}

impl Warning {
    /// Returns the line Helm's log has for this, without a line feed.
    #[must_use]
    pub fn log_line(&self) -> String {
        let level = match self.level {
            Level::Debug => "DEBUG",
            Level::Info => "INFO",
            Level::Warn => "WARN",
            Level::Error => "ERROR",
            Level::Advice => return format!("warning: {}", self.message),
        };
        let mut line = format!("level={level} msg={}", log_value(&self.message));
        for (key, value) in &self.attributes {
            line.push(' ');
            line.push_str(key);
            line.push('=');
            line.push_str(&log_value(value));
        }
        line
    }
}

/// Quotes a text where Go's `slog.TextHandler` does.
fn log_value(text: &str) -> Cow<'_, str> {
    let plain = |c: char| !matches!(c, ' ' | '"' | '=') && !c.is_control();
    if !text.is_empty() && text.chars().all(plain) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{text:?}").replace("\\'", "'"))
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// A result and the warnings met on the way to it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Warned<T> {
    /// The result.
    pub value: T,
    /// The warnings, in the order Helm prints them where that is defined.
    pub warnings: Vec<Warning>,
}
