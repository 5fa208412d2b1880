use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};

use super::Error;
use super::Session;
use crate::cluster::StoredRecord;
use crate::release::{Release, Status};

/// How many records are read at once.
const PARALLEL: usize = 16;

/// The order of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ListSort {
    /// By name.
    #[default]
    Name,
    /// By the time of the last revision, oldest first.
    Date,
}

/// Which releases to list.
#[derive(Clone, Debug, Default)]
pub struct ListRequest {
    /// Whether the releases of all namespaces are listed.
    pub all_namespaces: bool,
    /// The states to list; empty lists all.
    pub statuses: Vec<Status>,
    /// A pattern that names must match.
    pub filter: Option<regex::Regex>,
    /// A selector of the records' labels; empty selects all.
    pub selector: String,
    /// The order.
    pub sort: ListSort,
    /// Whether the order is turned round.
    pub reverse: bool,
    /// How many are passed over.
    pub offset: usize,
    /// How many are listed at most; 0 lists all.
    pub max: usize,
}

/// Reads the last revision of each release that the request asks for. Records that cannot be
/// decoded are passed over, as Helm does.
///
/// # Errors
/// What reading records may meet.
pub async fn list(session: &Session, request: &ListRequest) -> Result<Vec<Release>, Error> {
    session.cluster.version().await?;
    let store =
        if request.all_namespaces { session.store().in_all_namespaces() } else { session.store() };
    let records = store.list("").await?;
    let mut newest: BTreeMap<(String, String), &StoredRecord> = BTreeMap::new();
    for record in &records {
        let key = (record.name().to_owned(), record.namespace().to_owned());
        match newest.get(&key) {
            Some(known) if known.revision() >= record.revision() => {}
            _ => {
                newest.insert(key, record);
            }
        }
    }
    let selected: Option<Vec<String>> = if request.selector.is_empty() {
        None
    } else {
        let selected = store.list(&request.selector).await?;
        Some(selected.iter().map(StoredRecord::id).collect())
    };
    let shown: Vec<&StoredRecord> = newest
        .into_values()
        .filter(|record| selected.as_ref().is_none_or(|ids| ids.contains(&record.id())))
        .filter(|record| {
            request.filter.as_ref().is_none_or(|filter| filter.is_match(record.name()))
        })
        .collect();
    let max = if request.max == 0 { usize::MAX } else { request.max };
    let page = request.offset.saturating_add(max);
    let reads = |records: Vec<&StoredRecord>| {
        let store = &store;
        let records: Vec<StoredRecord> = records.into_iter().cloned().collect();
        futures::stream::iter(records)
            .map(move |record| async move { store.read(&record).await })
            .buffered(PARALLEL)
            .try_filter_map(|record| async move {
                // Helm never lists what it does not understand.
                let release = record.and_then(|record| record.release().ok());
                Ok(release.filter(|release| {
                    let status = release.info.status;
                    status != Status::Unknown
                        && (request.statuses.is_empty() || request.statuses.contains(&status))
                }))
            })
    };
    let mut releases: Vec<Release> = match request.sort {
        ListSort::Date => reads(shown).try_collect().await?,
        // The names tell the order, so that no more is read than is shown.
        ListSort::Name => {
            let mut shown = shown;
            if request.reverse {
                shown.reverse();
            }
            reads(shown).take(page).try_collect().await?
        }
    };
    match request.sort {
        ListSort::Name => {}
        ListSort::Date => {
            releases.sort_by_key(|release| release.info.last_deployed.map(|time| time.instant()));
            if request.reverse {
                releases.reverse();
            }
        }
    }
    Ok(releases.into_iter().skip(request.offset).take(max).collect())
}
