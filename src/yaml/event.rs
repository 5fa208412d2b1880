use std::borrow::Cow;

use libyaml_safer::{ErrorKind, EventData, Parser, ScalarStyle};

use super::error::Error;

/// A place in the text, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) offset: usize,
}

#[derive(Debug)]
pub(super) struct Event<'a> {
    pub(super) data: Data<'a>,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

#[derive(Debug)]
pub(super) enum Data<'a> {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(Cow<'a, str>),
    Scalar {
        anchor: Option<Cow<'a, str>>,
        tag: Option<Cow<'a, str>>,
        value: Cow<'a, str>,
        /// Unquoted and no block scalar, so that the text decides on the type.
        plain: bool,
    },
    SequenceStart(Option<Cow<'a, str>>),
    SequenceEnd,
    MappingStart(Option<Cow<'a, str>>),
    MappingEnd,
}

/// The grammar of YAML: text in, events out.
pub(super) struct Events<'a> {
    parser: Parser<&'a [u8]>,
}

impl<'a> Events<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let mut parser = Parser::new();
        parser.set_input(text);
        Events { parser }
    }

    pub(super) fn next(&mut self) -> Result<Event<'a>, Error> {
        loop {
            let event = self.parser.parse().map_err(|error| convert(&error))?;
            let data = match event.data {
                EventData::StreamStart { .. } => continue,
                EventData::StreamEnd => Data::StreamEnd,
                EventData::DocumentStart { .. } => Data::DocumentStart,
                EventData::DocumentEnd { .. } => Data::DocumentEnd,
                EventData::Alias { anchor } => Data::Alias(anchor.into()),
                EventData::Scalar { anchor, tag, value, style, .. } => Data::Scalar {
                    anchor: anchor.map(Cow::from),
                    tag: tag.map(Cow::from),
                    value: value.into(),
                    plain: style == ScalarStyle::Plain,
                },
                EventData::SequenceStart { anchor, .. } => {
                    Data::SequenceStart(anchor.map(Cow::from))
                }
                EventData::SequenceEnd => Data::SequenceEnd,
                EventData::MappingStart { anchor, .. } => Data::MappingStart(anchor.map(Cow::from)),
                EventData::MappingEnd => Data::MappingEnd,
            };
            return Ok(Event { data, start: mark(event.start_mark), end: mark(event.end_mark) });
        }
    }
}

fn mark(mark: libyaml_safer::Mark) -> Mark {
    Mark { line: mark.line as usize, column: mark.column as usize, offset: mark.index as usize }
}

fn convert(error: &libyaml_safer::Error) -> Error {
    let mut converted = Error::plain(error.problem());
    let problem = error.problem_mark().map(mark).unwrap_or_default();
    let context = error.context_mark().map(mark).unwrap_or_default();
    if error.problem_mark().is_some() {
        converted = converted.at(problem.line + 1, problem.column + 1);
    }
    // Helm's reader prints lines as its library does: scanner lines from 1, parser lines from 0,
    // and none for the first.
    converted.printed_line = match (problem.line, context.line) {
        (0, line) => line,
        (line, _) if error.kind() == ErrorKind::Scanner => line + 1,
        (line, _) => line,
    };
    converted
}
