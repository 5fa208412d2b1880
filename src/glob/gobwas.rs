use super::decode_char;

/// The pattern is malformed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("malformed glob pattern")]
pub struct GlobError;

/// A compiled pattern in the language of gobwas/glob: `*` and `?` stop at the separator, `**`
/// crosses it, `{a,b}` are alternatives, `[abc]`, `[a-c]` and `[!a]` are one character, `\`
/// escapes.
#[derive(Clone, Debug)]
pub struct Glob {
    nodes: Vec<Node>,
    separator: Option<char>,
}

#[derive(Clone, Debug)]
enum Node {
    Char(char),
    AnyChar,
    Star,
    SuperStar,
    Set { negated: bool, chars: Vec<char> },
    Range { negated: bool, low: char, high: char },
    Alternatives(Vec<Vec<Node>>),
}

impl Glob {
    /// Compiles `pattern`; without a separator `*` and `?` match everything.
    ///
    /// # Errors
    /// [`GlobError`] when a class or a brace is malformed.
    pub fn compile(pattern: &[u8], separator: Option<u8>) -> Result<Self, GlobError> {
        let chars = decode(pattern);
        let mut parser = Parser { chars: &chars, at: 0 };
        let nodes = parser.sequence(0)?;
        Ok(Glob { nodes, separator: separator.map(char::from) })
    }

    /// Returns whether all of `text` matches.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        if self.has_fixed_length() && text.len() != self.nodes.len() {
            return false;
        }
        let text = decode(text);
        // The set of positions that the pattern can have reached; no backtracking, so that no
        // pattern is slow.
        let mut reached = vec![false; text.len() + 1];
        reached[0] = true;
        self.advance(&self.nodes, &text, &reached)[text.len()]
    }

    /// Returns whether the pattern is two or more single characters, not all literal. Gobwas
    /// compares their number with the *bytes* of the text, so that `?.txt` is not `é.txt`.
    fn has_fixed_length(&self) -> bool {
        let single = |n: &Node| !matches!(n, Node::Star | Node::SuperStar | Node::Alternatives(_));
        self.nodes.len() > 1
            && self.nodes.iter().all(single)
            && !self.nodes.iter().all(|n| matches!(n, Node::Char(_)))
    }

    fn advance(&self, nodes: &[Node], text: &[char], from: &[bool]) -> Vec<bool> {
        let mut reached = from.to_vec();
        for node in nodes {
            reached = self.step(node, text, &reached);
        }
        reached
    }

    fn step(&self, node: &Node, text: &[char], from: &[bool]) -> Vec<bool> {
        let mut to = vec![false; from.len()];
        match node {
            Node::Star | Node::SuperStar => {
                let stops = |c: char| matches!(node, Node::Star) && Some(c) == self.separator;
                let mut open = false;
                for i in 0..from.len() {
                    open = from[i] || open && !stops(text[i - 1]);
                    to[i] = open;
                }
            }
            Node::Alternatives(alternatives) => {
                for alternative in alternatives {
                    for (to, also) in to.iter_mut().zip(self.advance(alternative, text, from)) {
                        *to |= also;
                    }
                }
            }
            _ => {
                for (i, c) in text.iter().enumerate() {
                    to[i + 1] = from[i] && self.matches_char(node, *c);
                }
            }
        }
        to
    }

    fn matches_char(&self, node: &Node, c: char) -> bool {
        match node {
            Node::Char(own) => c == *own,
            Node::AnyChar => Some(c) != self.separator,
            Node::Set { negated, chars } => chars.contains(&c) != *negated,
            Node::Range { negated, low, high } => (*low..=*high).contains(&c) != *negated,
            Node::Star | Node::SuperStar | Node::Alternatives(_) => false,
        }
    }
}

fn decode(bytes: &[u8]) -> Vec<char> {
    let mut chars = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while !rest.is_empty() {
        let (c, length) = decode_char(rest);
        chars.push(c);
        rest = &rest[length..];
    }
    chars
}

/// Deeper nesting of braces is refused.
const MAX_DEPTH: usize = 100;

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    /// Reads up to the end, or inside braces up to a `,` or `}`, which is left.
    fn sequence(&mut self, depth: usize) -> Result<Vec<Node>, GlobError> {
        let mut nodes = Vec::new();
        while let Some(c) = self.peek() {
            if depth > 0 && matches!(c, ',' | '}') {
                break;
            }
            self.at += 1;
            nodes.push(match c {
                '*' if self.peek() == Some('*') => {
                    self.at += 1;
                    Node::SuperStar
                }
                '*' => Node::Star,
                '?' => Node::AnyChar,
                '[' => self.class()?,
                '{' => self.alternatives(depth + 1)?,
                '\\' => match self.next() {
                    Some(escaped) => Node::Char(escaped),
                    None => break,
                },
                _ => Node::Char(c),
            });
        }
        Ok(nodes)
    }

    fn alternatives(&mut self, depth: usize) -> Result<Node, GlobError> {
        if depth > MAX_DEPTH {
            return Err(GlobError);
        }
        let mut alternatives = Vec::new();
        loop {
            alternatives.push(self.sequence(depth)?);
            if self.next() != Some(',') {
                break;
            }
        }
        // Gobwas takes a group of nothing but empty alternatives for one that never matches, and
        // the end of the pattern for the missing brace.
        if alternatives.iter().all(Vec::is_empty) {
            alternatives.clear();
        }
        Ok(Node::Alternatives(alternatives))
    }

    fn class(&mut self) -> Result<Node, GlobError> {
        let negated = self.peek() == Some('!');
        self.at += usize::from(negated);
        let first = self.peek().ok_or(GlobError)?;
        if self.chars.get(self.at + 1) == Some(&'-') {
            self.at += 2;
            let high = self.next().ok_or(GlobError)?;
            if self.next() != Some(']') || high < first {
                return Err(GlobError);
            }
            return Ok(Node::Range { negated, low: first, high });
        }
        let mut chars = Vec::new();
        loop {
            match self.next().ok_or(GlobError)? {
                ']' if chars.is_empty() => return Err(GlobError),
                ']' => return Ok(Node::Set { negated, chars }),
                '\\' => chars.push(self.next().ok_or(GlobError)?),
                c => chars.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Helm 4.3.1's `.Files.Glob`: a pattern and the files it found.
    const RECORDED: &str = include_str!("../../tests/fixtures/glob/files.txt");

    #[test]
    fn finds_the_recorded_files() {
        let all: Vec<&str> = RECORDED
            .lines()
            .find_map(|line| line.strip_prefix("**\t"))
            .map(|files| files.split('\t').collect())
            .unwrap();
        for line in RECORDED.lines() {
            let (pattern, files) = line.split_once('\t').unwrap();
            let expected: Vec<&str> = files.split('\t').filter(|f| !f.is_empty()).collect();
            // Helm falls back to `**` when the pattern is malformed.
            let glob = Glob::compile(pattern.as_bytes(), Some(b'/'));
            let found: Vec<&str> = all
                .iter()
                .copied()
                .filter(|f| glob.as_ref().map_or(true, |glob| glob.matches(f.as_bytes())))
                .collect();
            assert_eq!(found, expected, "{pattern}");
        }
    }

    #[test]
    fn tolerates_open_ends() {
        let cases = [
            ("{a", "a", true),
            ("{a,b", "b", true),
            ("a\\", "a", true),
            ("\\{a", "{a", true),
            ("{}", "", false),
            ("{a,}", "", true),
        ];
        for (pattern, text, expected) in cases {
            let glob = Glob::compile(pattern.as_bytes(), Some(b'/')).unwrap();
            assert_eq!(glob.matches(text.as_bytes()), expected, "{pattern} against {text}");
        }
    }
}
