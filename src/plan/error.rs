use super::ResourceId;

/// Why no plan can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Objects exist that do not belong to the release. The text is Helm's, which names the first.
    #[error("{} {} in namespace {:?} exists and cannot be imported into the current release: invalid ownership metadata; {}",
        conflicts[0].0.kind, quoted(&conflicts[0].0.name), conflicts[0].0.namespace.as_deref().unwrap_or(""), conflicts[0].1)]
    Ownership {
        /// Each object with what its metadata lacks. Never empty.
        conflicts: Vec<(ResourceId, String)>,
    },
    /// Options that go against the way objects are written.
    #[error("{what}")]
    Clash {
        /// Which, in Helm's words.
        what: &'static str,
    },
    /// Two documents describe the same object.
    #[error("the chart describes {id} twice")]
    Twice {
        /// The object.
        id: ResourceId,
    },
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

/// Why a document describes no object that could be released.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// The object has no name.
    #[error("the {kind} has no `metadata.name`")]
    NoName {
        /// The kind.
        kind: String,
    },
    /// The object leaves its name to the server, so it could not be found again.
    #[error("the {kind} has `metadata.generateName` in place of a name")]
    GenerateName {
        /// The kind.
        kind: String,
    },
}
