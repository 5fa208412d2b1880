//! Run-time errors: where, in which template, at which node, and what caused them.

use super::ast::{At, Unit};
use super::parser::ParseError;
use super::quote::quote;
use crate::diagnostic::{Diagnostic, Frame, Snippet};
use crate::value::Str;

/// A place in a template file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Location {
    pub(super) file: Str,
    /// From 1.
    pub(super) line: usize,
    /// In bytes, from 0.
    pub(super) column: usize,
    /// In bytes from the start of the file.
    pub(super) offset: u32,
}

/// The name of `tpl` texts in error positions.
pub(super) const TPL_NAME: &str = "gotpl";

/// How many calls back a place is looked for before its line is counted anew.
const MAX_CYCLE: usize = 8;

/// An error that stopped a template.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) location: Location,
    /// The name of the template that was executing.
    pub(super) template: Str,
    /// The source form of the node last visited.
    pub(super) context: String,
    pub(super) message: String,
    pub(super) cause: Option<Cause>,
    /// The source of the node: offset and length in bytes.
    marked: (usize, usize),
    /// The line of the source, where that is in no file.
    snippet: Option<Snippet>,
    /// What may help the user.
    pub(super) hint: Option<String>,
    /// The `{{template}}` actions passed on the way here, innermost first.
    pub(super) calls: Vec<Location>,
}

/// What a function call failed of.
#[derive(Debug)]
pub(super) enum Cause {
    Text(String),
    /// The words of `fail` or `required`.
    User(String),
    /// A frozen map was written to.
    Frozen,
    /// An error in a template called by `include` (empty prefix) or `tpl`.
    Nested {
        prefix: String,
        fault: Box<Fault>,
    },
}

/// Finds the source of the node that Go places at `offset` and prints as `context`: the place may
/// be in its middle. Returns offset and length in bytes, at most to the end of the action.
fn marked(text: &[u8], offset: usize, context: &str) -> (usize, usize) {
    let offset = offset.min(text.len());
    let before = context.len().min(offset);
    let exact = (0..=before).find(|back| text[offset - back..].starts_with(context.as_bytes()));
    if let Some(back) = exact {
        return (offset - back, context.len());
    }
    let rest = &text[offset..];
    let end = memchr::memmem::find(rest, b"}}").unwrap_or(rest.len());
    (offset, rest[..end].trim_ascii_end().len().min(context.len()))
}

impl Fault {
    pub(super) fn new(
        unit: &Unit,
        template: &Str,
        at: At,
        message: String,
        cause: Option<Cause>,
    ) -> Box<Fault> {
        let offset = unit.position(at);
        let (line, column) = unit.line_column(offset);
        let context = unit.describe(at);
        let marked = marked(unit.text.as_bytes(), offset as usize, &context);
        let snippet = (unit.name == TPL_NAME).then(|| {
            let text = unit.text.as_bytes();
            let start = memchr::memrchr(b'\n', &text[..marked.0]).map_or(0, |at| at + 1);
            let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |at| start + at);
            Snippet {
                title: "the text given to tpl".to_owned(),
                line: unit.line_column(marked.0 as u32).0,
                text: text[start..end].to_vec(),
                column: marked.0 - start,
                length: marked.1,
            }
        });
        Box::new(Fault {
            location: Location { file: unit.name.clone(), line, column, offset },
            template: template.clone(),
            context,
            marked,
            snippet,
            message,
            cause,
            hint: None,
            calls: Vec::new(),
        })
    }

    /// Adds the place of a `{{template}}` action that led here.
    pub(super) fn called_at(mut self: Box<Self>, unit: &Unit, at: At) -> Box<Self> {
        let offset = unit.position(at);
        // Recursion comes through the same places again and again.
        let mut last = self.calls.iter().rev().take(MAX_CYCLE);
        let known = last.find(|call| call.offset == offset && call.file == unit.name);
        let call = known.cloned().unwrap_or_else(|| {
            let (line, column) = unit.line_column(offset);
            Location { file: unit.name.clone(), line, column, offset }
        });
        self.calls.push(call);
        self
    }

    /// Returns the faults from the outermost inwards.
    fn chain(&self) -> Vec<&Fault> {
        let mut chain = vec![self];
        let mut last = self;
        while let Some(Cause::Nested { fault, .. }) = &last.cause {
            last = fault;
            chain.push(last);
        }
        chain
    }

    /// Returns whether a write to frozen data is at the bottom.
    pub(super) fn is_frozen(&self) -> bool {
        matches!(self.chain().last().and_then(|fault| fault.cause.as_ref()), Some(Cause::Frozen))
    }

    /// Returns Go's one-line text.
    pub(super) fn go_text(&self) -> String {
        let mut out = String::new();
        for fault in self.chain() {
            let Location { file, line, column, .. } = &fault.location;
            let line = format!(
                "template: {file}:{line}:{column}: executing {} at <{}>: {}",
                quote(fault.template.as_bytes()),
                fault.context,
                fault.message
            );
            out.push_str(&line);
            match &fault.cause {
                None => {}
                Some(Cause::Text(text) | Cause::User(text)) => {
                    out.push_str(": ");
                    out.push_str(text);
                }
                Some(Cause::Frozen) => out.push_str(": the map is frozen"),
                Some(Cause::Nested { prefix, .. }) => {
                    out.push_str(": ");
                    out.push_str(prefix);
                }
            }
        }
        out
    }

    /// Returns what Helm 4 prints: the words of `fail` with the outermost place; a block for each
    /// link where every link is a template error; Go's text otherwise.
    pub(super) fn helm_text(&self) -> String {
        let chain = self.chain();
        let innermost = chain[chain.len() - 1];
        if let Some(Cause::User(words)) = &innermost.cause {
            let Location { file, line, column, .. } = &self.location;
            return format!("execution error at ({file}:{line}:{column}): {words}");
        }
        let all_templates = chain.iter().all(|fault| match &fault.cause {
            None => true,
            Some(Cause::Text(text)) => text.starts_with("template: "),
            Some(Cause::Nested { prefix, .. }) => prefix.is_empty(),
            Some(Cause::User(_) | Cause::Frozen) => false,
        });
        if !all_templates {
            return self.go_text();
        }
        let mut lines = Vec::new();
        for fault in &chain {
            let Location { file, line, column, .. } = &fault.location;
            lines.push(format!("{file}:{line}:{column}"));
            lines.push(format!(
                "  executing {} at <{}>:",
                quote(fault.template.as_bytes()),
                fault.context
            ));
            let colon = if fault.cause.is_some() { ":" } else { "" };
            lines.push(format!("    {}{colon}", fault.message.trim_end()));
            if let Some(Cause::Text(text)) = &fault.cause {
                lines.push(text.clone());
            }
        }
        lines.join("\n")
    }

    /// Turns the fault into a diagnostic: the innermost place with the chain of calls around it.
    pub(super) fn into_diagnostic(self) -> Diagnostic {
        let message = self.helm_text();
        let chain = self.chain();
        let innermost = chain[chain.len() - 1];
        let mut detail = innermost.message.clone();
        if let Some(Cause::Text(text) | Cause::User(text)) = &innermost.cause {
            detail = format!("{detail}: {text}");
        }
        let mut trace = Vec::new();
        for fault in &chain {
            // Within one link the `template` actions lie outside of the fault's own place.
            let what = format!("in {}", fault.template);
            for location in fault.calls.iter().rev().chain([&fault.location]) {
                trace.push(Frame {
                    file: location.file.to_string(),
                    line: location.line,
                    column: location.column,
                    what: what.clone(),
                });
            }
        }
        let hint = innermost.hint.clone();
        let (offset, length) = innermost.marked;
        Diagnostic::error(message)
            .at(&innermost.location.file.to_string(), offset, length)
            .shown(innermost.snippet.clone())
            .labelled(detail)
            .traced(trace)
            .hinted(hint)
    }
}

impl ParseError {
    /// Moves the place that is shown, but not the line in the message.
    pub(super) fn at(self, position: u32) -> Self {
        ParseError { position, ..self }
    }

    /// Turns the error into a diagnostic with Helm's text: of Go's message only what follows the
    /// last `: ` survives there.
    pub(super) fn into_diagnostic(self) -> Diagnostic {
        let text = self.go_text();
        let last = text.rsplit(": ").next().unwrap_or(&text);
        let message = format!("parse error at ({}:{}): {last}", self.name, self.line);
        Diagnostic::error(message)
            .at(&self.name.to_string(), self.position as usize, 1)
            .labelled(self.message)
            .hinted(self.hint)
    }
}
