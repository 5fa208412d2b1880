use super::decode_char;

/// The pattern is malformed. The text is Go's `filepath.ErrBadPattern`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

/// Tokens up to the next star, and whether a star stands before them.
#[derive(Debug, Default)]
struct Chunk {
    star: bool,
    tokens: Vec<Token>,
}

#[derive(Debug)]
enum Token {
    Byte(u8),
    AnyChar,
    Class { negated: bool, ranges: Vec<(char, char)> },
}

/// Returns whether all of `name` matches `pattern`, by the rules of Go's `filepath.Match` on Unix:
/// `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` do not, `\` escapes.
///
/// # Errors
/// [`BadPattern`] when the pattern is malformed, be it before or after the first mismatch.
pub fn filepath_match(pattern: &[u8], name: &[u8]) -> Result<bool, BadPattern> {
    let chunks = parse(pattern)?;
    let mut name = name;
    for (i, chunk) in chunks.iter().enumerate() {
        let last = i + 1 == chunks.len();
        if chunk.star && chunk.tokens.is_empty() {
            return Ok(!name.contains(&b'/'));
        }
        // A star takes as little as it can and never more again, so that `*[^a]*` does not match
        // `xy/z`: Go's matcher does not go back over earlier stars.
        let reach =
            if chunk.star { name.iter().position(|b| *b == b'/').unwrap_or(name.len()) } else { 0 };
        let rest = (0..=reach)
            .filter_map(|skipped| match_chunk(&chunk.tokens, &name[skipped..]))
            .find(|rest| !last || rest.is_empty());
        match rest {
            Some(rest) => name = rest,
            None => return Ok(false),
        }
    }
    Ok(name.is_empty())
}

fn parse(pattern: &[u8]) -> Result<Vec<Chunk>, BadPattern> {
    let mut chunks: Vec<Chunk> = Vec::new();
    let mut chunk = Chunk::default();
    let mut rest = pattern;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'*' => {
                if chunk.star && chunk.tokens.is_empty() {
                    continue;
                }
                if chunk.star || !chunk.tokens.is_empty() {
                    chunks.push(std::mem::take(&mut chunk));
                }
                chunk.star = true;
            }
            b'?' => chunk.tokens.push(Token::AnyChar),
            b'[' => chunk.tokens.push(parse_class(&mut rest)?),
            b'\\' => {
                let (&escaped, after) = rest.split_first().ok_or(BadPattern)?;
                rest = after;
                chunk.tokens.push(Token::Byte(escaped));
            }
            _ => chunk.tokens.push(Token::Byte(byte)),
        }
    }
    if chunk.star || !chunk.tokens.is_empty() {
        chunks.push(chunk);
    }
    Ok(chunks)
}

fn parse_class(rest: &mut &[u8]) -> Result<Token, BadPattern> {
    let negated = rest.first() == Some(&b'^');
    if negated {
        *rest = &rest[1..];
    }
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && rest.first() == Some(&b']') {
            *rest = &rest[1..];
            return Ok(Token::Class { negated, ranges });
        }
        let low = parse_class_char(rest)?;
        let mut high = low;
        if rest.first() == Some(&b'-') {
            *rest = &rest[1..];
            high = parse_class_char(rest)?;
        }
        ranges.push((low, high));
    }
}

fn parse_class_char(rest: &mut &[u8]) -> Result<char, BadPattern> {
    if matches!(rest.first(), None | Some(b'-' | b']')) {
        return Err(BadPattern);
    }
    if rest[0] == b'\\' {
        *rest = &rest[1..];
        if rest.is_empty() {
            return Err(BadPattern);
        }
    }
    let (c, length) = decode_char(rest);
    *rest = &rest[length..];
    // A pattern cannot end inside a class, and bytes that are not UTF-8 cannot be in one.
    if rest.is_empty() || c == char::REPLACEMENT_CHARACTER && length == 1 {
        return Err(BadPattern);
    }
    Ok(c)
}

/// Matches all tokens at the start of `name` and returns what is left of it.
fn match_chunk<'a>(tokens: &[Token], mut name: &'a [u8]) -> Option<&'a [u8]> {
    for token in tokens {
        let first = *name.first()?;
        let length = match token {
            Token::Byte(byte) => {
                if first != *byte {
                    return None;
                }
                1
            }
            Token::AnyChar => {
                if first == b'/' {
                    return None;
                }
                decode_char(name).1
            }
            Token::Class { negated, ranges } => {
                let (c, length) = decode_char(name);
                if ranges.iter().any(|(low, high)| (*low..=*high).contains(&c)) == *negated {
                    return None;
                }
                length
            }
        };
        name = &name[length..];
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_as_go() {
        let cases: &[(&str, &str, Result<bool, BadPattern>)] = &[
            ("abc", "abc", Ok(true)),
            ("*", "abc", Ok(true)),
            ("*", "a/b", Ok(false)),
            ("*c", "abc", Ok(true)),
            ("a*", "a", Ok(true)),
            ("a*/b", "abc/b", Ok(true)),
            ("a*/b", "a/c/b", Ok(false)),
            ("a*b*c*d*e*/f", "axbxcxdxe/f", Ok(true)),
            ("a*b*c*d*e*/f", "axbxcxdxe/xxx/f", Ok(false)),
            ("a*b?c*x", "abxbbxdbxebxczzx", Ok(true)),
            ("a*b?c*x", "abxbbxdbxebxczzy", Ok(false)),
            ("ab[c]", "abc", Ok(true)),
            ("ab[b-d]", "abc", Ok(true)),
            ("ab[^c]", "abc", Ok(false)),
            ("ab[^b-d]", "abe", Ok(true)),
            ("a\\*b", "a*b", Ok(true)),
            ("a\\*b", "ab", Ok(false)),
            ("a?b", "a☺b", Ok(true)),
            ("a[^a]b", "a☺b", Ok(true)),
            ("a???b", "a☺b", Ok(false)),
            ("[a-ζ]*", "α", Ok(true)),
            ("*[a-ζ]", "A", Ok(false)),
            ("a?b", "a/b", Ok(false)),
            ("a[^x]b", "a/b", Ok(true)),
            ("*[^a]*", "xy/z", Ok(false)),
            ("[\\]a]", "]", Ok(true)),
            ("[\\-x]", "-", Ok(true)),
            ("[x\\-]", "z", Ok(false)),
            ("[z-a]", "m", Ok(false)),
            ("", "", Ok(true)),
            ("", "a", Ok(false)),
            ("*x", "xxx", Ok(true)),
            ("**", "ab", Ok(true)),
            ("a**b", "axb", Ok(true)),
            ("[]a]", "]", Err(BadPattern)),
            ("[-]", "-", Err(BadPattern)),
            ("[x-]", "x", Err(BadPattern)),
            ("[-x]", "x", Err(BadPattern)),
            ("[a-b-c]", "a", Err(BadPattern)),
            ("\\", "a", Err(BadPattern)),
            ("[", "a", Err(BadPattern)),
            ("[^", "a", Err(BadPattern)),
            ("[^bc", "a", Err(BadPattern)),
            ("a[", "a", Err(BadPattern)),
            ("a[", "x", Err(BadPattern)),
            ("a/b[", "x", Err(BadPattern)),
        ];
        for (pattern, name, expected) in cases {
            let got = filepath_match(pattern.as_bytes(), name.as_bytes());
            assert_eq!(got, *expected, "{pattern} against {name}");
        }
    }
}
