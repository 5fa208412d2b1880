use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::super::client::{METADATA_LIST, escape};
use super::super::{Cluster, Holder, Resource};
use super::parts::{Part, Parts};
use super::record::Data;
use super::{Entry, Mark, RENEWAL, RecordKind, StoreError, StoredRecord};
use crate::release::{
    Damage, Encoded, History, Labels, Pointer, Release, Revision, encode_limited, join, record_name,
};

/// Keeps release records in Secrets or `ConfigMaps`, as Helm does.
#[derive(Clone, Debug)]
pub(super) struct ObjectStore {
    pub(super) cluster: Cluster,
    pub(super) kind: RecordKind,
    /// `None` reads all namespaces and cannot write.
    pub(super) namespace: Option<String>,
    /// Whether the writer has the lock of the release.
    locked: bool,
    parts: Parts,
}

/// The annotation that names the writer of an unfinished revision.
const HOLDER: &str = "rhumb.sh/holder";
/// The annotation that tells whether the writer has a lock.
const LOCKED: &str = "rhumb.sh/locked";
/// The annotation with the writer's last sign of life.
const RENEWED: &str = "rhumb.sh/renewed";

impl ObjectStore {
    pub(super) fn new(cluster: Cluster, kind: RecordKind, namespace: &str) -> Self {
        let namespace = Some(namespace.to_owned());
        ObjectStore { cluster, kind, namespace, locked: false, parts: Parts::default() }
    }

    pub(super) fn in_all_namespaces(&self) -> Self {
        ObjectStore { namespace: None, ..self.clone() }
    }

    pub(super) fn locked(&self) -> Self {
        ObjectStore { locked: true, ..self.clone() }
    }

    pub(super) async fn mark(
        &self,
        name: &str,
        revision: Revision,
    ) -> Result<Option<Mark>, StoreError> {
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

    pub(super) async fn keep_renewed(&self, name: &str, revision: Revision) {
        let path = self.path(name, revision);
        let pointer = |key: &str| format!("/metadata/annotations/{}", key.replace('/', "~1"));
        loop {
            tokio::time::sleep(RENEWAL).await;
            // The test leaves a record alone that is finished meanwhile.
            let changes = json!([
                {"op": "test", "path": pointer(HOLDER), "value": Holder::this(&self.cluster.user).to_string()},
                {"op": "replace", "path": pointer(RENEWED), "value": Timestamp::now().to_string()},
            ]);
            drop(self.cluster.json_patch(&path, &changes).await);
        }
    }

    pub(super) fn collection(&self) -> String {
        let (kind, plural) = match self.kind {
            RecordKind::Secret => ("Secret", "secrets"),
            RecordKind::ConfigMap => ("ConfigMap", "configmaps"),
        };
        let resource = Resource {
            api_version: "v1".to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced: true,
        };
        resource.collection(self.namespace.as_deref())
    }

    fn path(&self, name: &str, revision: Revision) -> String {
        format!("{}/{}", self.collection(), record_name(name, revision))
    }

    async fn items(&self, selector: &str) -> Result<Vec<Json>, StoreError> {
        let query = format!("labelSelector={}", escape(selector));
        let items = self.cluster.list(&self.collection(), &query).await;
        items.map_err(|source| StoreError::Api { doing: "list: failed to list", source })
    }

    fn record(&self, mut item: Json) -> StoredRecord {
        let text = |json: &mut Json| match json.take() {
            Json::String(text) => text,
            _ => String::new(),
        };
        let data = text(&mut item["data"]["release"]);
        let metadata = &mut item["metadata"];
        let labels = match metadata["labels"].take() {
            Json::Object(labels) => {
                labels.into_iter().map(|(key, mut v)| (key, text(&mut v))).collect()
            }
            _ => Labels::new(),
        };
        StoredRecord {
            key: text(&mut metadata["name"]),
            labels,
            data: match self.kind {
                RecordKind::Secret => Data::Secret(data),
                RecordKind::ConfigMap => Data::Text(data),
            },
        }
    }

    fn object(&self, release: &Release, record: &[u8], time_label: &str) -> Json {
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
        let mut object = json!({
            "apiVersion": "v1",
            "metadata": {
                "name": record_name(&release.name, release.revision),
                "namespace": self.namespace,
                "labels": labels.into_iter().map(|(k, v)| (k, v.into())).collect::<serde_json::Map<_, Json>>(),
            },
        });
        match self.kind {
            RecordKind::Secret => {
                object["kind"] = "Secret".into();
                object["type"] = "helm.sh/release.v1".into();
                object["data"]["release"] = STANDARD.encode(record).into();
            }
            RecordKind::ConfigMap => {
                object["kind"] = "ConfigMap".into();
                object["data"]["release"] = String::from_utf8_lossy(record).into();
            }
        }
        if release.info.status.is_unfinished() {
            object["metadata"]["annotations"] = json!({
                HOLDER: Holder::this(&self.cluster.user).to_string(),
                LOCKED: self.locked.to_string(),
                RENEWED: Timestamp::now().to_string(),
            });
        }
        object
    }

    /// Writes the parts of a record if it has any; returns its head, or all of it. Parts come first:
    /// a record never points to what is not there.
    async fn encode(&self, release: &Release) -> Result<Vec<u8>, StoreError> {
        let (head, digest, parts) = match encode_limited(release) {
            Encoded::Whole(record) => return Ok(record),
            Encoded::Parted { head, digest, parts } => (head, digest, parts),
        };
        for (index, bytes) in parts.iter().enumerate() {
            let (release, revision) = (release.name.clone(), release.revision);
            let part = Part { release, revision, digest: digest.clone(), index };
            // A rollback repeats a record, and shares its parts.
            if self.parts.known().has(&part) {
                continue;
            }
            let mut object = json!({
                "apiVersion": "v1",
                "metadata": {
                    "name": part.name(),
                    "namespace": self.namespace,
                    "labels": {
                        "name": part.release, "owner": "rhumb", "version": revision.to_string(),
                    },
                },
            });
            let field = match self.kind {
                RecordKind::Secret => {
                    object["kind"] = "Secret".into();
                    object["type"] = "rhumb.sh/release-part.v1".into();
                    "data"
                }
                RecordKind::ConfigMap => {
                    object["kind"] = "ConfigMap".into();
                    "binaryData"
                }
            };
            object[field]["part"] = STANDARD.encode(bytes).into();
            match self.cluster.post(&self.collection(), &object).await {
                Ok(_) => {}
                // Its name tells its content.
                Err(error) if error.is_conflict() => {}
                Err(source) => {
                    return Err(StoreError::Api { doing: "create: failed to create", source });
                }
            }
            self.parts.known().parts.insert(part);
        }
        self.parts.known().used.insert((release.name.clone(), release.revision), digest);
        Ok(head)
    }

    async fn delete_parts(&self, parts: Vec<Part>) -> Result<(), StoreError> {
        for part in parts {
            let path = format!("{}/{}", self.collection(), part.name());
            let deleted = self.cluster.delete(&path, "Background").await;
            deleted
                .map_err(|source| StoreError::Api { doing: "delete: failed to delete", source })?;
            self.parts.known().parts.remove(&part);
        }
        Ok(())
    }

    pub(super) async fn tidy(&self, name: &str) -> Result<(), StoreError> {
        let unused = self.parts.known().unused(name);
        self.delete_parts(unused).await
    }

    pub(super) async fn create(&self, release: &Release) -> Result<(), StoreError> {
        let object = self.object(release, &self.encode(release).await?, "createdAt");
        match self.cluster.post(&self.collection(), &object).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_conflict() => Err(StoreError::Exists),
            Err(source) => Err(StoreError::Api { doing: "create: failed to create", source }),
        }
    }

    pub(super) async fn update(&self, release: &Release) -> Result<(), StoreError> {
        let object = self.object(release, &self.encode(release).await?, "modifiedAt");
        let path = self.path(&release.name, release.revision);
        let put = self.cluster.put(&path, &object).await;
        put.map_err(|source| StoreError::Api { doing: "update: failed to update", source })?;
        // Those of the record as it was. What cannot be deleted now is found by the next command.
        let mut unused = self.parts.known().unused(&release.name);
        unused.retain(|part| part.revision == release.revision);
        drop(self.delete_parts(unused).await);
        Ok(())
    }

    pub(super) async fn delete(&self, name: &str, revision: Revision) -> Result<(), StoreError> {
        let delete = self.cluster.delete(&self.path(name, revision), "Background").await;
        delete.map_err(|source| StoreError::Api { doing: "delete: failed to delete", source })?;
        let parts = {
            let mut known = self.parts.known();
            match known.used.remove(&(name.to_owned(), revision)) {
                Some(digest) => {
                    let mut unused = known.unused(name);
                    unused.retain(|part| part.digest == digest);
                    unused
                }
                None => Vec::new(),
            }
        };
        self.delete_parts(parts).await
    }

    pub(super) async fn history(&self, name: &str) -> Result<History, StoreError> {
        let items = self.items(&format!("owner in (helm,rhumb),name={name}")).await?;
        let (parts, records): (Vec<_>, Vec<_>) =
            items.into_iter().partition(|item| item["metadata"]["labels"]["owner"] == "rhumb");
        let mut bodies = BTreeMap::new();
        for item in parts {
            if let Some(part) = part_of(&item, name) {
                bodies.insert(part, item);
            }
        }
        let mut used = BTreeMap::new();
        let mut releases = Vec::with_capacity(records.len());
        let mut damaged = BTreeMap::new();
        for item in records {
            let record = self.record(item);
            let head = match record.release() {
                Ok(head) => head,
                Err(error) => {
                    let bare_release =
                        record.bare_release(self.namespace.as_deref().unwrap_or_default());
                    damaged.insert(
                        bare_release.revision,
                        Damage { reason: error.to_string(), is_total: true },
                    );
                    releases.push(bare_release);
                    continue;
                }
            };
            let Some(pointer) = Pointer::of(&head) else {
                releases.push(head);
                continue;
            };
            used.insert((name.to_owned(), head.revision), pointer.digest.clone());
            releases.push(match self.joined(&record.key, head.clone(), &pointer, &bodies) {
                Ok(release) => release,
                Err(error) => {
                    let damage = Damage { reason: error.to_string(), is_total: false };
                    damaged.insert(head.revision, damage);
                    head
                }
            });
        }
        let mut known = self.parts.known();
        known.parts.retain(|part| part.release != name);
        known.parts.extend(bodies.into_keys());
        known.used.retain(|(release, _), _| release != name);
        known.used.extend(used);
        Ok(History::new(releases).with_damage(damaged))
    }

    pub(super) async fn revision(
        &self,
        name: &str,
        revision: Option<Revision>,
    ) -> Result<Option<(Release, Labels)>, StoreError> {
        let revision = match revision {
            Some(revision) => revision,
            None => {
                let mut last = None;
                let mut take = |entry: Entry| last = last.max(Some(entry.revision));
                self.index(&format!("name={name}"), &mut take).await?;
                let Some(last) = last else { return Ok(None) };
                last
            }
        };
        let item = self.cluster.get_optional(&self.path(name, revision)).await;
        let item =
            item.map_err(|source| StoreError::Api { doing: "get: failed to get", source })?;
        let Some(item) = item else { return Ok(None) };
        let record = self.record(item);
        let head = record.release()?;
        let release = match Pointer::of(&head) {
            None => head,
            Some(pointer) => {
                let bodies = self.bodies(name, &pointer).await?;
                self.joined(&record.key, head, &pointer, &bodies)?
            }
        };
        Ok(Some((release, record.labels)))
    }

    /// Reads the parts of one record.
    async fn bodies(
        &self,
        name: &str,
        pointer: &Pointer,
    ) -> Result<BTreeMap<Part, Json>, StoreError> {
        let query = format!("labelSelector={}", escape(&format!("owner=rhumb,name={name}")));
        let known = self
            .cluster
            .list_with(&self.collection(), &query, METADATA_LIST, |item| part_of(&item, name))
            .await;
        let known =
            known.map_err(|source| StoreError::Api { doing: "list: failed to list", source })?;
        let mut bodies = BTreeMap::new();
        for part in known.into_iter().flatten().filter(|part| part.digest == pointer.digest) {
            let path = format!("{}/{}", self.collection(), part.name());
            let body = self.cluster.get_optional(&path).await;
            let body =
                body.map_err(|source| StoreError::Api { doing: "get: failed to get", source })?;
            if let Some(body) = body {
                bodies.insert(part, body);
            }
        }
        Ok(bodies)
    }

    fn joined(
        &self,
        record: &str,
        head: Release,
        pointer: &Pointer,
        bodies: &BTreeMap<Part, Json>,
    ) -> Result<Release, StoreError> {
        let field = match self.kind {
            RecordKind::Secret => "data",
            RecordKind::ConfigMap => "binaryData",
        };
        let mut found = 0;
        let mut bytes = Vec::new();
        for index in 0..pointer.count {
            let is_it = |part: &Part| part.digest == pointer.digest && part.index == index;
            if let Some((_, item)) = bodies.iter().find(|(part, _)| is_it(part)) {
                found += 1;
                let data = item[field]["part"].as_str().unwrap_or_default();
                bytes.extend(STANDARD.decode(data).unwrap_or_default());
            }
        }
        if found != pointer.count {
            let name = record.to_owned();
            return Err(StoreError::Part { name, found, count: pointer.count });
        }
        join(head, pointer, &bytes)
            .map_err(|source| StoreError::Decode { name: record.to_owned(), source })
    }
}

/// Reads from an object's metadata which part of a release it holds.
fn part_of(item: &Json, release: &str) -> Option<Part> {
    let metadata = &item["metadata"];
    let revision = metadata["labels"]["version"].as_str().unwrap_or_default();
    let object = metadata["name"].as_str().unwrap_or_default();
    Part::parse(object, release, revision.parse().unwrap_or(0))
}
