use std::borrow::Cow;

use super::key_order;
use super::resolve;
use crate::json;
use crate::value::{Str, Value, format_float, format_float_json};

/// The column after which a line is folded at the next space.
const WIDTH: usize = 80;
/// Keys longer than this, in bytes, are written in the `? key` form.
const MAX_SIMPLE_KEY: usize = 128;
/// Longer texts, in bytes, are refused: data that shares its parts can be endless on paper.
const MAX_TEXT: usize = 256 << 20;
/// The deepest nesting Helm's writer takes.
const MAX_DEPTH: usize = 10_000;
/// The longest key, quotes and escapes included, that the step through JSON survives.
const MAX_JSON_KEY: usize = 1024;

/// How [`write()`] lays out its text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WriteOptions {
    /// Columns put before every line, the first included. Lines are folded as if there were none,
    /// so the text equals `toYaml` followed by `indent`.
    pub indent: usize,
    /// Whether the last line feed is left out, as `toYaml` does.
    pub strip_last_newline: bool,
}

/// A value that Helm cannot write; the text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct WriteError(String);

/// Appends `value` as Helm's `toYaml` does: encoded as JSON, read back, and written by go-yaml 2.
///
/// The steps are done in one, straight from the value. After an error `out` ends where it began.
///
/// # Errors
/// `error marshaling into JSON: json: unsupported value: NaN` for floats that JSON lacks;
/// `yaml: control characters are not allowed` for text with
/// characters that YAML forbids; too deep a nesting and too long a key.
pub fn write(out: &mut Vec<u8>, value: &Value, options: &WriteOptions) -> Result<(), WriteError> {
    Writer::run(out, value, *options, Dialect::Json)
}

/// Returns what the template function `mustToYaml` does: [`write()`] less the last line feed.
///
/// # Errors
/// As [`write()`].
pub fn to_yaml(value: &Value) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    write(&mut out, value, &WriteOptions { strip_last_newline: true, ..WriteOptions::default() })?;
    Ok(out)
}

/// Returns what the template function `toYamlPretty` does: lists indented under their key, no
/// folding, no step through JSON.
///
/// # Errors
/// Never for values of today's types; the result is kept for symmetry with [`to_yaml`].
///
/// # Source
/// go-yaml 3 with an indent of two.
pub fn to_yaml_pretty(value: &Value) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    let options = WriteOptions { strip_last_newline: true, ..WriteOptions::default() };
    Writer::run(&mut out, value, options, Dialect::Pretty)?;
    Ok(out)
}

/// Returns `value` as [`write()`] lays it out, with the last line feed.
///
/// # Errors
/// As [`write()`].
pub fn encode(value: &Value) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    write(&mut out, value, &WriteOptions::default())?;
    Ok(out)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Dialect {
    /// go-yaml 2 behind the step through JSON.
    Json,
    /// go-yaml 3 without it.
    Pretty,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    Item,
    /// The value of a simple key.
    MapValue,
    /// A key or a value of the `? key` form.
    Complex,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    Single,
    Double,
    Literal,
}

struct Writer<'o> {
    out: &'o mut Vec<u8>,
    dialect: Dialect,
    /// Columns before every line.
    base: usize,
    /// Characters on the line so far, without the base.
    column: usize,
    /// Nothing but indentation and indicators stands on the line.
    indention: bool,
    /// The last character written parts tokens.
    whitespace: bool,
    depth: usize,
}

type Done = Result<(), WriteError>;

fn unsupported(x: f64) -> WriteError {
    WriteError(format!("error marshaling into JSON: json: unsupported value: {}", format_float(x)))
}

impl Writer<'_> {
    fn run(
        out: &mut Vec<u8>,
        value: &Value,
        options: WriteOptions,
        dialect: Dialect,
    ) -> Result<(), WriteError> {
        let length = out.len();
        let mut writer = Writer {
            out,
            dialect,
            base: options.indent,
            column: 0,
            indention: true,
            whitespace: true,
            depth: 0,
        };
        writer.pad_base();
        let done = writer.node(value, None, Place::Root);
        if done.is_err() {
            out.truncate(length);
            return done;
        }
        writer.indent_to(0);
        if options.strip_last_newline {
            // A literal that ends in U+2028 has no line feed behind it.
            let end = out.len() - options.indent;
            if out[length..end].ends_with(b"\n") {
                out.truncate(end - 1);
            }
        }
        Ok(())
    }

    fn pad_base(&mut self) {
        let length = self.out.len() + self.base;
        self.out.resize(length, b' ');
    }

    fn put(&mut self, byte: u8) {
        self.out.push(byte);
        self.column += 1;
    }

    fn put_str(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
        self.column += if text.is_ascii() { text.len() } else { bytecount(text) };
    }

    fn put_break(&mut self) {
        self.out.push(b'\n');
        self.pad_base();
        self.column = 0;
    }

    /// Starts a line at `indent`, unless the line so far is only indentation.
    fn indent_to(&mut self, indent: usize) {
        if !self.indention || self.column > indent || self.column == indent && !self.whitespace {
            self.put_break();
        }
        if self.column < indent {
            let length = self.out.len() + indent - self.column;
            self.out.resize(length, b' ');
            self.column = indent;
        }
        self.whitespace = true;
        self.indention = true;
    }

    fn indicator(&mut self, byte: u8, needs_space: bool, is_indention: bool) {
        if needs_space && !self.whitespace {
            self.put(b' ');
        }
        self.put(byte);
        self.whitespace = false;
        self.indention = self.indention && is_indention;
    }

    /// Writes a node. `parent` is the indent of the collection around it.
    fn node(&mut self, value: &Value, parent: Option<usize>, place: Place) -> Done {
        match value {
            Value::Absent | Value::Nil => self.word("null"),
            Value::Bool(b) => self.word(if *b { "true" } else { "false" }),
            Value::Int(n) | Value::Int64(n) => self.word(&n.to_string()),
            Value::Duration(n) if self.dialect == Dialect::Json => self.word(&n.to_string()),
            Value::Duration(_) => {
                let mut text = Vec::new();
                crate::value::print_to(&mut text, value);
                self.scalar(&String::from_utf8_lossy(&text), parent, false);
            }
            Value::Uint8(n) => self.word(&n.to_string()),
            Value::Uint64(n) => self.word(&n.to_string()),
            Value::Float(x) => {
                let text = self.float(*x)?;
                self.word(&text);
            }
            Value::Str(text) => {
                let text = self.text(text.as_bytes(), false)?;
                self.scalar(&text, parent, false);
            }
            Value::Bytes(bytes) if self.dialect == Dialect::Json => {
                self.scalar(&json::base64(bytes.as_bytes()), parent, false);
            }
            Value::Bytes(bytes) => {
                let items: Vec<Value> = bytes.as_bytes().iter().map(|b| Value::Uint8(*b)).collect();
                self.list(&items, parent, place)?;
            }
            Value::List(list) if list.is_nil() && self.dialect == Dialect::Json => {
                self.word("null");
            }
            Value::List(list) => self.list(&list.items(), parent, place)?,
            Value::Map(map) if map.is_nil() && self.dialect == Dialect::Json => self.word("null"),
            Value::Map(map) => map.with(|entries| self.map(entries.iter(), parent))?,
            Value::Object(object) => self.node(&object.to_plain(), parent, place)?,
        }
        Ok(())
    }

    fn float(&self, x: f64) -> Result<String, WriteError> {
        if self.dialect == Dialect::Pretty {
            return Ok(match x {
                _ if x.is_nan() => ".nan".to_owned(),
                f64::INFINITY => ".inf".to_owned(),
                f64::NEG_INFINITY => "-.inf".to_owned(),
                _ => format_float(x),
            });
        }
        if !x.is_finite() {
            return Err(unsupported(x));
        }
        if x == 0.0 {
            return Ok("0".to_owned());
        }
        // The JSON text is read back, and an integer that fits stays one.
        let text = format_float_json(x);
        if text.parse::<i64>().is_ok() || text.parse::<u64>().is_ok() {
            return Ok(text);
        }
        Ok(format_float(x))
    }

    fn word(&mut self, text: &str) {
        if !self.whitespace {
            self.put(b' ');
        }
        self.put_str(text);
        self.whitespace = false;
        self.indention = false;
    }

    fn enter(&mut self) -> Done {
        if self.out.len() > MAX_TEXT {
            return Err(WriteError(format!("more than {MAX_TEXT} bytes of YAML")));
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(WriteError(match self.dialect {
                Dialect::Json => {
                    format!("yaml: exceeded max depth of {MAX_DEPTH}")
                }
                Dialect::Pretty => format!("yaml: exceeded max depth of {MAX_DEPTH}"),
            }));
        }
        Ok(())
    }

    fn list(&mut self, items: &[Value], parent: Option<usize>, place: Place) -> Done {
        self.enter()?;
        if items.is_empty() {
            self.word("[]");
            self.depth -= 1;
            return Ok(());
        }
        let indent = match parent {
            None => 0,
            Some(indent) if place == Place::MapValue && self.dialect == Dialect::Json => indent,
            Some(indent) => indent + 2,
        };
        for item in items {
            self.indent_to(indent);
            self.indicator(b'-', true, true);
            stacker::maybe_grow(64 << 10, 1 << 20, || self.node(item, Some(indent), Place::Item))?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn map(&mut self, entries: std::slice::Iter<'_, (Str, Value)>, parent: Option<usize>) -> Done {
        self.enter()?;
        if entries.len() == 0 {
            self.word("{}");
            self.depth -= 1;
            return Ok(());
        }
        let mut sorted = Vec::with_capacity(entries.len());
        for entry in entries {
            let key = self.text(entry.0.as_bytes(), true)?;
            if self.dialect == Dialect::Json && key.len() + 2 > MAX_JSON_KEY / 6 {
                check_json_key(entry.0.as_bytes())?;
            }
            sorted.push((key, entry));
        }
        key_order::sort(&mut sorted, self.dialect == Dialect::Pretty);
        let indent = parent.map_or(0, |indent| indent + 2);
        for (key, (_, value)) in &sorted {
            self.indent_to(indent);
            if key.len() <= MAX_SIMPLE_KEY && !key.chars().any(is_break) {
                self.scalar(key, Some(indent), true);
                self.indicator(b':', false, false);
                self.child(value, indent, Place::MapValue)?;
            } else {
                self.indicator(b'?', true, true);
                self.scalar(key, Some(indent), false);
                self.indent_to(indent);
                self.indicator(b':', true, true);
                self.child(value, indent, Place::Complex)?;
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn child(&mut self, value: &Value, indent: usize, place: Place) -> Done {
        match value {
            Value::List(_) | Value::Map(_) | Value::Object(_) => {
                stacker::maybe_grow(64 << 10, 1 << 20, || self.node(value, Some(indent), place))
            }
            _ => self.node(value, Some(indent), place),
        }
    }

    /// Returns the text that the step through JSON leaves of a string.
    fn text<'a>(&self, bytes: &'a [u8], is_key: bool) -> Result<Cow<'a, str>, WriteError> {
        let text = if let Ok(text) = std::str::from_utf8(bytes) {
            Cow::Borrowed(text)
        } else {
            let mut text = String::with_capacity(bytes.len() + 8);
            for chunk in bytes.utf8_chunks() {
                text.push_str(chunk.valid());
                text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
            }
            Cow::Owned(text)
        };
        if self.dialect == Dialect::Pretty || text.bytes().all(|b| b < 0x7f) {
            return Ok(text);
        }
        let forbidden = |c| matches!(c, '\u{7f}' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}');
        if text.chars().any(forbidden) {
            return Err(WriteError("yaml: control characters are not allowed".to_owned()));
        }
        if text.contains('\u{85}') {
            return if is_key {
                Err(key_refused())
            } else {
                fold_next_lines(&text).map(Cow::Owned)
            };
        }
        Ok(text)
    }

    fn scalar(&mut self, text: &str, parent: Option<usize>, simple_key: bool) {
        let indent = parent.map_or(2, |indent| indent + 2);
        match self.style(text, simple_key) {
            Style::Plain => self.plain(text, indent, !simple_key),
            Style::Single => self.single(text, indent, !simple_key),
            Style::Double => self.double(text, indent, !simple_key),
            Style::Literal => self.literal(text, indent),
        }
    }

    fn style(&self, text: &str, simple_key: bool) -> Style {
        let pretty = self.dialect == Dialect::Pretty;
        if is_obviously_plain(text.as_bytes()) {
            return Style::Plain;
        }
        if resolve::needs_quotes(text) {
            return Style::Double;
        }
        let traits = Traits::of(text, pretty);
        if simple_key && traits.multiline {
            return Style::Double;
        }
        if text.contains('\n') {
            return if traits.literal { Style::Literal } else { Style::Double };
        }
        if traits.plain {
            Style::Plain
        } else if traits.single {
            Style::Single
        } else {
            Style::Double
        }
    }

    fn folds(&self) -> bool {
        self.dialect == Dialect::Json && self.column > WIDTH
    }

    fn plain(&mut self, text: &str, indent: usize, may_fold: bool) {
        if !self.whitespace {
            self.put(b' ');
        }
        // Without a chance of folding the text goes out in one piece.
        if !may_fold || self.dialect == Dialect::Pretty || self.column + text.len() <= WIDTH {
            self.put_str(text);
        } else {
            let mut spaces = false;
            let mut chars = text.chars().peekable();
            while let Some(c) = chars.next() {
                if c == ' ' {
                    if !spaces && self.folds() && chars.peek() != Some(&' ') {
                        self.indent_to(indent);
                    } else {
                        self.put(b' ');
                    }
                    spaces = true;
                } else {
                    self.char(c);
                    self.indention = false;
                    spaces = false;
                }
            }
        }
        self.whitespace = false;
        self.indention = false;
    }

    fn char(&mut self, c: char) {
        if c.is_ascii() {
            self.out.push(c as u8);
        } else {
            let mut buffer = [0; 4];
            self.out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
        }
        self.column += 1;
    }

    fn single(&mut self, text: &str, indent: usize, may_fold: bool) {
        self.indicator(b'\'', true, false);
        let mut spaces = false;
        let mut breaks = false;
        let mut chars = text.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            if c == ' ' {
                let next = chars.peek().map(|(_, c)| *c);
                if may_fold
                    && !spaces
                    && self.folds()
                    && i > 0
                    && next.is_some_and(|next| next != ' ')
                {
                    self.indent_to(indent);
                } else {
                    self.put(b' ');
                }
                spaces = true;
                breaks = false;
            } else if is_break(c) {
                self.char(c);
                self.column = 0;
                self.indention = true;
                breaks = true;
                spaces = false;
            } else {
                if breaks {
                    self.indent_to(indent);
                }
                if c == '\'' {
                    self.put(b'\'');
                }
                self.char(c);
                self.indention = false;
                spaces = false;
                breaks = false;
            }
        }
        self.put(b'\'');
        self.whitespace = false;
        self.indention = false;
    }

    fn double(&mut self, text: &str, indent: usize, may_fold: bool) {
        self.indicator(b'"', true, false);
        // go-yaml looks for the mark at the start of the text instead of at the character.
        let escape_all = text.starts_with('\u{feff}');
        let mut spaces = false;
        let mut chars = text.char_indices().peekable();
        while let Some((i, c)) = chars.next() {
            if escape_all || !is_printable(c, false) || is_break(c) || matches!(c, '"' | '\\') {
                self.escape(c);
                spaces = false;
            } else if c == ' ' {
                let next = chars.peek().map(|(_, c)| *c);
                if may_fold && !spaces && self.folds() && i > 0 && next.is_some() {
                    self.indent_to(indent);
                    if next == Some(' ') {
                        self.put(b'\\');
                    }
                } else {
                    self.put(b' ');
                }
                spaces = true;
            } else {
                self.char(c);
                spaces = false;
            }
        }
        self.put(b'"');
        self.whitespace = false;
        self.indention = false;
    }

    fn escape(&mut self, c: char) {
        let short = match c {
            '\0' => '0',
            '\u{7}' => 'a',
            '\u{8}' => 'b',
            '\t' => 't',
            '\n' => 'n',
            '\u{b}' => 'v',
            '\u{c}' => 'f',
            '\r' => 'r',
            '\u{1b}' => 'e',
            '"' => '"',
            '\\' => '\\',
            '\u{85}' => 'N',
            '\u{a0}' => '_',
            '\u{2028}' => 'L',
            '\u{2029}' => 'P',
            _ => {
                let code = u32::from(c);
                let text = match code {
                    0..=0xff => format!("\\x{code:02X}"),
                    0x100..=0xffff => format!("\\u{code:04X}"),
                    _ => format!("\\U{code:08X}"),
                };
                self.put_str(&text);
                return;
            }
        };
        self.put(b'\\');
        self.char(short);
    }

    fn literal(&mut self, text: &str, indent: usize) {
        self.indicator(b'|', true, false);
        if text.starts_with(|c| c == ' ' || is_break(c)) {
            self.put(b'2');
        }
        let mut ending = text.chars().rev();
        match ending.next() {
            Some(last) if is_break(last) => {
                if ending.next().is_none_or(is_break) {
                    self.put(b'+');
                }
            }
            _ => self.put(b'-'),
        }
        self.put_break();
        self.whitespace = true;
        self.indention = true;
        let mut breaks = true;
        for c in text.chars() {
            if is_break(c) {
                if c == '\n' {
                    self.put_break();
                } else {
                    self.char(c);
                    self.column = 0;
                }
                self.indention = true;
                breaks = true;
            } else {
                if breaks {
                    self.indent_to(indent);
                }
                self.char(c);
                self.indention = false;
                breaks = false;
            }
        }
    }
}

fn bytecount(text: &str) -> usize {
    text.chars().count()
}

/// The step through JSON loses a key that is too long or breaks its line.
fn key_refused() -> WriteError {
    WriteError("yaml: did not find expected ',' or '}'".to_owned())
}

/// Fails for keys whose JSON text is longer than the reader of the second step looks ahead.
fn check_json_key(key: &[u8]) -> Done {
    let mut quoted = Vec::with_capacity(key.len() + 16);
    json::push_string(&mut quoted, key, json::Escape::Html);
    let length = String::from_utf8_lossy(&quoted).chars().count();
    if length > MAX_JSON_KEY {
        return Err(key_refused());
    }
    Ok(())
}

/// Folds U+0085, which JSON leaves alone and YAML reads as a line break.
fn fold_next_lines(text: &str) -> Result<String, WriteError> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut line = 1;
    while let Some(i) = rest.find([' ', '\u{85}']) {
        out.push_str(&rest[..i]);
        let run = &rest[i..];
        let end = run.find(|c| c != ' ' && c != '\u{85}').unwrap_or(run.len());
        let breaks = run[..end].chars().filter(|c| *c == '\u{85}').count();
        match breaks {
            0 => out.push_str(&run[..end]),
            1 => out.push(' '),
            n => out.extend(std::iter::repeat_n('\n', n - 1)),
        }
        line += breaks;
        rest = &run[end..];
        let begins = rest.strip_prefix("---").or_else(|| rest.strip_prefix("..."));
        if run[..end].ends_with('\u{85}') && begins.is_some_and(|s| s.starts_with([' ', '\u{85}']))
        {
            return Err(WriteError(format!(
                "yaml: line {line}: found unexpected document indicator"
            )));
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

fn is_blank_or_break(c: char) -> bool {
    matches!(c, ' ' | '\t') || is_break(c)
}

fn is_printable(c: char, pretty: bool) -> bool {
    match c {
        '\t' => pretty,
        '\n' | ' '..='~' => true,
        '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' => c != '\u{feff}',
        _ => false,
    }
}

/// The bytes that have no meaning in plain text wherever they stand.
const fn plain_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut i = 0;
    while i < 256 {
        let byte = i as u8;
        table[i] = byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b'_' | b'-' | b'.' | b'/' | b'+' | b'=' | b'$' | b'(' | b')' | b';' | b'^'
            );
        i += 1;
    }
    table
}

static PLAIN: [bool; 256] = plain_table();

/// Tells most strings by one pass: a first letter that starts no word of the resolver, and only
/// bytes that mean nothing.
fn is_obviously_plain(text: &[u8]) -> bool {
    let Some(first) = text.first() else {
        return false;
    };
    first.is_ascii_alphabetic()
        && (!matches!(first, b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O')
            || text.len() > 5)
        && text.iter().all(|byte| PLAIN[usize::from(*byte)])
}

/// In which styles a string may be written, and whether it has line breaks.
struct Traits {
    plain: bool,
    single: bool,
    literal: bool,
    multiline: bool,
}

impl Traits {
    fn of(text: &str, pretty: bool) -> Self {
        let mut indicators = text.starts_with("---") || text.starts_with("...");
        let (mut breaks, mut special, mut tab) = (false, false, false);
        let (mut break_space, mut space_break) = (false, false);
        let (mut previous_space, mut previous_break) = (false, false);
        let mut after_blank = true;
        let mut chars = text.chars().peekable();
        let mut first = true;
        while let Some(c) = chars.next() {
            let before_blank = chars.peek().is_none_or(|c| is_blank_or_break(*c));
            match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"'
                | '%' | '@' | '`'
                    if first =>
                {
                    indicators = true;
                }
                '?' | ':' | '-' if first && before_blank => indicators = true,
                ':' if !first && before_blank => indicators = true,
                '#' if !first && after_blank => indicators = true,
                '\t' if pretty => tab = true,
                c if !is_printable(c, pretty) => special = true,
                _ => {}
            }
            if c == ' ' {
                break_space |= previous_break;
                (previous_space, previous_break) = (true, false);
            } else if is_break(c) {
                breaks = true;
                space_break |= previous_space;
                (previous_space, previous_break) = (false, true);
            } else {
                (previous_space, previous_break) = (false, false);
            }
            after_blank = is_blank_or_break(c);
            first = false;
        }
        let edge = |c: char| c == ' ' || is_break(c);
        let edges = text.starts_with(edge) || text.ends_with(edge);
        let single = !(break_space || space_break || special || tab);
        Traits {
            plain: single && !breaks && !indicators && !edges,
            single,
            literal: !(space_break || special || text.ends_with(' ')),
            multiline: breaks,
        }
    }
}
