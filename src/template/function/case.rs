//! Upper and lower case, by Go's simple mapping of single characters, and the naming styles of the
//! `xstrings` library.

use super::argument::str_arg;
use super::quoting::{Piece, pieces};
use super::{Env, Function, Param, Result};
use crate::value::{Str, Value};

const fn text(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[Param::Str], rest: None, call }
}

pub(super) const FUNCTIONS: &[Function] = &[
    text("camelcase", camelcase),
    text("kebabcase", kebabcase),
    text("lower", lower),
    text("snakecase", snakecase),
    text("swapcase", swapcase),
    text("title", title),
    text("untitle", untitle),
    text("upper", upper),
];

/// Returns the simple upper case of a character, itself when there is none.
fn to_upper(c: char) -> char {
    let mut mapped = c.to_uppercase();
    match (mapped.next(), mapped.next()) {
        (Some(upper), None) => upper,
        _ => {
            // Full mapping writes the iota of these Greek letters apart; the simple one is the
            // capital with the iota beneath.
            let code = u32::from(c);
            let shift = match code {
                0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => 8,
                0x1fb3 | 0x1fc3 | 0x1ff3 => 9,
                _ => 0,
            };
            char::from_u32(code + shift).unwrap_or(c)
        }
    }
}

/// Returns the simple lower case of a character, itself when there is none.
fn to_lower(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

/// Returns the simple title case of a character.
fn to_title(c: char) -> char {
    match c {
        '\u{1c4}'..='\u{1c6}' => '\u{1c5}',
        '\u{1c7}'..='\u{1c9}' => '\u{1c8}',
        '\u{1ca}'..='\u{1cc}' => '\u{1cb}',
        '\u{1f1}'..='\u{1f3}' => '\u{1f2}',
        '\u{10d0}'..='\u{10ff}' => c,
        _ => to_upper(c),
    }
}

/// Maps every character; stray bytes become U+FFFD.
fn map(text: &Str, mut each: impl FnMut(char) -> char) -> Str {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    for (piece, _) in pieces(bytes) {
        let c = match piece {
            Piece::Char(c, _) => each(c),
            Piece::Bad(_) => each(char::REPLACEMENT_CHARACTER),
        };
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
    if out == bytes { text.clone() } else { Str::from(out) }
}

fn upper(_: &Env, args: &[Value]) -> Result {
    let text = str_arg(args, 0);
    let bytes = text.as_bytes();
    if !bytes.is_ascii() {
        return Ok(Value::Str(map(text, to_upper)));
    }
    if bytes.iter().any(u8::is_ascii_lowercase) {
        return Ok(Value::str(bytes.to_ascii_uppercase()));
    }
    Ok(Value::Str(text.clone()))
}

fn lower(_: &Env, args: &[Value]) -> Result {
    let text = str_arg(args, 0);
    let bytes = text.as_bytes();
    if !bytes.is_ascii() {
        return Ok(Value::Str(map(text, to_lower)));
    }
    if bytes.iter().any(u8::is_ascii_uppercase) {
        return Ok(Value::str(bytes.to_ascii_lowercase()));
    }
    Ok(Value::Str(text.clone()))
}

fn title(_: &Env, args: &[Value]) -> Result {
    let mut boundary = true;
    Ok(Value::Str(map(str_arg(args, 0), |c| {
        let shown = if boundary { to_title(c) } else { c };
        boundary =
            if c.is_ascii() { !c.is_ascii_alphanumeric() && c != '_' } else { c.is_whitespace() };
        shown
    })))
}

fn untitle(_: &Env, args: &[Value]) -> Result {
    let mut boundary = true;
    Ok(Value::Str(map(str_arg(args, 0), |c| {
        let shown = if boundary { to_lower(c) } else { c };
        boundary = c.is_whitespace();
        shown
    })))
}

fn is_title(c: char) -> bool {
    matches!(
        c,
        '\u{1c5}' | '\u{1c8}' | '\u{1cb}' | '\u{1f2}'
            | '\u{1f88}'..='\u{1f8f}' | '\u{1f98}'..='\u{1f9f}' | '\u{1fa8}'..='\u{1faf}'
            | '\u{1fbc}' | '\u{1fcc}' | '\u{1ffc}'
    )
}

fn swapcase(_: &Env, args: &[Value]) -> Result {
    let mut boundary = true;
    Ok(Value::Str(map(str_arg(args, 0), |c| {
        let shown = if c.is_uppercase() || is_title(c) {
            to_lower(c)
        } else if c.is_lowercase() {
            if boundary { to_title(c) } else { to_upper(c) }
        } else {
            c
        };
        boundary = c.is_whitespace();
        shown
    })))
}

fn snakecase(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Str(joined_words(str_arg(args, 0), '_')))
}

fn kebabcase(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Str(joined_words(str_arg(args, 0), '-')))
}

/// What a word of an identifier consists of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Connector,
    Punctuation,
    Digits,
    Lower,
    /// Capitals only.
    Upper,
    /// One capital and its lower-case letters.
    Title,
    Other,
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

fn is_upper(c: char) -> bool {
    c.is_uppercase()
}

fn is_punctuation(c: char) -> bool {
    use unicode_general_category::GeneralCategory as C;
    matches!(
        unicode_general_category::get_general_category(c),
        C::ConnectorPunctuation
            | C::DashPunctuation
            | C::OpenPunctuation
            | C::ClosePunctuation
            | C::InitialPunctuation
            | C::FinalPunctuation
            | C::OtherPunctuation
    )
}

fn is_number(c: char) -> bool {
    use unicode_general_category::GeneralCategory as C;
    matches!(
        unicode_general_category::get_general_category(c),
        C::DecimalNumber | C::LetterNumber | C::OtherNumber
    )
}

fn is_lower_or_caseless(c: char) -> bool {
    use unicode_general_category::GeneralCategory as C;
    matches!(
        unicode_general_category::get_general_category(c),
        C::LowercaseLetter | C::ModifierLetter | C::OtherLetter
    )
}

/// Splits the first word off `text`.
fn next_word(text: &[char]) -> (Word, usize) {
    let run = |test: fn(char) -> bool| text.iter().take_while(|c| test(**c)).count();
    let Some(first) = text.first().copied() else { return (Word::Other, 0) };
    if is_connector(first) {
        (Word::Connector, run(is_connector))
    } else if is_punctuation(first) {
        (Word::Punctuation, run(is_punctuation))
    } else if is_upper(first) {
        let capitals = run(is_upper);
        let lower = text[capitals..].iter().take_while(|c| is_lower_or_caseless(**c)).count();
        match (capitals, lower) {
            (_, 0) => (Word::Upper, capitals),
            (1, _) => (Word::Title, 1 + lower),
            _ => (Word::Upper, capitals - 1),
        }
    } else if is_number(first) {
        (Word::Digits, run(is_number))
    } else if is_lower_or_caseless(first) {
        (Word::Lower, run(is_lower_or_caseless))
    } else {
        (Word::Other, 1)
    }
}

/// Writes the words of `text` in lower case with `connector` between them.
fn joined_words(text: &Str, connector: char) -> Str {
    let chars: Vec<char> = text.to_str_lossy().chars().collect();
    let mut words: Vec<(Word, &[char])> = Vec::new();
    let mut rest = chars.as_slice();
    while !rest.is_empty() {
        let (kind, length) = next_word(rest);
        let (word, tail) = rest.split_at(length.max(1));
        words.push((kind, word));
        rest = tail;
    }
    let mut out = String::with_capacity(text.len() + 8);
    let mut at = 0;
    let mut before: Option<Word> = None;
    while at < words.len() {
        let (kind, word) = words[at];
        let apart = |before: Option<Word>| {
            before.is_some_and(|b| !matches!(b, Word::Connector | Word::Punctuation))
        };
        match kind {
            Word::Connector => out.extend(word.iter().map(|_| connector)),
            Word::Punctuation => out.extend(word),
            Word::Digits => {
                let follows_lower = matches!(words.get(at + 1), Some((Word::Lower, _)));
                if follows_lower && apart(before) {
                    out.push(connector);
                }
                out.extend(word);
                let glued = follows_lower || !apart(before);
                let mut last = Word::Digits;
                while glued
                    && let Some((next @ (Word::Lower | Word::Digits), word)) = words.get(at + 1)
                {
                    out.extend(word.iter());
                    last = *next;
                    at += 1;
                }
                if !follows_lower
                    && !apart(before)
                    && let Some((next, word)) = words.get(at + 1)
                    && !matches!(next, Word::Connector | Word::Punctuation)
                {
                    out.extend(word.iter().copied().map(to_lower));
                    last = *next;
                    at += 1;
                }
                before = Some(last);
                at += 1;
                continue;
            }
            _ => {
                if apart(before) {
                    out.push(connector);
                }
                out.extend(word.iter().copied().map(to_lower));
            }
        }
        before = Some(kind);
        at += 1;
    }
    Str::from(out)
}

/// Writes words without connectors, each beginning with a capital (`http-server`: `HttpServer`).
fn camelcase(_: &Env, args: &[Value]) -> Result {
    let text = str_arg(args, 0).to_str_lossy();
    let chars: Vec<char> = text.chars().collect();
    let connects = |c: &char| matches!(c, '-' | '_') || c.is_whitespace();
    let lead = chars.iter().take_while(|c| connects(c)).count();
    if lead == chars.len() {
        let mut out: String = chars.iter().collect();
        out.extend(chars.last());
        return Ok(Value::str(out));
    }
    let mut out: String = chars[..lead].iter().collect();
    let mut rest = &chars[lead..];
    while let Some(first) = rest.first() {
        let word = rest.iter().take_while(|c| !connects(c)).count();
        out.push(to_upper(*first));
        let mut at = 1;
        if is_upper(*first) {
            while at < word && is_upper(rest[at]) {
                out.push(to_lower(rest[at]));
                at += 1;
            }
        }
        out.extend(&rest[at..word]);
        rest = &rest[word..];
        let gap = rest.iter().take_while(|c| connects(c)).count();
        let last = gap == rest.len();
        out.extend(&rest[..if last { gap } else { gap - 1 }]);
        rest = &rest[gap..];
    }
    Ok(Value::str(out))
}
