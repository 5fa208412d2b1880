//! Draws one place in a text: its line, the stretch underlined, what is to be said of it.

use std::ops::Range;

use crate::{chart, yaml};

/// The longest stretch of a line that is shown, in characters.
const MAX_WIDTH: usize = 160;

/// How far into a line an underlined stretch may begin before its start is left out, in characters.
const MAX_LEAD: usize = 100;

/// A stretch of a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Excerpt<'a> {
    /// What the text is called; the line and the column follow it.
    pub(super) title: &'a str,
    pub(super) text: &'a [u8],
    /// In bytes.
    pub(super) offset: usize,
    /// In bytes; what lies beyond the line is not underlined.
    pub(super) length: usize,
    /// How many of the lines before are shown.
    pub(super) before: usize,
    /// What stands beside the underlined stretch.
    pub(super) label: &'a str,
}

impl Excerpt<'_> {
    /// Draws the line with the stretch underlined.
    pub(super) fn draw(&self) -> String {
        let Excerpt { title, text, mut offset, length, before, label } = *self;
        offset = offset.min(text.len());
        if text[offset..].trim_ascii().is_empty() {
            // The end of the text: the last line that says something is worth more than none.
            offset = text[..offset].trim_ascii_end().len();
        }
        let lead = &text[..offset];
        let number = 1 + memchr::memchr_iter(b'\n', lead).count();
        let start = memchr::memrchr(b'\n', lead).map_or(0, |at| at + 1);
        let before: Vec<_> =
            text[..start].split_inclusive(|b| *b == b'\n').rev().take(before).collect();
        let before: Vec<_> = before.into_iter().rev().collect();
        draw_line(title, number, &before, line_of(text, start), offset - start, length, label)
    }
}

/// Returns the line that begins at `start`, without its end.
pub(super) fn line_of(text: &[u8], start: usize) -> &[u8] {
    let rest = &text[start.min(text.len())..];
    &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
}

/// Draws a line of a file, from 1, between its neighbours.
pub(in crate::cli) fn lines(text: &crate::value::Str, line: usize) -> String {
    let text = text.to_str_lossy();
    let width = (line + 1).to_string().len();
    let mut out = String::new();
    let shown = text.lines().enumerate().map(|(i, text)| (i + 1, text));
    for (number, text) in shown.skip(line.saturating_sub(2)).take_while(|(n, _)| *n <= line + 1) {
        let mark = if number == line { '>' } else { ' ' };
        let text: String = text.chars().take(MAX_WIDTH).collect();
        let row = format!("   {mark} {number:>width$} | {text}");
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

/// Draws the place of an error in a YAML file. `None` when the error has none.
pub(in crate::cli) fn draw_yaml(file: &str, error: &yaml::Error) -> Option<String> {
    if error.line == 0 || error.line_text.is_empty() {
        return None;
    }
    let line = &error.line_text;
    let before = line.char_indices().nth(error.column.max(1) - 1).map_or(line.len(), |(at, _)| at);
    let mut out = draw_line(file, error.line, &[], line.as_bytes(), before, 1, &error.message);
    if let Some(hint) = yaml::hint(error, line) {
        out.push_str("\nhint: ");
        out.push_str(hint);
    }
    Some(out)
}

/// Draws a place in a file of a chart.
pub(in crate::cli) fn draw_place(title: &str, place: &chart::Place) -> String {
    let line = place.line_text.as_str();
    let before = line.char_indices().nth(place.column.max(1) - 1).map_or(line.len(), |(at, _)| at);
    draw_line(title, place.line, &[], line.as_bytes(), before, line.len() - before, "")
}

/// Draws an argument of a flag with the part that is refused underlined.
pub(in crate::cli) fn draw_argument(
    flag: &str,
    argument: &str,
    place: Option<&Range<usize>>,
    label: &str,
) -> Option<String> {
    let place = place.filter(|_| !argument.trim().is_empty())?;
    let lead = shown(argument.get(..place.start)?.as_bytes()).chars().count() + flag.len() + 1;
    let marked = shown(argument.get(place.clone())?.as_bytes()).chars().count().max(1);
    if lead + marked > MAX_WIDTH {
        return None;
    }
    let line: String = shown(argument.as_bytes()).chars().take(MAX_WIDTH).collect();
    let drawn = format!("  {flag} {line}\n  {:lead$}{} {label}", "", "^".repeat(marked));
    Some(drawn.trim_end().to_owned())
}

/// Draws a line with `length` bytes from `offset` on underlined, below the lines `before` it.
pub(super) fn draw_line(
    title: &str,
    number: usize,
    before: &[&[u8]],
    line: &[u8],
    offset: usize,
    length: usize,
    label: &str,
) -> String {
    let end = line.len();
    let offset = offset.min(end);
    let marked_end = (offset + length.max(1)).min(end);
    let lead = shown(&line[..offset]);
    let marked = shown(&line[offset..marked_end]);
    let column = lead.chars().count();
    let cut = if column > MAX_LEAD { column - MAX_LEAD / 2 } else { 0 };
    let clip = |text: &str| -> String {
        let start = if cut > 0 { "…" } else { "" };
        let clipped = text.chars().skip(cut).take(MAX_WIDTH);
        start.chars().chain(clipped).collect::<String>().trim_end().to_owned()
    };
    let gutter = number.to_string().len();
    let mut out = format!("{:gutter$}--> {title}:{number}:{}\n{:gutter$} |", "", column + 1, "");
    for (i, line) in before.iter().enumerate() {
        let number = number - before.len() + i;
        let line = format!("\n{number:gutter$} | {}", clip(&shown(line)));
        out.push_str(line.trim_end());
    }
    let line = format!("\n{number} | {}", clip(&shown(line)));
    out.push_str(line.trim_end());
    let shift = column - cut + usize::from(cut > 0);
    let width = marked.chars().count().clamp(1, MAX_WIDTH.saturating_sub(shift).max(1));
    let under = format!("\n{:gutter$} | {:shift$}{} {label}", "", "", "^".repeat(width));
    out.push_str(under.trim_end());
    out
}

/// Returns a stretch of a line as it is shown: every character as wide as one.
fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).replace('\t', " ").replace(['\r', '\n', '\u{feff}'], "")
}

/// The longest message that is printed in full, in bytes.
const MAX_MESSAGE: usize = 8000;

/// Takes the middle out of a message that repeats itself for pages, as that of endless recursion.
pub(in crate::cli) fn shortened(message: &str) -> String {
    if message.len() <= MAX_MESSAGE {
        return message.to_owned();
    }
    let head = message.floor_char_boundary(MAX_MESSAGE / 8);
    let tail = message.ceil_char_boundary(message.len() - MAX_MESSAGE / 8);
    let gap = tail - head;
    format!("{} [{gap} bytes left out] {}", &message[..head], &message[tail..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draw(text: &str, offset: usize, length: usize, before: usize) -> String {
        Excerpt { title: "a.yaml", text: text.as_bytes(), offset, length, before, label: "here" }
            .draw()
    }

    #[test]
    fn places_are_underlined() {
        let text = "one\ntwo: 2\n\tthree\n";
        assert_eq!(draw(text, 9, 1, 0), " --> a.yaml:2:6\n  |\n2 | two: 2\n  |      ^ here");
        let drawn = draw(text, 11, 99, 2);
        assert_eq!(drawn, " --> a.yaml:3:1\n  |\n1 | one\n2 | two: 2\n3 |  three\n  | ^^^^^^ here");
        assert_eq!(draw(text, 99, 1, 0), " --> a.yaml:3:7\n  |\n3 |  three\n  |       ^ here");
        assert_eq!(draw("", 0, 1, 3), " --> a.yaml:1:1\n  |\n1 |\n  | ^ here");
    }

    #[test]
    fn long_lines_are_shown_around_the_place() {
        let text = format!("{}x{}", "a".repeat(500), "b".repeat(500));
        let drawn = draw(&text, 500, 1, 0);
        let lines: Vec<&str> = drawn.lines().collect();
        assert_eq!(lines[0], " --> a.yaml:1:501");
        let at = lines[3].find('^').unwrap();
        assert_eq!(lines[2].chars().nth(at), Some('x'));
        assert!(lines.iter().all(|line| line.chars().count() < 180), "{drawn}");
    }
}
