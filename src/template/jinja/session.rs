//! What a render in Jinja remembers beside its text: what holes printed, and the texts of macros.
//!
//! The engine's callbacks have no way to carry a reference, so this lies with the thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use minijinja::{Error, ErrorKind, Value as Jinja};

use super::convert;
use super::engine::Library;
use super::mark::{self, Piece};
use super::place::{self, Entry};
use crate::template::function::Env;
use crate::template::gotmpl::TemplateSet;
use crate::value::{Str, Value};

/// How much text the macros of one file may make, in bytes.
const MAX_PRODUCED: usize = 256 << 20;

/// A text of a template that a string stands for.
struct Caught {
    marked: Rc<str>,
    /// Holds the string, whose address is the key.
    _string: Jinja,
}

/// The state of a render.
pub(super) struct Session {
    pub(super) env: Rc<Env>,
    pub(super) set: Rc<TemplateSet>,
    pub(super) library: Rc<Library>,
    /// `.` of the file's chart for templates of Go.
    pub(super) root: Value,
    /// The path of the file's chart.
    pub(super) chart: String,
    /// How many texts in Jinja and macros called from Go are running.
    pub(super) depth: usize,
    /// The secrets that were made or found: object, key, text.
    pub(super) secrets: Vec<(String, String, String)>,
    entries: Vec<Entry>,
    caught: HashMap<usize, Caught>,
    produced: usize,
}

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
}

/// Ends the session when it goes out of scope.
#[derive(Debug)]
pub(super) struct Guard(());

impl Drop for Guard {
    fn drop(&mut self) {
        SESSION.with(|session| *session.borrow_mut() = None);
    }
}

/// Begins a session on this thread.
pub(super) fn begin(env: Rc<Env>, set: Rc<TemplateSet>, library: Rc<Library>) -> Guard {
    let session = Session {
        env,
        set,
        library,
        root: Value::Nil,
        chart: String::new(),
        depth: 0,
        secrets: Vec::new(),
        entries: Vec::new(),
        caught: HashMap::new(),
        produced: 0,
    };
    SESSION.with(|cell| *cell.borrow_mut() = Some(session));
    Guard(())
}

/// Calls `run` with the session. `run` must not call templates.
pub(super) fn with<R>(run: impl FnOnce(&mut Session) -> R) -> Result<R, Error> {
    SESSION.with(|cell| match cell.borrow_mut().as_mut() {
        Some(session) => Ok(run(session)),
        None => Err(Error::new(ErrorKind::InvalidOperation, "no chart is being rendered")),
    })
}

/// Forgets what the file before printed.
pub(super) fn start_file(root: Value, chart: String) {
    let started = with(|session| {
        session.root = root;
        session.chart = chart;
        session.depth = 0;
        session.entries.clear();
        session.caught.clear();
        session.produced = 0;
    });
    debug_assert!(started.is_ok());
}

/// Calls `run` with what holes printed so far.
pub(super) fn with_entries<R>(run: impl FnOnce(&[Entry]) -> R) -> Result<R, Error> {
    with(|session| run(&session.entries))
}

/// Returns whether a text has marks of holes or places.
fn has_marks(text: &str) -> bool {
    mark::find(text).is_some()
        && mark::pieces(text).any(|piece| matches!(piece, Piece::Hole(_) | Piece::Place(_)))
}

/// Returns what a string says, if it has marks or characters like them.
pub(super) fn resolved(text: &str) -> Option<String> {
    mark::find(text)?;
    let mut out = String::new();
    with_entries(|entries| place::plain(&mut out, text, entries)).ok()?;
    Some(out)
}

/// Returns what a hole that got this value prints.
fn entry(value: &Jinja) -> Result<Entry, Error> {
    if let Some(text) = value.as_str() {
        if value.is_safe() {
            let address = text.as_ptr() as usize;
            let known = with(|session| session.caught.get(&address).map(|c| Rc::clone(&c.marked)))?;
            if let Some(marked) = known {
                return Ok(Entry::Text(marked));
            }
        }
        if has_marks(text) {
            return Ok(Entry::Text(Rc::from(text)));
        }
    }
    convert::from_jinja(value).map(Entry::Value)
}

/// Writes the mark of a hole that printed `entry`.
fn push(out: &mut String, entry: Entry) -> Result<(), Error> {
    let number = with(|session| {
        session.entries.push(entry);
        session.entries.len() - 1
    })?;
    if number > mark::MAX_NUMBER {
        let message = format!("more than {} holes in one file", mark::MAX_NUMBER);
        return Err(Error::new(ErrorKind::OutOfFuel, message));
    }
    mark::push_hole(out, number as u32);
    Ok(())
}

/// Returns the mark of a hole that got this value.
pub(super) fn printed(value: &Jinja) -> Result<String, Error> {
    let mut out = String::with_capacity(mark::HOLE_LENGTH);
    push(&mut out, entry(value)?)?;
    Ok(out)
}

/// Returns a string that is spliced into the output as it is.
pub(super) fn raw(value: &Jinja) -> Result<Jinja, Error> {
    let mut text = String::new();
    place::plain_value(&mut text, &convert::from_jinja(value)?);
    let mut marked = String::new();
    push(&mut marked, Entry::Raw(Rc::from(text)))?;
    caught(&marked)
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
    let length = text.len() + marked.len();
    let string = Jinja::from_safe_string(text);
    let address = string.as_str().map_or(0, |text| text.as_ptr() as usize);
    let produced = with(|session| {
        let kept = Caught { marked: Rc::from(marked), _string: string.clone() };
        session.caught.insert(address, kept);
        session.produced += length;
        session.produced
    })?;
    if produced > MAX_PRODUCED {
        let message = format!("exceeded maximum size of texts and lists ({MAX_PRODUCED} bytes)");
        return Err(Error::new(ErrorKind::OutOfFuel, message));
    }
    Ok(string)
}

/// How deep texts in Jinja and macros called from Go may nest.
const MAX_DEPTH: usize = 100;

/// Calls `run` a level deeper.
pub(super) fn deeper<R>(run: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    let depth = with(|session| {
        session.depth += 1;
        session.depth
    })?;
    let result = if depth > MAX_DEPTH {
        let message = format!("calls between Jinja and Go nest deeper than {MAX_DEPTH}");
        Err(Error::new(ErrorKind::OutOfFuel, message))
    } else {
        stacker::maybe_grow(256 << 10, 4 << 20, run)
    };
    with(|session| session.depth -= 1)?;
    result
}

/// Returns the text that a caught string stands for, as YAML of its own where it is of several
/// lines, for use in a template of Go.
pub(super) fn for_go(value: &Jinja) -> Result<Result<String, place::Misfit>, Error> {
    let text = value.as_str().unwrap_or_default();
    let address = text.as_ptr() as usize;
    let marked = with(|session| session.caught.get(&address).map(|c| Rc::clone(&c.marked)))?;
    if !text.contains('\n') || marked.is_none() {
        return Ok(Ok(resolved(text).unwrap_or_else(|| text.to_owned())));
    }
    let marked = marked.unwrap_or_else(|| Rc::from(text));
    let placed = with_entries(|entries| place::place(trimmed(&marked), entries))?;
    Ok(placed.map(|placed| trimmed(&placed.text).to_owned()))
}

/// Returns the text that a template of Go wrote as one with marks.
pub(super) fn foreign(text: &Str) -> Result<Jinja, Error> {
    let text = text.to_str_lossy();
    match mark::escaped(&text) {
        Some(escaped) => caught(&escaped),
        None => caught(&text),
    }
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
