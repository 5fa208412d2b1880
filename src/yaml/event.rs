use std::borrow::Cow;

use super::error::Error;
pub(super) use super::scan::Mark;
use super::scan::{Kind, Scanner};

/// Helm's reader decodes its input in pieces of this size, and meets a forbidden character when
/// it decodes the piece.
const PIECE: usize = 512;

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
    Alias(&'a str),
    Scalar {
        anchor: Option<&'a str>,
        tag: Option<Cow<'a, str>>,
        value: Cow<'a, str>,
        /// Unquoted and no block scalar, so that the text decides on the type.
        plain: bool,
    },
    SequenceStart(Option<&'a str>),
    SequenceEnd,
    MappingStart(Option<&'a str>),
    MappingEnd,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    ImplicitDocumentStart,
    DocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirst,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequenceEntry,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// The grammar of YAML 1.1: text in, events out, with the messages of go-yaml.
pub(super) struct Events<'a> {
    scanner: Scanner<'a>,
    state: State,
    states: Vec<State>,
    directives: Vec<(&'a str, Cow<'a, str>)>,
    /// Where the text stops being YAML at all, and why.
    forbidden: Option<(usize, Error)>,
}

type Parsed<'a> = Result<Event<'a>, Error>;

#[expect(clippy::unnecessary_wraps, reason = "every state ends in it")]
fn event(data: Data<'_>, start: Mark, end: Mark) -> Parsed<'_> {
    Ok(Event { data, start, end })
}

fn parser_error(message: &str, mark: Mark) -> Error {
    let mut error = Error::plain(message).at(mark.line + 1, mark.column + 1);
    error.offset = mark.offset;
    // Helm prints these lines counted from 0, and no 0.
    error.printed_line = u32::try_from(mark.line).unwrap_or(u32::MAX);
    error
}

/// Returns the part of the text that is UTF-8 without forbidden characters, and what ends it.
fn allowed(text: &[u8]) -> (&str, Option<(usize, Error)>) {
    let (valid, invalid) = match std::str::from_utf8(text) {
        Ok(valid) => (valid, None),
        Err(error) => {
            let end = error.valid_up_to();
            let message = match (error.error_len(), text[end]) {
                (None, _) => "incomplete UTF-8 octet sequence",
                (Some(_), 0xc2..=0xf4) => "invalid trailing UTF-8 octet",
                (Some(_), _) => "invalid leading UTF-8 octet",
            };
            let valid = std::str::from_utf8(&text[..end]).unwrap_or_default();
            (valid, Some((end, Error::plain(message).at_end_of(valid))))
        }
    };
    let suspicious = |b: &u8| matches!(b, 0..=8 | 0x0b | 0x0c | 0x0e..=0x1f | 0x7f | 0xc2 | 0xef);
    let bytes = valid.as_bytes();
    let mut from = 0;
    while from < bytes.len() {
        // Almost no piece has one, and a piece is looked at without a branch for each byte.
        let piece = &bytes[from..bytes.len().min(from + 128)];
        if !piece.iter().fold(false, |found, b| found | suspicious(b)) {
            from += piece.len();
            continue;
        }
        let Some(i) = piece.iter().position(suspicious) else { break };
        let at = from + i;
        let bad = match bytes[at] {
            0xc2 => bytes[at + 1] < 0xa0 && bytes[at + 1] != 0x85,
            0xef => bytes[at + 1] == 0xbf && bytes[at + 2] >= 0xbe,
            _ => true,
        };
        if bad {
            let error = Error::plain("control characters are not allowed");
            return (&valid[..at], Some((at, error.at_end_of(&valid[..at]))));
        }
        from = at + 1;
    }
    (valid, invalid)
}

impl<'a> Events<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let (text, forbidden) = allowed(text);
        Events {
            scanner: Scanner::new(text),
            state: State::ImplicitDocumentStart,
            states: Vec::with_capacity(16),
            directives: Vec::new(),
            forbidden,
        }
    }

    /// Returns the next event. After the end of the stream that is the end.
    pub(super) fn next(&mut self) -> Parsed<'a> {
        let result = self.step();
        if let Some((offset, error)) = &self.forbidden {
            let reached = match &result {
                Ok(_) => self.scanner.offset(),
                Err(error) => error.offset,
            };
            if reached >= offset / PIECE * PIECE {
                return Err(error.clone());
            }
        }
        result
    }

    fn step(&mut self) -> Parsed<'a> {
        match self.state {
            State::ImplicitDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequenceFirst => self.block_sequence_entry(true),
            State::BlockSequenceEntry => self.block_sequence_entry(false),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirst => self.block_mapping_key(true),
            State::BlockMappingKey => self.block_mapping_key(false),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                let (_, start, end) = self.look()?;
                self.state = State::FlowSequenceEntry;
                event(Data::MappingEnd, start, end)
            }
            State::FlowMappingFirst => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
            State::End => event(Data::StreamEnd, Mark::default(), Mark::default()),
        }
    }

    /// Returns the kind and the place of the next token.
    fn look(&mut self) -> Result<(&Kind<'a>, Mark, Mark), Error> {
        let token = self.scanner.peek()?;
        Ok((&token.kind, token.start, token.end))
    }

    fn pop(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn empty(mark: Mark) -> Parsed<'a> {
        let data = Data::Scalar { anchor: None, tag: None, value: Cow::Borrowed(""), plain: true };
        event(data, mark, mark)
    }

    fn document_start(&mut self, implicit: bool) -> Parsed<'a> {
        if !implicit {
            while matches!(self.look()?.0, Kind::DocumentEnd) {
                self.scanner.take();
            }
        }
        let (kind, start, end) = self.look()?;
        match kind {
            Kind::StreamEnd => {
                self.state = State::End;
                event(Data::StreamEnd, start, end)
            }
            Kind::Version(..) | Kind::TagDirective(..) | Kind::DocumentStart => {
                self.read_directives()?;
                let (kind, found, end) = self.look()?;
                if !matches!(kind, Kind::DocumentStart) {
                    return Err(parser_error("did not find expected <document start>", found));
                }
                self.scanner.take();
                self.states.push(State::DocumentEnd);
                self.state = State::DocumentContent;
                event(Data::DocumentStart, start, end)
            }
            _ if implicit => {
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                event(Data::DocumentStart, start, start)
            }
            _ => Err(parser_error("did not find expected <document start>", start)),
        }
    }

    fn read_directives(&mut self) -> Result<(), Error> {
        self.directives.clear();
        let mut versions = 0;
        loop {
            let (kind, start, _) = self.look()?;
            match kind {
                Kind::Version(major, minor) => {
                    if versions > 0 {
                        return Err(parser_error("found duplicate %YAML directive", start));
                    }
                    if (*major, *minor) != (1, 1) {
                        return Err(parser_error("found incompatible YAML document", start));
                    }
                    versions += 1;
                    self.scanner.take();
                }
                Kind::TagDirective(..) => {
                    if let Some(super::scan::Token {
                        kind: Kind::TagDirective(handle, prefix),
                        ..
                    }) = self.scanner.take()
                    {
                        if self.directives.iter().any(|(known, _)| *known == handle) {
                            return Err(parser_error("found duplicate %TAG directive", start));
                        }
                        self.directives.push((handle, prefix));
                    }
                }
                _ => return Ok(()),
            }
        }
    }

    fn document_content(&mut self) -> Parsed<'a> {
        let (kind, start, _) = self.look()?;
        match kind {
            Kind::Version(..)
            | Kind::TagDirective(..)
            | Kind::DocumentStart
            | Kind::DocumentEnd
            | Kind::StreamEnd => {
                self.pop();
                Self::empty(start)
            }
            _ => self.node(true, false),
        }
    }

    fn document_end(&mut self) -> Parsed<'a> {
        let (kind, start, end) = self.look()?;
        if matches!(kind, Kind::DocumentEnd) {
            self.scanner.take();
        }
        self.directives.clear();
        self.state = State::DocumentStart;
        event(Data::DocumentEnd, start, end)
    }

    fn resolve_tag(
        &self,
        handle: &str,
        suffix: Cow<'a, str>,
        mark: Mark,
    ) -> Result<Cow<'a, str>, Error> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        let known = self.directives.iter().find(|(known, _)| *known == handle);
        let prefix = match (known, handle) {
            (Some((_, prefix)), _) => prefix,
            (None, "!") => "!",
            (None, "!!") => "tag:yaml.org,2002:",
            _ => return Err(parser_error("found undefined tag handle", mark)),
        };
        Ok(Cow::Owned(format!("{prefix}{suffix}")))
    }

    fn node(&mut self, block: bool, indentless: bool) -> Parsed<'a> {
        let (kind, start, end) = self.look()?;
        if let Kind::Alias(name) = *kind {
            self.scanner.take();
            self.pop();
            return event(Data::Alias(name), start, end);
        }
        let mut anchor = None;
        let mut tag = None;
        let mut last = start;
        loop {
            let (kind, mark, end) = self.look()?;
            match kind {
                Kind::Anchor(name) if anchor.is_none() => {
                    anchor = Some(*name);
                    self.scanner.take();
                }
                Kind::Tag(..) if tag.is_none() => {
                    if let Some(super::scan::Token { kind: Kind::Tag(handle, suffix), .. }) =
                        self.scanner.take()
                    {
                        tag = Some((handle, suffix, mark));
                    }
                }
                _ => break,
            }
            last = end;
        }
        let tag = match tag {
            Some((handle, suffix, mark)) => Some(self.resolve_tag(handle, suffix, mark)?),
            None => None,
        };
        let (kind, mark, end) = self.look()?;
        match kind {
            Kind::BlockEntry if indentless => {
                self.state = State::IndentlessSequenceEntry;
                event(Data::SequenceStart(anchor), start, end)
            }
            Kind::Scalar(..) => {
                self.pop();
                let Some(super::scan::Token { kind: Kind::Scalar(value, plain), .. }) =
                    self.scanner.take()
                else {
                    return Self::empty(mark);
                };
                event(Data::Scalar { anchor, tag, value, plain }, start, end)
            }
            Kind::FlowSequenceStart => {
                self.state = State::FlowSequenceFirst;
                event(Data::SequenceStart(anchor), start, end)
            }
            Kind::FlowMappingStart => {
                self.state = State::FlowMappingFirst;
                event(Data::MappingStart(anchor), start, end)
            }
            Kind::BlockSequenceStart if block => {
                self.state = State::BlockSequenceFirst;
                event(Data::SequenceStart(anchor), start, end)
            }
            Kind::BlockMappingStart if block => {
                self.state = State::BlockMappingFirst;
                event(Data::MappingStart(anchor), start, end)
            }
            _ if anchor.is_some() || tag.is_some() => {
                self.pop();
                let data = Data::Scalar { anchor, tag, value: Cow::Borrowed(""), plain: true };
                event(data, start, last)
            }
            _ => Err(parser_error("did not find expected node content", mark)),
        }
    }

    fn block_sequence_entry(&mut self, first: bool) -> Parsed<'a> {
        if first {
            self.look()?;
            self.scanner.take();
        }
        let (kind, start, end) = self.look()?;
        match kind {
            Kind::BlockEntry => {
                self.scanner.take();
                if matches!(self.look()?.0, Kind::BlockEntry | Kind::BlockEnd) {
                    self.state = State::BlockSequenceEntry;
                    return Self::empty(end);
                }
                self.states.push(State::BlockSequenceEntry);
                self.node(true, false)
            }
            Kind::BlockEnd => {
                self.scanner.take();
                self.pop();
                event(Data::SequenceEnd, start, end)
            }
            _ => Err(parser_error("did not find expected '-' indicator", start)),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Parsed<'a> {
        let (kind, start, end) = self.look()?;
        if !matches!(kind, Kind::BlockEntry) {
            self.pop();
            return event(Data::SequenceEnd, start, start);
        }
        self.scanner.take();
        if matches!(self.look()?.0, Kind::BlockEntry | Kind::Key | Kind::Value | Kind::BlockEnd) {
            self.state = State::IndentlessSequenceEntry;
            return Self::empty(end);
        }
        self.states.push(State::IndentlessSequenceEntry);
        self.node(true, false)
    }

    fn block_mapping_key(&mut self, first: bool) -> Parsed<'a> {
        if first {
            self.look()?;
            self.scanner.take();
        }
        let (kind, start, end) = self.look()?;
        match kind {
            Kind::Key => {
                self.scanner.take();
                if matches!(self.look()?.0, Kind::Key | Kind::Value | Kind::BlockEnd) {
                    self.state = State::BlockMappingValue;
                    return Self::empty(end);
                }
                self.states.push(State::BlockMappingValue);
                self.node(true, true)
            }
            Kind::BlockEnd => {
                self.scanner.take();
                self.pop();
                event(Data::MappingEnd, start, end)
            }
            _ => Err(parser_error("did not find expected key", start)),
        }
    }

    fn block_mapping_value(&mut self) -> Parsed<'a> {
        let (kind, start, end) = self.look()?;
        if !matches!(kind, Kind::Value) {
            self.state = State::BlockMappingKey;
            return Self::empty(start);
        }
        self.scanner.take();
        if matches!(self.look()?.0, Kind::Key | Kind::Value | Kind::BlockEnd) {
            self.state = State::BlockMappingKey;
            return Self::empty(end);
        }
        self.states.push(State::BlockMappingKey);
        self.node(true, true)
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Parsed<'a> {
        if first {
            self.look()?;
            self.scanner.take();
        }
        if !matches!(self.look()?.0, Kind::FlowSequenceEnd) {
            if !first {
                let (kind, start, _) = self.look()?;
                if !matches!(kind, Kind::FlowEntry) {
                    return Err(parser_error("did not find expected ',' or ']'", start));
                }
                self.scanner.take();
            }
            let (kind, start, end) = self.look()?;
            match kind {
                Kind::Key => {
                    self.scanner.take();
                    self.state = State::FlowPairKey;
                    return event(Data::MappingStart(None), start, end);
                }
                Kind::FlowSequenceEnd => {}
                _ => {
                    self.states.push(State::FlowSequenceEntry);
                    return self.node(false, false);
                }
            }
        }
        let (_, start, end) = self.look()?;
        self.scanner.take();
        self.pop();
        event(Data::SequenceEnd, start, end)
    }

    fn flow_pair_key(&mut self) -> Parsed<'a> {
        let (kind, _, end) = self.look()?;
        if matches!(kind, Kind::Value | Kind::FlowEntry | Kind::FlowSequenceEnd) {
            // The token is lost here, in libyaml and in all that come from it.
            self.scanner.take();
            self.state = State::FlowPairValue;
            return Self::empty(end);
        }
        self.states.push(State::FlowPairValue);
        self.node(false, false)
    }

    fn flow_pair_value(&mut self) -> Parsed<'a> {
        if matches!(self.look()?.0, Kind::Value) {
            self.scanner.take();
            if !matches!(self.look()?.0, Kind::FlowEntry | Kind::FlowSequenceEnd) {
                self.states.push(State::FlowPairEnd);
                return self.node(false, false);
            }
        }
        let (_, start, _) = self.look()?;
        self.state = State::FlowPairEnd;
        Self::empty(start)
    }

    fn flow_mapping_key(&mut self, first: bool) -> Parsed<'a> {
        if first {
            self.look()?;
            self.scanner.take();
        }
        if !matches!(self.look()?.0, Kind::FlowMappingEnd) {
            if !first {
                let (kind, start, _) = self.look()?;
                if !matches!(kind, Kind::FlowEntry) {
                    return Err(parser_error("did not find expected ',' or '}'", start));
                }
                self.scanner.take();
            }
            match self.look()?.0 {
                Kind::Key => {
                    self.scanner.take();
                    let (kind, start, _) = self.look()?;
                    if !matches!(kind, Kind::Value | Kind::FlowEntry | Kind::FlowMappingEnd) {
                        self.states.push(State::FlowMappingValue);
                        return self.node(false, false);
                    }
                    self.state = State::FlowMappingValue;
                    return Self::empty(start);
                }
                Kind::FlowMappingEnd => {}
                _ => {
                    self.states.push(State::FlowMappingEmptyValue);
                    return self.node(false, false);
                }
            }
        }
        let (_, start, end) = self.look()?;
        self.scanner.take();
        self.pop();
        event(Data::MappingEnd, start, end)
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Parsed<'a> {
        if !empty && matches!(self.look()?.0, Kind::Value) {
            self.scanner.take();
            if !matches!(self.look()?.0, Kind::FlowEntry | Kind::FlowMappingEnd) {
                self.states.push(State::FlowMappingKey);
                return self.node(false, false);
            }
        }
        let (_, start, _) = self.look()?;
        self.state = State::FlowMappingKey;
        Self::empty(start)
    }
}
