//! What a render in Jinja remembers beside its text: what holes printed, and the texts of macros.
//!
//! The engine's callbacks have no way to carry a reference, so this lies with the thread.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::FixedState;
use minijinja::{Error, ErrorKind, Output, Value as Jinja};

use super::convert;
use super::engine::Library;
use super::mark::{self, Piece};
use super::place::{self, Entries, Entry};
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
    entries: Entries,
    caught: HashMap<usize, Caught, FixedState>,
    /// As `caught`, of macros that are run once for many files.
    lasting: HashMap<usize, Caught, FixedState>,
    /// How many such macros are running.
    shared: usize,
    /// Raised when what such macros wrote before may be out of date.
    generation: u64,
    /// Whether what they wrote before is to be forgotten with the file.
    is_stale: bool,
    produced: usize,
}

thread_local! {
    static SESSION: RefCell<Option<Session>> = const { RefCell::new(None) };
    /// The last number that texts of macros were valid for; no session uses one of another.
    static GENERATION: Cell<u64> = const { Cell::new(0) };
}

fn next_generation() -> u64 {
    GENERATION.with(|last| {
        last.set(last.get() + 1);
        last.get()
    })
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
        entries: Entries::default(),
        caught: HashMap::default(),
        lasting: HashMap::default(),
        shared: 0,
        generation: next_generation(),
        is_stale: false,
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
pub(super) fn start_file(root: Value, chart: &str) {
    let started = with(|session| {
        if session.chart != chart {
            session.outdate();
            session.chart = chart.to_owned();
        }
        session.root = root;
        session.depth = 0;
        session.shared = 0;
        session.entries.clear();
        session.caught.clear();
        session.produced = 0;
        if std::mem::take(&mut session.is_stale) {
            session.entries.clear_lasting();
            session.lasting.clear();
        }
    });
    debug_assert!(started.is_ok());
}

impl Session {
    /// Notes that the data of charts may have changed.
    fn outdate(&mut self) {
        self.generation = next_generation();
        self.is_stale = true;
    }
}

/// Notes that something ran which can write into the data of charts.
pub(super) fn outdate() -> Result<(), Error> {
    with(Session::outdate)
}

/// Returns the number that what macros wrote is valid for.
pub(super) fn generation() -> Result<u64, Error> {
    with(|session| session.generation)
}

/// Calls `run` for a macro whose text other files will use, too.
pub(super) fn shared<R>(run: impl FnOnce() -> Result<R, Error>) -> Result<R, Error> {
    with(|session| session.shared += 1)?;
    let result = run();
    with(|session| session.shared = session.shared.saturating_sub(1))?;
    result
}

/// Calls `run` with what holes printed so far.
pub(super) fn with_entries<R>(run: impl FnOnce(&Entries) -> R) -> Result<R, Error> {
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
        if value.is_safe()
            && let Some(marked) = with(|session| session.marked(text))?
        {
            return Ok(Entry::Text(marked));
        }
        return Ok(match mark::find(text) {
            None => Entry::Value(Value::Str(Str::from(text))),
            Some(_) if has_marks(text) => Entry::Text(Rc::from(text)),
            Some(_) => Entry::Value(convert::from_jinja(value)?),
        });
    }
    if value.is_undefined() {
        // What an expression with `if` and without `else` is; others do not come here.
        return Ok(Entry::Value(Value::Str(Str::default())));
    }
    convert::from_jinja(value).map(Entry::Value)
}

impl Session {
    /// Returns the text with marks that a caught string stands for.
    fn marked(&self, text: &str) -> Option<Rc<str>> {
        let address = text.as_ptr().addr();
        let caught = self.caught.get(&address).or_else(|| self.lasting.get(&address));
        caught.map(|caught| Rc::clone(&caught.marked))
    }
}

/// Keeps `entry` and returns its number.
fn keep(entry: Entry) -> Result<u32, Error> {
    let number = with(|session| session.entries.push(entry, session.shared > 0))?;
    number.ok_or_else(|| {
        let message = format!("more than {} holes in one file", Entries::LIMIT);
        Error::new(ErrorKind::OutOfFuel, message)
    })
}

/// Writes the mark of a hole that got this value.
pub(super) fn print(value: &Jinja, out: &mut Output<'_>) -> Result<(), Error> {
    let number = keep(entry(value)?)?;
    Ok(out.write_str(mark::hole(number, &mut [0; mark::HOLE_LENGTH]))?)
}

/// Returns a string that is spliced into the output as it is.
pub(super) fn raw(value: &Jinja) -> Result<Jinja, Error> {
    let mut text = String::new();
    place::plain_value(&mut text, &convert::from_jinja(value)?);
    let number = keep(Entry::Raw(Rc::from(text)))?;
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
    let length = text.len() + marked.len();
    let string = Jinja::from_safe_string(text);
    let address = string.as_str().map_or(0, |text| text.as_ptr().addr());
    let produced = with(|session| {
        let kept = Caught { marked: Rc::from(marked), _string: string.clone() };
        let caught = if session.shared > 0 { &mut session.lasting } else { &mut session.caught };
        caught.insert(address, kept);
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
    let marked = with(|session| session.marked(text))?;
    if !text.contains('\n') || marked.is_none() {
        return Ok(Ok(resolved(text).unwrap_or_else(|| text.to_owned())));
    }
    let marked = marked.unwrap_or_else(|| Rc::from(text));
    let placed = with_entries(|entries| place::place(trimmed(&marked), entries))?;
    Ok(placed.map(|placed| trimmed(&placed.text).to_owned()))
}

/// Returns the YAML that a macro or a block wrote, if the value is what one wrote.
pub(super) fn yaml(value: &Jinja) -> Result<Option<String>, Error> {
    let Some(text) = value.as_str().filter(|_| value.is_safe()) else { return Ok(None) };
    let Some(marked) = with(|session| session.marked(text))? else { return Ok(None) };
    match with_entries(|entries| place::place(&marked, entries))? {
        Ok(placed) => Ok(Some(placed.text)),
        Err(misfit) => Err(Error::new(ErrorKind::InvalidOperation, misfit.message)),
    }
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
