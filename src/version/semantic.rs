use std::cmp::Ordering;
use std::fmt;

/// Longer version texts are refused.
const MAX_LENGTH: usize = 256;

/// Why a text is not a version. The texts are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ParseError {
    /// The text does not have the form of a version.
    #[error("invalid semantic version")]
    Invalid,
    /// There is no text.
    #[error("version string empty")]
    Empty,
    /// A number has a leading zero where none may be.
    #[error("version segment starts with 0")]
    LeadingZero,
    /// A character that no version may have.
    #[error("invalid characters in version")]
    InvalidCharacters,
    /// The part after `-` holds something else than `[0-9A-Za-z-]`.
    #[error("invalid prerelease string")]
    InvalidPrerelease,
    /// The part after `+` holds something else than `[0-9A-Za-z-]`.
    #[error("invalid metadata string")]
    InvalidMetadata,
    /// A number does not fit in 64 bits.
    #[error(
        "error parsing version segment: strconv.ParseUint: parsing \"{0}\": value out of range"
    )]
    OutOfRange(String),
    /// More bytes than any sane version has.
    #[error("version string is too long (max 256 bytes)")]
    TooLong,
}

/// A semantic version: three numbers, a pre-release and build metadata.
///
/// Versions order by precedence: metadata and the original text do not count. `==` follows the
/// same rule, so `1.0.0+a == v1+b`.
#[derive(Clone, Debug, Default)]
pub struct Version {
    /// The first number.
    pub major: u64,
    /// The second number.
    pub minor: u64,
    /// The third number.
    pub patch: u64,
    /// What follows `-`, without it; empty for a release.
    pub prerelease: String,
    /// What follows `+`, without it; may be empty.
    pub metadata: String,
    original: String,
}

impl Version {
    /// Makes a release version.
    #[must_use]
    pub fn new(major: u64, minor: u64, patch: u64) -> Self {
        Version { major, minor, patch, ..Version::default() }.with_canonical_original("")
    }

    /// Reads a version loosely: a leading `v`, missing parts and leading zeros are fine.
    ///
    /// # Errors
    /// [`ParseError`], with the texts of Masterminds/semver 3.5 `NewVersion`.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        if text.len() > MAX_LENGTH {
            return Err(ParseError::TooLong);
        }
        let (core, prerelease, metadata) = split(text.strip_prefix('v').unwrap_or(text));
        let mut parts = core.split('.');
        let mut numbers = [0; 3];
        for number in &mut numbers {
            let Some(part) = parts.next() else { break };
            if !is_digits(part) {
                return Err(ParseError::Invalid);
            }
            *number = parse_number(part)?;
        }
        let well_formed = |part: Option<&str>| part.is_none_or(are_identifiers);
        if parts.next().is_some() || !well_formed(prerelease) || !well_formed(metadata) {
            return Err(ParseError::Invalid);
        }
        Version::assemble(text, numbers, prerelease, metadata)
    }

    /// Reads a version by the letter of the specification: three numbers, no `v`.
    ///
    /// # Errors
    /// [`ParseError`], with the texts of Masterminds/semver 3.5 `StrictNewVersion`.
    pub fn parse_strict(text: &str) -> Result<Self, ParseError> {
        if text.is_empty() {
            return Err(ParseError::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(ParseError::TooLong);
        }
        let (core, prerelease, metadata) = split(text);
        let parts: Vec<&str> = core.split('.').collect();
        let &[major, minor, patch] = parts.as_slice() else { return Err(ParseError::Invalid) };
        if prerelease.is_some_and(|p| !are_identifiers(p)) {
            return Err(ParseError::InvalidPrerelease);
        }
        if metadata.is_some_and(|m| !are_identifiers(m)) {
            return Err(ParseError::InvalidMetadata);
        }
        let mut numbers = [0; 3];
        for (number, part) in numbers.iter_mut().zip([major, minor, patch]) {
            if !is_digits(part) {
                return Err(ParseError::InvalidCharacters);
            }
            if has_leading_zero(part) {
                return Err(ParseError::LeadingZero);
            }
            *number = parse_number(part)?;
        }
        Version::assemble(text, numbers, prerelease, metadata)
    }

    fn assemble(
        original: &str,
        [major, minor, patch]: [u64; 3],
        prerelease: Option<&str>,
        metadata: Option<&str>,
    ) -> Result<Self, ParseError> {
        let prerelease = prerelease.unwrap_or_default();
        if prerelease.split('.').any(|p| is_digits(p) && has_leading_zero(p)) {
            return Err(ParseError::LeadingZero);
        }
        Ok(Version {
            major,
            minor,
            patch,
            prerelease: prerelease.to_owned(),
            metadata: metadata.unwrap_or_default().to_owned(),
            original: original.to_owned(),
        })
    }

    /// Returns the text the version was read from.
    #[must_use]
    pub fn original(&self) -> &str {
        &self.original
    }

    /// Returns whether there is a pre-release part.
    #[must_use]
    pub fn is_prerelease(&self) -> bool {
        !self.prerelease.is_empty()
    }

    /// Returns the next major version; `None` when the number would overflow.
    #[must_use]
    pub fn next_major(&self) -> Option<Self> {
        Some(self.release(self.major.checked_add(1)?, 0, 0))
    }

    /// Returns the next minor version; `None` when the number would overflow.
    #[must_use]
    pub fn next_minor(&self) -> Option<Self> {
        Some(self.release(self.major, self.minor.checked_add(1)?, 0))
    }

    /// Returns the next patch version, which of a pre-release is the release itself; `None` when
    /// the number would overflow.
    #[must_use]
    pub fn next_patch(&self) -> Option<Self> {
        let step = u64::from(!self.is_prerelease());
        Some(self.release(self.major, self.minor, self.patch.checked_add(step)?))
    }

    /// Returns this version with another pre-release.
    ///
    /// # Errors
    /// [`ParseError::InvalidPrerelease`] or [`ParseError::LeadingZero`].
    pub fn with_prerelease(&self, prerelease: &str) -> Result<Self, ParseError> {
        if !prerelease.is_empty() && !are_identifiers(prerelease) {
            return Err(ParseError::InvalidPrerelease);
        }
        if prerelease.split('.').any(|p| is_digits(p) && has_leading_zero(p)) {
            return Err(ParseError::LeadingZero);
        }
        let version = Version { prerelease: prerelease.to_owned(), ..self.clone() };
        Ok(version.with_canonical_original(&self.original))
    }

    /// Returns this version with other build metadata.
    ///
    /// # Errors
    /// [`ParseError::InvalidMetadata`]
    pub fn with_metadata(&self, metadata: &str) -> Result<Self, ParseError> {
        if !metadata.is_empty() && !are_identifiers(metadata) {
            return Err(ParseError::InvalidMetadata);
        }
        let version = Version { metadata: metadata.to_owned(), ..self.clone() };
        Ok(version.with_canonical_original(&self.original))
    }

    fn release(&self, major: u64, minor: u64, patch: u64) -> Self {
        Version { major, minor, patch, ..Version::default() }
            .with_canonical_original(&self.original)
    }

    /// Sets the original text to the canonical one, with `v` if the text of the version this one
    /// comes from has it.
    fn with_canonical_original(mut self, source: &str) -> Self {
        let prefix = if source.starts_with('v') { "v" } else { "" };
        self.original = format!("{prefix}{self}");
        self
    }
}

/// Cuts into the dotted numbers, the pre-release and the metadata.
fn split(text: &str) -> (&str, Option<&str>, Option<&str>) {
    let (rest, metadata) = match text.split_once('+') {
        Some((rest, metadata)) => (rest, Some(metadata)),
        None => (text, None),
    };
    match rest.split_once('-') {
        Some((core, prerelease)) => (core, Some(prerelease), metadata),
        None => (rest, None, metadata),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())
}

fn has_leading_zero(digits: &str) -> bool {
    digits.len() > 1 && digits.starts_with('0')
}

fn parse_number(digits: &str) -> Result<u64, ParseError> {
    digits.parse().map_err(|_| ParseError::OutOfRange(digits.to_owned()))
}

/// Returns whether `text` is one or more non-empty identifiers joined by dots.
fn are_identifiers(text: &str) -> bool {
    text.split('.').all(|identifier| {
        !identifier.is_empty() && identifier.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

fn compare_prereleases(a: &str, b: &str) -> Ordering {
    match (a.is_empty(), b.is_empty()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let (mut a, mut b) = (a.split('.'), b.split('.'));
    loop {
        let order = match (a.next(), b.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => Ordering::Less,
            (Some(_), None) => Ordering::Greater,
            (Some(a), Some(b)) => compare_identifiers(a, b),
        };
        if order.is_ne() {
            return order;
        }
    }
}

/// Compares two identifiers: numbers before words. A number beyond 64 bits counts as a word.
fn compare_identifiers(a: &str, b: &str) -> Ordering {
    let number = |text: &str| if is_digits(text) { text.parse::<u64>().ok() } else { None };
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => a.cmp(b),
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.major, self.minor, self.patch)
            .cmp(&(other.major, other.minor, other.patch))
            .then_with(|| compare_prereleases(&self.prerelease, &other.prerelease))
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Version {}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)?;
        if !self.prerelease.is_empty() {
            write!(f, "-{}", self.prerelease)?;
        }
        if !self.metadata.is_empty() {
            write!(f, "+{}", self.metadata)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_loosely() {
        let cases = [
            ("1", Ok("1.0.0")),
            ("v1.2", Ok("1.2.0")),
            ("01.002.3", Ok("1.2.3")),
            ("1.2.3-0a.1.--", Ok("1.2.3-0a.1.--")),
            ("1.2.3+01.b", Ok("1.2.3+01.b")),
            ("1.2-rc1+b", Ok("1.2.0-rc1+b")),
            ("1.2.3-99999999999999999999", Ok("1.2.3-99999999999999999999")),
            ("", Err("invalid semantic version")),
            ("abc", Err("invalid semantic version")),
            ("V1.2.3", Err("invalid semantic version")),
            (" 1.2.3", Err("invalid semantic version")),
            ("1.2.3-", Err("invalid semantic version")),
            ("1.2.3.4", Err("invalid semantic version")),
            ("1.2.3-a..b", Err("invalid semantic version")),
            ("1.2.3-01", Err("version segment starts with 0")),
            (
                "99999999999999999999.1.1",
                Err("error parsing version segment: strconv.ParseUint: parsing \
                     \"99999999999999999999\": value out of range"),
            ),
        ];
        for (text, expected) in cases {
            let got = Version::parse(text).map(|v| v.to_string()).map_err(|e| e.to_string());
            assert_eq!(got, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
        }
    }

    #[test]
    fn reads_strictly() {
        assert!(Version::parse_strict("1.2.3-rc.1+b").is_ok());
        for text in ["", "1.2", "v1.2.3", "01.2.3", "1.2.3-01", "1.2.3-", "1.2.x", "1.2.3+"] {
            assert!(Version::parse_strict(text).is_err(), "{text}");
        }
    }

    #[test]
    fn orders_by_precedence() {
        let ascending = [
            "1.0.0-1",
            "1.0.0-2",
            "1.0.0-10",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0",
            "1.0.1",
            "1.2.0",
            "2.0.0",
        ];
        let versions: Vec<_> = ascending.iter().flat_map(|t| Version::parse(t)).collect();
        assert_eq!(versions.len(), ascending.len());
        assert!(versions.windows(2).all(|w| w[0] < w[1]));
    }
}
