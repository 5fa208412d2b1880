//! The data model of templates and values: Go's kinds and types, byte strings, shared maps.
//!
//! A [`Value`] is what YAML, JSON and `--set` produce, what templates compute with and what the
//! emitters print. Maps are shared nodes: cloning a [`Value`] makes an alias, and a write through
//! one alias is seen by all, as in Go.

mod compare;
mod cycle;
mod list;
mod map;
mod number;
mod object;
mod print;
mod recorder;
mod str;

use std::sync::Arc;

pub use compare::{deep_copy, deep_equal, freeze, is_true, thaw};
pub use cycle::has_cycle;
pub use list::{ItemsRef, List, ListType};
pub use map::{Entries, Frozen, Map, MapType};
pub use number::{format_float, format_float_json, format_float_shortest};
pub use object::Object;
pub use print::{print_to, to_text};
pub use recorder::{Link, Recorder};
pub use str::Str;

/// One value, with the Go type that templates can observe.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// No value at all: Go's zero `reflect.Value`, the result of a pipeline that gave nil.
    ///
    /// Functions never see it: the evaluator turns it into [`Value::Nil`] or an error first.
    Absent,
    /// A nil in an interface slot: `null` in YAML and JSON.
    #[default]
    Nil,
    /// `bool`
    Bool(bool),
    /// `int`: literals and the results of `len`, `int`, `atoi`.
    Int(i64),
    /// `int64`: results of integer maths, TOML integers, `--set` integers.
    Int64(i64),
    /// `uint8`: an indexed byte of a string.
    Uint8(u8),
    /// `uint64`: parts of a semantic version.
    Uint64(u64),
    /// `float64`: every YAML and JSON number.
    Float(f64),
    /// `string`
    Str(Str),
    /// `[]uint8`
    Bytes(Str),
    /// A slice.
    List(List),
    /// A map with string keys.
    Map(Map),
    /// `time.Duration`, in nanoseconds.
    Duration(i64),
    /// Anything else.
    Object(Arc<dyn Object>),
}

/// A Go kind, as `kindOf` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// No kind: nil.
    Invalid,
    /// `bool`
    Bool,
    /// `int`
    Int,
    /// `int64`
    Int64,
    /// `uint8`
    Uint8,
    /// `uint64`
    Uint64,
    /// `float64`
    Float64,
    /// `complex128`
    Complex128,
    /// `string`
    String,
    /// `slice`
    Slice,
    /// `map`
    Map,
    /// `struct`
    Struct,
    /// `ptr`
    Ptr,
    /// `func`
    Func,
}

impl Kind {
    /// Returns Go's name of the kind.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Kind::Invalid => "invalid",
            Kind::Bool => "bool",
            Kind::Int => "int",
            Kind::Int64 => "int64",
            Kind::Uint8 => "uint8",
            Kind::Uint64 => "uint64",
            Kind::Float64 => "float64",
            Kind::Complex128 => "complex128",
            Kind::String => "string",
            Kind::Slice => "slice",
            Kind::Map => "map",
            Kind::Struct => "struct",
            Kind::Ptr => "ptr",
            Kind::Func => "func",
        }
    }
}

impl Value {
    /// Makes a string.
    pub fn str(text: impl Into<Str>) -> Self {
        Value::Str(text.into())
    }

    /// Makes an object value.
    pub fn object(object: impl Object + 'static) -> Self {
        Value::Object(Arc::new(object))
    }

    /// Returns the Go kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Value::Absent | Value::Nil => Kind::Invalid,
            Value::Bool(_) => Kind::Bool,
            Value::Int(_) => Kind::Int,
            Value::Int64(_) | Value::Duration(_) => Kind::Int64,
            Value::Uint8(_) => Kind::Uint8,
            Value::Uint64(_) => Kind::Uint64,
            Value::Float(_) => Kind::Float64,
            Value::Str(_) => Kind::String,
            Value::Bytes(_) | Value::List(_) => Kind::Slice,
            Value::Map(_) => Kind::Map,
            Value::Object(object) => object.kind(),
        }
    }

    /// Returns the Go type as `%T` prints it; `<nil>` for nil.
    #[must_use]
    pub fn type_name(&self) -> &'static str {
        match self {
            Value::Absent | Value::Nil => "<nil>",
            Value::Bool(_) => "bool",
            Value::Int(_) => "int",
            Value::Int64(_) => "int64",
            Value::Uint8(_) => "uint8",
            Value::Uint64(_) => "uint64",
            Value::Float(_) => "float64",
            Value::Str(_) => "string",
            Value::Bytes(_) => "[]uint8",
            Value::List(list) => match list.list_type() {
                ListType::Any => "[]interface {}",
                ListType::Strings => "[]string",
                ListType::Ints => "[]int",
                ListType::Lists => "[][]interface {}",
                ListType::Versions => "common.VersionSet",
            },
            Value::Map(map) => match map.map_type() {
                MapType::Any => "map[string]interface {}",
                MapType::Strings => "map[string]string",
                MapType::Values => "common.Values",
                MapType::Files => "engine.files",
            },
            Value::Duration(_) => "time.Duration",
            Value::Object(object) => object.type_name(),
        }
    }

    /// Returns whether the value is nil or absent.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil | Value::Absent)
    }

    /// Returns the map, if this is one.
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        match self {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// Returns the list, if this is one.
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        match self {
            Value::List(list) => Some(list),
            _ => None,
        }
    }

    /// Returns the string, if this is one.
    #[must_use]
    pub fn as_string(&self) -> Option<&Str> {
        match self {
            Value::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the concrete object behind the value, if it is a `T`.
    #[must_use]
    pub fn downcast<T: 'static>(&self) -> Option<&T> {
        match self {
            Value::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Float(value)
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Str(text.into())
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Value::Str(text.into())
    }
}

impl From<Str> for Value {
    fn from(text: Str) -> Self {
        Value::Str(text)
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Value::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Value::Map(map)
    }
}
