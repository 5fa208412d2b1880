//! A JSON schema of what templates in Jinja see, for editors that complete names.

use super::object::{Names, snake_case};
use crate::chart::Chart;
use crate::json;
use crate::template::context::{self, Context, Scope};
use crate::value::{List, Map, MapType, Value};

/// What is said of some names, by path.
const DESCRIPTIONS: &[(&str, &str)] = &[
    ("capabilities", "What the cluster can do"),
    ("capabilities.api_versions", "The API versions it serves; has(\"apps/v1\") asks for one"),
    ("capabilities.helm_version", "The version of Helm that is stood in for"),
    ("capabilities.kube_version", "The version of Kubernetes"),
    ("chart", "What Chart.yaml says"),
    (
        "files",
        "The other files of the chart by path: get, get_bytes, glob, lines, as_config, as_secrets",
    ),
    ("release", "The release that is being made"),
    ("release.is_install", "Whether it is made for the first time"),
    ("release.is_upgrade", "Whether it is an upgrade or a rollback"),
    ("release.name", "The name of the release"),
    ("release.namespace", "The namespace it goes to"),
    ("release.revision", "The number of the revision, from 1"),
    ("release.service", "Always \"Helm\""),
    ("root", "What templates of Go see as `.`, for include and tpl"),
    ("subcharts", "The same data of each subchart, by its name"),
    ("template", "The template that is being rendered"),
    ("template.base_path", "The path of the folder of templates"),
    ("template.name", "The path of the template"),
    ("values", "The values of the chart"),
];

fn map(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Map(Map::from_pairs(pairs))
}

fn kind(name: &'static str) -> Value {
    map([("type", Value::str(name))])
}

/// Returns a schema for values like this one.
fn like(value: &Value, names: Names, path: &str) -> Value {
    match value {
        Value::Bool(_) => kind("boolean"),
        Value::Int(_) | Value::Int64(_) | Value::Uint8(_) | Value::Uint64(_) => kind("integer"),
        Value::Float(x) if x.fract() == 0.0 => kind("integer"),
        Value::Float(_) => kind("number"),
        Value::Str(_) | Value::Bytes(_) | Value::Duration(_) => kind("string"),
        Value::List(list) => {
            let items = list.items();
            let first = items.first().map(|item| like(item, names, ""));
            let is_same = items.iter().all(|item| {
                first
                    .as_ref()
                    .is_some_and(|first| crate::value::deep_equal(first, &like(item, names, "")))
            });
            match first.filter(|_| is_same) {
                Some(first) => map([("items", first), ("type", Value::str("array"))]),
                None => kind("array"),
            }
        }
        Value::Map(map) => object(map, names, path),
        Value::Object(object) => {
            let fields = object.fields().into_iter();
            let fields = Map::from_pairs(fields);
            self::object(&fields, Names::Fields, path)
        }
        Value::Nil | Value::Absent => Value::Map(Map::new()),
    }
}

/// Returns the schema of a map with those entries at least.
fn object(entries: &Map, names: Names, path: &str) -> Value {
    if entries.map_type() == MapType::Strings {
        return map([("additionalProperties", kind("string")), ("type", Value::str("object"))]);
    }
    let mut properties = Vec::new();
    for (key, value) in &entries.entries() {
        let key = key.to_str_lossy();
        let name = if names == Names::Fields { snake_case(&key) } else { key.into_owned() };
        let path = if path.is_empty() { String::new() } else { format!("{path}.{name}") };
        properties.push((name, described(like(value, names, &path), &path)));
    }
    map([("properties", Value::Map(Map::from_pairs(properties))), ("type", Value::str("object"))])
}

fn described(schema: Value, path: &str) -> Value {
    let known = DESCRIPTIONS.iter().find(|(name, _)| *name == path);
    if let (Value::Map(schema), Some((_, text))) = (&schema, known) {
        let pairs = schema.entries();
        let pairs = pairs.iter().map(|(key, value)| (key.clone(), value.clone()));
        let text = ("description".into(), Value::str(*text));
        return Value::Map(Map::from_pairs(pairs.chain([text]).collect::<Vec<_>>()));
    }
    schema
}

/// Moves the references of a schema that becomes part of another, at `pointer` there.
fn moved(schema: &Value, pointer: &str) -> Value {
    match schema {
        Value::Map(map) => {
            let pairs = map.entries();
            let pairs = pairs.iter().map(|(key, value)| match (&*key.to_str_lossy(), value) {
                ("$ref", Value::Str(target)) => {
                    let target = target.to_str_lossy();
                    let target = target.strip_prefix('#').map(|rest| format!("#{pointer}{rest}"));
                    (key.clone(), target.map_or_else(|| value.clone(), Value::from))
                }
                _ => (key.clone(), moved(value, pointer)),
            });
            Value::Map(Map::from_pairs(pairs.collect::<Vec<_>>()))
        }
        Value::List(list) => {
            Value::List(List::new(list.items().iter().map(|item| moved(item, pointer)).collect()))
        }
        other => other.clone(),
    }
}

/// Returns what the chart's own schema says of its values, or else what they are by default.
fn values(chart: &Chart, merged: &Map, pointer: &str) -> Value {
    let own = chart.schema.as_ref().and_then(|text| json::read(text.as_bytes()).ok());
    match own {
        Some(Value::Map(schema)) => {
            let pairs = schema.entries();
            let kept = pairs.iter().filter(|(key, _)| *key != "$schema");
            let kept = kept.map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>();
            moved(&Value::Map(Map::from_pairs(kept)), pointer)
        }
        _ => object(merged, Names::Keys, ""),
    }
}

/// Returns the schema of one chart's data. `path` is that of the chart among all scopes.
fn data(scopes: &[Scope], scope: &Scope, pointer: &str) -> Value {
    let field = |go: &str| scope.root.get(go).unwrap_or(Value::Nil);
    let merged = match field("Values") {
        Value::Map(values) => values,
        _ => Map::new(),
    };
    let subcharts = scope.chart.dependencies.iter().filter_map(|chart| {
        let found = scopes.iter().find(|other| std::ptr::eq(other.chart, chart))?;
        let name = chart.name();
        let below = format!("{pointer}/properties/subcharts/properties/{name}");
        Some((name.to_owned(), data(scopes, found, &below)))
    });
    let subcharts = Value::Map(Map::from_pairs(subcharts.collect::<Vec<_>>()));
    let template = map([("BasePath", Value::str("")), ("Name", Value::str(""))]);
    let properties = [
        ("capabilities", like(&field("Capabilities"), Names::Fields, "capabilities")),
        ("chart", like(&field("Chart"), Names::Fields, "chart")),
        ("files", map([("additionalProperties", kind("string")), ("type", Value::str("object"))])),
        ("release", like(&field("Release"), Names::Fields, "release")),
        ("root", kind("object")),
        ("subcharts", map([("properties", subcharts), ("type", Value::str("object"))])),
        ("template", like(&template, Names::Fields, "template")),
        ("values", values(scope.chart, &merged, &format!("{pointer}/properties/values"))),
    ];
    let names = properties.iter().map(|(name, _)| Value::str(*name)).collect();
    let properties = properties.map(|(name, schema)| (name, described(schema, name)));
    map([
        ("properties", map(properties)),
        ("required", Value::List(List::new(names))),
        ("type", Value::str("object")),
    ])
}

/// Returns a JSON schema of what templates in Jinja see in `chart`.
///
/// `merged` are the chart's values as [`crate::values::merge`] makes them. The values are described
/// by the chart's `values.schema.json`, or else by what they are.
#[must_use]
pub fn context_schema(chart: &Chart, merged: &Map, context: &Context) -> Value {
    let scopes = context::scopes(chart, merged, context);
    let schema = scopes.first().map_or(Value::Nil, |scope| data(&scopes, scope, ""));
    let Value::Map(schema) = schema else { return Value::Nil };
    let title = format!("What templates of {} see", chart.name());
    let head = [
        ("$schema".into(), Value::str("https://json-schema.org/draft/2020-12/schema")),
        ("title".into(), Value::from(title)),
    ];
    let pairs = schema.entries();
    let pairs = pairs.iter().map(|(key, value)| (key.clone(), value.clone()));
    Value::Map(Map::from_pairs(head.into_iter().chain(pairs).collect::<Vec<_>>()))
}

#[cfg(test)]
mod tests {
    use minijinja::Value as Jinja;
    use minijinja::value::ValueKind;

    use super::super::context as jinja;
    use super::*;
    use crate::chart::Metadata;
    use crate::template::{Capabilities, ReleaseContext};
    use crate::yaml;

    /// Returns data as templates see it: with the names of Jinja.
    fn seen(value: &Jinja) -> Value {
        match value.kind() {
            ValueKind::Map => {
                let pairs = value.try_iter().unwrap().map(|key| {
                    let item = seen(&value.get_item(&key).unwrap());
                    (key.to_string(), item)
                });
                Value::Map(Map::from_pairs(pairs.collect::<Vec<_>>()))
            }
            ValueKind::Seq | ValueKind::Iterable => {
                let items = value.try_iter().unwrap();
                Value::List(List::new(items.map(|item| seen(&item)).collect()))
            }
            _ => super::super::convert::from_jinja(value).unwrap(),
        }
    }

    /// Asserts that a schema names what the data has, where it names anything.
    fn assert_names(schema: &Value, data: &Value, path: &str) {
        let (Value::Map(schema), Value::Map(data)) = (schema, data) else { return };
        let Some(Value::Map(properties)) = schema.get("properties") else { return };
        assert_eq!(properties.keys(), data.keys(), "{path}");
        for (key, value) in &data.entries() {
            let key = key.to_str_lossy();
            assert_names(&properties.get(&*key).unwrap(), value, &format!("{path}.{key}"));
        }
    }

    fn chart(name: &str, values: &str) -> Chart {
        let metadata = Metadata {
            name: name.to_owned(),
            version: "1.2.3".to_owned(),
            annotations: Some([("a/b".to_owned(), "c".to_owned())].into_iter().collect()),
            ..Metadata::default()
        };
        let mut chart = Chart::new(metadata);
        if let Value::Map(values) = yaml::read(values.as_bytes()).unwrap() {
            chart.values = values;
        }
        chart
    }

    #[test]
    fn the_schema_describes_what_templates_see() {
        let mut root =
            chart("web", "a: 1\nb: {c: text, d: [1, 2]}\ne: null\nf: 0.5\ndb: {size: 1}\n");
        let mut child = chart("db", "size: 1\nkind: small\n");
        child.schema = Some(
            r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"n": {"type": "integer"}}, "properties": {"size": {"$ref": "#/definitions/n"}}}"##
                .into(),
        );
        root.dependencies.push(child);
        let release = ReleaseContext {
            name: "rel".to_owned(),
            namespace: "space".to_owned(),
            revision: 1,
            is_upgrade: false,
        };
        let context = Context { release, capabilities: Capabilities::default() };
        let merged = crate::values::merge(&root, &Map::new()).value.unwrap();
        let schema = context_schema(&root, &merged, &context);
        let scopes = context::scopes(&root, &merged, &context);
        let scope = scopes[0].root.clone();
        let template = map([("Name", Value::str("x")), ("BasePath", Value::str("y"))]);
        scope.set("Template", template).unwrap();
        let data = seen(&Jinja::from_object(jinja::Scope::new(&scope)));
        let Value::Map(data) = &data else { panic!() };
        for name in ["capabilities", "chart", "release", "template", "values"] {
            let Value::Map(schema) = &schema else { panic!() };
            let Some(Value::Map(properties)) = schema.get("properties") else { panic!() };
            assert_names(&properties.get(name).unwrap(), &data.get(name).unwrap(), name);
        }
        let mut text = Vec::new();
        json::write_pretty(&mut text, &schema).unwrap();
        let accepts = |data: &Map| crate::values::validate_alone(&text, data, None).value;
        // The child's own template is not being rendered.
        let shown = String::from_utf8_lossy(&text).into_owned();
        assert!(
            shown.contains("#/properties/subcharts/properties/db/properties/values/definitions/n")
        );
        let given = |data: &Map, wrong: &str, value: Value| {
            let pairs = data.entries();
            let pairs = pairs.iter().map(|(k, v)| (k.clone(), v.clone()));
            let pairs = pairs.chain([(wrong.into(), value)]).collect::<Vec<_>>();
            Map::from_pairs(pairs)
        };
        let alone = given(data, "subcharts", Value::Map(Map::new()));
        assert!(accepts(&alone).is_ok(), "{:?}\n{shown}", accepts(&alone));
        let wrong = given(&alone, "release", Value::str("x"));
        assert!(accepts(&wrong).is_err());
    }
}
