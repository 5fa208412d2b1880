//! Replays calls recorded from Helm 4.3.1: `typeOf` and `%v` of each result, or its error.

use serde_json::Value as Json;

use super::{Env, Failure, find};
use crate::value::{Map, Value, to_text};

/// Calls every recorded row of `fixture` and lists all that differ in one panic.
fn replay(env: &Env, fixture: &str) {
    let mut wrong = Vec::new();
    for line in fixture.lines() {
        let row: Json = serde_json::from_str(line).unwrap();
        let expected = match (&row["ok"], &row["hex"], &row["err"]) {
            (Json::String(text), ..) => Ok(text.clone().into_bytes()),
            (_, Json::String(hex), _) => Ok(unhex(hex)),
            (.., Json::String(text)) => Err(text.clone()),
            _ => panic!("no expectation in {line}"),
        };
        let got = evaluate(env, &row["call"]).map(|value| {
            let mut text = value.type_name().as_bytes().to_vec();
            text.push(b'|');
            text.extend_from_slice(to_text(&value).as_bytes());
            text
        });
        if got != expected {
            let show =
                |r: Result<Vec<u8>, String>| r.map(|b| String::from_utf8_lossy(&b).into_owned());
            wrong.push(format!(
                "{}\n   got {:?}\n  want {:?}",
                row["call"],
                show(got),
                show(expected)
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

fn evaluate(env: &Env, call: &Json) -> Result<Value, String> {
    Ok(match call {
        Json::Null => Value::Nil,
        Json::Bool(b) => Value::Bool(*b),
        Json::Number(n) => Value::Int(n.as_i64().unwrap()),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => {
            let name = items[0].as_str().unwrap();
            let args = evaluate_all(env, &items[1..])?;
            let function = find(name).unwrap_or_else(|| panic!("no function {name}"));
            (function.call)(env, &args).map_err(|failure| match failure {
                Failure::Message(text) | Failure::User(text) => text,
                Failure::Frozen => "frozen".to_owned(),
            })?
        }
        Json::Object(object) => {
            if let Some(x) = object.get("float") {
                Value::Float(x.as_f64().unwrap())
            } else if let Some(n) = object.get("int64") {
                Value::Int64(n.as_i64().unwrap())
            } else if let Some(hex) = object.get("bytes") {
                Value::str(unhex(hex.as_str().unwrap()))
            } else if let Some(Json::String(name)) = object.get("method") {
                let args = object.get("args").and_then(Json::as_array).map(Vec::as_slice);
                let args = evaluate_all(env, args.unwrap_or_default())?;
                match evaluate(env, &object["of"])? {
                    Value::Object(of) => {
                        of.call(name, &args).unwrap_or_else(|| panic!("no method {name}"))?
                    }
                    other => panic!("{name} of {other:?}"),
                }
            } else {
                let name = object["get"].as_str().unwrap();
                match evaluate(env, &object["of"])? {
                    Value::Object(of) => Map::from_pairs(of.fields()).get(name).unwrap(),
                    Value::Map(of) => of.get(name).unwrap_or_default(),
                    other => panic!("{name} of {other:?}"),
                }
            }
        }
    })
}

fn evaluate_all(env: &Env, calls: &[Json]) -> Result<Vec<Value>, String> {
    calls.iter().map(|call| evaluate(env, call)).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    text.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

#[test]
fn regex() {
    replay(&Env::new(), include_str!("../../../tests/fixtures/function/regex.jsonl"));
}

#[test]
fn semver() {
    replay(&Env::new(), include_str!("../../../tests/fixtures/function/semver.jsonl"));
}

#[test]
fn url() {
    replay(&Env::new(), include_str!("../../../tests/fixtures/function/url.jsonl"));
}

#[test]
fn path() {
    replay(&Env::new(), include_str!("../../../tests/fixtures/function/path.jsonl"));
}

#[test]
fn duration() {
    let zone = jiff::tz::TimeZone::get("UTC").unwrap();
    let env = Env { zone: Some(zone), ..Env::new() };
    replay(&env, include_str!("../../../tests/fixtures/function/duration.jsonl"));
}

#[test]
fn date() {
    let zone = jiff::tz::TimeZone::get("UTC").unwrap();
    let env = Env { zone: Some(zone), ..Env::new() };
    replay(&env, include_str!("../../../tests/fixtures/function/date.jsonl"));
}

#[test]
fn date_new_york() {
    let zone = jiff::tz::TimeZone::get("America/New_York").unwrap();
    let env = Env { zone: Some(zone), ..Env::new() };
    replay(&env, include_str!("../../../tests/fixtures/function/date_new_york.jsonl"));
}

#[test]
fn crypto() {
    replay(&Env::new(), include_str!("../../../tests/fixtures/function/crypto.jsonl"));
}

#[test]
fn toml() {
    replay(&Env::new(), include_str!("../../../tests/fixtures/function/toml.jsonl"));
}
