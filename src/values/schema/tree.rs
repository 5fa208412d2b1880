use std::collections::BTreeMap;

use bigdecimal::num_bigint::BigInt;
use bigdecimal::{BigDecimal, Zero as _};

use crate::json;
use crate::value::{Value, format_float_json};

/// Powers of ten beyond this are clamped, so that no number in a schema takes minutes to compare.
const MAX_EXPONENT: i64 = 5_000;

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
    /// The messages of Go's stream decoder, and that of the schema library for trailing text.
    pub(super) fn read(text: &[u8]) -> Result<Json, String> {
        if let Err(error) = json::read(text) {
            let is_range = error.message.starts_with("json: cannot unmarshal number");
            if !is_range {
                return Err(stream_message(text, &error));
            }
        }
        let text = String::from_utf8_lossy(text);
        Ok(Reader { text: &text, at: 0 }.value())
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
            let token = token.replace("~1", "/").replace("~0", "~");
            value = match value {
                Json::Object(fields) => fields.get(&token)?,
                Json::List(items) => items.get(token.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(value)
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

/// Reads text that is known to be JSON; what is not gives nulls.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|b| b.is_ascii_whitespace()).count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn value(&mut self) -> Json {
        stacker::maybe_grow(64 << 10, 1 << 20, || self.value_here())
    }

    fn value_here(&mut self) -> Json {
        match self.peek() {
            Some(b'{') => {
                let mut fields = BTreeMap::new();
                self.at += 1;
                while self.peek().is_some_and(|b| b != b'}') {
                    let key = self.string();
                    self.step(b':');
                    let value = self.value();
                    fields.insert(key, value);
                    self.step(b',');
                }
                self.at += 1;
                Json::Object(fields)
            }
            Some(b'[') => {
                let mut items = Vec::new();
                self.at += 1;
                while self.peek().is_some_and(|b| b != b']') {
                    items.push(self.value());
                    self.step(b',');
                }
                self.at += 1;
                Json::List(items)
            }
            Some(b'"') => Json::Text(self.string()),
            _ => match self.word() {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                "null" => Json::Null,
                number => Json::Number(number.to_owned()),
            },
        }
    }

    fn step(&mut self, wanted: u8) {
        if self.peek() == Some(wanted) {
            self.at += 1;
        }
    }

    fn word(&mut self) -> &str {
        let rest = &self.text[self.at..];
        let end = rest.find([',', ']', '}', ' ', '\n', '\r', '\t']).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn string(&mut self) -> String {
        self.step(b'"');
        let start = self.at;
        let bytes = self.text.as_bytes();
        while let Some(byte) = bytes.get(self.at) {
            match byte {
                b'"' => break,
                b'\\' => self.at += 2,
                _ => self.at += 1,
            }
        }
        let end = self.at.min(self.text.len());
        self.at = end + 1;
        let inner = &self.text[start..end];
        if !inner.contains('\\') {
            return inner.to_owned();
        }
        match json::read(format!("\"{inner}\"").as_bytes()) {
            Ok(Value::Str(text)) => text.to_str_lossy().into_owned(),
            _ => String::new(),
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
    fn numbers() {
        assert!(is_integer("1.0") && is_integer("1e2") && is_integer("10e-1"));
        assert!(!is_integer("1.5") && !is_integer("1e-2"));
        assert_eq!(exact("1e999999999999999999999"), exact("1e5000"));
        assert!(exact("-1.5e1") == exact("-15"));
    }
}
