use crate::diagnostic::Diagnostic;

/// How many different failures are kept; the others are counted.
const MAX_KEPT: usize = 10;

/// The templates of one render that failed: at least one.
///
/// `Display` gives the first failure's text, which is all that Helm prints.
#[derive(Debug)]
pub struct Failures {
    kept: Vec<Failed>,
    left_out: usize,
}

/// One failure and the files that came upon it.
#[derive(Debug)]
pub struct Failed {
    /// What and where, as the first of the files met it.
    pub diagnostic: Diagnostic,
    /// The paths of the files, in order of rendering: a partial can fail for many.
    pub files: Vec<String>,
}

impl Failures {
    /// Returns the failures in order of rendering, the one that Helm would have stopped at first.
    #[must_use]
    pub fn kept(&self) -> &[Failed] {
        &self.kept
    }

    /// Returns the failures for changing how they are shown.
    pub fn kept_mut(&mut self) -> &mut [Failed] {
        &mut self.kept
    }

    /// Returns how many files failed in other ways beyond those kept.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Collects failures. `None` for none.
    pub(super) fn collect(failed: impl IntoIterator<Item = (String, Diagnostic)>) -> Option<Self> {
        let mut failures = Failures { kept: Vec::new(), left_out: 0 };
        for (file, diagnostic) in failed {
            failures.push(file, diagnostic);
        }
        (!failures.kept.is_empty()).then_some(failures)
    }

    fn push(&mut self, file: String, diagnostic: Diagnostic) {
        let is_same = |failed: &&mut Failed| {
            diagnostic.span.is_some()
                && failed.diagnostic.span == diagnostic.span
                && failed.diagnostic.label == diagnostic.label
        };
        if let Some(failed) = self.kept.iter_mut().find(is_same) {
            failed.files.push(file);
        } else if self.kept.len() < MAX_KEPT {
            self.kept.push(Failed { diagnostic, files: vec![file] });
        } else {
            self.left_out += 1;
        }
    }
}

impl std::fmt::Display for Failures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kept.first() {
            Some(failed) => failed.diagnostic.fmt(f),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Failures {}

#[cfg(test)]
mod tests {
    use super::*;

    fn failures(list: &[(&str, &str, usize)]) -> Failures {
        let list = list.iter().map(|(file, place, offset)| {
            (file.to_string(), Diagnostic::error("m").at(place, *offset, 1))
        });
        Failures::collect(list).unwrap()
    }

    #[test]
    fn one_place_is_one_failure_of_many_files() {
        let failures = failures(&[("a", "h", 1), ("b", "b", 1), ("c", "h", 1), ("d", "h", 2)]);
        let files: Vec<_> = failures.kept().iter().map(|failed| failed.files.join(" ")).collect();
        assert_eq!(files, ["a c", "b", "d"]);
    }

    #[test]
    fn failures_beyond_the_tenth_are_counted() {
        let list: Vec<_> = (0..14).map(|i| ("a", "a", i)).collect();
        let failures = failures(&list);
        assert_eq!((failures.kept().len(), failures.left_out()), (10, 4));
        assert!(Failures::collect([]).is_none());
    }
}
