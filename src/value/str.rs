use std::borrow::{Borrow, Cow};
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Range;
use std::sync::Arc;

/// Parts shorter than this are copied: a copy costs no more than a share of the whole.
const SHORTEST_PART: usize = 64;

/// An immutable byte string with Go's rules: any bytes, usually UTF-8, cheap to clone.
///
/// Ordering and equality are bytewise, which for UTF-8 text is code point order.
#[derive(Clone)]
pub struct Str(Bytes);

#[derive(Clone)]
enum Bytes {
    Whole(Arc<[u8]>),
    /// A thin pointer, so that a string takes no more than two words.
    Part(Arc<Part>),
}

/// A stretch of a larger text, which lives as long as any of its parts.
struct Part {
    whole: Arc<Vec<u8>>,
    range: Range<usize>,
}

impl Str {
    /// Makes a string of `range` of a text without copying it; short ones are copied.
    ///
    /// # Panics
    /// When the range does not lie in the text.
    #[must_use]
    pub fn part(whole: &Arc<Vec<u8>>, range: Range<usize>) -> Self {
        if range.len() < SHORTEST_PART {
            return Str::from(&whole[range]);
        }
        assert!(range.end <= whole.len());
        Str(Bytes::Part(Arc::new(Part { whole: Arc::clone(whole), range })))
    }

    /// Returns a stretch of this string, which shares the bytes where that saves a copy.
    ///
    /// # Panics
    /// When the range does not lie in the string.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        match &self.0 {
            Bytes::Part(part) if range.len() >= SHORTEST_PART => {
                assert!(range.end <= part.range.len());
                let start = part.range.start;
                Str::part(&part.whole, start + range.start..start + range.end)
            }
            _ => Str::from(&self.as_bytes()[range]),
        }
    }

    /// Returns the bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Whole(bytes) => bytes,
            Bytes::Part(part) => &part.whole[part.range.clone()],
        }
    }

    /// Returns the text, or `None` when the bytes are not UTF-8.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()).ok()
    }

    /// Returns the text with every invalid sequence replaced by U+FFFD.
    #[must_use]
    pub fn to_str_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }

    /// Returns the length in bytes, as Go's `len` does.
    #[must_use]
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Returns whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.as_bytes().is_empty()
    }
}

impl PartialEq for Str {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl Eq for Str {}

impl PartialOrd for Str {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Str {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_bytes().cmp(other.as_bytes())
    }
}

impl Hash for Str {
    /// The same as that of the bytes, as [`Borrow`] demands.
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_bytes().hash(state);
    }
}

impl Default for Str {
    fn default() -> Self {
        Str::from("")
    }
}

impl fmt::Debug for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.to_str_lossy(), f)
    }
}

impl fmt::Display for Str {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_str_lossy())
    }
}

impl From<&str> for Str {
    fn from(text: &str) -> Self {
        Str(Bytes::Whole(Arc::from(text.as_bytes())))
    }
}

impl From<String> for Str {
    fn from(text: String) -> Self {
        Str(Bytes::Whole(Arc::from(text.into_bytes())))
    }
}

impl From<&[u8]> for Str {
    fn from(bytes: &[u8]) -> Self {
        Str(Bytes::Whole(Arc::from(bytes)))
    }
}

impl From<Vec<u8>> for Str {
    fn from(bytes: Vec<u8>) -> Self {
        Str(Bytes::Whole(Arc::from(bytes)))
    }
}

impl Borrow<[u8]> for Str {
    fn borrow(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl AsRef<[u8]> for Str {
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl PartialEq<str> for Str {
    fn eq(&self, other: &str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

impl PartialEq<&str> for Str {
    fn eq(&self, other: &&str) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_like_copies() {
        let whole = Arc::new((0..=255).collect::<Vec<u8>>());
        for range in [0..0, 3..10, 0..64, 60..200, 255..256, 0..256] {
            let part = Str::part(&whole, range.clone());
            assert_eq!(part, Str::from(&whole[range.clone()]), "{range:?}");
            let middle = range.len() / 4..range.len();
            assert_eq!(part.slice(middle.clone()).as_bytes(), &part.as_bytes()[middle]);
        }
        assert_eq!(size_of::<Str>(), 2 * size_of::<usize>());
    }
}
