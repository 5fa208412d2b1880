//! What a render in Jinja remembers beside its text: what holes printed, and the texts of macros.
//!
//! The engine's callbacks have no way to carry a reference, so this lies with the thread.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::FixedState;
use minijinja::{Error, ErrorKind, Value as Jinja};

use super::compiled::Library;
use super::mark;
use super::place::{self, Entries, Entry, Marked};
use crate::template::function::Env;
use crate::template::gotmpl::TemplateSet;
use crate::value::Value;

/// How much text the macros of one file may make, in bytes.
const MAX_PRODUCED: usize = 256 << 20;

/// A text of a template that a string stands for.
struct Caught {
    marked: Rc<Marked>,
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

/// Returns what a string says, if it has marks or characters like them.
pub(super) fn resolved(text: &str) -> Option<String> {
    mark::find(text)?;
    let mut out = String::new();
    with_entries(|entries| place::plain(&mut out, text, entries)).ok()?;
    Some(out)
}

impl Session {
    /// Keeps the text with marks that a string stands for, `length` bytes with the string.
    pub(super) fn remember(
        &mut self,
        marked: Rc<Marked>,
        string: &Jinja,
        length: usize,
    ) -> Result<(), Error> {
        let address = string.as_str().map_or(0, |text| text.as_ptr().addr());
        let caught = if self.shared > 0 { &mut self.lasting } else { &mut self.caught };
        caught.insert(address, Caught { marked, _string: string.clone() });
        self.produced += length;
        if self.produced <= MAX_PRODUCED {
            return Ok(());
        }
        let message = format!("exceeded maximum size of texts and lists ({MAX_PRODUCED} bytes)");
        Err(Error::new(ErrorKind::OutOfFuel, message))
    }

    /// Returns the text with marks that a caught string stands for.
    pub(super) fn marked(&self, text: &str) -> Option<Rc<Marked>> {
        let address = text.as_ptr().addr();
        let caught = self.caught.get(&address).or_else(|| self.lasting.get(&address));
        caught.map(|caught| Rc::clone(&caught.marked))
    }
}

/// Keeps `entry` and returns its number.
pub(super) fn keep(entry: Entry) -> Result<u32, Error> {
    let number = with(|session| session.entries.push(entry, session.shared > 0))?;
    number.ok_or_else(|| {
        let message = format!("more than {} holes in one file", Entries::LIMIT);
        Error::new(ErrorKind::OutOfFuel, message)
    })
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
