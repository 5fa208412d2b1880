//! Block style, line by line.

use super::layout::{push_block, push_spaces};
use super::line::{Level, Placer};
use super::node::Scene;
use super::scalar::simple;
use super::shape::{is_separate, is_space, mark_length};
use super::text::{self, needs_lines, push_small};
use super::{Entry, Result};
use crate::template::jinja::mark::HOLE_LENGTH;
use crate::value::Value;

/// A key of letters and the like behind nothing but dashes, in bytes of its line.
struct Key {
    start: usize,
    colon: usize,
}

impl Key {
    /// Reads the key of a line whose indentation ends at `indent`. Behind its colon is a space or
    /// the line's end.
    fn read(line: &[u8], indent: usize) -> Option<Self> {
        let mut start = indent;
        while line.get(start) == Some(&b'-') && line.get(start + 1) == Some(&b' ') {
            start += 1 + line[start + 1..].iter().take_while(|b| **b == b' ').count();
        }
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'-');
        line.get(start).filter(|b| b.is_ascii_alphabetic())?;
        let colon = start + line[start..].iter().take_while(|b| is_name(b)).count();
        let is_end = line.get(colon) == Some(&b':') && is_blank_or_end(line, colon + 1);
        is_end.then_some(Key { start, colon })
    }
}

fn is_blank_or_end(line: &[u8], at: usize) -> bool {
    line.get(at).is_none_or(|b| *b == b' ')
}

impl Placer<'_> {
    /// Goes through all of the text.
    pub(super) fn run(&mut self) -> Result<()> {
        loop {
            if !self.simple_line() {
                if !self.load() {
                    return Ok(());
                }
                self.line()?;
            }
            self.has_room()?;
        }
    }

    fn line(&mut self) -> Result<()> {
        let bytes = self.current.as_bytes();
        let indent = bytes.iter().take_while(|b| **b == b' ').count();
        let rest = &bytes[indent..];
        if rest.iter().all(|b| is_space(*b) || *b == b'\r') {
            self.end_line();
            return Ok(());
        }
        if rest[0] == b'#' {
            self.comment();
            return Ok(());
        }
        if indent == 0 {
            let is_border = |border: &[u8]| rest.starts_with(border) && is_separate(rest, 2);
            if is_border(b"---") {
                self.levels.clear();
                self.emit(3);
                return self.node(Scene { parent: -1, is_fresh: false, property: None });
            }
            if is_border(b"...") || (rest[0] == b'%' && self.find_mark(0).is_none()) {
                self.levels.clear();
                self.comment();
                return Ok(());
            }
        }
        let begins_item = rest[0] == b'-' && is_separate(rest, 0);
        if self.has_marks()
            && let Some(scene) = self.key_of_hole(indent)
        {
            return self.node(scene);
        }
        let alone = self.alone(indent);
        let value = alone.and_then(|(number, _)| match self.entry(number) {
            Entry::Value(value) => Some(simple(value)),
            _ => None,
        });
        let value = value.as_deref();
        let is_item = begins_item || matches!(value, Some(Value::List(_)));
        self.levels.retain(|level| level.column <= indent);
        if self.levels.last().is_some_and(|l| l.column == indent && l.is_list && !is_item) {
            self.levels.pop();
        }
        if let Some((number, end)) = alone
            && self.alone_on_line(indent, number, end, value)?
        {
            return Ok(());
        }
        self.emit(indent);
        let around = self.levels.iter().rev().find(|level| level.column < indent);
        let parent = around.map_or(-1, |level| level.column as isize);
        self.node(Scene { parent, is_fresh: true, property: None })
    }

    /// Writes the next line as it is if it has no holes and is blank, a comment, or a key and a word
    /// or the like, and nothing goes on in the lines after it. Returns whether it did.
    fn simple_line(&mut self) -> bool {
        let Some(line) = self.next_line() else { return false };
        let text = self.line_text(&line);
        let bytes = text.as_bytes();
        let width = bytes.iter().take_while(|b| **b == b' ').count();
        let rest = &bytes[width..];
        if self.has_holes(&line) {
            return false;
        }
        if rest.first().is_none_or(|b| *b == b'#')
            || rest.iter().all(|b| is_space(*b) || *b == b'\r')
        {
            self.pass(line);
            return true;
        }
        let Some(key) = Key::read(bytes, width) else { return false };
        let value = &bytes[key.colon + 1..];
        let is_word = match value {
            [] => true,
            [b' ', first, ..] => {
                let is_open = |at: usize| match value[at] {
                    b'#' => value[at - 1] == b' ',
                    b':' => value.get(at + 1).is_none_or(|b| *b == b' '),
                    _ => false,
                };
                (first.is_ascii_alphanumeric() || matches!(first, b'/' | b'.'))
                    && !(2..value.len()).any(is_open)
            }
            _ => false,
        };
        let column = line.indent() + key.start;
        if !is_word || (!value.is_empty() && line.has_end() && self.follows(1, column as isize)) {
            return false;
        }
        self.open_key(bytes, width, line.indent(), key.start);
        self.pass(line);
        true
    }

    /// Opens what a line with a key at `start` and dashes before it opens, all of it moved by
    /// `shift` columns.
    fn open_key(&mut self, bytes: &[u8], indent: usize, shift: usize, start: usize) {
        let column = shift + indent;
        self.levels.retain(|level| level.column <= column);
        let is_item = start > indent;
        if self.levels.last().is_some_and(|l| l.column == column && l.is_list && !is_item) {
            self.levels.pop();
        }
        for (i, byte) in bytes[indent..start].iter().enumerate() {
            if *byte == b'-' {
                self.open(column + i, true);
            }
        }
        self.open(shift + start, false);
    }

    /// Passes the key of a line that has nothing behind it but one hole, which prints data or the
    /// text of a template. Returns where the hole stands.
    fn key_of_hole(&mut self, indent: usize) -> Option<Scene> {
        let bytes = self.current.as_bytes();
        let Key { start, colon } = Key::read(bytes, indent)?;
        let hole = colon + 1 + bytes[colon + 1..].iter().take_while(|b| **b == b' ').count();
        let (number, end) = self.alone(hole)?;
        if end < bytes.len() || matches!(self.entry(number), Entry::Raw(_)) {
            return None;
        }
        let line = std::mem::take(&mut self.current);
        self.open_key(line.as_bytes(), indent, 0, start);
        self.current = line;
        self.emit(colon + 1);
        Some(Scene { parent: start as isize, is_fresh: false, property: None })
    }

    /// Returns the number of the hole at `at` if nothing but a comment follows, and where the
    /// comment or the line's end is.
    pub(super) fn alone(&self, at: usize) -> Option<(u32, usize)> {
        let bytes = self.current.as_bytes();
        if bytes.get(at) != Some(&0xF3) {
            return None;
        }
        let number = self.hole(at)?;
        let after = at + HOLE_LENGTH;
        let end = after + bytes[after..].iter().take_while(|b| is_space(**b)).count();
        let is_comment = end > after && bytes.get(end) == Some(&b'#');
        (end == bytes.len() || is_comment).then_some((number, end))
    }

    pub(super) fn open(&mut self, column: usize, is_list: bool) {
        let is_open =
            self.levels.last().is_some_and(|l| l.column == column && l.is_list == is_list);
        if !is_open {
            self.levels.push(Level { column, is_list });
        }
    }

    /// Places a hole that has a line for itself. Returns whether the line is done.
    fn alone_on_line(
        &mut self,
        indent: usize,
        number: u32,
        end: usize,
        value: Option<&Value>,
    ) -> Result<bool> {
        let Some(value) = value else {
            let (Entry::Text(marked) | Entry::Raw(marked)) = self.entry(number) else {
                return Ok(false);
            };
            let lines = self.take_text(indent, marked)?;
            self.push_lines(&lines, indent);
            self.skip(self.current.len());
            return Ok(true);
        };
        let is_list = matches!(value, Value::List(_));
        if needs_lines(value) {
            self.open(indent, is_list);
            self.emit(indent);
            if end < self.current.len() {
                let comment = self.plain_text(&self.current[end..]);
                text::comment(&mut self.out, &comment);
                self.out.push('\n');
                push_spaces(&mut self.out, indent);
            }
            self.write_block(HOLE_LENGTH, value, indent)?;
            self.skip(self.current.len());
            self.end_line();
            return Ok(true);
        }
        let level = self.levels.last().filter(|level| level.column == indent).copied();
        let is_empty = matches!(value, Value::Str(text) if text.is_empty());
        if !is_empty && !matches!(value, Value::Map(_) | Value::List(_)) {
            return Ok(false);
        }
        let next = self.peek_entry().map(|(column, _)| column == indent);
        if is_empty {
            // Among the entries of a map or list a text of nothing adds nothing.
            let has_siblings = level.is_some() || next.unwrap_or(false);
            if has_siblings {
                self.skip(self.current.len());
            }
            return Ok(has_siblings);
        }
        let has_siblings =
            level.is_some_and(|level| level.is_list == is_list) || next.unwrap_or(false);
        if has_siblings && !(is_list && level.is_some_and(|level| !level.is_list)) {
            self.skip(self.current.len());
            return Ok(true);
        }
        self.emit(indent);
        if level.is_some() {
            // An empty list may not stand below the first letter of its key.
            self.out.push(' ');
        }
        self.replace(HOLE_LENGTH, |out, _| push_small(out, value));
        self.comment();
        Ok(true)
    }

    /// Writes a block in place of the next `length` bytes.
    pub(super) fn write_block(
        &mut self,
        length: usize,
        value: &Value,
        indent: usize,
    ) -> Result<()> {
        let at = self.at;
        let mut result = Ok(());
        self.replace(length, |out, _| result = push_block(out, value, indent));
        result.map_err(|refusal| self.misfit(at, refusal.to_owned(), ""))
    }

    /// Writes the rest of the line, a comment at most, with its holes.
    pub(super) fn comment(&mut self) {
        while let Some(found) = self.find_mark(self.at) {
            self.emit(found);
            let length = mark_length(&self.current, self.at).unwrap_or(1);
            let text = self.plain_text(&self.current[self.at..self.at + length]);
            self.replace(length, |out, _| text::comment(out, &text));
        }
        self.end_line();
    }

    pub(super) fn plain_text(&self, marked: &str) -> String {
        let mut out = String::new();
        text::plain(&mut out, marked, self.entries);
        out
    }
}
