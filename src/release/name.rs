use std::fmt;
use std::str::FromStr;

use super::NameError;

/// The longest name of a release, in bytes: labels built on it must stay within 63.
const MAX_LENGTH: usize = 53;

/// A valid name of a release.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReleaseName(String);

impl ReleaseName {
    /// Checks a name: at most 53 bytes, an RFC 1123 subdomain.
    ///
    /// # Errors
    /// [`NameError`], with Helm's texts.
    pub fn new(name: &str) -> Result<Self, NameError> {
        if name.is_empty() {
            return Err(NameError::Missing);
        }
        if name.len() > MAX_LENGTH {
            return Err(NameError::Long { name: name.to_owned() });
        }
        if !name.split('.').all(is_label) {
            return Err(NameError::Invalid { name: name.to_owned() });
        }
        Ok(ReleaseName(name.to_owned()))
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_label(label: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = label.as_bytes();
    bytes.iter().all(|byte| alphanumeric(*byte) || *byte == b'-')
        && bytes.first().is_some_and(|byte| alphanumeric(*byte))
        && bytes.last().is_some_and(|byte| alphanumeric(*byte))
}

impl FromStr for ReleaseName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        ReleaseName::new(name)
    }
}

impl fmt::Display for ReleaseName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let long = "a".repeat(54);
        let cases = [
            ("web", true),
            ("a.b-c.1", true),
            ("", false),
            ("Web", false),
            ("a..b", false),
            ("-a", false),
            ("a-", false),
            ("a_b", false),
            (&long[..53], true),
            (&long, false),
        ];
        for (name, valid) in cases {
            assert_eq!(ReleaseName::new(name).is_ok(), valid, "{name}");
        }
    }
}
