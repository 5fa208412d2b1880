use serde_json::{Map, Value as Json};

const MANAGED_BY: &str = "app.kubernetes.io/managed-by";
const HELM: &str = "Helm";
const NAME: &str = "meta.helm.sh/release-name";
const NAMESPACE: &str = "meta.helm.sh/release-namespace";

/// The release that objects belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner<'a> {
    /// The name of the release.
    pub name: &'a str,
    /// The namespace of the release.
    pub namespace: &'a str,
}

impl Owner<'_> {
    /// Writes the label and the annotations of ownership into an object.
    pub(super) fn mark(&self, body: &mut Json) {
        set(body, "labels", MANAGED_BY, HELM);
        set(body, "annotations", NAME, self.name);
        set(body, "annotations", NAMESPACE, self.namespace);
    }

    /// Checks that a live object belongs to the release.
    ///
    /// # Errors
    /// What its metadata lacks, in Helm's words.
    pub fn check(&self, live: &Json) -> Result<(), String> {
        let metadata = &live["metadata"];
        let problems: Vec<_> = [
            ("label", "labels", MANAGED_BY, HELM),
            ("annotation", "annotations", NAME, self.name),
            ("annotation", "annotations", NAMESPACE, self.namespace),
        ]
        .into_iter()
        .filter_map(|(what, field, key, wanted)| {
            let problem = match metadata[field][key].as_str() {
                Some(found) if found == wanted => return None,
                Some(found) => {
                    format!("key {key:?} must equal {wanted:?}: current value is {found:?}")
                }
                None => format!("missing key {key:?}: must be set to {wanted:?}"),
            };
            Some(format!("{what} validation error: {problem}"))
        })
        .collect();
        if problems.is_empty() { Ok(()) } else { Err(problems.join("; ")) }
    }
}

fn set(body: &mut Json, field: &str, key: &str, value: &str) {
    let Some(metadata) = body.get_mut("metadata").and_then(Json::as_object_mut) else { return };
    let entries = metadata.entry(field).or_insert_with(|| Json::Object(Map::new()));
    if !entries.is_object() {
        *entries = Json::Object(Map::new());
    }
    entries[key] = value.into();
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const OWNER: Owner<'static> = Owner { name: "web", namespace: "prod" };

    #[test]
    fn marked_objects_belong() {
        let mut body = json!({"metadata": {"name": "a", "labels": null}});
        assert_eq!(
            OWNER.check(&body).unwrap_err(),
            "label validation error: missing key \"app.kubernetes.io/managed-by\": must be set to \
             \"Helm\"; annotation validation error: missing key \"meta.helm.sh/release-name\": must \
             be set to \"web\"; annotation validation error: missing key \
             \"meta.helm.sh/release-namespace\": must be set to \"prod\""
        );
        OWNER.mark(&mut body);
        assert_eq!(OWNER.check(&body), Ok(()));
        let other = Owner { name: "api", ..OWNER };
        assert_eq!(
            other.check(&body).unwrap_err(),
            "annotation validation error: key \"meta.helm.sh/release-name\" must equal \"api\": \
             current value is \"web\""
        );
    }
}
