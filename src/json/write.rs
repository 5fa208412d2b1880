use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::value::{Value, format_float_json};

/// Which characters of strings are escaped besides those JSON demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Escape {
    /// `<`, `>` and `&` become `\u003c`, `\u003e` and `\u0026`, as Go does by default.
    Html,
    /// Only what JSON demands, and U+2028 and U+2029.
    Raw,
}

/// Appends `value` as Go's `json.Marshal` does, without a trailing line feed.
///
/// Keys are sorted by bytes; a nil list or map is `null`; bytes are base64.
///
/// # Errors
/// `json: unsupported value: NaN` (or `+Inf`, `-Inf`) for a float that JSON lacks; `out` then ends
/// where it began.
pub fn write(out: &mut Vec<u8>, value: &Value, escape: Escape) -> Result<(), String> {
    start(out, value, Writer { escape, pretty: false, depth: 0, around: HashSet::new() })
}

/// Appends `value` as Go's `json.MarshalIndent(v, "", "  ")` does: escaped, `[]` and `{}` inline.
///
/// # Errors
/// As [`write()`].
pub fn write_pretty(out: &mut Vec<u8>, value: &Value) -> Result<(), String> {
    start(
        out,
        value,
        Writer { escape: Escape::Html, pretty: true, depth: 0, around: HashSet::new() },
    )
}

fn start(out: &mut Vec<u8>, value: &Value, mut writer: Writer) -> Result<(), String> {
    let length = out.len();
    let done = writer.value(out, value);
    if done.is_err() {
        out.truncate(length);
    }
    done
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// From this depth on, Go notes which maps it is in.
const CHECKED_DEPTH: usize = 1000;

struct Writer {
    escape: Escape,
    pretty: bool,
    depth: usize,
    /// The maps around, as far as they lie deeper than [`CHECKED_DEPTH`].
    around: HashSet<usize>,
}

impl Writer {
    fn value(&mut self, out: &mut Vec<u8>, value: &Value) -> Result<(), String> {
        match value {
            Value::Absent | Value::Nil => out.extend_from_slice(b"null"),
            Value::Bool(true) => out.extend_from_slice(b"true"),
            Value::Bool(false) => out.extend_from_slice(b"false"),
            Value::Int(n) | Value::Int64(n) | Value::Duration(n) => {
                out.extend_from_slice(n.to_string().as_bytes());
            }
            Value::Uint8(n) => out.extend_from_slice(n.to_string().as_bytes()),
            Value::Uint64(n) => out.extend_from_slice(n.to_string().as_bytes()),
            Value::Float(x) => {
                let text = format_float_json(*x);
                if !x.is_finite() {
                    return Err(format!("json: unsupported value: {text}"));
                }
                out.extend_from_slice(text.as_bytes());
            }
            Value::Str(text) => push_string(out, text.as_bytes(), self.escape),
            Value::Bytes(bytes) => {
                out.push(b'"');
                out.extend_from_slice(base64(bytes.as_bytes()).as_bytes());
                out.push(b'"');
            }
            Value::List(list) if list.is_nil() => out.extend_from_slice(b"null"),
            Value::Map(map) if map.is_nil() => out.extend_from_slice(b"null"),
            Value::List(list) => {
                let items = list.items();
                self.nested(out, (b'[', b']'), items.iter(), |writer, out, item| {
                    writer.value(out, item)
                })?;
            }
            Value::Map(map) => {
                let is_noted = self.depth > CHECKED_DEPTH;
                if is_noted && !self.around.insert(map.address()) {
                    let go_type = value.type_name();
                    return Err(format!(
                        "json: unsupported value: encountered a cycle via {go_type}"
                    ));
                }
                map.with(|entries| {
                    self.nested(out, (b'{', b'}'), entries.iter(), |writer, out, (key, value)| {
                        push_string(out, key.as_bytes(), writer.escape);
                        out.extend_from_slice(if writer.pretty { b": " } else { b":" });
                        writer.value(out, value)
                    })
                })?;
                if is_noted {
                    self.around.remove(&map.address());
                }
            }
            Value::Object(object) => match object.json_fields() {
                Some(fields) => self.fields(out, &fields)?,
                None => self.value(out, &object.to_plain())?,
            },
        }
        Ok(())
    }

    /// Writes a struct: its fields in their own order.
    fn fields(
        &mut self,
        out: &mut Vec<u8>,
        fields: &[(&'static str, Value)],
    ) -> Result<(), String> {
        self.nested(out, (b'{', b'}'), fields.iter(), |writer, out, (key, value)| {
            push_string(out, key.as_bytes(), writer.escape);
            out.extend_from_slice(if writer.pretty { b": " } else { b":" });
            writer.value(out, value)
        })
    }

    fn nested<'a, T: 'a>(
        &mut self,
        out: &mut Vec<u8>,
        (open, close): (u8, u8),
        items: std::slice::Iter<'a, T>,
        mut each: impl FnMut(&mut Self, &mut Vec<u8>, &'a T) -> Result<(), String>,
    ) -> Result<(), String> {
        if out.len() > MAX_TEXT {
            return Err(format!("more than {MAX_TEXT} bytes of JSON"));
        }
        out.push(open);
        if items.len() > 0 {
            self.depth += 1;
            for (i, item) in items.enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                self.line(out);
                stacker::maybe_grow(64 << 10, 1 << 20, || each(self, out, item))?;
            }
            self.depth -= 1;
            self.line(out);
        }
        out.push(close);
        Ok(())
    }

    fn line(&self, out: &mut Vec<u8>) {
        if self.pretty {
            out.push(b'\n');
            out.resize(out.len() + 2 * self.depth, b' ');
        }
    }
}

/// Longer texts, in bytes, are refused: data that shares its parts can be endless on paper.
const MAX_TEXT: usize = 256 << 20;

/// Appends `text` as a JSON string; invalid UTF-8 becomes U+FFFD.
pub(crate) fn push_string(out: &mut Vec<u8>, text: &[u8], escape: Escape) {
    out.push(b'"');
    for chunk in text.utf8_chunks() {
        push_valid(out, chunk.valid(), escape);
        // Go replaces each invalid byte on its own, not each maximal sequence.
        for _ in chunk.invalid() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
    out.push(b'"');
}

fn push_valid(out: &mut Vec<u8>, text: &str, escape: Escape) {
    let bytes = text.as_bytes();
    let mut done = 0;
    let mut i = 0;
    while i < bytes.len() {
        let byte = bytes[i];
        let (length, replacement): (usize, Option<&[u8]>) = match byte {
            b'"' => (1, Some(b"\\\"")),
            b'\\' => (1, Some(b"\\\\")),
            b'\n' => (1, Some(b"\\n")),
            b'\r' => (1, Some(b"\\r")),
            b'\t' => (1, Some(b"\\t")),
            0x08 => (1, Some(b"\\b")),
            0x0c => (1, Some(b"\\f")),
            b'<' if escape == Escape::Html => (1, Some(b"\\u003c")),
            b'>' if escape == Escape::Html => (1, Some(b"\\u003e")),
            b'&' if escape == Escape::Html => (1, Some(b"\\u0026")),
            0xe2 if bytes[i..].starts_with("\u{2028}".as_bytes()) => (3, Some(b"\\u2028")),
            0xe2 if bytes[i..].starts_with("\u{2029}".as_bytes()) => (3, Some(b"\\u2029")),
            0..0x20 => {
                out.extend_from_slice(&bytes[done..i]);
                out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                done = i + 1;
                (1, None)
            }
            _ => (1, None),
        };
        if let Some(replacement) = replacement {
            out.extend_from_slice(&bytes[done..i]);
            out.extend_from_slice(replacement);
            done = i + length;
        }
        i += length;
    }
    out.extend_from_slice(&bytes[done..]);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{List, ListType, Map, MapType};

    fn html(value: &Value) -> String {
        let mut out = Vec::new();
        match write(&mut out, value, Escape::Html) {
            Ok(()) => String::from_utf8_lossy(&out).into_owned(),
            Err(message) => message,
        }
    }

    #[test]
    fn go_encoding() {
        let cases = [
            (Value::from("<a&b>"), r#""\u003ca\u0026b\u003e""#),
            (Value::from("\u{8}\u{c}\n\r\t\u{1}\u{7f}"), "\"\\b\\f\\n\\r\\t\\u0001\u{7f}\""),
            (Value::from("a\u{2028}b\u{2029}"), r#""a\u2028b\u2029""#),
            (Value::str(&b"a\xff\xe2\x82b"[..]), "\"a\u{fffd}\u{fffd}\u{fffd}b\""),
            (Value::Bytes("hi".into()), r#""aGk=""#),
            (Value::Float(1e21), "1e+21"),
            (Value::Float(-0.0), "-0"),
            (Value::Float(f64::NEG_INFINITY), "json: unsupported value: -Inf"),
            (Value::List(List::nil(ListType::Any)), "null"),
            (Value::Map(Map::nil(MapType::Any)), "null"),
            (Value::Duration(1_500_000_000), "1500000000"),
            (
                Value::Map(Map::from_pairs([("b", Value::Nil), ("B", Value::Bool(true))])),
                r#"{"B":true,"b":null}"#,
            ),
        ];
        for (value, text) in cases {
            assert_eq!(html(&value), text);
        }
    }

    #[test]
    fn raw_keeps_html() {
        let mut out = Vec::new();
        assert!(write(&mut out, &Value::from("<\u{2028}>"), Escape::Raw).is_ok());
        assert_eq!(out, b"\"<\\u2028>\"");
    }

    #[test]
    fn pretty() {
        let value = Value::Map(Map::from_pairs([
            ("a", Value::List(List::new(vec![Value::Int(1), Value::List(List::new(vec![]))]))),
            ("b", Value::Map(Map::new())),
        ]));
        let mut out = Vec::new();
        assert!(write_pretty(&mut out, &value).is_ok());
        assert_eq!(
            String::from_utf8_lossy(&out),
            "{\n  \"a\": [\n    1,\n    []\n  ],\n  \"b\": {}\n}"
        );
    }
}
