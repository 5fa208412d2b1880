//! What Helm's strict reading of `Chart.yaml` refuses beyond the usual one.

use crate::value::{Map, Value};
use crate::yaml;

const TOP: &[&str] = &[
    "name",
    "home",
    "sources",
    "version",
    "description",
    "keywords",
    "maintainers",
    "icon",
    "apiVersion",
    "condition",
    "tags",
    "appVersion",
    "deprecated",
    "annotations",
    "kubeVersion",
    "dependencies",
    "type",
];
const MAINTAINER: &[&str] = &["name", "email", "url"];
const DEPENDENCY: &[&str] =
    &["name", "version", "repository", "condition", "tags", "enabled", "import-values", "alias"];

/// Refuses keys that are given twice and keys that nobody knows.
///
/// # Errors
/// Helm's text.
pub(super) fn check(text: &[u8], content: &Value) -> Result<(), String> {
    let repeated = yaml::repeated_keys(text);
    if !repeated.is_empty() {
        let mut text = "error converting YAML to JSON: yaml: unmarshal errors:".to_owned();
        for (line, key) in repeated {
            text.push_str("\n  line ");
            text.push_str(&line.to_string());
            text.push_str(": key ");
            text.push_str(&key);
            text.push_str(" already set in map");
        }
        return Err(text);
    }
    match content.as_map().and_then(|map| unknown(map, TOP)) {
        None => Ok(()),
        Some(key) => Err(format!(
            "error unmarshaling JSON: while decoding JSON: json: unknown field {key:?}"
        )),
    }
}

/// Returns the first key, in byte order, that is not one of `known`.
fn unknown(map: &Map, known: &[&str]) -> Option<String> {
    for (key, value) in map.entries() {
        let key = key.to_str_lossy();
        if !known.iter().any(|known| known.eq_ignore_ascii_case(&key)) {
            return Some(key.into_owned());
        }
        let inner = match key.to_ascii_lowercase().as_str() {
            "maintainers" if known == TOP => MAINTAINER,
            "dependencies" if known == TOP => DEPENDENCY,
            _ => continue,
        };
        let Value::List(items) = &value else { continue };
        let found = items.items().iter().find_map(|item| unknown(item.as_map()?, inner));
        if found.is_some() {
            return found;
        }
    }
    None
}
