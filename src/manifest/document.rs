use std::sync::Arc;

use super::Head;
use crate::value::Str;

/// One YAML document of a rendered file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Document {
    /// The template the document came from, such as `web/templates/service.yaml`.
    pub path: Arc<str>,
    /// The text: leading white space removed, trailing white space kept, no separator line.
    pub text: Str,
    /// The byte offset of `text` in the rendered file, for messages; 0 when unknown.
    pub offset: usize,
    /// What kind of object the document describes.
    pub head: Head,
}

/// A file of a chart's `crds/` folder, taken as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crd {
    /// The path below the root chart's name, such as `web/crds/widget.yaml` or
    /// `web/charts/sub/crds/a.yaml`.
    pub path: String,
    /// The bytes of the file.
    pub text: Str,
}
