//! TOML: written in the form of Go's `BurntSushi` encoder, read with the `toml` crate.

use super::argument::{any_arg, str_arg};
use super::civil::Civil;
use super::layout::format;
use super::time::{Time, Zone};
use super::{Failure, Function, Param, Result};
use crate::value::{List, Map, Str, Value, format_float, to_text};

pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "toToml",
        params: &[Param::Any],
        rest: None,
        // The text of an error is the result.
        call: |_, args| match encode(any_arg(args, 0)) {
            Err(Failure::Message(message)) if message.starts_with("toml: ") => {
                Ok(Value::from(message))
            }
            other => other,
        },
    },
    Function {
        name: "mustToToml",
        params: &[Param::Any],
        rest: None,
        call: |_, args| encode(any_arg(args, 0)),
    },
    Function {
        name: "fromToml",
        params: &[Param::Str],
        rest: None,
        call: |_, args| Ok(Value::Map(decode(str_arg(args, 0)))),
    },
];

/// Deeper nesting is refused, as each level takes stack.
const MAX_DEPTH: usize = 1000;

fn encode(value: &Value) -> Result {
    let mut out = Vec::new();
    match &*plain(value) {
        Value::Nil | Value::Absent => {
            return Err(Failure::from("reflect: call of reflect.Value.Type on zero Value"));
        }
        Value::Map(map) => push_table(&mut out, &mut Vec::new(), map)?,
        Value::List(list) if is_table_array(list)? => {
            return Err(Failure::from("toml: top-level values must be Go maps or structs"));
        }
        other => push_element(&mut out, other, 0)?,
    }
    Ok(Value::str(out))
}

/// Returns what the encoder sees of an object: a map of its fields, or its text. Times stay.
fn plain(value: &Value) -> std::borrow::Cow<'_, Value> {
    match value {
        Value::Object(object) if value.downcast::<Time>().is_none() => {
            std::borrow::Cow::Owned(object.to_plain())
        }
        _ => std::borrow::Cow::Borrowed(value),
    }
}

/// Returns whether a list holds tables only and at least one, so that it is written as `[[key]]`.
fn is_table_array(list: &List) -> std::result::Result<bool, Failure> {
    let items = list.items();
    if items.iter().any(Value::is_nil) {
        return Err(Failure::from("toml: cannot encode array with nil element"));
    }
    Ok(!items.is_empty() && items.iter().all(|item| matches!(&*plain(item), Value::Map(_))))
}

fn push_table(
    out: &mut Vec<u8>,
    path: &mut Vec<Str>,
    map: &Map,
) -> std::result::Result<(), Failure> {
    if path.len() > MAX_DEPTH {
        return Err(Failure::from("toml: nesting too deep"));
    }
    let mut tables = Vec::new();
    for (key, value) in map.entries() {
        let value = plain(&value).into_owned();
        match &value {
            Value::Nil | Value::Absent => {}
            Value::Map(inner) if inner.is_nil() => {}
            Value::List(list) if list.is_nil() => {}
            Value::Map(_) => tables.push((key, value)),
            Value::List(list) if is_table_array(list)? => tables.push((key, value)),
            _ => {
                push_indent(out, path.len());
                push_key(out, &key);
                out.extend_from_slice(b" = ");
                push_element(out, &value, path.len())?;
                out.push(b'\n');
            }
        }
    }
    for (key, value) in tables {
        path.push(key);
        match &value {
            Value::Map(inner) => {
                if path.len() == 1 {
                    push_blank_line(out);
                }
                push_header(out, path, "[", "]");
                push_table(out, path, inner)?;
            }
            Value::List(list) => {
                for item in list.items().iter() {
                    push_blank_line(out);
                    push_header(out, path, "[[", "]]");
                    if let Value::Map(inner) = &*plain(item) {
                        push_table(out, path, inner)?;
                    }
                }
            }
            _ => {}
        }
        path.pop();
    }
    Ok(())
}

fn push_blank_line(out: &mut Vec<u8>) {
    if !out.is_empty() {
        out.push(b'\n');
    }
}

fn push_indent(out: &mut Vec<u8>, level: usize) {
    out.extend(std::iter::repeat_n(b' ', 2 * level));
}

fn push_header(out: &mut Vec<u8>, path: &[Str], open: &str, close: &str) {
    push_indent(out, path.len() - 1);
    out.extend_from_slice(open.as_bytes());
    for (i, key) in path.iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        push_key(out, key);
    }
    out.extend_from_slice(close.as_bytes());
    out.push(b'\n');
}

fn push_key(out: &mut Vec<u8>, key: &Str) {
    let bare = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if !key.is_empty() && key.as_bytes().iter().all(bare) {
        out.extend_from_slice(key.as_bytes());
    } else {
        push_string(out, key);
    }
}

fn push_string(out: &mut Vec<u8>, text: &Str) {
    out.push(b'"');
    for &byte in text.as_bytes() {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..0x20 | 0x7f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(byte),
        }
    }
    out.push(b'"');
}

fn push_element(
    out: &mut Vec<u8>,
    value: &Value,
    depth: usize,
) -> std::result::Result<(), Failure> {
    if depth > MAX_DEPTH {
        return Err(Failure::from("toml: nesting too deep"));
    }
    let value = plain(value);
    match &*value {
        Value::Str(text) => push_string(out, text),
        Value::Float(x) => out.extend_from_slice(float(*x).as_bytes()),
        Value::Duration(_) => push_string(out, &to_text(&value)),
        Value::Bytes(bytes) => {
            let numbers = bytes.as_bytes().iter().map(|byte| Value::Uint8(*byte)).collect();
            push_element(out, &Value::List(List::new(numbers)), depth)?;
        }
        Value::List(list) => {
            is_table_array(list)?;
            out.push(b'[');
            for (i, item) in list.items().iter().enumerate() {
                if i > 0 {
                    out.extend_from_slice(b", ");
                }
                push_element(out, item, depth + 1)?;
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.push(b'{');
            let entries = map.entries();
            for (i, (key, item)) in entries.iter().filter(|(_, item)| !item.is_nil()).enumerate() {
                if i > 0 {
                    out.extend_from_slice(b", ");
                }
                push_key(out, key);
                out.extend_from_slice(b" = ");
                push_element(out, item, depth + 1)?;
            }
            out.push(b'}');
        }
        Value::Object(_) => {
            if let Some(time) = value.downcast::<Time>() {
                out.extend(format(time, b"2006-01-02T15:04:05.999999999Z07:00"));
            }
        }
        other => out.extend_from_slice(to_text(other).as_bytes()),
    }
    Ok(())
}

/// Writes a float so that it cannot be taken for an integer.
fn float(x: f64) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let mut text = format_float(x);
    if !text.contains(['.', 'e']) {
        text.push_str(".0");
    }
    text
}

/// Reads a document; when it is malformed the only key is `Error`.
fn decode(text: &Str) -> Map {
    let failed = |line: usize, message: &str| {
        let message = format!("toml: line {line}: {message}");
        Map::from_pairs([("Error", Value::from(message))])
    };
    let Some(text) = text.as_str() else { return failed(1, "invalid UTF-8 byte") };
    match text.parse::<::toml::Table>() {
        Ok(table) => from_table(table),
        Err(e) => {
            let at = e.span().map_or(0, |span| span.start.min(text.len()));
            failed(text.as_bytes()[..at].split(|b| *b == b'\n').count(), e.message())
        }
    }
}

fn from_table(table: ::toml::Table) -> Map {
    Map::from_pairs(table.into_iter().map(|(key, value)| (key, from_toml(value))))
}

fn from_toml(value: ::toml::Value) -> Value {
    match value {
        ::toml::Value::String(text) => Value::from(text),
        ::toml::Value::Integer(n) => Value::Int64(n),
        ::toml::Value::Float(x) => Value::Float(x),
        ::toml::Value::Boolean(b) => Value::Bool(b),
        ::toml::Value::Array(items) => {
            Value::List(List::new(items.into_iter().map(from_toml).collect()))
        }
        ::toml::Value::Table(table) => Value::Map(from_table(table)),
        ::toml::Value::Datetime(datetime) => Value::object(from_datetime(&datetime)),
    }
}

/// Makes a time; one without an offset is in a zone named for what is missing.
fn from_datetime(datetime: &::toml::value::Datetime) -> Time {
    let date = datetime
        .date
        .map_or((0, 1, 1), |d| (i64::from(d.year), i64::from(d.month), i64::from(d.day)));
    let clock = datetime.time.map_or((0, 0, 0, 0), |t| {
        let second = i64::from(t.second.unwrap_or(0));
        (i64::from(t.hour), i64::from(t.minute), second, i64::from(t.nanosecond.unwrap_or(0)))
    });
    let civil = Civil {
        year: date.0,
        month: date.1,
        day: date.2,
        hour: clock.0,
        minute: clock.1,
        second: clock.2,
        nanosecond: clock.3,
    };
    let local = |name: &str| Zone::Fixed { offset: 0, name: name.to_owned() };
    let zone = match (datetime.offset, datetime.date, datetime.time) {
        (Some(::toml::value::Offset::Custom { minutes }), ..) if minutes != 0 => {
            Zone::Fixed { offset: i64::from(minutes) * 60, name: String::new() }
        }
        (Some(_), ..) => Zone::Utc,
        (None, Some(_), Some(_)) => local("datetime-local"),
        (None, Some(_), None) => local("date-local"),
        (None, None, _) => local("time-local"),
    };
    Time::from_civil(&civil, &zone)
}
