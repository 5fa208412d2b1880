//! Random templates with holes in every position read back as the data that was put in.
//!
//! The generator writes a template and, beside it, the data that its text must mean.
//! `RHUMB_PLACE_CASES` sets how many cases run, `RHUMB_PLACE_SEED` where they begin. With
//! `RHUMB_PLACE_DUMP` each document goes into that file, with the data as JSON: what readers of YAML
//! 1.1 and 1.2 other than ours make of them, `scripts/check-placed` tells.

use std::fmt::Write as _;
use std::io::Write as _;

use super::{Entries, Entry, Marked, Source, place};
use crate::template::jinja::mark;
use crate::value::{List, Map, Value, deep_equal};
use crate::yaml;

/// How many cases run by default.
const CASES: u64 = 100_000;

/// A small generator of random numbers (xorshift64*).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

const NASTY: &[&str] = &[
    "",
    "yes",
    "No",
    "on",
    "OFF",
    "y",
    "n",
    "~",
    "null",
    "Null",
    "true",
    "False",
    "1.0",
    "1.10",
    "0x1",
    "0o17",
    "017",
    "1e3",
    "1_000",
    "1:20",
    "190:20:30",
    ".inf",
    "-.Inf",
    ".nan",
    "2001-01-01",
    "2001-12-14t21:59:43.10-05:00",
    "+1",
    "-1",
    "-",
    "--",
    "---",
    "...",
    "--- a",
    "- a",
    "? a",
    ": a",
    "a: b",
    "a:",
    ":",
    "a #b",
    "#",
    "# a",
    "a#b",
    "&a",
    "*a",
    "!a",
    "!!str",
    "%a",
    "@a",
    "`a",
    "|",
    ">",
    "|-",
    "'",
    "\"",
    "''",
    "\"\"",
    "it's",
    "say \"hi\"",
    "\\",
    "\\n",
    "a\\",
    "[",
    "]",
    "{",
    "}",
    "[a]",
    "{a: b}",
    ",",
    "a, b",
    " a",
    "a ",
    "  ",
    "\t",
    "a\tb",
    "\ta",
    "a\t",
    "\n",
    "\n\n",
    "a\n",
    "\na",
    "a\nb",
    "a\n\nb\n",
    "a\nb\n\n",
    "  a\nb",
    "a\n  b\n",
    "a\n \nb",
    "a \nb",
    "a\n\tb",
    "\n a",
    "a\n ",
    "a\n   ",
    "- a\n- b",
    "a: 1\nb: 2\n",
    "# a\nb",
    "é",
    "日本",
    "😀",
    "a😀b",
    "\u{a0}",
    "\u{feff}",
    "\u{feff}a",
    "\u{85}",
    "a\u{85}b",
    "\u{2028}",
    "a\u{2029}b",
    "\r",
    "a\r\nb",
    "\u{0}",
    "\u{1}",
    "\u{1b}[0m",
    "\u{7f}",
    "\u{80}",
    "\u{9f}",
    "\u{fffd}",
    "\u{fffe}",
    "\u{10ffff}",
    "\u{f0000}",
    "\u{f0001}",
    "\u{f0000}\u{f1000}\u{f1000}",
    "<<",
    "=",
    "{{ x }}",
    "{% if %}",
    "nginx:1.27-alpine",
    "https://a.b/c?d=e&f#g",
    "a  b",
    "a very long text that goes on and on beyond the eightieth column of its line for no reason at all, and on",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    "key: |\n  text\n",
];

const LETTERS: &[char] = &[
    'a',
    'b',
    'z',
    '0',
    '1',
    ' ',
    ' ',
    '\n',
    '\n',
    '\t',
    ':',
    '#',
    '-',
    '\'',
    '"',
    '\\',
    ',',
    '[',
    ']',
    '{',
    '}',
    '&',
    '*',
    '!',
    '|',
    '>',
    '%',
    '@',
    '?',
    '.',
    '=',
    '~',
    'é',
    '😀',
    '\u{85}',
    '\r',
    '\u{1}',
    '\u{2028}',
    '\u{feff}',
    '\u{f0000}',
];

/// Characters that a literal block can hold.
const TAME: &[char] = &[
    'a', 'b', '1', ' ', ' ', '\n', '\n', '\t', ':', '#', '-', '\'', '"', '\\', '{', '|', 'é', '😀',
];

fn text(random: &mut Random) -> String {
    if random.chance(60) {
        return random.pick(NASTY).to_owned();
    }
    (0..random.below(12)).map(|_| random.pick(LETTERS)).collect()
}

fn tame(random: &mut Random) -> String {
    (0..random.below(14)).map(|_| random.pick(TAME)).collect()
}

fn scalar(random: &mut Random) -> Value {
    match random.below(10) {
        0 => Value::Nil,
        1 => Value::Bool(random.chance(50)),
        2 => Value::Int(random.below(2000) as i64 - 1000),
        3 => Value::Float(random.pick(&[0.5, -0.0, 1.0, 1e100, 1.5e-7, 1e21, 123_456.75, -1e-300])),
        _ => Value::from(text(random)),
    }
}

fn value(random: &mut Random, depth: usize) -> Value {
    match random.below(if depth > 2 { 6 } else { 10 }) {
        0..=5 => scalar(random),
        6 | 7 => Value::Map(Map::from_pairs(
            (0..random.below(4))
                .map(|_| (text(random), value(random, depth + 1)))
                .collect::<Vec<_>>(),
        )),
        _ => {
            Value::List(List::new((0..random.below(4)).map(|_| value(random, depth + 1)).collect()))
        }
    }
}

/// What the value is to the reader: all numbers are floats.
fn read_back(value: &Value) -> Value {
    match value {
        Value::Int(n) => Value::Float(*n as f64),
        Value::Map(map) => {
            let pairs: Vec<_> =
                map.entries().into_iter().map(|(key, value)| (key, read_back(&value))).collect();
            Value::Map(Map::from_pairs(pairs))
        }
        Value::List(list) => Value::List(List::new(list.items().iter().map(read_back).collect())),
        _ => value.clone(),
    }
}

/// What the value is as part of a text.
fn as_text(value: &Value) -> String {
    let mut out = String::new();
    super::plain_value(&mut out, value);
    out
}

/// A template in the making.
struct Case {
    random: Random,
    marked: String,
    entries: Vec<Entry>,
    keys: usize,
}

impl Case {
    fn pad(&mut self, column: usize) {
        self.marked.extend(std::iter::repeat_n(' ', column));
    }

    fn hole(&mut self, entry: Entry) {
        mark::push_hole(&mut self.marked, self.entries.len() as u32);
        self.entries.push(entry);
    }

    fn put(&mut self, value: &Value) {
        self.hole(Entry::Value(value.clone()));
    }

    /// Writes a hole with a scalar or a word; returns what it adds to a text.
    fn part(&mut self, words: &[&str], make: fn(&mut Random) -> String) -> String {
        if self.random.chance(45) {
            let word = self.random.pick(words);
            self.marked.push_str(word);
            return word.to_owned();
        }
        let value = if self.random.chance(25) {
            Value::Int(self.random.below(100) as i64)
        } else {
            Value::from(make(&mut self.random))
        };
        self.put(&value);
        as_text(&value)
    }

    fn parts(&mut self, words: &[&str], make: fn(&mut Random) -> String) -> String {
        let count = 1 + self.random.below(4);
        let mut text = String::new();
        for _ in 0..count {
            text.push_str(&self.part(words, make));
        }
        text
    }

    fn comment(&mut self) {
        if self.random.chance(10) {
            self.marked.push_str(" # about ");
            let value = value(&mut self.random, 2);
            self.put(&value);
        }
    }

    fn deeper(&mut self, column: usize) -> usize {
        column + 1 + self.random.below(if column > 30 { 3 } else { 8 })
    }

    fn key(&mut self) -> String {
        self.keys += 1;
        match self.random.below(6) {
            0 => {
                let key = format!("{}{}", text(&mut self.random), self.keys);
                self.put(&Value::from(key.as_str()));
                key
            }
            1 => {
                let value = text(&mut self.random);
                write!(self.marked, "k{}-", self.keys).unwrap();
                self.put(&Value::from(value.as_str()));
                format!("k{}-{value}", self.keys)
            }
            2 => {
                let value = text(&mut self.random);
                write!(self.marked, "\"k{} ", self.keys).unwrap();
                self.put(&Value::from(value.as_str()));
                self.marked.push('"');
                format!("k{} {value}", self.keys)
            }
            _ => {
                write!(self.marked, "k{}", self.keys).unwrap();
                format!("k{}", self.keys)
            }
        }
    }

    /// Writes entries at a column. The first begins where the text stands.
    fn map(&mut self, column: usize, depth: usize) -> Value {
        let mut pairs = Vec::new();
        let count = 1 + self.random.below(4);
        for i in 0..count {
            if i > 0 {
                self.pad(column);
            }
            if i > 0 && self.random.chance(8) {
                self.marked.push_str("# a comment: ");
                let value = value(&mut self.random, 1);
                self.put(&value);
                self.marked.push('\n');
                self.pad(column);
            }
            // A map among the keys adds its own.
            if count > 1 && self.random.chance(8) {
                self.keys += 1;
                let more: Vec<_> = (0..self.random.below(3))
                    .map(|j| (format!("m{}-{j}", self.keys), value(&mut self.random, 1)))
                    .collect();
                self.put(&Value::Map(Map::from_pairs(more.clone())));
                self.comment();
                self.marked.push('\n');
                pairs.extend(more);
                // One entry at least must be there for certain.
                if i + 1 == count && pairs.is_empty() {
                    self.pad(column);
                    self.marked.push_str("last: 1\n");
                    pairs.push(("last".to_owned(), Value::Int(1)));
                }
                continue;
            }
            let key = self.key();
            self.marked.push(':');
            let value = self.value(column, depth);
            pairs.push((key, value));
        }
        Value::Map(Map::from_pairs(pairs))
    }

    fn list(&mut self, column: usize, depth: usize) -> Value {
        let mut items = Vec::new();
        for i in 0..=self.random.below(3) {
            if i > 0 {
                self.pad(column);
            }
            self.marked.push('-');
            match self.random.below(5) {
                0 if depth < 3 => {
                    self.marked.push(' ');
                    items.push(self.map(column + 2, depth + 1));
                }
                1 if depth < 3 => {
                    self.marked.push(' ');
                    items.push(self.list(column + 2, depth + 1));
                }
                _ => items.push(self.value(column, depth)),
            }
        }
        Value::List(List::new(items))
    }

    fn quoted(&mut self) -> String {
        if self.random.chance(50) {
            self.marked.push('"');
            let text = self.parts(&["a", " ", ": ", " # ", "'", "-"], text);
            self.marked.push('"');
            text
        } else {
            self.marked.push('\'');
            let text = self.parts(&["a", " ", ": ", " # ", "\"", "\\", "-"], text);
            self.marked.push('\'');
            text
        }
    }

    fn bracketed(&mut self, depth: usize) -> Value {
        if depth > 2 || self.random.chance(50) {
            return match self.random.below(3) {
                0 => {
                    self.marked.push('x');
                    let hole = value(&mut self.random, 3);
                    let hole = if matches!(hole, Value::Map(_) | Value::List(_)) {
                        Value::Int(1)
                    } else {
                        hole
                    };
                    self.put(&hole);
                    Value::from(format!("x{}", as_text(&hole)))
                }
                1 => Value::from(self.quoted()),
                _ => {
                    let value = value(&mut self.random, 1);
                    self.put(&value);
                    value
                }
            };
        }
        let count = self.random.below(4);
        if self.random.chance(50) {
            self.marked.push('[');
            let mut items = Vec::new();
            for i in 0..count {
                if i > 0 {
                    self.marked.push_str(", ");
                }
                items.push(self.bracketed(depth + 1));
            }
            self.marked.push(']');
            return Value::List(List::new(items));
        }
        self.marked.push('{');
        let mut pairs = Vec::new();
        for i in 0..count {
            if i > 0 {
                self.marked.push_str(", ");
            }
            let key = self.key();
            self.marked.push_str(": ");
            pairs.push((key, self.bracketed(depth + 1)));
        }
        self.marked.push('}');
        Value::Map(Map::from_pairs(pairs))
    }

    fn block_text(&mut self, column: usize) -> Value {
        let header = self.random.pick(&[" |", " |-", " |+"]);
        self.marked.push_str(header);
        self.comment();
        self.marked.push('\n');
        let column = self.deeper(column);
        let mut lines = Vec::new();
        for i in 0..=self.random.below(3) {
            self.pad(column);
            // The first line tells the column.
            if i == 0 {
                self.marked.push('=');
            }
            let mut line = if i == 0 { "=".to_owned() } else { String::new() };
            line.push_str(&self.part(&["a: ", "# b ", "\"", "  x", "- "], tame));
            self.marked.push('.');
            line.push('.');
            if self.random.chance(50) {
                line.push_str(&self.part(&["end"], tame));
            }
            self.marked.push('\n');
            lines.push(line);
        }
        let text = lines.join("\n");
        let text = match header {
            " |-" => text.trim_end_matches('\n').to_owned(),
            " |" => format!("{}\n", text.trim_end_matches('\n')),
            _ => format!("{text}\n"),
        };
        Value::from(text)
    }

    /// A block that is nothing but a hole.
    fn bare_block_text(&mut self, column: usize) -> Value {
        let header = self.random.pick(&[" |", " |-", " |+", " >", " >-"]);
        self.marked.push_str(header);
        self.marked.push('\n');
        let column = self.deeper(column);
        self.pad(column);
        let text = tame(&mut self.random);
        self.put(&Value::from(text.as_str()));
        self.marked.push('\n');
        let trimmed = text.trim_end_matches('\n');
        Value::from(match header {
            " |-" | " >-" => trimmed.to_owned(),
            " |+" => format!("{text}\n"),
            _ if trimmed.is_empty() => String::new(),
            _ => format!("{trimmed}\n"),
        })
    }

    /// Writes what follows a key or a dash, line end included. `column` is that of the key.
    fn value(&mut self, column: usize, depth: usize) -> Value {
        match self.random.below(if depth > 3 { 10 } else { 14 }) {
            0 => {
                self.marked.push_str(" a");
                let text = self.parts(&["a", " b ", "-", ":x", "/"], text);
                self.marked.push_str("z\n");
                Value::from(format!("a{text}z"))
            }
            1 => {
                self.marked.push(' ');
                let mut text = String::new();
                for _ in 0..2 {
                    let value = match self.random.below(3) {
                        0 => Value::Int(self.random.below(20) as i64),
                        _ => Value::from(super::property::text(&mut self.random)),
                    };
                    self.put(&value);
                    text.push_str(&as_text(&value));
                    if self.random.chance(50) {
                        let word = self.random.pick(&[":", "-", ".", "/"]);
                        self.marked.push_str(word);
                        text.push_str(word);
                        // A colon at the end makes a key.
                        let value = Value::Int(self.random.below(20) as i64);
                        self.put(&value);
                        text.push_str(&as_text(&value));
                    }
                }
                self.comment();
                self.marked.push('\n');
                Value::from(text)
            }
            2 => {
                self.marked.push(' ');
                let text = self.quoted();
                self.comment();
                self.marked.push('\n');
                Value::from(text)
            }
            3 => self.block_text(column),
            4 => self.bare_block_text(column),
            5 => {
                self.marked.push(' ');
                let open = self.random.chance(50);
                self.marked.push_str(if open { "[" } else { "{k: " });
                let inner = self.bracketed(1);
                self.marked.push_str(if open { "]" } else { "}" });
                self.comment();
                self.marked.push('\n');
                if open {
                    Value::List(List::new(vec![inner]))
                } else {
                    Value::Map(Map::from_pairs([("k", inner)]))
                }
            }
            6 => {
                // Alone on the line under its key.
                self.comment();
                self.marked.push('\n');
                let column = self.deeper(column);
                self.pad(column);
                let value = value(&mut self.random, 0);
                self.put(&value);
                self.comment();
                self.marked.push('\n');
                value
            }
            7 => {
                self.marked.push_str(" &a");
                write!(self.marked, "{} ", self.keys).unwrap();
                let value = value(&mut self.random, 0);
                self.put(&value);
                self.marked.push('\n');
                value
            }
            8 | 9 => {
                self.marked.push(' ');
                let value = value(&mut self.random, 0);
                self.put(&value);
                self.comment();
                self.marked.push('\n');
                value
            }
            10 => {
                self.marked.push('\n');
                let column = self.deeper(column);
                self.pad(column);
                self.map(column, depth + 1)
            }
            11 => {
                self.marked.push('\n');
                let column = self.deeper(column);
                self.pad(column);
                self.list(column, depth + 1)
            }
            12 => {
                // A text of a macro, of any indentation of its own.
                let outer = std::mem::take(&mut self.marked);
                let base = self.random.below(6);
                self.pad(base);
                let value = if self.random.chance(60) {
                    self.map(base, depth + 2)
                } else {
                    self.list(base, depth + 2)
                };
                let text = std::mem::replace(&mut self.marked, outer);
                let text = Entry::Text(Marked::new(text));
                if self.random.chance(50) {
                    self.marked.push(' ');
                } else {
                    self.marked.push('\n');
                    let column = self.deeper(column);
                    self.pad(column);
                }
                self.hole(text);
                self.marked.push('\n');
                value
            }
            _ => {
                // A macro that makes a part of a text.
                let inner = text(&mut self.random);
                let mut marked = "m-".to_owned();
                mark::push_hole(&mut marked, self.entries.len() as u32);
                marked.push('\n');
                self.entries.push(Entry::Value(Value::from(inner.as_str())));
                self.marked.push_str(" \"");
                self.hole(Entry::Text(Marked::new(marked)));
                self.marked.push_str("\"\n");
                Value::from(format!("m-{inner}"))
            }
        }
    }

    fn document(&mut self) -> Value {
        let column = if self.random.chance(60) { 0 } else { self.random.below(41) };
        match self.random.below(12) {
            0 => {
                let value = value(&mut self.random, 0);
                if self.random.chance(50) {
                    self.marked.push_str("---\n");
                } else if self.random.chance(30) {
                    self.marked.push_str("--- ");
                    self.put(&value);
                    self.marked.push('\n');
                    return value;
                }
                self.pad(column);
                self.put(&value);
                self.marked.push('\n');
                value
            }
            1 | 2 => {
                self.pad(column);
                self.list(column, 0)
            }
            _ => {
                self.pad(column);
                self.map(column, 0)
            }
        }
    }
}

fn show(marked: &str) -> String {
    mark::pieces(marked)
        .map(|piece| match piece {
            mark::Piece::Text(text) => text.to_owned(),
            mark::Piece::Hole(number) => format!("⟦{number}⟧"),
            other => format!("{other:?}"),
        })
        .collect()
}

#[test]
fn random_templates_read_back_as_their_data() {
    #[expect(clippy::disallowed_methods, reason = "for this test alone")]
    let variable = |name: &str| std::env::var(name).ok();
    let number = |name: &str| variable(name).and_then(|text| text.parse::<u64>().ok());
    let cases = number("RHUMB_PLACE_CASES").unwrap_or(CASES);
    let first = number("RHUMB_PLACE_SEED").unwrap_or(1);
    let dump = variable("RHUMB_PLACE_DUMP");
    let mut dump = dump.map(|path| std::io::BufWriter::new(std::fs::File::create(path).unwrap()));
    for seed in first..first + cases {
        let random = Random::new(seed);
        let mut case = Case { random, marked: String::new(), entries: Vec::new(), keys: 0 };
        let expected = read_back(&case.document());
        let described = || {
            let entries = case.entries.iter().enumerate();
            let entries: Vec<_> = entries
                .map(|(i, entry)| match entry {
                    Entry::Value(value) => format!("{i}: {value:?}"),
                    Entry::Text(text) => format!("{i}: text {:?}", show(text)),
                    Entry::Raw(text) => format!("{i}: raw {text:?}"),
                })
                .collect();
            format!("seed {seed}\n{}\n{}", show(&case.marked), entries.join("\n"))
        };
        let placed = match place(&Source::from(&*case.marked), &Entries::from(case.entries.clone()))
        {
            Ok(placed) => placed.text,
            Err(misfit) => panic!("{}\n{misfit:?}", described()),
        };
        let found = match yaml::read(placed.as_bytes()) {
            Ok(found) => found,
            Err(error) => panic!("{}\n----\n{placed}\n----\n{error}", described()),
        };
        if let Some(dump) = &mut dump {
            let line = Value::Map(Map::from_pairs([
                ("text", Value::from(placed.as_str())),
                ("data", expected.clone()),
            ]));
            let mut json = Vec::new();
            // JSON has no infinity.
            if crate::json::write(&mut json, &line, crate::json::Escape::Raw).is_ok() {
                json.push(b'\n');
                dump.write_all(&json).unwrap();
            }
        }
        assert!(
            deep_equal(&found, &expected),
            "{}\n----\n{placed}\n----\n{found:?}\n{expected:?}",
            described()
        );
    }
}
