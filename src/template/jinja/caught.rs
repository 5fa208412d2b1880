//! What holes print, and the strings that stand for what macros and blocks wrote.

use std::rc::Rc;

use minijinja::{Error, ErrorKind, Output, Value as Jinja};

use super::convert;
use super::mark::{self, Piece};
use super::object;
use super::place::{self, Entry, Marked, Source};
use super::session::{keep, resolved, with, with_entries};
use crate::value::{Str, Value};

/// Returns whether a text has marks of holes or places.
fn has_marks(text: &str) -> bool {
    mark::find(text).is_some()
        && mark::pieces(text).any(|piece| matches!(piece, Piece::Hole(_) | Piece::Place(_)))
}

/// Returns what a hole that got this value prints.
fn entry(value: &Jinja) -> Result<Entry, Error> {
    if object::is_missing(value) {
        return Ok(Entry::Value(Value::Absent));
    }
    if let Some(text) = value.as_str() {
        if value.is_safe() && text.is_empty() {
            return Ok(Entry::Text(Marked::new("")));
        }
        if value.is_safe()
            && let Some(marked) = with(|session| session.marked(text))?
        {
            return Ok(Entry::Text(marked));
        }
        return Ok(match mark::find(text) {
            None => Entry::Value(Value::Str(Str::from(text))),
            Some(_) if has_marks(text) => Entry::Text(Marked::new(text)),
            Some(_) => Entry::Value(convert::from_jinja(value)?),
        });
    }
    if value.is_undefined() {
        // What an expression with `if` and without `else` is; others do not come here.
        return Ok(Entry::Value(Value::Str(Str::default())));
    }
    convert::from_jinja(value).map(Entry::Value)
}

/// Writes the mark of a hole that got this value.
pub(super) fn print(value: &Jinja, out: &mut Output<'_>) -> Result<(), Error> {
    let number = keep(entry(value)?)?;
    Ok(out.write_str(mark::hole(number, &mut [0; mark::HOLE_LENGTH]))?)
}

/// Returns a string that is spliced into the output as it is.
pub(super) fn raw(value: &Jinja) -> Result<Jinja, Error> {
    let mut text = String::new();
    if object::is_missing(value) || value.as_str() == Some("") {
        return Ok(Jinja::from_safe_string(text));
    }
    place::plain_value(&mut text, &convert::from_jinja(value)?);
    let number = keep(Entry::Raw(Marked::new(text)))?;
    caught(mark::hole(number, &mut [0; mark::HOLE_LENGTH]))
}

/// Returns the string for what a macro, a block or a template of Go wrote. It is plain text to
/// all that look into it; a hole that gets it prints the text with its marks.
pub(super) fn caught(marked: &str) -> Result<Jinja, Error> {
    let mut plain = String::new();
    with_entries(|entries| place::plain(&mut plain, marked, entries))?;
    let text = trimmed(&plain);
    if text.is_empty() {
        return Ok(Jinja::from(""));
    }
    let text = mark::escaped(text).unwrap_or_else(|| text.to_owned());
    standing_for(text, Marked::new(marked))
}

/// Returns a string that stands for a text with marks.
fn standing_for(text: String, marked: Rc<Marked>) -> Result<Jinja, Error> {
    let length = text.len() + marked.len();
    let string = Jinja::from_safe_string(text);
    with(|session| session.remember(marked, &string, length))??;
    Ok(string)
}

/// Returns the text that a caught string stands for, as YAML of its own where it is of several
/// lines, for use in a template of Go.
pub(super) fn for_go(value: &Jinja) -> Result<Result<String, place::Misfit>, Error> {
    let text = value.as_str().unwrap_or_default();
    let marked = with(|session| session.marked(text))?;
    if !text.contains('\n') || marked.is_none() {
        return Ok(Ok(resolved(text).unwrap_or_else(|| text.to_owned())));
    }
    let marked = marked.unwrap_or_else(|| Marked::new(text));
    let source = Source::from(trimmed(&marked));
    let placed = with_entries(|entries| place::place(&source, entries))?;
    Ok(placed.map(|placed| trimmed(&placed.text).to_owned()))
}

/// Returns the YAML that a macro or a block wrote, if the value is what one wrote.
pub(super) fn yaml(value: &Jinja) -> Result<Option<String>, Error> {
    let Some(text) = value.as_str().filter(|_| value.is_safe()) else { return Ok(None) };
    let Some(marked) = with(|session| session.marked(text))? else { return Ok(None) };
    let source = Source::from(&**marked);
    match with_entries(|entries| place::place(&source, entries))? {
        Ok(placed) => Ok(Some(placed.text)),
        Err(misfit) => Err(Error::new(ErrorKind::InvalidOperation, misfit.message)),
    }
}

/// Returns the text that a template of Go wrote as one with marks. To what looks into it, it is the
/// whole text, as it is in Go: a hash of it is the same.
pub(super) fn foreign(text: &Str) -> Result<Jinja, Error> {
    let text = text.to_str_lossy();
    let text = mark::escaped(&text).unwrap_or_else(|| text.into_owned());
    if text.is_empty() {
        return Ok(Jinja::from_safe_string(text));
    }
    // What Helm deletes from results.
    let marked = text.replace("<no value>", "");
    standing_for(text, Marked::new(marked))
}

/// Returns a text without blank lines around it; without white space, when it is one line.
fn trimmed(text: &str) -> &str {
    let text = text.trim_end();
    let start = text.len() - text.trim_start().len();
    match text[..start].rfind('\n') {
        Some(last) if text[start..].contains('\n') => &text[last + 1..],
        None if text.contains('\n') => text,
        _ => &text[start..],
    }
}
