use std::collections::HashSet;
use std::io::Write as _;

use super::{Str, Value, format_float};

/// Returns the text of `value` as Go's `fmt.Sprint` gives it for one operand.
///
/// A string is its own text, nil is `<nil>`.
#[must_use]
pub fn to_text(value: &Value) -> Str {
    if let Value::Str(text) = value {
        return text.clone();
    }
    let mut out = Vec::new();
    print_to(&mut out, value);
    Str::from(out)
}

/// Appends the text of `value` as Go's `%v` verb prints it.
///
/// Where a map lies within itself, the text ends there; see [`has_cycle`](super::has_cycle).
pub fn print_to(out: &mut Vec<u8>, value: &Value) {
    Printer { out, depth: 0, around: HashSet::new(), is_cut: false }.print(value);
}

/// From this depth on it is noted which maps lie around a value.
const CHECKED_DEPTH: usize = 1000;

/// Longer texts, in bytes, are cut: data that shares its parts can be endless on paper.
const MAX_TEXT: usize = 1 << 30;

struct Printer<'a> {
    out: &'a mut Vec<u8>,
    depth: usize,
    /// The maps around, as far as they lie deeper than [`CHECKED_DEPTH`].
    around: HashSet<usize>,
    /// Whether a cycle was met.
    is_cut: bool,
}

impl Printer<'_> {
    fn print(&mut self, value: &Value) {
        if self.is_cut || self.out.len() > MAX_TEXT {
            self.is_cut = true;
            return;
        }
        let out = &mut *self.out;
        match value {
            Value::Absent | Value::Nil => out.extend_from_slice(b"<nil>"),
            Value::Bool(b) => out.extend_from_slice(if *b { b"true" } else { b"false" }),
            Value::Int(n) | Value::Int64(n) => push(out, n),
            Value::Uint8(n) => push(out, n),
            Value::Uint64(n) => push(out, n),
            Value::Float(x) => out.extend_from_slice(format_float(*x).as_bytes()),
            Value::Str(text) => out.extend_from_slice(text.as_bytes()),
            Value::Bytes(bytes) => {
                self.bracketed(bytes.as_bytes().iter(), |this, byte| push(this.out, byte));
            }
            Value::List(list) => self.bracketed(list.items().iter(), Self::print),
            Value::Map(map) => {
                let is_noted = self.depth > CHECKED_DEPTH;
                if self.is_cut || is_noted && !self.around.insert(map.address()) {
                    self.is_cut = true;
                    return;
                }
                self.out.extend_from_slice(b"map");
                self.bracketed(map.entries().iter(), |this, (key, value)| {
                    this.out.extend_from_slice(key.as_bytes());
                    this.out.push(b':');
                    this.print(value);
                });
                if is_noted {
                    self.around.remove(&map.address());
                }
            }
            Value::Duration(nanoseconds) => push_duration(out, *nanoseconds),
            Value::Object(object) => {
                if let Some(text) = object.to_text() {
                    out.extend_from_slice(text.as_bytes());
                    return;
                }
                if object.kind() == super::Kind::Ptr {
                    out.push(b'&');
                }
                out.push(b'{');
                for (i, (_, field)) in object.printed_fields().iter().enumerate() {
                    if i > 0 {
                        self.out.push(b' ');
                    }
                    self.print(field);
                }
                self.out.push(b'}');
            }
        }
    }

    fn bracketed<T>(
        &mut self,
        items: impl Iterator<Item = T>,
        mut print: impl FnMut(&mut Self, T),
    ) {
        self.out.push(b'[');
        self.depth += 1;
        for (i, item) in items.enumerate() {
            if i > 0 {
                self.out.push(b' ');
            }
            stacker::maybe_grow(64 << 10, 1 << 20, || print(self, item));
        }
        self.depth -= 1;
        self.out.push(b']');
    }
}

fn push(out: &mut Vec<u8>, number: &dyn std::fmt::Display) {
    write!(out, "{number}").unwrap_or_default();
}

/// Appends a duration as Go's `time.Duration.String` does: `1h5m0s`, `1.5s`, `2ms`, `0s`.
fn push_duration(out: &mut Vec<u8>, nanoseconds: i64) {
    let total = nanoseconds.unsigned_abs();
    if nanoseconds < 0 {
        out.push(b'-');
    }
    if total == 0 {
        out.extend_from_slice(b"0s");
    } else if total < 1_000_000_000 {
        let (unit, name, digits) = if total < 1_000 {
            (1, "ns", 0)
        } else if total < 1_000_000 {
            (1_000, "µs", 3)
        } else {
            (1_000_000, "ms", 6)
        };
        push(out, &(total / unit));
        push_fraction(out, total % unit, digits);
        out.extend_from_slice(name.as_bytes());
    } else {
        let seconds = total / 1_000_000_000;
        let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
        if hours > 0 {
            push(out, &hours);
            out.push(b'h');
        }
        if hours > 0 || minutes > 0 {
            push(out, &minutes);
            out.push(b'm');
        }
        push(out, &(seconds % 60));
        push_fraction(out, total % 1_000_000_000, 9);
        out.push(b's');
    }
}

fn push_fraction(out: &mut Vec<u8>, fraction: u64, digits: usize) {
    if fraction > 0 {
        let text = format!("{fraction:0digits$}");
        out.push(b'.');
        out.extend_from_slice(text.trim_end_matches('0').as_bytes());
    }
}
