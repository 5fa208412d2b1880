//! Finds the operands of `~` and `+`, which make one text of two.
//!
//! The engine writes booleans and null in the way of Python there, and knows no limit. So what
//! `prepare` gives it has a filter behind each operand.

/// The filter that makes words of booleans and null, and knows the limit.
pub(super) const WORD: &str = "__word";

/// The filter that knows the limit.
pub(super) const SIZED: &str = "__sized";

/// Words that end an operand.
const ENDS: &[&str] = &[
    "and",
    "as",
    "else",
    "from",
    "if",
    "ignore",
    "import",
    "in",
    "not",
    "or",
    "recursive",
    "with",
    "without",
];

/// What is known of an open bracket, or of the whole.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    /// Whether a `~` came before the operand at hand.
    is_right: bool,
    /// Whether the operand at hand has begun.
    has_begun: bool,
}

/// Returns where filters belong in the inside of a hole or a tag, in bytes.
pub(super) fn filters(inner: &str) -> Vec<(usize, &'static str)> {
    let bytes = inner.as_bytes();
    let mut found = Vec::new();
    if memchr::memchr2(b'~', b'+', bytes).is_none() {
        return found;
    }
    let is_word = |b: &u8| b.is_ascii_alphanumeric() || *b == b'_' || *b >= 0x80;
    let mut levels = vec![Level::default()];
    // Where the last token ended.
    let mut end = 0;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let Some(level) = levels.last_mut() else { break };
        let length = match byte {
            b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            b'"' | b'\'' => {
                let mut to = at + 1;
                while to < bytes.len() && bytes[to] != byte {
                    to += if bytes[to] == b'\\' { 2 } else { 1 };
                }
                (to + 1).min(bytes.len()) - at
            }
            b if is_word(&b) => {
                let mut to = at + bytes[at..].iter().take_while(|b| is_word(b)).count();
                // The sign of an exponent belongs to the number.
                let is_number = byte.is_ascii_digit() && matches!(bytes[to - 1], b'e' | b'E');
                if is_number && matches!(bytes.get(to), Some(b'+' | b'-')) {
                    to += 1;
                    to += bytes[to..].iter().take_while(|b| is_word(b)).count();
                }
                to - at
            }
            _ => 1,
        };
        let is_end = match byte {
            b',' | b':' | b'=' | b'!' | b'<' | b'>' => true,
            b'+' | b'-' => level.has_begun,
            b if is_word(&b) => ENDS.contains(&&inner[at..at + length]),
            _ => false,
        };
        match byte {
            b'~' => {
                found.push((end, WORD));
                *level = Level { is_right: true, has_begun: false };
            }
            b'(' | b'[' | b'{' => {
                level.has_begun = true;
                levels.push(Level::default());
            }
            b')' | b']' | b'}' => {
                if level.is_right && level.has_begun {
                    found.push((end, WORD));
                }
                if levels.len() > 1 {
                    levels.pop();
                }
            }
            _ if is_end => {
                if level.is_right && level.has_begun {
                    found.push((end, WORD));
                }
                if byte == b'+' {
                    found.push((end, SIZED));
                }
                *level = Level::default();
            }
            _ => level.has_begun = true,
        }
        at += length;
        end = at;
    }
    if levels.last().is_some_and(|level| level.is_right && level.has_begun) {
        found.push((end, WORD));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(inner: &str) -> String {
        let mut out = inner.to_owned();
        for (at, name) in filters(inner).into_iter().rev() {
            out.insert_str(at, if name == WORD { "|w" } else { "|s" });
        }
        out
    }

    #[test]
    fn operands_get_their_filters() {
        for (inner, expected) in [
            ("a ~ b", "a|w ~ b|w"),
            ("a ~ '~' ~ c.d[e ~ f]", "a|w ~ '~'|w ~ c.d[e|w ~ f|w]|w"),
            ("(a == b) ~ -c", "(a == b)|w ~ -c|w"),
            ("a ~ b | upper if c else d", "a|w ~ b | upper|w if c else d"),
            ("set x = a ~ b * 2 + 1", "set x = a|w ~ b * 2|w|s + 1"),
            ("f(a ~ b, c=d ~ e)", "f(a|w ~ b|w, c=d|w ~ e|w)"),
            ("{'a': b ~ c}", "{'a': b|w ~ c|w}"),
            ("a ~ b == c ~ d", "a|w ~ b|w == c|w ~ d|w"),
            ("a + b + c", "a|s + b|s + c"),
            ("1e+5 - 2", "1e+5 - 2"),
            ("a ~ b in c", "a|w ~ b|w in c"),
            ("a | default('x ~ y')", "a | default('x ~ y')"),
        ] {
            assert_eq!(shown(inner), expected, "{inner}");
        }
    }
}
