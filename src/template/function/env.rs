use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use super::key_maker::KeyMaker;
use crate::chart::Warning;
use crate::go::Pattern;
use crate::value::{Map, Value};

/// Answers `lookup(apiVersion, kind, namespace, name)`: an object, a list, or an empty map when
/// there is no such thing; `Err` holds the message of a failed request.
pub type Lookup = dyn Fn(&str, &str, &str, &str) -> std::result::Result<Value, String>;

/// A translated pattern, or why there is none.
type Compiled = std::result::Result<Rc<Pattern>, String>;

/// What functions may know of the world: the clock, the local time zone, the cluster through
/// `lookup`, and caches that live as long as one render. One per rendering thread.
pub struct Env {
    /// Returns the current time; tests fix it.
    pub now: fn() -> jiff::Timestamp,
    /// The zone in which `date` prints and `toDate` reads; `None` for the system's own.
    pub zone: Option<jiff::tz::TimeZone>,
    /// The system's zone, once asked for: to find it out is to go through the system's files.
    pub(super) system_zone: OnceCell<jiff::tz::TimeZone>,
    /// Whether `getHostByName` may ask the network (`--enable-dns`).
    pub enable_dns: bool,
    /// Whether `required` and `fail` are lenient, as under `lint`.
    pub lint: bool,
    /// What `required` and `fail` would have stopped at, under `lint`.
    pub log: RefCell<Vec<Warning>>,
    /// Answers the template function `lookup`.
    pub lookup: Rc<Lookup>,
    /// Makes the keys of certificates.
    pub(super) keys: KeyMaker,
    /// Compiled regular expressions by their source text in RE2 syntax.
    pub(super) regexes: RefCell<HashMap<Vec<u8>, Compiled>>,
}

impl Env {
    /// Makes an environment with the system's clock and time zone, without name resolution and
    /// without a cluster: `lookup` finds nothing.
    #[must_use]
    pub fn new() -> Self {
        Env {
            now: jiff::Timestamp::now,
            zone: None,
            system_zone: OnceCell::new(),
            enable_dns: false,
            lint: false,
            log: RefCell::default(),
            lookup: Rc::new(|_, _, _, _| Ok(Value::Map(Map::new()))),
            keys: KeyMaker::default(),
            regexes: RefCell::default(),
        }
    }
}

impl Env {
    /// Returns another environment that says the same of the world, with a log of its own.
    #[cfg(feature = "jinja")]
    pub(in crate::template) fn share(&self) -> Self {
        Env {
            now: self.now,
            zone: self.zone.clone(),
            system_zone: self.system_zone.clone(),
            enable_dns: self.enable_dns,
            lint: self.lint,
            lookup: Rc::clone(&self.lookup),
            ..Env::new()
        }
    }

    pub(super) fn zone(&self) -> &jiff::tz::TimeZone {
        let system = || self.system_zone.get_or_init(jiff::tz::TimeZone::system);
        self.zone.as_ref().unwrap_or_else(system)
    }
}

impl Default for Env {
    fn default() -> Self {
        Env::new()
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env")
            .field("enable_dns", &self.enable_dns)
            .field("lint", &self.lint)
            .finish_non_exhaustive()
    }
}
