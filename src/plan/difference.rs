use std::fmt;

use serde_json::Value as Json;

/// A field that has another value afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// Where it is, such as `.spec.replicas` or `.spec.containers[name="web"].image`.
    pub path: String,
    /// Its value before; `None` when it was not there.
    pub before: Option<Json>,
    /// Its value afterwards; `None` when it is gone.
    pub after: Option<Json>,
}

impl fmt::Display for FieldChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.before, &self.after) {
            (Some(before), Some(after)) => write!(f, "{}: {before} -> {after}", self.path),
            (Some(before), None) => write!(f, "{}: {before} -> gone", self.path),
            (None, Some(after)) => write!(f, "{}: new, {after}", self.path),
            (None, None) => f.write_str(&self.path),
        }
    }
}

/// Fields of `metadata` that the server keeps for itself.
const KEPT: [&str; 6] =
    ["managedFields", "resourceVersion", "generation", "creationTimestamp", "uid", "selfLink"];

/// Returns the fields in which two states of an object differ, without those that the server keeps
/// for itself and without its status.
///
/// The data of a Secret is hidden unless `secrets` says that it may be seen.
#[must_use]
pub fn differences(before: &Json, after: &Json, secrets: bool) -> Vec<FieldChange> {
    let hide = !secrets && after["kind"] == "Secret";
    let strip = |object: &Json| {
        let mut object = object.clone();
        if let Some(fields) = object.as_object_mut() {
            fields.shift_remove("status");
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            for key in KEPT {
                metadata.shift_remove(key);
            }
        }
        object
    };
    let mut changes = Vec::new();
    compare(String::new(), &strip(before), &strip(after), &mut changes);
    if hide {
        for change in &mut changes {
            if change.path.starts_with(".data") || change.path.starts_with(".stringData") {
                let hidden = |value: &Option<Json>| value.as_ref().map(|_| Json::from("(hidden)"));
                (change.before, change.after) = (hidden(&change.before), hidden(&change.after));
            }
        }
    }
    changes
}

fn compare(path: String, before: &Json, after: &Json, changes: &mut Vec<FieldChange>) {
    match (before, after) {
        (Json::Object(old), Json::Object(new)) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let path = format!("{path}.{key}");
                pair(path, old.get(key), new.get(key), changes);
            }
        }
        (Json::Array(old), Json::Array(new)) if named(old) && named(new) => {
            let find = |items: &[Json], name: &Json| -> Option<Json> {
                items.iter().find(|item| item["name"] == *name).cloned()
            };
            let known = |item: &&Json| old.iter().all(|o| o["name"] != item["name"]);
            for item in old.iter().chain(new.iter().filter(known)) {
                let name = &item["name"];
                let path = format!("{path}[name={name}]");
                pair(path, find(old, name).as_ref(), find(new, name).as_ref(), changes);
            }
        }
        (Json::Array(old), Json::Array(new)) => {
            for at in 0..old.len().max(new.len()) {
                pair(format!("{path}[{at}]"), old.get(at), new.get(at), changes);
            }
        }
        (old, new) if old == new => {}
        (old, new) => {
            changes.push(FieldChange { path, before: Some(old.clone()), after: Some(new.clone()) });
        }
    }
}

fn pair(path: String, old: Option<&Json>, new: Option<&Json>, changes: &mut Vec<FieldChange>) {
    match (old, new) {
        (Some(old), Some(new)) => compare(path, old, new, changes),
        (old, new) => {
            changes.push(FieldChange { path, before: old.cloned(), after: new.cloned() });
        }
    }
}

/// Returns whether each item has a name of its own.
fn named(items: &[Json]) -> bool {
    let names: std::collections::BTreeSet<_> =
        items.iter().filter_map(|item| item["name"].as_str()).collect();
    names.len() == items.len()
}

/// Returns the value at a path as the API server writes it in conflicts:
/// `.spec.containers[name="web"].image`. Names are not quoted there, so that dots in them are found
/// out by what the object has.
#[must_use]
pub fn at_path<'a>(object: &'a Json, path: &str) -> Option<&'a Json> {
    if path.is_empty() {
        return Some(object);
    }
    if let Some(rest) = path.strip_prefix('.') {
        let fields = object.as_object()?;
        let mut keys: Vec<_> = fields.keys().filter(|key| rest.starts_with(key.as_str())).collect();
        keys.sort_by_key(|key| std::cmp::Reverse(key.len()));
        return keys.into_iter().find_map(|key| {
            let rest = &rest[key.len()..];
            let ends = rest.is_empty() || rest.starts_with(['.', '[']);
            if ends { at_path(&fields[key], rest) } else { None }
        });
    }
    let rest = path.strip_prefix('[')?;
    let end = closing(rest)?;
    let (inner, rest) = (&rest[..end], &rest[end + 1..]);
    let items = object.as_array()?;
    let item = if let Ok(at) = inner.parse::<usize>() {
        items.get(at)?
    } else if let Some(value) = inner.strip_prefix('=') {
        let value: Json = serde_json::from_str(value).ok()?;
        items.iter().find(|item| **item == value)?
    } else {
        let wanted: Vec<(&str, Json)> = terms(inner)
            .into_iter()
            .map(|term| {
                let (key, value) = term.split_once('=')?;
                Some((key, serde_json::from_str(value).ok()?))
            })
            .collect::<Option<_>>()?;
        items.iter().find(|item| {
            // The server writes a protocol that is left out by its default.
            wanted.iter().all(|(key, value)| item[*key] == *value || item[*key].is_null())
        })?
    };
    at_path(item, rest)
}

/// Returns where the bracket ends that is open.
fn closing(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ']' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

/// Parts `a="x",b=1` at commas outside of quotes.
fn terms(text: &str) -> Vec<&str> {
    let (mut quoted, mut from, mut terms) = (false, 0, Vec::new());
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => {
                terms.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[from..]);
    terms
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_compared_by_name() {
        let before = json!({"kind": "A", "metadata": {"uid": "1", "labels": {"a": "1", "b": "2"}},
            "spec": {"c": [{"name": "x", "v": 1}, {"name": "y"}], "l": [1, 2]}, "status": {"a": 1}});
        let after = json!({"kind": "A", "metadata": {"uid": "2", "labels": {"b": "3", "c": "4"}},
            "spec": {"c": [{"name": "z"}, {"name": "x", "v": 2}], "l": [1]}});
        let lines: Vec<_> =
            differences(&before, &after, false).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                ".metadata.labels.a: \"1\" -> gone",
                ".metadata.labels.b: \"2\" -> \"3\"",
                ".metadata.labels.c: new, \"4\"",
                ".spec.c[name=\"x\"].v: 1 -> 2",
                ".spec.c[name=\"y\"]: {\"name\":\"y\"} -> gone",
                ".spec.c[name=\"z\"]: new, {\"name\":\"z\"}",
                ".spec.l[1]: 2 -> gone",
            ]
        );
    }

    #[test]
    fn secrets_are_hidden_unless_asked_for() {
        let secret = |value: &str| json!({"kind": "Secret", "type": value, "data": {"a": value}});
        let lines = |secrets| -> Vec<String> {
            let changes = differences(&secret("b2xk"), &secret("bmV3"), secrets);
            changes.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            lines(false),
            [".type: \"b2xk\" -> \"bmV3\"", ".data.a: \"(hidden)\" -> \"(hidden)\""]
        );
        assert_eq!(lines(true)[1], ".data.a: \"b2xk\" -> \"bmV3\"");
    }

    #[test]
    fn paths_of_conflicts_are_found() {
        let object = json!({"metadata": {"annotations": {"a.b/c": "x", "a": "y"},
            "finalizers": ["f"]},
            "spec": {"containers": [{"name": "a]\"b", "ports": [
                {"containerPort": 80}, {"containerPort": 81, "protocol": "UDP"}]}]}});
        for (path, expected) in [
            (".metadata.annotations.a.b/c", Some(json!("x"))),
            (".metadata.annotations.a", Some(json!("y"))),
            (".metadata.finalizers[=\"f\"]", Some(json!("f"))),
            (".metadata.finalizers[0]", Some(json!("f"))),
            (".metadata.finalizers[=\"g\"]", None),
            (
                ".spec.containers[name=\"a]\\\"b\"].ports[containerPort=81,protocol=\"UDP\"].protocol",
                Some(json!("UDP")),
            ),
            (
                ".spec.containers[0].ports[containerPort=80,protocol=\"TCP\"].containerPort",
                Some(json!(80)),
            ),
            (".spec.nothing", None),
            ("nonsense", None),
        ] {
            assert_eq!(at_path(&object, path), expected.as_ref(), "{path}");
        }
    }
}
