use crate::go::{Piece, can_backquote, next_piece, push_quoted, push_quoted_rune};
use crate::value::{Entries, List, Map, MapType, Str, Value};

/// Go's limit on nested lists and objects.
const MAX_DEPTH: usize = 10_000;

/// What numbers become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// `float64`, as Go's decoder does for an untyped target.
    Float,
    /// `int64` (or `uint64`) where the text is an integer that fits, else `float64`.
    Exact,
}

/// A failure to read JSON, with the text of Go's `encoding/json`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Bytes read before the failure.
    pub offset: usize,
    /// Go's message.
    pub message: String,
}

/// Reads one JSON text into the value Go's decoder makes for `interface {}`.
///
/// Numbers become floats; of duplicate keys the last wins; invalid UTF-8 and lone surrogates
/// become U+FFFD.
///
/// # Errors
/// Go's messages: `unexpected end of JSON input`,
/// `invalid character 'b' looking for beginning of value`, ….
pub fn read(text: &[u8]) -> Result<Value, Error> {
    read_with(text, Numbers::Float)
}

/// Reads as [`read()`] does, with a choice of number types.
///
/// # Errors
/// As [`read()`].
pub fn read_with(text: &[u8], numbers: Numbers) -> Result<Value, Error> {
    let mut reader = Reader { text, at: 0, numbers, range_error: None };
    let value = reader.value()?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.bad("after top-level value"));
    }
    match reader.range_error {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

/// Reads the JSON value at the start of `text` and returns it with the number of bytes it takes,
/// as Go's stream decoder does; what follows is not looked at.
///
/// # Errors
/// As [`read()`].
pub fn read_prefix(text: &[u8]) -> Result<(Value, usize), Error> {
    let mut reader = Reader { text, at: 0, numbers: Numbers::Float, range_error: None };
    let value = reader.value()?;
    match reader.range_error {
        Some(error) => Err(error),
        None => Ok((value, reader.at)),
    }
}

enum Frame {
    List(Vec<Value>),
    Map(Vec<(Str, Value)>, Str),
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    numbers: Numbers,
    /// Go checks the whole syntax before it decodes, so a number out of range is reported last.
    range_error: Option<Error>,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Value, Error> {
        let mut frames: Vec<Frame> = Vec::new();
        'value: loop {
            let mut value = match self.peek()? {
                b'[' => {
                    self.at += 1;
                    if self.peek()? == b']' {
                        self.at += 1;
                        self.check_depth(frames.len() + 1, 2)?;
                        Value::List(List::new(Vec::new()))
                    } else {
                        self.check_depth(frames.len() + 1, 1)?;
                        frames.push(Frame::List(Vec::new()));
                        continue 'value;
                    }
                }
                b'{' => {
                    self.at += 1;
                    self.check_depth(frames.len() + 1, 1)?;
                    match self.peek()? {
                        b'}' => {
                            self.at += 1;
                            Value::Map(Map::new())
                        }
                        b'"' => {
                            let key = self.key()?;
                            frames.push(Frame::Map(Vec::new(), key));
                            continue 'value;
                        }
                        _ => return Err(self.bad("looking for beginning of object key string")),
                    }
                }
                b'"' => Value::Str(self.string()?),
                b'-' | b'0'..=b'9' => self.number()?,
                b't' => self.literal("true", Value::Bool(true))?,
                b'f' => self.literal("false", Value::Bool(false))?,
                b'n' => self.literal("null", Value::Nil)?,
                _ => return Err(self.bad("looking for beginning of value")),
            };
            loop {
                match frames.last_mut() {
                    None => return Ok(value),
                    Some(Frame::List(items)) => {
                        items.push(value);
                        match self.peek()? {
                            b',' => {
                                self.at += 1;
                                continue 'value;
                            }
                            b']' => self.at += 1,
                            _ => return Err(self.bad("after array element")),
                        }
                    }
                    Some(Frame::Map(pairs, key)) => {
                        pairs.push((std::mem::take(key), value));
                        match self.peek()? {
                            b',' => {
                                self.at += 1;
                                if self.peek()? != b'"' {
                                    return Err(
                                        self.bad("looking for beginning of object key string")
                                    );
                                }
                                let next = self.key()?;
                                if let Some(Frame::Map(_, key)) = frames.last_mut() {
                                    *key = next;
                                }
                                continue 'value;
                            }
                            b'}' => self.at += 1,
                            _ => return Err(self.bad("after object key:value pair")),
                        }
                    }
                }
                value = match frames.pop() {
                    Some(Frame::List(items)) => Value::List(List::new(items)),
                    Some(Frame::Map(pairs, _)) => {
                        Value::Map(Map::open(MapType::Any, Entries::from_pairs(pairs)))
                    }
                    None => return Err(self.end()),
                };
            }
        }
    }

    fn check_depth(&self, depth: usize, back: usize) -> Result<(), Error> {
        if depth > MAX_DEPTH {
            return Err(Error { offset: self.at - back, message: "exceeded max depth".to_owned() });
        }
        Ok(())
    }

    fn skip_space(&mut self) {
        while matches!(self.text.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Returns the next byte that is no white space, without taking it.
    fn peek(&mut self) -> Result<u8, Error> {
        self.skip_space();
        self.text.get(self.at).copied().ok_or_else(|| self.end())
    }

    fn end(&self) -> Error {
        Error { offset: self.text.len(), message: "unexpected end of JSON input".to_owned() }
    }

    fn bad(&self, context: &str) -> Error {
        let mut message = b"invalid character ".to_vec();
        match next_piece(&self.text[self.at..]) {
            None => return self.end(),
            Some(Piece::Char(c, _)) => push_quoted_rune(&mut message, c, false),
            Some(Piece::Bad(byte)) => message.extend(format!("'\\x{byte:02x}'").bytes()),
        }
        let message = format!("{} {context}", String::from_utf8_lossy(&message));
        Error { offset: self.at, message }
    }

    /// Refuses the escape sequence that begins with the backslash at `start`, of which `length` bytes
    /// are meant.
    fn bad_escape(&self, start: usize, length: usize) -> Error {
        let end = self.text.len().min(start + length);
        let sequence = &self.text[start..end];
        let mut quoted = Vec::new();
        if can_backquote(sequence) {
            quoted = [b"`", sequence, b"`"].concat();
        } else {
            push_quoted(&mut quoted, sequence, false);
        }
        let quoted = String::from_utf8_lossy(&quoted);
        Error { offset: self.at, message: format!("invalid escape sequence {quoted} in string") }
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, Error> {
        for (i, expected) in word.bytes().enumerate() {
            if self.text.get(self.at) != Some(&expected) {
                let expected = char::from(expected);
                debug_assert!(i > 0);
                return Err(self.bad(&format!("in literal {word} (expecting '{expected}')")));
            }
            self.at += 1;
        }
        Ok(value)
    }

    fn digits(&mut self) {
        while matches!(self.text.get(self.at), Some(b'0'..=b'9')) {
            self.at += 1;
        }
    }

    fn number(&mut self) -> Result<Value, Error> {
        let start = self.at;
        let mut integral = true;
        if self.text.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        match self.text.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits(),
            _ => return Err(self.bad("in numeric literal")),
        }
        if self.text.get(self.at) == Some(&b'.') {
            integral = false;
            self.at += 1;
            if !matches!(self.text.get(self.at), Some(b'0'..=b'9')) {
                return Err(self.bad("in numeric literal"));
            }
            self.digits();
        }
        if matches!(self.text.get(self.at), Some(b'e' | b'E')) {
            integral = false;
            self.at += 1;
            if matches!(self.text.get(self.at), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !matches!(self.text.get(self.at), Some(b'0'..=b'9')) {
                return Err(self.bad("in numeric literal"));
            }
            self.digits();
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or_default();
        if integral && self.numbers == Numbers::Exact {
            if let Ok(n) = text.parse::<i64>() {
                return Ok(Value::Int64(n));
            }
            if let Ok(n) = text.parse::<u64>() {
                return Ok(Value::Uint64(n));
            }
        }
        let number: f64 = text.parse().unwrap_or(f64::NAN);
        if !number.is_finite() && self.range_error.is_none() {
            self.range_error = Some(Error {
                offset: self.at,
                message: format!(
                    "json: cannot unmarshal number {text} into Go value of type float64"
                ),
            });
        }
        Ok(Value::Float(number))
    }

    fn key(&mut self) -> Result<Str, Error> {
        let key = self.string()?;
        if self.peek()? != b':' {
            return Err(self.bad("after object key"));
        }
        self.at += 1;
        Ok(key)
    }

    /// Reads a string whose opening quote is the next byte.
    fn string(&mut self) -> Result<Str, Error> {
        self.at += 1;
        let start = self.at;
        loop {
            match self.text.get(self.at) {
                None => return Err(self.end()),
                Some(b'"') => {
                    let bytes = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(if let Ok(text) = std::str::from_utf8(bytes) {
                        Str::from(text)
                    } else {
                        let mut out = Vec::with_capacity(bytes.len() + 8);
                        push_lossy(&mut out, bytes);
                        Str::from(out)
                    });
                }
                Some(b'\\') => return self.escaped_string(start),
                Some(0..0x20) => return Err(self.bad("in string")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escaped_string(&mut self, start: usize) -> Result<Str, Error> {
        let mut out = Vec::with_capacity(self.at - start + 32);
        let mut done = start;
        loop {
            match self.text.get(self.at) {
                None => return Err(self.end()),
                Some(b'"') => {
                    push_lossy(&mut out, &self.text[done..self.at]);
                    self.at += 1;
                    return Ok(Str::from(out));
                }
                Some(b'\\') => {
                    push_lossy(&mut out, &self.text[done..self.at]);
                    self.at += 1;
                    self.escape(&mut out)?;
                    done = self.at;
                }
                Some(0..0x20) => return Err(self.bad("in string")),
                Some(_) => self.at += 1,
            }
        }
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let plain = match self.text.get(self.at) {
            None => return Err(self.end()),
            Some(byte @ (b'"' | b'\\' | b'/')) => *byte,
            Some(b'b') => 0x08,
            Some(b'f') => 0x0c,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                self.at += 1;
                let unit = self.hex()?;
                let mut code = unit;
                if (0xd800..0xdc00).contains(&unit) {
                    let before = self.at;
                    if self.text[self.at..].starts_with(b"\\u") {
                        self.at += 2;
                        let low = self.hex()?;
                        if (0xdc00..0xe000).contains(&low) {
                            code = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
                        } else {
                            self.at = before;
                        }
                    }
                }
                let character = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
                let mut buffer = [0; 4];
                out.extend_from_slice(character.encode_utf8(&mut buffer).as_bytes());
                return Ok(());
            }
            Some(_) => return Err(self.bad_escape(self.at - 1, 2)),
        };
        out.push(plain);
        self.at += 1;
        Ok(())
    }

    fn hex(&mut self) -> Result<u32, Error> {
        let mut code = 0;
        for back in 0..4 {
            let Some(digit) = self.text.get(self.at).and_then(|b| char::from(*b).to_digit(16))
            else {
                let start = self.at - back - 2;
                return Err(match self.text.get(self.at) {
                    Some(_) => self.bad_escape(start, 6),
                    None => self.end(),
                });
            };
            code = code * 16 + digit;
            self.at += 1;
        }
        Ok(code)
    }
}

/// Appends `bytes`, each invalid byte as U+FFFD, as Go's decoder does.
fn push_lossy(out: &mut Vec<u8>, bytes: &[u8]) {
    for chunk in bytes.utf8_chunks() {
        out.extend_from_slice(chunk.valid().as_bytes());
        for _ in chunk.invalid() {
            out.extend_from_slice("\u{fffd}".as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Escape, write};

    fn show(text: &[u8]) -> String {
        match read(text) {
            Ok(value) => {
                let mut out = Vec::new();
                assert!(write(&mut out, &value, Escape::Raw).is_ok());
                String::from_utf8_lossy(&out).into_owned()
            }
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn values_and_messages() {
        let cases: &[(&str, &str)] = &[
            (
                r#" {"a": [1, -0.5e2, "x\u00e9\ud83d\ude00\/"], "b": null} "#,
                r#"{"a":[1,-50,"xé😀/"],"b":null}"#,
            ),
            (r#"{"a":1,"a":{"b":2}}"#, r#"{"a":{"b":2}}"#),
            (r#""\ud800x""#, "\"\u{fffd}x\""),
            (r#""\ud800\u0041""#, "\"\u{fffd}A\""),
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("{b", "invalid character 'b' looking for beginning of object key string"),
            ("{\"a\" 1}", "invalid character '1' after object key"),
            ("{\"a\":1 2", "invalid character '2' after object key:value pair"),
            ("{\"a\":1,}", "invalid character '}' looking for beginning of object key string"),
            ("[1 2]", "invalid character '2' after array element"),
            ("[1,]", "invalid character ']' looking for beginning of value"),
            ("1 x", "invalid character 'x' after top-level value"),
            ("01", "invalid character '1' after top-level value"),
            ("-x", "invalid character 'x' in numeric literal"),
            ("1.x", "invalid character 'x' in numeric literal"),
            ("1e+x", "invalid character 'x' in numeric literal"),
            ("tru", "unexpected end of JSON input"),
            ("trux", "invalid character 'x' in literal true (expecting 'e')"),
            ("\"a\nb\"", r"invalid character '\n' in string"),
            (r#""\x""#, r"invalid escape sequence `\x` in string"),
            ("\"\\é\"", r#"invalid escape sequence "\\\xc3" in string"#),
            ("\"\\`\"", r#"invalid escape sequence "\\`" in string"#),
            (r#""\u12g4""#, r"invalid escape sequence `\u12g4` in string"),
            (r#""\u"#, "unexpected end of JSON input"),
            (r#""\u""#, r#"invalid escape sequence `\u"` in string"#),
            ("'a'", r"invalid character '\'' looking for beginning of value"),
            ("é", "invalid character 'é' looking for beginning of value"),
            ("1e400", "json: cannot unmarshal number 1e400 into Go value of type float64"),
        ];
        for (text, shown) in cases {
            assert_eq!(show(text.as_bytes()), *shown, "{text}");
        }
        assert_eq!(show(b"\"a\xff\""), "\"a\u{fffd}\"");
    }

    #[test]
    fn exact_numbers() {
        let read = |text: &str| read_with(text.as_bytes(), Numbers::Exact).ok();
        assert!(matches!(read("9223372036854775807"), Some(Value::Int64(i64::MAX))));
        assert!(matches!(read("18446744073709551615"), Some(Value::Uint64(u64::MAX))));
        assert!(matches!(read("1.0"), Some(Value::Float(1.0))));
    }

    #[test]
    fn depth() {
        let nested = |n: usize| [vec![b'['; n], vec![b']'; n]].concat();
        assert!(read(&nested(1_000)).is_ok());
        let error = read(&nested(10_001)).err().map(|e| e.message);
        assert_eq!(error.as_deref(), Some("exceeded max depth"));
    }
}
