use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::record::selects;
use super::{Entry, StoreError};
use crate::release::{Head, History, Labels, Release, Revision, record_name};

/// Namespace, name and revision.
type Key = (String, String, Revision);

/// Keeps records for as long as the process lives.
#[derive(Debug)]
pub(super) struct MemoryStore {
    releases: Arc<Mutex<BTreeMap<Key, Release>>>,
    /// `None` reads all namespaces.
    namespace: Option<String>,
}

impl MemoryStore {
    pub(super) fn new(releases: Vec<Release>, namespace: &str) -> Self {
        let releases = releases.into_iter().map(|release| (key(&release), release)).collect();
        MemoryStore {
            releases: Arc::new(Mutex::new(releases)),
            namespace: Some(namespace.to_owned()),
        }
    }

    pub(super) fn in_all_namespaces(&self) -> Self {
        MemoryStore { releases: Arc::clone(&self.releases), namespace: None }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<Key, Release>> {
        self.releases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_here(&self, release: &Release) -> bool {
        self.namespace.as_ref().is_none_or(|namespace| *namespace == release.namespace)
    }

    pub(super) fn create(&self, release: &Release) -> Result<(), StoreError> {
        let mut all = self.all();
        let key = key(release);
        if all.contains_key(&key) {
            return Err(StoreError::Exists);
        }
        all.insert(key, release.clone());
        Ok(())
    }

    pub(super) fn update(&self, release: &Release) {
        self.all().insert(key(release), release.clone());
    }

    pub(super) fn delete(&self, name: &str, revision: Revision) {
        self.all().retain(|_, release| {
            !(self.is_here(release) && release.name == name && release.revision == revision)
        });
    }

    pub(super) fn history(&self, name: &str) -> History {
        let all = self.all();
        let ours = all.values().filter(|release| self.is_here(release) && release.name == name);
        History::new(ours.cloned().collect())
    }

    pub(super) fn index(&self, selector: &str, take: &mut (dyn FnMut(Entry) + Send)) {
        let all = self.all();
        for release in all.values().filter(|release| self.is_here(release)) {
            if selects(selector, &labels(release)) {
                take(entry(release));
            }
        }
    }

    pub(super) fn heads(&self, entries: &[Entry]) -> Vec<Option<Result<Head, StoreError>>> {
        let all = self.all();
        let head = |Entry { namespace, name, revision, .. }: &Entry| {
            let release = all.get(&(namespace.clone(), name.clone(), *revision));
            release.map(|release| Ok(Head::of(release)))
        };
        entries.iter().map(head).collect()
    }

    pub(super) fn head_history(&self, name: &str) -> Vec<(Entry, Result<Head, StoreError>)> {
        let history = self.history(name);
        let releases = history.releases().iter();
        releases.map(|release| (entry(release), Ok(Head::of(release)))).collect()
    }

    pub(super) fn revision(
        &self,
        name: &str,
        revision: Option<Revision>,
    ) -> Option<(Release, Labels)> {
        let history = self.history(name);
        let release = match revision {
            Some(revision) => history.get(revision),
            None => history.last(),
        };
        release.map(|release| (release.clone(), labels(release)))
    }
}

fn entry(release: &Release) -> Entry {
    Entry {
        key: record_name(&release.name, release.revision),
        namespace: release.namespace.clone(),
        name: release.name.clone(),
        revision: release.revision,
        status: release.info.status,
    }
}

/// Returns the labels that the record of a release has elsewhere.
fn labels(release: &Release) -> Labels {
    let mut labels = release.labels.clone();
    for (key, value) in [
        ("name", release.name.clone()),
        ("owner", "helm".to_owned()),
        ("status", release.info.status.to_string()),
        ("version", release.revision.to_string()),
    ] {
        labels.insert(key.to_owned(), value);
    }
    labels
}

fn key(release: &Release) -> Key {
    (release.namespace.clone(), release.name.clone(), release.revision)
}
