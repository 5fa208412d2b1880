//! A quick reader for the YAML that charts are mostly written in.
//!
//! It knows block maps and lists, scalars of every style and flow collections on one line. At anything else it gives up, and so it does at whatever may be an error: the full
//! reader knows what Helm says.

use std::borrow::Cow;

use super::read::read_node;
use super::resolve::{Scalar, resolve};
use super::scan;
use crate::json::Numbers;
use crate::value::{Entries, List, Map, MapType, Str, Value};

/// Collections nested deeper than this are left to the full reader.
const MAX_DEPTH: usize = 100;

/// Keys longer than this, in bytes, are left to the full reader.
const MAX_KEY: usize = 500;

/// Reads the one document in `text`; `None` when that takes the full reader. Of the outermost map
/// only the values under the keys `keep` are wanted, if that is given.
pub(super) fn read(text: &[u8], numbers: Numbers, keep: Option<&[&str]>) -> Option<Value> {
    let text = std::str::from_utf8(text).ok().filter(|text| is_printable(text.as_bytes()))?;
    let reader = Reader {
        text,
        bytes: text.as_bytes(),
        at: 0,
        frames: Vec::with_capacity(8),
        root: None,
        awaits: false,
        numbers,
        keep,
        skipping: false,
    };
    reader.document()
}

/// Returns whether there are but characters that mean the same to every reader: no controls, no
/// line breaks but LF, no byte order mark.
fn is_printable(bytes: &[u8]) -> bool {
    let is_usual = |byte: u8| matches!(byte, b'\n' | b'\t' | b' '..=b'~');
    let follows = |i: usize, ahead: usize| bytes.get(i + ahead).copied().unwrap_or_default();
    let mut begin = 0;
    bytes.chunks(64).all(|chunk| {
        let from = begin;
        begin += chunk.len();
        // Without a branch for each byte.
        chunk.iter().fold(true, |usual, byte| usual & is_usual(*byte))
            || chunk.iter().zip(from..).all(|(byte, i)| match byte {
                // C1 controls.
                0xc2 => follows(i, 1) >= 0xa0,
                // Unicode's line and paragraph separators.
                0xe2 => !(follows(i, 1) == 0x80 && matches!(follows(i, 2), 0xa8 | 0xa9)),
                // The byte order mark and what is no character.
                0xef => false,
                0x80.. => true,
                byte => is_usual(*byte),
            })
    })
}

/// An open collection.
struct Frame {
    column: usize,
    content: Content,
}

enum Content {
    List(Vec<Value>),
    /// The pairs read so far and the key of the next value.
    Map(Vec<(Str, Value)>, Option<Str>),
}

struct Reader<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    frames: Vec<Frame>,
    root: Option<Value>,
    /// Whether the innermost collection has a key or a dash without a value yet.
    awaits: bool,
    numbers: Numbers,
    keep: Option<&'a [&'a str]>,
    /// Inside a value that is not wanted.
    skipping: bool,
}

/// The next line with content.
enum Line {
    /// It is indented by so many columns.
    Indent(usize),
    /// There is none.
    End,
}

/// What begins an entry of a collection.
enum Start {
    /// A key, whose colon ends here.
    Key(usize),
    /// A scalar or a flow collection.
    Other,
}

/// How a plain scalar on one line ends.
enum Ending {
    /// It is a key: its colon is here.
    Colon(usize),
    /// It ends here.
    End(usize),
}

impl<'a> Reader<'a> {
    fn document(mut self) -> Option<Value> {
        let mut begun = false;
        while let Line::Indent(column) = self.next_line()? {
            if column == 0 {
                let rest = &self.bytes[self.at..];
                if rest.starts_with(b"---") && !begun {
                    self.at = self.end_of_line(self.at + 3)?;
                    begun = true;
                    continue;
                }
                if rest.starts_with(b"---") || rest.starts_with(b"...") || rest[0] == b'%' {
                    return None;
                }
            }
            begun = true;
            self.line(column)?;
        }
        if self.awaits {
            self.place(Value::Nil);
        }
        while !self.frames.is_empty() {
            self.close();
        }
        self.root
    }

    fn byte(&self, at: usize) -> u8 {
        self.bytes.get(at).copied().unwrap_or(b'\n')
    }

    /// Goes to the next line with content.
    fn next_line(&mut self) -> Option<Line> {
        loop {
            let content = self.skip_spaces(self.at);
            match self.bytes.get(content) {
                None => return Some(Line::End),
                Some(b'\n') => self.at = content + 1,
                Some(b'#') => self.at = self.line_feed(content) + 1,
                Some(b'\t') => return None,
                Some(_) => {
                    let column = content - self.at;
                    self.at = content;
                    return Some(Line::Indent(column));
                }
            }
            if self.at >= self.bytes.len() {
                return Some(Line::End);
            }
        }
    }

    fn skip_spaces(&self, mut at: usize) -> usize {
        while self.bytes.get(at) == Some(&b' ') {
            at += 1;
        }
        at
    }

    /// Returns the offset of the next line feed, or of the end.
    fn line_feed(&self, at: usize) -> usize {
        memchr::memchr(b'\n', &self.bytes[at..]).map_or(self.bytes.len(), |i| at + i)
    }

    /// Returns the start of the next line if nothing but blanks and a comment is left of this one.
    fn end_of_line(&self, at: usize) -> Option<usize> {
        let content = self.skip_spaces(at);
        match self.byte(content) {
            b'\n' => Some(content + 1),
            b'#' if content > at => Some(self.line_feed(content) + 1),
            _ => None,
        }
    }

    /// Reads what stands at `at`, the first content of a line.
    fn line(&mut self, column: usize) -> Option<()> {
        let mut column = column;
        // The column of the dash before, on this line.
        let mut dash = None;
        loop {
            let at = self.at;
            if self.byte(at) == b'-' && matches!(self.byte(at + 1), b' ' | b'\n') {
                self.open(column, true, dash.is_some())?;
                self.awaits = true;
                if let Some(next) = self.end_of_line(at + 1) {
                    self.at = next;
                    return Some(());
                }
                self.at = self.skip_spaces(at + 1);
                dash = Some(column);
                column += self.at - at;
                continue;
            }
            let Start::Key(after_colon) = self.key(column, dash.is_some())? else {
                // The value of the dash before, or of a key or dash on a line above.
                let is_inside = |top: &&Frame| self.awaits && column > top.column;
                let above = || self.frames.last().filter(is_inside).map(|top| top.column);
                return self.value(dash.or_else(above)?);
            };
            if let Some(next) = self.end_of_line(after_colon) {
                self.at = next;
                return Some(());
            }
            self.at = self.skip_spaces(after_colon);
            return self.value(column);
        }
    }

    /// Reads the key here, if there is one, and opens its map.
    fn key(&mut self, column: usize, after_dash: bool) -> Option<Start> {
        let at = self.at;
        let first = self.byte(at);
        let is_quoted = matches!(first, b'"' | b'\'');
        let (key, colon) = if is_quoted {
            let length = memchr::memchr3(first, b'\\', b'\n', &self.bytes[at + 1..])?;
            let end = at + 1 + length;
            if self.byte(end) != first || self.byte(end + 1) != b':' {
                return Some(Start::Other);
            }
            (&self.text[at + 1..end], end + 1)
        } else if self.starts_plain(at) {
            match self.plain(at)? {
                Ending::End(_) => return Some(Start::Other),
                Ending::Colon(colon) => (&self.text[at..colon], colon),
            }
        } else {
            return Some(Start::Other);
        };
        let is_odd = key.len() > MAX_KEY
            || key.ends_with(' ')
            || !matches!(self.byte(colon + 1), b' ' | b'\n')
            || !is_quoted && resolve(key) != Scalar::Str;
        if is_odd {
            return None;
        }
        self.open(column, false, after_dash)?;
        if let ([_], Some(keep)) = (self.frames.as_slice(), self.keep) {
            // The full reader keeps what has a quoted key.
            self.skipping = !is_quoted && !keep.iter().any(|name| name.eq_ignore_ascii_case(key));
        }
        self.awaits = true;
        if let (false, Some(Frame { content: Content::Map(_, slot), .. })) =
            (self.skipping, self.frames.last_mut())
        {
            *slot = Some(Str::from(key));
        }
        Some(Start::Key(colon + 1))
    }

    /// Sees to it that the innermost collection is a list or a map that stands at `column`.
    /// `inside` tells that it begins behind a dash.
    fn open(&mut self, column: usize, is_list: bool, inside: bool) -> Option<()> {
        let is_new = match self.frames.last() {
            None => self.root.is_none(),
            Some(_) if inside => true,
            Some(top) if self.awaits => {
                // A list may stand as far to the left as the key it belongs to.
                let in_map = matches!(top.content, Content::Map(..));
                column > top.column || column == top.column && is_list && in_map
            }
            Some(_) => false,
        };
        if !is_new && self.awaits {
            self.place(Value::Nil);
        }
        self.awaits = false;
        if is_new {
            if self.frames.len() >= MAX_DEPTH {
                return None;
            }
            let content =
                if is_list { Content::List(Vec::new()) } else { Content::Map(Vec::new(), None) };
            self.frames.push(Frame { column, content });
            return Some(());
        }
        while self.frames.last()?.column > column {
            self.close();
        }
        if !is_list && matches!(self.frames.last()?.content, Content::List(_)) {
            // A map goes on after a list that stands below its key.
            if self.frames.last()?.column != column {
                return None;
            }
            self.close();
        }
        let top = self.frames.last()?;
        let fits = top.column == column && matches!(top.content, Content::List(_)) == is_list;
        fits.then_some(())
    }

    /// Ends the innermost collection.
    fn close(&mut self) {
        let value = match self.frames.pop().map(|frame| frame.content) {
            _ if self.skipping => Value::Nil,
            Some(Content::List(items)) => Value::List(List::new(items)),
            Some(Content::Map(pairs, _)) => {
                Value::Map(Map::open(MapType::Any, Entries::from_pairs(pairs)))
            }
            None => return,
        };
        self.place(value);
    }

    /// Puts a value where the innermost collection awaits one.
    fn place(&mut self, value: Value) {
        self.awaits = false;
        let is_outermost = self.frames.len() == 1;
        match self.frames.last_mut().map(|frame| &mut frame.content) {
            None => self.root = Some(value),
            Some(_) if self.skipping => self.skipping = !is_outermost,
            Some(Content::List(items)) => items.push(value),
            Some(Content::Map(pairs, key)) => {
                if let Some(key) = key.take() {
                    pairs.push((key, value));
                }
            }
        }
    }

    /// Reads the value here, which belongs to a collection that stands at `indent`.
    fn value(&mut self, indent: usize) -> Option<()> {
        let at = self.at;
        let value = match self.byte(at) {
            quote @ (b'"' | b'\'') => {
                let (text, end) = self.quoted(at, quote)?;
                self.at = self.end_of_line(end)?;
                self.string(&text)
            }
            b'|' | b'>' => {
                let (text, end) = scan::block_scalar(self.text, at, indent)?;
                self.at = end;
                self.string(&text)
            }
            b'[' | b'{' => {
                let end = self.line_feed(at);
                self.at = end + 1;
                self.flow(&self.text[at..end])?
            }
            _ if self.starts_plain(at) => {
                let Ending::End(end) = self.plain(at)? else { return None };
                let first = self.text[at..end].trim_end_matches(' ');
                self.at = self.line_feed(end) + 1;
                if self.byte(end) == b'\n' && self.goes_on(indent) {
                    let text = self.folded(first, indent)?;
                    self.scalar(&text)?
                } else {
                    self.scalar(first)?
                }
            }
            _ => return None,
        };
        self.place(value);
        Some(())
    }

    fn string(&self, text: &str) -> Value {
        if self.skipping { Value::Nil } else { Value::from(text) }
    }

    fn starts_plain(&self, at: usize) -> bool {
        match self.byte(at) {
            b'-' | b':' => !matches!(self.byte(at + 1), b' ' | b'\t' | b'\n'),
            b'_' | b'/' | b'.' | b'$' | b'+' | b'=' | b'~' | b'<' | b'(' | b')' | b'^' | b';'
            | b'\\' => true,
            byte => byte.is_ascii_alphanumeric() || !byte.is_ascii(),
        }
    }

    /// Finds the end of the plain scalar at `at`; trailing blanks count.
    fn plain(&self, at: usize) -> Option<Ending> {
        let mut i = at;
        loop {
            match self.byte(i) {
                b'\n' => return Some(Ending::End(i)),
                b'\t' => return None,
                b':' => match self.byte(i + 1) {
                    b' ' | b'\n' => return Some(Ending::Colon(i)),
                    b'\t' => return None,
                    _ => {}
                },
                b'#' if self.bytes[i - 1] == b' ' => return Some(Ending::End(i)),
                _ => {}
            }
            i += 1;
        }
    }

    /// Returns whether the next line with content belongs to the plain scalar before it.
    fn goes_on(&self, indent: usize) -> bool {
        let mut at = self.at;
        loop {
            let content = self.skip_spaces(at);
            match self.bytes.get(content) {
                None | Some(b'#') => return false,
                Some(b'\n') => at = content + 1,
                Some(_) => return content - at > indent,
            }
        }
    }

    /// Reads on in a plain scalar that began with `first` on the line before.
    fn folded(&mut self, first: &str, indent: usize) -> Option<String> {
        let mut text = first.to_owned();
        let mut breaks = 0;
        loop {
            let content = self.skip_spaces(self.at);
            match self.bytes.get(content) {
                Some(b'\n') => {
                    breaks += 1;
                    self.at = content + 1;
                }
                Some(b'\t') => return None,
                None | Some(b'#') => return Some(text),
                Some(_) if content - self.at <= indent => return Some(text),
                Some(_) => {
                    let Ending::End(end) = self.plain(content)? else { return None };
                    if breaks == 0 {
                        text.push(' ');
                    }
                    text.extend(std::iter::repeat_n('\n', breaks));
                    text.push_str(self.text[content..end].trim_end_matches(' '));
                    breaks = 0;
                    self.at = self.line_feed(end) + 1;
                    if self.byte(end) == b'#' {
                        return Some(text);
                    }
                }
            }
        }
    }

    fn scalar(&self, text: &str) -> Option<Value> {
        // The full reader complains of infinities even where it does not keep the value.
        if self.skipping && !text.starts_with(['.', '+', '-']) {
            return Some(Value::Nil);
        }
        Some(match (resolve(text), self.numbers) {
            (Scalar::Str | Scalar::Merge, _) => self.string(text),
            (Scalar::Null, _) => Value::Nil,
            (Scalar::Bool(b), _) => Value::Bool(b),
            (Scalar::Int(n), Numbers::Float) => Value::Float(n as f64),
            (Scalar::Int(n), Numbers::Exact) => Value::Int64(n),
            (Scalar::Uint(n), Numbers::Float) => Value::Float(n as f64),
            (Scalar::Uint(n), Numbers::Exact) => Value::Uint64(n),
            (Scalar::Float(x), _) if x.is_finite() => Value::Float(x),
            (Scalar::Float(_), _) => return None,
        })
    }

    /// Reads the quoted scalar at `at` and returns where it ends.
    fn quoted(&self, at: usize, quote: u8) -> Option<(Cow<'a, str>, usize)> {
        let rest = &self.bytes[at + 1..];
        let stop = memchr::memchr3(quote, b'\\', b'\n', rest)?;
        let end = at + 1 + stop;
        if rest[stop] == quote && (quote == b'"' || self.byte(end + 1) != quote) {
            return Some((Cow::Borrowed(&self.text[at + 1..end]), end + 1));
        }
        scan::quoted_scalar(self.text, at).map(|(text, end)| (Cow::Owned(text), end))
    }

    /// Reads a flow collection that takes a whole line.
    fn flow(&self, line: &str) -> Option<Value> {
        let line = line.trim_end_matches(' ');
        match line {
            "{}" => return Some(Value::Map(Map::new())),
            "[]" => return Some(Value::List(List::new(Vec::new()))),
            _ => {}
        }
        let is_list = line.starts_with('[');
        let value = read_node(line.as_bytes(), self.numbers)?;
        let fits = match value {
            Value::List(_) => is_list,
            Value::Map(_) => !is_list,
            _ => false,
        };
        fits.then_some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::super::read::{read_in_full, skim_in_full};
    use super::*;

    const KEEP: &[&str] = &["kind", "metadata"];

    /// Returns how many of the three ways to read the text the quick reader knows, and checks that
    /// it finds what the full reader finds.
    fn check(text: &str) -> usize {
        let bytes = text.as_bytes();
        let mut known = 0;
        for numbers in [Numbers::Float, Numbers::Exact] {
            if let Some(value) = read(bytes, numbers, None) {
                known += 1;
                let full = read_in_full(bytes, numbers);
                assert_eq!(format!("{full:?}"), format!("Ok({value:?})"), "{text:?}");
            }
        }
        let anchors = text.contains('&');
        if let Some(value) = read(bytes, Numbers::Exact, (!anchors).then_some(KEEP)) {
            known += 1;
            let full = skim_in_full(bytes, KEEP);
            assert_eq!(format!("{full:?}"), format!("Ok({value:?})"), "{text:?}");
        }
        known
    }

    #[test]
    fn knows_what_charts_are_written_in() {
        let texts = [
            "# c\n---\na: 1 # c\nb:\n  c: \"x\" # c\n  d: 'y'\n\n  # c\n  e: {}\n  f: [ ]\ng: ~\nh:\n",
            "a:\n- b: 1\n  c:\n  - x\n  - w: z\n\n- d\n-\n- - e\n  - f: 1\n    g: 2\nh: -1\n",
            "- a\n-  b:  c\n   d: e\n- 1.5\n- -7\n-\n  k: v\n",
            "a: |\n  x\n    y\n\n  z\nb: >-\n  q\n  r\n\nc: |+\n  t\n\n\nd: 1\n",
            "a: |\n  x",
            "a: |\nb: 1\n",
            "kind: Pod\nspec:\n  a: +1\n  b: \"\\u00e9\\n\"\nMetadata:\n  name: 'it''s'\n\"q\": 1\n",
            "a: [1, \"b\", {c: 0x10}]\nb: {x: [], y: é} \nc: a:b#c -d ? [e]\n",
            "  a: http://x/y?z=1#f\n  b: 1_000\n  c: 1e3\n  d: 010\n  e: 18446744073709551615\n",
            "a: b\n  c - d\n\n\n  \"e\"  \nf:\n  - g\n   h # i\n  - j\n\n    k\n# l\nm: n\n o",
            "a:\n  {}\nb:\n- c\n-\n  [d]\n-\n  e\n  f\ng:\n  \"h\"\ni:\n  |\n   j\nk:\n\n # l\n  ~\nm: :8\n",
            "a: \"b\n c\\\n  d\"\ne: 'f\n\n  g' # h\n",
            "a: x\na: y\nb: <<\nc: -.5\nd: a b  \n\"e f\": g h\n'i': \"\"\n",
            "a: \u{e9}\u{2014}\u{1f600}\n# \u{2019}\nb: \u{a0}\n",
        ];
        for text in texts {
            assert_eq!(check(text), 3, "{text:?}");
        }
    }

    #[test]
    fn leaves_the_rest_to_the_full_reader() {
        let texts = [
            "",
            "# c\n",
            "a",
            "a\n",
            "--- a\n",
            "a: 1\n---\nb: 2\n",
            "a: 1\n...\n",
            "%YAML 1.1\n---\na: 1\n",
            "a: b\n c: d\n",
            "a: b\n  c: d\n",
            "a: b # c\n  d\n",
            "a: b\n # c\n  d\n",
            "a: b\n\tc\n",
            "a: b: c\n",
            "a: - b\n",
            "a: *x\n",
            "a: &x b\n",
            "a: !!str 1\n",
            "<<: {a: 1}\n",
            "1: a\n",
            "y: a\n",
            "? a\n: b\n",
            "a: 'b\n  c' d\n",
            "a: [b,\n  c]\n",
            "a : b\n",
            "a:\tb\n",
            "\ta: b\n",
            "a: b\tc\n",
            "a: .inf\n",
            "a: \"b\" c\n",
            "a: {b: c}: d\n",
            "- a\nb: c\n",
            "a: 1\n- b\n",
            "  a: 1\nb: 2\n",
            "a:\n    b: 1\n  c: 2\n",
            "a: @b\n",
            "a: b\r\n",
            "a: \u{85}\n",
            "\u{feff}a: b\n",
            "a: [b\n",
            "a: \"b\\q\"\n",
            "a: |\n\tb\n",
            "a: \"b\"#c\n",
            "- [a]: b\n",
            "a: {}: b\n",
        ];
        for text in texts {
            assert_eq!(check(text), 0, "{text:?}");
        }
        // Infinities matter in what is passed over, too.
        assert_eq!(check("a: 1\nb:\n  - -.inf\n"), 0);
        let deep: Vec<String> =
            (0..200).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
        assert_eq!(check(&deep.concat()), 0);
    }

    #[test]
    fn agrees_with_the_full_reader_on_lines_put_together_at_random() {
        const PIECES: &[&str] = &[
            "a: 1",
            "b:",
            "kind: x",
            "metadata:",
            "- c",
            "- d: e",
            "-",
            "- - f",
            "g: |",
            "h: >-",
            "# i",
            "",
            "j: 'k'",
            "\"l\": m",
            "n",
            "- \"o\"",
            "p: {}",
            "q: [r, s]",
            "- t:",
            "u: \"v",
            "w: x: y",
            "- {z: 1}",
            "---",
            "aa: - b",
            "cc: dd # ee",
            "ff: &gg hh",
            "- |",
            "ii: 'jj''kk'",
            "  ",
            "ll: .nan",
            "- mm: |",
            "nn: ~",
            "- 'oo': pp",
            "qq: \"\\t\"",
            "rr:  ss  ",
            "- # tt",
            "uu : vv",
            "y: 1",
            "-  ww: 1",
        ];
        let mut seed = 7_u64;
        let mut random = |below: usize| {
            seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % below
        };
        let mut known = 0;
        for round in 0..30_000 {
            let mut text = String::new();
            let mut indent = 0;
            for _ in 0..=random(7) {
                // Mostly in steps that make sense.
                match random(8) {
                    0..=2 => indent += 2,
                    3 => indent = random(5),
                    4 => indent = indent.max(2) - 2,
                    _ => {}
                }
                text.push_str(&" ".repeat(indent));
                text.push_str(PIECES[random(PIECES.len())]);
                text.push('\n');
            }
            if round % 5 == 0 {
                text.pop();
            }
            known += check(&text);
        }
        assert!(known > 10_000, "{known}");
    }
}
