use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::json;
use tokio::sync::Mutex;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Row};

use super::super::Holder;
use super::record::{Data, selects};
use super::{Mark, RENEWAL, StoreError, StoredRecord, sql_tls};
use crate::release::{
    History, Labels, Release, Revision, decode_note, encode, encode_with_note, record_name,
};

/// Keeps release records in Helm's tables of a `PostgreSQL` database.
#[derive(Clone, Debug)]
pub(super) struct SqlStore {
    client: Arc<Mutex<Client>>,
    /// `None` reads all namespaces and cannot write.
    namespace: Option<String>,
    /// Who writes.
    holder: Holder,
    /// Whether the writer has the lock of the release.
    locked: bool,
}

/// The steps that make the tables, with the names by which they are noted, in Helm's order.
const MIGRATIONS: [(&str, &str); 2] = [
    (
        "custom_labels",
        "CREATE TABLE custom_labels_v1 (
            releasekey VARCHAR(64), releasenamespace VARCHAR(67),
            key VARCHAR(317), value VARCHAR(63)
        );
        CREATE INDEX ON custom_labels_v1 (releasekey, releasenamespace);
        GRANT ALL ON custom_labels_v1 TO PUBLIC;
        ALTER TABLE custom_labels_v1 ENABLE ROW LEVEL SECURITY;",
    ),
    (
        "init",
        "CREATE TABLE releases_v1 (
            key VARCHAR(90), type VARCHAR(64) NOT NULL, body TEXT NOT NULL,
            name VARCHAR(64) NOT NULL, namespace VARCHAR(64) NOT NULL, version INTEGER NOT NULL,
            status TEXT NOT NULL, owner TEXT NOT NULL,
            createdat INTEGER NOT NULL, modifiedat INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY (key, namespace)
        );
        CREATE INDEX ON releases_v1 (key, namespace);
        CREATE INDEX ON releases_v1 (version);
        CREATE INDEX ON releases_v1 (status);
        CREATE INDEX ON releases_v1 (owner);
        CREATE INDEX ON releases_v1 (createdat);
        CREATE INDEX ON releases_v1 (modifiedat);
        GRANT ALL ON releases_v1 TO PUBLIC;
        ALTER TABLE releases_v1 ENABLE ROW LEVEL SECURITY;",
    ),
];

/// The field of the note that names the writer of an unfinished revision.
const HOLDER: &str = "holder";
/// The field that tells whether the writer has a lock.
const LOCKED: &str = "locked";

fn failed(doing: &'static str) -> impl FnOnce(tokio_postgres::Error) -> StoreError {
    move |source| StoreError::Sql { doing, source }
}

impl SqlStore {
    pub(super) async fn connect(
        connection: &str,
        namespace: &str,
        holder: Holder,
    ) -> Result<Self, StoreError> {
        let mut client = sql_tls::connect(connection).await.map_err(StoreError::NoDatabase)?;
        let migrated = migrate(&mut client).await;
        migrated.map_err(|error| StoreError::NoDatabase(Box::new(error)))?;
        let client = Arc::new(Mutex::new(client));
        Ok(SqlStore { client, namespace: Some(namespace.to_owned()), holder, locked: false })
    }

    pub(super) fn in_all_namespaces(&self) -> Self {
        SqlStore { namespace: None, ..self.clone() }
    }

    pub(super) fn locked(&self) -> Self {
        SqlStore { locked: true, ..self.clone() }
    }

    /// The table has no column for this, so that it is in the record.
    pub(super) async fn mark(
        &self,
        name: &str,
        revision: Revision,
    ) -> Result<Option<Mark>, StoreError> {
        let client = self.client.lock().await;
        let query = "SELECT body, greatest(createdat, modifiedat) FROM releases_v1 \
                     WHERE key = $1 AND namespace = $2";
        let row = client.query_opt(query, &[&record_name(name, revision), &self.namespace()]).await;
        let Some(row) = row.map_err(failed("get"))? else { return Ok(None) };
        let note = decode_note(text(&row, 0).as_bytes())?;
        let renewed: Option<i32> = row.try_get(1).ok();
        Ok(note[HOLDER].as_str().map(|holder| Mark {
            holder: Holder::parse(holder),
            locked: note[LOCKED] == true,
            renewed: renewed.and_then(|second| Timestamp::from_second(second.into()).ok()),
        }))
    }

    pub(super) async fn keep_renewed(&self, name: &str, revision: Revision) {
        let key = record_name(name, revision);
        loop {
            tokio::time::sleep(RENEWAL).await;
            let update = "UPDATE releases_v1 SET modifiedat = $1 WHERE key = $2 AND namespace = $3";
            let client = self.client.lock().await;
            drop(client.execute(update, &[&now(), &key, &self.namespace()]).await);
        }
    }

    fn body(&self, release: &Release) -> String {
        let body = if release.info.status.is_unfinished() {
            let note = json!({HOLDER: self.holder.to_string(), LOCKED: self.locked});
            encode_with_note(release, note)
        } else {
            encode(release)
        };
        String::from_utf8_lossy(&body).into_owned()
    }

    fn namespace(&self) -> &str {
        self.namespace.as_deref().unwrap_or_default()
    }

    pub(super) async fn create(&self, release: &Release) -> Result<(), StoreError> {
        let mut client = self.client.lock().await;
        let transaction = client.transaction().await.map_err(failed("create"))?;
        let key = record_name(&release.name, release.revision);
        let inserted = transaction
            .execute(
                "INSERT INTO releases_v1 (key, type, body, name, namespace, version, status, owner, \
                 createdat) VALUES ($1, 'helm.sh/release.v1', $2, $3, $4, $5, $6, 'helm', $7)",
                &[
                    &key,
                    &self.body(release),
                    &release.name,
                    &self.namespace(),
                    &(release.revision as i32),
                    &release.info.status.as_str(),
                    &now(),
                ],
            )
            .await;
        inserted.map_err(|source| {
            if source.code() == Some(&SqlState::UNIQUE_VIOLATION) {
                StoreError::Exists
            } else {
                StoreError::Sql { doing: "create", source }
            }
        })?;
        for (name, value) in &release.labels {
            let insert = "INSERT INTO custom_labels_v1 (releasekey, releasenamespace, key, value) \
                          VALUES ($1, $2, $3, $4)";
            let inserted =
                transaction.execute(insert, &[&key, &self.namespace(), name, value]).await;
            inserted.map_err(failed("create"))?;
        }
        transaction.commit().await.map_err(failed("create"))
    }

    pub(super) async fn update(&self, release: &Release) -> Result<(), StoreError> {
        let client = self.client.lock().await;
        let updated = client
            .execute(
                "UPDATE releases_v1 SET body = $1, name = $2, version = $3, status = $4, \
                 owner = 'helm', modifiedat = $5 WHERE key = $6 AND namespace = $7",
                &[
                    &self.body(release),
                    &release.name,
                    &(release.revision as i32),
                    &release.info.status.as_str(),
                    &now(),
                    &record_name(&release.name, release.revision),
                    &self.namespace(),
                ],
            )
            .await;
        updated.map(drop).map_err(failed("update"))
    }

    pub(super) async fn delete(&self, name: &str, revision: Revision) -> Result<(), StoreError> {
        let mut client = self.client.lock().await;
        let transaction = client.transaction().await.map_err(failed("delete"))?;
        let key = record_name(name, revision);
        for delete in [
            "DELETE FROM releases_v1 WHERE key = $1 AND namespace = $2",
            "DELETE FROM custom_labels_v1 WHERE releasekey = $1 AND releasenamespace = $2",
        ] {
            let deleted = transaction.execute(delete, &[&key, &self.namespace()]).await;
            deleted.map_err(failed("delete"))?;
        }
        transaction.commit().await.map_err(failed("delete"))
    }

    pub(super) async fn history(&self, name: &str) -> Result<History, StoreError> {
        let records = self.records(Some(name)).await?;
        let releases = records.iter().map(StoredRecord::release).collect::<Result<_, _>>()?;
        Ok(History::new(releases))
    }

    pub(super) async fn list(&self, selector: &str) -> Result<Vec<StoredRecord>, StoreError> {
        let mut records = self.records(None).await?;
        records.retain(|record| selects(selector, &record.labels));
        Ok(records)
    }

    /// Reads the records of one release, or of all.
    async fn records(&self, name: Option<&str>) -> Result<Vec<StoredRecord>, StoreError> {
        let client = self.client.lock().await;
        let namespace = self.namespace.as_deref();
        let rows = client
            .query(
                "SELECT key, namespace, name, version, status, body FROM releases_v1 \
                 WHERE owner = 'helm' AND ($1::text IS NULL OR namespace = $1) \
                 AND ($2::text IS NULL OR name = $2)",
                &[&namespace, &name],
            )
            .await
            .map_err(failed("list"))?;
        let labels = client
            .query(
                "SELECT releasekey, releasenamespace, key, value FROM custom_labels_v1 \
                 WHERE $1::text IS NULL OR releasenamespace = $1",
                &[&namespace],
            )
            .await
            .map_err(failed("list"))?;
        let mut custom: BTreeMap<(String, String), Labels> = BTreeMap::new();
        for row in labels {
            let release = (text(&row, 0), text(&row, 1));
            custom.entry(release).or_default().insert(text(&row, 2), text(&row, 3));
        }
        let record = |row: &Row| {
            let (key, namespace) = (text(row, 0), text(row, 1));
            let mut labels =
                custom.get(&(key.clone(), namespace.clone())).cloned().unwrap_or_default();
            let version: i32 = row.try_get(3).unwrap_or_default();
            for (key, value) in [
                ("name", text(row, 2)),
                ("owner", "helm".to_owned()),
                ("status", text(row, 4)),
                ("version", version.to_string()),
            ] {
                labels.insert(key.to_owned(), value);
            }
            StoredRecord { key, namespace, labels, data: Data::Text(text(row, 5)) }
        };
        Ok(rows.iter().map(record).collect())
    }
}

fn text(row: &Row, at: usize) -> String {
    // Columns of labels may be null.
    row.try_get(at).unwrap_or_default()
}

/// The columns have 32 bits.
fn now() -> i32 {
    Timestamp::now().as_second() as i32
}

/// Makes the tables that are not there yet.
async fn migrate(client: &mut Client) -> Result<(), tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    let known = "SELECT to_regclass('gorp_migrations') IS NOT NULL";
    let mut done: Vec<String> = Vec::new();
    if transaction.query_one(known, &[]).await?.try_get(0)? {
        let rows = transaction.query("SELECT id FROM gorp_migrations", &[]).await?;
        done = rows.iter().map(|row| text(row, 0)).collect();
    }
    if MIGRATIONS.iter().any(|(id, _)| !done.iter().any(|known| known == id)) {
        let table = "CREATE TABLE IF NOT EXISTS gorp_migrations \
                     (id TEXT NOT NULL PRIMARY KEY, applied_at TIMESTAMP WITH TIME ZONE)";
        transaction.batch_execute(table).await?;
    }
    for (id, migration) in MIGRATIONS {
        if !done.iter().any(|known| known == id) {
            transaction.batch_execute(migration).await?;
            let note = "INSERT INTO gorp_migrations (id, applied_at) VALUES ($1, now())";
            transaction.execute(note, &[&id]).await?;
        }
    }
    transaction.commit().await
}
