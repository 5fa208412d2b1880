use std::borrow::Cow;
use std::collections::BTreeMap;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, Zero as _};

use crate::json;
use crate::value::{Value, format_float_json};

/// Powers of ten beyond this are clamped, so that no number in a schema takes minutes to compare.
const MAX_EXPONENT: i64 = 5_000;

/// How deep lists and maps of a schema may lie within each other. The work on a schema grows with
/// the square of its depth, and no real schema comes near.
const MAX_LEVELS: usize = 1_000;

/// A JSON value that keeps the text of its numbers, which messages quote.
#[derive(Clone, Debug)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(String),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

impl Json {
    /// Reads a JSON text.
    ///
    /// # Errors
    /// The messages of Go's stream decoder, and that of the schema library for trailing text; one of
    /// our own for what is too deep.
    pub(super) fn read(text: &[u8]) -> Result<Json, String> {
        let lossy = String::from_utf8_lossy(text);
        if let Some(json) = (Reader { text: &lossy, at: 0, depth: 0 }).whole() {
            if depth(&lossy) > MAX_LEVELS {
                return Err(format!("the schema nests deeper than {MAX_LEVELS} levels"));
            }
            return Ok(json);
        }
        match json::read(text) {
            Err(error) => Err(stream_message(text, &error)),
            Ok(_) => Err("invalid character after top-level value".to_owned()),
        }
    }

    pub(super) fn object(&self) -> Option<&BTreeMap<String, Json>> {
        match self {
            Json::Object(fields) => Some(fields),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Json]> {
        match self {
            Json::List(items) => Some(items),
            _ => None,
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Json::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value at a JSON pointer.
    pub(super) fn at(&self, pointer: &str) -> Option<&Json> {
        let mut value = self;
        for token in pointer.split('/').skip(1) {
            let token = if token.contains('~') {
                Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
            } else {
                Cow::Borrowed(token)
            };
            value = match value {
                Json::Object(fields) => fields.get(token.as_ref())?,
                Json::List(items) => items.get(token.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// Appends bytes that are the same for two values exactly when [`Json::same`] holds.
    pub(super) fn push_key(&self, key: &mut Vec<u8>) {
        let text = |key: &mut Vec<u8>, text: &str| {
            key.extend_from_slice(&text.len().to_ne_bytes());
            key.extend_from_slice(text.as_bytes());
        };
        match self {
            Json::Null => key.push(b'n'),
            Json::Bool(b) => key.push(if *b { b't' } else { b'f' }),
            Json::Number(number) => {
                key.push(b'0');
                text(key, &exact(number).normalized().to_scientific_notation());
            }
            Json::Text(content) => {
                key.push(b'"');
                text(key, content);
            }
            Json::List(items) => {
                key.push(b'[');
                key.extend_from_slice(&items.len().to_ne_bytes());
                for item in items {
                    item.push_key(key);
                }
            }
            Json::Object(fields) => {
                key.push(b'{');
                key.extend_from_slice(&fields.len().to_ne_bytes());
                for (name, value) in fields {
                    text(key, name);
                    value.push_key(key);
                }
            }
        }
    }

    /// Returns whether two values are the same JSON; numbers compare by value.
    pub(super) fn same(&self, other: &Json) -> bool {
        match (self, other) {
            (Json::Null, Json::Null) => true,
            (Json::Bool(a), Json::Bool(b)) => a == b,
            (Json::Text(a), Json::Text(b)) => a == b,
            (Json::Number(a), Json::Number(b)) => a == b || exact(a) == exact(b),
            (Json::List(a), Json::List(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b))
            }
            (Json::Object(a), Json::Object(b)) => {
                a.len() == b.len()
                    && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && a.same(b))
            }
            _ => false,
        }
    }
}

impl From<&Value> for Json {
    /// Turns a value into what Go's encoder would write for it.
    fn from(value: &Value) -> Json {
        match value {
            Value::Absent | Value::Nil => Json::Null,
            Value::Bool(b) => Json::Bool(*b),
            Value::Int(n) | Value::Int64(n) | Value::Duration(n) => Json::Number(n.to_string()),
            Value::Uint8(n) => Json::Number(n.to_string()),
            Value::Uint64(n) => Json::Number(n.to_string()),
            Value::Float(x) => Json::Number(format_float_json(*x)),
            Value::Str(text) => Json::Text(text.to_str_lossy().into_owned()),
            Value::Bytes(bytes) => Json::Text(json::base64(bytes.as_bytes())),
            Value::List(list) if list.is_nil() => Json::Null,
            Value::List(list) => Json::List(list.items().iter().map(Json::from).collect()),
            Value::Map(map) if map.is_nil() => Json::Null,
            Value::Map(map) => map.with(|entries| {
                let pair = |(key, value): &(crate::value::Str, Value)| {
                    (key.to_str_lossy().into_owned(), Json::from(value))
                };
                Json::Object(entries.iter().map(pair).collect())
            }),
            Value::Object(object) => Json::from(&object.to_plain()),
        }
    }
}

/// Returns the exact value of a JSON number.
pub(super) fn exact(text: &str) -> BigDecimal {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().unwrap_or_default();
    let exponent = exponent.parse::<i64>().unwrap_or(if exponent.starts_with('-') {
        -MAX_EXPONENT
    } else {
        MAX_EXPONENT
    });
    if digits.is_zero() {
        return BigDecimal::zero();
    }
    let scale = (fraction.len() as i64) - exponent.clamp(-MAX_EXPONENT, MAX_EXPONENT);
    BigDecimal::new(digits, scale)
}

/// Returns whether a JSON number has no fraction; `1.0` has none.
pub(super) fn is_integer(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'-') || exact(text).is_integer()
}

/// Returns the message of Go's stream decoder for what [`json::read`] reports.
fn stream_message(text: &[u8], error: &json::Error) -> String {
    let message = error.message.as_str();
    if text.iter().all(u8::is_ascii_whitespace) {
        return "EOF".to_owned();
    }
    if message == "unexpected end of JSON input" {
        return "unexpected EOF".to_owned();
    }
    if message.ends_with("after top-level value") {
        return "invalid character after top-level value".to_owned();
    }
    message.to_owned()
}

/// Returns how deep lists and maps lie within each other in a JSON text.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut quoted, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'[' | b'{' if !quoted => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !quoted => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// Returns where the value at a JSON pointer begins in a JSON text, in bytes; of a value with a key
/// where the key begins.
pub(super) fn offset_of(text: &[u8], pointer: &str) -> Option<usize> {
    let text = std::str::from_utf8(text).ok()?;
    let mut reader = Reader { text, at: 0, depth: 0 };
    reader.peek();
    let mut found = reader.at;
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        match reader.peek()? {
            b'{' => {
                reader.at += 1;
                loop {
                    reader.peek().filter(|byte| *byte == b'"')?;
                    found = reader.at;
                    let key = reader.string()?;
                    reader.take(b':');
                    if key == token {
                        break;
                    }
                    reader.value()?;
                    reader.take(b',');
                }
            }
            b'[' => {
                reader.at += 1;
                for _ in 0..token.parse().ok()? {
                    reader.peek().filter(|byte| *byte != b']')?;
                    reader.value()?;
                    reader.take(b',');
                }
                reader.peek();
                found = reader.at;
            }
            _ => return None,
        }
    }
    Some(found)
}

/// Lists and objects nested deeper than this are an error, as in Go.
const MAX_DEPTH: usize = 10_000;

/// Reads JSON and gives up where it is none.
struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

impl Reader<'_> {
    fn whole(mut self) -> Option<Json> {
        let value = self.value()?;
        self.peek().is_none().then_some(value)
    }

    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn value(&mut self) -> Option<Json> {
        match self.peek()? {
            b'{' | b'[' => {
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return None;
                }
                let value = stacker::maybe_grow(64 << 10, 1 << 20, || self.collection())?;
                self.depth -= 1;
                Some(value)
            }
            b'"' => self.string().map(Json::Text),
            b't' => self.word("true", Json::Bool(true)),
            b'f' => self.word("false", Json::Bool(false)),
            b'n' => self.word("null", Json::Null),
            _ => self.number().map(Json::Number),
        }
    }

    fn collection(&mut self) -> Option<Json> {
        if self.take(b'[') {
            let mut items = Vec::new();
            if !self.take(b']') {
                loop {
                    items.push(self.value()?);
                    if self.take(b']') {
                        break;
                    }
                    self.take(b',').then_some(())?;
                }
            }
            return Some(Json::List(items));
        }
        self.take(b'{').then_some(())?;
        let mut fields = BTreeMap::new();
        if !self.take(b'}') {
            loop {
                (self.peek()? == b'"').then_some(())?;
                let key = self.string()?;
                self.take(b':').then_some(())?;
                fields.insert(key, self.value()?);
                if self.take(b'}') {
                    break;
                }
                self.take(b',').then_some(())?;
            }
        }
        Some(Json::Object(fields))
    }

    /// Takes a byte, behind white space, if it is the next.
    fn take(&mut self, wanted: u8) -> bool {
        let is_next = self.peek() == Some(wanted);
        self.at += usize::from(is_next);
        is_next
    }

    fn word(&mut self, word: &str, value: Json) -> Option<Json> {
        self.text[self.at..].starts_with(word).then(|| self.at += word.len())?;
        Some(value)
    }

    /// Takes digits and returns whether there are any.
    fn digits(&mut self) -> bool {
        let start = self.at;
        while self.text.as_bytes().get(self.at).is_some_and(u8::is_ascii_digit) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Option<String> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        self.at += usize::from(bytes.get(self.at) == Some(&b'-'));
        let has_zero = bytes.get(self.at) == Some(&b'0');
        let first = self.at;
        if !self.digits() || has_zero && self.at > first + 1 {
            return None;
        }
        if bytes.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits().then_some(())?;
        }
        if matches!(bytes.get(self.at), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(bytes.get(self.at), Some(b'+' | b'-')));
            self.digits().then_some(())?;
        }
        Some(self.text[start..self.at].to_owned())
    }

    fn string(&mut self) -> Option<String> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut end = start;
        let mut has_escapes = false;
        loop {
            match bytes.get(end)? {
                b'"' => break,
                b'\\' => {
                    has_escapes = true;
                    end += 2;
                }
                0..b' ' => return None,
                _ => end += 1,
            }
        }
        self.at = end + 1;
        let inner = &self.text[start..end];
        if !has_escapes {
            return Some(inner.to_owned());
        }
        match json::read(format!("\"{inner}\"").as_bytes()) {
            Ok(Value::Str(text)) => Some(text.to_str_lossy().into_owned()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_json_reads() {
        let text = r#" {"b" : [1.50, -1e3 , "x\u00e9\\\"/", {}, []], "a":{"c":null,"d":true}} "#;
        let Ok(tree) = Json::read(text.as_bytes()) else { panic!("no JSON") };
        assert!(matches!(tree.at("/b/0"), Some(Json::Number(n)) if n == "1.50"));
        assert!(matches!(tree.at("/b/2"), Some(Json::Text(t)) if t == "xé\\\"/"));
        assert!(matches!(tree.at("/a/c"), Some(Json::Null)));
        let Ok(value) = json::read(text.as_bytes()) else { panic!("no JSON") };
        assert!(tree.same(&Json::from(&value)));
    }

    #[test]
    fn refuses_what_json_refuses() {
        let texts = [
            "",
            "{",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "01",
            "1.",
            "-",
            "1e",
            "\"a",
            "\"\\q\"",
            "tru",
            "1 2",
            "\"\t\"",
            "{\"a\" 1}",
            "[1 2]",
            "nullx",
            "[]]",
            ".5",
            "+1",
        ];
        for text in texts {
            assert!(json::read(text.as_bytes()).is_err(), "{text:?}");
            assert!(Json::read(text.as_bytes()).is_err(), "{text:?}");
        }
        let deep = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert!(Json::read(deep(MAX_LEVELS).as_bytes()).is_ok());
        assert_eq!(
            Json::read(deep(10_001).as_bytes()).err().as_deref(),
            Some("exceeded max depth")
        );
        assert!(matches!(Json::read(b"1e999"), Ok(Json::Number(text)) if text == "1e999"));
    }

    #[test]
    fn finds_places() {
        let text = r#"{ "a/b": [1, {"x": "}", "c~": {"d": 2}}], "e": null }"#;
        let rest = |pointer: &str| offset_of(text.as_bytes(), pointer).map(|at| &text[at..]);
        assert_eq!(rest(""), Some(text));
        assert_eq!(rest("/a~1b/1/c~0/d"), Some(r#""d": 2}}], "e": null }"#));
        assert_eq!(rest("/a~1b/1"), Some(r#"{"x": "}", "c~": {"d": 2}}], "e": null }"#));
        assert_eq!(rest("/e"), Some(r#""e": null }"#));
        for missing in ["/f", "/a~1b/7", "/e/f", "/a~1b/x"] {
            assert_eq!(rest(missing), None);
        }
    }

    #[test]
    fn keys_are_equal_where_values_are() {
        let text = r#"[null, true, false, 1, 1.0, 10, 1e1, 100e-1, "1", "", [], [1], [[1]], [1, 1],
            {}, {"a": 1}, {"a": 1.00}, {"b": 1}, {"a": {}}, {"a": 1, "b": 1}, -0, 0, "a1", ["a", 1]]"#;
        let Ok(Json::List(items)) = Json::read(text.as_bytes()) else { panic!("no list") };
        let key = |item: &Json| {
            let mut key = Vec::new();
            item.push_key(&mut key);
            key
        };
        for a in &items {
            for b in &items {
                assert_eq!(key(a) == key(b), a.same(b), "{a:?} {b:?}");
            }
        }
    }

    #[test]
    fn depth_is_limited() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert!(Json::read(nested(MAX_LEVELS).as_bytes()).is_ok());
        let deeper = Json::read(nested(MAX_LEVELS + 1).as_bytes());
        assert_eq!(deeper.err().as_deref(), Some("the schema nests deeper than 1000 levels"));
        let brackets = format!(r#"["{}\"[{}"]"#, "[".repeat(2000), "{".repeat(2000));
        assert!(Json::read(brackets.as_bytes()).is_ok());
    }

    #[test]
    fn numbers() {
        assert!(is_integer("1.0") && is_integer("1e2") && is_integer("10e-1"));
        assert!(!is_integer("1.5") && !is_integer("1e-2"));
        assert_eq!(exact("1e999999999999999999999"), exact("1e5000"));
        assert!(exact("-1.5e1") == exact("-15"));
    }
}
