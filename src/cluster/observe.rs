use std::collections::BTreeMap;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value as Json;

use super::{Cluster, Error};
use crate::plan::{Observed, ResourceId};

/// How many requests are under way at once.
pub(super) const PARALLEL: usize = 16;

impl Cluster {
    /// Reads what the cluster holds of some objects.
    ///
    /// Kinds that the server no longer serves have no objects.
    ///
    /// # Errors
    /// [`Error::Read`] for the first read that fails; "not found" is no failure.
    pub async fn observe(
        &self,
        ids: impl IntoIterator<Item = &ResourceId>,
    ) -> Result<Observed, Error> {
        let ids: BTreeMap<&ResourceId, ()> = ids.into_iter().map(|id| (id, ())).collect();
        futures::stream::iter(ids.into_keys())
            .map(|id| async move { Ok((id, self.live(id).await?)) })
            .buffer_unordered(PARALLEL)
            .try_filter_map(|(id, live)| async move { Ok(live.map(|live| (id.clone(), live))) })
            .try_collect()
            .await
    }

    /// Reads one object; `None` when there is none or its kind is not served any more.
    pub(super) async fn live(&self, id: &ResourceId) -> Result<Option<Json>, Error> {
        let path = match self.path(id).await {
            Ok(path) => path,
            Err(Error::NoMatch(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let read = self.get_optional(&path).await;
        read.map_err(|source| Error::Read { id: id.clone(), source })
    }
}
