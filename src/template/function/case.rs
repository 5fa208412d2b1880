//! Upper and lower case, by Go's simple mapping of single characters, and the naming styles of the
//! `xstrings` library.

use unicode_general_category::{GeneralCategory as C, get_general_category};

use super::argument::str_arg;
use super::{Env, Function, Param, Result};
use crate::go::{Piece, pieces};
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
    if let (Some(upper), None) = (mapped.next(), mapped.next()) {
        return upper;
    }
    // Full mapping writes the iota of these Greek letters apart; the simple one is the capital
    // with the iota beneath.
    let code = u32::from(c);
    let shift = match code {
        0x1f80..=0x1f87 | 0x1f90..=0x1f97 | 0x1fa0..=0x1fa7 => 8,
        0x1fb3 | 0x1fc3 | 0x1ff3 => 9,
        _ => 0,
    };
    char::from_u32(code + shift).unwrap_or(c)
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
    Ok(Value::Str(joined_words(str_arg(args, 0), b'_')))
}

fn kebabcase(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Str(joined_words(str_arg(args, 0), b'-')))
}

/// What a word of an identifier consists of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Connector,
    Punctuation,
    Digits,
    Lower,
    /// Capitals, or one capital and its lower-case letters.
    Capital,
    /// Anything else, caseless letters too.
    Other,
}

/// Returns the kind of word a character can begin.
fn kind_of(c: char) -> Word {
    match c {
        'a'..='z' => return Word::Lower,
        'A'..='Z' => return Word::Capital,
        '0'..='9' => return Word::Digits,
        '-' | '_' => return Word::Connector,
        _ if c.is_whitespace() => return Word::Connector,
        _ => {}
    }
    match get_general_category(c) {
        C::LowercaseLetter => Word::Lower,
        C::UppercaseLetter => Word::Capital,
        C::DecimalNumber | C::LetterNumber | C::OtherNumber => Word::Digits,
        C::ConnectorPunctuation
        | C::DashPunctuation
        | C::OpenPunctuation
        | C::ClosePunctuation
        | C::InitialPunctuation
        | C::FinalPunctuation
        | C::OtherPunctuation => Word::Punctuation,
        _ => Word::Other,
    }
}

/// A character with its kind and its bytes; a stray byte is of the kind [`Word::Other`].
type Letter<'t> = (char, Word, &'t [u8]);

/// Returns the kind and length of the first word of `text`.
fn next_word(text: &[Letter]) -> Option<(Word, usize)> {
    let (_, kind, _) = *text.first()?;
    // `-` and `_` connect, but inside a run of punctuation they are part of it.
    let joins =
        |(c, k, _): &&Letter| *k == kind || kind == Word::Punctuation && matches!(c, '-' | '_');
    let run = text.iter().take_while(joins).count();
    if kind != Word::Capital {
        return Some((kind, run));
    }
    let lower = text[run..].iter().take_while(|(_, k, _)| *k == Word::Lower).count();
    Some((
        kind,
        match (run, lower) {
            (_, 0) => run,
            (1, _) => 1 + lower,
            _ => run - 1,
        },
    ))
}

/// Writes the words of `text` in lower case with `connector` between them.
///
/// Digits belong to the word before them, or to the lower-case words after them if there are any.
fn joined_words(text: &Str, connector: u8) -> Str {
    let letters: Vec<Letter> = pieces(text.as_bytes())
        .map(|(piece, shown)| match piece {
            Piece::Char(c, _) => (c, kind_of(c), shown),
            Piece::Bad(_) => (char::REPLACEMENT_CHARACTER, Word::Other, shown),
        })
        .collect();
    let mut out = Vec::with_capacity(text.len() + 8);
    let mut rest = letters.as_slice();
    // Whether the next word has to be kept apart from what was written.
    let mut apart = false;
    let mut glued = false;
    while let Some((kind, length)) = next_word(rest) {
        let (word, tail) = rest.split_at(length);
        rest = tail;
        match kind {
            Word::Connector => out.extend(word.iter().map(|_| connector)),
            Word::Punctuation => word.iter().for_each(|(_, _, shown)| out.extend_from_slice(shown)),
            _ => {
                let before_lower = matches!(next_word(rest), Some((Word::Lower, _)));
                let joins = match kind {
                    Word::Digits => glued || !before_lower,
                    Word::Lower => glued,
                    _ => false,
                };
                if apart && !joins {
                    out.push(connector);
                }
                glued = match kind {
                    Word::Digits => glued || before_lower,
                    Word::Lower => glued,
                    _ => false,
                };
                for (c, _, shown) in word {
                    let lower = to_lower(*c);
                    if lower == *c {
                        out.extend_from_slice(shown);
                    } else {
                        out.extend_from_slice(lower.encode_utf8(&mut [0; 4]).as_bytes());
                    }
                }
            }
        }
        apart = !matches!(kind, Word::Connector | Word::Punctuation);
        glued &= apart;
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
        if kind_of(*first) == Word::Capital {
            while at < word && kind_of(rest[at]) == Word::Capital {
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

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ upper "aß İǆ ﬁ" }} {{ lower "ΑΣ İ" }} {{ title "hello wORLD foo-bar_baz ǆx" }} {{ untitle "Hello World" }} {{ swapcase "aB cD éÉ" }}"#,
                "Aß İǄ ﬁ ασ i Hello WORLD Foo-Bar_baz ǅx hello world Ab Cd Éé",
            ),
            (r#"{{ upper "a\xffb" }}"#, "A�B"),
            (
                r#"{{ snakecase "HTTPServer" }} {{ snakecase "ID0Value" }} {{ snakecase "HTTP20xOK" }} {{ snakecase "foo-bar baz__q" }} {{ snakecase "1B" }} {{ snakecase "a.-b" }} {{ snakecase "a日b" }}"#,
                "http_server id0_value http_20x_ok foo_bar_baz__q 1_b a.-b a_日_b",
            ),
            (
                r#"{{ kebabcase "FooBarBaz" }} {{ kebabcase "foo_bar" }} {{ kebabcase "a1b2C3" }}"#,
                "foo-bar-baz foo-bar a-1b2-c3",
            ),
            (
                r#"{{ camelcase "http_server" }} {{ camelcase "HTTPServer" }} {{ camelcase "fooBAR" }} {{ camelcase "_a__b-" }} {{ camelcase "__" }}"#,
                "HttpServer Httpserver FooBAR _A_B- ___",
            ),
        ]);
    }
}
