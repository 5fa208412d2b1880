//! The source of a template as it stands: text, actions and comments in a row.

use std::ops::Range;

/// What a stretch of source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Comment,
    /// An action that writes nothing where it stands: control, definition, assignment.
    Block,
    /// An action that writes something.
    Hole,
}

/// A stretch of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
    /// What is between the delimiters; for text all of it.
    pub(super) inner: Range<usize>,
    /// Whether white space before and after goes.
    pub(super) trims: (bool, bool),
}

impl Piece {
    /// Returns the first word of an action.
    pub(super) fn word<'s>(&self, source: &'s str) -> &'s str {
        first_word(&source[self.inner.clone()])
    }

    /// Returns the second word of an action.
    pub(super) fn second_word<'s>(&self, source: &'s str) -> &'s str {
        let inner = source[self.inner.clone()].trim_ascii_start();
        first_word(&inner[first_word(inner).len()..])
    }
}

fn first_word(text: &str) -> &str {
    let text = text.trim_ascii_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

fn is_space(byte: Option<&u8>) -> bool {
    matches!(byte, Some(b' ' | b'\t' | b'\r' | b'\n'))
}

/// Returns where the `}}` is that ends an action whose content begins at `start`.
fn end_of(bytes: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b'}' if bytes.get(at + 1) == Some(&b'}') => return Some(at),
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'`' => at += 1 + memchr::memchr(b'`', &bytes[at + 1..])?,
            _ => {}
        }
        at += 1;
    }
    None
}

/// Returns whether an action assigns a variable and does nothing else.
fn assigns(inner: &str) -> bool {
    let Some(rest) = inner.trim_ascii_start().strip_prefix('$') else { return false };
    let rest = rest.trim_start_matches(|c: char| c.is_alphanumeric() || c == '_');
    let rest = rest.trim_ascii_start();
    rest.starts_with(":=") || rest.starts_with('=')
}

/// Takes the source of a template that parses apart.
pub(super) fn pieces(source: &str) -> Vec<Piece> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = source[at..].find("{{").map_or(bytes.len(), |next| at + next);
        if start > at {
            let range = at..start;
            found.push(Piece {
                kind: Kind::Text,
                inner: range.clone(),
                range,
                trims: (false, false),
            });
        }
        if start == bytes.len() {
            break;
        }
        let left = bytes.get(start + 2) == Some(&b'-') && is_space(bytes.get(start + 3));
        let content = start + if left { 4 } else { 2 };
        let is_comment = bytes[content..].starts_with(b"/*");
        let end = if is_comment {
            source[content..].find("*/").and_then(|end| {
                source[content + end..].find("}}").map(|close| content + end + close)
            })
        } else {
            end_of(bytes, content)
        };
        let Some(end) = end else { break };
        let right = end > content + 1 && bytes[end - 1] == b'-' && is_space(bytes.get(end - 2));
        let inner = content..end - usize::from(right);
        let kind = match first_word(&source[inner.clone()]) {
            _ if is_comment => Kind::Comment,
            "if" | "else" | "end" | "range" | "with" | "define" | "break" | "continue" => {
                Kind::Block
            }
            _ if assigns(&source[inner.clone()]) => Kind::Block,
            _ => Kind::Hole,
        };
        found.push(Piece { kind, range: start..end + 2, inner, trims: (left, right) });
        at = end + 2;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actions_are_told_from_text() {
        let source = "a {{- if .x -}}\n{{ \"}}\" }}{{/* }} */}}{{ $x := 1 }}{{ `}}` }}{{ end }}";
        let found = pieces(source);
        let shown: Vec<_> =
            found.iter().map(|p| (p.kind, &source[p.inner.clone()], p.trims)).collect();
        let none = (false, false);
        assert_eq!(
            shown,
            [
                (Kind::Text, "a ", none),
                (Kind::Block, "if .x ", (true, true)),
                (Kind::Text, "\n", none),
                (Kind::Hole, " \"}}\" ", none),
                (Kind::Comment, "/* }} */", none),
                (Kind::Block, " $x := 1 ", none),
                (Kind::Hole, " `}}` ", none),
                (Kind::Block, " end ", none),
            ]
        );
    }
}
