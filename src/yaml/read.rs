use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::error::Error;
use super::event::{Data, Event, Events, Mark};
use super::plain;
use super::position::{Children, Located, Position, Positions};
use super::resolve::{Scalar, resolve};
use crate::json::Numbers;
use crate::value::{
    Entries, List, Map, MapType, Str, Value, deep_copy, format_float, format_float_shortest,
};

/// Nested collections beyond this are refused, as Helm's reader does.
const MAX_DEPTH: usize = 10_000;

/// How many keys and values a document may have, those of aliases included. Each takes some hundred
/// bytes of memory.
const MAX_NODES: usize = 2_000_000;

/// Reads the first document of `text` as Helm reads values: YAML 1.1, every number a float.
///
/// Empty text is nil. Aliases become independent copies. Of duplicate keys the last wins. A byte
/// order mark and CRLF are fine.
///
/// # Errors
/// Syntax errors of the first document, in Helm's words, and what has no JSON form: keys that are
/// no scalars, infinities, excessive aliasing.
///
/// # Source
/// `sigs.k8s.io/yaml` 1.6 over go-yaml 2.4.
pub fn read(text: &[u8]) -> Result<Value, Error> {
    read_with(text, Numbers::Float)
}

/// Reads as [`read()`] does, with a choice of number types: Helm's reader tells integers from
/// floats where text is expected, as in `appVersion: 1.10`.
///
/// # Errors
/// As [`read()`].
pub fn read_with(text: &[u8], numbers: Numbers) -> Result<Value, Error> {
    match plain::read(text, numbers, None) {
        Some(value) => Ok(value),
        None => read_in_full(text, numbers),
    }
}

/// Reads as [`read_with`] does, whatever the text is.
pub(super) fn read_in_full(text: &[u8], numbers: Numbers) -> Result<Value, Error> {
    let mut reader = Reader::new(text, false);
    reader.numbers = numbers;
    Ok(reader.document()?.0)
}

/// Reads as [`read()`] does and also tells where every node stands.
///
/// # Errors
/// As [`read()`].
pub fn read_with_positions(text: &[u8]) -> Result<(Value, Positions), Error> {
    let (value, root) = Reader::new(text, true).document()?;
    Ok((value, Positions { root: root.map(|b| *b).unwrap_or_default() }))
}

/// Reads the whole of a document for its errors, but keeps only the values under the keys `keep`
/// of the outermost map; ASCII case does not matter for them. Other values are left out.
///
/// Integers stay integers. This is for looking at a rendered manifest: the effect is that of
/// [`read_with`] for all that is kept.
///
/// # Errors
/// As [`read()`].
pub fn skim(text: &[u8], keep: &[&str]) -> Result<Value, Error> {
    match plain::read(text, Numbers::Exact, kept(text, keep)) {
        Some(value) => Ok(value),
        None => skim_in_full(text, keep),
    }
}

/// Reads a text that holds one node and nothing else; `None` if it does not.
pub(super) fn read_node(text: &[u8], numbers: Numbers) -> Option<Value> {
    let mut reader = Reader::new(text, false);
    reader.numbers = numbers;
    let (value, _) = reader.document().ok()?;
    matches!(reader.events.next().ok()?.data, Data::StreamEnd).then_some(value)
}

/// Skims as [`skim`] does, whatever the text is.
pub(super) fn skim_in_full(text: &[u8], keep: &[&str]) -> Result<Value, Error> {
    let mut reader = Reader::new(text, false);
    reader.numbers = Numbers::Exact;
    reader.keep = kept(text, keep);
    Ok(reader.document()?.0)
}

/// Returns the keys to keep, if not all have to be: what an anchor holds may be asked for later.
fn kept<'k>(text: &[u8], keep: &'k [&'k str]) -> Option<&'k [&'k str]> {
    memchr::memchr(b'&', text).is_none().then_some(keep)
}

type Node = (Value, Option<Box<Located>>);

enum Key {
    /// The next node is a key.
    Awaited,
    /// The next node is the value of this key.
    Is(Str, Mark),
    /// The next node is what `<<` merges.
    Merge,
    /// The next node is a value whose key could not be used.
    Refused,
    /// The next node is a value whose key has no JSON form: its type and text.
    Unsupported(&'static str, String, Mark),
}

enum Content {
    List(Vec<Value>, Vec<Located>),
    Map(Vec<(Str, Value)>, Key, BTreeMap<Str, Located>),
}

struct Frame {
    content: Content,
    anchor: Option<String>,
    start: Mark,
    /// The number of nodes read when this one began.
    nodes_before: usize,
}

struct Anchored {
    /// `None` while the anchored node is still being read.
    value: Option<Value>,
    nodes: usize,
}

struct Reader<'a> {
    events: Events<'a>,
    frames: Vec<Frame>,
    anchors: HashMap<String, Anchored>,
    with_positions: bool,
    numbers: Numbers,
    /// The keys of the outermost map whose values are wanted, if not all are.
    keep: Option<&'a [&'a str]>,
    /// Inside a value that is not wanted.
    skipping: bool,
    nothing: Str,
    no_map: Map,
    nodes: usize,
    /// The number of nodes less those of aliases.
    written: usize,
    alias_nodes: usize,
    deepest: usize,
    /// The first failure after parsing: Helm finds them only when the syntax is right.
    decode_error: Option<Error>,
    /// The first failure of the step to JSON, which is later still.
    convert_error: Option<Error>,
    /// The first failure of writing the JSON.
    marshal_error: Option<Error>,
}

fn position(mark: Mark) -> Position {
    Position { line: mark.line + 1, column: mark.column + 1, offset: mark.offset }
}

fn keep_first(slot: &mut Option<Error>, error: Error, mark: Mark) {
    if slot.is_none() {
        *slot = Some(error.at(mark.line + 1, mark.column + 1));
    }
}

impl<'a> Reader<'a> {
    fn new(text: &'a [u8], with_positions: bool) -> Self {
        Reader {
            events: Events::new(text),
            frames: Vec::new(),
            anchors: HashMap::new(),
            with_positions,
            numbers: Numbers::Float,
            keep: None,
            skipping: false,
            nothing: Str::default(),
            no_map: Map::new(),
            // The document counts as a node.
            nodes: 1,
            written: 0,
            alias_nodes: 0,
            deepest: 0,
            decode_error: None,
            convert_error: None,
            marshal_error: None,
        }
    }

    fn document(&mut self) -> Result<Node, Error> {
        match self.events.next()?.data {
            Data::StreamEnd => return Ok((Value::Nil, None)),
            Data::DocumentStart => {}
            _ => return Err(Error::plain("did not find expected <document start>")),
        }
        let root = self.root()?;
        // The end of the document is syntax, too.
        self.events.next()?;
        let errors = [&mut self.decode_error, &mut self.convert_error, &mut self.marshal_error];
        match errors.into_iter().find_map(Option::take) {
            Some(error) => Err(error),
            None => Ok(root),
        }
    }

    fn root(&mut self) -> Result<Node, Error> {
        loop {
            let Event { data, start, end } = self.events.next()?;
            self.nodes += 1;
            self.written += 1;
            // Too many aliases have a message of their own.
            let nodes = if self.decode_error.is_none() { self.nodes } else { self.written };
            if nodes > MAX_NODES && self.keep.is_none() {
                return Err(Error::plain(format!("more than {MAX_NODES} keys and values"))
                    .at(start.line + 1, start.column + 1));
            }
            let is_key = matches!(
                self.frames.last(),
                Some(Frame { content: Content::Map(_, Key::Awaited, _), .. })
            );
            match data {
                Data::Scalar { anchor, tag, value, plain } => {
                    if is_key {
                        self.scalar_key(anchor, tag.as_deref(), &value, plain, start);
                        continue;
                    }
                    let decoded = self.scalar(tag.as_deref(), value, plain, start);
                    if let Some(anchor) = anchor {
                        self.set_anchor(anchor.to_owned(), Some(decoded.clone()), 1);
                    }
                    if let Some(done) = self.place(decoded, start, end, Children::None, false) {
                        return Ok(done);
                    }
                }
                Data::Alias(name) => {
                    let value = self.alias(name, start)?;
                    if is_key {
                        self.alias_key(&value, start);
                    } else if let Some(done) = self.place(value, start, end, Children::None, true) {
                        return Ok(done);
                    }
                }
                Data::SequenceStart(anchor) if is_key => {
                    let key = GoNode::List(self.go_list()?);
                    self.refuse_key(anchor, &key, start);
                }
                Data::MappingStart(anchor) if is_key => {
                    let key = GoNode::Map(self.go_map()?);
                    self.refuse_key(anchor, &key, start);
                }
                Data::SequenceStart(anchor) => {
                    self.open(Content::List(Vec::new(), Vec::new()), anchor, start)?;
                }
                Data::MappingStart(anchor) => {
                    let content = Content::Map(Vec::new(), Key::Awaited, BTreeMap::new());
                    self.open(content, anchor, start)?;
                }
                Data::SequenceEnd | Data::MappingEnd => {
                    self.nodes -= 1;
                    if let Some(done) = self.close(end) {
                        return Ok(done);
                    }
                }
                Data::StreamEnd | Data::DocumentStart | Data::DocumentEnd => {
                    return Err(Error::plain("did not find expected node content"));
                }
            }
        }
    }

    fn open(
        &mut self,
        content: Content,
        anchor: Option<&'a str>,
        start: Mark,
    ) -> Result<(), Error> {
        if self.frames.len() >= MAX_DEPTH {
            return Err(Error::plain(format!("exceeded max depth of {MAX_DEPTH}"))
                .at(start.line + 1, start.column + 1));
        }
        let anchor = anchor.map(str::to_owned);
        if let Some(anchor) = &anchor {
            self.set_anchor(anchor.clone(), None, 0);
        }
        self.frames.push(Frame { content, anchor, start, nodes_before: self.nodes - 1 });
        self.deepest = self.deepest.max(self.frames.len());
        Ok(())
    }

    fn close(&mut self, end: Mark) -> Option<Node> {
        let Frame { content, anchor, start, nodes_before } = self.frames.pop()?;
        let (value, children) = match content {
            Content::List(items, located) => {
                (Value::List(List::new(items)), Children::List(located))
            }
            Content::Map(..) if self.skipping && !self.frames.is_empty() => {
                (Value::Map(self.no_map.clone()), Children::None)
            }
            Content::Map(pairs, _, located) => (
                Value::Map(Map::open(MapType::Any, Entries::from_pairs(pairs))),
                Children::Map(located),
            ),
        };
        if let Some(anchor) = anchor {
            self.set_anchor(anchor, Some(self.copy(&value)), self.nodes - nodes_before);
        }
        self.place(value, start, end, children, false)
    }

    fn set_anchor(&mut self, name: String, value: Option<Value>, nodes: usize) {
        self.anchors.insert(name, Anchored { value, nodes });
    }

    /// Copies a value in which nothing may be shared, however deep it is.
    fn copy(&self, value: &Value) -> Value {
        if self.deepest > 200 {
            return stacker::maybe_grow(64 << 20, 64 << 20, || deep_copy(value));
        }
        deep_copy(value)
    }

    fn alias(&mut self, name: &str, start: Mark) -> Result<Value, Error> {
        let Some(anchored) = self.anchors.get(name) else {
            return Err(Error::plain(format!("unknown anchor '{name}' referenced"))
                .at(start.line + 1, start.column + 1));
        };
        let Some(value) = &anchored.value else {
            let error = Error::plain(format!("anchor '{name}' value contains itself"));
            keep_first(&mut self.decode_error, error, start);
            return Ok(Value::Nil);
        };
        // A bomb is refused before it is copied, and never copied once it is known to be one.
        self.nodes = self.nodes.saturating_add(anchored.nodes);
        self.alias_nodes = self.alias_nodes.saturating_add(anchored.nodes);
        if self.alias_nodes > 100
            && self.nodes > 1000
            && self.alias_nodes as f64 / self.nodes as f64 > allowed_alias_share(self.nodes)
        {
            let error = Error::plain("document contains excessive aliasing");
            keep_first(&mut self.decode_error, error, start);
        }
        if self.decode_error.is_some() {
            return Ok(Value::Nil);
        }
        Ok(self.copy(value))
    }

    /// Puts a finished node into its parent; returns it when it has none.
    fn place(
        &mut self,
        value: Value,
        start: Mark,
        end: Mark,
        children: Children,
        from_alias: bool,
    ) -> Option<Node> {
        let with_positions = self.with_positions;
        let depth = self.frames.len();
        let located = |key: Option<Mark>| Located {
            key: key.map(position),
            start: position(start),
            end: position(end),
            children,
        };
        let Some(frame) = self.frames.last_mut() else {
            return Some((value, with_positions.then(|| Box::new(located(None)))));
        };
        match &mut frame.content {
            Content::List(items, positions) => {
                items.push(value);
                if with_positions {
                    positions.push(located(None));
                }
            }
            Content::Map(pairs, key, positions) => match std::mem::replace(key, Key::Awaited) {
                Key::Is(name, mark) => {
                    if with_positions {
                        positions.insert(name.clone(), located(Some(mark)));
                    }
                    if self.skipping {
                        self.skipping = depth > 1;
                    } else {
                        pairs.push((name, value));
                    }
                }
                Key::Merge => {
                    if !merge(pairs, &value, from_alias) {
                        let error =
                            Error::plain("map merge requires map or sequence of maps as the value");
                        keep_first(&mut self.decode_error, error, start);
                    }
                }
                Key::Unsupported(kind, key, mark) => {
                    let value = match GoNode::from_value(&value) {
                        GoNode::Nil => "<nil>".to_owned(),
                        node => node.go_syntax(),
                    };
                    let error = Error::conversion(format!(
                        "unsupported map key of type: {kind}, key: {key}, value: {value}"
                    ));
                    keep_first(&mut self.convert_error, error, mark);
                }
                Key::Refused | Key::Awaited => {}
            },
        }
        None
    }

    /// Returns whether the value of the key `text` is not wanted, and remembers it.
    fn skips(&mut self, text: &str) -> bool {
        if let (Some(keep), 1) = (self.keep, self.frames.len()) {
            self.skipping = !keep.iter().any(|name| name.eq_ignore_ascii_case(text));
        }
        self.skipping
    }

    fn set_key(&mut self, key: Key) {
        if let Some(Frame { content: Content::Map(_, slot, _), .. }) = self.frames.last_mut() {
            *slot = key;
        }
    }

    fn scalar_key(
        &mut self,
        anchor: Option<&'a str>,
        tag: Option<&str>,
        text: &str,
        plain: bool,
        start: Mark,
    ) {
        if plain && tag.is_none() && resolve(text) == Scalar::Merge
            || tag == Some("tag:yaml.org,2002:merge") && text == "<<"
        {
            self.set_key(Key::Merge);
            return;
        }
        if anchor.is_none() && plain && tag.is_none() && resolve(text) == Scalar::Str {
            let key = if self.skips(text) { self.nothing.clone() } else { Str::from(text) };
            self.set_key(Key::Is(key, start));
            return;
        }
        let node = self.typed_scalar(tag, text, plain, start);
        if let Some(anchor) = anchor {
            let value = self.json_view(&node, start);
            self.set_anchor(anchor.to_owned(), Some(value), 1);
        }
        let key = Self::key_text(&node, start);
        self.set_key(key);
    }

    fn key_text(node: &GoNode, start: Mark) -> Key {
        let text = match node {
            GoNode::Str(text) => text.clone(),
            GoNode::Bool(b) => Str::from(if *b { "true" } else { "false" }),
            GoNode::Int(n) => Str::from(n.to_string()),
            GoNode::Float(x) => Str::from(float_key(*x)),
            GoNode::Nil | GoNode::Uint(_) | GoNode::List(_) | GoNode::Map(_) => {
                return match node {
                    GoNode::Nil => Key::Unsupported("%!s(<nil>)", "<nil>".to_owned(), start),
                    _ => Key::Unsupported("uint64", node.go_syntax(), start),
                };
            }
        };
        Key::Is(text, start)
    }

    fn alias_key(&mut self, value: &Value, start: Mark) {
        let node = match value {
            Value::Str(text) => GoNode::Str(text.clone()),
            Value::Bool(b) => GoNode::Bool(*b),
            Value::Float(x) if x.fract() == 0.0 && x.abs() < 9e15 => GoNode::Int(*x as i64),
            Value::Float(x) => GoNode::Float(*x),
            Value::List(_) | Value::Map(_) => {
                self.refuse_key(None, &GoNode::from_value(value), start);
                return;
            }
            _ => GoNode::Nil,
        };
        let key = Self::key_text(&node, start);
        self.set_key(key);
    }

    fn refuse_key(&mut self, anchor: Option<&'a str>, key: &GoNode, start: Mark) {
        if let Some(anchor) = anchor {
            self.set_anchor(anchor.to_owned(), Some(Value::Nil), 1);
        }
        let error = Error::plain(format!("invalid map key: {}", key.go_syntax()));
        keep_first(&mut self.decode_error, error, start);
        self.set_key(Key::Refused);
    }

    fn scalar(&mut self, tag: Option<&str>, text: Cow<'a, str>, plain: bool, start: Mark) -> Value {
        if tag.is_none() {
            let harmless = !matches!(text.as_bytes().first(), Some(b'.' | b'+' | b'-'));
            if self.skipping && (!plain || harmless) {
                return Value::Nil;
            }
            if !plain {
                return Value::Str(into_str(text));
            }
            match resolve(&text) {
                Scalar::Str | Scalar::Merge => return Value::Str(into_str(text)),
                Scalar::Null => return Value::Nil,
                Scalar::Bool(b) => return Value::Bool(b),
                Scalar::Int(n) => return self.integer(n),
                Scalar::Uint(n) => return self.unsigned(n),
                Scalar::Float(_) => {}
            }
        }
        let node = self.typed_scalar(tag, &text, plain, start);
        self.json_view(&node, start)
    }

    fn integer(&self, number: i64) -> Value {
        match self.numbers {
            Numbers::Float => Value::Float(number as f64),
            Numbers::Exact => Value::Int64(number),
        }
    }

    fn unsigned(&self, number: u64) -> Value {
        match self.numbers {
            Numbers::Float => Value::Float(number as f64),
            Numbers::Exact => Value::Uint64(number),
        }
    }

    /// Returns what a scalar becomes on the way through JSON.
    fn json_view(&mut self, node: &GoNode, start: Mark) -> Value {
        match node {
            GoNode::Nil | GoNode::List(_) | GoNode::Map(_) => Value::Nil,
            GoNode::Bool(b) => Value::Bool(*b),
            GoNode::Int(n) => self.integer(*n),
            GoNode::Uint(n) => self.unsigned(*n),
            GoNode::Float(x) => {
                if !x.is_finite() {
                    let error =
                        Error::conversion(format!("json: unsupported value: {}", format_float(*x)));
                    keep_first(&mut self.marshal_error, error, start);
                }
                Value::Float(*x)
            }
            GoNode::Str(text) if text.as_str().is_some() => Value::Str(text.clone()),
            GoNode::Str(text) => {
                let mut valid = String::new();
                for chunk in text.as_bytes().utf8_chunks() {
                    valid.push_str(chunk.valid());
                    valid.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
                }
                Value::Str(Str::from(valid))
            }
        }
    }

    /// Resolves a scalar with its tag to the type Helm's reader decodes it to.
    fn typed_scalar(&mut self, tag: Option<&str>, text: &str, plain: bool, start: Mark) -> GoNode {
        let string = || GoNode::Str(Str::from(text));
        let Some(tag) = tag else {
            if !plain {
                return string();
            }
            return GoNode::from_scalar(resolve(text), text);
        };
        let Some(kind) = tag.strip_prefix("tag:yaml.org,2002:") else {
            return string();
        };
        let resolved = resolve(text);
        let (found, fits) = match resolved {
            Scalar::Null => ("!!null", kind == "null"),
            Scalar::Bool(_) => ("!!bool", kind == "bool"),
            Scalar::Int(_) => ("!!int", matches!(kind, "int" | "float")),
            Scalar::Uint(_) => ("!!int", kind == "int"),
            Scalar::Float(_) => ("!!float", kind == "float"),
            Scalar::Merge => ("!!merge", false),
            Scalar::Str if super::resolve::is_timestamp(text) && kind == "timestamp" => {
                ("!!timestamp", true)
            }
            Scalar::Str => ("!!str", false),
        };
        match kind {
            "null" | "bool" | "int" | "float" | "timestamp" if fits => match resolved {
                Scalar::Int(n) if kind == "float" => GoNode::Float(n as f64),
                _ => GoNode::from_scalar(resolved, text),
            },
            "null" | "bool" | "int" | "float" | "timestamp" => {
                let error = Error::plain(format!("cannot decode {found} `{text}` as a !!{kind}"));
                keep_first(&mut self.decode_error, error, start);
                GoNode::Nil
            }
            "binary" => {
                let clean: Vec<u8> = text.bytes().filter(|b| !matches!(b, b'\n' | b'\r')).collect();
                if let Ok(bytes) = STANDARD.decode(clean) {
                    GoNode::Str(Str::from(bytes))
                } else {
                    let error = Error::plain("!!binary value contains invalid base64 data");
                    keep_first(&mut self.decode_error, error, start);
                    GoNode::Nil
                }
            }
            _ => string(),
        }
    }

    /// Reads the rest of a list that stands where a key belongs.
    fn go_list(&mut self) -> Result<Vec<GoNode>, Error> {
        let mut items = Vec::new();
        loop {
            let event = self.events.next()?;
            if matches!(event.data, Data::SequenceEnd) {
                return Ok(items);
            }
            items.push(self.go_node(event)?);
        }
    }

    /// Reads the rest of a map that stands where a key belongs.
    fn go_map(&mut self) -> Result<Vec<(GoNode, GoNode)>, Error> {
        let mut pairs: Vec<(GoNode, GoNode)> = Vec::new();
        loop {
            let event = self.events.next()?;
            if matches!(event.data, Data::MappingEnd) {
                return Ok(pairs);
            }
            let start = event.start;
            let merges = matches!(
                &event.data,
                Data::Scalar { tag: None, value, plain: true, .. } if value == "<<"
            );
            let key = self.go_node(event)?;
            if matches!(key, GoNode::List(_) | GoNode::Map(_)) {
                let error = Error::plain(format!("invalid map key: {}", key.go_syntax()));
                keep_first(&mut self.decode_error, error, start);
            }
            let event = self.events.next()?;
            let value = self.go_node(event)?;
            if merges {
                if let GoNode::Map(merged) = value {
                    pairs.extend(merged);
                } else {
                    let error =
                        Error::plain("map merge requires map or sequence of maps as the value");
                    keep_first(&mut self.decode_error, error, start);
                }
                continue;
            }
            pairs.retain(|(other, _)| other.go_syntax() != key.go_syntax());
            pairs.push((key, value));
        }
    }

    fn go_node(&mut self, event: Event<'a>) -> Result<GoNode, Error> {
        stacker::maybe_grow(64 << 10, 1 << 20, || {
            Ok(match event.data {
                Data::Scalar { tag, value, plain, .. } => {
                    self.typed_scalar(tag.as_deref(), &value, plain, event.start)
                }
                Data::Alias(name) => GoNode::from_value(&self.alias(name, event.start)?),
                Data::SequenceStart(_) => GoNode::List(self.go_list()?),
                Data::MappingStart(_) => GoNode::Map(self.go_map()?),
                _ => GoNode::Nil,
            })
        })
    }
}

fn into_str(text: Cow<'_, str>) -> Str {
    match text {
        Cow::Borrowed(text) => Str::from(text),
        Cow::Owned(text) => Str::from(text),
    }
}

/// Adds what `<<` brings to the pairs read so far. Returns whether it was of the right shape.
fn merge(pairs: &mut Vec<(Str, Value)>, value: &Value, from_alias: bool) -> bool {
    match value {
        Value::Map(map) => {
            pairs.extend(map.entries());
            true
        }
        Value::List(list) if !from_alias => {
            let items = list.items();
            // Of several maps the first wins, so they are laid down from the last.
            items.iter().rev().all(|item| match item {
                Value::Map(map) => {
                    pairs.extend(map.entries());
                    true
                }
                _ => false,
            })
        }
        _ => false,
    }
}

/// The share of nodes that may come from aliases, out of so many in total.
fn allowed_alias_share(nodes: usize) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    let nodes = nodes as f64;
    if nodes <= LOW {
        0.99
    } else if nodes >= HIGH {
        0.10
    } else {
        0.99 - 0.89 * (nodes - LOW) / (HIGH - LOW)
    }
}

/// A float as a key: Go's shortest text of the nearest 32-bit float.
fn float_key(x: f64) -> String {
    if x.is_nan() {
        return ".nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let narrow = x as f32;
    if narrow.is_infinite() {
        return if x > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    // The shortest digits of the 32-bit float, in the layout of a 64-bit one.
    let digits: f64 = narrow.to_string().parse().unwrap_or(x);
    format_float(digits)
}

/// A node with the types Helm's reader gives it before the step to JSON.
#[derive(Debug)]
enum GoNode {
    Nil,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(Str),
    List(Vec<GoNode>),
    Map(Vec<(GoNode, GoNode)>),
}

impl GoNode {
    fn from_scalar(scalar: Scalar, text: &str) -> Self {
        match scalar {
            Scalar::Null => GoNode::Nil,
            Scalar::Bool(b) => GoNode::Bool(b),
            Scalar::Int(n) => GoNode::Int(n),
            Scalar::Uint(n) => GoNode::Uint(n),
            Scalar::Float(x) => GoNode::Float(x),
            Scalar::Merge | Scalar::Str => GoNode::Str(Str::from(text)),
        }
    }

    fn from_value(value: &Value) -> Self {
        match value {
            Value::Bool(b) => GoNode::Bool(*b),
            Value::Float(x) if x.fract() == 0.0 && x.abs() < 9e15 => GoNode::Int(*x as i64),
            Value::Float(x) => GoNode::Float(*x),
            Value::Str(text) => GoNode::Str(text.clone()),
            Value::List(list) => {
                GoNode::List(list.items().iter().map(GoNode::from_value).collect())
            }
            Value::Map(map) => GoNode::Map(
                map.entries()
                    .into_iter()
                    .map(|(key, value)| (GoNode::Str(key), GoNode::from_value(&value)))
                    .collect(),
            ),
            _ => GoNode::Nil,
        }
    }

    /// Returns the node as Go's `%#v` prints it.
    fn go_syntax(&self) -> String {
        match self {
            GoNode::Nil => "interface {}(nil)".to_owned(),
            GoNode::Bool(b) => b.to_string(),
            GoNode::Int(n) => n.to_string(),
            GoNode::Uint(n) => format!("0x{n:x}"),
            GoNode::Float(x) if x.fract() == 0.0 && x.abs() < 1e6 => format_float_shortest(*x),
            GoNode::Float(x) => format_float(*x),
            GoNode::Str(text) => go_quote(&text.to_str_lossy()),
            GoNode::List(items) => {
                let items: Vec<String> = items.iter().map(GoNode::go_syntax).collect();
                format!("[]interface {{}}{{{}}}", items.join(", "))
            }
            GoNode::Map(pairs) => {
                let mut pairs: Vec<(&GoNode, &GoNode)> =
                    pairs.iter().map(|(k, v)| (k, v)).collect();
                pairs.sort_by_cached_key(|(key, _)| key.sort_key());
                let pairs: Vec<String> = pairs
                    .iter()
                    .map(|(key, value)| format!("{}:{}", key.go_syntax(), value.go_syntax()))
                    .collect();
                format!("map[interface {{}}]interface {{}}{{{}}}", pairs.join(", "))
            }
        }
    }

    fn sort_key(&self) -> (u8, i64, Str) {
        match self {
            GoNode::Nil => (0, 0, Str::default()),
            GoNode::Bool(b) => (1, i64::from(*b), Str::default()),
            GoNode::Int(n) => (2, *n, Str::default()),
            GoNode::Uint(_) | GoNode::Float(_) => (3, 0, Str::from(self.go_syntax())),
            GoNode::Str(text) => (4, 0, text.clone()),
            GoNode::List(_) | GoNode::Map(_) => (5, 0, Str::default()),
        }
    }
}

/// Quotes as Go's `%q` does for printable text and the common escapes.
fn go_quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if u32::from(c) < 0x20 => {
                out.push_str("\\x");
                out.extend(
                    [u32::from(c) >> 4, u32::from(c) & 15]
                        .map(|n| char::from_digit(n, 16).unwrap_or('0')),
                );
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Escape, write};
    use crate::yaml::Step;

    fn json(value: &Value) -> String {
        let mut out = Vec::new();
        assert!(write(&mut out, value, Escape::Raw).is_ok());
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn skimming_keeps_errors() {
        let text = "Kind: X\nspec: {a: [1, {b: c}], <<: [{q: 1}]}\nmetadata: {name: 1000000}\n";
        let skimmed = skim(text.as_bytes(), &["kind", "metadata"]).map(|value| json(&value));
        assert_eq!(skimmed, Ok(r#"{"Kind":"X","metadata":{"name":1000000}}"#.to_owned()));
        let cases = [
            ("spec: {a: [-.inf]}", "json: unsupported value: -Inf"),
            ("spec: {a: {b: [}}", "yaml: did not find expected node content"),
            (
                "spec: {{ x }}",
                "yaml: invalid map key: map[interface {}]interface {}{\"x\":interface {}(nil)}",
            ),
            ("spec: {<<: [1]}", "yaml: map merge requires map or sequence of maps as the value"),
            ("spec: !!int x", "yaml: cannot decode !!str `x` as a !!int"),
            ("a: b: c", "yaml: mapping values are not allowed in this context"),
        ];
        for (text, message) in cases {
            let error = skim(text.as_bytes(), &["kind"]).err().map(|error| error.to_string());
            assert_eq!(error.as_deref(), Some(message), "{text}");
        }
    }

    #[test]
    fn positions() -> Result<(), Error> {
        let text = "# c\na:\n  - é: &x {q: 1}\n    z: *x\nb: |\n  t\n";
        let (_, positions) = read_with_positions(text.as_bytes())?;
        let place = |path: &[Step<'_>]| {
            positions.get(path).map(|node| (node.start.line, node.start.column, node.start.offset))
        };
        assert_eq!(place(&[]), Some((2, 1, 4)));
        let first = [Step::Key(b"a"), Step::Index(0)];
        assert_eq!(place(&first), Some((3, 5, 11)));
        let inner = [first[0], first[1], Step::Key("é".as_bytes()), Step::Key(b"q")];
        assert_eq!(place(&inner), Some((3, 15, 22)));
        let alias = [first[0], first[1], Step::Key(b"z")];
        assert_eq!(place(&alias), Some((4, 8, 32)));
        let beyond = [first[0], first[1], Step::Key(b"z"), Step::Key(b"q")];
        assert_eq!(place(&beyond), None);
        assert_eq!(positions.nearest(&beyond).key.map(|key| key.line), Some(4));
        Ok(())
    }

    #[test]
    fn aliases_are_copies() -> Result<(), Error> {
        let value = read(b"a: &x {b: 1}\nc: *x\n")?;
        let map = |key: &str| value.as_map().and_then(|m| m.get(key)?.as_map().cloned());
        let (Some(a), Some(c)) = (map("a"), map("c")) else { panic!("both are maps") };
        assert!(!a.ptr_eq(&c));
        Ok(())
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let text = "[".repeat(10_001);
        let error = read(text.as_bytes()).err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("yaml: exceeded max depth of 10000"));
    }

    #[test]
    fn no_text_panics() {
        let pieces = [
            "a", ": ", "- ", "[", "]", "{", "}", ",", "&x ", "*x", "!", "!!int ", "|", ">", "'",
            "\"", "\\", "#", "\n", "\n  ", "\t", "---", "...", "%TAG", "? ", "<<", "\u{85}",
            "\u{2028}", "\u{feff}", "é",
        ];
        let mut seed = 1_u64;
        for _ in 0..5_000 {
            let mut text = String::new();
            for _ in 0..12 {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(seed >> 33) as usize % pieces.len()]);
            }
            for end in [text.len(), text.len() - 1] {
                let bytes = &text.as_bytes()[..end];
                let read = read(bytes);
                assert_eq!(read.err(), skim(bytes, &[]).err(), "{text:?}");
                drop(read_with_positions(bytes));
            }
        }
    }
}
