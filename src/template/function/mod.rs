//! The functions that templates call, shared by both engines: sprig's, Helm's own and the
//! built-ins of Go's text/template.
//!
//! A function is a row in a table: its name, the Go types of its parameters and a Rust function
//! over checked arguments. The engine checks and converts arguments by the rules of Go's
//! text/template before the call, so a function body sees the kinds its row names, and
//! [`Value::Nil`] only where the Go type can hold nil.

// Every body has the type of the table, also one that cannot fail.
#![allow(clippy::unnecessary_wraps)]

mod argument;
mod base;
mod builtin;
mod case;
mod certificate;
mod civil;
mod control;
mod convert;
mod crypto;
mod date;
mod default;
mod der;
mod dict;
mod duration;
mod env;
mod key;
mod key_maker;
mod layout;
mod list;
mod math;
mod merge;
mod network;
mod path;
mod printf;
mod random;
#[cfg(test)]
mod recorded;
mod reflection;
mod regex;
mod semver;
mod serial;
mod string;
mod table;
#[cfg(test)]
mod testing;
mod time;
mod toml;
mod url;

pub(crate) use date::format_time;
pub(super) use duration::METHODS as DURATION_METHODS;
pub use env::{Env, Lookup};
pub use printf::{sprint, sprintf, sprintln};
pub use table::{find, names};
pub(crate) use url::{is_request_url, parse_host_and_path};

use crate::value::{Frozen, Value};

/// The Go type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// `interface {}`: anything, nil included.
    Any,
    /// `string`: [`Value::Str`].
    Str,
    /// `int`: [`Value::Int`].
    Int,
    /// `int64`: [`Value::Int64`].
    Int64,
    /// `uint32`: [`Value::Uint64`] within range.
    Uint32,
    /// `float64`: [`Value::Float`].
    Float,
    /// `bool`: [`Value::Bool`].
    Bool,
    /// `map[string]interface {}`: [`Value::Map`] of that type or of `common.Values`; "no value"
    /// arrives as a nil map.
    Map,
    /// `[]interface {}`: [`Value::List`]; nil arrives as a nil list.
    List,
    /// `time.Time`
    Time,
    /// `time.Duration`
    Duration,
    /// `sprig.certificate`
    Certificate,
    /// `reflect.Value`, as the built-ins `index`, `len` and the comparisons take: like
    /// [`Param::Any`], but "no value" stays [`Value::Absent`].
    Reflect,
}

impl Param {
    /// Returns the Go type as error messages print it.
    #[must_use]
    pub fn go_type(self) -> &'static str {
        match self {
            Param::Any => "interface {}",
            Param::Str => "string",
            Param::Int => "int",
            Param::Int64 => "int64",
            Param::Uint32 => "uint32",
            Param::Float => "float64",
            Param::Bool => "bool",
            Param::Map => "map[string]interface {}",
            Param::List => "[]interface {}",
            Param::Time => "time.Time",
            Param::Duration => "time.Duration",
            Param::Certificate => "sprig.certificate",
            Param::Reflect => "reflect.Value",
        }
    }
}

/// Why a function gave no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The error text, as Go's function returns it or panics with it, without
    /// `error calling NAME: `.
    Message(String),
    /// The message of `fail` or `required`, meant for the user as it stands.
    User(String),
    /// A frozen map was written to; the render starts again with thawed data.
    Frozen,
}

impl From<Frozen> for Failure {
    fn from(_: Frozen) -> Self {
        Failure::Frozen
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Failure::Message(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Failure::Message(message.to_owned())
    }
}

/// The result of a function.
pub type Result = std::result::Result<Value, Failure>;

/// One row of the function table.
#[derive(Clone, Copy, Debug)]
pub struct Function {
    /// The name in templates.
    pub name: &'static str,
    /// The types of the leading parameters.
    pub params: &'static [Param],
    /// The type of any number of further arguments.
    pub rest: Option<Param>,
    /// The body. `args` has been checked against `params` and `rest`.
    pub call: fn(env: &Env, args: &[Value]) -> Result,
}

/// The functions that print or copy the whole of an argument, sorted.
const WALKERS: &[&str] = &[
    "cat",
    "deepCopy",
    "html",
    "join",
    "js",
    "mustDeepCopy",
    "print",
    "printf",
    "println",
    "quote",
    "sortAlpha",
    "squote",
    "toDecimal",
    "toString",
    "toStrings",
    "urlquery",
];

impl Function {
    /// Returns whether the function goes through the whole of its arguments and would never end
    /// on a map that lies within itself. Those that find it out on their own are not among them.
    #[must_use]
    pub fn walks(&self) -> bool {
        WALKERS.binary_search(&self.name).is_ok()
    }
}
