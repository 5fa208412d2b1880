//! The lines of a rendered text, those of spliced texts among them, and what is written of them.

use std::collections::VecDeque;
use std::ops::Range;

use super::source::{Marked, Source, Spliced};
use super::text;
use super::{Entries, Entry, MAX_OUTPUT, Misfit, Result};
use crate::template::jinja::mark::{self, ESCAPE, HOLE_LENGTH};

/// A source in use. Its lines are taken in order, which spares looking for their marks.
struct Used<'a> {
    source: &'a Source,
    /// The number of the call that the text comes from.
    call: u32,
    next_mark: usize,
    next_hole: usize,
}

impl<'a> Used<'a> {
    fn new(source: &'a Source, call: u32) -> Self {
        Used { source, call, next_mark: 0, next_hole: 0 }
    }

    /// Returns the range of the holes in a stretch, as numbers.
    fn holes(&mut self, start: usize, end: usize) -> Range<usize> {
        let holes = &self.source.holes;
        if self.next_hole > 0 && holes[self.next_hole - 1] >= start {
            self.next_hole = holes.partition_point(|hole| *hole < start);
        }
        let is_before = |at: usize, limit| holes.get(at).is_some_and(|hole| *hole < limit);
        while is_before(self.next_hole, start) {
            self.next_hole += 1;
        }
        let mut last = self.next_hole;
        while is_before(last, end) {
            last += 1;
        }
        self.next_hole..last
    }

    /// Adds where a stretch came from, for a copy that begins at `base`.
    fn push_spots(&mut self, spots: &mut Vec<Spot>, start: usize, end: usize, base: usize) {
        let marks = &self.source.marks;
        if self.next_mark > 0 && marks[self.next_mark - 1].0 > start {
            self.next_mark = marks.partition_point(|(at, _)| *at <= start);
        }
        while marks.get(self.next_mark).is_some_and(|(at, _)| *at <= start) {
            self.next_mark += 1;
        }
        let call = self.call;
        if let Some((at, place)) = self.next_mark.checked_sub(1).and_then(|i| marks.get(i)) {
            spots.push(Spot { output: base, place: *place, skipped: start - at, call });
        }
        while let Some((at, place)) = marks.get(self.next_mark).filter(|(at, _)| *at < end) {
            spots.push(Spot { output: base + at - start, place: *place, skipped: 0, call });
            self.next_mark += 1;
        }
    }
}

/// No call.
pub(in crate::template::jinja) const NO_CALL: u32 = u32::MAX;

/// A line of a source, without its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    source: u32,
    start: usize,
    end: usize,
    /// How many columns are put before it.
    indent: usize,
    /// Whether it ends in a line feed.
    has_end: bool,
}

impl Line {
    /// Makes a line of nothing.
    pub(super) fn empty() -> Self {
        Line { source: 0, start: 0, end: 0, indent: 0, has_end: true }
    }

    /// Returns how many columns are put before the line.
    pub(super) fn indent(&self) -> usize {
        self.indent
    }

    /// Returns whether it ends in a line feed.
    pub(super) fn has_end(&self) -> bool {
        self.has_end
    }
}

/// A stretch of what was written and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::template::jinja) struct Spot {
    /// In bytes from the start of the output.
    pub(in crate::template::jinja) output: usize,
    /// The number of the place.
    pub(in crate::template::jinja) place: u32,
    /// How many bytes of what the place wrote came before.
    pub(in crate::template::jinja) skipped: usize,
    /// The number of the call that was running.
    pub(in crate::template::jinja) call: u32,
}

/// The finished text.
#[derive(Debug)]
pub(in crate::template::jinja) struct Placed {
    pub(in crate::template::jinja) text: String,
    pub(in crate::template::jinja) spots: Vec<Spot>,
    /// Of each call of a text the call around it and the place of the hole.
    pub(in crate::template::jinja) calls: Vec<(u32, u32)>,
}

/// A block map or list that is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Level {
    pub(super) column: usize,
    pub(super) is_list: bool,
}

/// Goes through a marked text line by line.
pub(super) struct Placer<'a> {
    pub(super) entries: &'a Entries,
    sources: Vec<Used<'a>>,
    /// How long the texts are that took the place of holes, in bytes.
    taken: usize,
    /// Where the next line of the first source begins.
    next: usize,
    /// Lines that come before it.
    pending: VecDeque<Line>,
    /// The line at hand; where something goes on over several lines, these.
    pub(super) current: String,
    /// For stretches of `current` where they came from.
    spots: Vec<Spot>,
    next_spot: usize,
    /// From where on `current` has no marks.
    marks_end: usize,
    /// Whether `current` may have marks of the character that begins marks.
    has_escapes: bool,
    /// Whether the last line of `current` ends in a line feed.
    pub(super) has_end: bool,
    /// How much of `current` is written.
    pub(super) at: usize,
    pub(super) levels: Vec<Level>,
    pub(super) out: String,
    written: Vec<Spot>,
    calls: Vec<(u32, u32)>,
}

impl<'a> Placer<'a> {
    pub(super) fn new(source: &'a Source, entries: &'a Entries) -> Self {
        Placer {
            entries,
            sources: vec![Used::new(source, NO_CALL)],
            taken: 0,
            next: 0,
            pending: VecDeque::new(),
            current: String::new(),
            spots: Vec::new(),
            next_spot: 0,
            marks_end: 0,
            has_escapes: false,
            has_end: false,
            at: 0,
            levels: Vec::new(),
            out: String::with_capacity(source.text.len()),
            written: Vec::with_capacity(source.marks.len()),
            calls: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Placed {
        Placed { text: self.out, spots: self.written, calls: self.calls }
    }

    /// Writes all of the text, every hole as plain text.
    pub(super) fn print(&mut self) -> Result<()> {
        while self.load() {
            while let Some(found) = self.find_mark(self.at) {
                self.emit(found);
                match self.hole(self.at) {
                    Some(number) => self.replace(HOLE_LENGTH, |out, entries| {
                        let mut marked = String::new();
                        mark::push_hole(&mut marked, number);
                        text::plain(out, &marked, entries);
                    }),
                    None => self.replace(2 * ESCAPE.len_utf8(), |out, _| out.push(ESCAPE)),
                }
                self.check_size()?;
            }
            self.end_line();
        }
        Ok(())
    }

    fn check_size(&self) -> Result<()> {
        if self.out.len() <= MAX_OUTPUT {
            return Ok(());
        }
        let message = format!("exceeded maximum size of output ({MAX_OUTPUT} bytes)");
        Err(Misfit { place: None, calls: Vec::new(), message, hint: "" })
    }

    fn fill(&mut self) -> bool {
        let text = &self.sources[0].source.text;
        if self.next == text.len() {
            return false;
        }
        let start = self.next;
        let found = memchr::memchr(b'\n', &text.as_bytes()[start..]);
        let end = found.map_or(text.len(), |at| start + at);
        self.next = found.map_or(end, |_| end + 1);
        self.pending.push_back(Line { source: 0, start, end, indent: 0, has_end: found.is_some() });
        true
    }

    /// Returns a line further on, without taking it: its indentation and its text after that.
    pub(super) fn peek(&mut self, ahead: usize) -> Option<(usize, &str)> {
        while self.pending.len() <= ahead {
            if !self.fill() {
                return None;
            }
        }
        let line = self.pending[ahead];
        let text = &self.sources[line.source as usize].source.text[line.start..line.end];
        let width = text.bytes().take_while(|b| *b == b' ').count();
        Some((line.indent + width, &text[width..]))
    }

    /// Returns the next line that is neither blank nor a comment, without taking it; none when the
    /// document ends before it.
    pub(super) fn peek_entry(&mut self) -> Option<(usize, &str)> {
        let mut ahead = 0;
        loop {
            let (column, rest) = self.peek(ahead)?;
            if column == 0 && (rest.starts_with("---") || rest.starts_with("...")) {
                return None;
            }
            if !rest.trim_ascii().is_empty() && !rest.starts_with('#') {
                return self.peek(ahead);
            }
            ahead += 1;
        }
    }

    /// Appends the next line to `current`.
    fn append(&mut self) -> bool {
        if self.pending.is_empty() && !self.fill() {
            return false;
        }
        let Some(line) = self.pending.pop_front() else { return false };
        self.current.extend(std::iter::repeat_n(' ', line.indent));
        self.append_stretch(line);
        self.has_end = line.has_end;
        true
    }

    fn append_stretch(&mut self, line: Line) {
        let base = self.current.len();
        let used = &mut self.sources[line.source as usize];
        used.push_spots(&mut self.spots, line.start, line.end, base);
        let source = used.source;
        if let Some(last) = used.holes(line.start, line.end).last() {
            self.marks_end = base + source.holes[last] - line.start + 1;
        }
        self.has_escapes |= source.has_escapes;
        self.current.push_str(&source.text[line.start..line.end]);
    }

    /// Takes the next line as the one at hand.
    pub(super) fn load(&mut self) -> bool {
        self.current.clear();
        self.spots.clear();
        self.next_spot = 0;
        self.marks_end = 0;
        self.has_escapes = false;
        self.at = 0;
        self.append()
    }

    /// Adds the next line to those at hand.
    pub(super) fn load_more(&mut self) -> bool {
        if !self.has_end {
            return false;
        }
        self.current.push('\n');
        if self.append() {
            return true;
        }
        self.current.pop();
        false
    }

    fn pass_spots(&mut self, to: usize) {
        while let Some(spot) = self.spots.get(self.next_spot).filter(|spot| spot.output < to) {
            let output = self.out.len() + spot.output.saturating_sub(self.at);
            self.written.push(Spot { output, ..*spot });
            self.next_spot += 1;
        }
    }

    /// Writes the text at hand up to `to`, as it is.
    pub(super) fn emit(&mut self, to: usize) {
        self.pass_spots(to);
        let mut text = &self.current[self.at..to];
        if self.has_escapes {
            while let Some(found) = mark::find(text) {
                self.out.push_str(&text[..found]);
                self.out.push(ESCAPE);
                text = &text[found + 2 * ESCAPE.len_utf8()..];
            }
        }
        self.out.push_str(text);
        self.at = to;
    }

    /// Passes over the text at hand up to `to`.
    pub(super) fn skip(&mut self, to: usize) {
        self.pass_spots(to);
        self.at = to;
    }

    /// Passes over `length` bytes and writes something else.
    pub(super) fn replace(&mut self, length: usize, write: impl FnOnce(&mut String, &Entries)) {
        let to = self.at + length;
        self.pass_spots(self.at + 1);
        write(&mut self.out, self.entries);
        self.skip(to);
    }

    /// Writes the rest of the line and its end.
    pub(super) fn end_line(&mut self) {
        self.emit(self.current.len());
        if self.has_end {
            self.out.push('\n');
        }
    }

    /// Returns whether the text at hand has marks.
    pub(super) fn has_marks(&self) -> bool {
        self.marks_end > 0
    }

    /// Returns where the next mark is in the text at hand, from `at` on.
    pub(super) fn find_mark(&self, at: usize) -> Option<usize> {
        let from = self.current.get(at..).filter(|_| at < self.marks_end)?;
        mark::find(from).map(|found| at + found)
    }

    /// Returns the number of the hole at `at`.
    pub(super) fn hole(&self, at: usize) -> Option<u32> {
        mark::hole_at(&self.current[at..])
    }

    pub(super) fn entry(&self, number: u32) -> &'a Entry {
        const NOTHING: &Entry = &Entry::Value(crate::value::Value::Nil);
        self.entries.get(number).unwrap_or(NOTHING)
    }

    fn spot_at(&self, at: usize) -> Option<&Spot> {
        let after = self.spots.partition_point(|spot| spot.output <= at);
        self.spots.get(after.checked_sub(1)?)
    }

    /// Makes the error of the hole at `at`.
    pub(super) fn misfit(&self, at: usize, message: String, hint: &'static str) -> Misfit {
        let spot = self.spot_at(at);
        let mut calls = Vec::new();
        let mut call = spot.map_or(NO_CALL, |spot| spot.call);
        while let Some((outer, place)) = self.calls.get(call as usize) {
            calls.push(*place);
            call = *outer;
        }
        Misfit { place: spot.map(|spot| spot.place), calls, message, hint }
    }

    /// Takes in a text that a hole at `at` printed. Returns its lines without the indentation that
    /// they have in common, without blank lines around them.
    pub(super) fn take_text(&mut self, at: usize, marked: &'a Marked) -> Result<Vec<Line>> {
        let spot = self.spot_at(at).copied();
        let outer = spot.map_or(NO_CALL, |spot| spot.call);
        let call = match spot {
            Some(spot) => {
                self.calls.push((outer, spot.place));
                self.calls.len() as u32 - 1
            }
            None => outer,
        };
        let Spliced { source, lines } = marked.spliced();
        let number = self.sources.len() as u32;
        let line = |(start, end): &(usize, usize)| Line {
            source: number,
            start: *start,
            end: *end,
            indent: 0,
            has_end: true,
        };
        let lines = lines.iter().map(line).collect();
        self.sources.push(Used::new(source, call));
        // A text that writes itself again and again would never end.
        self.taken += source.text.len();
        if self.taken > MAX_OUTPUT {
            let message = format!("exceeded maximum size of output ({MAX_OUTPUT} bytes)");
            return Err(self.misfit(at, message, ""));
        }
        Ok(lines)
    }

    /// Returns the text of a line.
    pub(super) fn line_text(&self, line: &Line) -> &'a str {
        &self.sources[line.source as usize].source.text[line.start..line.end]
    }

    /// Returns the line that comes next, without taking it.
    pub(super) fn next_line(&mut self) -> Option<Line> {
        if self.pending.is_empty() && !self.fill() {
            return None;
        }
        self.pending.front().copied()
    }

    /// Returns whether a line that is not taken yet has holes.
    pub(super) fn has_holes(&mut self, line: &Line) -> bool {
        !self.sources[line.source as usize].holes(line.start, line.end).is_empty()
    }

    /// Takes the next line, which is `line` and has no holes, and writes it as it is.
    pub(super) fn pass(&mut self, line: Line) {
        self.pending.pop_front();
        self.out.extend(std::iter::repeat_n(' ', line.indent));
        let used = &mut self.sources[line.source as usize];
        used.push_spots(&mut self.written, line.start, line.end, self.out.len());
        self.out.push_str(&used.source.text[line.start..line.end]);
        if line.has_end {
            self.out.push('\n');
        }
    }

    /// Puts lines before those still to come. The last of them ends as the line at hand does.
    pub(super) fn push_lines(&mut self, lines: &[Line], indent: usize) {
        for (i, line) in lines.iter().enumerate().rev() {
            let is_last = i + 1 == lines.len();
            let has_end = !is_last || self.has_end;
            let is_blank = line.start == line.end;
            let indent = if is_blank { 0 } else { indent };
            self.pending.push_front(Line { indent, has_end, ..*line });
        }
    }

    /// Puts a line in place of the hole at `at`.
    pub(super) fn splice(&mut self, at: usize, line: Line) {
        let tail = self.current.split_off(at + HOLE_LENGTH);
        self.current.truncate(at);
        let cut = self.spots.partition_point(|spot| spot.output < at + HOLE_LENGTH);
        let after = self.spots.split_off(cut);
        // The hole's own place is of no use any more.
        let keep = self.spots.partition_point(|spot| spot.output < at).max(self.next_spot);
        self.spots.truncate(keep);
        self.next_spot = self.next_spot.min(self.spots.len());
        let had_more = self.marks_end > at + HOLE_LENGTH;
        if line.start < line.end {
            self.append_stretch(line);
        }
        let end = self.current.len();
        let shift = |spot: Spot| Spot { output: end + spot.output - at - HOLE_LENGTH, ..spot };
        self.spots.extend(after.into_iter().map(shift));
        self.current.push_str(&tail);
        if had_more {
            self.marks_end = self.current.len();
        }
    }

    /// Ends the line at hand without writing more of it, for lines that follow in its place.
    pub(super) fn has_room(&self) -> Result<()> {
        self.check_size()
    }
}
