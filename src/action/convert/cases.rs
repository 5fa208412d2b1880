//! Values to render a chart with.

use std::collections::{BTreeMap, BTreeSet};

use crate::chart::Chart;
use crate::template::{Capabilities, Context, KubeVersion, ReleaseContext};
use crate::value::{List, Map, Value, deep_copy};
use crate::yaml;

/// How many cases are made of the switches under single keys.
const MAX_KEYS: usize = 24;

/// Values and circumstances to render a chart with.
#[derive(Clone, Debug)]
pub(super) struct Case {
    /// What it is called in messages.
    pub(super) name: String,
    /// What the user gives.
    pub(super) values: Map,
    pub(super) context: Context,
    /// Whether it was given, not made here.
    pub(super) is_given: bool,
}

fn context(name: &str, namespace: &str, is_upgrade: bool) -> Context {
    Context {
        release: ReleaseContext {
            name: name.to_owned(),
            namespace: namespace.to_owned(),
            revision: if is_upgrade { 2 } else { 1 },
            is_upgrade,
        },
        capabilities: Capabilities::default(),
    }
}

/// Returns what each leaf of a map of defaults is changed to, as values that lie over them.
fn changed(defaults: &Map, change: &dyn Fn(&Value) -> Option<Value>) -> Map {
    let changes = Map::new();
    for (key, value) in &defaults.entries() {
        let new = match value {
            Value::Map(map) if !map.is_empty() => {
                let inner = changed(map, change);
                (!inner.is_empty()).then_some(Value::Map(inner))
            }
            value => change(value),
        };
        if let Some(new) = new {
            let done = changes.set(key.clone(), new);
            debug_assert!(done.is_ok());
        }
    }
    changes
}

fn merged(a: &Map, b: &Map) -> Map {
    let all = match deep_copy(&Value::Map(a.clone())) {
        Value::Map(map) => map,
        _ => Map::new(),
    };
    crate::chart::merge_maps(&all, b);
    all
}

fn turned(to: bool) -> impl Fn(&Value) -> Option<Value> {
    move |value| match value {
        Value::Bool(old) if *old != to => Some(Value::Bool(to)),
        _ => None,
    }
}

/// Fills what is empty.
fn filled(value: &Value) -> Option<Value> {
    match value {
        Value::Str(text) if text.as_bytes().is_empty() => Some(Value::from("sample")),
        Value::Nil => Some(Value::from("sample")),
        Value::Map(_) => Some(Value::Map(sample())),
        Value::List(list) if list.is_empty() => {
            Some(Value::List(List::new(vec![Value::from("sample"), Value::from("other")])))
        }
        _ => None,
    }
}

/// Returns a map of more than one line.
fn sample() -> Map {
    Map::from_pairs([("sample", Value::from("text")), ("other", Value::from("word"))])
}

/// Fills what is empty with maps.
fn filled_deeply(value: &Value) -> Option<Value> {
    let map = || {
        let pairs = ["name", "key", "value", "host", "secretName", "mountPath"];
        Map::from_pairs(pairs.map(|key| (key, Value::from(format!("some-{key}")))))
    };
    match value {
        Value::Nil => Some(Value::Map(map())),
        Value::Map(_) => Some(Value::Map(Map::from_pairs([("sample", Value::Map(map()))]))),
        Value::List(list) if list.is_empty() => {
            Some(Value::List(List::new(vec![Value::Map(map())])))
        }
        _ => None,
    }
}

/// What templates say of a value: the texts that they compare it with.
type Named = BTreeMap<Vec<String>, BTreeSet<String>>;

/// Returns the values that templates of a chart name.
fn named(chart: &Chart) -> Named {
    const MARK: &str = ".Values.";
    let mut found = Named::new();
    for file in &chart.templates {
        let text = file.data.to_str_lossy();
        for (at, _) in text.match_indices(MARK) {
            let rest = &text[at + MARK.len()..];
            let is_path = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
            let end = rest.find(|c| !is_path(c)).unwrap_or(rest.len());
            let keys: Vec<String> = rest[..end].split('.').map(str::to_owned).collect();
            if keys.iter().any(String::is_empty) {
                continue;
            }
            let texts = found.entry(keys).or_default();
            let line = text[..at].rfind(['\n', '{']).map_or(&text[..at], |start| &text[start..at]);
            if line.contains("eq ") {
                let before = line.trim_end_matches(['$', '(', ' ']);
                let before = before.strip_suffix('"').and_then(|text| text.rsplit('"').next());
                let after = rest[end..].trim_start_matches([')', ' ']);
                let after = after.strip_prefix('"').and_then(|text| text.split('"').next());
                texts.extend(before.or(after).map(str::to_owned));
            }
        }
    }
    found
}

/// Sets a value and the maps around it; what is in the way stays.
fn set_path(map: &Map, keys: &[String], value: Value) {
    let Some((key, rest)) = keys.split_first() else { return };
    let value = match (rest.is_empty(), map.get(key)) {
        (true, _) => value,
        (false, Some(Value::Map(inner))) => return set_path(&inner, rest, value),
        (false, Some(_)) => return,
        (false, None) => {
            let inner = Map::new();
            set_path(&inner, rest, value);
            Value::Map(inner)
        }
    };
    let done = map.set(key.as_str(), value);
    debug_assert!(done.is_ok());
}

fn has_path(map: &Map, keys: &[String]) -> bool {
    match (keys, keys.first().and_then(|key| map.get(key))) {
        ([_], Some(value)) => !value.is_nil(),
        ([_, rest @ ..], Some(Value::Map(inner))) => has_path(&inner, rest),
        _ => false,
    }
}

/// Returns values for what templates name: those without a default set to one value, those that
/// are compared with texts set to the `number`th of them.
fn answers(chart: &Chart, named: &Named, value: &Value, number: usize) -> Map {
    let map = Map::new();
    for (keys, texts) in named {
        let text = texts.iter().nth(number.min(texts.len().saturating_sub(1)));
        let value = match text {
            Some(text) => Value::from(text.as_str()),
            None if has_path(&chart.values, keys) => continue,
            // A map of its own each: one name may lie within another.
            None => deep_copy(value),
        };
        set_path(&map, keys, value);
    }
    map
}

/// Returns the API versions that templates of a chart name.
fn api_versions(chart: &Chart) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for file in &chart.templates {
        let text = file.data.to_str_lossy();
        for part in text.split("APIVersions.Has").skip(1) {
            let quoted = part.split('"').nth(1);
            found.extend(quoted.filter(|text| text.len() < 100).map(str::to_owned));
        }
    }
    found
}

/// Makes the cases of a chart: those that are given come first, the defaults before all.
pub(super) fn cases(chart: &Chart, given: Vec<(String, Map)>) -> Vec<Case> {
    let usual = || context("release-name", "default", false);
    let mut cases = vec![Case {
        name: "the defaults".to_owned(),
        values: Map::new(),
        context: usual(),
        is_given: true,
    }];
    let own = chart
        .files
        .iter()
        .filter(|file| file.name.starts_with("ci/") && file.name.ends_with("-values.yaml"));
    let own = own.filter_map(|file| match yaml::read(file.data.as_bytes()) {
        Ok(Value::Map(map)) => Some((file.name.clone(), map)),
        _ => None,
    });
    for (name, values) in own.chain(given) {
        cases.push(Case { name, values, context: usual(), is_given: true });
    }
    let defaults = &chart.values;
    let mut made: Vec<(String, Map)> = Vec::new();
    let on = changed(defaults, &turned(true));
    let off = changed(defaults, &turned(false));
    let fill = changed(defaults, &filled);
    let deep = changed(defaults, &filled_deeply);
    made.push(("every switch on and what is empty filled".to_owned(), merged(&on, &fill)));
    made.push((
        "every switch on and what is empty filled with maps".to_owned(),
        merged(&on, &deep),
    ));
    made.push(("what is empty filled".to_owned(), fill));
    made.push(("what is empty filled with maps".to_owned(), deep));
    made.push(("every switch off".to_owned(), off));
    for (key, value) in on.entries().iter().take(MAX_KEYS) {
        let values = Map::from_pairs([(key.clone(), value.clone())]);
        made.push((format!("the switches of {key} on"), values));
    }
    made.insert(0, ("every switch on".to_owned(), on.clone()));
    let named = named(chart);
    let answer = |value: Value, number: usize| merged(&on, &answers(chart, &named, &value, number));
    made.push(("what templates ask for set".to_owned(), answer(Value::Bool(true), 0)));
    made.push(("what templates ask for a text".to_owned(), answer(Value::from("sample"), 1)));
    let one = Value::List(List::new(vec![Value::from("sample")]));
    made.push(("what templates ask for a list".to_owned(), answer(one, 2)));
    let pair = Value::Map(sample());
    made.push(("what templates ask for a map".to_owned(), answer(pair, 3)));
    let gone = |wanted: fn(&Value) -> bool| {
        changed(defaults, &|value: &Value| wanted(value).then_some(Value::Nil))
    };
    made.push(("every text taken away".to_owned(), gone(|value| matches!(value, Value::Str(_)))));
    made.push(("every switch taken away".to_owned(), gone(|v| matches!(v, Value::Bool(_)))));
    made.push((
        "every number taken away".to_owned(),
        gone(|v| matches!(v, Value::Int(_) | Value::Float(_) | Value::Int64(_))),
    ));
    made.push((
        "every list and empty map taken away".to_owned(),
        gone(|v| matches!(v, Value::Map(_) | Value::List(_))),
    ));
    for (name, values) in made {
        if values.is_empty() {
            continue;
        }
        cases.push(Case { name, values, context: usual(), is_given: false });
    }
    let mut wide = context("other", "apart", true);
    wide.capabilities.api_versions.extend(api_versions(chart));
    let first = cases.get(1).filter(|case| case.is_given).or_else(|| cases.first());
    let values = first.map(|case| case.values.clone()).unwrap_or_default();
    let mut old = wide.clone();
    if let Ok(version) = KubeVersion::parse("v1.18.0") {
        old.capabilities.kube_version = version;
    }
    for (name, context) in [("an upgrade with more APIs", wide), ("an old cluster", old)] {
        let values = values.clone();
        cases.push(Case { name: name.to_owned(), values, context, is_given: false });
    }
    cases
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{File, Metadata};
    use crate::value::has_cycle;

    #[test]
    fn names_within_names_make_no_circle() {
        let mut chart = Chart::new(Metadata::default());
        chart.templates.push(File {
            name: "templates/a.yaml".to_owned(),
            data: "{{ .Values.more }}{{ .Values.more.deep }}{{ .Values.more.deep.down }}\n".into(),
            modified: None,
        });
        let answers = answers(&chart, &named(&chart), &Value::Map(sample()), 0);
        assert!(has_path(&answers, &["more", "deep", "down"].map(str::to_owned)));
        assert!(!has_cycle(&Value::Map(answers)));
    }

    #[test]
    fn values_are_made_from_what_there_is_and_what_is_asked_for() {
        let mut chart = Chart::new(Metadata::default());
        let read = |text: &str| match yaml::read(text.as_bytes()).unwrap() {
            Value::Map(map) => map,
            _ => Map::new(),
        };
        chart.values = read("a: {live: false, b: 1}\nt: \"\"\nl: []\nm: {}\nkind: x\n");
        let text = "{{ if eq .Values.kind \"y\" }}{{ .Values.more.deep }}{{ end }}\n";
        chart.templates.push(File {
            name: "templates/a.yaml".to_owned(),
            data: text.into(),
            modified: None,
        });
        chart.files.push(File {
            name: "ci/x-values.yaml".to_owned(),
            data: "a: {b: 2}".into(),
            modified: None,
        });
        let given = vec![("mine.yaml".to_owned(), read("t: z"))];
        let cases = cases(&chart, given);
        let shown = |name: &str| {
            let case = cases.iter().find(|case| case.name == name);
            let values = case.map(|case| Value::Map(case.values.clone()));
            crate::json::to_serde(&values.unwrap_or_default()).to_string()
        };
        for (name, expected) in [
            ("the defaults", "{}"),
            ("ci/x-values.yaml", r#"{"a":{"b":2}}"#),
            ("mine.yaml", r#"{"t":"z"}"#),
            ("every switch on", r#"{"a":{"live":true}}"#),
            (
                "what is empty filled",
                r#"{"l":["sample","other"],"m":{"other":"word","sample":"text"},"t":"sample"}"#,
            ),
            ("every number taken away", r#"{"a":{"b":null}}"#),
            (
                "what templates ask for set",
                r#"{"a":{"live":true},"kind":"y","more":{"deep":true}}"#,
            ),
        ] {
            assert_eq!(shown(name), expected, "{name}");
        }
        assert_eq!(cases.iter().filter(|case| case.is_given).count(), 3);
    }
}
