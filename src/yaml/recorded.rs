//! Replays what Helm 4.3.1 printed for documents of every nasty kind.

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{WriteOptions, read, to_yaml, to_yaml_pretty, write};
use crate::json::{self, Escape};
use crate::value::{Map, Value};

fn bytes(case: &Value, name: &str) -> Vec<u8> {
    let text = case.as_map().and_then(|map| map.get(name));
    let text = text.as_ref().and_then(Value::as_string).expect("the field is a string");
    STANDARD.decode(text.as_bytes()).expect("the field is base64")
}

/// What `fromYaml` and `fromJson` give for a failure.
fn failed(message: String) -> Value {
    Value::Map(Map::from_pairs([("Error", Value::from(message))]))
}

/// What `fromYaml` and `fromJson` give for a value, which has to be a map.
fn as_map(value: Value, prefix: &str) -> Value {
    let found = match &value {
        Value::Map(_) => return value,
        Value::Nil => return Value::Map(Map::new()),
        Value::List(_) => "array",
        Value::Bool(_) => "bool",
        Value::Float(_) => "number",
        _ => "string",
    };
    failed(format!(
        "{prefix}json: cannot unmarshal {found} into Go value of type map[string]interface {{}}"
    ))
}

fn replay(kind: &str, input: &[u8]) -> Vec<u8> {
    let value = json::read(input).expect("the input is JSON");
    let text = value.as_string().map(|text| text.as_bytes().to_vec()).unwrap_or_default();
    let mut out = Vec::new();
    match kind {
        "write" => return to_yaml(&value).unwrap_or_default(),
        "pretty" => return to_yaml_pretty(&value).unwrap_or_default(),
        "nindent" => {
            out.push(b'\n');
            let options = WriteOptions { indent: 6, strip_last_newline: true };
            if write(&mut out, &value, &options).is_err() {
                out.extend_from_slice(b"      ");
            }
        }
        "tojson" => json::write(&mut out, &value, Escape::Html).expect("the value is JSON"),
        "prettyjson" => json::write_pretty(&mut out, &value).expect("the value is JSON"),
        "read" => {
            let value = match read(&text) {
                Ok(value) => as_map(value, "error unmarshaling JSON: while decoding JSON: "),
                Err(error) => failed(error.in_helm()),
            };
            json::write(&mut out, &value, Escape::Raw).expect("the value is JSON");
        }
        "json" => {
            let value = match json::read(&text) {
                Ok(value) => as_map(value, ""),
                Err(error) => failed(error.to_string()),
            };
            json::write(&mut out, &value, Escape::Raw).expect("the value is JSON");
        }
        _ => panic!("unknown kind {kind}"),
    }
    out
}

#[test]
fn equals_helm() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/yaml");
    let mut count = 0;
    let mut different = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder exists") {
        let path = entry.expect("the folder can be read").path();
        let text = fs::read(&path).expect("the file can be read");
        for line in text.split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
            let case = json::read(line).expect("a line is JSON");
            let kind = case.as_map().and_then(|map| map.get("kind"));
            let kind = kind.as_ref().and_then(Value::as_string).expect("a kind").to_string();
            let (input, output) = (bytes(&case, "input"), bytes(&case, "output"));
            let ours = replay(&kind, &input);
            count += 1;
            if ours != output {
                different.push(format!(
                    "{kind} {}\nHelm: {:?}\nours: {:?}",
                    String::from_utf8_lossy(&input),
                    String::from_utf8_lossy(&output),
                    String::from_utf8_lossy(&ours)
                ));
            }
        }
    }
    assert!(count > 100, "only {count} cases");
    assert!(different.is_empty(), "{} of {count}:\n{}", different.len(), different.join("\n\n"));
}
