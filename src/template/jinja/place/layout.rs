//! Values of several lines: maps and lists as blocks or in brackets, texts as literal blocks.

use super::scalar::{is_printable, push_double, push_string, push_word, simple};
use crate::value::{Str, Value, has_cycle};

/// How many columns a block is indented by.
const STEP: usize = 2;

/// Values nested deeper than this are refused.
const MAX_DEPTH: usize = 1000;

/// Keys longer than this, in bytes, are no simple keys to some readers.
const MAX_KEY: usize = 900;

/// Why a value cannot be written.
pub(super) type Refusal = &'static str;

/// A text as a literal block.
pub(super) struct Literal<'a> {
    pub(super) text: &'a str,
    /// The column of the content.
    pub(super) indent: usize,
    /// The column that an indicator counts from.
    pub(super) parent: usize,
    /// A comment after the header, with the white space before it.
    pub(super) comment: &'a str,
}

/// Returns the first character that a literal block cannot hold.
pub(super) fn unfit_for_literal(text: &str) -> Option<char> {
    text.chars().find(|c| !is_printable(*c) && !matches!(c, '\n' | '\t'))
}

impl Literal<'_> {
    /// Writes header and lines, the last with its line end. The text has only characters that a
    /// literal block can hold and is not empty.
    pub(super) fn push(&self, out: &mut String) {
        let body = self.text.trim_end_matches('\n');
        let ends = self.text.len() - body.len();
        let needs_indicator = self.text.starts_with([' ', '\t', '\n']);
        let mut indent = self.indent;
        let step = indent.saturating_sub(self.parent);
        if needs_indicator && !(1..=9).contains(&step) {
            indent = self.parent + STEP;
        }
        out.push('|');
        if needs_indicator {
            out.push_str(&(indent - self.parent).to_string());
        }
        match ends {
            0 => out.push('-'),
            1 if !body.is_empty() => {}
            _ => out.push('+'),
        }
        out.push_str(self.comment);
        out.push('\n');
        for line in body.split('\n').filter(|_| !body.is_empty()) {
            if !line.is_empty() {
                push_spaces(out, indent);
                out.push_str(line);
            }
            out.push('\n');
        }
        let more = if body.is_empty() { ends } else { ends.saturating_sub(1) };
        out.extend(std::iter::repeat_n('\n', more));
    }
}

pub(super) fn push_spaces(out: &mut String, count: usize) {
    out.extend(std::iter::repeat_n(' ', count));
}

/// Writes a string as a value in a block: several lines become a literal block if they can.
/// The content goes to `indent`; a block around it begins at `parent`.
pub(super) fn push_text(out: &mut String, text: &str, indent: usize, parent: usize) {
    // White space at the ends of lines is seen better when it is escaped.
    let reads_well = text.contains('\n')
        && !text.starts_with([' ', '\t', '\n'])
        && !text.ends_with("\n\n")
        && unfit_for_literal(text).is_none()
        && text.split('\n').all(|line| !line.ends_with([' ', '\t']));
    if reads_well {
        Literal { text, indent, parent, comment: "" }.push(out);
        out.pop();
    } else {
        push_string(out, text);
    }
}

/// Writes a key, without the colon.
pub(super) fn push_key(out: &mut String, text: &str) -> Result<(), Refusal> {
    let before = out.len();
    push_string(out, text);
    if out.len() - before > MAX_KEY { Err("the key is too long for YAML") } else { Ok(()) }
}

/// Returns whether a value is a map or a list that is written on lines of its own.
pub(super) fn is_block(value: &Value) -> bool {
    match value {
        Value::Map(map) => map.with(|entries| !entries.is_empty()),
        Value::List(list) => !list.is_empty(),
        _ => false,
    }
}

/// Writes a map or list as a block whose lines begin at `indent`; the first line is begun already.
/// No line end is written after the last.
pub(super) fn push_block(out: &mut String, value: &Value, indent: usize) -> Result<(), Refusal> {
    check(value)?;
    block(out, value, indent, 0)
}

fn check(value: &Value) -> Result<(), Refusal> {
    if has_cycle(value) { Err("the value lies within itself") } else { Ok(()) }
}

fn block(out: &mut String, value: &Value, indent: usize, depth: usize) -> Result<(), Refusal> {
    if depth > MAX_DEPTH {
        return Err("the value is nested too deeply");
    }
    let mut is_first = true;
    let mut begin = |out: &mut String| {
        if !std::mem::take(&mut is_first) {
            out.push('\n');
            push_spaces(out, indent);
        }
    };
    match value {
        Value::Map(map) => {
            for (key, value) in &map.entries() {
                begin(out);
                push_key(out, &key.to_str_lossy())?;
                out.push(':');
                let value = simple(value);
                if is_block(&value) {
                    out.push('\n');
                    push_spaces(out, indent + STEP);
                } else {
                    out.push(' ');
                }
                item(out, &value, indent + STEP, indent, depth)?;
            }
        }
        Value::List(list) => {
            for value in list.items().iter() {
                begin(out);
                out.push_str("- ");
                item(out, &simple(value), indent + STEP, indent, depth)?;
            }
        }
        _ => item(out, value, indent, indent, depth)?,
    }
    Ok(())
}

fn item(
    out: &mut String,
    value: &Value,
    indent: usize,
    parent: usize,
    depth: usize,
) -> Result<(), Refusal> {
    match value {
        Value::Str(text) => push_text(out, &text.to_str_lossy(), indent, parent),
        _ if is_block(value) => {
            return stacker::maybe_grow(64 << 10, 1 << 20, || block(out, value, indent, depth + 1));
        }
        _ => return push_flow(out, value),
    }
    Ok(())
}

/// Writes any value on one line, maps and lists in brackets.
pub(super) fn push_flow(out: &mut String, value: &Value) -> Result<(), Refusal> {
    check(value)?;
    flow(out, value, 0)
}

/// Writes the entries of a map on one line, without the brackets.
pub(super) fn push_pairs(out: &mut String, value: &Value) -> Result<(), Refusal> {
    let before = out.len();
    push_flow(out, value)?;
    out.pop();
    out.remove(before);
    Ok(())
}

fn flow_text(out: &mut String, text: &Str) {
    let text = text.to_str_lossy();
    // In brackets more characters have a meaning.
    let is_word =
        text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
    if is_word { push_string(out, &text) } else { push_double(out, &text) }
}

fn flow(out: &mut String, value: &Value, depth: usize) -> Result<(), Refusal> {
    if depth > MAX_DEPTH {
        return Err("the value is nested too deeply");
    }
    match &*simple(value) {
        Value::Str(text) => flow_text(out, text),
        Value::List(list) => {
            out.push('[');
            for (i, value) in list.items().iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                stacker::maybe_grow(64 << 10, 1 << 20, || flow(out, value, depth + 1))?;
            }
            out.push(']');
        }
        Value::Map(map) => {
            out.push('{');
            for (i, (key, value)) in map.entries().iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                let before = out.len();
                flow_text(out, key);
                if out.len() - before > MAX_KEY {
                    return Err("the key is too long for YAML");
                }
                out.push_str(": ");
                stacker::maybe_grow(64 << 10, 1 << 20, || flow(out, value, depth + 1))?;
            }
            out.push('}');
        }
        value => {
            push_word(out, value);
        }
    }
    Ok(())
}
