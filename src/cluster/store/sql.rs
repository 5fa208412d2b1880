use std::collections::BTreeMap;
use std::sync::Arc;

use futures::TryStreamExt as _;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::Mutex;
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Row};

use super::super::Holder;
use super::record::selects;
use super::{Entry, Mark, RENEWAL, StoreError, sql_tls};
use crate::release::{
    Damage, Head, History, Labels, Release, Revision, Status, decode, decode_head, decode_note,
    encode, encode_with_note, record_name,
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
        let (client, namespace) = (self.client.lock().await, self.namespace());
        let rows = client
            .query(
                "SELECT key, namespace, name, version, status, body FROM releases_v1 \
                 WHERE owner = 'helm' AND namespace = $1 AND name = $2",
                &[&namespace, &name],
            )
            .await
            .map_err(failed("list"))?;
        let mut custom = custom_labels(&client, Some(namespace)).await?;
        let mut releases = Vec::with_capacity(rows.len());
        let mut damaged = BTreeMap::new();
        for row in &rows {
            let entry = entry(row);
            let id = (entry.namespace.clone(), entry.key.clone());
            let labels = custom.remove(&id).unwrap_or_default();
            releases.push(release(&entry.key, &text(row, 5), labels).unwrap_or_else(|error| {
                let damage = Damage { reason: error.to_string(), is_total: true };
                damaged.insert(entry.revision, damage);
                entry.bare_release()
            }));
        }
        Ok(History::new(releases).with_damage(damaged))
    }

    pub(super) async fn index(
        &self,
        selector: &str,
        take: &mut (dyn FnMut(Entry) + Send),
    ) -> Result<(), StoreError> {
        let client = self.client.lock().await;
        let namespace = self.namespace.as_deref();
        let rows = client
            .query(
                "SELECT key, namespace, name, version, status FROM releases_v1 \
                 WHERE owner = 'helm' AND ($1::text IS NULL OR namespace = $1)",
                &[&namespace],
            )
            .await
            .map_err(failed("list"))?;
        let mut custom = if selector.is_empty() {
            BTreeMap::new()
        } else {
            custom_labels(&client, namespace).await?
        };
        for row in &rows {
            let entry = entry(row);
            let id = (entry.namespace.clone(), entry.key.clone());
            let labels = with_system_labels(custom.remove(&id).unwrap_or_default(), &entry);
            if selects(selector, &labels) {
                take(entry);
            }
        }
        Ok(())
    }

    pub(super) async fn heads(
        &self,
        entries: &[Entry],
    ) -> Result<Vec<Option<Result<Head, StoreError>>>, StoreError> {
        let client = self.client.lock().await;
        let (namespaces, keys): (Vec<_>, Vec<_>) = entries.iter().map(Entry::id).unzip();
        let rows = client
            .query_raw(
                "SELECT key, namespace, name, version, status, body FROM releases_v1 \
                 WHERE (namespace, key) IN (SELECT * FROM unnest($1::text[], $2::text[]))",
                [&namespaces as &(dyn ToSql + Sync), &keys],
            )
            .await
            .map_err(failed("list"))?;
        // Row by row: a record is much larger than its head.
        let heads = rows.map_ok(|row| {
            let entry = entry(&row);
            let head = head(&entry, &text(&row, 5));
            ((entry.namespace, entry.key), head)
        });
        let mut heads: BTreeMap<_, _> = heads.try_collect().await.map_err(failed("list"))?;
        let take = |entry: &Entry| heads.remove(&(entry.namespace.clone(), entry.key.clone()));
        Ok(entries.iter().map(take).collect())
    }

    pub(super) async fn head_history(
        &self,
        name: &str,
    ) -> Result<Vec<(Entry, Result<Head, StoreError>)>, StoreError> {
        let client = self.client.lock().await;
        let rows = client
            .query(
                "SELECT key, namespace, name, version, status, body FROM releases_v1 \
                 WHERE owner = 'helm' AND namespace = $1 AND name = $2 ORDER BY version",
                &[&self.namespace(), &name],
            )
            .await
            .map_err(failed("list"))?;
        let head = |row: &Row| {
            let entry = entry(row);
            let head = head(&entry, &text(row, 5));
            (entry, head)
        };
        Ok(rows.iter().map(head).collect())
    }

    pub(super) async fn revision(
        &self,
        name: &str,
        revision: Option<Revision>,
    ) -> Result<Option<(Release, Labels)>, StoreError> {
        let client = self.client.lock().await;
        let revision = revision.map(|revision| revision as i32);
        let row = client
            .query_opt(
                "SELECT key, namespace, name, version, status, body FROM releases_v1 \
                 WHERE owner = 'helm' AND namespace = $1 AND name = $2 \
                 AND ($3::integer IS NULL OR version = $3) ORDER BY version DESC LIMIT 1",
                &[&self.namespace(), &name, &revision],
            )
            .await
            .map_err(failed("get"))?;
        let Some(row) = row else { return Ok(None) };
        let entry = entry(&row);
        let mut custom = custom_labels(&client, self.namespace.as_deref()).await?;
        let id = (entry.namespace.clone(), entry.key.clone());
        let labels = custom.remove(&id).unwrap_or_default();
        let release = release(&entry.key, &text(&row, 5), labels.clone())?;
        Ok(Some((release, with_system_labels(labels, &entry))))
    }
}

/// Reads the users' labels of all records, by namespace and key.
async fn custom_labels(
    client: &Client,
    namespace: Option<&str>,
) -> Result<BTreeMap<(String, String), Labels>, StoreError> {
    let rows = client
        .query(
            "SELECT releasenamespace, releasekey, key, value FROM custom_labels_v1 \
             WHERE $1::text IS NULL OR releasenamespace = $1",
            &[&namespace],
        )
        .await
        .map_err(failed("list"))?;
    let mut labels: BTreeMap<_, Labels> = BTreeMap::new();
    for row in rows {
        let id = (text(&row, 0), text(&row, 1));
        labels.entry(id).or_default().insert(text(&row, 2), text(&row, 3));
    }
    Ok(labels)
}

/// Reads key, namespace, name, version and status.
fn entry(row: &Row) -> Entry {
    let version: i32 = row.try_get(3).unwrap_or_default();
    Entry {
        key: text(row, 0),
        namespace: text(row, 1),
        name: text(row, 2),
        revision: Revision::try_from(version).unwrap_or_default(),
        status: Status::from_word(&text(row, 4)),
    }
}

/// Returns the labels that the record has elsewhere.
fn with_system_labels(mut labels: Labels, entry: &Entry) -> Labels {
    for (key, value) in [
        ("name", entry.name.clone()),
        ("owner", "helm".to_owned()),
        ("status", entry.status.to_string()),
        ("version", entry.revision.to_string()),
    ] {
        labels.insert(key.to_owned(), value);
    }
    labels
}

fn head(entry: &Entry, body: &str) -> Result<Head, StoreError> {
    decode_head(body.as_bytes(), &entry.namespace, entry.revision)
        .map_err(|source| StoreError::Decode { name: entry.key.clone(), source })
}

fn release(key: &str, body: &str, labels: Labels) -> Result<Release, StoreError> {
    let release = decode(body.as_bytes());
    let release = release.map_err(|source| StoreError::Decode { name: key.to_owned(), source })?;
    Ok(Release { labels, ..release })
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
