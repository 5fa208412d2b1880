use crate::value::{Map, Value};
use crate::yaml::{self, Children, Located, Step};

/// The annotation that says which file a document came from.
pub(super) const KEY: &str = "postrenderer.helm.sh/postrender-filename";

const METADATA: Step<'static> = Step::Key(b"metadata");
const ANNOTATIONS: Step<'static> = Step::Key(b"annotations");

/// Returns the file that a document's annotation names.
pub(super) fn file_of(document: &Value) -> Option<String> {
    let Value::Map(document) = document else { return None };
    let Some(Value::Map(metadata)) = document.get("metadata") else { return None };
    let Some(Value::Map(annotations)) = metadata.get("annotations") else { return None };
    match annotations.get(KEY)? {
        Value::Str(path) => Some(path.to_str_lossy().into_owned()),
        _ => None,
    }
}

/// Writes the annotation into a document, and leaves the rest of the text as it is where the
/// document's form allows it.
pub(super) fn add(text: &[u8], path: &str) -> Vec<u8> {
    if let Some(marked) = try_add(text, path)
        && yaml::read(&marked).is_ok_and(|value| file_of(&value).as_deref() == Some(path))
    {
        return marked;
    }
    rewrite(text, |annotations| {
        // A map that was just read is writable.
        annotations.set(KEY, Value::from(path)).unwrap_or_default();
    })
}

/// Takes the annotation out of a document again, with the maps that are empty without it.
pub(super) fn remove(text: &[u8]) -> Vec<u8> {
    if let Some(plain) = try_remove(text)
        && yaml::read(&plain).is_ok_and(|value| file_of(&value).is_none())
    {
        return plain;
    }
    rewrite(text, |annotations| drop(annotations.remove(KEY)))
}

/// Changes the annotations of a document and writes it anew.
fn rewrite(text: &[u8], change: impl FnOnce(&Map)) -> Vec<u8> {
    let Ok(Value::Map(document)) = yaml::read(text) else { return text.to_vec() };
    let Value::Map(document) = crate::value::thaw(&Value::Map(document)) else {
        return text.to_vec();
    };
    let inner = |map: &Map, key: &str| match map.get(key) {
        Some(Value::Map(inner)) => inner,
        _ => Map::new(),
    };
    let metadata = inner(&document, "metadata");
    let annotations = inner(&metadata, "annotations");
    change(&annotations);
    let put = |map: &Map, key: &str, inner: Map| {
        let empty = inner.is_empty();
        let result =
            if empty { map.remove(key).map(drop) } else { map.set(key, Value::Map(inner)) };
        // Maps out of `thaw` are writable.
        result.unwrap_or_default();
    };
    put(&metadata, "annotations", annotations);
    put(&document, "metadata", metadata);
    yaml::encode(&Value::Map(document)).unwrap_or_else(|_| text.to_vec())
}

/// The first entry of a map: what is written before it belongs to the map.
fn first_entry(node: &Located) -> Option<&Located> {
    let Children::Map(children) = &node.children else { return None };
    children.values().min_by_key(|child| child.key.map_or(usize::MAX, |key| key.offset))
}

fn is_flow(text: &[u8], node: &Located) -> bool {
    text.get(node.start.offset) == Some(&b'{')
}

/// Writes an entry in front of the first one of a map.
fn insert(text: &[u8], node: &Located, entry: &str) -> Option<Vec<u8>> {
    if is_flow(text, node) {
        let at = node.start.offset + 1;
        let comma = if first_entry(node).is_some() { ", " } else { "" };
        return Some([&text[..at], entry.as_bytes(), comma.as_bytes(), &text[at..]].concat());
    }
    let at = first_entry(node)?.key?.offset;
    let line = text[..at].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let indent = &text[line..at];
    if !indent.iter().all(|b| *b == b' ') {
        return None;
    }
    Some([&text[..at], entry.as_bytes(), b"\n", indent, &text[at..]].concat())
}

fn try_add(text: &[u8], path: &str) -> Option<Vec<u8>> {
    let (value, positions) = yaml::read_with_positions(text).ok()?;
    let Value::Map(document) = value else { return None };
    let own = format!("{KEY}: '{}'", path.replace('\'', "''"));
    let Some(metadata) = document.get("metadata") else {
        return insert(text, &positions.root, &format!("metadata: {{annotations: {{{own}}}}}"));
    };
    let place = positions.get(&[METADATA])?;
    let Value::Map(metadata) = metadata else {
        return replace_nothing(text, place, &metadata, &format!("{{annotations: {{{own}}}}}"));
    };
    let Some(annotations) = metadata.get("annotations") else {
        return insert(text, place, &format!("annotations: {{{own}}}"));
    };
    let place = positions.get(&[METADATA, ANNOTATIONS])?;
    let Value::Map(annotations) = annotations else {
        return replace_nothing(text, place, &annotations, &format!("{{{own}}}"));
    };
    if annotations.contains(KEY) {
        return None;
    }
    insert(text, place, &own)
}

/// Writes a value where there is none, or a null.
fn replace_nothing(text: &[u8], place: &Located, found: &Value, value: &str) -> Option<Vec<u8>> {
    if !matches!(found, Value::Nil) {
        return None;
    }
    let key = place.key?.offset;
    let colon = key + text[key..].iter().position(|b| *b == b':')?;
    let (start, end) = (place.start.offset, place.end.offset);
    let written = text.get(start..end).unwrap_or_default();
    let rest = if matches!(written, b"~" | b"null" | b"Null" | b"NULL") { end } else { colon + 1 };
    Some([&text[..=colon], b" ", value.as_bytes(), &text[rest..]].concat())
}

fn try_remove(text: &[u8]) -> Option<Vec<u8>> {
    let (_, positions) = yaml::read_with_positions(text).ok()?;
    let chain = [METADATA, ANNOTATIONS, Step::Key(KEY.as_bytes())];
    let mut length = chain.len();
    // A map that holds nothing else goes with it.
    while length > 1 {
        let parent = positions.get(&chain[..length - 1])?;
        match &parent.children {
            Children::Map(children) if children.len() == 1 => length -= 1,
            _ => break,
        }
    }
    let parent = positions.get(&chain[..length - 1])?;
    let entry = positions.get(&chain[..length])?;
    let (start, end) = (entry.key?.offset, entry.end.offset);
    if is_flow(text, parent) {
        let before = text[..start].trim_ascii_end();
        let after = &text[end..];
        let trimmed = after.trim_ascii_start();
        return Some(if let Some(rest) = trimmed.strip_prefix(b",") {
            [&text[..start], rest.trim_ascii_start()].concat()
        } else {
            let before = before.strip_suffix(b",").unwrap_or(before);
            [before, trimmed].concat()
        });
    }
    let line = text[..start].iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    if !text[line..start].iter().all(|b| *b == b' ') {
        return None;
    }
    // A scalar may end at the start of the next line already.
    let last = text[..end].iter().rposition(|b| !b.is_ascii_whitespace()).map_or(end, |at| at + 1);
    let next = text[last..].iter().position(|b| *b == b'\n').map_or(text.len(), |at| last + at + 1);
    Some([&text[..line], &text[next..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_put_in_and_taken_out_again() {
        let same = [
            "kind: A\n",
            "# c\nkind: A # d\nx: |+\n  a\n\n",
            "kind: A\nmetadata:\n  name: x # n\n  labels: {}\nspec: {}\n",
            "metadata:\n    name: x\n    annotations:\n        # first\n        a: b\n        c: d\n",
            "{\"kind\": \"A\", \"metadata\": {\"name\": \"x\"}}",
            "metadata: {name: x, annotations: {a: b}}\n",
            "metadata: {name: x, annotations: {}}\n",
            "  kind: A\n  metadata:\n    name: x\n",
            "a: &x {q: 1}\nb: *x\nmetadata: &m\n  annotations: &an\n    foo: bar\n",
        ];
        for text in same {
            let marked = add(text.as_bytes(), "c/it's.yaml");
            let value = yaml::read(&marked).unwrap();
            assert_eq!(file_of(&value).as_deref(), Some("c/it's.yaml"), "{text}");
            let plain = String::from_utf8(remove(&marked)).unwrap();
            let expected = text.replace(", annotations: {}", "");
            assert_eq!(plain, expected);
        }
    }

    #[test]
    fn what_is_empty_without_the_mark_goes() {
        let cases = [
            ("kind: C\nmetadata:\n", "kind: C\n"),
            ("kind: C\nmetadata: # none\nspec: 1\n", "kind: C\nspec: 1\n"),
            ("kind: C\nmetadata:\n  annotations:\n", "kind: C\n"),
            ("kind: C\nmetadata: {annotations: null}\n", "kind: C\n"),
            (
                "kind: C\nmetadata:\n  annotations: ~\n  name: x\n",
                "kind: C\nmetadata:\n  name: x\n",
            ),
        ];
        for (text, expected) in cases {
            let marked = add(text.as_bytes(), "a");
            let value = yaml::read(&marked).unwrap();
            assert_eq!(file_of(&value).as_deref(), Some("a"), "{text}");
            assert_eq!(String::from_utf8(remove(&marked)).unwrap(), expected);
        }
    }

    #[test]
    fn forms_that_programs_write() {
        let cases = [
            (
                "metadata:\n  annotations:\n    a: b\n    postrenderer.helm.sh/postrender-filename: x\n  \
                 name: n\n",
                "metadata:\n  annotations:\n    a: b\n  name: n\n",
            ),
            (
                "metadata:\n  annotations:\n    \"postrenderer.helm.sh/postrender-filename\": >-\n      \
                 x/y\nkind: A\n",
                "kind: A\n",
            ),
            (
                "metadata:\n  annotations:\n    postrenderer.helm.sh/postrender-filename: |\n      x\nkind: \
                 A\n",
                "kind: A\n",
            ),
            (
                "{\"metadata\":{\"annotations\":{\"a\":\"b\",\"postrenderer.helm.sh/postrender-filename\":\
                 \"x\"}}}",
                "{\"metadata\":{\"annotations\":{\"a\":\"b\"}}}",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(String::from_utf8(remove(text.as_bytes())).unwrap(), expected);
        }
    }
}
