//! Turns file name patterns into matchers: the two pattern languages that Helm uses.
//!
//! `.Files.Glob` has the language of gobwas/glob ([`Glob`]); `.helmignore` and `--show-only` have
//! that of Go's `filepath.Match` ([`filepath_match`]).

mod filepath;
mod gobwas;

pub use filepath::{BadPattern, filepath_match};
pub use gobwas::{Glob, GlobError};

/// Decodes the first character of `bytes` and its length; an invalid byte counts as U+FFFD.
///
/// `bytes` must not be empty.
fn decode_char(bytes: &[u8]) -> (char, usize) {
    let end = bytes.len().min(4);
    for length in 1..=end {
        if let Some(c) = std::str::from_utf8(&bytes[..length]).ok().and_then(|t| t.chars().next()) {
            return (c, length);
        }
    }
    (char::REPLACEMENT_CHARACTER, 1)
}
