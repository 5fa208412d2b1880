//! JSON and YAML, written and read.

use super::argument::{any_arg, str_arg};
use super::{Env, Failure, Function, Param, Result};
use crate::json::{self, Escape};
use crate::value::{List, ListType, Map, MapType, Value};
use crate::yaml;

const fn write(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[Param::Any], rest: None, call }
}

const fn read(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[Param::Str], rest: None, call }
}

pub(super) const FUNCTIONS: &[Function] = &[
    read("fromJson", from_json),
    read("fromJsonArray", from_json_array),
    read("fromYaml", from_yaml),
    read("fromYamlArray", from_yaml_array),
    read("mustFromJson", must_from_json),
    write("mustToJson", must_to_json),
    write("mustToPrettyJson", must_to_pretty_json),
    write("mustToRawJson", to_raw_json),
    write("mustToYaml", must_to_yaml),
    write("toJson", to_json),
    write("toPrettyJson", to_pretty_json),
    write("toRawJson", to_raw_json),
    write("toYaml", to_yaml),
    write("toYamlPretty", to_yaml_pretty),
];

/// Turns a failure into an empty text, as the functions without `must` do.
fn lenient(result: Result) -> Result {
    result.or_else(|_| Ok(Value::str("")))
}

fn json_text(args: &[Value], escape: Escape) -> Result {
    let mut out = Vec::new();
    json::write(&mut out, any_arg(args, 0), escape)?;
    Ok(Value::str(out))
}

fn to_json(_: &Env, args: &[Value]) -> Result {
    lenient(json_text(args, Escape::Html))
}

fn must_to_json(_: &Env, args: &[Value]) -> Result {
    json_text(args, Escape::Html)
}

/// `toRawJson` stops the render when it fails, unlike its siblings.
fn to_raw_json(_: &Env, args: &[Value]) -> Result {
    json_text(args, Escape::Raw)
}

fn must_to_pretty_json(_: &Env, args: &[Value]) -> Result {
    let mut out = Vec::new();
    json::write_pretty(&mut out, any_arg(args, 0))?;
    Ok(Value::str(out))
}

fn to_pretty_json(env: &Env, args: &[Value]) -> Result {
    lenient(must_to_pretty_json(env, args))
}

fn must_to_yaml(_: &Env, args: &[Value]) -> Result {
    match yaml::to_yaml(any_arg(args, 0)) {
        Ok(text) => Ok(Value::str(text)),
        Err(error) => Err(Failure::Message(error.to_string())),
    }
}

fn to_yaml(env: &Env, args: &[Value]) -> Result {
    lenient(must_to_yaml(env, args))
}

fn to_yaml_pretty(_: &Env, args: &[Value]) -> Result {
    Ok(Value::str(yaml::to_yaml_pretty(any_arg(args, 0)).unwrap_or_default()))
}

/// Returns what Go's JSON decoder calls the type of a value.
fn json_type(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Str(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        _ => "number",
    }
}

/// Returns Go's message for a value that does not fit `go_type`.
fn mismatch(value: &Value, go_type: &str) -> String {
    format!("json: cannot unmarshal {} into Go value of type {go_type}", json_type(value))
}

const MAP: &str = "map[string]interface {}";
const LIST: &str = "[]interface {}";

/// Wraps a message the way the reading functions that give a map report it.
fn error_map(message: String) -> Value {
    Value::Map(Map::from_pairs([("Error", Value::from(message))]))
}

/// Wraps a message the way the reading functions that give a list report it.
fn error_list(message: String) -> Value {
    Value::List(List::new(vec![Value::from(message)]))
}

fn from_json(_: &Env, args: &[Value]) -> Result {
    Ok(match json::read(str_arg(args, 0).as_bytes()) {
        Ok(map @ Value::Map(_)) => map,
        Ok(Value::Nil) => Value::Map(Map::nil(MapType::Any)),
        Ok(other) => error_map(mismatch(&other, MAP)),
        Err(error) => error_map(error.message),
    })
}

fn from_json_array(_: &Env, args: &[Value]) -> Result {
    Ok(match json::read(str_arg(args, 0).as_bytes()) {
        Ok(list @ Value::List(_)) => list,
        Ok(Value::Nil) => Value::List(List::nil(ListType::Any)),
        Ok(other) => error_list(mismatch(&other, LIST)),
        Err(error) => error_list(error.message),
    })
}

fn must_from_json(_: &Env, args: &[Value]) -> Result {
    json::read(str_arg(args, 0).as_bytes()).map_err(|error| Failure::Message(error.message))
}

fn yaml_mismatch(value: &Value, go_type: &str) -> String {
    format!("error unmarshaling JSON: while decoding JSON: {}", mismatch(value, go_type))
}

fn yaml_failure(error: &yaml::Error) -> String {
    format!("error converting YAML to JSON: {error}")
}

fn from_yaml(_: &Env, args: &[Value]) -> Result {
    Ok(match yaml::read(str_arg(args, 0).as_bytes()) {
        Ok(map @ Value::Map(_)) => map,
        Ok(Value::Nil) => Value::Map(Map::new()),
        Ok(other) => error_map(yaml_mismatch(&other, MAP)),
        Err(error) => error_map(yaml_failure(&error)),
    })
}

fn from_yaml_array(_: &Env, args: &[Value]) -> Result {
    Ok(match yaml::read(str_arg(args, 0).as_bytes()) {
        Ok(list @ Value::List(_)) => list,
        Ok(Value::Nil) => Value::List(List::new(Vec::new())),
        Ok(other) => error_list(yaml_mismatch(&other, LIST)),
        Err(error) => error_list(yaml_failure(&error)),
    })
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ toJson (dict "a" "<&>" "b" (list 1 nil)) }} {{ toRawJson "<&>" }} {{ toPrettyJson (dict "a" (list)) }} {{ toJson (float64 "inf") }}|"#,
                "{\"a\":\"\\u003c\\u0026\\u003e\",\"b\":[1,null]} \"<&>\" {\n  \"a\": []\n} |",
            ),
            (
                r#"{{ mustToJson (float64 "inf") }}"#,
                "error: mustToJson: json: unsupported value: +Inf",
            ),
            (
                r#"{{ toRawJson (float64 "nan") }}"#,
                "error: toRawJson: json: unsupported value: NaN",
            ),
            (
                r#"{{ fromJson "{\"a\":[1]}" }} {{ fromJson "[1]" }} {{ fromJson "null" | toJson }} {{ fromJson "bad" }}"#,
                "map[a:[1]] map[Error:json: cannot unmarshal array into Go value of type map[string]interface {}] null map[Error:invalid character 'b' looking for beginning of value]",
            ),
            (
                r#"{{ fromJsonArray "[1]" }} {{ fromJsonArray "{}" }} {{ fromJsonArray "null" | toJson }}"#,
                "[1] [json: cannot unmarshal object into Go value of type []interface {}] null",
            ),
            (r#"{{ mustFromJson "1" }} {{ mustFromJson "[1]" | typeOf }}"#, "1 []interface {}"),
            (r#"{{ mustFromJson "" }}"#, "error: mustFromJson: unexpected end of JSON input"),
            (
                r#"{{ toYaml (dict "a" (list 1 "2")) }}|{{ toYamlPretty (dict "a" (list 1)) }}|{{ toYaml "a\x7f" }}|"#,
                "a:\n- 1\n- \"2\"|a:\n  - 1||",
            ),
            (
                r#"{{ fromYaml "a: yes" }} {{ fromYaml "- 1" }} {{ fromYaml "" | toJson }} {{ fromYaml "a: b: c" }}"#,
                "map[a:true] map[Error:error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value of type map[string]interface {}] {} map[Error:error converting YAML to JSON: yaml: mapping values are not allowed in this context]",
            ),
            (
                r#"{{ fromYamlArray "- 1" }} {{ fromYamlArray "a: 1" }} {{ fromYamlArray "" | toJson }}"#,
                "[1] [error unmarshaling JSON: while decoding JSON: json: cannot unmarshal object into Go value of type []interface {}] []",
            ),
        ]);
    }
}
