//! A quick look whether values keep to a schema, without compiling it.

use std::collections::{BTreeMap, BTreeSet};

use super::format;
use super::metaschema::Draft;
use super::sound::is_sound;
use super::tree::{Json, exact, is_integer};
use crate::go::Pattern;
use crate::value::{Map, Str, Value};

/// References that follow each other at one value, at most.
const MAX_REFERENCES: usize = 20;

/// Values nested deeper than this are left to the full check.
const MAX_DEPTH: usize = 100;

/// Returns whether values are certain to keep to a schema. Where they are not, be it that they do
/// not or that the schema says what is not understood here, the full check has to tell.
pub(super) fn holds(schema: &Json, values: &Map) -> bool {
    let Some(draft) = draft_of(schema) else { return false };
    if !is_sound(schema, draft) {
        return false;
    }
    let mut run = Run { root: schema, draft, targets: BTreeSet::new(), patterns: BTreeMap::new() };
    run.is_plain(schema, 0)
        && run.check(schema, &Value::Map(values.clone()), Level::default()) == Some(true)
}

/// Returns the draft that a schema without an address of its own is written in.
fn draft_of(schema: &Json) -> Option<Draft> {
    let Json::Object(fields) = schema else { return None };
    match fields.get("$schema") {
        None => Some(Draft::LATEST),
        Some(url) => Draft::from_url(url.text()?.trim_end_matches('#')),
    }
}

/// What a keyword has beneath it.
enum Beneath<'a> {
    Schema(&'a Json),
    Schemas(Vec<&'a Json>),
    Nothing,
    /// What it means is not known here.
    Unknown,
}

fn beneath<'a>(name: &str, value: &'a Json, draft: Draft) -> Beneath<'a> {
    match name {
        "items" if matches!(value, Json::List(_)) => Beneath::Unknown,
        "additionalProperties" | "items" | "not" => Beneath::Schema(value),
        "else" | "if" | "then" if draft >= Draft::Draft7 => Beneath::Schema(value),
        "$defs" | "definitions" | "patternProperties" | "properties" => match value {
            Json::Object(fields) => Beneath::Schemas(fields.values().collect()),
            _ => Beneath::Unknown,
        },
        "allOf" | "anyOf" | "oneOf" => match value {
            Json::List(items) => Beneath::Schemas(items.iter().collect()),
            _ => Beneath::Unknown,
        },
        "$id"
        | "id"
        | "$anchor"
        | "$dynamicAnchor"
        | "$dynamicRef"
        | "$recursiveAnchor"
        | "$recursiveRef"
        | "$vocabulary"
        | "additionalItems"
        | "contains"
        | "contentSchema"
        | "dependencies"
        | "dependentRequired"
        | "dependentSchemas"
        | "maxContains"
        | "minContains"
        | "prefixItems"
        | "propertyNames"
        | "unevaluatedItems"
        | "unevaluatedProperties"
        | "else"
        | "if"
        | "then" => Beneath::Unknown,
        _ => Beneath::Nothing,
    }
}

/// How deep a value lies, and how many references led from one schema to the next there.
#[derive(Clone, Copy, Default)]
struct Level {
    depth: usize,
    references: usize,
}

impl Level {
    fn inner(self) -> Self {
        Level { depth: self.depth + 1, references: 0 }
    }
}

struct Run<'a> {
    root: &'a Json,
    draft: Draft,
    /// The references that were looked at.
    targets: BTreeSet<&'a str>,
    patterns: BTreeMap<&'a str, Pattern>,
}

impl<'a> Run<'a> {
    /// Returns whether every keyword is known and every reference leads to a sound schema.
    fn is_plain(&mut self, schema: &'a Json, depth: usize) -> bool {
        let Json::Object(fields) = schema else { return true };
        depth < MAX_DEPTH
            && fields.iter().all(|(name, value)| match beneath(name, value, self.draft) {
                _ if name == "$ref" => self.leads_to_schema(value, depth),
                _ if name == "$schema" => depth == 0,
                Beneath::Schema(inner) => self.is_plain(inner, depth + 1),
                Beneath::Schemas(inner) => inner.iter().all(|s| self.is_plain(s, depth + 1)),
                Beneath::Nothing => true,
                Beneath::Unknown => false,
            })
    }

    /// Returns whether a reference leads to a plain schema, which need not stand where schemas do.
    fn leads_to_schema(&mut self, reference: &'a Json, depth: usize) -> bool {
        let (Some(target), Some(text)) = (self.target(reference), reference.text()) else {
            return false;
        };
        !self.targets.insert(text)
            || is_sound(target, self.draft) && self.is_plain(target, depth + 1)
    }

    /// Returns what a reference to a place in the same text means.
    fn target(&self, reference: &Json) -> Option<&'a Json> {
        let pointer = reference.text()?.strip_prefix('#')?;
        let is_usual = |byte| matches!(byte, b'/' | b'_' | b'-' | b'.' | b'$');
        let is_pointer = (pointer.is_empty() || pointer.starts_with('/'))
            && pointer.bytes().all(|b| b.is_ascii_alphanumeric() || is_usual(b));
        if is_pointer { self.root.at(pointer) } else { None }
    }

    /// Returns whether a value keeps to a schema; `None` if that is not known here.
    fn check(&mut self, schema: &'a Json, value: &Value, level: Level) -> Option<bool> {
        let fields = match schema {
            Json::Bool(allowed) => return Some(*allowed),
            Json::Object(fields) => fields,
            _ => return None,
        };
        if level.references > MAX_REFERENCES || level.depth > MAX_DEPTH {
            return None;
        }
        let same = Level { references: level.references + 1, ..level };
        if let Some(reference) = fields.get("$ref") {
            let target = self.target(reference)?;
            let holds = self.check(target, value, same)?;
            if !holds || self.draft < Draft::Draft2019 {
                return Some(holds);
            }
        }
        for (name, rule) in fields {
            let holds = match name.as_str() {
                "allOf" => self.count(rule, value, same)? == rule.list()?.len(),
                "anyOf" => self.count(rule, value, same)? > 0,
                "oneOf" => self.count(rule, value, same)? == 1,
                "not" => !self.check(rule, value, same)?,
                "if" => {
                    let holds = self.check(rule, value, same)?;
                    let branch = fields.get(if holds { "then" } else { "else" });
                    branch.map_or(Some(true), |branch| self.check(branch, value, same))?
                }
                "type" => has_type(rule, value)?,
                "enum" => {
                    let value = scalar(value)?;
                    rule.list()?.iter().any(|allowed| allowed.same(&value))
                }
                "const" if self.draft >= Draft::Draft6 => rule.same(&scalar(value)?),
                _ => match value {
                    Value::Str(text) => self.text(name, rule, text)?,
                    Value::Float(_) | Value::Int(_) | Value::Int64(_) | Value::Uint64(_) => {
                        number(name, rule, value)?
                    }
                    Value::Absent
                    | Value::Nil
                    | Value::Bool(_)
                    | Value::Map(_)
                    | Value::List(_) => true,
                    _ => return None,
                },
            };
            if !holds {
                return Some(false);
            }
        }
        match value {
            Value::Map(map) if !map.is_nil() => self.object(fields, map, level.inner()),
            Value::List(list) if !list.is_nil() => {
                let items = list.items();
                if !lengths(fields, ["minItems", "maxItems"], items.len())?
                    || matches!(fields.get("uniqueItems"), Some(Json::Bool(true)))
                        && items.len() > 1
                {
                    return None;
                }
                let Some(rule) = fields.get("items") else { return Some(true) };
                self.all(items.iter().map(|item| (rule, item)), level.inner())
            }
            _ => Some(true),
        }
    }

    fn all<'v>(
        &mut self,
        pairs: impl Iterator<Item = (&'a Json, &'v Value)>,
        level: Level,
    ) -> Option<bool> {
        for (rule, value) in pairs {
            if !self.check(rule, value, level)? {
                return Some(false);
            }
        }
        Some(true)
    }

    /// Returns to how many of several schemas a value keeps.
    fn count(&mut self, schemas: &'a Json, value: &Value, level: Level) -> Option<usize> {
        let mut count = 0;
        for schema in schemas.list()? {
            count += usize::from(self.check(schema, value, level)?);
        }
        Some(count)
    }

    fn pattern(&mut self, source: &'a str) -> Option<&Pattern> {
        if !self.patterns.contains_key(source) {
            self.patterns.insert(source, Pattern::compile(source.as_bytes()).ok()?);
        }
        self.patterns.get(source)
    }

    fn text(&mut self, keyword: &str, rule: &'a Json, text: &Str) -> Option<bool> {
        Some(match keyword {
            "minLength" | "maxLength" => {
                let length = text.as_str()?.chars().count();
                let limit = limit(rule)?;
                if keyword == "minLength" { length >= limit } else { length <= limit }
            }
            "pattern" => self.pattern(rule.text()?)?.regex.is_match(text.as_str()?),
            "format" if self.draft < Draft::Draft2019 => {
                let text = text.as_str()?;
                format::find(rule.text()?).is_none_or(|check| check(text).is_ok())
            }
            _ => true,
        })
    }

    fn object(
        &mut self,
        fields: &'a BTreeMap<String, Json>,
        map: &Map,
        level: Level,
    ) -> Option<bool> {
        // A snapshot, so that no lock is held on the way down.
        let entries = map.entries();
        if !lengths(fields, ["minProperties", "maxProperties"], entries.len())? {
            return Some(false);
        }
        if let Some(required) = fields.get("required") {
            for name in required.list()? {
                if entries.get(name.text()?.as_bytes()).is_none() {
                    return Some(false);
                }
            }
        }
        let properties = fields.get("properties").and_then(Json::object);
        let patterns = fields.get("patternProperties").and_then(Json::object);
        let rest = fields.get("additionalProperties");
        for (key, value) in &entries {
            let key = key.as_str()?;
            let mut seen = false;
            if let Some(rule) = properties.and_then(|properties| properties.get(key)) {
                seen = true;
                if !self.check(rule, value, level)? {
                    return Some(false);
                }
            }
            for (pattern, rule) in patterns.into_iter().flatten() {
                if self.pattern(pattern)?.regex.is_match(key) {
                    seen = true;
                    if !self.check(rule, value, level)? {
                        return Some(false);
                    }
                }
            }
            if let (false, Some(rule)) = (seen, rest)
                && !self.check(rule, value, level)?
            {
                return Some(false);
            }
        }
        Some(true)
    }
}

/// Returns a value that is neither map nor list as JSON.
fn scalar(value: &Value) -> Option<Json> {
    match value {
        Value::Map(_) | Value::List(_) | Value::Object(_) => None,
        _ => Some(Json::from(value)),
    }
}

fn limit(rule: &Json) -> Option<usize> {
    match rule {
        // What is larger wraps round in Helm.
        Json::Number(text) => text.parse::<u32>().ok().map(|limit| limit as usize),
        _ => None,
    }
}

fn lengths(
    fields: &BTreeMap<String, Json>,
    [least, most]: [&str; 2],
    length: usize,
) -> Option<bool> {
    if let Some(rule) = fields.get(least)
        && length < limit(rule)?
    {
        return Some(false);
    }
    if let Some(rule) = fields.get(most)
        && length > limit(rule)?
    {
        return Some(false);
    }
    Some(true)
}

fn has_type(rule: &Json, value: &Value) -> Option<bool> {
    let (name, is_whole) = match value {
        Value::Absent | Value::Nil => ("null", false),
        Value::Bool(_) => ("boolean", false),
        Value::Int(_) | Value::Int64(_) | Value::Uint64(_) => ("number", true),
        Value::Float(x) => ("number", x.fract() == 0.0),
        Value::Str(_) => ("string", false),
        Value::List(list) => (if list.is_nil() { "null" } else { "array" }, false),
        Value::Map(map) => (if map.is_nil() { "null" } else { "object" }, false),
        _ => return None,
    };
    let fits = |wanted: &str| wanted == name || is_whole && wanted == "integer";
    Some(match rule {
        Json::Text(wanted) => fits(wanted),
        Json::List(wanted) => wanted.iter().filter_map(Json::text).any(fits),
        _ => return None,
    })
}

fn number(keyword: &str, rule: &Json, value: &Value) -> Option<bool> {
    let is_limit = matches!(
        keyword,
        "exclusiveMaximum" | "exclusiveMinimum" | "maximum" | "minimum" | "multipleOf"
    );
    if !is_limit {
        return Some(true);
    }
    let (Json::Number(limit), Json::Number(got)) = (rule, Json::from(value)) else { return None };
    // The full check knows how to divide.
    if keyword == "multipleOf" && !(limit == "1" && is_integer(&got)) {
        return None;
    }
    let (got, limit) = (exact(&got), exact(limit));
    Some(match keyword {
        "exclusiveMaximum" => got < limit,
        "exclusiveMinimum" => got > limit,
        "maximum" => got <= limit,
        "minimum" => got >= limit,
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the full check says is held against this one in `recorded`.
    #[test]
    fn tells_what_it_is_certain_of() {
        let yes = [
            (r#"{"type":"object","properties":{"a":{"type":["string","null"]}}}"#, "a: ~"),
            (r#"{"properties":{"a":{"type":"integer","minimum":1,"maximum":2}}}"#, "a: 2"),
            (r#"{"additionalProperties":false,"properties":{"a":{"enum":["x",1]}}}"#, "a: 1"),
            (r##"{"$ref":"#/$defs/a","$defs":{"a":{"required":["b"]}}}"##, "b: 1"),
            (r#"{"properties":{"a":{"anyOf":[{"type":"null"},{"minLength":2}]}}}"#, "a: xy"),
            (r#"{"properties":{"a":{"items":{"not":{"type":"array"}}}}}"#, "a: [1, {}]"),
            (
                r#"{"patternProperties":{"^a":{"pattern":"^x+$"}},"additionalProperties":{"type":"number"}}"#,
                "{ab: xx, b: 1}",
            ),
            (
                r##"{"properties":{"a":{"$ref":"#/x/y"}},"x":{"y":{"items":{"$ref":"#/x/y"}}}}"##,
                "a: [[]]",
            ),
            (r#"{"if":{"required":["a"]},"then":{"required":["b"]},"else":false}"#, "{a: 1, b: 1}"),
        ];
        let no = [
            (r#"{"type":"array"}"#, "a: 1"),
            (r#"{"properties":{"a":{"type":"integer"}}}"#, "a: 1.5"),
            (r#"{"$id":"https://example.org/a"}"#, "a: 1"),
            (r##"{"properties":{"a":{"$ref":"#/no"}}}"##, "b: 1"),
            (r##"{"$ref":"#"}"##, "b: 1"),
            (r##"{"properties":{"a":{"$ref":"#/x"}},"x":{"type":7}}"##, "b: 1"),
            (r##"{"properties":{"a":{"$ref":"#/x"}},"x":[]}"##, "b: 1"),
            (r#"{"properties":{"a":{"$ref":"other.json"}}}"#, "b: 1"),
            (r#"{"properties":{"a":{"type":"any"}}}"#, "b: 1"),
            (r#"{"unevaluatedProperties":false}"#, "{}"),
            (r#"{"$schema":"https://example.org/own"}"#, "a: 1"),
            (r#"{"properties":{"a":{"oneOf":[{},{}]}}}"#, "a: 1"),
        ];
        for (cases, wanted) in [(&yes[..], true), (&no[..], false)] {
            for (schema, values) in cases {
                let Ok(schema) = Json::read(schema.as_bytes()) else { panic!("no JSON") };
                let Ok(Value::Map(values)) = crate::yaml::read(values.as_bytes()) else {
                    panic!("no map")
                };
                assert_eq!(holds(&schema, &values), wanted, "{schema:?}");
            }
        }
    }
}
