//! Errors of the engine as diagnostics: where in the source, on what way, and what may help.

use std::fmt::Write as _;

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value as Jinja};

use super::compiled::Library;
use super::error::{Called, GoFault, UserError};
use super::names as known_names;
use super::place::Misfit;
use super::prepare::{Place, Prepared};
use crate::diagnostic::{Diagnostic, Frame, nearest};

/// A file that errors can lie in.
pub(super) struct File<'a> {
    pub(super) path: &'a str,
    pub(super) source: &'a str,
    pub(super) prepared: &'a Prepared,
    /// The names of the macros it has.
    pub(super) macros: &'a [String],
}

/// What is known where an error is worded.
pub(super) struct Scene<'a> {
    pub(super) files: &'a [File<'a>],
    pub(super) places: &'a [Place],
    /// The data that templates see.
    pub(super) data: Option<&'a Jinja>,
    /// The names of the files of macros and their paths.
    pub(super) modules: &'a [(String, String)],
}

/// Words an error of the templates of a chart, which see `data`.
pub(super) fn tell(
    library: &Library,
    data: Option<&Jinja>,
    tell: impl FnOnce(&Scene) -> Diagnostic,
) -> Diagnostic {
    let files: Vec<File> = library
        .templates
        .iter()
        .map(|template| File {
            path: &template.path,
            source: &template.source,
            prepared: &template.prepared,
            macros: &template.macros,
        })
        .collect();
    let (places, modules) = (&library.places, &library.modules);
    tell(&Scene { files: &files, places, data, modules })
}

/// A place in a source.
struct Spot<'a> {
    file: &'a File<'a>,
    start: usize,
    length: usize,
}

/// Returns where the path of names begins that has an attribute at `start`.
fn path_start(source: &str, start: usize) -> usize {
    if !source.get(start..).is_some_and(|rest| rest.starts_with(['.', '['])) {
        return start;
    }
    let is_path =
        |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'[' | b']' | b'"' | b'\'');
    start - source.as_bytes()[..start].iter().rev().take_while(|b| is_path(b)).count()
}

fn line_column(source: &str, offset: usize) -> (usize, usize) {
    let before = &source.as_bytes()[..offset.min(source.len())];
    let line = 1 + before.iter().filter(|b| **b == b'\n').count();
    let start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
    (line, before.len() - start)
}

fn frame(spot: &Spot, what: String) -> Frame {
    let (line, column) = line_column(spot.file.source, spot.start);
    Frame { file: spot.file.path.to_owned(), line, column, what }
}

/// Calls nested deeper than this are cut out of the middle of a trace.
const MAX_TRACE: usize = 40;

impl<'a> Scene<'a> {
    fn file(&self, path: &str) -> Option<&'a File<'a>> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Returns where an error was noticed.
    fn spot(&self, error: &Error) -> Option<Spot<'a>> {
        let file = self.file(error.name()?)?;
        let Some(range) = error.range() else {
            let line = error.line()?;
            let text = &file.prepared.text;
            let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            return Some(Spot { file, start: file.prepared.source_offset(start), length: 1 });
        };
        let start = path_start(file.source, file.prepared.source_offset(range.start));
        let end = file.prepared.source_offset(range.end.saturating_sub(1)) + 1;
        let end = end.clamp(start, file.source.len().max(start));
        // What is underlined is one line.
        let text = file.source.get(start..end).unwrap_or_default();
        let text = text.split('\n').next().unwrap_or_default().trim_end();
        Some(Spot { file, start, length: text.len().max(1) })
    }

    /// Words an error of the engine.
    pub(super) fn diagnostic(&self, error: &Error) -> Diagnostic {
        let mut trace = Vec::new();
        let mut error = error;
        let mut arguments: &[String] = &[];
        let mut place = "the template".to_owned();
        loop {
            let source = std::error::Error::source(error);
            if let Some(called) = source.and_then(|source| source.downcast_ref::<Called>()) {
                if called.source.name().is_none()
                    && std::error::Error::source(&called.source).is_none()
                {
                    // The call itself is at fault: its arguments, most likely.
                    arguments = &called.arguments;
                    let mut diagnostic = self.worded(&called.source, self.spot(error), arguments);
                    diagnostic.trace = trace;
                    return diagnostic;
                }
                if let Some(spot) = self.spot(error) {
                    trace.push(frame(&spot, format!("in {place}")));
                }
                place = format!("the macro `{}`", called.name);
                error = &called.source;
                continue;
            }
            if let Some(inner) = source.and_then(|source| source.downcast_ref::<Error>()) {
                if let Some(spot) = self.spot(error) {
                    trace.push(frame(&spot, format!("in {place}")));
                }
                error = inner;
                continue;
            }
            break;
        }
        if trace.len() > MAX_TRACE {
            trace.drain(MAX_TRACE / 2..trace.len() - MAX_TRACE / 2);
        }
        let spot = self.spot(error);
        let source = std::error::Error::source(error);
        if let Some(GoFault(inner)) = source.and_then(|source| source.downcast_ref()) {
            let mut diagnostic = inner.clone();
            let here = spot.as_ref().map(|spot| frame(spot, format!("in {place}")));
            trace.extend(here);
            trace.append(&mut diagnostic.trace);
            diagnostic.trace = trace;
            if diagnostic.span.is_none()
                && let Some(spot) = spot
            {
                diagnostic = diagnostic.at(spot.file.path, spot.start, spot.length);
            }
            return diagnostic;
        }
        if let (Some(spot), false) = (&spot, trace.is_empty()) {
            trace.push(frame(spot, format!("in {place}")));
        }
        let mut diagnostic = self.worded(error, spot, arguments);
        diagnostic.trace = trace;
        diagnostic
    }

    fn worded(&self, error: &Error, spot: Option<Spot<'a>>, arguments: &[String]) -> Diagnostic {
        let file = spot.as_ref().map(|spot| spot.file);
        let (text, hint) = self.words(error, file, arguments);
        let Some(spot) = spot else { return Diagnostic::error(text).hinted(hint) };
        let (line, column) = line_column(spot.file.source, spot.start);
        let source = std::error::Error::source(error);
        let is_user = source.is_some_and(|source| source.downcast_ref::<UserError>().is_some());
        let message = if is_user {
            // The wording of Helm, which scripts read.
            format!("execution error at ({}:{line}:{column}): {text}", spot.file.path)
        } else {
            format!("{}:{line}:{column}: {text}", spot.file.path)
        };
        Diagnostic::error(message)
            .at(spot.file.path, spot.start, spot.length)
            .labelled(text)
            .hinted(hint)
    }

    /// Words a hole that does not fit its place.
    pub(super) fn misfit(&self, misfit: &Misfit) -> Diagnostic {
        let hint = (!misfit.hint.is_empty()).then(|| misfit.hint.to_owned());
        let spot = |number: u32| {
            let place = self.places.get(number as usize)?;
            let file = self.files.get(place.file as usize)?;
            Some(Spot { file, start: place.offset, length: place.length.max(1) })
        };
        let text = misfit.message.clone();
        let Some(at) = misfit.place.and_then(spot) else {
            return Diagnostic::error(text).hinted(hint);
        };
        let (line, column) = line_column(at.file.source, at.start);
        let mut trace: Vec<Frame> = misfit
            .calls
            .iter()
            .rev()
            .filter_map(|call| Some(frame(&spot(*call)?, "in the template".to_owned())))
            .collect();
        if !trace.is_empty() {
            trace.push(frame(&at, "in a macro".to_owned()));
        }
        let length = at.file.source[at.start..].split('\n').next().unwrap_or_default().len();
        Diagnostic::error(format!("{}:{line}:{column}: {text}", at.file.path))
            .at(at.file.path, at.start, at.length.min(length))
            .labelled(text)
            .traced(trace)
            .hinted(hint)
    }

    fn words(
        &self,
        error: &Error,
        file: Option<&File>,
        arguments: &[String],
    ) -> (String, Option<String>) {
        let detail = error.detail().unwrap_or_default();
        let text = if detail.is_empty() { error.kind().to_string() } else { detail.to_owned() };
        match error.kind() {
            ErrorKind::UndefinedError | ErrorKind::InvalidOperation
                if detail.contains("` is undefined") =>
            {
                let path = quoted(detail).unwrap_or_default().to_owned();
                let hint = self.about_path(&path, file);
                (format!("`{path}` is not defined"), hint)
            }
            ErrorKind::UndefinedError => ("the value is not defined".to_owned(), None),
            ErrorKind::UnknownFilter => {
                let name = word(detail, "filter ", " is unknown");
                let hint = habit(name).or_else(|| did_you_mean(name, known_names::filter_names()));
                (format!("there is no filter `{name}`"), hint)
            }
            ErrorKind::UnknownTest => {
                let name = word(detail, "test ", " is unknown");
                let hint = did_you_mean(name, known_names::TESTS.to_vec());
                (format!("there is no test `{name}`"), hint)
            }
            ErrorKind::UnknownFunction => {
                let name = word(detail, "", " is unknown");
                let macros = file.map(|file| file.macros).unwrap_or_default();
                let hint = habit(name).or_else(|| self.macro_elsewhere(name)).or_else(|| {
                    let own = macros.iter().map(String::as_str);
                    did_you_mean(name, own.chain(known_names::function_names()).collect())
                });
                (format!("there is no function or macro `{name}`"), hint)
            }
            ErrorKind::UnknownMethod => self.about_method(detail),
            ErrorKind::TooManyArguments if detail.starts_with("unknown keyword argument") => {
                let name = quoted(detail).unwrap_or_default();
                let hint = nearest(name, arguments.iter().map(String::as_str));
                let hint = hint.map(|near| format!("did you mean `{near}`?")).or_else(|| {
                    let list = arguments.join("`, `");
                    (!arguments.is_empty()).then(|| format!("there are `{list}`"))
                });
                (format!("there is no keyword argument `{name}`"), hint)
            }
            ErrorKind::TooManyArguments if detail.is_empty() && !arguments.is_empty() => {
                let list = arguments.join("`, `");
                ("too many arguments".to_owned(), Some(format!("there are `{list}`")))
            }
            ErrorKind::OutOfFuel if detail.is_empty() => (
                "the template takes too many steps".to_owned(),
                Some("a loop or macro that goes on for too long is the likely cause".to_owned()),
            ),
            ErrorKind::InvalidOperation if detail == "recursion limit exceeded" => (
                "the template nests too deeply".to_owned(),
                Some(
                    "a macro that calls itself is the likely cause, or two files of macros that \
                     use each other: put these into one file"
                        .to_owned(),
                ),
            ),
            ErrorKind::TemplateNotFound => {
                let name = detail.split(['"', '\'']).nth(1).unwrap_or(detail);
                let known: Vec<&str> = self.modules.iter().map(|(_, path)| base(path)).collect();
                (format!("there is no file `{name}`"), did_you_mean(name, known))
            }
            _ => (text, None),
        }
    }

    /// Names the file that has a macro of that name.
    fn macro_elsewhere(&self, name: &str) -> Option<String> {
        let file = self.files.iter().find(|file| file.macros.iter().any(|m| m == name))?;
        let (module, _) = self.modules.iter().find(|(_, path)| path == file.path)?;
        Some(format!("did you mean `{module}.{name}`? It is defined in {}", file.path))
    }

    fn about_method(&self, detail: &str) -> (String, Option<String>) {
        let name = detail.rsplit(' ').next().unwrap_or_default();
        let is_object = detail.starts_with("map ") || detail.starts_with("plain object ");
        let hint = is_object
            .then(|| {
                let in_module =
                    |file: &&File| self.modules.iter().any(|(_, path)| path == file.path);
                let files = self.files.iter().filter(in_module);
                let macros = files.flat_map(|file| file.macros.iter().map(String::as_str));
                did_you_mean(name, macros.collect())
            })
            .flatten()
            .or_else(|| {
                let filters = known_names::filter_names();
                filters.contains(&name).then(|| format!("there is a filter: `| {name}`"))
            });
        (format!("there is no method or macro `{name}` here"), hint)
    }

    /// Says what there is in place of a path of names.
    fn about_path(&self, path: &str, file: Option<&File>) -> Option<String> {
        let data = self.data?;
        let steps = steps(path);
        let first = steps.first()?;
        let mut known = data.clone();
        let mut shown = String::new();
        for (i, step) in steps.iter().enumerate() {
            let found = known.get_item(&Jinja::from(step.as_str())).ok();
            let found = found.filter(|value| !value.is_undefined());
            if let Some(found) = found {
                known = found;
                push_step(&mut shown, step);
                continue;
            }
            if i == 0 {
                return self.about_name(first, data, file);
            }
            if known.kind() != ValueKind::Map {
                return Some(match known.kind() {
                    ValueKind::None => format!("`{shown}` is null"),
                    kind => format!("`{shown}` is a {kind}"),
                });
            }
            let mut keys: Vec<String> = Vec::new();
            for key in known.try_iter().into_iter().flatten().take(1000) {
                keys.push(key.as_str().unwrap_or_default().to_owned());
            }
            if let Some(near) = nearest(step, keys.iter().map(String::as_str)) {
                let mut path = shown.clone();
                push_step(&mut path, near);
                return Some(format!("did you mean `{path}`?"));
            }
            if keys.is_empty() {
                return Some(format!("`{shown}` is an empty map"));
            }
            let more = if keys.len() > 8 { ", …" } else { "" };
            keys.truncate(8);
            return Some(format!("`{shown}` has: {}{more}", keys.join(", ")));
        }
        None
    }

    fn about_name(&self, name: &str, data: &Jinja, file: Option<&File>) -> Option<String> {
        let values = data.get_attr("values").ok()?;
        let in_values = values.get_attr(name).ok().filter(|value| !value.is_undefined());
        if in_values.is_some() {
            return Some(format!("did you mean `values.{name}`?"));
        }
        if matches!(name, "Values" | "Release" | "Chart" | "Capabilities" | "Files" | "Template") {
            return Some(format!("did you mean `{}`?", name.to_lowercase()));
        }
        let mut names: Vec<&str> = ["values", "release", "chart", "capabilities", "files"].to_vec();
        names.extend(["template", "subcharts", "root"]);
        names.extend(self.modules.iter().map(|(module, _)| module.as_str()));
        names.extend(file.into_iter().flat_map(|file| file.macros.iter().map(String::as_str)));
        did_you_mean(name, names)
    }
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn did_you_mean(name: &str, candidates: Vec<&str>) -> Option<String> {
    nearest(name, candidates).map(|near| format!("did you mean `{near}`?"))
}

/// Returns what helps those who come from Go's templates.
fn habit(name: &str) -> Option<String> {
    Some(match name {
        "quote" | "squote" => {
            "a hole is quoted where its place in the YAML demands it; leave the filter out"
                .to_owned()
        }
        "nindent" | "toYaml" | "toYAML" => {
            "a map or list is laid out at the column of its hole; leave the filter out".to_owned()
        }
        _ => {
            let row = super::library::rows().find(|row| row.go == name)?;
            format!("it is called `{}` here", row.names[0])
        }
    })
}

/// Returns what stands between backticks.
fn quoted(detail: &str) -> Option<&str> {
    detail.split('`').nth(1)
}

fn word<'d>(detail: &'d str, before: &str, after: &str) -> &'d str {
    let rest = detail.strip_prefix(before).unwrap_or(detail);
    rest.strip_suffix(after).unwrap_or(rest)
}

/// Takes `a.b['c'][0]` apart.
fn steps(path: &str) -> Vec<String> {
    let mut steps = Vec::new();
    let mut step = String::new();
    let mut chars = path.chars();
    while let Some(c) = chars.next() {
        match c {
            '.' => steps.push(std::mem::take(&mut step)),
            '[' => {
                steps.push(std::mem::take(&mut step));
                step.extend(chars.by_ref().take_while(|c| *c != ']'));
                step = step.trim_matches(['"', '\'']).into();
            }
            _ => step.push(c),
        }
    }
    steps.push(step);
    steps.retain(|step| !step.is_empty());
    steps
}

fn push_step(path: &mut String, step: &str) {
    let is_name = step.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !step.starts_with(|c: char| c.is_ascii_digit());
    if !is_name {
        write!(path, "[{step:?}]").unwrap_or_default();
        return;
    }
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(step);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        assert_eq!(steps("values.a[\"b-c\"].d[0]"), ["values", "a", "b-c", "d", "0"]);
        let mut path = String::new();
        for step in ["values", "a", "b-c", "d"] {
            push_step(&mut path, step);
        }
        assert_eq!(path, "values.a[\"b-c\"].d");
    }
}
