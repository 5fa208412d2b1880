use std::collections::BTreeMap;
use std::future::Future;

use super::{History, Release, Revision};

/// The labels of a record, sorted.
pub type Labels = BTreeMap<String, String>;

/// The labels that storage itself sets; users may not.
const SYSTEM_LABELS: [&str; 6] = ["name", "owner", "status", "version", "createdAt", "modifiedAt"];

/// Returns whether a label belongs to the storage.
#[must_use]
pub fn is_system_label(key: &str) -> bool {
    SYSTEM_LABELS.contains(&key)
}

/// Returns the name of the object that keeps a record.
#[must_use]
pub fn record_name(release: &str, revision: Revision) -> String {
    format!("sh.helm.release.v1.{release}.v{revision}")
}

/// Keeps release records in one namespace.
pub trait Store {
    /// What can go wrong.
    type Error: std::error::Error + Send + Sync + 'static;

    /// Writes a new record. Fails if the revision exists: this is the guard against races.
    fn create(&self, release: &Release) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Replaces a record.
    fn update(&self, release: &Release) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Deletes a record. It is not an error if there is none.
    fn delete(
        &self,
        name: &str,
        revision: Revision,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// Reads all revisions of a release; empty if there are none.
    fn history(&self, name: &str) -> impl Future<Output = Result<History, Self::Error>> + Send;
}
