//! Turns regular expressions in RE2's syntax, as Go reads it, into that of the `regex` crate.
//!
//! All of the grammar is checked here, in Go's order and with Go's messages, and everything that
//! the two syntaxes read differently is written out: flags become part of each atom, `\d \w \s \b`
//! are ASCII, literals are escaped.

use regex::Regex;

use crate::go::{Piece, next_piece};

/// More repetitions than this are refused, nested ones multiplied.
const MAX_REPEAT: i64 = 1000;
/// Deeper parentheses are refused.
const MAX_DEPTH: usize = 1000;
/// Bytes a compiled pattern may take; enough for what Go accepts.
const SIZE_LIMIT: usize = 1 << 28;
/// Bytes of a pattern without classes of Unicode that stays below that limit whatever it repeats:
/// each byte may be there [`MAX_REPEAT`] times, as a state or ten of some 24 bytes.
const SHORT: usize = 500;

/// A compiled pattern.
#[derive(Debug)]
pub(crate) struct Pattern {
    /// The compiled form.
    pub(crate) regex: Regex,
    /// The name of each group, empty for groups without one; the first is the whole match.
    pub(crate) names: Vec<String>,
    /// Whether the source text is empty.
    pub(crate) is_empty: bool,
}

impl Pattern {
    /// Compiles `source`.
    ///
    /// # Errors
    /// Go's message, beginning with `error parsing regexp: `.
    pub(crate) fn compile(source: &[u8]) -> Result<Self, String> {
        let mut parser = Parser::new(source);
        let text = parser.run().map_err(|e| format!("error parsing regexp: {e}"))?;
        let regex = regex::RegexBuilder::new(&text)
            .size_limit(SIZE_LIMIT)
            .nest_limit(100_000)
            .build()
            .map_err(|_| {
                let source = String::from_utf8_lossy(source);
                format!("error parsing regexp: expression too large: `{source}`")
            })?;
        Ok(Pattern { regex, names: parser.names, is_empty: source.is_empty() })
    }

    /// Returns whether `source` is certain to compile, without compiling it: it keeps to the
    /// grammar, and is too short to exceed the limit of what a compiled pattern may take.
    pub(crate) fn is_sound(source: &[u8]) -> bool {
        source.len() <= SHORT
            && !source.windows(2).any(|pair| matches!(pair, b"\\p" | b"\\P"))
            && Parser::new(source).run().is_ok()
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    fold_case: bool,
    multi_line: bool,
    dot_all: bool,
    swap_greed: bool,
}

/// One element of a concatenation.
#[derive(Debug)]
struct Item {
    text: String,
    /// How often its innermost part can repeat at most.
    weight: i64,
    quantified: bool,
}

/// What has been read since an opening parenthesis.
#[derive(Debug, Default)]
struct Scope {
    finished: Vec<Item>,
    items: Vec<Item>,
}

impl Scope {
    fn end_alternative(&mut self) {
        let weight = self.items.iter().map(|item| item.weight).max().unwrap_or(1);
        let text = self.items.drain(..).map(|item| item.text).collect();
        self.finished.push(Item { text, weight, quantified: false });
    }

    fn finish(mut self) -> (String, i64) {
        self.end_alternative();
        let weight = self.finished.iter().map(|item| item.weight).max().unwrap_or(1);
        let texts: Vec<String> = self.finished.into_iter().map(|item| item.text).collect();
        (texts.join("|"), weight)
    }
}

struct Opened {
    scope: Scope,
    flags: Flags,
    capturing: bool,
}

struct Parser<'a> {
    source: &'a [u8],
    at: usize,
    flags: Flags,
    open: Vec<Opened>,
    scope: Scope,
    names: Vec<String>,
}

impl<'a> Parser<'a> {
    fn new(source: &'a [u8]) -> Self {
        Parser {
            source,
            at: 0,
            flags: Flags::default(),
            open: Vec::new(),
            scope: Scope::default(),
            names: vec![String::new()],
        }
    }

    fn run(&mut self) -> Result<String, String> {
        // Where the repetition that ends just before `at` begins.
        let mut last_repeat: Option<usize> = None;
        while let Some(&byte) = self.source.get(self.at) {
            let start = self.at;
            let mut repeat = None;
            match byte {
                b'(' => self.open_group()?,
                b'|' => {
                    self.scope.end_alternative();
                    self.at += 1;
                }
                b')' => self.close_group()?,
                b'^' => self.push_byte(if self.flags.multi_line { "(?m:^)" } else { "\\A" }),
                b'$' => self.push_byte(if self.flags.multi_line { "(?m:$)" } else { "\\z" }),
                b'.' => self.push_byte(if self.flags.dot_all { "(?s:.)" } else { "[^\\n]" }),
                b'[' => self.class()?,
                b'*' | b'+' | b'?' => {
                    self.at += 1;
                    let most = if byte == b'?' { 1 } else { -1 };
                    let sign = char::from(byte).to_string();
                    self.repeat(start, last_repeat, &sign, i64::from(byte == b'+'), most)?;
                    repeat = Some(last_repeat.unwrap_or(start));
                }
                b'{' => match self.scan_counts() {
                    None => {
                        self.at += 1;
                        self.push_literal('{');
                    }
                    Some((least, most, end)) => {
                        self.at = end;
                        let in_range = |n: i64| n <= MAX_REPEAT;
                        if least < 0
                            || !in_range(least)
                            || !in_range(most)
                            || most >= 0 && least > most
                        {
                            return Err(self.error("invalid repeat count", start, end));
                        }
                        let sign = match most {
                            _ if most == least => format!("{{{least}}}"),
                            -1 => format!("{{{least},}}"),
                            _ => format!("{{{least},{most}}}"),
                        };
                        self.repeat(start, last_repeat, &sign, least, most)?;
                        repeat = Some(last_repeat.unwrap_or(start));
                    }
                },
                b'\\' => self.backslash()?,
                _ => {
                    let c = self.next_char()?;
                    self.push_literal(c);
                }
            }
            last_repeat = repeat;
        }
        if !self.open.is_empty() {
            return Err(self.error("missing closing )", 0, self.source.len()));
        }
        Ok(std::mem::take(&mut self.scope).finish().0)
    }

    fn error(&self, what: &str, start: usize, end: usize) -> String {
        let end = end.min(self.source.len());
        format!("{what}: `{}`", String::from_utf8_lossy(&self.source[start.min(end)..end]))
    }

    fn rest(&self) -> &'a [u8] {
        &self.source[self.at..]
    }

    /// Reads one character; at the end `None`.
    fn read_char(&mut self) -> Result<Option<char>, String> {
        match next_piece(self.rest()) {
            None => Ok(None),
            Some(Piece::Char(c, length)) => {
                self.at += length;
                Ok(Some(c))
            }
            Some(Piece::Bad(_)) => Err(self.error("invalid UTF-8", self.at, self.source.len())),
        }
    }

    fn next_char(&mut self) -> Result<char, String> {
        Ok(self.read_char()?.unwrap_or(char::REPLACEMENT_CHARACTER))
    }

    fn check_utf8(&self, start: usize, end: usize) -> Result<(), String> {
        match std::str::from_utf8(&self.source[start..end]) {
            Ok(_) => Ok(()),
            Err(e) => Err(self.error("invalid UTF-8", start + e.valid_up_to(), self.source.len())),
        }
    }

    fn push(&mut self, text: String) {
        self.scope.items.push(Item { text, weight: 1, quantified: false });
    }

    fn push_byte(&mut self, text: &str) {
        self.at += 1;
        self.push(text.to_owned());
    }

    fn push_atom(&mut self, text: &str) {
        let text = if self.flags.fold_case { format!("(?i:{text})") } else { text.to_owned() };
        self.push(text);
    }

    fn push_literal(&mut self, c: char) {
        self.push_atom(&escape(c));
    }

    /// Applies the repetition that began at `start` and ends at `at` to the last item.
    fn repeat(
        &mut self,
        start: usize,
        last_repeat: Option<usize>,
        sign: &str,
        least: i64,
        most: i64,
    ) -> Result<(), String> {
        let mut lazy = self.flags.swap_greed;
        if self.rest().first() == Some(&b'?') {
            self.at += 1;
            lazy = !lazy;
        }
        if let Some(earlier) = last_repeat {
            return Err(self.error("invalid nested repetition operator", earlier, self.at));
        }
        let at = self.at;
        let Some(mut item) = self.scope.items.pop() else {
            return Err(self.error("missing argument to repetition operator", start, at));
        };
        if sign.starts_with('{') {
            item.weight = match most {
                0 => 1,
                -1 => item.weight.saturating_mul(least.max(1)),
                _ => item.weight.saturating_mul(most),
            };
            if (least >= 2 || most >= 2) && item.weight > MAX_REPEAT {
                return Err(self.error("invalid repeat count", start, at));
            }
        }
        if item.quantified {
            item.text = format!("(?:{})", item.text);
        }
        item.text.push_str(sign);
        if lazy {
            item.text.push('?');
        }
        item.quantified = true;
        self.scope.items.push(item);
        Ok(())
    }

    /// Reads `{n}`, `{n,}` or `{n,m}`: the least and the most count and where the text ends.
    ///
    /// The most is −1 without an upper bound, and the least is −1 when a count is absurd. `None`
    /// when the text has another form and is literal.
    fn scan_counts(&self) -> Option<(i64, i64, usize)> {
        let mut at = self.at + 1;
        let number = |at: &mut usize| -> Option<i64> {
            let length = self.source[*at..].iter().take_while(|b| b.is_ascii_digit()).count();
            let digits = &self.source[*at..*at + length];
            if digits.is_empty() || length > 1 && digits[0] == b'0' {
                return None;
            }
            *at += length;
            let text = std::str::from_utf8(digits).ok()?;
            Some(text.parse().ok().filter(|n| *n < 100_000_000).unwrap_or(-1))
        };
        let mut least = number(&mut at)?;
        let mut most = least;
        if self.source.get(at) == Some(&b',') {
            at += 1;
            if self.source.get(at) == Some(&b'}') {
                most = -1;
            } else {
                most = number(&mut at)?;
                if most < 0 {
                    least = -1;
                }
            }
        }
        (self.source.get(at) == Some(&b'}')).then_some((least, most, at + 1))
    }

    fn open_group(&mut self) -> Result<(), String> {
        let start = self.at;
        if self.rest().get(1) != Some(&b'?') {
            self.at += 1;
            self.names.push(String::new());
            let flags = self.flags;
            return self.enter(flags, true);
        }
        let rest = self.rest();
        let with_p = rest.len() > 4 && rest.starts_with(b"(?P<");
        if with_p || rest.len() > 3 && rest[2] == b'<' {
            let name_start = start + if with_p { 4 } else { 3 };
            let Some(length) = rest.iter().position(|b| *b == b'>') else {
                self.check_utf8(start, self.source.len())?;
                return Err(self.error("invalid named capture", start, self.source.len()));
            };
            let end = start + length;
            self.check_utf8(name_start.min(end), end)?;
            let name = self.source.get(name_start..end).unwrap_or_default();
            if name.is_empty() || !name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_') {
                return Err(self.error("invalid named capture", start, end + 1));
            }
            self.names.push(String::from_utf8_lossy(name).into_owned());
            self.at = end + 1;
            let flags = self.flags;
            return self.enter(flags, true);
        }
        self.at += 2;
        let mut flags = self.flags;
        let (mut on, mut saw_flag) = (true, false);
        while let Some(c) = self.read_char()? {
            let flag = match c {
                'i' => &mut flags.fold_case,
                'm' => &mut flags.multi_line,
                's' => &mut flags.dot_all,
                'U' => &mut flags.swap_greed,
                '-' if on => {
                    (on, saw_flag) = (false, false);
                    continue;
                }
                ':' | ')' if on || saw_flag => {
                    if c == ':' {
                        return self.enter(flags, false);
                    }
                    self.flags = flags;
                    return Ok(());
                }
                _ => break,
            };
            *flag = on;
            saw_flag = true;
        }
        Err(self.error("invalid or unsupported Perl syntax", start, self.at))
    }

    fn enter(&mut self, flags: Flags, capturing: bool) -> Result<(), String> {
        if self.open.len() >= MAX_DEPTH {
            return Err(self.error("expression nests too deeply", 0, self.source.len()));
        }
        let scope = std::mem::take(&mut self.scope);
        self.open.push(Opened { scope, flags: self.flags, capturing });
        self.flags = flags;
        Ok(())
    }

    fn close_group(&mut self) -> Result<(), String> {
        let Some(opened) = self.open.pop() else {
            return Err(self.error("unexpected )", 0, self.source.len()));
        };
        let (text, weight) = std::mem::replace(&mut self.scope, opened.scope).finish();
        let text = if opened.capturing { format!("({text})") } else { format!("(?:{text})") };
        self.scope.items.push(Item { text, weight, quantified: false });
        self.flags = opened.flags;
        self.at += 1;
        Ok(())
    }

    fn backslash(&mut self) -> Result<(), String> {
        let start = self.at;
        match self.rest().get(1) {
            Some(b'A') => self.anchor("\\A"),
            Some(b'z') => self.anchor("\\z"),
            Some(b'b') => self.anchor("(?-u:\\b)"),
            Some(b'B') => self.anchor("(?-u:\\B)"),
            Some(b'C') => return Err(self.error("invalid escape sequence", start, start + 2)),
            Some(b'Q') => {
                self.at += 2;
                while self.at < self.source.len() {
                    if self.rest().starts_with(b"\\E") {
                        self.at += 2;
                        break;
                    }
                    let c = self.next_char()?;
                    self.push_literal(c);
                }
            }
            _ => {
                if let Some(class) = self.unicode_class()? {
                    self.push_atom(&class);
                } else if let Some(class) = self.perl_class() {
                    self.push_atom(class);
                } else {
                    let literal = self.escape()?;
                    self.push_atom(&escape_code(literal));
                }
            }
        }
        Ok(())
    }

    fn anchor(&mut self, text: &str) {
        self.at += 2;
        self.push(text.to_owned());
    }

    fn perl_class(&mut self) -> Option<&'static str> {
        let class = match self.rest().get(..2)? {
            b"\\d" => "[0-9]",
            b"\\D" => "[^0-9]",
            b"\\s" => "[\\t\\n\\x0C\\r\\x20]",
            b"\\S" => "[^\\t\\n\\x0C\\r\\x20]",
            b"\\w" => "[0-9A-Za-z_]",
            b"\\W" => "[^0-9A-Za-z_]",
            _ => return None,
        };
        self.at += 2;
        Some(class)
    }

    fn unicode_class(&mut self) -> Result<Option<String>, String> {
        let start = self.at;
        let mut negated = match self.rest().get(..2) {
            Some(b"\\p") => false,
            Some(b"\\P") => true,
            _ => return Ok(None),
        };
        self.at += 2;
        let mut name = match self.read_char()? {
            Some('{') => {
                let Some(length) = self.rest().iter().position(|b| *b == b'}') else {
                    self.check_utf8(start, self.source.len())?;
                    let end = self.source.len();
                    return Err(self.error("invalid character class range", start, end));
                };
                let name_start = self.at;
                self.at += length + 1;
                self.check_utf8(name_start, name_start + length)?;
                String::from_utf8_lossy(&self.source[name_start..name_start + length]).into_owned()
            }
            Some(c) => c.to_string(),
            None => String::new(),
        };
        if let Some(rest) = name.strip_prefix('^') {
            negated = !negated;
            name = rest.to_owned();
        }
        let sign = if negated { 'P' } else { 'p' };
        let query = if name.contains(['=', ':', '!', '{']) {
            None
        } else {
            ["gc=", "sc=", ""]
                .into_iter()
                .filter(|prefix| !prefix.is_empty() || is_special_class(&name))
                .map(|prefix| format!("\\{sign}{{{prefix}{name}}}"))
                .find(|query| Regex::new(query).is_ok())
        };
        query.map(Some).ok_or_else(|| self.error("invalid character class range", start, self.at))
    }

    /// Reads an escaped character and returns its code.
    fn escape(&mut self) -> Result<u32, String> {
        let start = self.at;
        self.at += 1;
        let Some(c) = self.read_char()? else {
            return Err("trailing backslash at end of expression: ``".to_owned());
        };
        let code = match c {
            '1'..='7' if !matches!(self.rest().first(), Some(b'0'..=b'7')) => None,
            '0'..='7' => {
                let mut code = u32::from(c) - u32::from('0');
                for _ in 0..2 {
                    let Some(&digit @ b'0'..=b'7') = self.rest().first() else { break };
                    self.at += 1;
                    code = code * 8 + u32::from(digit - b'0');
                }
                Some(code)
            }
            'x' => self.hex_escape()?,
            'a' => Some(7),
            'f' => Some(12),
            'n' => Some(10),
            'r' => Some(13),
            't' => Some(9),
            'v' => Some(11),
            c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(u32::from(c)),
            _ => None,
        };
        code.ok_or_else(|| self.error("invalid escape sequence", start, self.at))
    }

    fn hex_escape(&mut self) -> Result<Option<u32>, String> {
        let Some(first) = self.read_char()? else { return Ok(None) };
        if first != '{' {
            let second = self.read_char()?;
            let digits = (first.to_digit(16), second.and_then(|c| c.to_digit(16)));
            return Ok(match digits {
                (Some(high), Some(low)) => Some(high * 16 + low),
                _ => None,
            });
        }
        let (mut code, mut count) = (0, 0);
        while let Some(c) = self.read_char()? {
            match c.to_digit(16) {
                None if c == '}' && count > 0 => return Ok(Some(code)),
                None => break,
                Some(digit) => {
                    code = code * 16 + digit;
                    count += 1;
                    if code > u32::from(char::MAX) {
                        break;
                    }
                }
            }
        }
        Ok(None)
    }

    fn class(&mut self) -> Result<(), String> {
        let start = self.at;
        self.at += 1;
        let mut text = String::from("[");
        if self.rest().first() == Some(&b'^') {
            self.at += 1;
            text.push('^');
        }
        let mut first = true;
        while first || self.rest().first() != Some(&b']') {
            first = false;
            if let Some(class) = self.named_class()? {
                text.push_str(class);
            } else if let Some(class) = self.unicode_class()? {
                text.push_str(&class);
            } else if let Some(class) = self.perl_class() {
                text.push_str(class);
            } else {
                let range_start = self.at;
                let low = self.class_char(start)?;
                let mut high = low;
                if matches!(self.rest(), [b'-', next, ..] if *next != b']') {
                    self.at += 1;
                    high = self.class_char(start)?;
                    if high < low {
                        let message = "invalid character class range";
                        return Err(self.error(message, range_start, self.at));
                    }
                }
                push_range(&mut text, low, high);
            }
        }
        self.at += 1;
        text.push(']');
        // A class of surrogates only has no member that text could hold.
        if text == "[]" {
            NOTHING.clone_into(&mut text);
        } else if text == "[^]" {
            "(?s:.)".clone_into(&mut text);
        }
        self.push_atom(&text);
        Ok(())
    }

    fn class_char(&mut self, class_start: usize) -> Result<u32, String> {
        match self.rest().first() {
            None => Err(self.error("missing closing ]", class_start, self.source.len())),
            Some(b'\\') => self.escape(),
            Some(_) => Ok(u32::from(self.next_char()?)),
        }
    }

    fn named_class(&mut self) -> Result<Option<&'static str>, String> {
        const NAMES: [&str; 28] = [
            "[:alnum:]",
            "[:^alnum:]",
            "[:alpha:]",
            "[:^alpha:]",
            "[:ascii:]",
            "[:^ascii:]",
            "[:blank:]",
            "[:^blank:]",
            "[:cntrl:]",
            "[:^cntrl:]",
            "[:digit:]",
            "[:^digit:]",
            "[:graph:]",
            "[:^graph:]",
            "[:lower:]",
            "[:^lower:]",
            "[:print:]",
            "[:^print:]",
            "[:punct:]",
            "[:^punct:]",
            "[:space:]",
            "[:^space:]",
            "[:upper:]",
            "[:^upper:]",
            "[:word:]",
            "[:^word:]",
            "[:xdigit:]",
            "[:^xdigit:]",
        ];
        let start = self.at;
        let rest = self.rest();
        if !rest.starts_with(b"[:") || rest.len() <= 2 {
            return Ok(None);
        }
        let Some(length) = rest[2..].windows(2).position(|pair| pair == b":]") else {
            return Ok(None);
        };
        let end = start + length + 4;
        self.at = end;
        let name = &self.source[start..end];
        NAMES
            .into_iter()
            .find(|known| known.as_bytes() == name)
            .map(Some)
            .ok_or_else(|| self.error("invalid character class range", start, end))
    }
}

/// A class that no character is in.
const NOTHING: &str = "[^\\x00-\\x{10FFFF}]";

/// Returns whether Go knows `name` as a class that is neither category nor script.
fn is_special_class(name: &str) -> bool {
    let name: String = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect();
    ["any", "ascii", "assigned"].contains(&name.to_ascii_lowercase().as_str())
}

fn escape(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\x{{{:X}}}", u32::from(c)) }
}

/// Writes a character that may be a surrogate, which no text holds.
fn escape_code(code: u32) -> String {
    char::from_u32(code).map_or_else(|| NOTHING.to_owned(), escape)
}

fn push_range(text: &mut String, low: u32, high: u32) {
    let low = char::from_u32(low).unwrap_or('\u{e000}');
    let high = char::from_u32(high).unwrap_or('\u{d7ff}');
    if low <= high {
        text.push_str(&escape(low));
        text.push('-');
        text.push_str(&escape(high));
    }
}
