use std::collections::{HashMap, HashSet};

use foldhash::fast::FixedState;

use super::{List, Map, Value};

/// Returns Go's template truth: false are nil, false, zero, and empty strings, lists and maps.
#[must_use]
pub fn is_true(value: &Value) -> bool {
    match value {
        Value::Absent | Value::Nil => false,
        Value::Bool(b) => *b,
        Value::Int(n) | Value::Int64(n) | Value::Duration(n) => *n != 0,
        Value::Uint8(n) => *n != 0,
        Value::Uint64(n) => *n != 0,
        Value::Float(x) => *x != 0.0,
        Value::Str(text) | Value::Bytes(text) => !text.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Object(object) => !object.is_falsy(),
    }
}

/// Returns whether both values are equal as Go's `reflect.DeepEqual` sees them: same types, same
/// content; a nil list differs from an empty one; NaN differs from itself.
#[must_use]
pub fn deep_equal(a: &Value, b: &Value) -> bool {
    Comparison::default().equal(a, b)
}

/// From this depth on it is noted which maps are being compared.
const CHECKED_DEPTH: usize = 1000;

#[derive(Default)]
struct Comparison {
    depth: usize,
    /// The pairs of maps around, as far as they lie deeper than [`CHECKED_DEPTH`]. As in Go, maps
    /// are equal within themselves.
    around: HashSet<(usize, usize)>,
}

impl Comparison {
    fn equal(&mut self, a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::List(_), Value::List(_)) | (Value::Map(_), Value::Map(_)) => {
                self.depth += 1;
                let equal = stacker::maybe_grow(64 << 10, 1 << 20, || self.nested(a, b));
                self.depth -= 1;
                equal
            }
            (Value::Absent | Value::Nil, Value::Absent | Value::Nil) => true,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Int(a), Value::Int(b))
            | (Value::Int64(a), Value::Int64(b))
            | (Value::Duration(a), Value::Duration(b)) => a == b,
            (Value::Uint8(a), Value::Uint8(b)) => a == b,
            (Value::Uint64(a), Value::Uint64(b)) => a == b,
            (Value::Float(a), Value::Float(b)) => a == b,
            (Value::Str(a), Value::Str(b)) | (Value::Bytes(a), Value::Bytes(b)) => a == b,
            (Value::Object(a), Value::Object(b)) => a.equals(b.as_ref()),
            _ => false,
        }
    }

    fn nested(&mut self, a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::List(a), Value::List(b)) => {
                a.ptr_eq(b)
                    || a.list_type() == b.list_type() && a.is_nil() == b.is_nil() && {
                        let (a, b) = (a.items(), b.items());
                        a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| self.equal(a, b))
                    }
            }
            (Value::Map(a), Value::Map(b)) => {
                if self.depth > CHECKED_DEPTH && !self.around.insert((a.address(), b.address())) {
                    return true;
                }
                a.map_type() == b.map_type()
                    && (a.ptr_eq(b)
                        || a.is_nil() == b.is_nil() && {
                            let (a, b) = (a.entries(), b.entries());
                            a.len() == b.len()
                                && a.iter()
                                    .zip(b.iter())
                                    .all(|(a, b)| a.0 == b.0 && self.equal(&a.1, &b.1))
                        })
            }
            _ => false,
        }
    }
}

/// Rebuilds `value` with each map node made once by `make`, so that aliases stay aliases.
fn rebuild(value: &Value, made: &mut HashMap<usize, Map, FixedState>, frozen: bool) -> Value {
    match value {
        Value::Map(_) | Value::List(_) => {
            stacker::maybe_grow(64 << 10, 1 << 20, || nested_rebuild(value, made, frozen))
        }
        _ => value.clone(),
    }
}

fn nested_rebuild(
    value: &Value,
    made: &mut HashMap<usize, Map, FixedState>,
    frozen: bool,
) -> Value {
    match value {
        Value::Map(map) if map.is_nil() || map.is_frozen() && frozen => value.clone(),
        Value::Map(map) => {
            let address = map.address();
            if let Some(done) = made.get(&address) {
                return Value::Map(done.with_type(map.map_type()));
            }
            let entries =
                map.with(|entries| entries.map_values(|value| rebuild(value, made, frozen)));
            let copy = if frozen {
                Map::frozen(map.map_type(), entries)
            } else {
                Map::open(map.map_type(), entries)
            };
            made.insert(address, copy.clone());
            Value::Map(copy)
        }
        Value::List(list) if !list.is_nil() => {
            let items = list.items();
            if items.iter().all(|item| !matches!(item, Value::Map(_) | Value::List(_))) {
                return value.clone();
            }
            let items = items.iter().map(|item| rebuild(item, made, frozen)).collect();
            Value::List(List::typed(list.list_type(), items))
        }
        _ => value.clone(),
    }
}

/// Returns the same data with every map frozen. Maps that were one stay one.
#[must_use]
pub fn freeze(value: &Value) -> Value {
    rebuild(value, &mut HashMap::default(), true)
}

/// Returns a writable copy of the data. Maps that were one stay one; nothing is shared with `value`.
#[must_use]
pub fn thaw(value: &Value) -> Value {
    rebuild(value, &mut HashMap::default(), false)
}

/// Returns a writable copy in which nothing is shared, each alias copied on its own.
#[must_use]
pub fn deep_copy(value: &Value) -> Value {
    match value {
        Value::Map(_) | Value::List(_) => {
            stacker::maybe_grow(64 << 10, 1 << 20, || nested_copy(value))
        }
        _ => value.clone(),
    }
}

fn nested_copy(value: &Value) -> Value {
    match value {
        Value::Map(map) if !map.is_nil() => {
            let entries = map.with(|entries| entries.map_values(deep_copy));
            Value::Map(Map::open(map.map_type(), entries))
        }
        Value::List(list) if !list.is_nil() => {
            let items = list.items().iter().map(deep_copy).collect();
            Value::List(List::typed(list.list_type(), items))
        }
        _ => value.clone(),
    }
}
