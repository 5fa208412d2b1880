//! Where release records are kept: in Secrets or `ConfigMaps` of the namespace, in
//! `PostgreSQL`, in memory.

mod entry;
mod error;
mod listing;
mod memory;
mod object;
mod parts;
mod record;
mod sql;
mod sql_tls;

use std::sync::Arc;
use std::time::Duration;

pub use entry::Entry;
pub use error::StoreError;
use jiff::Timestamp;
use memory::MemoryStore;
use object::ObjectStore;
use record::StoredRecord;
use sql::SqlStore;

use super::{Cluster, Holder};
use crate::release::{Head, History, Labels, Release, Revision, Store};

/// How often a writer without a lock gives a sign of life.
const RENEWAL: Duration = Duration::from_secs(5);

/// Who writes a record, kept with it while its revision is unfinished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The process.
    pub holder: Holder,
    /// Whether it has the lock of the release.
    pub locked: bool,
    /// When the process last gave a sign of life. It does so here only when it has no lock.
    pub renewed: Option<Timestamp>,
}

/// Which objects hold records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// Secrets.
    Secret,
    /// `ConfigMaps`.
    ConfigMap,
}

/// Where the records of releases are kept: what Helm calls a storage driver.
#[derive(Clone, Debug)]
pub struct RecordStore(Driver);

#[derive(Clone, Debug)]
enum Driver {
    Objects(Box<ObjectStore>),
    Memory(Arc<MemoryStore>),
    Sql(SqlStore),
}

impl RecordStore {
    /// Keeps records in objects of a namespace.
    #[must_use]
    pub fn objects(cluster: Cluster, kind: RecordKind, namespace: &str) -> Self {
        RecordStore(Driver::Objects(Box::new(ObjectStore::new(cluster, kind, namespace))))
    }

    /// Keeps records for as long as the process lives, beginning with some.
    #[must_use]
    pub fn memory(releases: Vec<Release>, namespace: &str) -> Self {
        RecordStore(Driver::Memory(Arc::new(MemoryStore::new(releases, namespace))))
    }

    /// Keeps records in a `PostgreSQL` database, in Helm's tables, which are made if need be. `user` is
    /// who is at work, for others.
    ///
    /// # Errors
    /// [`StoreError::NoDatabase`]
    pub async fn sql(
        cluster: &Cluster,
        connection: &str,
        namespace: &str,
    ) -> Result<Self, StoreError> {
        let holder = Holder::this(&cluster.user);
        Ok(RecordStore(Driver::Sql(SqlStore::connect(connection, namespace, holder).await?)))
    }

    /// Returns a store that reads the records of all namespaces, and cannot write.
    #[must_use]
    pub fn in_all_namespaces(&self) -> Self {
        RecordStore(match &self.0 {
            Driver::Objects(store) => Driver::Objects(Box::new(store.in_all_namespaces())),
            Driver::Memory(store) => Driver::Memory(Arc::new(store.in_all_namespaces())),
            Driver::Sql(store) => Driver::Sql(store.in_all_namespaces()),
        })
    }

    /// Tells that the writer has the lock of the release.
    #[must_use]
    pub fn locked(&self) -> Self {
        RecordStore(match &self.0 {
            Driver::Objects(store) => Driver::Objects(Box::new(store.locked())),
            Driver::Sql(store) => Driver::Sql(store.locked()),
            Driver::Memory(store) => Driver::Memory(Arc::clone(store)),
        })
    }

    /// Reads who is at work on a revision, or was when it was cut short; `None` if that was Helm, or
    /// the driver keeps nothing of the kind.
    ///
    /// # Errors
    /// [`StoreError::Api`]
    pub async fn mark(&self, name: &str, revision: Revision) -> Result<Option<Mark>, StoreError> {
        match &self.0 {
            Driver::Objects(store) => store.mark(name, revision).await,
            Driver::Sql(store) => store.mark(name, revision).await,
            Driver::Memory(_) => Ok(None),
        }
    }

    /// Gives a sign of life on the record of an unfinished revision, every 5 seconds, for as long as
    /// this is polled.
    pub async fn keep_renewed(&self, name: &str, revision: Revision) {
        match &self.0 {
            Driver::Objects(store) => store.keep_renewed(name, revision).await,
            Driver::Sql(store) => store.keep_renewed(name, revision).await,
            Driver::Memory(_) => {}
        }
    }

    /// Deletes what a process left behind of a release that died while it wrote or deleted a record.
    /// Only for whoever has the lock of the release and has read its history.
    ///
    /// # Errors
    /// [`StoreError::Api`]
    pub async fn tidy(&self, name: &str) -> Result<(), StoreError> {
        match &self.0 {
            Driver::Objects(store) => store.tidy(name).await,
            Driver::Memory(_) | Driver::Sql(_) => Ok(()),
        }
    }

    /// Reads what the labels of all records show that a selector of labels picks; an empty one picks
    /// all. A record may come twice. Returns what [`RecordStore::heads`] takes to read nothing older.
    ///
    /// # Errors
    /// [`StoreError::Api`]
    pub async fn index(
        &self,
        selector: &str,
        take: &mut (dyn FnMut(Entry) + Send),
    ) -> Result<String, StoreError> {
        match &self.0 {
            Driver::Objects(store) => store.index(selector, take).await,
            Driver::Memory(store) => {
                store.index(selector, take);
                Ok(String::new())
            }
            Driver::Sql(store) => store.index(selector, take).await.map(|()| String::new()),
        }
    }

    /// Reads the heads of some records, in their order. Those that are gone meanwhile have none, those
    /// that are damaged come as errors.
    ///
    /// # Errors
    /// [`StoreError::Api`]
    pub async fn heads(
        &self,
        entries: &[Entry],
        since: &str,
    ) -> Result<Vec<Option<Result<Head, StoreError>>>, StoreError> {
        match &self.0 {
            Driver::Objects(store) => store.heads(entries, since).await,
            Driver::Memory(store) => Ok(store.heads(entries)),
            Driver::Sql(store) => store.heads(entries).await,
        }
    }

    /// Reads the heads of all revisions of a release, oldest first. Those that are damaged come as
    /// errors.
    ///
    /// # Errors
    /// [`StoreError::Api`]
    pub async fn head_history(
        &self,
        name: &str,
    ) -> Result<Vec<(Entry, Result<Head, StoreError>)>, StoreError> {
        match &self.0 {
            Driver::Objects(store) => store.head_history(name).await,
            Driver::Memory(store) => Ok(store.head_history(name)),
            Driver::Sql(store) => store.head_history(name).await,
        }
    }

    /// Reads a revision of a release, or the last one, with all labels of its record; `None` if there
    /// is none.
    ///
    /// # Errors
    /// [`StoreError`]
    pub async fn revision(
        &self,
        name: &str,
        revision: Option<Revision>,
    ) -> Result<Option<(Release, Labels)>, StoreError> {
        match &self.0 {
            Driver::Objects(store) => store.revision(name, revision).await,
            Driver::Memory(store) => Ok(store.revision(name, revision)),
            Driver::Sql(store) => store.revision(name, revision).await,
        }
    }
}

impl Store for RecordStore {
    type Error = StoreError;

    async fn create(&self, release: &Release) -> Result<(), StoreError> {
        match &self.0 {
            Driver::Objects(store) => store.create(release).await,
            Driver::Memory(store) => store.create(release),
            Driver::Sql(store) => store.create(release).await,
        }
    }

    async fn update(&self, release: &Release) -> Result<(), StoreError> {
        match &self.0 {
            Driver::Objects(store) => store.update(release).await,
            Driver::Memory(store) => {
                store.update(release);
                Ok(())
            }
            Driver::Sql(store) => store.update(release).await,
        }
    }

    async fn delete(&self, name: &str, revision: Revision) -> Result<(), StoreError> {
        match &self.0 {
            Driver::Objects(store) => store.delete(name, revision).await,
            Driver::Memory(store) => {
                store.delete(name, revision);
                Ok(())
            }
            Driver::Sql(store) => store.delete(name, revision).await,
        }
    }

    async fn history(&self, name: &str) -> Result<History, StoreError> {
        match &self.0 {
            Driver::Objects(store) => store.history(name).await,
            Driver::Memory(store) => Ok(store.history(name)),
            Driver::Sql(store) => store.history(name).await,
        }
    }
}
