use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use super::BodyError;

/// The annotation that keeps an object when its release lets go of it.
const POLICY: &str = "helm.sh/resource-policy";

/// Names one object of a cluster.
///
/// Two ids are equal when group, kind, namespace and name are: the version is only the way to ask.
#[derive(Clone, Debug)]
pub struct ResourceId {
    /// `v1` or `apps/v1`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The namespace; `None` for objects outside of namespaces.
    pub namespace: Option<String>,
    /// The name.
    pub name: String,
}

impl ResourceId {
    /// Returns the API group, empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    fn key(&self) -> (&str, &str, Option<&str>, &str) {
        (self.group(), &self.kind, self.namespace.as_deref(), &self.name)
    }
}

impl PartialEq for ResourceId {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for ResourceId {}

impl PartialOrd for ResourceId {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ResourceId {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// `Deployment/prod/web`, or `ClusterRole/web` outside of namespaces.
impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{}/{namespace}/{}", self.kind, self.name),
            None => write!(f, "{}/{}", self.kind, self.name),
        }
    }
}

/// One object of a release.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// Which object.
    pub id: ResourceId,
    /// The template it came from, empty when unknown.
    pub source: Arc<str>,
    /// The object itself, with its namespace filled in.
    pub body: Json,
}

impl Object {
    /// Makes the object of a parsed document.
    ///
    /// `namespace` is given to objects that name none; `None` for kinds outside of namespaces.
    ///
    /// # Errors
    /// [`BodyError`] when `metadata` is missing or the object has no name.
    pub fn new(
        mut body: Json,
        source: Arc<str>,
        namespace: Option<&str>,
    ) -> Result<Self, BodyError> {
        let text = |value: &Json| value.as_str().unwrap_or("").to_owned();
        let (api_version, kind) = (text(&body["apiVersion"]), text(&body["kind"]));
        let Some(metadata) = body.get_mut("metadata").and_then(Json::as_object_mut) else {
            return Err(BodyError::NoName { kind });
        };
        let name = metadata.get("name").map(text).unwrap_or_default();
        if name.is_empty() {
            let generated = metadata.get("generateName").is_some_and(Json::is_string);
            return Err(if generated {
                BodyError::GenerateName { kind }
            } else {
                BodyError::NoName { kind }
            });
        }
        let namespace = namespace.map(|default| {
            let own = metadata.get("namespace").map(text).unwrap_or_default();
            if own.is_empty() {
                metadata.insert("namespace".to_owned(), default.into());
                default.to_owned()
            } else {
                own
            }
        });
        Ok(Object { id: ResourceId { api_version, kind, namespace, name }, source, body })
    }

    /// Returns whether the object asks to be kept when its release lets go of it.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        asks_to_be_kept(&self.body)
    }
}

/// Returns whether an object's annotations ask for it to be kept.
pub(super) fn asks_to_be_kept(body: &Json) -> bool {
    body["metadata"]["annotations"][POLICY]
        .as_str()
        .is_some_and(|policy| policy.trim().eq_ignore_ascii_case("keep"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn namespaces_are_filled_in() {
        let body = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "a"}});
        let object = Object::new(body.clone(), "".into(), Some("prod")).unwrap();
        assert_eq!(object.id.to_string(), "Secret/prod/a");
        assert_eq!(object.body["metadata"]["namespace"], "prod");
        let object = Object::new(object.body, "".into(), Some("other")).unwrap();
        assert_eq!(object.id.namespace.as_deref(), Some("prod"));
        let object = Object::new(body, "".into(), None).unwrap();
        assert_eq!(object.id.to_string(), "Secret/a");
    }

    #[test]
    fn nameless_bodies_are_errors() {
        for (body, expected) in [
            (json!({"kind": "Pod"}), BodyError::NoName { kind: "Pod".into() }),
            (json!({"kind": "Pod", "metadata": {}}), BodyError::NoName { kind: "Pod".into() }),
            (
                json!({"kind": "Pod", "metadata": {"generateName": "x-"}}),
                BodyError::GenerateName { kind: "Pod".into() },
            ),
        ] {
            assert_eq!(Object::new(body, "".into(), None).unwrap_err(), expected);
        }
    }

    #[test]
    fn versions_do_not_tell_objects_apart() {
        let id = |api_version: &str| ResourceId {
            api_version: api_version.to_owned(),
            kind: "Ingress".to_owned(),
            namespace: None,
            name: "a".to_owned(),
        };
        assert_eq!(id("networking.k8s.io/v1"), id("networking.k8s.io/v1beta1"));
        assert_ne!(id("networking.k8s.io/v1"), id("extensions/v1beta1"));
    }
}
