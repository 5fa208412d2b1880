//! What holes are as plain text.

use std::rc::Rc;

use super::layout::{is_block, push_flow};
use super::scalar::{push_word, simple};
use super::{Entries, Entry};
use crate::json;
use crate::template::jinja::mark::{self, ESCAPE, Piece};
use crate::value::{Str, Value};

/// Longer texts, in bytes, are cut short: the file is refused anyway.
const MAX_TEXT: usize = super::MAX_OUTPUT + 1;

/// Writes a value as text outside of YAML: maps and lists as JSON.
pub(in crate::template::jinja) fn plain_value(out: &mut String, value: &Value) {
    match &*simple(value) {
        Value::Absent => {}
        Value::Str(text) => out.push_str(&text.to_str_lossy()),
        Value::Float(x) => out.push_str(&crate::value::format_float_json(*x)),
        value @ (Value::Map(_) | Value::List(_)) => {
            let mut text = Vec::new();
            if json::write(&mut text, value, json::Escape::Raw).is_ok() {
                out.push_str(&String::from_utf8_lossy(&text));
            }
        }
        value => {
            push_word(out, value);
        }
    }
}

/// Writes a marked text without its marks, every hole as text.
pub(in crate::template::jinja) fn plain(out: &mut String, marked: &str, entries: &Entries) {
    if out.len() > MAX_TEXT {
        return;
    }
    for piece in mark::pieces(marked) {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Escape => out.push(ESCAPE),
            Piece::Place(_) => {}
            Piece::Hole(number) => match entries.get(number) {
                Some(Entry::Value(value)) => plain_value(out, value),
                Some(Entry::Text(text)) => {
                    let text = Rc::clone(text);
                    stacker::maybe_grow(64 << 10, 1 << 20, || plain(out, trimmed(&text), entries));
                }
                Some(Entry::Raw(text)) => out.push_str(text),
                None => {}
            },
        }
    }
}

/// Returns a text without the line ends around it.
pub(super) fn trimmed(text: &str) -> &str {
    text.trim_end_matches(['\n', ' ']).trim_start_matches('\n')
}

/// Returns the text of a value that shall be part of a larger text, or says what it is instead.
pub(super) fn part(value: &Value) -> Result<Str, &'static str> {
    match &*simple(value) {
        Value::Str(text) => Ok(text.clone()),
        Value::Map(_) => Err("a map"),
        Value::List(_) => Err("a list"),
        value => {
            let mut out = String::new();
            plain_value(&mut out, value);
            Ok(out.into())
        }
    }
}

/// Writes a value on one line for a comment.
pub(super) fn comment(out: &mut String, text: &str) {
    out.extend(text.chars().map(|c| match c {
        '\t' => '\t',
        c if super::scalar::is_printable(c) => c,
        '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}' => ' ',
        _ => '\u{FFFD}',
    }));
}

/// Returns whether a value needs lines of its own.
pub(super) fn needs_lines(value: &Value) -> bool {
    is_block(&simple(value))
}

/// Writes an empty map or list, or a word.
pub(super) fn push_small(out: &mut String, value: &Value) {
    push_flow(out, value).unwrap_or_default();
}
