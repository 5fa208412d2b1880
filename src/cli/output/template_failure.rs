//! Draws why templates failed: the places, the ways there, what may help.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::excerpt::{Excerpt, draw_line, shortened};
use crate::diagnostic::{Diagnostic, Frame, Snippet};
use crate::template::{Failed, Failures};
use crate::value::Str;

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
fn draw(diagnostic: &Diagnostic, text: Option<&Str>) -> Option<String> {
    let span = diagnostic.span.as_ref()?;
    let label = diagnostic.label.as_deref().unwrap_or_default();
    let mut out = String::new();
    let mut outer = label;
    if let Some(Snippet { title, line, text, column, length }) = &diagnostic.snippet {
        out = draw_line(title, *line, &[], text, *column, *length, label);
        out.push('\n');
        outer = "called here";
    }
    let (title, text) = (span.file.as_str(), text?.as_bytes());
    let (offset, length) = (span.offset, span.length);
    out.push_str(&Excerpt { title, text, offset, length, before: 0, label: outer }.draw());
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
