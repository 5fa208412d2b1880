use std::collections::BTreeMap;

use super::Error;
use crate::chart::Chart;
use crate::diagnostic::{Diagnostic, Span};
use crate::template::Failures;
use crate::value::Str;

/// Adds the texts that the failures point into.
pub(super) fn template_error(chart: &Chart, mut failures: Failures) -> Error {
    let mut sources = BTreeMap::new();
    for failed in failures.kept_mut() {
        show_in_chart(chart, &mut failed.diagnostic);
        let Some(span) = &failed.diagnostic.span else { continue };
        if let Some(text) = source_of(chart, &span.file) {
            sources.insert(span.file.clone(), text);
        }
    }
    Error::Template { failures: Box::new(failures), sources }
}

/// Moves the place of an error in a text that `tpl` was given to the innermost call that lies in
/// a file of the chart.
fn show_in_chart(chart: &Chart, diagnostic: &mut Diagnostic) {
    let Some(span) = &diagnostic.span else { return };
    if source_of(chart, &span.file).is_some() {
        return;
    }
    while let Some(frame) = diagnostic.trace.pop() {
        let Some(text) = source_of(chart, &frame.file) else { continue };
        let lines = text.as_bytes().split_inclusive(|byte| *byte == b'\n');
        let before: usize = lines.take(frame.line - 1).map(<[u8]>::len).sum();
        let offset = (before + frame.column).min(text.len());
        let rest = &text.as_bytes()[offset..];
        let length = rest.windows(2).position(|pair| pair == b"}}").unwrap_or(1);
        let length = rest[..length].trim_ascii_end().len();
        let span = Span { file: frame.file.clone(), offset, length };
        diagnostic.span = Some(span);
        // The last frame is the place itself.
        diagnostic.trace.push(frame);
        return;
    }
}

/// Finds the text of a template by its full path.
pub(super) fn source_of(chart: &Chart, path: &str) -> Option<Str> {
    fn search(chart: &Chart, full_path: &str, path: &str) -> Option<Str> {
        let rest = path.strip_prefix(full_path)?.strip_prefix('/')?;
        if let Some(file) = chart.templates.iter().find(|file| file.name == rest) {
            return Some(file.data.clone());
        }
        chart
            .dependencies
            .iter()
            .find_map(|subchart| search(subchart, &subchart.full_path(Some(full_path)), path))
    }
    search(chart, &chart.full_path(None), path)
}
