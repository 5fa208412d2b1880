use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt as _, TryStreamExt as _};
use serde::Deserialize;
use serde_json::Value as Json;

use super::client::{METADATA, METADATA_LIST, escape};
use super::items::RawItem;
use super::observe::PARALLEL;
use super::{ApiError, Cluster, Error};
use crate::plan::{Observed, ResourceId};

/// From so many objects of a kind and namespace on they are read by a list.
const MANY: usize = 5;
/// How many objects a page of a list has.
const PAGE: usize = 500;
/// How many more objects than are looked for a list may go on to, for each of them: one more costs
/// the server far less in a list than by itself.
const STRANGERS: u64 = 10;

/// Objects of a kind and namespace.
type Group<'a> = BTreeMap<&'a str, &'a ResourceId>;

/// The name of an object.
#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    metadata: Name<'a>,
}

#[derive(Deserialize)]
struct Name<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
}

impl Cluster {
    /// Reads the metadata of what the cluster holds of some objects: whether they are there, and whose
    /// they are. Where there are many of a kind, they are read by few requests.
    ///
    /// Kinds that the server no longer serves have no objects.
    ///
    /// # Errors
    /// [`Error::Read`] for the first read that fails; "not found" is no failure.
    pub async fn observe_metadata(
        &self,
        ids: impl IntoIterator<Item = &ResourceId>,
    ) -> Result<Observed, Error> {
        let mut groups: BTreeMap<_, Group<'_>> = BTreeMap::new();
        for id in ids {
            let group = (&id.api_version, &id.kind, &id.namespace);
            groups.entry(group).or_default().insert(&id.name, id);
        }
        let (many, few): (Vec<_>, Vec<_>) =
            groups.into_values().partition(|group| group.len() >= MANY);
        let mut few: BTreeSet<&ResourceId> = few.into_iter().flat_map(Group::into_values).collect();
        let mut observed = Observed::new();
        let mut lists = futures::stream::iter(many)
            .map(|group| self.observe_listed(group))
            .buffer_unordered(PARALLEL);
        while let Some((found, unknown)) = lists.next().await {
            observed.extend(found);
            few.extend(unknown);
        }
        let read: Vec<_> = futures::stream::iter(few)
            .map(|id| async move { Ok::<_, Error>((id, self.live_metadata(id).await?)) })
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await?;
        let read = read.into_iter();
        observed.extend(read.filter_map(|(id, live)| Some((id.clone(), live?))));
        Ok(observed)
    }

    /// Looks for objects of a kind in a list; returns, too, those of which it does not tell whether
    /// they are there.
    async fn observe_listed<'a>(&self, group: Group<'a>) -> (Observed, Vec<&'a ResourceId>) {
        let mut found = Observed::new();
        let whole = self.look_through(&group, &mut found).await;
        // Whoever may not list may still read one by one, and what fails once more is told then.
        let unknown = if matches!(whole, Ok(true)) {
            Vec::new()
        } else {
            group.into_values().filter(|id| !found.contains_key(*id)).collect()
        };
        (found, unknown)
    }

    /// Returns whether the objects that were not found are not there.
    async fn look_through(
        &self,
        group: &Group<'_>,
        found: &mut Observed,
    ) -> Result<bool, ApiError> {
        let Some(any) = group.values().next() else { return Ok(true) };
        // What cannot be asked for by a list is asked for by itself, and fails there.
        let Ok(resource) = self.resource(any).await else { return Ok(false) };
        let collection = resource.collection(any.namespace.as_deref());
        let mut next = String::new();
        loop {
            let path = format!("{collection}?limit={PAGE}{next}");
            let page = self.each_item(&path, METADATA_LIST, |item| {
                let RawItem::Json(item) = item else { return };
                let Ok(Named { metadata }) = serde_json::from_slice(item) else { return };
                if let Some(id) = group.get(metadata.name.as_ref())
                    && let Ok(live) = serde_json::from_slice::<Json>(item)
                {
                    found.insert((*id).clone(), live);
                }
            });
            let page = page.await?;
            let missing = group.len().saturating_sub(found.len()) as u64;
            if missing == 0 || page.next.is_empty() {
                return Ok(true);
            }
            if page.remaining_item_count.is_some_and(|left| left > missing * STRANGERS) {
                return Ok(false);
            }
            next = format!("&continue={}", escape(&page.next));
        }
    }

    /// Reads the metadata of one object; `None` when there is none or its kind is not served any more.
    async fn live_metadata(&self, id: &ResourceId) -> Result<Option<Json>, Error> {
        let path = match self.path(id).await {
            Ok(path) => path,
            Err(Error::NoMatch(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        match self.get_with_accept(&path, METADATA).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(source) => Err(Error::Read { id: id.clone(), source }),
        }
    }
}
