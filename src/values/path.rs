//! Paths into values, in the notation of `--set`: `a.b[2].c`, a backslash before what is part of
//! a key.

use std::fmt;

use crate::value::{Map, Str, Value};
use crate::yaml;

/// One step of a [`ValuePath`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PathStep {
    /// Into a map.
    Key(Str),
    /// Into a list, from 0.
    Index(usize),
}

/// The way from the values to one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ValuePath(pub Vec<PathStep>);

/// A text is no path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path:?} is no path to a value: {reason}")]
pub struct PathError {
    /// The text.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl ValuePath {
    /// Reads a path as `--set` writes it. No text is the path to the values as a whole; a dot in
    /// front is passed over, and so is `.Values`.
    ///
    /// # Errors
    /// [`PathError`] for an index that is no number or a key that is empty.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        let fail = |reason| PathError { path: text.to_owned(), reason };
        let trimmed = text.trim();
        let trimmed = match trimmed.strip_prefix(".Values") {
            Some(rest) if rest.is_empty() || rest.starts_with(['.', '[']) => rest,
            _ => trimmed,
        };
        let mut rest = trimmed.strip_prefix('.').unwrap_or(trimmed).chars().peekable();
        let mut steps = Vec::new();
        let mut is_key_due = rest.peek().is_some();
        while let Some(next) = rest.peek().copied() {
            if next == '[' {
                rest.next();
                let mut digits = String::new();
                while let Some(digit) = rest.next_if(|c| *c != ']') {
                    digits.push(digit);
                }
                rest.next().ok_or_else(|| fail("a `[` without its `]`"))?;
                let index = digits.parse().map_err(|_| fail("an index that is no number"))?;
                steps.push(PathStep::Index(index));
                is_key_due = false;
                continue;
            }
            if next == '.' {
                if is_key_due {
                    return Err(fail("an empty key"));
                }
                rest.next();
                is_key_due = true;
                continue;
            }
            let mut key = String::new();
            while let Some(c) = rest.next_if(|c| !matches!(c, '.' | '[')) {
                if c == '\\' { key.extend(rest.next()) } else { key.push(c) }
            }
            steps.push(PathStep::Key(key.into()));
            is_key_due = false;
        }
        if is_key_due && !steps.is_empty() {
            return Err(fail("an empty key at its end"));
        }
        Ok(ValuePath(steps))
    }

    /// Makes a path of keys.
    pub fn of_keys<K: Into<Str>>(keys: impl IntoIterator<Item = K>) -> Self {
        ValuePath(keys.into_iter().map(|key| PathStep::Key(key.into())).collect())
    }

    /// Returns the path that goes on with `key`.
    #[must_use]
    pub fn key(&self, key: impl Into<Str>) -> Self {
        self.step(PathStep::Key(key.into()))
    }

    /// Returns the path that goes on with the item `index`.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(PathStep::Index(index))
    }

    fn step(&self, step: PathStep) -> Self {
        let mut steps = Vec::with_capacity(self.0.len() + 1);
        steps.extend_from_slice(&self.0);
        steps.push(step);
        ValuePath(steps)
    }

    /// Returns `self` and then `rest`.
    #[must_use]
    pub fn join(&self, rest: &[PathStep]) -> Self {
        ValuePath(self.0.iter().chain(rest).cloned().collect())
    }

    /// Returns the key of the first step.
    #[must_use]
    pub fn first_key(&self) -> Option<&Str> {
        match self.0.first() {
            Some(PathStep::Key(key)) => Some(key),
            _ => None,
        }
    }

    /// Returns the value the path leads to.
    #[must_use]
    pub fn find(&self, values: &Map) -> Option<Value> {
        let mut found = Value::Map(values.clone());
        for step in &self.0 {
            found = match (step, &found) {
                (PathStep::Key(key), Value::Map(map)) => map.get(key)?,
                (PathStep::Index(index), Value::List(list)) => list.get(*index)?,
                _ => return None,
            };
        }
        Some(found)
    }

    /// Returns the steps as the YAML reader's positions take them.
    pub(super) fn yaml_steps(&self) -> Vec<yaml::Step<'_>> {
        let step = |step| match step {
            &PathStep::Index(index) => yaml::Step::Index(index),
            PathStep::Key(key) => yaml::Step::Key(key.as_bytes()),
        };
        self.0.iter().map(step).collect()
    }
}

impl fmt::Display for ValuePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, step) in self.0.iter().enumerate() {
            match step {
                PathStep::Index(index) => write!(f, "[{index}]")?,
                PathStep::Key(key) => {
                    if i > 0 {
                        f.write_str(".")?;
                    }
                    for c in key.to_str_lossy().chars() {
                        if matches!(c, '.' | ',' | '=' | '[' | ']' | '\\') {
                            f.write_str("\\")?;
                        }
                        write!(f, "{c}")?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_as_it_is_written() {
        let cases: &[(&str, &str, usize)] = &[
            ("", "", 0),
            (".", "", 0),
            (".Values", "", 0),
            (".Values.a", "a", 1),
            (".Valuesx", "Valuesx", 1),
            ("a.b", "a.b", 2),
            ("a[2].b", "a[2].b", 3),
            ("a[0][1]", "a[0][1]", 3),
            (r"a.b\.c/d.e", r"a.b\.c/d.e", 3),
            (r"a\[0]", r"a\[0\]", 1),
            (r"a\,b\=c\\", r"a\,b\=c\\", 1),
        ];
        for (text, shown, steps) in cases {
            let path = ValuePath::parse(text).unwrap();
            assert_eq!((path.to_string().as_str(), path.0.len()), (*shown, *steps), "{text}");
            assert_eq!(ValuePath::parse(shown).unwrap(), path);
        }
        for wrong in ["a..b", "a.", "a[x]", "a[1", "a[]", "..a"] {
            assert!(ValuePath::parse(wrong).is_err(), "{wrong}");
        }
    }
}
