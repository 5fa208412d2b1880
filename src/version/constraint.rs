use std::fmt;

use super::semantic::Version;

/// Longer constraint texts are refused.
const MAX_LENGTH: usize = 512;
/// More groups are refused.
const MAX_GROUPS: usize = 32;

/// Why a text is not a constraint. The texts are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConstraintError {
    /// A group has no form that is known; holds the group, quoted as Go quotes.
    #[error("improper constraint: {0}")]
    Improper(String),
    /// The form is right, but the version in it is not.
    #[error("constraint parser error")]
    Version,
    /// More groups than any sane constraint has.
    #[error("too many constraint groups (max 32)")]
    TooManyGroups,
    /// More bytes than any sane constraint has.
    #[error("constraint string is too long (max 512 bytes)")]
    TooLong,
}

/// A version constraint: groups of conditions, of which one group has to hold entirely.
#[derive(Clone, Debug)]
pub struct Constraint {
    groups: Vec<Group>,
    text: String,
}

#[derive(Clone, Debug)]
struct Group {
    conditions: Vec<Condition>,
    /// Whether a condition names a pre-release; only then can one match.
    admits_prereleases: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    /// None or `=`; a tilde when parts are missing.
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// The part of the version from which on it is a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wildcard {
    None,
    Patch,
    Minor,
    Major,
}

#[derive(Clone, Debug)]
struct Condition {
    operator: Operator,
    version: Version,
    wildcard: Wildcard,
}

impl Constraint {
    /// Reads a constraint such as `>=1.2 <2 || ~3.1` or `1.2 - 1.4.5`.
    ///
    /// # Errors
    /// [`ConstraintError`], with the texts of Masterminds/semver 3.5 `NewConstraint`.
    pub fn parse(text: &str) -> Result<Self, ConstraintError> {
        if text.len() > MAX_LENGTH {
            return Err(ConstraintError::TooLong);
        }
        let text_of_groups = expand_ranges(text);
        if text_of_groups.split("||").count() > MAX_GROUPS {
            return Err(ConstraintError::TooManyGroups);
        }
        let groups = text_of_groups.split("||").map(parse_group).collect::<Result<Vec<_>, _>>()?;
        Ok(Constraint { groups, text: text.to_owned() })
    }

    /// Returns whether `version` satisfies the constraint.
    #[must_use]
    pub fn matches(&self, version: &Version) -> bool {
        self.groups.iter().any(|group| {
            (group.admits_prereleases || !version.is_prerelease())
                && group.conditions.iter().all(|condition| condition.matches(version))
        })
    }
}

impl fmt::Display for Constraint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// Rewrites each `a - b` to `>= a, <= b`, swallowing the blanks around it as Helm does.
fn expand_ranges(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        if let Some((end, low, high)) = scan_range(text, at) {
            out.extend([">= ", low, ", <= ", high, " "]);
            at = end;
        } else {
            let width = text[at..].chars().next().map_or(1, char::len_utf8);
            out.push_str(&text[at..at + width]);
            at += width;
        }
    }
    out
}

/// Finds a hyphen range that begins at `at`: where it ends, and its two versions.
fn scan_range(text: &str, at: usize) -> Option<(usize, &str, &str)> {
    let low = skip_blanks(text, at);
    // Of the ends the first version can have, Helm takes the longest that a ` - ` follows; only
    // the whole version can be followed by a blank.
    let low_end = scan_version(text, low)?;
    let hyphen = skip_blanks(text, low_end);
    if hyphen == low_end || !text[hyphen..].starts_with('-') {
        return None;
    }
    let high = skip_blanks(text, hyphen + 1);
    if high == hyphen + 1 {
        return None;
    }
    let high_end = scan_version(text, high)?;
    Some((skip_blanks(text, high_end), &text[low..low_end], &text[high..high_end]))
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\x0c' | b'\r')
}

fn skip_blanks(text: &str, at: usize) -> usize {
    at + text.as_bytes()[at..].iter().take_while(|b| is_blank(**b)).count()
}

fn skip_segment(text: &str, at: usize) -> Option<usize> {
    let wild = |b: &&u8| b.is_ascii_digit() || matches!(**b, b'x' | b'X' | b'*' | b'|');
    let length = text.as_bytes()[at..].iter().take_while(wild).count();
    (length > 0).then_some(at + length)
}

/// Finds the end of the version, wildcards allowed, that begins at `at`.
fn scan_version(text: &str, at: usize) -> Option<usize> {
    let at = at + usize::from(text[at..].starts_with('v'));
    let mut at = skip_segment(text, at)?;
    for _ in 0..2 {
        if !text[at..].starts_with('.') {
            break;
        }
        match skip_segment(text, at + 1) {
            Some(end) => at = end,
            None => break,
        }
    }
    for mark in ['-', '+'] {
        if text[at..].starts_with(mark) {
            at = skip_identifiers(text, at + 1).unwrap_or(at);
        }
    }
    Some(at)
}

fn skip_identifiers(text: &str, at: usize) -> Option<usize> {
    let allowed = |b: &&u8| b.is_ascii_alphanumeric() || **b == b'-';
    let length = |at: usize| text.as_bytes()[at..].iter().take_while(allowed).count();
    let first = length(at);
    if first == 0 {
        return None;
    }
    let mut at = at + first;
    while text[at..].starts_with('.') && length(at + 1) > 0 {
        at += 1 + length(at + 1);
    }
    Some(at)
}

fn parse_group(text: &str) -> Result<Group, ConstraintError> {
    let improper = || ConstraintError::Improper(quote(text));
    let mut conditions = Vec::new();
    let mut at = 0;
    loop {
        at = skip_blanks(text, at);
        let (operator, length) = scan_operator(&text[at..]);
        let start = skip_blanks(text, at + length);
        let end = scan_version(text, start).ok_or_else(improper)?;
        conditions.push((operator, &text[start..end]));
        at = skip_blanks(text, end);
        if at == text.len() {
            break;
        }
        if text[at..].starts_with(',') {
            at += 1;
        } else if at == end {
            return Err(improper());
        }
    }
    let conditions = conditions
        .into_iter()
        .map(|(operator, version)| Condition::parse(operator, version))
        .collect::<Result<Vec<_>, _>>()?;
    let admits_prereleases = conditions.iter().any(|c| c.version.is_prerelease());
    Ok(Group { conditions, admits_prereleases })
}

/// Quotes as Go's `%q` does for printable text and the ASCII controls.
fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            c if c.is_ascii_control() => {
                out.push_str("\\x");
                out.extend(char::from_digit(u32::from(c) >> 4, 16));
                out.extend(char::from_digit(u32::from(c) & 15, 16));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn scan_operator(text: &str) -> (Operator, usize) {
    const OPERATORS: [(&str, Operator); 11] = [
        ("!=", Operator::NotEqual),
        (">=", Operator::GreaterEqual),
        ("=>", Operator::GreaterEqual),
        ("<=", Operator::LessEqual),
        ("=<", Operator::LessEqual),
        ("~>", Operator::Tilde),
        ("=", Operator::Equal),
        (">", Operator::Greater),
        ("<", Operator::Less),
        ("~", Operator::Tilde),
        ("^", Operator::Caret),
    ];
    OPERATORS
        .into_iter()
        .find(|(sign, _)| text.starts_with(sign))
        .map_or((Operator::Equal, 0), |(sign, operator)| (operator, sign.len()))
}

impl Condition {
    fn parse(operator: Operator, text: &str) -> Result<Self, ConstraintError> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let core_end = text.find(['-', '+']).unwrap_or(text.len());
        let (core, suffix) = text.split_at(core_end);
        let parts: Vec<&str> = core.split('.').collect();
        let is_wild = |i: usize| matches!(parts.get(i), None | Some(&("x" | "X" | "*")));
        let (wildcard, numbers) = if is_wild(0) {
            (Wildcard::Major, "0.0.0".to_owned())
        } else if is_wild(1) {
            (Wildcard::Minor, format!("{}.0.0", parts[0]))
        } else if is_wild(2) {
            (Wildcard::Patch, format!("{}.{}.0", parts[0], parts[1]))
        } else {
            (Wildcard::None, core.to_owned())
        };
        let version = Version::parse(&(numbers + suffix)).map_err(|_| ConstraintError::Version)?;
        Ok(Condition { operator, version, wildcard })
    }

    fn matches(&self, v: &Version) -> bool {
        let own = &self.version;
        match self.operator {
            Operator::Equal if self.wildcard == Wildcard::None => v == own,
            Operator::Equal | Operator::Tilde => self.matches_tilde(v),
            Operator::NotEqual => self.differs(v),
            Operator::Greater => match self.wildcard {
                Wildcard::None | Wildcard::Major => v > own,
                Wildcard::Minor => v.major > own.major,
                Wildcard::Patch => (v.major, v.minor) > (own.major, own.minor),
            },
            Operator::Less => v < own,
            Operator::GreaterEqual => v >= own,
            Operator::LessEqual => match self.wildcard {
                Wildcard::None => v <= own,
                Wildcard::Minor => v.major <= own.major,
                Wildcard::Patch | Wildcard::Major => (v.major, v.minor) <= (own.major, own.minor),
            },
            Operator::Caret => self.matches_caret(v),
        }
    }

    fn matches_tilde(&self, v: &Version) -> bool {
        let own = &self.version;
        if v < own {
            return false;
        }
        let is_zero = (own.major, own.minor, own.patch) == (0, 0, 0);
        if is_zero && matches!(self.wildcard, Wildcard::None | Wildcard::Major) {
            return true;
        }
        v.major == own.major && (v.minor == own.minor || self.wildcard == Wildcard::Minor)
    }

    fn matches_caret(&self, v: &Version) -> bool {
        let own = &self.version;
        if v < own {
            return false;
        }
        if own.major > 0 || self.wildcard == Wildcard::Minor {
            return v.major == own.major;
        }
        if v.major > own.major {
            return false;
        }
        if own.minor > 0 || self.wildcard == Wildcard::Patch {
            return v.minor == own.minor;
        }
        v.minor == 0 && v.patch == own.patch
    }

    fn differs(&self, v: &Version) -> bool {
        let own = &self.version;
        match self.wildcard {
            Wildcard::None | Wildcard::Major => v != own,
            Wildcard::Minor => v.major != own.major,
            Wildcard::Patch => {
                (v.major, v.minor) != (own.major, own.minor) || v.prerelease != own.prerelease
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Recorded from Helm 4.3.1: each constraint against the versions of the first line.
    const RECORDED: &str = include_str!("../../tests/fixtures/version/constraints.txt");

    #[test]
    fn matches_as_recorded() {
        let mut lines = RECORDED.lines();
        let versions: Vec<Version> = lines
            .next()
            .and_then(|line| line.strip_prefix("# versions: "))
            .map(|line| line.split(' ').map(|v| Version::parse(v).unwrap()).collect())
            .unwrap();
        let mut wrong = Vec::new();
        for line in lines {
            let (text, expected) = line.split_once('\t').unwrap();
            let constraint = Constraint::parse(text).unwrap();
            let got: String =
                versions.iter().map(|v| if constraint.matches(v) { '1' } else { '0' }).collect();
            if got != expected {
                wrong.push(format!("{text}: got {got}, want {expected}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn reads_forms() {
        let one = Version::new(1, 2, 3);
        let cases = [
            (">1.0.0,<2.0.0", Ok(true)),
            (">1.0.0 , <2.0.0", Ok(true)),
            (">= v1.0.0", Ok(true)),
            (">=1.0.0\t<2.0.0", Ok(true)),
            ("1.2 - 1.4.5 || 3", Ok(true)),
            ("1.0.0  -  2.0.0", Ok(true)),
            ("1.3-1.4", Ok(false)),
            ("=>1", Ok(true)),
            ("vx", Ok(true)),
            ("1.x.3", Ok(true)),
            ("", Err("improper constraint: \"\"")),
            (" ", Err("improper constraint: \" \"")),
            ("==1", Err("improper constraint: \"==1\"")),
            (">1.0.0<2.0.0", Err("improper constraint: \">1.0.0<2.0.0\"")),
            (">1.0.0,", Err("improper constraint: \">1.0.0,\"")),
            (">1.2.3 ||", Err("improper constraint: \"\"")),
            (">=1.2.3-", Err("improper constraint: \">=1.2.3-\"")),
            (">1.0.0 - 2", Err("improper constraint: \">>= 1.0.0, <= 2 \"")),
            ("1.0.0 - 2.0.0 - 3.0.0", Err("improper constraint: \">= 1.0.0, <= 2.0.0 - 3.0.0\"")),
            ("1|2", Err("constraint parser error")),
            ("1.**", Err("constraint parser error")),
            ("1.2.3-01", Err("constraint parser error")),
        ];
        for (text, expected) in cases {
            let got = Constraint::parse(text).map(|c| c.matches(&one)).map_err(|e| e.to_string());
            assert_eq!(got, expected.map_err(str::to_owned), "{text}");
        }
    }
}
