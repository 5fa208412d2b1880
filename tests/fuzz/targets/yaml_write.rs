//! Writes as YAML what JSON or YAML says; rhumb and libyaml read the same back.

#![no_main]

use libfuzzer_sys::fuzz_target;
use libyaml_safer::{Document, NodeData, Parser};
use rhumb::value::{List, Str, Value, deep_equal};
use rhumb::yaml;

/// libyaml's port refuses deeper nesting.
const MAX_DEPTH: usize = 200;

fn depth(value: &Value) -> usize {
    match value {
        Value::List(list) => 1 + list.items().iter().map(depth).max().unwrap_or(0),
        Value::Map(map) => {
            1 + map.entries().iter().map(|(_, value)| depth(value)).max().unwrap_or(0)
        }
        _ => 0,
    }
}

/// Returns whether there is a key `<<` or one of Unicode's line ends, which Helm writes in a way that
/// is read back otherwise.
fn is_lossy(value: &Value) -> bool {
    let has_break = |text: &Str| text.to_str_lossy().contains(['\u{85}', '\u{2028}', '\u{2029}']);
    match value {
        Value::Str(text) => has_break(text),
        Value::List(list) => list.items().iter().any(is_lossy),
        Value::Map(map) => {
            let entries = map.entries();
            entries.iter().any(|(key, value)| *key == "<<" || has_break(key) || is_lossy(value))
        }
        _ => false,
    }
}

/// Returns whether libyaml found a value: shape and texts, but not how other scalars are written.
fn is_same(document: &Document, id: i32, value: &Value) -> bool {
    let Some(node) = document.get_node(id) else { return false };
    match (&node.data, value) {
        (NodeData::Scalar { value: found, .. }, Value::Str(text)) => *text == found.as_str(),
        (NodeData::Scalar { .. }, value) => !matches!(value, Value::Map(_) | Value::List(_)),
        (NodeData::Sequence { items, .. }, Value::List(list)) => {
            let values = list.items();
            items.len() == values.len()
                && items.iter().zip(values.iter()).all(|(id, item)| is_same(document, *id, item))
        }
        (NodeData::Mapping { pairs, .. }, Value::Map(map)) => {
            pairs.len() == map.len()
                && pairs.iter().all(|pair| match document.get_node(pair.key).map(|key| &key.data) {
                    Some(NodeData::Scalar { value: key, .. }) => {
                        map.get(key).is_some_and(|value| is_same(document, pair.value, &value))
                    }
                    _ => false,
                })
        }
        _ => false,
    }
}

fuzz_target!(|text: &[u8]| {
    let Ok(value) = yaml::read(text) else { return };
    if depth(&value) > MAX_DEPTH || is_lossy(&value) {
        return;
    }
    // The port takes the first byte of some letters for a byte order mark.
    let value = Value::from(List::new(vec![value]));
    let Ok(written) = yaml::encode(&value) else { return };
    let shown = String::from_utf8_lossy(&written);
    let again = yaml::read(&written).unwrap_or_else(|error| panic!("{error}: {shown}"));
    assert!(deep_equal(&value, &again), "read back otherwise: {shown}");
    let mut input = &written[..];
    let mut parser = Parser::new();
    parser.set_input_string(&mut input);
    let document = Document::load(&mut parser).unwrap_or_else(|e| panic!("libyaml: {e}: {shown}"));
    assert!(is_same(&document, 1, &value), "libyaml reads otherwise: {shown}");
});
