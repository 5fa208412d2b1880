use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value as Json;

/// How fields of built-in kinds are merged, as API servers describe it. Written by
/// `scripts/record-merge-keys`.
const TABLE: &str = include_str!("fields.txt");

/// The fields of a type that are merged in a way of their own, or have such fields below them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields(Option<&'static HashMap<&'static str, Field>>);

/// How one field is merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Field {
    /// The type of its value, or of its items.
    type_name: &'static str,
    /// The key its items are merged by; empty for lists of scalars. `None` for lists that are
    /// replaced as a whole.
    pub(super) key: Option<&'static str>,
    /// Whether only the fields are kept that the manifest has.
    pub(super) retain_keys: bool,
    /// Whether a map is replaced as a whole.
    pub(super) replace: bool,
}

#[derive(Debug, Default)]
struct Table {
    /// The type of a group and kind.
    kinds: HashMap<(&'static str, &'static str), &'static str>,
    types: HashMap<&'static str, HashMap<&'static str, Field>>,
}

static FIELDS: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for line in TABLE.lines() {
        if let Some((kind, type_name)) = line.split_once(" = ") {
            let (api_version, kind) = kind.split_once(' ').unwrap_or_default();
            table.kinds.insert((group(api_version), kind), type_name);
        } else {
            let mut words = line.split(' ');
            let type_name = words.next().unwrap_or_default();
            table.types.insert(type_name, words.map(Field::parse).collect());
        }
    }
    table
});

/// Returns the group of an API version. What was in `extensions` is elsewhere now, with the same
/// fields.
fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

impl Fields {
    /// Returns the fields of an object's kind; `None` for kinds that are not built in.
    ///
    /// All versions of a kind count as one.
    pub(super) fn of_kind(object: &Json) -> Option<Fields> {
        let group = group(object["apiVersion"].as_str().unwrap_or_default());
        let kind = object["kind"].as_str().unwrap_or_default();
        let groups: &[&str] = match group {
            "extensions" => &["apps", "networking.k8s.io", "policy"],
            _ => &[group],
        };
        let type_name = groups.iter().find_map(|group| FIELDS.kinds.get(&(*group, kind)))?;
        Some(Fields::of_type(type_name))
    }

    fn of_type(name: &str) -> Fields {
        Fields(FIELDS.types.get(name))
    }

    /// Returns how a field is merged.
    pub(super) fn get(self, name: &str) -> Field {
        self.0.and_then(|fields| fields.get(name)).copied().unwrap_or_default()
    }
}

impl Field {
    fn parse(word: &'static str) -> (&'static str, Field) {
        let (head, type_name) = word.split_once(':').unwrap_or((word, ""));
        let (head, replace) = head.strip_suffix('=').map_or((head, false), |head| (head, true));
        let (head, retain_keys) = head.strip_suffix('!').map_or((head, false), |head| (head, true));
        let (name, key) = match head.strip_suffix(']').and_then(|head| head.split_once('[')) {
            Some((name, key)) => (name, Some(key)),
            None => (head, None),
        };
        (name, Field { type_name, key, retain_keys, replace })
    }

    /// Returns the fields of its value, or of its items.
    pub(super) fn below(self) -> Fields {
        Fields::of_type(self.type_name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn kinds_lead_to_their_fields() {
        let of = |api_version: &str, kind: &str| {
            Fields::of_kind(&json!({"apiVersion": api_version, "kind": kind}))
        };
        for version in ["apps/v1", "apps/v1beta2", "extensions/v1beta1"] {
            let deployment = of(version, "Deployment").unwrap();
            let pod = deployment.get("spec").below().get("template").below().get("spec").below();
            assert_eq!(pod.get("containers").key, Some("name"));
            assert_eq!(pod.get("containers").below().get("ports").key, Some("containerPort"));
            let volumes = pod.get("volumes");
            assert!(volumes.retain_keys && volumes.key == Some("name"));
            assert_eq!(pod.get("tolerations"), Field::default());
        }
        assert_eq!(of("v1", "Node").unwrap().get("spec").below().get("podCIDRs").key, Some(""));
        let budget = of("policy/v1", "PodDisruptionBudget").unwrap();
        assert!(budget.get("spec").below().get("selector").replace);
        for (version, kind) in [
            ("example.com/v1", "Deployment"),
            ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
            ("apiregistration.k8s.io/v1", "APIService"),
        ] {
            assert!(of(version, kind).is_none(), "{kind}");
        }
    }
}
