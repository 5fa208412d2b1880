//! Go's quoting of strings and characters: `strconv.Quote` and its relatives.

use std::io::Write as _;

use unicode_general_category::{GeneralCategory as C, get_general_category};

/// Returns whether Go's `unicode.IsPrint` holds: letters, marks, numbers, punctuation, symbols and
/// the ASCII space.
pub(crate) fn is_print(c: char) -> bool {
    if c.is_ascii() {
        return (' '..='~').contains(&c);
    }
    !matches!(
        get_general_category(c),
        C::Control
            | C::Format
            | C::Surrogate
            | C::PrivateUse
            | C::Unassigned
            | C::SpaceSeparator
            | C::LineSeparator
            | C::ParagraphSeparator
    )
}

/// One step of reading UTF-8: a character, or a byte that begins none.
pub(crate) enum Piece {
    /// A character and its length in bytes.
    Char(char, usize),
    /// A byte that is not part of valid UTF-8.
    Bad(u8),
}

/// Reads the first character of `bytes`. `None` at the end.
pub(crate) fn next_piece(bytes: &[u8]) -> Option<Piece> {
    let first = *bytes.first()?;
    if first < 0x80 {
        return Some(Piece::Char(char::from(first), 1));
    }
    let length = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some(Piece::Bad(first)),
    };
    let c = bytes
        .get(..length)
        .and_then(|head| std::str::from_utf8(head).ok())
        .and_then(|text| text.chars().next());
    Some(c.map_or(Piece::Bad(first), |c| Piece::Char(c, length)))
}

/// Splits `bytes` into characters; each stray byte stands alone.
pub(crate) fn pieces(mut bytes: &[u8]) -> impl Iterator<Item = (Piece, &[u8])> {
    std::iter::from_fn(move || {
        let piece = next_piece(bytes)?;
        let length = match piece {
            Piece::Char(_, length) => length,
            Piece::Bad(_) => 1,
        };
        let (head, tail) = bytes.split_at(length);
        bytes = tail;
        Some((piece, head))
    })
}

/// Returns the number of characters as Go's `utf8.RuneCount` counts them.
pub(crate) fn rune_count(bytes: &[u8]) -> usize {
    if bytes.is_ascii() { bytes.len() } else { pieces(bytes).count() }
}

fn plain(byte: u8) -> bool {
    (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\'
}

/// Appends `text` in double quotes with Go's escapes; with `ascii` all other characters are
/// escaped too.
pub(crate) fn push_quoted(out: &mut Vec<u8>, text: &[u8], ascii: bool) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.iter().position(|b| !plain(*b)).unwrap_or(rest.len());
        out.extend_from_slice(&rest[..run]);
        rest = &rest[run..];
        let Some(piece) = next_piece(rest) else { break };
        match piece {
            Piece::Char(c, length) => {
                push_escaped(out, c, b'"', ascii);
                rest = &rest[length..];
            }
            Piece::Bad(byte) => {
                write!(out, "\\x{byte:02x}").unwrap_or_default();
                rest = &rest[1..];
            }
        }
    }
    out.push(b'"');
}

/// Appends a character in single quotes with Go's escapes.
pub(crate) fn push_quoted_rune(out: &mut Vec<u8>, c: char, ascii: bool) {
    out.push(b'\'');
    push_escaped(out, c, b'\'', ascii);
    out.push(b'\'');
}

fn push_escaped(out: &mut Vec<u8>, c: char, quote: u8, ascii: bool) {
    let short = match c {
        '\\' => Some(b'\\'),
        '\x07' => Some(b'a'),
        '\x08' => Some(b'b'),
        '\x0c' => Some(b'f'),
        '\n' => Some(b'n'),
        '\r' => Some(b'r'),
        '\t' => Some(b't'),
        '\x0b' => Some(b'v'),
        c if c == char::from(quote) => Some(quote),
        _ => None,
    };
    let code = u32::from(c);
    if let Some(letter) = short {
        out.extend_from_slice(&[b'\\', letter]);
    } else if is_print(c) && (c.is_ascii() || !ascii) {
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else if code < 0x20 || code == 0x7f {
        write!(out, "\\x{code:02x}").unwrap_or_default();
    } else if code < 0x1_0000 {
        write!(out, "\\u{code:04x}").unwrap_or_default();
    } else {
        write!(out, "\\U{code:08x}").unwrap_or_default();
    }
}

/// Returns whether Go could write `text` as a raw string in backquotes.
pub(crate) fn can_backquote(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| {
        text.chars().all(|c| c == '\t' || c >= ' ' && !matches!(c, '`' | '\u{7f}' | '\u{feff}'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_go() {
        let cases: [(&[u8], &str); 7] = [
            (b"plain", r#""plain""#),
            (b"a\"b\\c", r#""a\"b\\c""#),
            (b"\n\t\x01\x7f", r#""\n\t\x01\x7f""#),
            ("héllo 😀".as_bytes(), "\"héllo 😀\""),
            ("\u{a0}\u{200b}\u{feff}".as_bytes(), r#""\u00a0\u200b\ufeff""#),
            (b"\xff\xc3", r#""\xff\xc3""#),
            ("\u{e0001}".as_bytes(), r#""\U000e0001""#),
        ];
        for (text, expected) in cases {
            let mut out = Vec::new();
            push_quoted(&mut out, text, false);
            assert_eq!(String::from_utf8_lossy(&out), expected);
        }
        let mut out = Vec::new();
        push_quoted(&mut out, "é😀".as_bytes(), true);
        assert_eq!(out, br#""\u00e9\U0001f600""#);
    }
}
