//! What bytes of YAML mean: white space, indicators, marks, and which lines begin a map or a list.

use crate::template::jinja::mark::{self, ESCAPE, HOLE_LENGTH};

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
pub(super) fn token_end(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut at = start;
    while at < bytes.len() && !is_space(bytes[at]) && bytes[at] != b'\n' {
        at += mark_length(text, at).unwrap_or(1);
    }
    at
}

/// Returns whether a line begins a map or a list rather than a scalar.
pub(super) fn is_structure(line: &str) -> bool {
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
