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

impl Placer<'_> {
    /// Goes through all of the text.
    pub(super) fn run(&mut self) -> Result<()> {
        while self.load() {
            self.line()?;
            self.has_room()?;
        }
        Ok(())
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
        if !self.has_marks() && self.simple_line(indent) {
            return Ok(());
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

    /// Writes a line without holes that is a key and a word, or the like, and nothing that goes on
    /// in the lines after it. Returns whether it was one.
    fn simple_line(&mut self, indent: usize) -> bool {
        let bytes = self.current.as_bytes();
        // Where the items begin that the line begins, and where the key does.
        let mut start = indent;
        while bytes[start] == b'-' && bytes.get(start + 1) == Some(&b' ') {
            let blanks = bytes[start + 1..].iter().take_while(|b| **b == b' ').count();
            start += 1 + blanks;
            if start == bytes.len() {
                return false;
            }
        }
        let is_name = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'/' | b'-');
        if !bytes[start].is_ascii_alphabetic() {
            return false;
        }
        let colon = start + bytes[start..].iter().take_while(|b| is_name(b)).count();
        if bytes.get(colon) != Some(&b':') {
            return false;
        }
        let value = bytes.get(colon + 1..).unwrap_or_default();
        let is_word = match value {
            [] => true,
            [b' ', first, ..] => {
                (first.is_ascii_alphanumeric() || matches!(first, b'/' | b'.'))
                    && !value.windows(2).any(|w| w == b" #" || w == b": ")
                    && !value.ends_with(b":")
            }
            _ => false,
        };
        let has_value = !value.is_empty();
        if !is_word || (has_value && self.goes_on(start as isize)) {
            return false;
        }
        self.levels.retain(|level| level.column <= indent);
        let is_item = start > indent;
        if self.levels.last().is_some_and(|l| l.column == indent && l.is_list && !is_item) {
            self.levels.pop();
        }
        for column in indent..start {
            if self.current.as_bytes()[column] == b'-' {
                self.open(column, true);
            }
        }
        self.open(start, false);
        self.end_line();
        true
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
