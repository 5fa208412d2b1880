//! A quick look whether a schema keeps to its metaschema.

use std::collections::BTreeMap;

use super::format;
use super::metaschema::Draft;
use super::tree::Json;
use crate::go::Pattern;

/// The types that `type` can name.
const TYPES: &[&str] = &["array", "boolean", "integer", "null", "number", "object", "string"];

/// Keywords of some metaschema that schemas of charts hardly have. What stands under them is left
/// to the metaschema.
const RARE: &[&str] = &[
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveAnchor",
    "$recursiveRef",
    "$vocabulary",
    "dependencies",
    "dependentRequired",
];

/// Returns whether a schema is certain to pass the metaschema of `draft`.
///
/// Knows the published metaschemas by heart, which spares reading, compiling and running them. A
/// schema that is not certain to pass may pass all the same.
pub(super) fn is_sound(schema: &Json, draft: Draft) -> bool {
    stacker::maybe_grow(64 << 10, 1 << 20, || match schema {
        Json::Bool(_) => draft > Draft::Draft4,
        Json::Object(fields) => fields.iter().all(|(name, value)| keyword(name, value, draft)),
        _ => false,
    })
}

fn keyword(name: &str, value: &Json, draft: Draft) -> bool {
    let is_schema = |value: &Json| is_sound(value, draft);
    let are_schemas = |value: &Json| {
        value.list().is_some_and(|items| !items.is_empty() && items.iter().all(is_schema))
    };
    match name {
        "$comment" | "contentEncoding" | "contentMediaType" | "description" | "format"
        | "title" => value.text().is_some(),
        "$id" | "id" => {
            let text = value.text().map(|text| text.strip_suffix('#').unwrap_or(text));
            text.is_some_and(|text| !text.contains('#') && has_format(text, "uri-reference"))
        }
        "$ref" => value.text().is_some_and(|text| has_format(text, "uri-reference")),
        "$schema" => value.text().is_some_and(|text| has_format(text, "uri")),
        "pattern" => value.text().is_some_and(is_pattern),
        "const" | "default" => true,
        "deprecated" | "readOnly" | "uniqueItems" | "writeOnly" => matches!(value, Json::Bool(_)),
        "enum" | "examples" => value.list().is_some(),
        "maximum" | "minimum" => matches!(value, Json::Number(_)),
        "exclusiveMaximum" | "exclusiveMinimum" => {
            draft > Draft::Draft4 && matches!(value, Json::Number(_))
        }
        "multipleOf" => {
            matches!(value, Json::Number(text) if text.parse::<f64>().is_ok_and(|x| x > 0.0))
        }
        "maxContains" | "maxItems" | "maxLength" | "maxProperties" | "minContains" | "minItems"
        | "minLength" | "minProperties" => {
            matches!(value, Json::Number(text) if text.bytes().all(|b| b.is_ascii_digit()))
        }
        "required" => {
            let names = value.list().filter(|names| {
                are_distinct_texts(names) && (draft > Draft::Draft4 || !names.is_empty())
            });
            names.is_some()
        }
        "type" => {
            let is_type = |value: &Json| value.text().is_some_and(|name| TYPES.contains(&name));
            is_type(value)
                || value.list().is_some_and(|names| {
                    !names.is_empty() && names.iter().all(is_type) && are_distinct_texts(names)
                })
        }
        "additionalItems" | "additionalProperties" => {
            matches!(value, Json::Bool(_)) || is_schema(value)
        }
        "contains"
        | "contentSchema"
        | "else"
        | "if"
        | "not"
        | "propertyNames"
        | "then"
        | "unevaluatedItems"
        | "unevaluatedProperties" => is_schema(value),
        "items" => is_schema(value) || draft < Draft::Draft2020 && are_schemas(value),
        "allOf" | "anyOf" | "oneOf" | "prefixItems" => are_schemas(value),
        "$defs" | "definitions" | "dependentSchemas" | "properties" => {
            inner(value).is_some_and(|inner| inner.values().all(is_schema))
        }
        "patternProperties" => inner(value).is_some_and(|inner| {
            inner.iter().all(|(pattern, value)| is_pattern(pattern) && is_schema(value))
        }),
        _ => !RARE.contains(&name),
    }
}

fn inner(value: &Json) -> Option<&BTreeMap<String, Json>> {
    value.object()
}

fn has_format(text: &str, name: &str) -> bool {
    format::find(name).is_some_and(|check| check(text).is_ok())
}

fn is_pattern(text: &str) -> bool {
    Pattern::is_sound(text.as_bytes()) || has_format(text, "regex")
}

fn are_distinct_texts(items: &[Json]) -> bool {
    items.iter().enumerate().all(|(i, item)| {
        item.text().is_some_and(|text| !items[..i].iter().any(|other| other.text() == Some(text)))
    })
}

#[cfg(test)]
mod tests {
    use super::super::metaschema::published;
    use super::*;

    fn read(text: &str) -> Json {
        let Ok(json) = Json::read(text.as_bytes()) else { panic!("no JSON: {text}") };
        json
    }

    const DRAFTS: [Draft; 5] =
        [Draft::Draft4, Draft::Draft6, Draft::Draft7, Draft::Draft2019, Draft::Draft2020];

    /// A value that no metaschema takes for a keyword which it knows, but for those without limits.
    #[test]
    fn every_keyword_of_a_metaschema_is_known() {
        let vocabularies = ["applicator", "content", "core", "meta-data", "unevaluated"]
            .iter()
            .chain(&["validation", "format", "format-annotation", "format-assertion"]);
        let mut urls: Vec<String> = DRAFTS.iter().map(|draft| draft.url().to_owned()).collect();
        for name in vocabularies {
            urls.push(format!("https://json-schema.org/draft/2019-09/meta/{name}"));
            urls.push(format!("https://json-schema.org/draft/2020-12/meta/{name}"));
        }
        let mut count = 0;
        for text in urls.iter().filter_map(|url| published(url)) {
            let meta = read(text);
            let Some(properties) = meta.at("/properties").and_then(Json::object) else { continue };
            for name in properties.keys() {
                if matches!(name.as_str(), "const" | "default") {
                    continue;
                }
                count += 1;
                // Null is no schema, text, number or list.
                assert!(!keyword(name, &Json::Null, Draft::Draft7), "{name}");
            }
        }
        assert!(count > 150, "{count}");
    }

    #[test]
    fn schemas_that_are_sound() {
        let cases = [
            (r#"{"type":"object","properties":{"a":{"type":["string","null"]}}}"#, 0),
            (r#"{"items":{"enum":[1,1]},"x-note":7,"minimum":-1.5,"multipleOf":0.1}"#, 0),
            (r##"{"$ref":"#/definitions/a","definitions":{"a":{"pattern":"^a+$"}}}"##, 0),
            (r#"{"additionalProperties":false}"#, 0),
            (r#"{"properties":{"a":true}}"#, 1),
            (r#"{"required":[]}"#, 1),
            (r#"{"exclusiveMinimum":3}"#, 1),
        ];
        for (text, first) in cases {
            for draft in DRAFTS {
                let wanted = DRAFTS.iter().position(|d| *d == draft) >= Some(first);
                assert_eq!(is_sound(&read(text), draft), wanted, "{text} {draft:?}");
            }
        }
        assert!(is_sound(&read(r#"{"items":[{}]}"#), Draft::Draft2019));
    }

    #[test]
    fn schemas_that_are_not() {
        let cases = [
            "[]",
            "null",
            r#"{"type":"any"}"#,
            r#"{"type":[]}"#,
            r#"{"type":["string","string"]}"#,
            r#"{"required":["a","a"]}"#,
            r#"{"required":true}"#,
            r#"{"properties":{"a":{"minLength":-1}}}"#,
            r#"{"minLength":1.5}"#,
            r#"{"pattern":"("}"#,
            r#"{"patternProperties":{"(":{}}}"#,
            r#"{"anyOf":[]}"#,
            r#"{"oneOf":{}}"#,
            r#"{"multipleOf":0}"#,
            r#"{"$id":"a#b"}"#,
            r#"{"dependencies":{"a":["b"]}}"#,
            r#"{"description":1}"#,
            r#"{"default":{},"then":{"not":[]}}"#,
        ];
        for text in cases {
            for draft in DRAFTS {
                assert!(!is_sound(&read(text), draft), "{text} {draft:?}");
            }
        }
        assert!(!is_sound(&read(r#"{"items":[{}]}"#), Draft::Draft2020));
    }
}
