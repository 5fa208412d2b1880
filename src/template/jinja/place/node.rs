//! What stands behind a key, an item or a document's start.

use super::layout::{push_spaces, push_text};
use super::line::{Line, Placer};
use super::scalar::simple;
use super::shape::{is_separate, is_space, is_structure, token_end};
use super::source::Marked;
use super::text::{self, needs_lines};
use super::{Entry, Result};
use crate::template::jinja::mark::{self, ESCAPE, HOLE_LENGTH};
use crate::value::Value;

/// Where a node stands.
pub(super) struct Scene {
    /// The column of the block around it; -1 for none.
    pub(super) parent: isize,
    /// Whether a key or an item may begin here.
    pub(super) is_fresh: bool,
    /// The column of an anchor or tag before it.
    pub(super) property: Option<usize>,
}

impl Scene {
    /// Returns the column for lines that belong to the node.
    pub(super) fn inner(&self) -> usize {
        if self.parent < 0 { 0 } else { self.parent as usize + 2 }
    }
}

impl<'a> Placer<'a> {
    /// Places what follows on the line at hand.
    pub(super) fn node(&mut self, mut scene: Scene) -> Result<()> {
        loop {
            let bytes = self.current.as_bytes();
            let start = self.at + bytes[self.at..].iter().take_while(|b| is_space(**b)).count();
            let Some(byte) = bytes.get(start).copied() else {
                self.end_line();
                return Ok(());
            };
            if byte == 0xF3
                && let Some((number, end)) = self.alone(start)
            {
                if self.alone_value(start, end, number, &scene)? {
                    return Ok(());
                }
                // A text took the place of the hole.
                if self.current.len() <= start || self.hole(start) != Some(number) {
                    continue;
                }
            }
            let bytes = self.current.as_bytes();
            match byte {
                b'#' => {
                    self.comment();
                    return Ok(());
                }
                b'-' | b'?' | b':' if scene.is_fresh && is_separate(bytes, start) => {
                    self.emit(start + 1);
                    self.open(start, byte == b'-');
                    scene = Scene { parent: start as isize, is_fresh: true, property: None };
                    continue;
                }
                b'&' | b'!' => {
                    let end = token_end(&self.current, start);
                    self.emit(start);
                    self.word(end)?;
                    scene.property.get_or_insert(start);
                    continue;
                }
                b'*' => {
                    let end = token_end(&self.current, start);
                    if mark::find(&self.current[start..end]).is_none() {
                        self.emit(end);
                        if self.colon(&mut scene, start) {
                            continue;
                        }
                        self.comment();
                        return Ok(());
                    }
                }
                b'"' | b'\'' => {
                    let Some(end) = self.quoted_end(start) else {
                        self.comment();
                        return Ok(());
                    };
                    self.emit(start);
                    self.write_quoted(end)?;
                    if self.colon(&mut scene, start) {
                        continue;
                    }
                    self.comment();
                    return Ok(());
                }
                b'[' | b'{' => {
                    self.emit(start);
                    self.brackets()?;
                    if self.colon(&mut scene, start) {
                        continue;
                    }
                    self.comment();
                    return Ok(());
                }
                b'|' | b'>' if self.block_scalar(start, scene.parent)? => return Ok(()),
                _ => {}
            }
            self.splice_raw(start)?;
            if !self.plain(start, &mut scene)? {
                self.comment();
                return Ok(());
            }
        }
    }

    /// Passes a colon after a key that began at `start`. Returns whether there was one.
    pub(super) fn colon(&mut self, scene: &mut Scene, start: usize) -> bool {
        let bytes = self.current.as_bytes();
        let at = self.at + bytes[self.at..].iter().take_while(|b| is_space(**b)).count();
        if !scene.is_fresh || bytes.get(at) != Some(&b':') || !is_separate(bytes, at) {
            return false;
        }
        self.emit(at + 1);
        let column = scene.property.unwrap_or(start);
        self.open(column, false);
        *scene = Scene { parent: column as isize, is_fresh: false, property: None };
        true
    }

    /// Writes an anchor or a tag.
    fn word(&mut self, end: usize) -> Result<()> {
        let at = self.at;
        if mark::find(&self.current[at..end]).is_none() {
            self.emit(end);
            return Ok(());
        }
        let word = self.compose(at, end)?;
        let is_fine = word.bytes().skip(1).all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'/' | b':' | b'!')
        });
        if !is_fine {
            let hole = at + mark::find(&self.current[at..end]).unwrap_or(0);
            let message = format!("{word:?} is no name of an anchor or a tag");
            return Err(self.misfit(hole, message, "put the text in quotes if it is a value"));
        }
        self.replace(end - at, |out, _| out.push_str(&word));
        Ok(())
    }

    /// Puts raw texts in place of their holes, as far as the line goes.
    fn splice_raw(&mut self, start: usize) -> Result<()> {
        let mut at = start;
        while let Some(found) = self.find_mark(at) {
            at = found;
            match self.hole(at).map(|number| self.entry(number)) {
                Some(Entry::Raw(text)) => self.splice_one(at, text)?,
                Some(_) => at += HOLE_LENGTH,
                None => at += 2 * ESCAPE.len_utf8(),
            }
        }
        Ok(())
    }

    /// Puts a text of one line in place of a hole.
    pub(super) fn splice_one(&mut self, at: usize, marked: &'a Marked) -> Result<()> {
        let lines = self.take_text(at, marked)?;
        match lines[..] {
            [] => {
                self.splice(at, Line::empty());
                Ok(())
            }
            [line] => {
                self.splice(at, line);
                Ok(())
            }
            _ => Err(self.misfit(
                at,
                "a text of several lines cannot stand here".to_owned(),
                "give it a line of its own",
            )),
        }
    }

    /// Places a hole with nothing but a comment after it. Returns whether the line is done.
    fn alone_value(
        &mut self,
        start: usize,
        end: usize,
        number: u32,
        scene: &Scene,
    ) -> Result<bool> {
        let has_comment = end < self.current.len();
        match self.entry(number) {
            Entry::Value(value) => {
                let value = &*simple(value);
                if let Value::Str(string) = value
                    && !has_comment
                    && scene.parent >= 0
                    && !self.goes_on(scene.parent)
                {
                    let string = string.to_str_lossy();
                    let (inner, parent) = (scene.inner(), scene.parent as usize);
                    self.emit(start);
                    self.replace(HOLE_LENGTH, |out, _| push_text(out, &string, inner, parent));
                    self.skip(self.current.len());
                    self.end_line();
                    return Ok(true);
                }
                if !matches!(value, Value::Map(_) | Value::List(_)) {
                    return Ok(false);
                }
                let is_list = matches!(value, Value::List(_));
                if !needs_lines(value) {
                    if self.has_more_entries(start, scene, is_list) {
                        self.skip(start + HOLE_LENGTH);
                        self.comment();
                        return Ok(true);
                    }
                    return Ok(false);
                }
                if scene.is_fresh && scene.property.is_none() && !has_comment {
                    self.emit(start);
                    self.open(start, is_list);
                    self.write_block(HOLE_LENGTH, value, start)?;
                } else {
                    let mut indent = scene.inner();
                    if let Some((column, _)) = self.peek_entry()
                        && column as isize > scene.parent
                    {
                        // What follows are more entries.
                        indent = column;
                    }
                    if has_comment {
                        let comment = self.plain_text(&self.current[end..]);
                        self.out.push(' ');
                        text::comment(&mut self.out, &comment);
                    }
                    self.skip(start);
                    self.out.push('\n');
                    push_spaces(&mut self.out, indent);
                    self.open(indent, is_list);
                    self.write_block(HOLE_LENGTH, value, indent)?;
                }
                self.skip(self.current.len());
                self.end_line();
                Ok(true)
            }
            Entry::Text(marked) | Entry::Raw(marked) => {
                let lines = self.take_text(start, marked)?;
                let Some(first) = lines.first().copied() else {
                    self.splice(start, Line::empty());
                    return Ok(false);
                };
                if scene.is_fresh && scene.property.is_none() {
                    self.splice(start, first);
                    self.push_lines(&lines[1..], start);
                    self.has_end |= lines.len() > 1;
                } else if is_structure(self.line_text(&first)) {
                    self.push_lines(&lines, scene.inner());
                    self.skip(self.current.len());
                    self.out.push('\n');
                    return Ok(true);
                } else {
                    self.splice(start, first);
                    self.push_lines(&lines[1..], scene.inner());
                    self.has_end |= lines.len() > 1;
                }
                Ok(false)
            }
        }
    }

    /// Returns whether the lines that follow have entries for the map or list of a hole.
    fn has_more_entries(&mut self, start: usize, scene: &Scene, is_list: bool) -> bool {
        let is_inline = scene.is_fresh && scene.property.is_none();
        let parent = scene.parent;
        self.peek_entry().is_some_and(|(column, rest)| {
            let fits = if is_inline { column == start } else { column as isize > parent };
            let is_item = rest.starts_with('-') && is_separate(rest.as_bytes(), 0);
            fits && is_item == is_list
        })
    }

    /// Returns whether the next line goes on with a plain scalar.
    pub(super) fn goes_on(&mut self, parent: isize) -> bool {
        parent >= 0 && self.has_end && self.follows(0, parent)
    }

    /// Returns whether the lines to come, the first `ahead` of them left out, go on with a plain
    /// scalar.
    pub(super) fn follows(&mut self, ahead: usize, parent: isize) -> bool {
        let mut ahead = ahead;
        while let Some((column, rest)) = self.peek(ahead) {
            if !rest.trim_ascii_start().is_empty() {
                return column as isize > parent && !rest.starts_with('#') && !is_structure(rest);
            }
            ahead += 1;
        }
        false
    }
}
