//! Draws the place of an error in rendered text, and the template lines that wrote it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::excerpt::{Excerpt, line_of, shortened};
use crate::action::ManifestFailure;
use crate::manifest;
use crate::template::gotmpl::Origin;
use crate::value::Str;

/// How many calls are shown before the outermost.
const MAX_CALLS: usize = 8;

/// How many lines of output stand before the one that is meant.
const CONTEXT: usize = 2;

/// Draws rendered files that are no manifest, and after the first also what is wrong with them.
pub(in crate::cli) fn draw(
    failures: &[ManifestFailure],
    sources: &BTreeMap<String, Str>,
) -> Option<String> {
    let mut parts = Vec::new();
    for (i, failure) in failures.iter().enumerate() {
        if i > 0 {
            parts.push(format!("also failed: {}", shortened(&failure.error.to_string())));
        }
        parts.extend(draw_one(failure, sources));
    }
    (!parts.is_empty()).then(|| parts.join("\n\n"))
}

fn draw_one(failure: &ManifestFailure, sources: &BTreeMap<String, Str>) -> Option<String> {
    let ManifestFailure { error, file, line_start, hints } = failure;
    let label = match error {
        manifest::Error::Yaml { source, .. } => source.message.as_ref(),
        manifest::Error::Head { .. } => "this document of the output",
    };
    let title = format!("{} (rendered)", file.path);
    let (text, offset) = (file.text.as_slice(), *line_start);
    let length = line_of(text, offset).len();
    let before = lines_before(text, offset, CONTEXT);
    let mut out = Excerpt { title: &title, text, offset, length, before, label }.draw();
    if let Some((origin, calls)) = failure.origin() {
        out.push_str(&drawn_origin(&origin, sources).unwrap_or_default());
        for (i, call) in calls.iter().enumerate() {
            if i == MAX_CALLS && calls.len() > MAX_CALLS + 1 {
                write!(out, "\n  and {} calls more", calls.len() - 1 - MAX_CALLS).ok()?;
            }
            if i < MAX_CALLS || i + 1 == calls.len() {
                write!(out, "\n  called at {}", place(call, sources)).ok()?;
            }
        }
    }
    for hint in hints {
        write!(out, "\nhint: {hint}").ok()?;
    }
    Some(out)
}

/// Draws the template line that wrote something, below what was drawn before.
fn drawn_origin(origin: &Origin, sources: &BTreeMap<String, Str>) -> Option<String> {
    let file = origin.file.to_string();
    let text = sources.get(&file)?.as_bytes();
    let length = line_of(text, origin.offset).len();
    let (title, offset, label) = (file.as_str(), origin.offset, "came from here");
    let drawn = Excerpt { title, text, offset, length, before: 0, label }.draw();
    Some(format!("\n{drawn}"))
}

/// Returns file, line and column of a place in a template.
fn place(origin: &Origin, sources: &BTreeMap<String, Str>) -> String {
    let file = origin.file.to_string();
    let Some(before) = sources.get(&file).and_then(|text| text.as_bytes().get(..origin.offset))
    else {
        return file;
    };
    let line = 1 + before.iter().filter(|b| **b == b'\n').count();
    let column = before.iter().rev().take_while(|b| **b != b'\n').count() + 1;
    format!("{file}:{line}:{column}")
}

/// Returns how many lines, `most` at most, stand before `offset` and belong to its document.
fn lines_before(text: &[u8], offset: usize, most: usize) -> usize {
    let before = text[..offset].split_inclusive(|b| *b == b'\n').rev();
    before.take(most).take_while(|line| !line.starts_with(b"---")).count()
}
