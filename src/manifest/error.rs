use crate::yaml;

/// Why rendered files are not a manifest.
///
/// The wording is Helm's, as scripts read it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A document is not YAML.
    #[error("YAML parse error on {path}: error converting YAML to JSON: {source}")]
    Yaml {
        /// The template the document came from.
        path: String,
        /// The byte offset of the document in the rendered file.
        offset: usize,
        /// What the YAML reader found. Lines count from the start of the document.
        source: yaml::Error,
    },
    /// A document is not an object description.
    #[error("YAML parse error on {path}: error unmarshaling JSON: while decoding JSON: {source}")]
    Head {
        /// The template the document came from.
        path: String,
        /// The byte offset of the document in the rendered file.
        offset: usize,
        /// What is wrong.
        source: HeadError,
    },
}

impl Error {
    /// Returns the template the document came from.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Error::Yaml { path, .. } | Error::Head { path, .. } => path,
        }
    }

    /// Returns the byte offset of the document in the rendered file.
    #[must_use]
    pub fn offset(&self) -> usize {
        match self {
            Error::Yaml { offset, .. } | Error::Head { offset, .. } => *offset,
        }
    }
}

/// A field of a document's head has a kind it cannot have. The text is that of Go's JSON decoder.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The document itself is no mapping.
    #[error("json: cannot unmarshal {found} into Go value of type util.SimpleHead")]
    Document {
        /// The JSON kind that was found.
        found: &'static str,
    },
    /// A field has the wrong kind.
    #[error("json: cannot unmarshal {found} into Go struct field {field} of type {expected}")]
    Field {
        /// The JSON kind that was found.
        found: &'static str,
        /// The path of the field, such as `.metadata.annotations`.
        field: String,
        /// The Go type that was expected.
        expected: &'static str,
    },
}
