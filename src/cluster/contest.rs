use std::fmt;

use serde_json::Value as Json;

use super::{ApiError, Cluster};
use crate::plan::{Object, at_path};

/// A field that another manager has set to another value.
#[derive(Clone, Debug, PartialEq)]
pub struct Contest {
    /// Who owns the field, such as `kubectl` or `kubectl with subresource scale`.
    pub manager: String,
    /// Where it is.
    pub path: String,
    /// What it is; `None` when that cannot be told.
    pub live: Option<Json>,
    /// What the release wants it to be.
    pub wanted: Option<Json>,
}

impl fmt::Display for Contest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = |value: &Option<Json>| value.as_ref().map_or("?".to_owned(), Json::to_string);
        write!(
            f,
            "{}: {} by {}, {} wanted",
            self.path,
            value(&self.live),
            self.manager,
            value(&self.wanted)
        )
    }
}

impl Cluster {
    /// Finds out what a conflict is about.
    pub(super) async fn contests(&self, object: &Object, conflict: &ApiError) -> Vec<Contest> {
        let ApiError::Status(status) = conflict else { return Vec::new() };
        let causes = status.details.iter().flat_map(|details| &details.causes);
        let live = self.live(&object.id).await.ok().flatten().unwrap_or_default();
        let hidden = |value: &Json| {
            if object.id.kind == "Secret" { Json::from("(hidden)") } else { value.clone() }
        };
        causes
            .filter(|cause| cause.reason == "FieldManagerConflict")
            .map(|cause| Contest {
                manager: manager(&cause.message),
                path: cause.field.clone(),
                live: at_path(&live, &cause.field).map(hidden),
                wanted: at_path(&object.body, &cause.field).map(hidden),
            })
            .collect()
    }
}

/// Takes the manager out of `conflict with "kubectl" with subresource "scale" using apps/v1`.
fn manager(message: &str) -> String {
    let text = message.strip_prefix("conflict with ").unwrap_or(message);
    let text = text.rsplit_once(" using ").map_or(text, |(text, _)| text);
    text.replace('"', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn managers_are_named() {
        for (message, expected) in [
            ("conflict with \"kubectl-create\" using apps/v1", "kubectl-create"),
            (
                "conflict with \"kubectl\" with subresource \"scale\" using apps/v1",
                "kubectl with subresource scale",
            ),
            ("conflict with \"x\"", "x"),
        ] {
            assert_eq!(manager(message), expected);
        }
        let contest = Contest {
            manager: "kubectl".to_owned(),
            path: ".spec.replicas".to_owned(),
            live: Some(3.into()),
            wanted: None,
        };
        assert_eq!(contest.to_string(), ".spec.replicas: 3 by kubectl, ? wanted");
    }
}
