//! The requests of client-side apply: what to change in a live object, so that fields which left the
//! manifest leave the object, fields of the manifest are set, and all others stay.

mod fields;
mod merge;
mod strategic;

use serde_json::Value as Json;

use fields::Fields;

/// A change of an object, and the language it is written in.
#[derive(Clone, Debug, PartialEq)]
pub enum Patch {
    /// Kubernetes' strategic merge patch, which merges lists by the keys of their items.
    Strategic(Json),
    /// A JSON merge patch (RFC 7396).
    Merge(Json),
}

impl Patch {
    /// Returns whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let (Patch::Strategic(body) | Patch::Merge(body)) = self;
        body.as_object().is_some_and(serde_json::Map::is_empty)
    }
}

/// Returns the change of a live object that follows from the change of its manifest.
///
/// Lists of built-in kinds are merged by their keys. For custom resources and definitions, whose
/// lists have none, what was changed in the cluster stays unless the manifest changed there, too.
///
/// # Source
/// Helm 4.3.1 and 3.17.3, which go by apimachinery's `strategicpatch` and `jsonpatch`.
#[must_use]
pub fn upgrade_patch(previous: &Json, next: &Json, live: &Json) -> Patch {
    match Fields::of_kind(next) {
        Some(fields) => Patch::Strategic(strategic::three_way(previous, next, live, fields)),
        None => Patch::Merge(merge::two_way(previous, next)),
    }
}

/// Returns the change that puts all fields of a manifest into a live object, and takes none away.
#[must_use]
pub fn adoption_patch(next: &Json, live: &Json) -> Patch {
    match Fields::of_kind(next) {
        Some(fields) => Patch::Strategic(strategic::three_way(next, next, live, fields)),
        None => Patch::Merge(merge::additions(next, live)),
    }
}
