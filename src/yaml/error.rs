use std::fmt;

/// A failure to read YAML.
///
/// `Display` gives Helm's text, from `yaml: ` on; callers put
/// `error converting YAML to JSON: ` before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The line of the failure, counted from 1; 0 when there is no one place.
    pub line: usize,
    /// The column of the failure in characters, counted from 1; 0 when there is no one place.
    pub column: usize,
    /// The offset of the failure in bytes.
    pub offset: usize,
    /// The message without the line.
    pub message: String,
    /// The line that Helm prints, which is often one too small, and missing near the top.
    pub(super) printed_line: usize,
    /// Whether Helm's text starts with `yaml: `; failures of the step to JSON do not.
    pub(super) yaml_prefix: bool,
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.yaml_prefix {
            f.write_str("yaml: ")?;
        }
        if self.printed_line > 0 {
            write!(f, "line {}: ", self.printed_line)?;
        }
        f.write_str(&self.message)
    }
}

impl Error {
    /// Returns Helm's whole text: `error converting YAML to JSON: yaml: …` for failures of reading
    /// and conversion.
    #[must_use]
    pub fn in_helm(&self) -> String {
        format!("error converting YAML to JSON: {self}")
    }

    /// A failure that has no line in Helm's text.
    pub(super) fn plain(message: impl Into<String>) -> Self {
        Error {
            line: 0,
            column: 0,
            offset: 0,
            message: message.into(),
            printed_line: 0,
            yaml_prefix: true,
        }
    }

    /// A failure of the step from YAML to JSON.
    pub(super) fn conversion(message: impl Into<String>) -> Self {
        Error { yaml_prefix: false, ..Error::plain(message) }
    }

    /// Adds the place, without changing Helm's text.
    pub(super) fn at(mut self, line: usize, column: usize) -> Self {
        (self.line, self.column) = (line, column);
        self
    }
}
