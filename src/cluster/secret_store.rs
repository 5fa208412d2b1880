use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::client::escape;
use super::{ApiError, Cluster, Holder, Resource};
use crate::release::{
    DecodeError, History, Labels, Release, Revision, Store, decode, encode, is_system_label,
    record_name,
};

/// Keeps release records in Secrets, as Helm does.
#[derive(Clone, Debug)]
pub struct SecretStore {
    cluster: Cluster,
    /// `None` reads all namespaces and cannot write.
    namespace: Option<String>,
    /// Whether the writer has the lock of the release.
    locked: bool,
}

/// Who writes a record, kept beside it while its revision is unfinished.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The process.
    pub holder: Holder,
    /// Whether it has the lock of the release.
    pub locked: bool,
    /// When the process last gave a sign of life. It does so here only when it has no lock.
    pub renewed: Option<Timestamp>,
}

/// The annotation that names the writer of an unfinished revision.
const HOLDER: &str = "rhumb.sh/holder";
/// The annotation that tells whether the writer has a lock.
const LOCKED: &str = "rhumb.sh/locked";
/// The annotation with the writer's last sign of life.
const RENEWED: &str = "rhumb.sh/renewed";

/// Why a record could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A new record exists already: someone else was faster.
    #[error("release: already exists")]
    Exists,
    /// The server refused or did not answer.
    #[error("{doing}: {source}")]
    Api {
        /// What was being done, in Helm's words.
        doing: &'static str,
        /// Why.
        source: ApiError,
    },
    /// A selector of labels makes no sense.
    #[error("{source}")]
    Selector {
        /// What the server says.
        source: ApiError,
    },
    /// The bytes of a record are damaged.
    #[error("failed to decode release record {name:?}: {source}")]
    Decode {
        /// The name of the Secret.
        name: String,
        /// Why.
        source: DecodeError,
    },
}

/// A record as the Secret's metadata shows it, with the release decoded on request.
#[derive(Clone, Debug)]
pub struct StoredRecord(Json);

impl StoredRecord {
    fn label(&self, key: &str) -> &str {
        self.0["metadata"]["labels"][key].as_str().unwrap_or("")
    }

    /// Returns the name of the release.
    #[must_use]
    pub fn name(&self) -> &str {
        self.label("name")
    }

    /// Returns the namespace of the release.
    #[must_use]
    pub fn namespace(&self) -> &str {
        self.0["metadata"]["namespace"].as_str().unwrap_or("")
    }

    /// Returns what tells the record from all others: its namespace and name.
    #[must_use]
    pub fn id(&self) -> String {
        let metadata = &self.0["metadata"];
        format!("{}/{}", self.namespace(), metadata["name"].as_str().unwrap_or(""))
    }

    /// Returns the number of the revision; 0 when the label is damaged.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.label("version").parse().unwrap_or(0)
    }

    /// Decodes the release, with all labels of the Secret but the storage's own.
    ///
    /// # Errors
    /// [`StoreError::Decode`]
    pub fn release(&self) -> Result<Release, StoreError> {
        let error = |source| StoreError::Decode {
            name: self.0["metadata"]["name"].as_str().unwrap_or("").to_owned(),
            source,
        };
        let data = self.0["data"]["release"].as_str().unwrap_or("");
        let data = STANDARD.decode(data).map_err(|e| error(DecodeError::Base64(e)))?;
        let mut release = decode(&data).map_err(error)?;
        release.labels = self
            .labels()
            .filter(|(key, _)| !is_system_label(key))
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .collect();
        Ok(release)
    }

    /// Returns all labels of the Secret.
    pub fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let labels = self.0["metadata"]["labels"].as_object();
        labels
            .into_iter()
            .flatten()
            .filter_map(|(key, value)| value.as_str().map(|value| (key.as_str(), value)))
    }
}

impl SecretStore {
    /// Makes the store of a namespace.
    #[must_use]
    pub fn new(cluster: Cluster, namespace: &str) -> Self {
        SecretStore { cluster, namespace: Some(namespace.to_owned()), locked: false }
    }

    /// Makes a store that reads the records of all namespaces.
    #[must_use]
    pub fn all_namespaces(cluster: Cluster) -> Self {
        SecretStore { cluster, namespace: None, locked: false }
    }

    /// Tells that the writer has the lock of the release.
    #[must_use]
    pub fn locked(self) -> Self {
        SecretStore { locked: true, ..self }
    }

    /// Reads who is at work on a revision, or was when it was cut short; `None` if that was Helm.
    ///
    /// # Errors
    /// [`StoreError::Api`]
    pub async fn mark(&self, name: &str, revision: Revision) -> Result<Option<Mark>, StoreError> {
        let record = self.cluster.get_optional(&self.path(name, revision)).await;
        let record =
            record.map_err(|source| StoreError::Api { doing: "get: failed to get", source })?;
        let Some(record) = record else { return Ok(None) };
        let text = |key: &str| record["metadata"]["annotations"][key].as_str();
        Ok(text(HOLDER).map(|holder| Mark {
            holder: Holder::parse(holder),
            locked: text(LOCKED) == Some("true"),
            renewed: text(RENEWED).and_then(|time| time.parse().ok()),
        }))
    }

    /// Gives a sign of life on the record of an unfinished revision, every 5 seconds, for as long as
    /// this is polled.
    pub async fn keep_renewed(&self, name: &str, revision: Revision) {
        let path = self.path(name, revision);
        let pointer = |key: &str| format!("/metadata/annotations/{}", key.replace('/', "~1"));
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            // The test leaves a record alone that is finished meanwhile.
            let changes = json!([
                {"op": "test", "path": pointer(HOLDER), "value": Holder::this(&self.cluster.user).to_string()},
                {"op": "replace", "path": pointer(RENEWED), "value": Timestamp::now().to_string()},
            ]);
            drop(self.cluster.json_patch(&path, &changes).await);
        }
    }

    fn resource() -> Resource {
        Resource {
            api_version: "v1".to_owned(),
            kind: "Secret".to_owned(),
            plural: "secrets".to_owned(),
            namespaced: true,
        }
    }

    fn collection(&self) -> String {
        Self::resource().collection(self.namespace.as_deref())
    }

    fn path(&self, name: &str, revision: Revision) -> String {
        format!("{}/{}", self.collection(), record_name(name, revision))
    }

    /// Lists the records that a selector of labels picks, besides those of `owner=helm`.
    ///
    /// # Errors
    /// [`StoreError::Api`]
    pub async fn list(&self, selector: &str) -> Result<Vec<StoredRecord>, StoreError> {
        // The server reads selectors as Helm does, and tells of the first that is wrong.
        let joint = if selector.is_empty() { "" } else { "," };
        let query = format!("labelSelector={}", escape(&format!("{selector}{joint}owner=helm")));
        let items = self.cluster.list(&self.collection(), &query).await;
        let items = items.map_err(|source| match source.code() {
            Some(400) if !selector.is_empty() => StoreError::Selector { source },
            _ => StoreError::Api { doing: "list: failed to list", source },
        })?;
        Ok(items.into_iter().map(StoredRecord).collect())
    }

    fn secret(&self, release: &Release, time_label: &str) -> Json {
        let mut labels: Labels = release.labels.clone();
        let now = Timestamp::now().as_second().to_string();
        for (key, value) in [
            ("name", release.name.clone()),
            ("owner", "helm".to_owned()),
            ("status", release.info.status.to_string()),
            ("version", release.revision.to_string()),
            (time_label, now),
        ] {
            labels.insert(key.to_owned(), value);
        }
        let mut secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": record_name(&release.name, release.revision),
                "namespace": self.namespace,
                "labels": labels.into_iter().map(|(k, v)| (k, v.into())).collect::<serde_json::Map<_, Json>>(),
            },
            "type": "helm.sh/release.v1",
            "data": {"release": STANDARD.encode(encode(release))},
        });
        if release.info.status.is_unfinished() {
            secret["metadata"]["annotations"] = json!({
                HOLDER: Holder::this(&self.cluster.user).to_string(),
                LOCKED: self.locked.to_string(),
                RENEWED: Timestamp::now().to_string(),
            });
        }
        secret
    }
}

impl Store for SecretStore {
    type Error = StoreError;

    async fn create(&self, release: &Release) -> Result<(), StoreError> {
        let secret = self.secret(release, "createdAt");
        match self.cluster.post(&self.collection(), &secret).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_conflict() => Err(StoreError::Exists),
            Err(source) => Err(StoreError::Api { doing: "create: failed to create", source }),
        }
    }

    async fn update(&self, release: &Release) -> Result<(), StoreError> {
        let secret = self.secret(release, "modifiedAt");
        let path = self.path(&release.name, release.revision);
        let put = self.cluster.put(&path, &secret).await;
        put.map(drop)
            .map_err(|source| StoreError::Api { doing: "update: failed to update", source })
    }

    async fn delete(&self, name: &str, revision: Revision) -> Result<(), StoreError> {
        let delete = self.cluster.delete(&self.path(name, revision), "Background").await;
        delete.map_err(|source| StoreError::Api { doing: "delete: failed to delete", source })
    }

    async fn history(&self, name: &str) -> Result<History, StoreError> {
        let records = self.list(&format!("name={name}")).await?;
        let releases = records.iter().map(StoredRecord::release).collect::<Result<_, _>>()?;
        Ok(History::new(releases))
    }
}
