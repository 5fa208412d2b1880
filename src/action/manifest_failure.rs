use std::collections::BTreeMap;

use super::Error;
use super::template_failure::source_of;
use crate::chart::Chart;
use crate::manifest::{self, HeadError, Notes};
use crate::template::gotmpl::Origin;
use crate::template::{Rendered, RenderedFile};
use crate::value::Str;
use crate::yaml;

/// How many files that are no manifest are told of.
const MAX_FAILURES: usize = 10;

/// A rendered file that is no manifest.
#[derive(Debug)]
pub struct ManifestFailure {
    /// What and where in the rendered text.
    pub error: manifest::Error,
    /// The rendered file, with the origin of its parts.
    pub file: RenderedFile,
    /// Where the line that is meant begins, in bytes from the start of the rendered file.
    pub line_start: usize,
    /// What may help.
    pub hints: Vec<String>,
}

impl ManifestFailure {
    fn new(error: manifest::Error, file: RenderedFile, sources: &BTreeMap<String, Str>) -> Self {
        let line_start = line_start(&error, &file.text);
        let hints = hints(&error, &file, line_start, sources);
        ManifestFailure { error, file, line_start, hints }
    }

    /// Returns the template position that wrote the line's first word, and the calls on the way
    /// there, innermost first.
    #[must_use]
    pub fn origin(&self) -> Option<(Origin, Vec<Origin>)> {
        let at = first_word(&self.file.text, self.line_start);
        Some((self.file.origins.at(&self.file.text, at)?, self.file.origins.calls_at(at)))
    }
}

/// Makes the error of rendered files that are no manifest: looks for more of them than the first,
/// and adds the texts of the templates.
pub(super) fn manifest_error(chart: &Chart, rendered: Rendered, first: manifest::Error) -> Error {
    let texts = rendered.texts().map(|(path, text)| (path.to_owned(), text.to_vec())).collect();
    let mut sources = BTreeMap::new();
    let mut failures: Vec<ManifestFailure> = Vec::new();
    let path = first.path().to_owned();
    let mut first = Some(first);
    // Helm stops at the first by path; those before it are sound.
    for file in rendered.files.into_iter().skip_while(|file| file.path != path) {
        let error = first.take().or_else(|| {
            let texts = [(file.path.as_str(), file.text.as_slice())];
            manifest::parse(texts, chart.name(), Notes::Root).err()
        });
        let Some(error) = error else { continue };
        for path in file.origins.files() {
            let path = path.to_string();
            if let Some(text) = source_of(chart, &path) {
                sources.entry(path).or_insert(text);
            }
        }
        failures.push(ManifestFailure::new(error, file, &sources));
        if failures.len() == MAX_FAILURES {
            break;
        }
    }
    Error::Manifest { failures, sources, texts }
}

/// Returns the line that begins at `start`, without its end.
fn line_at(text: &[u8], start: usize) -> &[u8] {
    let rest = &text[start.min(text.len())..];
    &rest[..memchr::memchr(b'\n', rest).unwrap_or(rest.len())]
}

fn first_word(text: &[u8], line_start: usize) -> usize {
    let line = line_at(text, line_start);
    line_start + line.len() - line.trim_ascii_start().len()
}

/// Finds the line of an error in the text of the rendered file; of one at the end of the text the
/// last line that says something.
fn line_start(error: &manifest::Error, text: &[u8]) -> usize {
    let line = match error {
        manifest::Error::Yaml { source, .. } => source.line.max(1),
        manifest::Error::Head { .. } => 1,
    };
    let offset = error.offset().min(text.len());
    let before = text[offset..].split_inclusive(|byte| *byte == b'\n').take(line - 1);
    let start = offset + before.map(<[u8]>::len).sum::<usize>();
    if !text[start..].trim_ascii().is_empty() {
        return start;
    }
    memchr::memrchr(b'\n', text[..start].trim_ascii_end()).map_or(0, |at| at + 1)
}

/// Says what most likely broke a document.
fn hints(
    error: &manifest::Error,
    file: &RenderedFile,
    line_start: usize,
    sources: &BTreeMap<String, Str>,
) -> Vec<String> {
    let line = String::from_utf8_lossy(line_at(&file.text, line_start));
    let mut hints = Vec::new();
    match error {
        manifest::Error::Head { source, .. } => hints.extend(head_hint(source)),
        manifest::Error::Yaml { source, .. } => {
            if let Some(hint) = lost_indentation(file, line_start, sources) {
                hints.push(hint);
            } else {
                hints.extend(yaml::hint(source, &line).map(str::to_owned));
            }
        }
    }
    if line.contains("%!") && line.contains('(') {
        hints.push("`%!…(…)` is what printf writes for a value that its verb does not fit".into());
    }
    hints
}

fn head_hint(error: &HeadError) -> Option<String> {
    match error {
        HeadError::Document { found: "string" } => {
            Some("a document is a map with apiVersion and kind".to_owned())
        }
        _ => None,
    }
}

/// For a line that an action or a call wrote which had begun on an earlier line: its text has
/// several lines, and only the first is indented.
fn lost_indentation(
    file: &RenderedFile,
    line_start: usize,
    sources: &BTreeMap<String, Str>,
) -> Option<String> {
    let at = first_word(&file.text, line_start);
    let origin = file.origins.at(&file.text, at)?;
    let calls = file.origins.calls_at(at);
    // The part of the file's own text that wrote the line.
    let writer = calls.last().unwrap_or(&origin);
    let text = sources.get(&writer.file.to_string())?.as_bytes();
    let action_start = text[..writer.offset.min(text.len())]
        .windows(2)
        .rposition(|pair| pair == b"{{" || pair == b"}}")
        .filter(|at| text[*at..].starts_with(b"{{"))?;
    let action_length = memchr::memmem::find(&text[action_start..], b"}}")?;
    let action = &text[action_start..action_start + action_length];
    let action = String::from_utf8_lossy(action);
    if action.contains("indent") {
        return None;
    }
    let is_same = |offset: usize| {
        let calls = file.origins.calls_at(offset);
        match calls.last() {
            Some(call) => call == writer,
            None => file.origins.at(&file.text, offset).is_some_and(|origin| origin == *writer),
        }
    };
    // Where the writer's text begins, and the line around it.
    let begins = (error_floor(line_start)..at).find(|offset| is_same(*offset))?;
    if begins >= line_start {
        return None;
    }
    let first_line = memchr::memrchr(b'\n', &file.text[..begins]).map_or(0, |at| at + 1);
    let width = first_word(&file.text, first_line) - first_line;
    let shown = action.trim_start_matches("{{").trim_matches(['-', ' ']);
    let width = if begins == first_word(&file.text, first_line) { width } else { width + 2 };
    Some(format!(
        "`{shown}` writes several lines, and only the first is indented: add `| nindent {width}`"
    ))
}

/// Returns how far back the start of a text is looked for.
fn error_floor(line_start: usize) -> usize {
    line_start.saturating_sub(64 << 10)
}
