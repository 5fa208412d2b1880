use std::collections::BTreeSet;

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
        let ids: BTreeSet<&ResourceId> = ids.into_iter().collect();
        futures::stream::iter(ids)
            .map(|id| async move { Ok((id, self.live(id).await?)) })
            .buffer_unordered(PARALLEL)
            .try_filter_map(|(id, live)| async move { Ok(live.map(|live| (id.clone(), live))) })
            .try_collect()
            .await
    }

    /// Reads the autoscalers of a namespace.
    ///
    /// # Errors
    /// [`Error::Discovery`]
    pub async fn autoscalers(&self, namespace: &str) -> Result<Observed, Error> {
        let (version, kind) = ("autoscaling/v2", "HorizontalPodAutoscaler");
        let Some(resource) = self.kind(version, kind).await? else { return Ok(Observed::new()) };
        let path = resource.collection(Some(namespace));
        let list = self.list(&path, "").await.map_err(Error::Discovery)?;
        let id = |body: &Json| ResourceId {
            api_version: version.to_owned(),
            kind: kind.to_owned(),
            namespace: Some(namespace.to_owned()),
            name: body["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
        };
        Ok(list.into_iter().map(|body| (id(&body), body)).collect())
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

/// How people are shown objects: by the columns the server chooses.
const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";

impl Cluster {
    /// Reads one object as the server shows it to people: a head and a row of cells.
    ///
    /// # Errors
    /// [`Error::Read`]
    pub async fn table(&self, id: &ResourceId) -> Result<Vec<Vec<String>>, Error> {
        let path = self.path(id).await?;
        let table = self.get_with_accept(&path, TABLE).await;
        table.map(|table| rows(&table)).map_err(|source| Error::Read { id: id.clone(), source })
    }

    /// Reads the Pods that a selector picks as the server shows them to people.
    ///
    /// # Errors
    /// [`Error::Read`]
    pub async fn pod_table(
        &self,
        namespace: &str,
        selector: &str,
    ) -> Result<Vec<Vec<String>>, Error> {
        let table = self.get_with_accept(&pods_path(namespace, selector), TABLE).await;
        table.map(|table| rows(&table)).map_err(|source| pods_error(namespace, source))
    }

    /// Reads the Pods that a selector picks, as a list.
    ///
    /// # Errors
    /// [`Error::Read`]
    pub async fn pods(&self, namespace: &str, selector: &str) -> Result<Json, Error> {
        let list = self.get_path(&pods_path(namespace, selector)).await;
        list.map_err(|source| pods_error(namespace, source))
    }
}

pub(super) fn pods_path(namespace: &str, selector: &str) -> String {
    let selector = super::client::escape(selector);
    format!("/api/v1/namespaces/{namespace}/pods?labelSelector={selector}")
}

fn pods_error(namespace: &str, source: super::ApiError) -> Error {
    let id = ResourceId {
        api_version: "v1".to_owned(),
        kind: "Pod".to_owned(),
        namespace: Some(namespace.to_owned()),
        name: String::new(),
    };
    Error::Read { id, source }
}

/// Takes the columns that are always shown from the server's table.
fn rows(table: &Json) -> Vec<Vec<String>> {
    let items = |json: &Json| json.as_array().cloned().unwrap_or_default();
    let columns = items(&table["columnDefinitions"]);
    let shown: Vec<bool> = columns.iter().map(|column| column["priority"] == 0).collect();
    let pick = |cells: Vec<String>| -> Vec<String> {
        cells.into_iter().zip(&shown).filter(|(_, shown)| **shown).map(|(cell, _)| cell).collect()
    };
    let head = columns.iter().map(|column| text(&column["name"]).to_uppercase()).collect();
    let mut rows = vec![pick(head)];
    for row in items(&table["rows"]) {
        rows.push(pick(items(&row["cells"]).iter().map(text).collect()));
    }
    rows
}

fn text(cell: &Json) -> String {
    match cell {
        // A column of a status that no one has written yet.
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn tables_leave_out_wide_columns_and_missing_cells() {
        let table = json!({
            "columnDefinitions": [
                {"name": "Name", "priority": 0},
                {"name": "Paused", "priority": 1},
                {"name": "Ready", "priority": 0},
                {"name": "Replicas", "priority": 0},
            ],
            "rows": [{"cells": ["a", true, null, 1]}],
        });
        assert_eq!(rows(&table), [["NAME", "READY", "REPLICAS"], ["a", "", "1"]]);
    }
}
