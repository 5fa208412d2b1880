//! What a template wrote, as far as it counts.

use crate::diagnostic::Diagnostic;
use crate::template::{RenderedFile, output_name};
use crate::value::Value;
use crate::yaml;

/// What a template wrote.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The documents of a YAML file.
    Objects(Vec<Value>),
    /// The lines of another file that are not blank, without white space at their ends.
    Lines(Vec<String>),
    /// Text that is no YAML.
    Broken(String),
    /// The template failed.
    Failed(String),
    /// Text with signs of a mistake in the template, which cannot be held against anything.
    Unclear,
}

/// What Go prints where a template is wrong.
const SIGNS: &[&str] = &["%!", "map[", "<nil>"];

/// Errors that a template makes on purpose.
const MEANT: &[&str] =
    &["error calling fail", "error calling required", "at <fail", "at <required"];

fn is_text(path: &str) -> bool {
    output_name(path).rsplit_once('.').is_some_and(|(_, extension)| extension == "txt")
}

impl Outcome {
    pub(super) fn new(path: &str, result: Result<RenderedFile, Diagnostic>) -> Self {
        let file = match result {
            Ok(file) => file,
            Err(diagnostic) => return Outcome::Failed(diagnostic.message),
        };
        if is_text(path) {
            let text = String::from_utf8_lossy(&file.text);
            let lines = text.lines().map(str::trim_end).filter(|line| !line.is_empty());
            return Outcome::Lines(lines.map(str::to_owned).collect());
        }
        let mut objects = Vec::new();
        for range in yaml::split_documents(&file.text) {
            match yaml::read(&file.text[range]) {
                Ok(Value::Nil) => {}
                Ok(value) => objects.push(value),
                Err(error) => return Outcome::Broken(error.to_string()),
            }
        }
        Outcome::Objects(objects)
    }

    /// Makes the outcome of a template in Go, which the other is held against.
    pub(super) fn reference(path: &str, result: Result<RenderedFile, Diagnostic>) -> Self {
        if let Ok(file) = &result {
            let has = |sign: &&str| memchr::memmem::find(&file.text, sign.as_bytes()).is_some();
            if SIGNS.iter().any(has) {
                return Outcome::Unclear;
            }
        }
        Outcome::new(path, result)
    }

    /// Returns whether the template wrote something.
    pub(super) fn is_something(&self) -> bool {
        match self {
            Outcome::Objects(objects) => !objects.is_empty(),
            Outcome::Lines(lines) => !lines.is_empty(),
            _ => false,
        }
    }

    /// Says how what the template in Jinja wrote differs from this. Of the errors of values that
    /// were made up, only those that the author of the template wanted count.
    pub(super) fn difference(&self, other: &Outcome, is_given: bool) -> Option<String> {
        match (self, other) {
            (Outcome::Failed(message), _)
                if !is_given && !MEANT.iter().any(|sign| message.contains(sign)) =>
            {
                None
            }
            (Outcome::Unclear | Outcome::Broken(_), _)
            | (Outcome::Failed(_), Outcome::Failed(_) | Outcome::Broken(_)) => None,
            (Outcome::Objects(old), Outcome::Objects(new)) => {
                if old.len() != new.len() {
                    return Some(format!("{} documents, not {}", new.len(), old.len()));
                }
                old.iter().zip(new).find_map(|(old, new)| difference(old, new, &mut Vec::new()))
            }
            (Outcome::Lines(old), Outcome::Lines(new)) => {
                let at = (0..old.len().max(new.len())).find(|i| old.get(*i) != new.get(*i))?;
                let show = |lines: &[String]| lines.get(at).map_or("nothing", |l| l).to_owned();
                Some(format!("the text has {:?}, not {:?}", show(new), show(old)))
            }
            (_, Outcome::Failed(message)) => Some(message.clone()),
            (_, Outcome::Broken(message)) => Some(format!("the text is no YAML: {message}")),
            (Outcome::Failed(message), _) => Some(format!("it does not fail: {message}")),
            _ => Some("another kind of file".to_owned()),
        }
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) | Value::Int64(n) => Some(*n as f64),
        Value::Uint8(n) => Some(f64::from(*n)),
        Value::Uint64(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        _ => None,
    }
}

fn show(value: &Value) -> String {
    let text = yaml::to_yaml(value).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let text = text.trim();
    let short: String = text.chars().take(60).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{more}")
}

/// Finds the first place where two values differ.
fn difference(old: &Value, new: &Value, path: &mut Vec<String>) -> Option<String> {
    match (old, new) {
        (Value::Map(old), Value::Map(new)) => {
            for (key, value) in &old.entries() {
                path.push(key.to_string());
                let Some(other) = new.get(key) else {
                    return Some(format!("{} is missing", path.join(".")));
                };
                if let Some(found) = difference(value, &other, path) {
                    return Some(found);
                }
                path.pop();
            }
            let added = new.keys().into_iter().find(|key| !old.contains(key))?;
            path.push(added.to_string());
            Some(format!("{} is added", path.join(".")))
        }
        (Value::List(old), Value::List(new)) if old.len() == new.len() => {
            let (old, new) = (old.items(), new.items());
            for (i, (old, new)) in old.iter().zip(new.iter()).enumerate() {
                path.push(i.to_string());
                if let Some(found) = difference(old, new, path) {
                    return Some(found);
                }
                path.pop();
            }
            None
        }
        _ => {
            let same = match (number(old), number(new)) {
                (Some(a), Some(b)) => a == b || (a.is_nan() && b.is_nan()),
                _ => crate::value::deep_equal(old, new),
            };
            (!same).then(|| format!("{} is {}, not {}", path.join("."), show(new), show(old)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_named_by_their_place() {
        let read = |text: &str| yaml::read(text.as_bytes()).unwrap();
        for (old, new, expected) in [
            ("a: {b: [1, 2]}", "a: {b: [1, 2.0]}", None),
            ("a: {b: [1, 2]}", "a: {b: [1, 3]}", Some("a.b.1 is \"3\", not \"2\"")),
            ("a: 1", "b: 1", Some("a is missing")),
            ("a: 1", "a: 1\nb: 1", Some("b is added")),
            ("a: '1'", "a: 1", Some("a is \"1\", not \"\\\"1\\\"\"")),
            ("a: ''", "a:", Some("a is \"null\", not \"\\\"\\\"\"")),
        ] {
            let found = difference(&read(old), &read(new), &mut Vec::new());
            assert_eq!(found.as_deref(), expected, "{old} {new}");
        }
    }
}
