use crate::yaml;

/// Why rendered files could not be taken through a program.
///
/// `Display` gives Helm's text where it has one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is neither a plugin nor a program of the name.
    #[error("plugin: {{Name:{name} Type:postrenderer/v1}} not found")]
    NotFound {
        /// The name.
        name: String,
    },
    /// A plugin cannot be run.
    #[error("plugin {name:?}: {reason}")]
    Plugin {
        /// Its name.
        name: String,
        /// Why.
        reason: String,
    },
    /// A rendered file is no YAML.
    #[error("error merging manifests: parsing {path}: {}", malformed(source))]
    Yaml {
        /// The file.
        path: String,
        /// The offset of the document in the file.
        offset: usize,
        /// What is wrong with it.
        source: yaml::Error,
    },
    /// A document of a rendered file is no map.
    #[error(
        "error merging manifests: parsing {path}: wrong node kind: expected MappingNode but got \
         {found}: node contents:\n{text}\n"
    )]
    NoMap {
        /// The file.
        path: String,
        /// What it is, in the words of Helm's YAML library.
        found: &'static str,
        /// The document.
        text: String,
    },
    /// The program could not be started or was ended by a signal.
    #[error("error while running post render on files: failed to invoke {what}: {reason}")]
    Start {
        /// `post-renderer plugin "x"` or the path of a program.
        what: String,
        /// Why.
        reason: String,
    },
    /// The program failed.
    #[error(
        "error while running post render on files: failed to invoke {what}: {subject} exited with \
         error"
    )]
    Exit {
        /// `post-renderer plugin "x"` or the path of a program.
        what: String,
        /// `plugin "x"` or the path of a program.
        subject: String,
        /// Its exit code.
        code: Option<i32>,
        /// What it wrote to its standard error.
        said: String,
    },
    /// The program wrote nothing.
    #[error(
        "error while running post render on files: post-renderer {name:?} produced empty output"
    )]
    Empty {
        /// The name of the plugin or the path of the program.
        name: String,
    },
    /// What the program wrote is no YAML.
    #[error("error while parsing post rendered output: error parsing YAML: {}", malformed(source))]
    Output {
        /// The name of the plugin or the path of the program.
        name: String,
        /// What is wrong with it.
        source: yaml::Error,
    },
}

/// Words a syntax error as the library does that Helm reads these texts with.
fn malformed(error: &yaml::Error) -> String {
    let text = error.in_helm();
    let text = text.strip_prefix("error converting YAML to JSON: ").unwrap_or(&text);
    format!("MalformedYAMLError: {text}")
}
