//! Template text to tokens, by the lexical rules of Go's text/template.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A lexical error; the message is in the lexer.
    Error,
    Bool,
    /// A printable ASCII character with no other meaning, such as `,`.
    Char,
    CharConstant,
    Complex,
    /// `=`
    Assign,
    /// `:=`
    Declare,
    Eof,
    /// `.name`
    Field,
    Identifier,
    LeftDelim,
    LeftParen,
    Number,
    Pipe,
    RawString,
    RightDelim,
    RightParen,
    Space,
    String,
    Text,
    /// `$name` or `$`
    Variable,
    Dot,
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl TokenKind {
    fn keyword(word: &[u8]) -> Option<TokenKind> {
        Some(match word {
            b"block" => TokenKind::Block,
            b"break" => TokenKind::Break,
            b"continue" => TokenKind::Continue,
            b"define" => TokenKind::Define,
            b"else" => TokenKind::Else,
            b"end" => TokenKind::End,
            b"if" => TokenKind::If,
            b"nil" => TokenKind::Nil,
            b"range" => TokenKind::Range,
            b"template" => TokenKind::Template,
            b"with" => TokenKind::With,
            _ => return None,
        })
    }

    /// Returns whether messages print the token as `<name>`.
    pub(super) fn is_keyword(self) -> bool {
        matches!(
            self,
            TokenKind::Dot
                | TokenKind::Block
                | TokenKind::Break
                | TokenKind::Continue
                | TokenKind::Define
                | TokenKind::Else
                | TokenKind::End
                | TokenKind::If
                | TokenKind::Nil
                | TokenKind::Range
                | TokenKind::Template
                | TokenKind::With
        )
    }
}

/// A token: its kind and its byte range in the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// Cuts one source text into tokens, on demand.
pub(super) struct Lexer<'a> {
    source: &'a [u8],
    start: usize,
    position: usize,
    inside_action: bool,
    after_delim: bool,
    paren_depth: u32,
    /// The message of the [`TokenKind::Error`] token, once there was one.
    pub(super) error: String,
    left: memchr::memmem::Finder<'static>,
}

const LEFT: &[u8] = b"{{";
const RIGHT: &[u8] = b"}}";
/// A trim marker is `-` and the white space beside it.
const TRIM_MARKER: usize = 2;

/// What an ASCII byte can be within an action.
const CLASS: [u8; 256] = {
    let mut class = [0; 256];
    let mut byte = 0;
    while byte < 128 {
        let b = byte as u8;
        if b == b'_' || b.is_ascii_alphanumeric() {
            class[byte] = WORD;
        } else if is_space(b) || matches!(b, b'.' | b',' | b'|' | b':' | b')' | b'(') {
            class[byte] = TERMINATOR;
        }
        byte += 1;
    }
    class
};

/// A letter, a digit or `_`.
const WORD: u8 = 1;

/// What may stand behind a word.
const TERMINATOR: u8 = 2;

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

fn is_alphanumeric(c: char) -> bool {
    use unicode_general_category::{GeneralCategory, get_general_category};
    if c.is_ascii() {
        return c == '_' || c.is_ascii_alphanumeric();
    }
    // Go's unicode.IsLetter and unicode.IsDigit.
    matches!(
        get_general_category(c),
        GeneralCategory::UppercaseLetter
            | GeneralCategory::LowercaseLetter
            | GeneralCategory::TitlecaseLetter
            | GeneralCategory::ModifierLetter
            | GeneralCategory::OtherLetter
            | GeneralCategory::DecimalNumber
    )
}

/// Returns the character at the start of `bytes` and its width; invalid UTF-8 is U+FFFD, one wide.
pub(super) fn decode_char(bytes: &[u8]) -> Option<(char, usize)> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some((char::from(first), 1));
    }
    let window = &bytes[..bytes.len().min(4)];
    let valid = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or_default(),
    };
    Some(valid.chars().next().map_or((char::REPLACEMENT_CHARACTER, 1), |c| (c, c.len_utf8())))
}

/// Prints a character as Go's `%#U` verb does: `U+002D '-'`.
fn describe_char(c: Option<char>) -> String {
    match c {
        // The lexer's end-of-file marker is rune -1.
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
        Some(c) if crate::template::gotmpl::quote::is_printable(c) => {
            format!("U+{:04X} '{c}'", u32::from(c))
        }
        Some(c) => format!("U+{:04X}", u32::from(c)),
    }
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &'a [u8]) -> Self {
        Lexer {
            source,
            start: 0,
            position: 0,
            inside_action: false,
            after_delim: false,
            paren_depth: 0,
            error: String::new(),
            left: memchr::memmem::Finder::new(LEFT),
        }
    }

    fn rest(&self) -> &'a [u8] {
        &self.source[self.position..]
    }

    fn peek(&self) -> Option<char> {
        decode_char(self.rest()).map(|(c, _)| c)
    }

    fn bump(&mut self) -> Option<char> {
        let (c, width) = decode_char(self.rest())?;
        self.position += width;
        Some(c)
    }

    fn accept(&mut self, set: &[u8]) -> bool {
        if self.rest().first().is_some_and(|b| set.contains(b)) {
            self.position += 1;
            return true;
        }
        false
    }

    fn accept_run(&mut self, set: &[u8]) {
        while self.accept(set) {}
    }

    fn emit(&mut self, kind: TokenKind) -> Token {
        let token = Token { kind, start: self.start as u32, end: self.position as u32 };
        self.start = self.position;
        token
    }

    fn fail(&mut self, message: impl Into<String>) -> Token {
        self.error = message.into();
        let token =
            Token { kind: TokenKind::Error, start: self.start as u32, end: self.start as u32 };
        // Nothing can follow an error.
        self.position = self.source.len();
        self.start = self.position;
        self.inside_action = false;
        token
    }

    /// Returns whether the action's closing delimiter is next, and whether it trims.
    fn at_right_delim(&self) -> (bool, bool) {
        match self.rest() {
            [b'}', b'}', ..] => (true, false),
            [space, b'-', b'}', b'}', ..] if is_space(*space) => (true, true),
            _ => (false, false),
        }
    }

    fn has_left_trim_marker(&self, at: usize) -> bool {
        self.source.get(at) == Some(&b'-') && self.source.get(at + 1).is_some_and(|b| is_space(*b))
    }

    fn skip_leading_space(&mut self) {
        while self.rest().first().is_some_and(|b| is_space(*b)) {
            self.position += 1;
        }
        self.start = self.position;
    }

    /// Returns the next token. After an error or the end there is only [`TokenKind::Eof`].
    pub(super) fn next(&mut self) -> Token {
        loop {
            if self.inside_action {
                return self.inside_action();
            }
            if self.after_delim {
                self.after_delim = false;
                if let Some(token) = self.left_delim() {
                    return token;
                }
                continue;
            }
            if let Some(token) = self.text() {
                return token;
            }
        }
    }

    fn text(&mut self) -> Option<Token> {
        if let Some(found) = self.left.find(self.rest()) {
            let delim = self.position + found;
            self.after_delim = true;
            if found == 0 {
                return None;
            }
            let mut end = delim;
            if self.has_left_trim_marker(delim + LEFT.len()) {
                while end > self.start && is_space(self.source[end - 1]) {
                    end -= 1;
                }
            }
            self.position = end;
            let token = self.emit(TokenKind::Text);
            self.position = delim;
            self.start = delim;
            return (token.end > token.start).then_some(token);
        }
        self.position = self.source.len();
        let kind = if self.position > self.start { TokenKind::Text } else { TokenKind::Eof };
        Some(self.emit(kind))
    }

    fn left_delim(&mut self) -> Option<Token> {
        self.position += LEFT.len();
        let marker = if self.has_left_trim_marker(self.position) { TRIM_MARKER } else { 0 };
        if self.source[self.position + marker..].starts_with(b"/*") {
            self.position += marker;
            self.start = self.position;
            return self.comment();
        }
        let token = self.emit(TokenKind::LeftDelim);
        self.inside_action = true;
        self.position += marker;
        self.start = self.position;
        self.paren_depth = 0;
        Some(token)
    }

    fn comment(&mut self) -> Option<Token> {
        self.position += 2;
        let Some(end) = memchr::memmem::find(self.rest(), b"*/") else {
            return Some(self.fail("unclosed comment"));
        };
        self.position += end + 2;
        let (closed, trims) = self.at_right_delim();
        if !closed {
            return Some(self.fail("comment ends before closing delimiter"));
        }
        self.position += RIGHT.len() + if trims { TRIM_MARKER } else { 0 };
        self.start = self.position;
        if trims {
            self.skip_leading_space();
        }
        None
    }

    fn right_delim(&mut self) -> Token {
        let (_, trims) = self.at_right_delim();
        if trims {
            self.position += TRIM_MARKER;
            self.start = self.position;
        }
        self.position += RIGHT.len();
        let token = self.emit(TokenKind::RightDelim);
        if trims {
            self.skip_leading_space();
        }
        self.inside_action = false;
        token
    }

    fn inside_action(&mut self) -> Token {
        let Some(byte) = self.rest().first().copied() else {
            return self.fail("unclosed action");
        };
        if (byte == b'}' || is_space(byte)) && self.at_right_delim().0 {
            if self.paren_depth == 0 {
                return self.right_delim();
            }
            return self.fail("unclosed left paren");
        }
        if is_space(byte) {
            return self.space();
        }
        if !byte.is_ascii() {
            return match self.bump() {
                Some(c) if is_alphanumeric(c) => self.identifier(),
                c => self.fail(format!("unrecognized character in action: {}", describe_char(c))),
            };
        }
        self.position += 1;
        match byte {
            b'=' => self.emit(TokenKind::Assign),
            b':' => {
                if self.bump() != Some('=') {
                    return self.fail("expected :=");
                }
                self.emit(TokenKind::Declare)
            }
            b'|' => self.emit(TokenKind::Pipe),
            b'"' => self.quoted(b'"', TokenKind::String, "unterminated quoted string"),
            b'`' => match memchr::memchr(b'`', self.rest()) {
                Some(end) => {
                    self.position += end + 1;
                    self.emit(TokenKind::RawString)
                }
                None => self.fail("unterminated raw quoted string"),
            },
            b'$' => self.field_or_variable(TokenKind::Variable),
            b'\'' => self.quoted(b'\'', TokenKind::CharConstant, "unterminated character constant"),
            b'.' if self.rest().first().is_some_and(|b| !b.is_ascii_digit()) => {
                self.field_or_variable(TokenKind::Field)
            }
            b'.' | b'+' | b'-' | b'0'..=b'9' => {
                self.position -= 1;
                self.number()
            }
            b'(' => {
                self.paren_depth += 1;
                self.emit(TokenKind::LeftParen)
            }
            b')' => {
                if self.paren_depth == 0 {
                    return self.fail("unexpected right paren");
                }
                self.paren_depth -= 1;
                self.emit(TokenKind::RightParen)
            }
            _ if CLASS[usize::from(byte)] & WORD != 0 => self.identifier(),
            b' '..=b'~' => self.emit(TokenKind::Char),
            _ => {
                let shown = describe_char(Some(char::from(byte)));
                self.fail(format!("unrecognized character in action: {shown}"))
            }
        }
    }

    fn space(&mut self) -> Token {
        let begin = self.position;
        while self.rest().first().is_some_and(|b| is_space(*b)) {
            self.position += 1;
        }
        // The last space may belong to a trimming delimiter.
        if self.rest().first() == Some(&b'-') && self.rest()[1..].starts_with(RIGHT) {
            self.position -= 1;
            if self.position == begin {
                return self.right_delim();
            }
        }
        self.emit(TokenKind::Space)
    }

    fn quoted(&mut self, quote: u8, kind: TokenKind, unterminated: &str) -> Token {
        loop {
            match self.rest().first() {
                None | Some(b'\n') => return self.fail(unterminated),
                Some(b'\\') => {
                    self.position += 1;
                    if matches!(self.rest().first(), None | Some(b'\n')) {
                        return self.fail(unterminated);
                    }
                    self.position += 1;
                }
                Some(byte) => {
                    self.position += 1;
                    if *byte == quote {
                        return self.emit(kind);
                    }
                }
            }
        }
    }

    fn at_terminator(&self) -> bool {
        match self.source.get(self.position) {
            None => true,
            Some(b'}') => self.source.get(self.position + 1) == Some(&b'}'),
            Some(byte) => CLASS[usize::from(*byte)] & TERMINATOR != 0,
        }
    }

    fn skip_alphanumeric(&mut self) {
        loop {
            while let Some(byte) = self.source.get(self.position)
                && CLASS[usize::from(*byte)] & WORD != 0
            {
                self.position += 1;
            }
            match self.source.get(self.position) {
                Some(byte) if !byte.is_ascii() => match decode_char(self.rest()) {
                    Some((c, width)) if is_alphanumeric(c) => self.position += width,
                    _ => return,
                },
                _ => return,
            }
        }
    }

    fn field_or_variable(&mut self, kind: TokenKind) -> Token {
        if self.at_terminator() {
            return self.emit(if kind == TokenKind::Field { TokenKind::Dot } else { kind });
        }
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.fail(format!("bad character {}", describe_char(self.peek())));
        }
        self.emit(kind)
    }

    fn identifier(&mut self) -> Token {
        self.skip_alphanumeric();
        if !self.at_terminator() {
            return self.fail(format!("bad character {}", describe_char(self.peek())));
        }
        let kind = match &self.source[self.start..self.position] {
            b"true" | b"false" => TokenKind::Bool,
            word => TokenKind::keyword(word).unwrap_or(TokenKind::Identifier),
        };
        self.emit(kind)
    }

    fn bad_number(&mut self) -> Token {
        let text = &self.source[self.start..self.position];
        let message = format!("bad number syntax: {}", super::quote::quote(text));
        self.fail(message)
    }

    fn number(&mut self) -> Token {
        if !self.scan_number() {
            return self.bad_number();
        }
        if matches!(self.rest().first(), Some(b'+' | b'-')) {
            if !self.scan_number() || self.source[self.position - 1] != b'i' {
                return self.bad_number();
            }
            return self.emit(TokenKind::Complex);
        }
        self.emit(TokenKind::Number)
    }

    fn scan_number(&mut self) -> bool {
        const DECIMAL: &[u8] = b"0123456789_";
        const HEX: &[u8] = b"0123456789abcdefABCDEF_";
        self.accept(b"+-");
        let mut digits = DECIMAL;
        if self.accept(b"0") {
            if self.accept(b"xX") {
                digits = HEX;
            } else if self.accept(b"oO") {
                digits = b"01234567_";
            } else if self.accept(b"bB") {
                digits = b"01_";
            }
        }
        self.accept_run(digits);
        if self.accept(b".") {
            self.accept_run(digits);
        }
        if digits == DECIMAL && self.accept(b"eE") || digits == HEX && self.accept(b"pP") {
            self.accept(b"+-");
            self.accept_run(DECIMAL);
        }
        self.accept(b"i");
        if self.peek().is_some_and(is_alphanumeric) {
            self.bump();
            return false;
        }
        true
    }
}
