//! Marks in rendered text: where a hole is, which part of a template wrote what follows, and the
//! one character that would be taken for a mark.
//!
//! A mark is written in characters of a private plane, so that it passes through macros and blocks
//! as text. Numbers are two characters of twelve bits.

/// Begins every mark: U+F0000.
pub(super) const ESCAPE: char = '\u{F0000}';

/// How [`ESCAPE`] looks in UTF-8.
const ESCAPE_BYTES: &[u8] = b"\xF3\xB0\x80\x80";

/// Follows [`ESCAPE`] where the character itself is meant: U+F0001.
const LITERAL_BYTES: &[u8] = b"\xF3\xB0\x80\x81";

/// Follows [`ESCAPE`] where the number of a place comes next.
const PLACE: char = '\u{F0002}';

/// How [`PLACE`] looks in UTF-8.
const PLACE_BYTES: &[u8] = b"\xF3\xB0\x80\x82";

/// The first of the characters that stand for twelve bits.
const DIGITS: u32 = 0xF1000;

/// The length of a hole's mark, in bytes.
pub(super) const HOLE_LENGTH: usize = 12;

/// The length of the mark of a place, in bytes.
pub(super) const PLACE_LENGTH: usize = 16;

/// The largest number a mark can hold.
pub(super) const MAX_NUMBER: usize = (1 << 24) - 1;

/// A stretch of text, or a mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    /// The character [`ESCAPE`] itself.
    Escape,
    /// What the hole of that number printed.
    Hole(u32),
    /// What follows was written by the place of that number.
    Place(u32),
}

fn digit(bits: u32) -> char {
    char::from_u32(DIGITS + (bits & 0xFFF)).unwrap_or(ESCAPE)
}

fn push_number(out: &mut String, number: u32) {
    out.push(digit(number >> 12));
    out.push(digit(number));
}

/// Returns the mark of a hole, written into `buffer`.
pub(super) fn hole(number: u32, buffer: &mut [u8; HOLE_LENGTH]) -> &str {
    let mut at = 0;
    for c in [ESCAPE, digit(number >> 12), digit(number)] {
        at += c.encode_utf8(&mut buffer[at..]).len();
    }
    std::str::from_utf8(&buffer[..at]).unwrap_or_default()
}

/// Writes the mark of a hole.
pub(super) fn push_hole(out: &mut String, number: u32) {
    out.push_str(hole(number, &mut [0; HOLE_LENGTH]));
}

/// Writes the mark of a place.
pub(super) fn push_place(out: &mut String, number: u32) {
    out.push(ESCAPE);
    out.push(PLACE);
    push_number(out, number);
}

/// Returns where the next mark begins.
pub(super) fn find(text: &str) -> Option<usize> {
    find_bytes(text.as_bytes())
}

/// Returns where the next mark begins.
pub(super) fn find_bytes(text: &[u8]) -> Option<usize> {
    if text.starts_with(ESCAPE_BYTES) {
        return Some(0);
    }
    let mut from = 0;
    // To set up a search for four bytes takes longer than most texts here.
    while let Some(at) = memchr::memchr(ESCAPE_BYTES[0], &text[from..]) {
        if text[from + at..].starts_with(ESCAPE_BYTES) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// Returns the number of the hole whose mark `text` begins with.
pub(super) fn hole_at(text: &str) -> Option<u32> {
    let bytes = text.as_bytes().strip_prefix(ESCAPE_BYTES)?;
    number(bytes)
}

/// Reads two digits, each of four bytes in UTF-8.
fn number(bytes: &[u8]) -> Option<u32> {
    let digit = |bytes: &[u8]| match *bytes {
        [0xF3, 0xB1, high @ 0x80..0xC0, low @ 0x80..0xC0] => {
            Some(u32::from(high & 0x3F) << 6 | u32::from(low & 0x3F))
        }
        _ => None,
    };
    Some(digit(bytes.get(..4)?)? << 12 | digit(bytes.get(4..8)?)?)
}

/// Returns the piece that a text in UTF-8 begins with and its length in bytes. The text begins with
/// [`ESCAPE`].
pub(super) fn piece(text: &[u8]) -> (Piece<'static>, usize) {
    let escape = ESCAPE.len_utf8();
    let rest = text.get(escape..).unwrap_or_default();
    if let Some(number) = number(rest) {
        return (Piece::Hole(number), HOLE_LENGTH);
    }
    if let Some(number) = rest.strip_prefix(PLACE_BYTES).and_then(number) {
        return (Piece::Place(number), PLACE_LENGTH);
    }
    // A literal of a template may hold the character.
    let length = if rest.starts_with(LITERAL_BYTES) { 2 * escape } else { escape };
    (Piece::Escape, length)
}

/// Takes text apart at its marks.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (piece, length) = match find(rest) {
            Some(0) => piece(rest.as_bytes()),
            Some(at) => (Piece::Text(&rest[..at]), at),
            None => (Piece::Text(rest), rest.len()),
        };
        rest = &rest[length..];
        Some(piece)
    })
}

/// As [`pieces`], each with where it begins, in bytes; marks of places count for nothing.
pub(super) fn pieces_at(text: &str) -> impl Iterator<Item = (usize, Piece<'_>)> {
    let mut passed = 0;
    pieces(text).map(move |piece| {
        let at = passed;
        passed += match piece {
            Piece::Text(text) => text.len(),
            Piece::Escape => 2 * ESCAPE.len_utf8(),
            Piece::Hole(_) => HOLE_LENGTH,
            Piece::Place(_) => 0,
        };
        (at, piece)
    })
}

/// Returns the text with each [`ESCAPE`] marked as such; `None` when there is none.
pub(super) fn escaped(text: &str) -> Option<String> {
    find(text).map(|_| text.replace(ESCAPE, "\u{F0000}\u{F0001}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_found_among_text() {
        let mut text = String::from("a: ");
        push_place(&mut text, 70_000);
        push_hole(&mut text, 3);
        text.push_str(" é");
        push_hole(&mut text, MAX_NUMBER as u32);
        text.push_str(&escaped("x\u{F0000}").unwrap());
        let found: Vec<_> = pieces(&text).collect();
        assert_eq!(
            found,
            [
                Piece::Text("a: "),
                Piece::Place(70_000),
                Piece::Hole(3),
                Piece::Text(" é"),
                Piece::Hole(MAX_NUMBER as u32),
                Piece::Text("x"),
                Piece::Escape,
            ]
        );
        assert_eq!(pieces("\u{F0000}z").collect::<Vec<_>>(), [Piece::Escape, Piece::Text("z")]);
        assert_eq!(hole_at(&text[text.find('é').unwrap() + 2..]), Some(MAX_NUMBER as u32));
        assert_eq!(hole_at("a"), None);
    }
}
