//! Go's quoted string syntax: reading literals, writing `%q`.

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_general_category::{GeneralCategory, get_general_category};

use super::lexer::decode_char;

/// Returns whether Go's `unicode.IsPrint` holds: letters, marks, numbers, punctuation, symbols and
/// the ASCII space.
pub(crate) fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return matches!(c, ' '..='~');
    }
    !matches!(
        get_general_category(c),
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::Surrogate
            | GeneralCategory::PrivateUse
            | GeneralCategory::Unassigned
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::SpaceSeparator
    )
}

/// Returns the text in double quotes as Go's `strconv.Quote` writes it.
pub(crate) fn quote(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    let mut rest = text;
    while let Some((c, width)) = decode_char(rest) {
        if c == char::REPLACEMENT_CHARACTER && width == 1 {
            write!(out, "\\x{:02x}", rest[0]).unwrap_or_default();
            rest = &rest[1..];
            continue;
        }
        rest = &rest[width..];
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            _ if is_printable(c) => out.push(c),
            _ if u32::from(c) < 0x80 => write!(out, "\\x{:02x}", u32::from(c)).unwrap_or_default(),
            _ if u32::from(c) < 0x1_0000 => {
                write!(out, "\\u{:04x}", u32::from(c)).unwrap_or_default();
            }
            _ => write!(out, "\\U{:08x}", u32::from(c)).unwrap_or_default(),
        }
    }
    out.push('"');
    out
}

/// Reads a Go string literal, quotes included. `None` where Go reports `invalid syntax`.
///
/// What comes back borrowed is the literal less its quotes.
pub(super) fn unquote(literal: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (first, inner) = literal.split_first()?;
    let (last, inner) = inner.split_last()?;
    if first != last {
        return None;
    }
    if *first == b'`' {
        if memchr::memchr(b'\r', inner).is_none() {
            return Some(Cow::Borrowed(inner));
        }
        return Some(inner.iter().copied().filter(|b| *b != b'\r').collect());
    }
    if memchr::memchr2(b'\\', *first, inner).is_none() {
        return Some(Cow::Borrowed(inner));
    }
    let mut out = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        if rest[0] != b'\\' {
            if rest[0] == *first {
                return None;
            }
            out.push(rest[0]);
            rest = &rest[1..];
            continue;
        }
        match unescape(&mut rest, *first)? {
            Escaped::Byte(byte) => out.push(byte),
            Escaped::Char(c) => {
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
            }
        }
    }
    Some(Cow::Owned(out))
}

/// Reads a Go character constant, quotes included, as its code point.
///
/// `None` where Go reports `invalid syntax`; `Some(None)` where there is more than one character.
#[expect(clippy::option_option, reason = "two failures with different messages")]
pub(super) fn unquote_char(literal: &[u8]) -> Option<Option<i64>> {
    let inner = literal.strip_prefix(b"'")?.strip_suffix(b"'")?;
    let mut rest = inner;
    let value = if rest.first() == Some(&b'\\') {
        match unescape(&mut rest, b'\'')? {
            Escaped::Byte(byte) => i64::from(byte),
            Escaped::Char(c) => i64::from(u32::from(c)),
        }
    } else {
        let (c, width) = decode_char(rest)?;
        if c == '\'' {
            return None;
        }
        rest = &rest[width..];
        i64::from(u32::from(c))
    };
    Some(rest.is_empty().then_some(value))
}

enum Escaped {
    Byte(u8),
    Char(char),
}

fn unescape(rest: &mut &[u8], quote: u8) -> Option<Escaped> {
    let kind = *rest.get(1)?;
    let mut used = 2;
    let simple = |byte| Some(Escaped::Byte(byte));
    let result = match kind {
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(11),
        b'\\' => simple(b'\\'),
        b'"' | b'\'' if kind == quote => simple(kind),
        b'x' | b'u' | b'U' => {
            let digits = match kind {
                b'x' => 2,
                b'u' => 4,
                _ => 8,
            };
            let text = std::str::from_utf8(rest.get(2..2 + digits)?).ok()?;
            if !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                return None;
            }
            used += digits;
            let code = u32::from_str_radix(text, 16).ok()?;
            if kind == b'x' { simple(code as u8) } else { char::from_u32(code).map(Escaped::Char) }
        }
        b'0'..=b'7' => {
            let text = std::str::from_utf8(rest.get(1..4)?).ok()?;
            if !text.bytes().all(|b| matches!(b, b'0'..=b'7')) {
                return None;
            }
            used = 4;
            u8::from_str_radix(text, 8).ok().map(Escaped::Byte)
        }
        _ => None,
    };
    *rest = rest.get(used..)?;
    result
}
