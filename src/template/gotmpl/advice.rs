//! What is known, once a template has failed, of the values it asked for.
//!
//! Nothing here runs unless there is an error, so it searches where the engine would not.

use std::fmt::Write as _;

use super::ast::{At, Expr, ExprKind, Unit};
use crate::diagnostic::nearest;
use crate::value::{Map, Str, Value};

/// How many levels of the values are searched.
const MAX_DEPTH: usize = 12;

/// How many maps are searched, over all.
const MAX_MAPS: usize = 20_000;

/// Shorter keys, in bytes, say too little to be looked for on other levels.
const MIN_KEY: usize = 3;

/// How many keys of a level are named.
const MAX_KEYS: usize = 8;

/// The longest text of a value that is quoted, in characters.
const MAX_TEXT: usize = 40;

/// What an expression was looked up in.
pub(super) struct Scene<'a> {
    pub(super) unit: &'a Unit,
    /// The data of the file that is rendered.
    pub(super) root: &'a Value,
    pub(super) dot: &'a Value,
    /// The value of a variable's slot.
    pub(super) variable: &'a dyn Fn(&Expr) -> Option<Value>,
}

impl Scene<'_> {
    /// Says what there is of the value that an expression names: that it is not set, and which key
    /// may be meant; or what it is.
    pub(super) fn explain(&self, at: At) -> Option<String> {
        let id = match at {
            At::Expr(id) => id,
            At::Command(id) => {
                let args = self.unit.commands[id as usize].args;
                if args.len() > 1 {
                    return self.explain_index(id);
                }
                args.start
            }
            At::Pipe(id) => {
                let commands = self.unit.pipes[id as usize].commands;
                return if commands.len() == 1 {
                    self.explain(At::Command(commands.start))
                } else {
                    None
                };
            }
            At::Node(_) => return None,
        };
        let expr = &self.unit.exprs[id as usize];
        if let ExprKind::Pipe(pipe) = expr.kind {
            return self.explain(At::Pipe(pipe));
        }
        let (value, path, names) = self.named(expr)?;
        self.follow(value, path, &names)
    }

    /// Explains `index VALUE "key"…`, with the keys that are constants.
    pub(super) fn explain_index(&self, command: u32) -> Option<String> {
        let args = self.unit.commands[command as usize].args.of(&self.unit.exprs);
        let [callee, base, keys @ ..] = args else { return None };
        let ExprKind::Function(_, name) = callee.kind else { return None };
        if name.of(self.unit.text.as_bytes()) != b"index" {
            return None;
        }
        let (value, path, mut names) = self.named(base)?;
        for key in keys {
            let ExprKind::Text(text, _) = &key.kind else { break };
            names.push(text.clone());
        }
        self.follow(value, path, &names)
    }

    /// Takes an expression apart: a value, its path, and the keys followed from it.
    fn named(&self, expr: &Expr) -> Option<(Value, String, Vec<Str>)> {
        let fields = |fields: super::ast::Ids| fields.of(&self.unit.fields).to_vec();
        let (value, shown, names) = match &expr.kind {
            ExprKind::Dot => (self.dot.clone(), String::new(), Vec::new()),
            ExprKind::Field(names) => (self.dot.clone(), String::new(), fields(*names)),
            ExprKind::Variable { name, fields: names, .. } => {
                let name = String::from_utf8_lossy(name.of(self.unit.text.as_bytes()));
                ((self.variable)(expr)?, name.into_owned(), fields(*names))
            }
            _ => return None,
        };
        let path = self.path_of(&value).unwrap_or(shown);
        Some((value, path, names))
    }

    fn follow(&self, mut value: Value, mut path: String, names: &[Str]) -> Option<String> {
        for name in names {
            let Value::Map(map) = &value else {
                return (!matches!(value, Value::Object(_))).then(|| is_what(&path, &value));
            };
            let key = name.to_str_lossy();
            match map.get(name) {
                Some(next) => {
                    push(&mut path, &key);
                    value = next;
                }
                None => return Some(self.missing(map, &path, &key)),
            }
        }
        let is_dull = path.starts_with('$') && matches!(value, Value::Map(_));
        if path.is_empty() || is_dull {
            return None;
        }
        Some(is_what(&path, &value))
    }

    /// Says that a map lacks a key, and what may be meant instead.
    fn missing(&self, map: &Map, path: &str, key: &str) -> String {
        let at = |key: &str| {
            let mut path = path.to_owned();
            push(&mut path, key);
            path
        };
        if let Some(trap) = trap(map, key) {
            return format!("`{}` is not set; {trap}", at(key));
        }
        let mut text = format!("`{}` is not set", at(key));
        let keys: Vec<_> = map.keys().iter().map(|key| key.to_str_lossy().into_owned()).collect();
        if let Some(near) = nearest(key, keys.iter().map(String::as_str)) {
            write!(text, "; did you mean `{}`?", at(near)).unwrap_or_default();
        } else if key.len() >= MIN_KEY
            && let Some(elsewhere) = self.elsewhere(key)
        {
            write!(text, "; there is `{elsewhere}`").unwrap_or_default();
        } else if keys.is_empty() {
            if !path.is_empty() {
                write!(text, "; `{path}` is empty").unwrap_or_default();
            }
        } else if keys.len() <= MAX_KEYS && !path.is_empty() {
            write!(text, "; `{path}` has {}", keys.join(", ")).unwrap_or_default();
        }
        text
    }

    /// Finds the path of a map by its identity.
    fn path_of(&self, value: &Value) -> Option<String> {
        let (Value::Map(wanted), Value::Map(root)) = (value, self.root) else { return None };
        let mut found = None;
        search(root, &mut |map, path| {
            if map.ptr_eq(wanted) {
                found = Some(path.to_owned());
            }
            found.is_some()
        });
        found
    }

    /// Finds the one place among the values that has a key of that name.
    fn elsewhere(&self, key: &str) -> Option<String> {
        let Value::Map(root) = self.root else { return None };
        let Some(Value::Map(values)) = root.get("Values") else { return None };
        let mut found = Vec::new();
        search(&values, &mut |map, path| {
            if map.contains(key) {
                let mut path = format!(".Values{path}");
                push(&mut path, key);
                found.push(path);
            }
            found.len() > 1
        });
        if found.len() == 1 { found.pop() } else { None }
    }
}

/// Visits the maps under a map, nearest first, until `visit` returns true.
fn search(root: &Map, visit: &mut dyn FnMut(&Map, &str) -> bool) {
    let mut level = vec![(root.clone(), String::new())];
    let mut seen = 0;
    for _ in 0..MAX_DEPTH {
        let mut next = Vec::new();
        for (map, path) in level {
            seen += 1;
            if seen > MAX_MAPS || visit(&map, &path) {
                return;
            }
            for (key, value) in map.entries() {
                if let Value::Map(inner) = value {
                    let mut path = path.clone();
                    push(&mut path, &key.to_str_lossy());
                    next.push((inner, path));
                }
            }
        }
        level = next;
    }
}

/// Recognises keys that YAML 1.1 reads as booleans, and what `fromYaml` and its like answer to text
/// that they cannot read.
fn trap(map: &Map, key: &str) -> Option<String> {
    let boolean = match key.to_ascii_lowercase().as_str() {
        "y" | "yes" | "on" => "true",
        "n" | "no" | "off" => "false",
        _ => "",
    };
    if !boolean.is_empty() && map.contains(boolean) {
        return Some(format!("YAML reads the key {key} as the boolean {boolean}: quote it"));
    }
    match map.get("Error") {
        Some(Value::Str(text)) if map.len() == 1 => {
            Some(format!("the text it was read from is not sound: {text}"))
        }
        _ => None,
    }
}

/// Extends a path by a key.
fn push(path: &mut String, key: &str) {
    let is_plain = |key: &str| {
        !key.is_empty()
            && !key.starts_with(|c: char| c.is_ascii_digit())
            && key.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    path.push('.');
    if is_plain(key) {
        path.push_str(key);
    } else {
        write!(path, "{key:?}").unwrap_or_default();
    }
}

/// Says what a value is.
fn is_what(path: &str, value: &Value) -> String {
    let what = match value {
        Value::Nil | Value::Absent => "null".to_owned(),
        Value::Bool(value) => format!("the boolean {value}"),
        Value::Str(text) if text.is_empty() => "an empty string".to_owned(),
        Value::Str(text) => {
            let text = text.to_str_lossy();
            match text.char_indices().nth(MAX_TEXT) {
                Some((end, _)) => format!("a string that begins {:?}", &text[..end]),
                None => format!("the string {text:?}"),
            }
        }
        Value::Map(map) if map.is_empty() => "an empty map".to_owned(),
        Value::Map(_) => "a map".to_owned(),
        Value::List(list) if list.items().is_empty() => "an empty list".to_owned(),
        Value::List(list) => format!("a list of {}", list.items().len()),
        Value::Float(_) => {
            format!("the number {} (a float64, as all numbers of values files)", show(value))
        }
        Value::Int(_) | Value::Int64(_) => format!("the number {}", show(value)),
        _ => format!("of type {}", value.type_name()),
    };
    let path = if path.is_empty() { "." } else { path };
    format!("`{path}` is {what}")
}

fn show(value: &Value) -> String {
    crate::value::to_text(value).to_string()
}
