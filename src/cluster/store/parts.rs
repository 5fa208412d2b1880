use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::release::{Revision, record_name};

/// A part of a record that is too large for one object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Part {
    /// The name of the release.
    pub(super) release: String,
    pub(super) revision: Revision,
    /// What the parts of the record are called together.
    pub(super) digest: String,
    /// Its place among them.
    pub(super) index: usize,
}

impl Part {
    /// Returns the name of its object.
    pub(super) fn name(&self) -> String {
        format!("{}.{}.{}", record_name(&self.release, self.revision), self.digest, self.index)
    }

    /// Reads the name of an object; `None` when it is not that of a part.
    pub(super) fn parse(name: &str, release: &str, revision: Revision) -> Option<Part> {
        let rest = name.strip_prefix(&record_name(release, revision))?.strip_prefix('.')?;
        let (digest, index) = rest.split_once('.')?;
        Some(Part {
            release: release.to_owned(),
            revision,
            digest: digest.to_owned(),
            index: index.parse().ok()?,
        })
    }
}

/// The parts that the namespace is known to hold, and those that records point to.
#[derive(Clone, Debug, Default)]
pub(super) struct Parts(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
pub(super) struct Known {
    pub(super) parts: BTreeSet<Part>,
    /// What the parts of a record are called that are in use, by release and revision.
    pub(super) used: BTreeMap<(String, Revision), String>,
}

impl Parts {
    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// Returns whether the content of a part is there, be it as that of another revision.
    pub(super) fn has(&self, wanted: &Part) -> bool {
        self.parts.iter().any(|part| {
            (&part.release, &part.digest, part.index)
                == (&wanted.release, &wanted.digest, wanted.index)
        })
    }

    /// Returns the parts of a release that no record points to.
    pub(super) fn unused(&self, release: &str) -> Vec<Part> {
        // A rollback by Helm repeats a record as it is, so that two revisions may point to one.
        let used = self.used.iter().filter(|((name, _), _)| name == release);
        let used: BTreeSet<_> = used.map(|(_, digest)| digest).collect();
        let ours = self.parts.iter().filter(|part| part.release == release);
        ours.filter(|part| !used.contains(&part.digest)).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_in_use_as_long_as_one_record_points_to_them() {
        let mut known = Known::default();
        let part = |release: &str, revision, digest: &str| Part {
            release: release.to_owned(),
            revision,
            digest: digest.to_owned(),
            index: 0,
        };
        known.parts.extend([part("web", 1, "a"), part("web", 2, "b"), part("api", 1, "c")]);
        known.used.insert(("web".to_owned(), 1), "a".to_owned());
        known.used.insert(("web".to_owned(), 3), "a".to_owned());
        assert_eq!(known.unused("web"), [part("web", 2, "b")]);
        known.used.remove(&("web".to_owned(), 1));
        assert_eq!(known.unused("web"), [part("web", 2, "b")]);
        known.used.remove(&("web".to_owned(), 3));
        assert_eq!(known.unused("web"), [part("web", 1, "a"), part("web", 2, "b")]);
    }

    #[test]
    fn names_tell_parts() {
        let part = Part { release: "a.b".into(), revision: 3, digest: "0f".into(), index: 1 };
        assert_eq!(part.name(), "sh.helm.release.v1.a.b.v3.0f.1");
        assert_eq!(Part::parse(&part.name(), "a.b", 3), Some(part));
        assert_eq!(Part::parse("sh.helm.release.v1.a.b.v3", "a.b", 3), None);
    }
}
