use std::collections::BTreeMap;

use super::{Release, Revision, Status};

/// All known revisions of one release, oldest first.
///
/// Of a revision whose record is damaged there is what is left: at least its number and state.
#[derive(Clone, Debug, Default)]
pub struct History {
    releases: Vec<Release>,
    damaged: BTreeMap<Revision, Damage>,
}

/// What is wrong with the record of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// What is wrong, for people.
    pub reason: String,
    /// Whether nothing is left of the record but its labels, so that it cannot be written anew.
    pub is_total: bool,
}

impl History {
    /// Makes a history of revisions in any order.
    #[must_use]
    pub fn new(mut releases: Vec<Release>) -> Self {
        releases.sort_by_key(|release| release.revision);
        History { releases, damaged: BTreeMap::new() }
    }

    /// Tells of revisions whose records are damaged.
    #[must_use]
    pub fn with_damage(self, damaged: BTreeMap<Revision, Damage>) -> Self {
        History { damaged, ..self }
    }

    /// Puts a revision in the place of the one with its number.
    #[must_use]
    pub fn with(mut self, release: &Release) -> Self {
        for known in &mut self.releases {
            if known.revision == release.revision {
                known.clone_from(release);
            }
        }
        self
    }

    /// Returns what is wrong with the record of a revision; `None` for one that is whole.
    #[must_use]
    pub fn damage(&self, revision: Revision) -> Option<&Damage> {
        self.damaged.get(&revision)
    }

    /// Returns whether nothing is left of the record of a revision but its labels.
    #[must_use]
    pub fn is_lost(&self, revision: Revision) -> bool {
        self.damage(revision).is_some_and(|damage| damage.is_total)
    }

    /// Returns the newest revision whose record is whole among those that ran.
    #[must_use]
    pub fn last_whole(&self) -> Option<&Release> {
        self.releases.iter().rev().find(|release| {
            self.damage(release.revision).is_none()
                && matches!(release.info.status, Status::Deployed | Status::Superseded)
        })
    }

    /// Returns the revisions, oldest first.
    #[must_use]
    pub fn releases(&self) -> &[Release] {
        &self.releases
    }

    /// Returns whether there are no revisions.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.releases.is_empty()
    }

    /// Returns the newest revision.
    #[must_use]
    pub fn last(&self) -> Option<&Release> {
        self.releases.last()
    }

    /// Returns a revision.
    #[must_use]
    pub fn get(&self, revision: Revision) -> Option<&Release> {
        self.releases.iter().find(|release| release.revision == revision)
    }

    /// Returns the newest revision that is deployed.
    #[must_use]
    pub fn last_deployed(&self) -> Option<&Release> {
        self.deployed().next_back()
    }

    /// Returns all revisions that say they are deployed, oldest first. More than one means that an
    /// operation was cut short.
    #[must_use]
    pub fn deployed(&self) -> impl DoubleEndedIterator<Item = &Release> {
        self.releases.iter().filter(|release| release.info.status == Status::Deployed)
    }

    /// Returns the revision that an upgrade starts from: the last deployed one, else the last one
    /// if it failed or was superseded.
    #[must_use]
    pub fn baseline(&self) -> Option<&Release> {
        self.last_deployed().or_else(|| {
            self.last().filter(|release| {
                matches!(release.info.status, Status::Failed | Status::Superseded)
            })
        })
    }

    /// Returns the revisions to delete so that one more makes `max` of them: the oldest, but never
    /// the last deployed one. `max` 0 keeps all.
    #[must_use]
    pub fn to_prune(&self, max: usize) -> Vec<Revision> {
        if max == 0 || self.releases.len() < max {
            return Vec::new();
        }
        let kept = self.last_deployed().map(|release| release.revision);
        self.releases
            .iter()
            .map(|release| release.revision)
            .filter(|revision| Some(*revision) != kept)
            .take(self.releases.len() + 1 - max)
            .collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::{ApplyMethod, Info, Labels, StoredChart};
    use super::*;

    pub(crate) fn release(revision: Revision, status: Status) -> Release {
        Release {
            name: "web".to_owned(),
            namespace: "prod".to_owned(),
            revision,
            info: Info { status, ..Info::default() },
            chart: StoredChart::default(),
            config: None,
            manifest: String::new(),
            hooks: Vec::new(),
            apply_method: ApplyMethod::ServerSide,
            labels: Labels::new(),
        }
    }

    fn history(statuses: &[Status]) -> History {
        let releases = statuses.iter().enumerate();
        History::new(releases.rev().map(|(i, s)| release(i as Revision + 1, *s)).collect())
    }

    #[test]
    fn lookups() {
        use Status::{Deployed, Failed, PendingUpgrade, Superseded};
        type Revisions = (Option<Revision>, Option<Revision>);
        let cases: [(&[Status], Revisions); 6] = [
            (&[], (None, None)),
            (&[Superseded, Deployed, Failed], (Some(2), Some(2))),
            (&[Deployed, Deployed], (Some(2), Some(2))),
            (&[Failed], (None, Some(1))),
            (&[Superseded, Superseded], (None, Some(2))),
            (&[Failed, PendingUpgrade], (None, None)),
        ];
        for (statuses, expected) in cases {
            let history = history(statuses);
            let found = (history.last_deployed(), history.baseline());
            assert_eq!((found.0.map(|r| r.revision), found.1.map(|r| r.revision)), expected);
        }
    }

    #[test]
    fn pruning() {
        use Status::{Deployed, Failed, Superseded};
        let cases: [(&[Status], usize, &[Revision]); 5] = [
            (&[Superseded, Superseded, Deployed], 0, &[]),
            (&[Superseded, Superseded, Deployed], 10, &[]),
            (&[Superseded, Superseded, Deployed], 3, &[1]),
            (&[Deployed, Failed, Failed], 2, &[2, 3]),
            (&[Deployed, Failed, Failed], 1, &[2, 3]),
        ];
        for (statuses, max, expected) in cases {
            assert_eq!(history(statuses).to_prune(max), expected, "{statuses:?} {max}");
        }
    }
}
