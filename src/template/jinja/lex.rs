//! Takes the source of a template apart: text, holes, tags and comments.

use std::ops::Range;

/// What a stretch of source is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// `{{ … }}`
    Hole,
    /// `{% … %}`
    Tag,
    /// `{# … #}`
    Comment,
}

/// A stretch of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
    /// What is between the delimiters, without white space around; for text all of it.
    pub(super) inner: Range<usize>,
    /// Whether white space before and after is to go, by `-`.
    pub(super) trims: (bool, bool),
}

impl Token {
    /// Returns the first word of a tag, nothing for other tokens.
    pub(super) fn word<'s>(&self, source: &'s str) -> &'s str {
        if self.kind != Kind::Tag {
            return "";
        }
        let inner = &source[self.inner.clone()];
        let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80;
        &inner[..inner.bytes().take_while(is_word).count()]
    }
}

/// Returns where the `}}` or `%}` is that ends a hole or tag, which has no string, bracket or
/// brace around it.
fn end_of(bytes: &[u8], start: usize, mark: u8) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = start;
    while at < bytes.len() {
        match bytes[at] {
            b if depth == 0 && b == mark && bytes.get(at + 1) == Some(&b'}') => return Some(at),
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Returns where the tag `{% endraw %}` begins.
fn end_of_raw(source: &str, start: usize) -> Option<usize> {
    let mut from = start;
    while let Some(found) = source[from..].find("{%") {
        let at = from + found;
        let rest = source[at + 2..].trim_start_matches(['-', '+']).trim_ascii_start();
        if let Some(rest) = rest.strip_prefix("endraw")
            && rest.trim_ascii_start().trim_start_matches(['-', '+']).starts_with("%}")
        {
            return Some(at);
        }
        from = at + 2;
    }
    None
}

/// Returns the names in an expression and where they begin, those after a dot and those within
/// strings left out.
pub(super) fn names(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let bytes = text.as_bytes();
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80;
    let mut at = 0;
    let mut after_dot = false;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            match bytes[at] {
                quote @ (b'"' | b'\'') => {
                    at += 1;
                    while at < bytes.len() && bytes[at] != quote {
                        at += if bytes[at] == b'\\' { 2 } else { 1 };
                    }
                    at += 1;
                    after_dot = false;
                }
                b if is_word(b) => {
                    let start = at;
                    at += bytes[at..].iter().take_while(|b| is_word(**b)).count();
                    if !std::mem::take(&mut after_dot) && !b.is_ascii_digit() {
                        return Some((start, &text[start..at]));
                    }
                }
                b => {
                    after_dot = b == b'.' || (after_dot && b.is_ascii_whitespace());
                    at += 1;
                }
            }
        }
        None
    })
}

/// Takes source apart. Where a hole or tag has no end, the rest is text: the parser will say so.
pub(super) fn tokens(source: &str) -> Vec<Token> {
    let bytes = source.as_bytes();
    let mut tokens: Vec<Token> = Vec::new();
    let push_text = |tokens: &mut Vec<Token>, range: Range<usize>| {
        if !range.is_empty() {
            let inner = range.clone();
            tokens.push(Token { kind: Kind::Text, range, inner, trims: (false, false) });
        }
    };
    let mut text_start = 0;
    let mut at = 0;
    while let Some(found) = memchr::memchr(b'{', &bytes[at..]) {
        at += found;
        let (kind, mark) = match bytes.get(at + 1) {
            Some(b'{') => (Kind::Hole, b'}'),
            Some(b'%') => (Kind::Tag, b'%'),
            Some(b'#') => (Kind::Comment, b'#'),
            _ => {
                at += 1;
                continue;
            }
        };
        let end = match kind {
            Kind::Comment => memchr::memmem::find(&bytes[at + 2..], b"#}").map(|n| at + 2 + n),
            _ => end_of(bytes, at + 2, mark),
        };
        let Some(end) = end else { break };
        push_text(&mut tokens, text_start..at);
        let left = matches!(bytes[at + 2], b'-' | b'+') && at + 2 < end;
        let right = end > at + 2 + usize::from(left) && matches!(bytes[end - 1], b'-' | b'+');
        let inner = at + 2 + usize::from(left)..end - usize::from(right);
        let trims = (left && bytes[at + 2] == b'-', right && bytes[end - 1] == b'-');
        let inside = &source[inner.clone()];
        let lead = inside.len() - inside.trim_ascii_start().len();
        let length = inside.trim_ascii().len();
        let inner = inner.start + lead..inner.start + lead + length;
        let token = Token { kind, range: at..end + 2, inner, trims };
        let is_raw = kind == Kind::Tag && source[token.inner.clone()] == *"raw";
        tokens.push(token);
        at = end + 2;
        text_start = at;
        if is_raw && let Some(end) = end_of_raw(source, at) {
            push_text(&mut tokens, at..end);
            at = end;
            text_start = end;
        }
    }
    push_text(&mut tokens, text_start..bytes.len());
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_braces_do_not_end_a_hole() {
        let source =
            "a{{ {'b': {}}['}}'] }}c{%- if x == \"%}\" -%}{# }} #}{% raw %}{{ z }}{% endraw %}{";
        let found: Vec<_> =
            tokens(source).iter().map(|t| (t.kind, &source[t.inner.clone()], t.trims)).collect();
        let none = (false, false);
        assert_eq!(
            found,
            [
                (Kind::Text, "a", none),
                (Kind::Hole, "{'b': {}}['}}']", none),
                (Kind::Text, "c", none),
                (Kind::Tag, "if x == \"%}\"", (true, true)),
                (Kind::Comment, "}}", none),
                (Kind::Tag, "raw", none),
                (Kind::Text, "{{ z }}", none),
                (Kind::Tag, "endraw", none),
                (Kind::Text, "{", none),
            ]
        );
        assert_eq!(tokens("a{{ b").len(), 1);
    }
}
