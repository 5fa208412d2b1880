//! Draws the place of an error: the line, the columns, the way there.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::super::report::shortened;
use crate::diagnostic::{Diagnostic, Frame, Snippet};
use crate::manifest;
use crate::template::{Failed, Failures, RenderedFile};
use crate::value::Str;
use crate::yaml;

/// The longest stretch of a line that is shown, in characters.
const MAX_WIDTH: usize = 160;

/// How many files are named that failed at one place.
const MAX_FILES: usize = 3;

/// Draws the places of all failures and, after the first, their messages. `None` when there is
/// nothing to add to the first one's message.
pub(in crate::cli) fn draw_failures(
    failures: &Failures,
    sources: &BTreeMap<String, Str>,
) -> Option<String> {
    let mut parts = Vec::new();
    for (i, Failed { diagnostic, files }) in failures.kept().iter().enumerate() {
        if i > 0 {
            parts.push(format!("also failed: {}", shortened(&diagnostic.message)));
        }
        let text = diagnostic.span.as_ref().and_then(|span| sources.get(&span.file));
        let mut place = draw(diagnostic, text).unwrap_or_default();
        if files.len() > 1 {
            let others: Vec<_> = files[1..].iter().take(MAX_FILES).map(String::as_str).collect();
            let rest = match files.len() - 1 - others.len() {
                0 => String::new(),
                rest => format!(" and {rest} more"),
            };
            let count = files.len() - 1;
            let plural = if count == 1 { "" } else { "s" };
            write!(
                place,
                "\n  {count} other file{plural} failed here: {}{rest}",
                others.join(", ")
            )
            .ok()?;
        }
        for hint in &diagnostic.hints {
            let gap = if place.is_empty() { "" } else { "\n" };
            write!(place, "{gap}hint: {hint}").ok()?;
        }
        if !place.is_empty() {
            parts.push(place);
        }
    }
    if failures.left_out() > 0 {
        parts.push(format!("and {} more templates failed", failures.left_out()));
    }
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

/// How many calls are shown before the outermost.
const MAX_CALLS: usize = 8;

/// Draws a diagnostic over the text of its file. `None` when it has no place or no text.
pub(in crate::cli) fn draw(diagnostic: &Diagnostic, text: Option<&Str>) -> Option<String> {
    let span = diagnostic.span.as_ref()?;
    let label = diagnostic.label.as_deref().unwrap_or_default();
    let mut out = String::new();
    let mut outer = label;
    if let Some(Snippet { title, line, text, column, length }) = &diagnostic.snippet {
        out = draw_line(title, *line, text, *column, *length, label);
        out.push('\n');
        outer = "called here";
    }
    out.push_str(&draw_span(&span.file, text?.as_bytes(), span.offset, span.length, outer));
    let calls = diagnostic.trace.len().saturating_sub(1);
    let calls: Vec<_> = diagnostic.trace[..calls].iter().rev().collect();
    let same = |a: &&Frame, b: &&Frame| (&a.file, a.line, a.column) == (&b.file, b.line, b.column);
    let calls: Vec<_> = calls.chunk_by(same).collect();
    for (i, same) in calls.iter().enumerate() {
        if i == MAX_CALLS && calls.len() > MAX_CALLS + 1 {
            write!(out, "\n  and {} calls more", calls.len() - 1 - MAX_CALLS).ok()?;
        }
        if i >= MAX_CALLS && i + 1 < calls.len() {
            continue;
        }
        let frame = same[0];
        write!(out, "\n  called at {}:{}:{}", frame.file, frame.line, frame.column + 1).ok()?;
        if same.len() > 1 {
            write!(out, " ({} times)", same.len()).ok()?;
        }
    }
    Some(out)
}

/// Draws the place of an error in a YAML file. `None` when the error has none.
pub(in crate::cli) fn draw_yaml(file: &str, error: &yaml::Error) -> Option<String> {
    if error.line == 0 || error.line_text.is_empty() {
        return None;
    }
    let line = &error.line_text;
    let before = line.char_indices().nth(error.column.max(1) - 1).map_or(line.len(), |(at, _)| at);
    Some(draw_line(file, error.line, line.as_bytes(), before, 1, &error.message))
}

/// Draws a rendered document that is no manifest, and the template line it came from.
pub(in crate::cli) fn draw_rendered(
    error: &manifest::Error,
    file: &RenderedFile,
    source: Option<&Str>,
) -> Option<String> {
    let line = match error {
        manifest::Error::Yaml { source, .. } => source.line.max(1),
        manifest::Error::Head { .. } => 1,
    };
    let document = file.text.get(error.offset()..)?;
    let start: usize =
        document.split_inclusive(|b| *b == b'\n').take(line - 1).map(<[u8]>::len).sum();
    let offset = error.offset() + start;
    let text = String::from_utf8_lossy(&file.text);
    // An error at the end of the text belongs to the last line that says something.
    let offset = if text.get(offset..)?.trim().is_empty() {
        text[..offset].trim_end().rfind('\n').map_or(0, |at| at + 1)
    } else {
        offset
    };
    let length = text.get(offset..)?.lines().next()?.len();
    let title = format!("{} (rendered)", file.path);
    let mut out = draw_span(&title, &file.text, offset, length, "this line of the output");
    let indent = text.get(offset..)?.len() - text.get(offset..)?.trim_start_matches(' ').len();
    if let (Some(origin), Some(source)) = (file.origins.at(offset + indent), source)
        && origin.file == file.path.as_str()
    {
        let rest = source.as_bytes().get(origin.offset..)?;
        let length = rest.iter().position(|b| *b == b'\n').unwrap_or(rest.len());
        out.push('\n');
        out.push_str(&draw_span(
            &file.path,
            source.as_bytes(),
            origin.offset,
            length,
            "came from here",
        ));
    }
    Some(out)
}

/// Draws one line of a file with a stretch of it underlined.
fn draw_span(file: &str, text: &[u8], offset: usize, length: usize, label: &str) -> String {
    let mut offset = offset.min(text.len());
    if text[offset..].trim_ascii().is_empty() {
        // The end of the text: the last line that says something is worth more than none.
        offset = text[..offset].trim_ascii_end().len();
    }
    let before = &text[..offset];
    let number = 1 + before.iter().filter(|b| **b == b'\n').count();
    let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
    let end = text[start..].iter().position(|b| *b == b'\n').map_or(text.len(), |at| start + at);
    draw_line(file, number, &text[start..end], offset - start, length, label)
}

/// Draws a line with `length` bytes from `offset` on underlined.
fn draw_line(
    file: &str,
    number: usize,
    line: &[u8],
    offset: usize,
    length: usize,
    label: &str,
) -> String {
    let end = line.len();
    let lead = String::from_utf8_lossy(&line[..offset]).replace('\t', " ");
    let marked_end = (offset + length.max(1)).min(end).max(offset);
    let marked = String::from_utf8_lossy(&line[offset..marked_end]).replace('\t', " ");
    let rest = String::from_utf8_lossy(&line[marked_end..end]).replace(['\t', '\r'], " ");
    let line: String = format!("{lead}{marked}{rest}").chars().take(MAX_WIDTH).collect();
    let width = marked.chars().count().clamp(1, MAX_WIDTH);
    let gutter = number.to_string();
    let pad = " ".repeat(gutter.len());
    let shift = " ".repeat(lead.chars().count());
    let carets = "^".repeat(width);
    let column = lead.chars().count() + 1;
    format!(
        "{pad}--> {file}:{number}:{column}\n{pad} |\n{gutter} | {}\n{pad} | {shift}{carets} {}",
        line.trim_end(),
        label.trim_end()
    )
    .trim_end()
    .to_owned()
}
