//! Replays what Helm 4.3.1 says about one-chart schemas and values.

use serde_json::Value as Json;

use super::validate;
use crate::chart::{Chart, Metadata};
use crate::value::{Map, Str, Value};
use crate::values::merge;
use crate::yaml;

/// One JSON object per line: the texts of `schema` and `values`, and in `messages` all that Helm
/// printed in several runs, since the order of its failures varies.
const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/schema/cases.jsonl");

fn message(schema: &str, values: &str) -> String {
    let mut chart = Chart::new(Metadata { name: "t".into(), ..Metadata::default() });
    chart.schema = Some(Str::from(schema));
    if let Ok(Value::Map(map)) = yaml::read(values.as_bytes()) {
        chart.values = map;
    }
    let Ok(merged) = merge(&chart, &Map::new()).value else { return "no merge".to_owned() };
    match validate(&chart, &merged, None).value {
        Ok(()) => String::new(),
        Err(errors) => format!("Error: {errors}\n"),
    }
}

/// Sorts the lines, nested ones with their parents, and the names in lists of properties.
fn unordered(text: &str) -> String {
    let mut paths: Vec<String> = Vec::new();
    let mut above: Vec<String> = Vec::new();
    for line in text.lines() {
        let depth = (line.len() - line.trim_start().len()) / 2;
        let mut line = line.trim_start().to_owned();
        if let Some((head, tail)) = line.split_once(": additional properties ") {
            let mut names: Vec<&str> = tail.trim_end_matches(" not allowed").split(", ").collect();
            names.sort_unstable();
            line = format!("{head}: additional properties {}", names.join(", "));
        }
        above.truncate(depth);
        above.push(line);
        paths.push(above.join("\n"));
    }
    paths.sort_unstable();
    paths.join("\n")
}

#[test]
fn helm_says_the_same() {
    let cases = std::fs::read_to_string(CASES).unwrap_or_default();
    let mut count = 0;
    let mut wrong = Vec::new();
    for line in cases.lines() {
        let Ok(case) = serde_json::from_str::<Json>(line) else { panic!("bad case: {line}") };
        let text = |key: &str| case[key].as_str().unwrap_or_default().to_owned();
        let (schema, values) = (text("schema"), text("values"));
        let ours = message(&schema, &values);
        let known: Vec<&str> =
            case["messages"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
        let same = match known.as_slice() {
            [only] => *only == ours,
            several => several.iter().any(|one| unordered(one) == unordered(&ours)),
        };
        count += 1;
        if !same {
            let helm = known.first().copied().unwrap_or_default();
            wrong.push(format!("{schema}\n{values}\nhelm: {helm}\nours: {ours}"));
        }
    }
    assert!(count >= 100, "only {count} cases in {CASES}");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}
