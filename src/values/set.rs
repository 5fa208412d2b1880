//! The grammar of `--set` and its relatives.
//!
//! ```text
//! line  := pair (',' pair)*
//! pair  := path '=' value
//! path  := key (('.' key) | '[' int ']')*
//! value := '{' item (',' item)* '}' | text up to ','
//! ```
//! A backslash takes the next character as it is, except in `--set-literal`, where the value is
//! the whole rest of the argument.

use std::ops::Range;

use super::SetError;
use super::sources::SourceFlag;
use crate::json;
use crate::value::{List, Map, Str, Value};

/// How many dots a path may have.
const MAX_NESTING: usize = 30;

/// The largest list index.
const MAX_INDEX: i64 = 65536;

/// Reads the content of the file that a `--set-file` value names.
pub(super) type ReadFile<'a> = dyn FnMut(&str) -> Result<Str, String> + 'a;

/// Sets what a `--set` argument says: whole numbers, bools and null are taken as such.
///
/// # Errors
/// [`SetError`], after what came before the fault has been set.
///
/// # Source
/// Helm v4 `pkg/strvals`, `ParseInto`.
pub fn parse_set_into(values: &Map, text: &str) -> Result<(), SetError> {
    Parser::new(text, Mode::Typed).all(values)
}

/// Sets what a `--set-string` argument says: every value is a string.
///
/// # Errors
/// As [`parse_set_into`].
pub fn parse_set_string_into(values: &Map, text: &str) -> Result<(), SetError> {
    Parser::new(text, Mode::Text).all(values)
}

/// Sets what a `--set-file` argument says: every value is the content of the file it names.
///
/// # Errors
/// As [`parse_set_into`], and [`SetError::File`] with the text that `read_file` gave.
pub fn parse_set_file_into(
    values: &Map,
    text: &str,
    read_file: &mut ReadFile<'_>,
) -> Result<(), SetError> {
    Parser::new(text, Mode::File(read_file)).all(values)
}

/// Sets what a `--set-json` argument of the form `path=json,…` says; no JSON at all is null.
///
/// # Errors
/// As [`parse_set_into`], and [`SetError::Json`].
pub fn parse_set_json_into(values: &Map, text: &str) -> Result<(), SetError> {
    Parser::new(text, Mode::Json).all(values)
}

/// Sets what a `--set-literal` argument says: one path, and the rest of the text as a string.
///
/// # Errors
/// As [`parse_set_into`].
pub fn parse_set_literal_into(values: &Map, text: &str) -> Result<(), SetError> {
    Parser::new(text, Mode::Literal).all(values)
}

/// Finds the pair of an argument that was refused, in bytes from its start. `values` are those that
/// the argument was to be set in, as the failure left them.
pub(super) fn refused(values: &Map, flag: SourceFlag, text: &str) -> Option<Range<usize>> {
    let mut no_file = |_: &str| Err(String::new());
    let mode = match flag {
        SourceFlag::Values => return None,
        SourceFlag::Set => Mode::Typed,
        SourceFlag::SetString => Mode::Text,
        SourceFlag::SetFile => Mode::File(&mut no_file),
        SourceFlag::SetJson => Mode::Json,
        SourceFlag::SetLiteral => Mode::Literal,
    };
    let mut parser = Parser::new(text, mode);
    loop {
        let start = parser.at;
        match parser.pair(values, 0) {
            Ok(Rest::More) => {}
            Ok(Rest::Done) => return None,
            Err(SetError::Json(_)) => return Some(start..text.len()),
            Err(_) => return Some(start..parser.at),
        }
    }
}

enum Mode<'a> {
    Typed,
    Text,
    File(&'a mut ReadFile<'a>),
    Json,
    Literal,
}

/// Whether the argument goes on after a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rest {
    More,
    Done,
}

struct Parser<'a, 'f> {
    text: &'a str,
    at: usize,
    mode: Mode<'f>,
}

impl<'a, 'f> Parser<'a, 'f> {
    fn new(text: &'a str, mode: Mode<'f>) -> Self {
        Parser { text, at: 0, mode }
    }

    fn all(mut self, values: &Map) -> Result<(), SetError> {
        while self.pair(values, 0)? == Rest::More {}
        Ok(())
    }

    fn next(&mut self) -> Option<char> {
        let c = self.text[self.at..].chars().next()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    /// Takes characters up to one of `stops`, and that one too; `None` when the text ends first.
    fn until(&mut self, stops: &[char]) -> (String, Option<char>) {
        let mut taken = String::new();
        while let Some(c) = self.next() {
            if stops.contains(&c) {
                return (taken, Some(c));
            }
            if c == '\\' && !matches!(self.mode, Mode::Literal) {
                taken.extend(self.next());
            } else {
                taken.push(c);
            }
        }
        (taken, None)
    }

    /// Reads a path and its value and sets it in `values`.
    fn pair(&mut self, values: &Map, nesting: usize) -> Result<Rest, SetError> {
        let stops: &[char] = match self.mode {
            Mode::Literal => &['=', '[', '.'],
            _ => &['=', '[', ',', '.'],
        };
        let (key, stop) = self.until(stops);
        match stop {
            None if key.is_empty() => Ok(Rest::Done),
            None => Err(SetError::NoValue(key)),
            Some('[') => {
                let Some(index) = self.index()? else { return Ok(Rest::Done) };
                let list = match values.get(&key) {
                    None => Vec::new(),
                    Some(existing) => as_items(&existing)?,
                };
                let (list, result) = self.item(list, index, nesting);
                set(values, &key, Value::List(List::new(list)));
                result
            }
            Some('=') => {
                let (value, rest) = self.value()?;
                set(values, &key, value);
                Ok(rest)
            }
            Some('.') => {
                let nesting = nesting + 1;
                if nesting > MAX_NESTING {
                    return Err(SetError::TooDeep(MAX_NESTING));
                }
                let inner = match values.get(&key) {
                    None => Map::new(),
                    Some(Value::Map(existing)) => existing,
                    Some(other) => return Err(conversion(&other, "map[string]interface {}")),
                };
                let result = self.pair(&inner, nesting);
                if result == Ok(Rest::More) && inner.is_empty() {
                    return Err(SetError::EmptyMap(key));
                }
                if !inner.is_empty() {
                    set(values, &key, Value::Map(inner));
                }
                result
            }
            Some(_) => {
                set(values, &key, Value::str(""));
                Err(SetError::EndsWithComma(key))
            }
        }
    }

    /// Reads an index up to its `]`; `None` when the text ends first, which is no error.
    fn index(&mut self) -> Result<Option<i64>, SetError> {
        let (text, stop) = self.until(&[']']);
        if stop.is_none() {
            return Ok(None);
        }
        let quoted = || format!("strconv.Atoi: parsing {text:?}: invalid syntax");
        let digits = text.strip_prefix(['+', '-']).unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(SetError::Index(quoted()));
        }
        text.parse().map(Some).map_err(|_| {
            SetError::Index(format!("strconv.Atoi: parsing {text:?}: value out of range"))
        })
    }

    /// Reads what follows an index and sets it in `list`, which comes back in any case.
    fn item(
        &mut self,
        list: Vec<Value>,
        index: i64,
        nesting: usize,
    ) -> (Vec<Value>, Result<Rest, SetError>) {
        if index < 0 {
            return (list, Err(SetError::NegativeIndex(index)));
        }
        let (extra, stop) = self.until(&['[', '.', '=']);
        if !extra.is_empty() {
            return (list, Err(SetError::AfterIndex { text: extra }));
        }
        let existing = usize::try_from(index).ok().and_then(|i| list.get(i).cloned());
        match stop {
            None => (list, Ok(Rest::Done)),
            Some('=') => match self.value() {
                Ok((value, _)) => set_item(list, index, value),
                Err(error) => (list, Err(error)),
            },
            Some('[') => {
                let inner = match self.index() {
                    Ok(Some(inner)) => inner,
                    Ok(None) => return (list, Ok(Rest::Done)),
                    Err(error) => return (list, Err(error)),
                };
                let items = match existing {
                    None | Some(Value::Nil) => Vec::new(),
                    Some(other) => match as_items(&other) {
                        Ok(items) => items,
                        Err(error) => return (list, Err(error)),
                    },
                };
                match self.item(items, inner, nesting) {
                    (items, Ok(Rest::More)) => set_item(list, index, Value::List(List::new(items))),
                    (_, result) => (list, result),
                }
            }
            Some(_) => {
                let mut list = list;
                let inner = match existing {
                    Some(Value::Map(existing)) => existing,
                    existing => {
                        let inner = Map::new();
                        if existing.is_some() {
                            (list, _) = set_item(list, index, Value::Map(inner.clone()));
                        }
                        inner
                    }
                };
                match self.pair(&inner, nesting) {
                    Ok(Rest::More) => set_item(list, index, Value::Map(inner)),
                    result => (list, result),
                }
            }
        }
    }

    /// Reads what follows `=`.
    fn value(&mut self) -> Result<(Value, Rest), SetError> {
        match self.mode {
            Mode::Json => return self.json(),
            Mode::Literal => {
                let rest = &self.text[self.at..];
                self.at = self.text.len();
                return Ok((Value::str(rest), Rest::More));
            }
            _ => {}
        }
        match self.peek() {
            None => Ok((Value::str(""), Rest::Done)),
            Some('{') => {
                self.at += 1;
                Ok((self.list()?, Rest::More))
            }
            Some(_) => {
                let (text, _) = self.until(&[',']);
                Ok((self.scalar(text)?, Rest::More))
            }
        }
    }

    /// Reads the items of a list whose `{` has been taken.
    fn list(&mut self) -> Result<Value, SetError> {
        let mut items = Vec::new();
        loop {
            let (text, stop) = self.until(&[',', '}']);
            if stop.is_none() {
                return Err(SetError::OpenList);
            }
            items.push(self.scalar(text)?);
            if stop == Some('}') {
                if self.peek() == Some(',') {
                    self.at += 1;
                }
                return Ok(Value::List(List::new(items)));
            }
        }
    }

    fn scalar(&mut self, text: String) -> Result<Value, SetError> {
        match &mut self.mode {
            Mode::Typed => Ok(typed(text)),
            Mode::File(read) => read(&text).map(Value::Str).map_err(SetError::File),
            Mode::Text | Mode::Json | Mode::Literal => Ok(Value::from(text)),
        }
    }

    fn json(&mut self) -> Result<(Value, Rest), SetError> {
        if self.is_blank() {
            return Ok((Value::Nil, Rest::More));
        }
        let rest = &self.text.as_bytes()[self.at..];
        let (value, length) = json::read_prefix(rest).map_err(|e| SetError::Json(e.to_string()))?;
        self.at += length;
        self.is_blank();
        Ok((value, Rest::More))
    }

    /// Skips white space and returns whether a comma, which is taken, or the end follows.
    fn is_blank(&mut self) -> bool {
        loop {
            match self.peek() {
                None => return true,
                Some(',') => {
                    self.at += 1;
                    return true;
                }
                Some(c) if c.is_whitespace() => self.at += c.len_utf8(),
                Some(_) => return false,
            }
        }
    }
}

fn typed(text: String) -> Value {
    if text.eq_ignore_ascii_case("true") {
        return Value::Bool(true);
    }
    if text.eq_ignore_ascii_case("false") {
        return Value::Bool(false);
    }
    if text.eq_ignore_ascii_case("null") {
        return Value::Nil;
    }
    if text == "0" {
        return Value::Int64(0);
    }
    if !text.starts_with('0')
        && let Ok(number) = text.parse()
    {
        return Value::Int64(number);
    }
    Value::from(text)
}

/// Sets a key, unless it is empty. User values are writable maps throughout.
fn set(values: &Map, key: &str, value: Value) {
    if !key.is_empty() {
        let done = values.set(key, value);
        debug_assert!(done.is_ok());
    }
}

fn set_item(
    mut list: Vec<Value>,
    index: i64,
    value: Value,
) -> (Vec<Value>, Result<Rest, SetError>) {
    if index > MAX_INDEX {
        return (list, Err(SetError::LargeIndex { index, limit: MAX_INDEX }));
    }
    let Ok(place) = usize::try_from(index) else {
        return (list, Err(SetError::NegativeIndex(index)));
    };
    if list.len() <= place {
        list.resize(place + 1, Value::Nil);
    }
    list[place] = value;
    (list, Ok(Rest::More))
}

fn as_items(value: &Value) -> Result<Vec<Value>, SetError> {
    match value {
        Value::List(list) => Ok(list.items().to_vec()),
        other => Err(conversion(other, "[]interface {}")),
    }
}

fn conversion(value: &Value, wanted: &'static str) -> SetError {
    let found = if value.is_nil() { "nil" } else { value.type_name() };
    SetError::Conversion { found, wanted }
}
