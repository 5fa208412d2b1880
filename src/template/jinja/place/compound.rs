//! Scalars in quotes, maps and lists in brackets, blocks of text.

use super::layout::{Literal, push_flow, push_pairs, unfit_for_literal};
use super::line::Placer;
use super::scalar::{is_plain, is_printable, push_double, push_escaped, simple};
use super::shape::{fold, is_separate, is_space, mark_length};
use super::{Entry, Misfit, Result};
use crate::template::jinja::mark::{self, ESCAPE, HOLE_LENGTH, Piece};
use crate::value::Value;

/// The header of a block of text.
struct Header {
    is_folded: bool,
    /// `+` or `-`.
    chomp: Option<u8>,
    indicator: Option<usize>,
    /// Where it ends, in bytes.
    end: usize,
}

impl Header {
    /// Reads a header at `start` that has the rest of its line for itself, but for a comment.
    fn read(line: &str, start: usize) -> Option<Self> {
        let bytes = line.as_bytes();
        let mut end = start + 1;
        let mut header =
            Header { is_folded: bytes[start] == b'>', chomp: None, indicator: None, end };
        while let Some(byte) = bytes.get(end) {
            match byte {
                b'+' | b'-' if header.chomp.is_none() => header.chomp = Some(*byte),
                b'1'..=b'9' if header.indicator.is_none() => {
                    header.indicator = Some(usize::from(byte - b'0'));
                }
                _ => break,
            }
            end += 1;
        }
        header.end = end;
        let rest = bytes[end..].trim_ascii_start();
        let has_space = bytes.get(end).is_some_and(|b| is_space(*b));
        (rest.is_empty() || (has_space && rest[0] == b'#')).then_some(header)
    }
}

/// Decodes the inside of single quotes.
fn unquote_single(text: &str) -> String {
    let text = text.replace("''", "'");
    if text.contains('\n') { fold_quoted(&text) } else { text }
}

/// Joins the lines of a quoted scalar; white space at its very ends stays.
fn fold_quoted(text: &str) -> String {
    let start = text.len() - text.trim_start_matches([' ', '\t']).len();
    let end = text.trim_end_matches([' ', '\t']).len();
    let last_line = text.rfind('\n').map_or(0, |at| at + 1);
    let tail = if end > last_line { &text[end..] } else { "" };
    let lead = if text[start..].starts_with('\n') { "" } else { &text[..start] };
    let mut out = format!("{lead}{}{tail}", fold(text));
    // A line feed before the closing quote is a space.
    if end <= last_line {
        out.push_str(if out.ends_with('\n') { "" } else { " " });
    }
    out
}

impl Placer<'_> {
    /// Returns where the quoted scalar that begins at `start` ends; takes more lines as needed.
    /// `None` when it has no end.
    pub(super) fn quoted_end(&mut self, start: usize) -> Option<usize> {
        let quote = self.current.as_bytes()[start];
        let mut at = start + 1;
        loop {
            let bytes = self.current.as_bytes();
            while at < bytes.len() {
                match bytes[at] {
                    b'\\' if quote == b'"' => {
                        at += if bytes.get(at + 1) == Some(&0xF3) { 1 } else { 2 };
                    }
                    b if b == quote => {
                        if quote == b'\'' && bytes.get(at + 1) == Some(&b'\'') {
                            at += 2;
                        } else {
                            return Some(at + 1);
                        }
                    }
                    _ => at += mark_length(&self.current, at).unwrap_or(1),
                }
            }
            at = at.min(bytes.len());
            if !self.load_more() {
                return None;
            }
        }
    }

    /// Writes the quoted scalar at hand, which ends at `end`.
    pub(super) fn write_quoted(&mut self, end: usize) -> Result<()> {
        let start = self.at;
        let inside = &self.current[start + 1..end - 1];
        if mark::find(inside).is_none() {
            self.emit(end);
            return Ok(());
        }
        let has_lines = inside.contains('\n');
        let text = if self.current.as_bytes()[start] == b'"' {
            self.double_quoted(inside, start + 1, has_lines)?
        } else {
            self.single_quoted(inside, start + 1, has_lines)?
        };
        self.replace(end - start, |out, _| out.push_str(&text));
        Ok(())
    }

    fn double_quoted(&self, inside: &str, start: usize, has_lines: bool) -> Result<String> {
        let mut out = String::with_capacity(inside.len() + 2);
        out.push('"');
        for (at, piece) in mark::pieces_at(inside) {
            match piece {
                Piece::Text(text) => {
                    out.push_str(text);
                    let slashes = text.len() - text.trim_end_matches('\\').len();
                    if slashes % 2 == 1 && at + text.len() < inside.len() {
                        out.push('\\');
                    }
                }
                Piece::Escape => out.push(ESCAPE),
                Piece::Place(_) => {}
                Piece::Hole(number) => {
                    let mut text = String::new();
                    self.part(&mut text, number, start + at)?;
                    if matches!(self.entry(number), Entry::Raw(_)) {
                        out.push_str(&text);
                    } else if has_lines {
                        // White space next to a line's end would be lost.
                        let mut escaped = String::new();
                        push_escaped(&mut escaped, &text);
                        out.push_str(&escaped.replace(' ', "\\x20"));
                    } else {
                        push_escaped(&mut out, &text);
                    }
                }
            }
        }
        out.push('"');
        Ok(out)
    }

    fn single_quoted(&self, inside: &str, start: usize, has_lines: bool) -> Result<String> {
        let mut out = String::with_capacity(inside.len() + 2);
        out.push('\'');
        let mut fits = !has_lines;
        for (at, piece) in mark::pieces_at(inside) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Escape => out.push(ESCAPE),
                Piece::Place(_) => {}
                Piece::Hole(number) => {
                    let mut text = String::new();
                    self.part(&mut text, number, start + at)?;
                    if matches!(self.entry(number), Entry::Raw(_)) {
                        out.push_str(&text);
                    } else {
                        fits &= text.chars().all(is_printable);
                        out.push_str(&text.replace('\'', "''"));
                    }
                }
            }
        }
        out.push('\'');
        if fits {
            return Ok(out);
        }
        // Single quotes cannot hold it; lines are joined before the holes are filled.
        let text = self.compose_text(&unquote_single(inside), start)?;
        out.clear();
        push_double(&mut out, &text);
        Ok(out)
    }

    /// Writes the map or list in brackets at hand, to its closing bracket.
    pub(super) fn brackets(&mut self) -> Result<()> {
        let mut open: Vec<u8> = Vec::new();
        let mut is_entry = true;
        loop {
            let bytes = self.current.as_bytes();
            let at = self.at;
            let Some(byte) = bytes.get(at).copied() else {
                if !self.load_more() {
                    return Ok(());
                }
                continue;
            };
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => self.emit(at + 1),
                b'#' if at > 0 && matches!(bytes[at - 1], b' ' | b'\t' | b'\n') => {
                    let has_end = std::mem::replace(&mut self.has_end, false);
                    self.comment();
                    self.has_end = has_end;
                }
                b'[' | b'{' => {
                    open.push(byte);
                    is_entry = true;
                    self.emit(at + 1);
                }
                b']' | b'}' => {
                    open.pop();
                    is_entry = false;
                    self.emit(at + 1);
                    if open.is_empty() {
                        return Ok(());
                    }
                }
                b',' => {
                    is_entry = true;
                    self.emit(at + 1);
                }
                b':' => {
                    is_entry = false;
                    self.emit(at + 1);
                }
                b'"' | b'\'' => {
                    is_entry = false;
                    let Some(end) = self.quoted_end(at) else { return Ok(()) };
                    self.write_quoted(end)?;
                }
                _ => {
                    let in_map = open.last() == Some(&b'{');
                    self.bare(in_map && is_entry)?;
                    is_entry = false;
                }
            }
        }
    }

    /// Writes a scalar without quotes within brackets. `is_pair` tells whether it stands where a
    /// pair of a map begins.
    fn bare(&mut self, is_pair: bool) -> Result<()> {
        let start = self.at;
        let mut at = start;
        let mut has_hole = false;
        loop {
            let bytes = self.current.as_bytes();
            match bytes.get(at) {
                None => {
                    if !self.load_more() {
                        break;
                    }
                    let rest = self.current[at..].trim_ascii_start();
                    if rest.starts_with([',', ']', '}', '[', '{', ':', '#']) || rest.is_empty() {
                        break;
                    }
                }
                Some(b',' | b'[' | b']' | b'{' | b'}') => break,
                Some(b':')
                    if is_separate(bytes, at)
                        || matches!(bytes[at + 1], b',' | b'[' | b']' | b'{' | b'}') =>
                {
                    break;
                }
                Some(b'#') if at > start && is_space(bytes[at - 1]) => break,
                Some(_) => match mark_length(&self.current, at) {
                    Some(length) => {
                        if length == HOLE_LENGTH
                            && let Some(number) = self.hole(at)
                            && let Entry::Raw(text) = self.entry(number)
                        {
                            self.splice_one(at, text)?;
                            continue;
                        }
                        has_hole |= length == HOLE_LENGTH;
                        at += length;
                    }
                    None => at += 1,
                },
            }
        }
        let end = self.current[..at].trim_ascii_end().len();
        if end <= start {
            self.emit(at.max(start));
            return Ok(());
        }
        if !has_hole {
            self.emit(end);
            return Ok(());
        }
        let is_key = self.current[end..].trim_ascii_start().starts_with(':');
        if end - start == HOLE_LENGTH
            && let Some(number) = self.hole(start)
            && !is_key
        {
            return match self.entry(number) {
                Entry::Value(value) => {
                    let value = simple(value).into_owned();
                    self.bare_value(start, end, &value, is_pair)
                }
                Entry::Text(text) | Entry::Raw(text) => self.splice_one(start, text),
            };
        }
        let text = fold(&self.current[start..end]);
        let text = self.compose_text(&text, start)?;
        self.replace(end - start, |out, _| {
            if is_plain(&text) && !text.contains([' ', ':']) {
                out.push_str(&text);
            } else {
                push_double(out, &text);
            }
        });
        Ok(())
    }

    fn bare_value(&mut self, start: usize, end: usize, value: &Value, is_pair: bool) -> Result<()> {
        let mut result = Ok(());
        match value {
            Value::Map(map) if is_pair => {
                if map.is_empty() {
                    self.skip(end);
                    let rest = self.current[end..].trim_ascii_start();
                    if rest.starts_with(',') {
                        self.skip(self.current.len() - rest.len() + 1);
                    }
                    return Ok(());
                }
                self.replace(HOLE_LENGTH, |out, _| result = push_pairs(out, value));
            }
            _ => self.replace(HOLE_LENGTH, |out, _| result = push_flow(out, value)),
        }
        result.map_err(|refusal| self.misfit(start, refusal.to_owned(), ""))
    }

    /// Writes the block of text whose header may be at `start`. Returns whether it was one.
    pub(super) fn block_scalar(&mut self, start: usize, parent: isize) -> Result<bool> {
        let Some(header) = Header::read(&self.current, start) else { return Ok(false) };
        let header_end = self.current.len();
        let has_end = self.has_end;
        let mut lines: Vec<(usize, usize)> = Vec::new();
        let mut ahead = 0;
        while let Some((column, rest)) = self.peek(ahead) {
            if rest.trim_ascii().is_empty() {
                ahead += 1;
                continue;
            }
            let is_border = column == 0 && (rest.starts_with("---") || rest.starts_with("..."));
            if column as isize <= parent || is_border {
                break;
            }
            for _ in 0..=ahead {
                let begin = self.current.len() + 1;
                self.load_more();
                lines.push((begin, self.current.len()));
            }
            ahead = 0;
        }
        if header.chomp == Some(b'+') {
            for _ in 0..ahead {
                let begin = self.current.len() + 1;
                self.load_more();
                lines.push((begin, self.current.len()));
            }
        }
        if mark::find(&self.current[header_end..]).is_none() {
            self.emit(start);
            let rest = std::mem::replace(&mut self.has_end, false);
            if mark::find(&self.current[start..]).is_none() {
                self.has_end = rest;
                self.end_line();
            } else {
                // The comment of the header has holes.
                let body = self.current.split_off(header_end);
                self.comment();
                self.current.push_str(&body);
                self.has_end = rest;
                self.end_line();
            }
            return Ok(true);
        }
        let indent_of = |(begin, end): (usize, usize)| {
            let text = &self.current[begin..end];
            text.len() - text.trim_start_matches(' ').len()
        };
        let floor = parent.max(0) as usize;
        let is_blank = |line: &(usize, usize)| self.current[line.0..line.1].trim_ascii().is_empty();
        let indent = match header.indicator {
            Some(step) => floor + step,
            None => lines.iter().find(|line| !is_blank(line)).map_or(0, |line| indent_of(*line)),
        };
        let body: Vec<&str> = lines
            .iter()
            .map(|line| &self.current[line.0 + indent.min(indent_of(*line))..line.1])
            .collect();
        let text = if header.is_folded { fold_block(&body) } else { body.join("\n") };
        let first_hole = header_end + mark::find(&self.current[header_end..]).unwrap_or(0);
        let mut filled = String::with_capacity(text.len());
        for piece in mark::pieces(&text) {
            match piece {
                Piece::Text(text) => filled.push_str(text),
                Piece::Escape => filled.push(ESCAPE),
                Piece::Place(_) => {}
                Piece::Hole(number) => {
                    let begin = filled.len();
                    let mut mark = String::new();
                    mark::push_hole(&mut mark, number);
                    let at = self.current.find(&mark).unwrap_or(first_hole);
                    self.part(&mut filled, number, at)?;
                    if let Some(c) = unfit_for_literal(&filled[begin..]) {
                        return Err(self.unfit(at, c));
                    }
                }
            }
        }
        match header.chomp {
            Some(b'-') => filled.truncate(filled.trim_end_matches('\n').len()),
            Some(_) => filled.push('\n'),
            None => {
                filled.truncate(filled.trim_end_matches('\n').len());
                if !filled.is_empty() {
                    filled.push('\n');
                }
            }
        }
        let comment = self.current[header.end..header_end].trim_ascii_end();
        let mut comment_text = String::new();
        super::text::plain(&mut comment_text, comment, self.entries);
        let mut comment = String::new();
        super::text::comment(&mut comment, &comment_text);
        self.emit(start);
        self.skip(header_end);
        if filled.trim_matches([' ', '\t', '\n']).is_empty() {
            // Readers of YAML 1.2 see no content in a block of white space.
            push_double(&mut self.out, &filled);
            self.out.push_str(&comment);
            self.out.push('\n');
        } else {
            let literal = Literal { text: &filled, indent, parent: floor, comment: &comment };
            literal.push(&mut self.out);
        }
        self.skip(self.current.len());
        self.has_end |= has_end;
        Ok(true)
    }

    fn unfit(&self, at: usize, c: char) -> Misfit {
        let message = format!("a block of text cannot hold the character U+{:04X}", u32::from(c));
        self.misfit(at, message, "put it in double quotes, where it can be escaped")
    }
}

/// Joins the lines of a folded block: those that are not indented further flow together.
fn fold_block(lines: &[&str]) -> String {
    let mut out = String::new();
    let mut blank = 0;
    let mut before: Option<bool> = None;
    for line in lines {
        if line.is_empty() {
            blank += 1;
            continue;
        }
        let is_deep = line.starts_with([' ', '\t']);
        match before {
            Some(was_deep) if was_deep || is_deep => {
                out.extend(std::iter::repeat_n('\n', blank + 1));
            }
            Some(_) if blank == 0 => out.push(' '),
            None | Some(_) => out.extend(std::iter::repeat_n('\n', blank)),
        }
        out.push_str(line);
        blank = 0;
        before = Some(is_deep);
    }
    out.extend(std::iter::repeat_n('\n', blank));
    out
}
