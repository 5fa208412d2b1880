use std::collections::{BTreeMap, BTreeSet};

use super::Error;
use super::Session;
use super::history::damaged;
use crate::cluster::{Entry, RecordStore};
use crate::release::{Head, Info, Status};

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

/// Reads the last revision of each release that the request asks for, or all superseded ones if it asks
/// for those alone. Records that cannot be
/// decoded are passed over, as Helm does; the session has a warning for each.
///
/// # Errors
/// What reading records may meet.
pub async fn list(session: &Session, request: &ListRequest) -> Result<Vec<Head>, Error> {
    session.cluster.version().await?;
    let store =
        if request.all_namespaces { session.store().in_all_namespaces() } else { session.store() };
    // The last revision of a release is never superseded, so that Helm then looks at all of them.
    let all_revisions = request.statuses == [Status::Superseded];
    let mut newest: BTreeMap<(String, String, String), Entry> = BTreeMap::new();
    let mut keep = |entry: Entry| {
        // What does not match is not kept in the first place: there may be very many.
        if request.filter.as_ref().is_some_and(|filter| !filter.is_match(&entry.name)) {
            return;
        }
        if all_revisions && !matches!(entry.status, Status::Superseded | Status::Unknown) {
            return;
        }
        let which = if all_revisions { entry.id().1.to_owned() } else { String::new() };
        let key = (entry.name.clone(), entry.namespace.clone(), which);
        match newest.get(&key) {
            Some(known) if known.revision >= entry.revision => {}
            _ => {
                newest.insert(key, entry);
            }
        }
    };
    let since = store.index("", &mut keep).await?;
    let mut shown: Vec<Entry> = newest.into_values().collect();
    if !request.selector.is_empty() {
        let mut selected = BTreeSet::new();
        let mut select = |entry: Entry| {
            let (namespace, key) = entry.id();
            selected.insert((namespace.to_owned(), key.to_owned()));
        };
        store.index(&request.selector, &mut select).await?;
        shown.retain(|entry| {
            let (namespace, key) = entry.id();
            selected.contains(&(namespace.to_owned(), key.to_owned()))
        });
    }
    if !request.statuses.is_empty() {
        // A label that says nothing is not believed.
        shown.retain(|entry| {
            entry.status == Status::Unknown || request.statuses.contains(&entry.status)
        });
    }
    if request.reverse && request.sort == ListSort::Name {
        shown.reverse();
    }
    let max = if request.max == 0 { usize::MAX } else { request.max };
    let page = match request.sort {
        // The names tell the order, so that no more is read than is shown.
        ListSort::Name => request.offset.saturating_add(max),
        ListSort::Date => usize::MAX,
    };
    let mut heads: Vec<Head> = Vec::new();
    let mut rest = shown.as_slice();
    while heads.len() < page && !rest.is_empty() {
        let (next, after) = rest.split_at(rest.len().min(page - heads.len()));
        rest = after;
        for (entry, head) in next.iter().zip(store.heads(next, &since).await?) {
            let head = match head {
                Some(Ok(head)) => Some(head),
                Some(Err(error)) => {
                    session.warn([damaged(entry, &error)]);
                    last_readable(&store, entry).await?.filter(|_| !all_revisions)
                }
                // Gone meanwhile.
                None => None,
            };
            // Helm never lists a state that it does not know.
            heads.extend(head.filter(|Head { info: Info { status, .. }, .. }| {
                *status != Status::Unknown
                    && (request.statuses.is_empty() || request.statuses.contains(status))
            }));
        }
    }
    if request.sort == ListSort::Date {
        heads.sort_by_key(|head| head.info.last_deployed.map(|time| time.instant()));
        if request.reverse {
            heads.reverse();
        }
    }
    Ok(heads.into_iter().skip(request.offset).take(max).collect())
}

/// Returns the last revision of a release whose record can be read, as Helm lists it then.
async fn last_readable(store: &RecordStore, entry: &Entry) -> Result<Option<Head>, Error> {
    let history = store.head_history(&entry.name).await?;
    let here = history.into_iter().filter(|(other, _)| other.namespace == entry.namespace);
    Ok(here.filter_map(|(_, head)| head.ok()).next_back())
}
