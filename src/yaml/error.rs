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
    pub message: Box<str>,
    /// The text of the line, for excerpts; empty where nobody has set it.
    pub line_text: Box<str>,
    /// The line that Helm prints, which is often one too small, and missing near the top.
    pub(super) printed_line: u32,
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
            message: message.into().into_boxed_str(),
            line_text: Box::default(),
            printed_line: 0,
            yaml_prefix: true,
        }
    }

    /// A failure of the step from YAML to JSON.
    pub(super) fn conversion(message: impl Into<String>) -> Self {
        Error { yaml_prefix: false, ..Error::plain(message) }
    }

    /// Adds the text of the line. `text` is the whole file, of which the YAML that was read began
    /// at `start`.
    #[must_use]
    pub fn within(mut self, text: &[u8], start: usize) -> Self {
        if self.line == 0 {
            return self;
        }
        self.line += memchr::memchr_iter(b'\n', &text[..start.min(text.len())]).count();
        self.offset += start;
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').take(self.line).collect();
        // At the end of the text the last line that says something is worth more.
        let blank = |line: &&[u8]| line.trim_ascii().is_empty();
        let told = lines.len() - lines.iter().rev().take_while(|line| blank(line)).count();
        let Some(line) = told.checked_sub(1).and_then(|last| lines.get(last)) else { return self };
        self.line_text = String::from_utf8_lossy(line.trim_ascii_end()).into();
        if told < self.line {
            self.line = told;
            self.column = self.line_text.chars().count() + 1;
        }
        self
    }

    /// Adds the place behind `text`, the part that could be read.
    pub(super) fn at_end_of(mut self, text: &str) -> Self {
        let last = text.rsplit('\n').next().unwrap_or_default();
        self.offset = text.len();
        let line = 1 + memchr::memchr_iter(b'\n', text.as_bytes()).count();
        self.at(line, 1 + last.chars().count())
    }

    /// Adds the place, without changing Helm's text.
    pub(super) fn at(mut self, line: usize, column: usize) -> Self {
        (self.line, self.column) = (line, column);
        self
    }
}
