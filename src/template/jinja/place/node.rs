//! Block style: keys, items and values, line by line.

use super::layout::{push_block, push_key, push_spaces, push_text};
use super::line::{Level, Line, Placer};
use super::scalar::{push_own_word, push_string, simple};
use super::text::{self, needs_lines, part, push_small, trimmed};
use super::{Entry, Misfit};
use crate::template::jinja::mark::{self, ESCAPE, HOLE_LENGTH, Piece};
use crate::value::Value;

pub(super) type Result<T> = std::result::Result<T, Misfit>;

/// What may help where a map or list is part of a text.
pub(super) const NEEDS_JSON: &str =
    "give it a place of its own, or write it into the text with `| to_json`";

pub(super) fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Returns whether an indicator at `at` is followed by white space or the line's end.
pub(super) fn is_separate(bytes: &[u8], at: usize) -> bool {
    bytes.get(at + 1).is_none_or(|b| is_space(*b) || *b == b'\n')
}

/// Returns the length of the mark that begins at `at`.
pub(super) fn mark_length(text: &str, at: usize) -> Option<usize> {
    if text.as_bytes()[at] != 0xF3 || !text[at..].starts_with(ESCAPE) {
        return None;
    }
    Some(if mark::hole_at(&text[at..]).is_some() { HOLE_LENGTH } else { 2 * ESCAPE.len_utf8() })
}

/// Returns where a word of an anchor or a tag ends.
fn token_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < bytes.len() && !is_space(bytes[at]) && bytes[at] != b'\n' {
        at += mark_length(text, at).unwrap_or(1);
    }
    at
}

/// Returns whether a line begins a map or a list rather than a scalar.
fn is_structure(line: &str) -> bool {
    let bytes = line.as_bytes();
    let mut at = 0;
    while let Some(b'&' | b'!') = bytes.get(at) {
        at = token_end(line, at);
        at += bytes[at..].iter().take_while(|b| is_space(**b)).count();
    }
    match bytes.get(at) {
        Some(b'-' | b'?') if is_separate(bytes, at) => return true,
        Some(b'[' | b'{' | b'|' | b'>' | b'#') | None => return false,
        Some(quote @ (b'"' | b'\'')) => {
            let quote = *quote;
            at += 1;
            while at < bytes.len() && bytes[at] != quote {
                at += if bytes[at] == b'\\' && quote == b'"' { 2 } else { 1 };
            }
            at += 1;
            at += bytes.get(at..).unwrap_or_default().iter().take_while(|b| is_space(**b)).count();
            return bytes.get(at) == Some(&b':') && is_separate(bytes, at);
        }
        Some(_) => {}
    }
    while at < bytes.len() {
        match bytes[at] {
            b':' if is_separate(bytes, at) => return true,
            b'#' if at > 0 && is_space(bytes[at - 1]) => return false,
            _ => at += mark_length(line, at).unwrap_or(1),
        }
    }
    false
}

/// Where a node stands.
struct Scene {
    /// The column of the block around it; -1 for none.
    parent: isize,
    /// Whether a key or an item may begin here.
    is_fresh: bool,
    /// The column of an anchor or tag before it.
    property: Option<usize>,
}

impl Scene {
    /// Returns the column for lines that belong to the node.
    fn inner(&self) -> usize {
        if self.parent < 0 { 0 } else { self.parent as usize + 2 }
    }
}

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
            {
                self.comment();
                return Ok(());
            }
        }
        if indent == 0 {
            let is_border = |border: &[u8]| rest.starts_with(border) && is_separate(rest, 2);
            if is_border(b"---") {
                self.levels.clear();
                self.emit(3);
                return self.node(Scene { parent: -1, is_fresh: false, property: None });
            }
            if is_border(b"...") || (rest[0] == b'%' && mark::find(&self.current).is_none()) {
                self.levels.clear();
                {
                    self.comment();
                    return Ok(());
                }
            }
        }
        let alone = self.alone(indent);
        let value = alone.and_then(|(number, _)| match self.entry(number) {
            Entry::Value(value) => Some(simple(value).into_owned()),
            _ => None,
        });
        let is_item =
            matches!(value, Some(Value::List(_))) || (rest[0] == b'-' && is_separate(rest, 0));
        self.levels.retain(|level| level.column <= indent);
        if self.levels.last().is_some_and(|l| l.column == indent && l.is_list && !is_item) {
            self.levels.pop();
        }
        if let Some((number, end)) = alone
            && self.alone_on_line(indent, number, end, value.as_ref())?
        {
            return Ok(());
        }
        self.emit(indent);
        let around = self.levels.iter().rev().find(|level| level.column < indent);
        let parent = around.map_or(-1, |level| level.column as isize);
        self.node(Scene { parent, is_fresh: true, property: None })
    }

    /// Returns the number of the hole at `at` if nothing but a comment follows, and where the
    /// comment or the line's end is.
    fn alone(&self, at: usize) -> Option<(u32, usize)> {
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

    fn open(&mut self, column: usize, is_list: bool) {
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
        if !matches!(value, Value::Map(_) | Value::List(_)) {
            return Ok(false);
        }
        let level = self.levels.last().filter(|level| level.column == indent).copied();
        let next = self.peek_entry().map(|(column, _)| column == indent);
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
    fn write_block(&mut self, length: usize, value: &Value, indent: usize) -> Result<()> {
        let at = self.at;
        let mut result = Ok(());
        self.replace(length, |out, _| result = push_block(out, value, indent));
        result.map_err(|refusal| self.misfit(at, refusal.to_owned(), ""))
    }

    /// Writes the rest of the line, a comment at most, with its holes.
    pub(super) fn comment(&mut self) {
        while let Some(found) = mark::find(&self.current[self.at..]) {
            self.emit(self.at + found);
            let length = mark_length(&self.current, self.at).unwrap_or(1);
            let text = self.plain_text(&self.current[self.at..self.at + length]);
            self.replace(length, |out, _| text::comment(out, &text));
        }
        self.end_line();
    }

    fn plain_text(&self, marked: &str) -> String {
        let mut out = String::new();
        text::plain(&mut out, marked, self.entries);
        out
    }

    /// Places what follows on the line at hand.
    fn node(&mut self, mut scene: Scene) -> Result<()> {
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
    fn colon(&mut self, scene: &mut Scene, start: usize) -> bool {
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
        while let Some(found) = mark::find(&self.current[at..]) {
            at += found;
            match self.hole(at).map(|number| self.entry(number)) {
                Some(Entry::Raw(text)) => self.splice_one(at, text)?,
                Some(_) => at += HOLE_LENGTH,
                None => at += 2 * ESCAPE.len_utf8(),
            }
        }
        Ok(())
    }

    /// Puts a text of one line in place of a hole.
    pub(super) fn splice_one(&mut self, at: usize, marked: &str) -> Result<()> {
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
    fn goes_on(&mut self, parent: isize) -> bool {
        parent >= 0
            && self.has_end
            && self.peek_content().is_some_and(|(column, rest)| {
                column as isize > parent && !rest.starts_with('#') && !is_structure(rest)
            })
    }

    /// Places a scalar without quotes, or a key. Returns whether it was a key.
    fn plain(&mut self, start: usize, scene: &mut Scene) -> Result<bool> {
        let bytes = self.current.as_bytes();
        let mut at = start;
        let mut has_hole = false;
        let mut key_end = None;
        while at < bytes.len() {
            match bytes[at] {
                b':' if key_end.is_none() && is_separate(bytes, at) => {
                    if scene.is_fresh {
                        key_end = Some(at);
                        break;
                    }
                    at += 1;
                }
                b'#' if at > start && is_space(bytes[at - 1]) => break,
                _ => match mark_length(&self.current, at) {
                    Some(length) => {
                        has_hole |= length == HOLE_LENGTH;
                        at += length;
                    }
                    None => at += 1,
                },
            }
        }
        let mut end = self.current[..at].trim_ascii_end().len();
        if key_end.is_some() {
            self.emit(start);
            if has_hole {
                let key = self.compose(start, end)?;
                let mut result = Ok(());
                self.replace(end - start, |out, _| result = push_key(out, &key));
                result.map_err(|refusal| self.misfit(start, refusal.to_owned(), ""))?;
            } else {
                self.emit(end);
            }
            return Ok(self.colon(scene, start));
        }
        let has_comment = at < self.current.len();
        while !has_comment && self.goes_on(scene.parent) {
            while self.load_more() {
                let last = self.current.rfind('\n').map_or(0, |at| at + 1);
                if !self.current[last..].trim_ascii().is_empty() {
                    break;
                }
            }
            has_hole |= self.holes_from(end);
            end = self.current.trim_ascii_end().len();
        }
        self.emit(start);
        if !has_hole {
            self.emit(end);
            return Ok(false);
        }
        if end - start == HOLE_LENGTH
            && let Some(number) = self.hole(start)
            && let Entry::Value(value) = self.entry(number)
        {
            let value = simple(value);
            if !matches!(*value, Value::Str(_)) {
                self.replace(HOLE_LENGTH, |out, _| {
                    if !push_own_word(out, &value) {
                        push_small(out, &value);
                    }
                });
                return Ok(false);
            }
        }
        let text = if self.current[start..end].contains('\n') {
            let folded = fold(&self.current[start..end]);
            self.compose_text(&folded, start)?
        } else {
            self.compose(start, end)?
        };
        self.replace(end - start, |out, _| push_string(out, &text));
        Ok(false)
    }

    fn holes_from(&self, start: usize) -> bool {
        mark::pieces(&self.current[start..]).any(|piece| matches!(piece, Piece::Hole(_)))
    }

    /// Returns the text that a stretch of the text at hand and its holes make.
    pub(super) fn compose(&self, start: usize, end: usize) -> Result<String> {
        self.compose_text(&self.current[start..end], start)
    }

    /// Returns the text that a marked text and its holes make. `at` is where it stands.
    pub(super) fn compose_text(&self, marked: &str, at: usize) -> Result<String> {
        let mut out = String::with_capacity(marked.len());
        for (passed, piece) in mark::pieces_at(marked) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Escape => out.push(ESCAPE),
                Piece::Place(_) => {}
                Piece::Hole(number) => {
                    let here = (at + passed).min(self.current.len());
                    self.part(&mut out, number, here)?;
                }
            }
        }
        Ok(out)
    }

    /// Writes what the hole at `at` has to say in a larger text.
    pub(super) fn part(&self, out: &mut String, number: u32, at: usize) -> Result<()> {
        match self.entry(number) {
            Entry::Value(value) => match part(value) {
                Ok(text) => out.push_str(&text.to_str_lossy()),
                Err(what) => {
                    let message = format!("{what} cannot be part of a text");
                    return Err(self.misfit(at, message, NEEDS_JSON));
                }
            },
            Entry::Text(text) => text::plain(out, trimmed(text), self.entries),
            Entry::Raw(text) => out.push_str(text),
        }
        Ok(())
    }
}

/// Joins the lines of a scalar as YAML does: a line feed is a space, a blank line a line feed.
pub(super) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut blank = 0;
    for (i, line) in text.split('\n').enumerate() {
        let line = line.trim_matches([' ', '\t']);
        if i > 0 && line.is_empty() {
            blank += 1;
            continue;
        }
        if i > 0 {
            match blank {
                0 => out.push(' '),
                _ => out.extend(std::iter::repeat_n('\n', blank)),
            }
        }
        blank = 0;
        out.push_str(line);
    }
    out
}
