//! Errors and warnings as data: what happened, where, on the way from where, and what may help.
//!
//! Nothing here prints; the command line draws a [`Diagnostic`] with an excerpt of its file.

mod nearest;

pub use nearest::nearest;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The command cannot go on.
    Error,
    /// The command goes on; the user may want to know.
    Warning,
}

/// A stretch of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The path as users know it, such as `web/templates/deployment.yaml`.
    pub file: String,
    /// In bytes from the start of the file.
    pub offset: usize,
    /// In bytes; at least 1 where something is underlined.
    pub length: usize,
}

/// A line of a text that is in no file, such as what `tpl` is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// What the text is called.
    pub title: String,
    /// From 1.
    pub line: usize,
    /// The line, without its end.
    pub text: Vec<u8>,
    /// Where the underlined stretch begins, in bytes from 0.
    pub column: usize,
    /// In bytes.
    pub length: usize,
}

/// One step on the way to an error: the call of a template by another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// The path of the file.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// In bytes, from 0.
    pub column: usize,
    /// What was being done there.
    pub what: String,
}

/// One message for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// The whole message, in Helm's wording where Helm has one.
    pub message: String,
    /// Where, if it is in a file.
    pub span: Option<Span>,
    /// The place itself, where it is in no file; `span` is then the nearest one that is.
    pub snippet: Option<Snippet>,
    /// A short text to stand beside the underlined stretch.
    pub label: Option<String>,
    /// The way there, outermost first.
    pub trace: Vec<Frame>,
    /// What may help: a name that is near, what a value is.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// Makes an error without a place.
    #[must_use]
    pub fn error(message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            message: message.into(),
            span: None,
            snippet: None,
            label: None,
            trace: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// Makes a warning without a place.
    #[must_use]
    pub fn warning(message: impl Into<String>) -> Self {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(message) }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, file: &str, offset: usize, length: usize) -> Self {
        self.span = Some(Span { file: file.to_owned(), offset, length: length.max(1) });
        self
    }

    /// Adds the line of a text that is in no file.
    #[must_use]
    pub fn shown(mut self, snippet: Option<Snippet>) -> Self {
        self.snippet = snippet;
        self
    }

    /// Adds the text beside the place.
    #[must_use]
    pub fn labelled(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Adds the way there.
    #[must_use]
    pub fn traced(mut self, trace: Vec<Frame>) -> Self {
        self.trace = trace;
        self
    }

    /// Adds something that may help.
    #[must_use]
    pub fn hinted(mut self, hint: Option<String>) -> Self {
        self.hints.extend(hint);
        self
    }
}

impl std::fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Diagnostic {}
