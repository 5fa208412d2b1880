use std::collections::{BTreeMap, BTreeSet};

use base64::engine::general_purpose::STANDARD;
use base64::read::DecoderReader;
use futures::{StreamExt as _, TryStreamExt as _};

use super::super::ApiError;
use super::super::client::{COMPACT_LIST, COMPACT_METADATA_LIST, escape};
use super::entry::{Entry, Item};
use super::object::ObjectStore;
use super::{RecordKind, StoreError};
use crate::release::{Head, Revision, decode_head};

/// A head that was asked for, by the namespace and the key of its record.
type Heads = BTreeMap<(String, String), Result<Head, StoreError>>;

/// How many requests are under way at once.
const PARALLEL: usize = 16;
/// How many lists are under way at once.
const LISTS: usize = 2;
/// How many bytes of names one request asks for: proxies refuse longer ones.
const NAMES: usize = 4000;
/// Fewer records than this are read one by one.
const FEW: usize = 8;

impl ObjectStore {
    /// Reads what the labels of all records show that a selector picks. Returns the state of the
    /// cluster that this was.
    pub(super) async fn index(
        &self,
        selector: &str,
        take: &mut (dyn FnMut(Entry) + Send),
    ) -> Result<String, StoreError> {
        let joint = if selector.is_empty() { "" } else { "," };
        // The server reads selectors as Helm does, and tells of the first that is wrong.
        let query = escape(&format!("{selector}{joint}owner=helm"));
        // In one piece: the server streams it out of its cache, and it is read as it comes.
        let path = format!("{}?labelSelector={query}", self.collection());
        let listed = self.cluster.each_item(&path, COMPACT_METADATA_LIST, |item| {
            if let Some(item) = Item::read(item) {
                take(item.entry());
            }
        });
        listed.await.map(|list| list.resource_version).map_err(|source| match source.code() {
            Some(400) if !selector.is_empty() => StoreError::Selector { source },
            _ => list_error(source),
        })
    }

    /// Reads the heads of records that an index has shown, which was that of the state `since`.
    /// Records that are gone meanwhile have none.
    pub(super) async fn heads(
        &self,
        entries: &[Entry],
        since: &str,
    ) -> Result<Vec<Option<Result<Head, StoreError>>>, StoreError> {
        let wanted: BTreeSet<_> = entries.iter().map(Entry::id).collect();
        // Names side by side pick the last revisions of all of them, and no more, or all others.
        let mut selectors = Vec::new();
        for (is_superseded, states) in [(false, "status!=superseded"), (true, "status=superseded")]
        {
            let alike = entries.iter().filter(|entry| is_superseded == entry.is_superseded());
            if alike.clone().count() >= FEW {
                let names: BTreeSet<_> = alike.map(|entry| entry.name.as_str()).collect();
                let groups = groups(names).into_iter();
                selectors
                    .extend(groups.map(|names| format!("owner=helm,{states},name in ({names})")));
            }
        }
        let found: Vec<Heads> = futures::stream::iter(selectors)
            .map(|selector| self.listed_heads(selector, since, &wanted))
            .buffer_unordered(LISTS)
            .try_collect()
            .await?;
        let mut heads: Heads = found.into_iter().flatten().collect();
        let missing: Vec<_> = {
            let is_missing =
                |entry: &&Entry| !heads.contains_key(&(entry.namespace.clone(), entry.key.clone()));
            entries.iter().filter(is_missing).collect()
        };
        let read: Vec<_> = futures::stream::iter(missing)
            .map(|entry| self.one_head(entry))
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await?;
        heads.extend(read.into_iter().flatten());
        let take = |entry: &Entry| heads.remove(&(entry.namespace.clone(), entry.key.clone()));
        Ok(entries.iter().map(take).collect())
    }

    async fn listed_heads(
        &self,
        selector: String,
        since: &str,
        wanted: &BTreeSet<(&str, &str)>,
    ) -> Result<Heads, StoreError> {
        let mut path = format!("{}?labelSelector={}", self.collection(), escape(&selector));
        if !since.is_empty() {
            // Not to be read from the database again what the server has in its cache.
            path.extend(["&resourceVersionMatch=NotOlderThan&resourceVersion=", since]);
        }
        let mut heads = Heads::new();
        let listed = self.cluster.each_item(&path, COMPACT_LIST, |item| {
            let Some(item) = Item::read(item) else { return };
            let entry = item.entry();
            if wanted.contains(&entry.id()) {
                let head = self.head(&item, &entry);
                heads.insert((entry.namespace, entry.key), head);
            }
        });
        listed.await.map_err(list_error)?;
        Ok(heads)
    }

    async fn one_head(
        &self,
        entry: &Entry,
    ) -> Result<Option<((String, String), Result<Head, StoreError>)>, StoreError> {
        let mut here = self.clone();
        here.namespace = Some(entry.namespace.clone());
        let path = format!("{}/{}", here.collection(), entry.key);
        match self.cluster.get_text(&path).await {
            Ok(text) => Ok(serde_json::from_str::<Item<'_>>(&text).ok().map(|item| {
                let head = self.head(&item, entry);
                ((entry.namespace.clone(), entry.key.clone()), head)
            })),
            Err(error) if error.is_not_found() => Ok(None),
            Err(source) => Err(StoreError::Api { doing: "get: failed to get", source }),
        }
    }

    /// Reads the heads of all revisions of a release, oldest first. Those that are damaged come as
    /// errors.
    pub(super) async fn head_history(
        &self,
        name: &str,
    ) -> Result<Vec<(Entry, Result<Head, StoreError>)>, StoreError> {
        let selector = escape(&format!("owner=helm,name={name}"));
        let path = format!("{}?labelSelector={selector}", self.collection());
        let mut heads: BTreeMap<(Revision, String), _> = BTreeMap::new();
        let listed = self.cluster.each_item(&path, COMPACT_LIST, |item| {
            let Some(item) = Item::read(item) else { return };
            let entry = item.entry();
            let head = self.head(&item, &entry);
            heads.insert((entry.revision, entry.key.clone()), (entry, head));
        });
        listed.await.map_err(list_error)?;
        Ok(heads.into_values().collect())
    }

    fn head(&self, item: &Item<'_>, entry: &Entry) -> Result<Head, StoreError> {
        let record = item.record();
        let head = match self.kind {
            RecordKind::Secret if !item.is_plain() => {
                decode_head(DecoderReader::new(record, &STANDARD), &entry.namespace, entry.revision)
            }
            _ => decode_head(record, &entry.namespace, entry.revision),
        };
        head.map_err(|source| StoreError::Decode { name: entry.key.clone(), source })
    }
}

fn list_error(source: ApiError) -> StoreError {
    StoreError::Api { doing: "list: failed to list", source }
}

/// Joins names by commas, in texts of limited length.
fn groups<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for name in names {
        match groups.last_mut() {
            Some(group) if group.len() + name.len() < NAMES => group.extend([",", name]),
            _ => groups.push(name.to_owned()),
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_in_groups_of_limited_length() {
        let names: Vec<_> = (0..900).map(|n| format!("release-{n}")).collect();
        let groups = groups(names.iter().map(String::as_str));
        assert_eq!(groups.len(), 3);
        assert!(groups.iter().all(|group| group.len() <= NAMES));
        assert_eq!(groups.join(","), names.join(","));
    }
}
