use std::borrow::Cow;
use std::collections::VecDeque;

use super::error::Error;

/// The deepest nesting of flow collections, and of indents.
const MAX_DEPTH: usize = 10_000;
/// How far behind the start of a key, in characters, its colon may stand.
const MAX_KEY_LENGTH: usize = 1024;

/// A place in the text, counted from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) offset: usize,
}

#[derive(Debug)]
pub(super) struct Token<'a> {
    pub(super) kind: Kind<'a>,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

#[derive(Debug)]
pub(super) enum Kind<'a> {
    StreamEnd,
    /// `%YAML major.minor`
    Version(u32, u32),
    /// `%TAG handle prefix`
    TagDirective(&'a str, Cow<'a, str>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(&'a str),
    Anchor(&'a str),
    /// Handle and suffix.
    Tag(&'a str, Cow<'a, str>),
    /// Text, and whether it is plain.
    Scalar(Cow<'a, str>, bool),
}

#[derive(Clone, Copy, Default)]
struct SimpleKey {
    possible: bool,
    /// Where a block mapping must go on, so that nothing but a key may stand here.
    required: bool,
    token_number: usize,
    mark: Mark,
    /// The reader no longer waits to see whether this becomes a key. So it is, in go-yaml, for a
    /// flow collection in which no key could start, like `{}`.
    forgotten: bool,
    /// No key was possible yet on this level.
    unused: bool,
}

/// The tokens of YAML 1.1, as libyaml and its descendants have them.
pub(super) struct Scanner<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: usize,
    column: usize,
    tokens: VecDeque<Token<'a>>,
    tokens_parsed: usize,
    flow_level: usize,
    indent: isize,
    indents: Vec<isize>,
    simple_key_allowed: bool,
    /// One for each flow level and one for the block context.
    simple_keys: Vec<SimpleKey>,
    /// On so many of the outer levels no key is possible now.
    settled: usize,
    ended: bool,
}

type Scanned<T = ()> = Result<T, Error>;

/// Reads the block scalar whose `|` or `>` stands at `at`, in a collection that stands at `indent`.
/// Returns its text and the start of the line after it.
pub(super) fn block_scalar(text: &str, at: usize, indent: usize) -> Option<(String, usize)> {
    let mut scanner = Scanner::new(text);
    scanner.at = at;
    scanner.indent = indent as isize;
    scanner.fetch_block_scalar(scanner.byte(0) == b'|').ok()?;
    let Kind::Scalar(scalar, _) = scanner.tokens.pop_back()?.kind else { return None };
    // The indent of the next line is read already.
    let next = if scanner.at_end() { text.len() } else { scanner.at - scanner.column };
    Some((scalar.into_owned(), next))
}

/// Reads the quoted scalar whose first quote stands at `at`. Returns its text and its end.
pub(super) fn quoted_scalar(text: &str, at: usize) -> Option<(String, usize)> {
    let mut scanner = Scanner::new(text);
    scanner.at = at;
    scanner.fetch_quoted(scanner.byte(0)).ok()?;
    let Kind::Scalar(scalar, _) = scanner.tokens.pop_back()?.kind else { return None };
    Some((scalar.into_owned(), scanner.at))
}

impl<'a> Scanner<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let mut scanner = Scanner {
            text,
            bytes: text.as_bytes(),
            at: 0,
            line: 0,
            column: 0,
            tokens: VecDeque::with_capacity(16),
            tokens_parsed: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::with_capacity(16),
            simple_key_allowed: true,
            simple_keys: vec![SimpleKey::default()],
            settled: 0,
            ended: false,
        };
        if text.starts_with('\u{feff}') {
            scanner.at = 3;
        }
        scanner
    }

    /// Returns the offset reached so far.
    pub(super) fn offset(&self) -> usize {
        self.at
    }

    /// Returns the next token without taking it. After the end of the stream that is the end.
    pub(super) fn peek(&mut self) -> Scanned<&Token<'a>> {
        // At the end, too, a key that should have come is missed.
        while self.needs_more()? && !self.ended {
            self.fetch()?;
        }
        match self.tokens.front() {
            Some(_) => Ok(&self.tokens[0]),
            None => Err(self.error("did not find expected token")),
        }
    }

    /// Takes the token that [`Scanner::peek`] showed.
    pub(super) fn take(&mut self) -> Option<Token<'a>> {
        if matches!(self.tokens.front()?.kind, Kind::StreamEnd) {
            return None;
        }
        self.tokens_parsed += 1;
        self.tokens.pop_front()
    }

    fn needs_more(&mut self) -> Scanned<bool> {
        if self.tokens.is_empty() {
            return Ok(true);
        }
        // The head may still turn out to be a key, and then a token goes before it.
        for i in self.settled..self.simple_keys.len() {
            let key = &self.simple_keys[i];
            if !key.possible || key.forgotten {
                if i == self.settled && !key.possible {
                    self.settled += 1;
                }
                continue;
            }
            if key.token_number == self.tokens_parsed {
                return self.is_valid(i);
            }
            // Inner keys have later tokens.
            if key.token_number > self.tokens_parsed {
                break;
            }
        }
        Ok(false)
    }

    /// Returns whether the simple key of level `i` can still become one.
    fn is_valid(&mut self, i: usize) -> Scanned<bool> {
        let key = self.simple_keys[i];
        if !key.possible {
            return Ok(false);
        }
        if key.mark.line < self.line || key.mark.column + MAX_KEY_LENGTH < self.column {
            if key.required {
                return Err(self.error("could not find expected ':'"));
            }
            self.simple_keys[i].possible = false;
            return Ok(false);
        }
        Ok(true)
    }

    fn error(&self, message: &str) -> Error {
        let mut error = Error::plain(message).at(self.line + 1, self.column + 1);
        error.offset = self.at;
        // The first line goes without its number.
        error.printed_line =
            if self.line == 0 { 0 } else { u32::try_from(self.line + 1).unwrap_or(u32::MAX) };
        error
    }

    fn mark(&self) -> Mark {
        Mark { line: self.line, column: self.column, offset: self.at }
    }

    fn byte(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Returns the length in bytes of the line break at `at`; 0 if there is none. CRLF is one.
    fn break_length(&self, at: usize) -> usize {
        match self.bytes.get(at) {
            Some(b'\r') if self.bytes.get(at + 1) == Some(&b'\n') => 2,
            Some(b'\n' | b'\r') => 1,
            Some(0xc2) if self.bytes.get(at + 1) == Some(&0x85) => 2,
            Some(0xe2)
                if self.bytes.get(at + 1) == Some(&0x80)
                    && matches!(self.bytes.get(at + 2), Some(0xa8 | 0xa9)) =>
            {
                3
            }
            _ => 0,
        }
    }

    fn is_break(&self) -> bool {
        self.break_length(self.at) > 0
    }

    fn is_blank(&self) -> bool {
        matches!(self.bytes.get(self.at), Some(b' ' | b'\t'))
    }

    /// Returns whether a blank, a line break or the end is `ahead` bytes on.
    fn is_blankz(&self, ahead: usize) -> bool {
        match self.bytes.get(self.at + ahead) {
            None | Some(b' ' | b'\t') => true,
            Some(_) => self.break_length(self.at + ahead) > 0,
        }
    }

    /// Moves over one character that is no line break.
    fn skip(&mut self) {
        self.at += 1;
        while self.bytes.get(self.at).is_some_and(|b| b & 0xc0 == 0x80) {
            self.at += 1;
        }
        self.column += 1;
    }

    /// Moves over the line break here, if there is one.
    fn skip_line(&mut self) {
        let length = self.break_length(self.at);
        if length > 0 {
            self.at += length;
            self.column = 0;
            self.line += 1;
        }
    }

    /// Moves over the line break here and adds it, as LF unless it is a Unicode separator.
    fn read_line(&mut self, out: &mut String) {
        match self.break_length(self.at) {
            0 => return,
            3 => out.push_str(&self.text[self.at..self.at + 3]),
            _ => out.push('\n'),
        }
        self.skip_line();
    }

    /// Moves to `end`, on the same line.
    fn advance(&mut self, end: usize) {
        self.column += count_chars(&self.bytes[self.at..end]);
        self.at = end;
    }

    fn push(&mut self, kind: Kind<'a>, start: Mark) {
        let end = self.mark();
        self.tokens.push_back(Token { kind, start, end });
    }

    fn fetch(&mut self) -> Scanned {
        self.skip_to_token();
        self.unroll_indent(self.column as isize);
        if self.at_end() {
            return self.fetch_stream_end();
        }
        let byte = self.byte(0);
        if self.column == 0 {
            if byte == b'%' {
                return self.fetch_directive();
            }
            if (byte == b'-' || byte == b'.')
                && self.byte(1) == byte
                && self.byte(2) == byte
                && self.is_blankz(3)
            {
                let kind = if byte == b'-' { Kind::DocumentStart } else { Kind::DocumentEnd };
                return self.fetch_document_indicator(kind);
            }
        }
        let flow = self.flow_level > 0;
        match byte {
            b'[' => self.fetch_flow_start(Kind::FlowSequenceStart),
            b'{' => self.fetch_flow_start(Kind::FlowMappingStart),
            b']' => self.fetch_flow_end(Kind::FlowSequenceEnd),
            b'}' => self.fetch_flow_end(Kind::FlowMappingEnd),
            b',' => self.fetch_flow_entry(),
            b'-' if self.is_blankz(1) => self.fetch_block_entry(),
            b'?' if flow || self.is_blankz(1) => self.fetch_key(),
            b':' if flow || self.is_blankz(1) => self.fetch_value(),
            b'*' | b'&' => self.fetch_anchor(byte == b'*'),
            b'!' => self.fetch_tag(),
            b'|' | b'>' if !flow => self.fetch_block_scalar(byte == b'|'),
            b'\'' | b'"' => self.fetch_quoted(byte),
            b'#' | b'|' | b'>' | b'%' | b'@' | b'`' | b'\t' => {
                Err(self.error("found character that cannot start any token"))
            }
            _ => self.fetch_plain(),
        }
    }

    fn skip_to_token(&mut self) {
        loop {
            if self.column == 0 && self.bytes[self.at..].starts_with("\u{feff}".as_bytes()) {
                self.skip();
            }
            let tabs = self.flow_level > 0 || !self.simple_key_allowed;
            let rest = &self.bytes[self.at..];
            let blanks = rest.iter().take_while(|b| **b == b' ' || tabs && **b == b'\t').count();
            self.at += blanks;
            self.column += blanks;
            if self.byte(0) == b'#' {
                self.skip_comment();
            }
            if !self.is_break() {
                return;
            }
            self.skip_line();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    fn skip_comment(&mut self) {
        let end = self.find_break(self.at);
        self.advance(end);
    }

    /// Returns the offset of the first line break from `from` on, or of the end.
    fn find_break(&self, mut from: usize) -> usize {
        while from < self.bytes.len() {
            match self.bytes[from] {
                b'\n' | b'\r' => return from,
                0xc2 | 0xe2 if self.break_length(from) > 0 => return from,
                _ => from += 1,
            }
        }
        from
    }

    fn save_simple_key(&mut self) -> Scanned {
        if self.simple_key_allowed {
            let key = SimpleKey {
                possible: true,
                required: self.flow_level == 0 && self.indent == self.column as isize,
                token_number: self.tokens_parsed + self.tokens.len(),
                mark: self.mark(),
                forgotten: false,
                unused: false,
            };
            self.remove_simple_key()?;
            self.settled = self.settled.min(self.simple_keys.len() - 1);
            if let Some(slot) = self.simple_keys.last_mut() {
                *slot = key;
            }
        }
        Ok(())
    }

    fn remove_simple_key(&mut self) -> Scanned {
        let Some(key) = self.simple_keys.last_mut() else { return Ok(()) };
        if key.possible && key.required {
            return Err(self.error("could not find expected ':'"));
        }
        key.possible = false;
        Ok(())
    }

    /// Opens a block collection at `column`, before token `number` or at the end.
    fn roll_indent(
        &mut self,
        column: usize,
        number: Option<usize>,
        kind: Kind<'a>,
        mark: Mark,
    ) -> Scanned {
        if self.flow_level > 0 || self.indent >= column as isize {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column as isize;
        if self.indents.len() > MAX_DEPTH {
            return Err(self.error(&format!("exceeded max depth of {MAX_DEPTH}")));
        }
        let token = Token { kind, start: mark, end: mark };
        match number {
            None => self.tokens.push_back(token),
            Some(number) => {
                self.insert(number, token);
            }
        }
        Ok(())
    }

    /// Puts a token before token `number`, or at the end when that one is taken already.
    fn insert(&mut self, number: usize, token: Token<'a>) {
        let i = number.checked_sub(self.tokens_parsed).unwrap_or(self.tokens.len());
        self.tokens.insert(i.min(self.tokens.len()), token);
    }

    fn unroll_indent(&mut self, column: isize) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            self.push(Kind::BlockEnd, self.mark());
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn fetch_stream_end(&mut self) -> Scanned {
        if self.column != 0 {
            self.column = 0;
            self.line += 1;
        }
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        self.push(Kind::StreamEnd, self.mark());
        self.ended = true;
        Ok(())
    }

    fn fetch_document_indicator(&mut self, kind: Kind<'a>) -> Scanned {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.advance(self.at + 3);
        self.push(kind, start);
        Ok(())
    }

    fn single(&mut self, kind: Kind<'a>) {
        let start = self.mark();
        self.skip();
        self.push(kind, start);
    }

    fn fetch_flow_start(&mut self, kind: Kind<'a>) -> Scanned {
        self.save_simple_key()?;
        self.simple_keys.push(SimpleKey { unused: true, ..SimpleKey::default() });
        self.flow_level += 1;
        if self.flow_level > MAX_DEPTH {
            return Err(self.error(&format!("exceeded max depth of {MAX_DEPTH}")));
        }
        self.simple_key_allowed = true;
        self.single(kind);
        Ok(())
    }

    fn fetch_flow_end(&mut self, kind: Kind<'a>) -> Scanned {
        self.remove_simple_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let unused = self.simple_keys.pop().is_some_and(|key| key.unused);
            self.settled = self.settled.min(self.simple_keys.len());
            if let Some(outer) = self.simple_keys.last_mut() {
                outer.forgotten |= unused;
            }
        }
        self.simple_key_allowed = false;
        self.single(kind);
        Ok(())
    }

    fn fetch_flow_entry(&mut self) -> Scanned {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.single(Kind::FlowEntry);
        Ok(())
    }

    /// Begins a block collection here, unless one is open at this column or braces surround it.
    fn open_block(&mut self, kind: Kind<'a>, refusal: &'static str) -> Scanned {
        if self.flow_level == 0 {
            if !self.simple_key_allowed {
                return Err(self.error(refusal));
            }
            self.roll_indent(self.column, None, kind, self.mark())?;
        }
        Ok(())
    }

    fn fetch_block_entry(&mut self) -> Scanned {
        self.open_block(
            Kind::BlockSequenceStart,
            "block sequence entries are not allowed in this context",
        )?;
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        self.single(Kind::BlockEntry);
        Ok(())
    }

    fn fetch_key(&mut self) -> Scanned {
        self.open_block(Kind::BlockMappingStart, "mapping keys are not allowed in this context")?;
        self.remove_simple_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.single(Kind::Key);
        Ok(())
    }

    fn fetch_value(&mut self) -> Scanned {
        let level = self.simple_keys.len() - 1;
        if self.is_valid(level)? {
            let SimpleKey { token_number, mark, .. } = self.simple_keys[level];
            self.insert(token_number, Token { kind: Kind::Key, start: mark, end: mark });
            self.roll_indent(mark.column, Some(token_number), Kind::BlockMappingStart, mark)?;
            self.simple_keys[level].possible = false;
            self.simple_key_allowed = false;
        } else {
            self.open_block(
                Kind::BlockMappingStart,
                "mapping values are not allowed in this context",
            )?;
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.single(Kind::Value);
        Ok(())
    }

    fn fetch_anchor(&mut self, alias: bool) -> Scanned {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.skip();
        let name = self.word();
        let ends = self.is_blankz(0)
            || matches!(self.byte(0), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return Err(self.error("did not find expected alphabetic or numeric character"));
        }
        self.push(if alias { Kind::Alias(name) } else { Kind::Anchor(name) }, start);
        Ok(())
    }

    /// Takes letters, digits, `_` and `-`.
    fn word(&mut self) -> &'a str {
        let rest = &self.bytes[self.at..];
        let length = rest.iter().take_while(|b| is_word(**b)).count();
        let word = &self.text[self.at..self.at + length];
        self.at += length;
        self.column += length;
        word
    }

    fn fetch_directive(&mut self) -> Scanned {
        self.unroll_indent(-1);
        self.remove_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.skip();
        let name = self.word();
        if name.is_empty() {
            return Err(self.error("could not find expected directive name"));
        }
        if !self.is_blankz(0) {
            return Err(self.error("found unexpected non-alphabetical character"));
        }
        let kind = match name {
            "YAML" => {
                self.skip_blanks();
                let major = self.version_number()?;
                if self.byte(0) != b'.' {
                    return Err(self.error("did not find expected digit or '.' character"));
                }
                self.skip();
                Kind::Version(major, self.version_number()?)
            }
            "TAG" => {
                self.skip_blanks();
                let handle = self.tag_handle(true)?;
                if !self.is_blank() {
                    return Err(self.error("did not find expected whitespace"));
                }
                self.skip_blanks();
                let prefix = self.tag_uri("")?;
                if !self.is_blankz(0) {
                    return Err(self.error("did not find expected whitespace or line break"));
                }
                Kind::TagDirective(handle, prefix)
            }
            _ => return Err(self.error("found unknown directive name")),
        };
        let token_end = self.mark();
        self.skip_blanks();
        if self.byte(0) == b'#' {
            self.skip_comment();
        }
        if !self.at_end() && !self.is_break() {
            return Err(self.error("did not find expected comment or line break"));
        }
        self.skip_line();
        self.tokens.push_back(Token { kind, start, end: token_end });
        Ok(())
    }

    fn skip_blanks(&mut self) {
        while self.is_blank() {
            self.skip();
        }
    }

    fn version_number(&mut self) -> Scanned<u32> {
        let mut number = 0;
        let mut length = 0;
        while self.byte(0).is_ascii_digit() {
            length += 1;
            if length > 2 {
                return Err(self.error("found extremely long version number"));
            }
            number = number * 10 + u32::from(self.byte(0) - b'0');
            self.skip();
        }
        if length == 0 {
            return Err(self.error("did not find expected version number"));
        }
        Ok(number)
    }

    fn fetch_tag(&mut self) -> Scanned {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        let (handle, suffix) = if self.byte(1) == b'<' {
            self.advance(self.at + 2);
            let suffix = self.tag_uri("")?;
            if self.byte(0) != b'>' {
                return Err(self.error("did not find the expected '>'"));
            }
            self.skip();
            ("", suffix)
        } else {
            let handle = self.tag_handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                (handle, self.tag_uri("")?)
            } else {
                let suffix = self.tag_uri(handle)?;
                // A lone `!` is a tag without a handle.
                if suffix.is_empty() { ("", Cow::Borrowed("!")) } else { ("!", suffix) }
            }
        };
        if !self.is_blankz(0) {
            return Err(self.error("did not find expected whitespace or line break"));
        }
        self.push(Kind::Tag(handle, suffix), start);
        Ok(())
    }

    fn tag_handle(&mut self, directive: bool) -> Scanned<&'a str> {
        if self.byte(0) != b'!' {
            return Err(self.error("did not find expected '!'"));
        }
        let start = self.at;
        self.skip();
        self.word();
        if self.byte(0) == b'!' {
            self.skip();
        } else if directive && self.at != start + 1 {
            return Err(self.error("did not find expected '!'"));
        }
        Ok(&self.text[start..self.at])
    }

    /// Takes a URI that goes on after `head`, whose first character does not belong to it.
    fn tag_uri(&mut self, head: &str) -> Scanned<Cow<'a, str>> {
        let mut out = Vec::from(head.as_bytes().get(1..).unwrap_or_default());
        let start = self.at;
        let mut escaped = false;
        loop {
            match self.byte(0) {
                b'%' => {
                    escaped = true;
                    let digit = |b: u8| char::from(b).to_digit(16);
                    let (Some(high), Some(low)) = (digit(self.byte(1)), digit(self.byte(2))) else {
                        return Err(self.error("did not find URI escaped octet"));
                    };
                    out.push((high * 16 + low) as u8);
                    self.advance(self.at + 3);
                }
                byte if is_word(byte)
                    || matches!(
                        byte,
                        b';' | b'/'
                            | b'?'
                            | b':'
                            | b'@'
                            | b'&'
                            | b'='
                            | b'+'
                            | b'$'
                            | b','
                            | b'.'
                            | b'!'
                            | b'~'
                            | b'*'
                            | b'\''
                            | b'('
                            | b')'
                            | b'['
                            | b']'
                    ) =>
                {
                    out.push(byte);
                    self.skip();
                }
                _ => break,
            }
        }
        if start == self.at && head.is_empty() {
            return Err(self.error("did not find expected tag URI"));
        }
        if head.len() <= 1 && !escaped {
            return Ok(Cow::Borrowed(&self.text[start..self.at]));
        }
        match String::from_utf8(out) {
            Ok(text) => Ok(Cow::Owned(text)),
            Err(_) => Err(self.error("found an incorrect trailing UTF-8 octet")),
        }
    }

    fn fetch_block_scalar(&mut self, literal: bool) -> Scanned {
        self.remove_simple_key()?;
        self.simple_key_allowed = true;
        let start = self.mark();
        self.skip();
        let mut keep = None;
        let mut increment = 0;
        for _ in 0..2 {
            match self.byte(0) {
                sign @ (b'+' | b'-') if keep.is_none() => keep = Some(sign == b'+'),
                b'0' if increment == 0 => {
                    return Err(self.error("found an indentation indicator equal to 0"));
                }
                digit @ b'1'..=b'9' if increment == 0 => increment = usize::from(digit - b'0'),
                _ => break,
            }
            self.skip();
        }
        self.skip_blanks();
        if self.byte(0) == b'#' {
            self.skip_comment();
        }
        if !self.at_end() && !self.is_break() {
            return Err(self.error("did not find expected comment or line break"));
        }
        self.skip_line();

        let parent = self.indent.max(0) as usize;
        let mut indent = if increment > 0 { parent + increment } else { 0 };
        let mut text = String::new();
        let mut leading_break = String::new();
        let mut breaks = String::new();
        let mut end = self.mark();
        self.block_breaks(&mut indent, &mut breaks, &mut end)?;
        let mut after_blank = false;
        while self.column == indent && !self.at_end() {
            let blank = self.is_blank();
            if !literal && leading_break.starts_with('\n') && !after_blank && !blank {
                if breaks.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(&leading_break);
            }
            leading_break.clear();
            text.push_str(&breaks);
            breaks.clear();
            after_blank = blank;
            let line_end = self.find_break(self.at);
            text.push_str(&self.text[self.at..line_end]);
            if self.bytes.get(line_end) == Some(&b'\n') {
                // The usual end of a line: nobody asks for the column there.
                self.at = line_end + 1;
                self.line += 1;
                self.column = 0;
                leading_break.push('\n');
            } else {
                self.advance(line_end);
                self.read_line(&mut leading_break);
            }
            self.block_breaks(&mut indent, &mut breaks, &mut end)?;
        }
        if keep != Some(false) {
            text.push_str(&leading_break);
        }
        if keep == Some(true) {
            text.push_str(&breaks);
        }
        self.tokens.push_back(Token { kind: Kind::Scalar(Cow::Owned(text), false), start, end });
        Ok(())
    }

    /// Takes empty lines and indentation inside a block scalar; finds the indent if it is 0.
    fn block_breaks(&mut self, indent: &mut usize, breaks: &mut String, end: &mut Mark) -> Scanned {
        let mut widest = 0;
        *end = self.mark();
        loop {
            while (*indent == 0 || self.column < *indent) && self.byte(0) == b' ' {
                self.at += 1;
                self.column += 1;
            }
            widest = widest.max(self.column);
            if (*indent == 0 || self.column < *indent) && self.byte(0) == b'\t' {
                return Err(
                    self.error("found a tab character where an indentation space is expected")
                );
            }
            if !self.is_break() {
                break;
            }
            self.read_line(breaks);
            *end = self.mark();
        }
        if *indent == 0 {
            *indent = widest.max((self.indent + 1).max(1) as usize);
        }
        Ok(())
    }

    fn fetch_quoted(&mut self, quote: u8) -> Scanned {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.skip();
        // Most quoted scalars are one piece without escapes.
        let from = self.at;
        let rest = &self.bytes[from..];
        let plain = rest
            .iter()
            .position(|b| *b == quote || matches!(b, b'\\' | b'\n' | b'\r' | 0xc2 | 0xe2))
            .unwrap_or(rest.len());
        if rest.get(plain) == Some(&quote) && (quote == b'"' || rest.get(plain + 1) != Some(&quote))
        {
            self.advance(from + plain);
            self.skip();
            self.push(Kind::Scalar(Cow::Borrowed(&self.text[from..from + plain]), false), start);
            return Ok(());
        }
        let text = self.quoted(quote)?;
        self.push(Kind::Scalar(Cow::Owned(text), false), start);
        Ok(())
    }

    fn quoted(&mut self, quote: u8) -> Scanned<String> {
        let mut text = String::new();
        let mut breaks = String::new();
        loop {
            if self.column == 0
                && matches!(self.byte(0), b'-' | b'.')
                && self.byte(1) == self.byte(0)
                && self.byte(2) == self.byte(0)
                && self.is_blankz(3)
            {
                return Err(self.error("found unexpected document indicator"));
            }
            if self.at_end() {
                return Err(self.error("found unexpected end of stream"));
            }
            let mut leading_blanks = false;
            while !self.is_blankz(0) {
                let byte = self.byte(0);
                if byte == quote {
                    if quote == b'"' || self.byte(1) != quote {
                        self.skip();
                        return Ok(text);
                    }
                    text.push('\'');
                    self.advance(self.at + 2);
                } else if byte == b'\\' && quote == b'"' {
                    if self.break_length(self.at + 1) > 0 {
                        self.skip();
                        self.skip_line();
                        leading_blanks = true;
                        break;
                    }
                    self.escape(&mut text)?;
                } else {
                    let from = self.at;
                    self.skip();
                    text.push_str(&self.text[from..self.at]);
                }
            }
            let blanks = self.at;
            let mut blanks_end = self.at;
            let mut first_break = String::new();
            breaks.clear();
            loop {
                if self.is_blank() {
                    self.skip();
                    if !leading_blanks {
                        blanks_end = self.at;
                    }
                } else if self.is_break() {
                    if leading_blanks {
                        self.read_line(&mut breaks);
                    } else {
                        self.read_line(&mut first_break);
                        leading_blanks = true;
                    }
                } else {
                    break;
                }
            }
            if leading_blanks {
                join_lines(&mut text, &first_break, &breaks);
            } else {
                text.push_str(&self.text[blanks..blanks_end]);
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Scanned {
        let (character, digits) = match self.byte(1) {
            b'0' => ('\0', 0),
            b'a' => ('\u{7}', 0),
            b'b' => ('\u{8}', 0),
            b't' | b'\t' => ('\t', 0),
            b'n' => ('\n', 0),
            b'v' => ('\u{b}', 0),
            b'f' => ('\u{c}', 0),
            b'r' => ('\r', 0),
            b'e' => ('\u{1b}', 0),
            b' ' => (' ', 0),
            b'"' => ('"', 0),
            b'\'' => ('\'', 0),
            b'\\' => ('\\', 0),
            b'N' => ('\u{85}', 0),
            b'_' => ('\u{a0}', 0),
            b'L' => ('\u{2028}', 0),
            b'P' => ('\u{2029}', 0),
            b'x' => (' ', 2),
            b'u' => (' ', 4),
            b'U' => (' ', 8),
            _ => return Err(self.error("found unknown escape character")),
        };
        self.advance(self.at + 2);
        if digits == 0 {
            text.push(character);
            return Ok(());
        }
        let mut code: u32 = 0;
        for i in 0..digits {
            let Some(digit) = char::from(self.byte(i)).to_digit(16) else {
                return Err(self.error("did not find expected hexdecimal number"));
            };
            code = (code << 4) | digit;
        }
        let Some(character) = char::from_u32(code) else {
            return Err(self.error("found invalid Unicode character escape code"));
        };
        text.push(character);
        self.advance(self.at + digits);
        Ok(())
    }

    fn fetch_plain(&mut self) -> Scanned {
        self.save_simple_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        let mut end = start;
        let indent = (self.indent + 1).max(0) as usize;
        let flow = self.flow_level > 0;
        // The text is one slice as long as no line break has to be folded.
        let mut piece = self.at;
        let mut folded: Option<String> = None;
        let mut leading_blanks = false;
        let mut first_break = String::new();
        let mut breaks = String::new();
        loop {
            if self.column == 0
                && matches!(self.byte(0), b'-' | b'.')
                && self.byte(1) == self.byte(0)
                && self.byte(2) == self.byte(0)
                && self.is_blankz(3)
                || self.byte(0) == b'#'
            {
                break;
            }
            let from = self.at;
            let to = self.plain_end(flow);
            if to > from {
                if leading_blanks {
                    let text = folded.get_or_insert_with(String::new);
                    text.push_str(&self.text[piece..end.offset]);
                    join_lines(text, &first_break, &breaks);
                    first_break.clear();
                    breaks.clear();
                    leading_blanks = false;
                    piece = from;
                }
                self.advance(to);
                end = self.mark();
            }
            if !(self.is_blank() || self.is_break()) {
                break;
            }
            loop {
                if self.is_blank() {
                    if leading_blanks && self.column < indent && self.byte(0) == b'\t' {
                        return Err(self.error("found a tab character that violates indentation"));
                    }
                    self.skip();
                } else if self.is_break() {
                    if leading_blanks {
                        self.read_line(&mut breaks);
                    } else {
                        self.read_line(&mut first_break);
                        leading_blanks = true;
                    }
                } else {
                    break;
                }
            }
            if !flow && self.column < indent {
                break;
            }
        }
        let last = &self.text[piece..end.offset];
        let text = match folded {
            None => Cow::Borrowed(last),
            Some(mut text) => {
                text.push_str(last);
                Cow::Owned(text)
            }
        };
        self.tokens.push_back(Token { kind: Kind::Scalar(text, true), start, end });
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        Ok(())
    }

    /// Returns where the run of plain characters that starts here ends.
    fn plain_end(&self, flow: bool) -> usize {
        let mut at = self.at;
        while let Some(byte) = self.bytes.get(at) {
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' => break,
                b':' => {
                    let next = self.bytes.get(at + 1);
                    if matches!(next, None | Some(b' ' | b'\t')) || self.break_length(at + 1) > 0 {
                        break;
                    }
                }
                b',' | b'?' | b'[' | b']' | b'{' | b'}' if flow => break,
                0xc2 | 0xe2 if self.break_length(at) > 0 => break,
                _ => {}
            }
            at += 1;
        }
        at
    }
}

/// Joins two lines of a flow scalar: one break is a space, more lose the first.
fn join_lines(text: &mut String, first_break: &str, breaks: &str) {
    if first_break.starts_with('\n') {
        if breaks.is_empty() {
            text.push(' ');
        }
    } else {
        text.push_str(first_break);
    }
    text.push_str(breaks);
}

fn count_chars(bytes: &[u8]) -> usize {
    if bytes.is_ascii() {
        return bytes.len();
    }
    bytes.iter().filter(|b| **b & 0xc0 != 0x80).count()
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
