use serde_json::Value as Json;

use super::Error;
use super::Session;
use crate::plan::ResourceId;
use crate::release::{Release, Revision};

/// The kinds whose Pods are shown beside them.
const OWNERS: [&str; 6] =
    ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "ReplicationController"];

/// The state of a release.
#[derive(Clone, Debug)]
pub struct StatusReport {
    /// The revision.
    pub release: Release,
    /// Its objects that exist, in the order of the manifest, then the Pods they own.
    pub objects: Vec<LiveObject>,
    /// The same as tables; empty unless asked for.
    pub tables: Vec<LiveTable>,
}

/// An object of a release as it is in the cluster.
#[derive(Clone, Debug)]
pub struct LiveObject {
    /// `v1/Deployment`, or `v1/Pod(related)`.
    pub title: String,
    /// The object.
    pub live: Json,
}

/// The objects of a kind as the server shows them to people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveTable {
    /// `v1/Deployment`, or `v1/Pod(related)`.
    pub title: String,
    /// Rows of cells, the head first. Helm prints one answer of the server after the other, so only
    /// the rows of a block are aligned with each other.
    pub blocks: Vec<Vec<Vec<String>>>,
}

/// Reads a revision of a release and its objects; the last one when `revision` is `None`.
///
/// `tables` tells whether the server is asked for tables as well.
///
/// # Errors
/// [`Error::NotFound`], and what reading may meet.
pub async fn status(
    session: &Session,
    name: &str,
    revision: Option<Revision>,
    tables: bool,
) -> Result<StatusReport, Error> {
    let release = super::get(session, name, revision).await?;
    let wanted = session.stored_objects(&release).await?;
    let observed = session.cluster.observe(wanted.iter().map(|object| &object.id)).await?;
    let mut report = StatusReport { release, objects: Vec::new(), tables: Vec::new() };
    let mut related = Vec::new();
    for object in &wanted {
        let Some(live) = observed.get(&object.id) else { continue };
        let version = object.id.api_version.rsplit('/').next().unwrap_or_default();
        let title = format!("{version}/{}", object.id.kind);
        if tables {
            let table = session.cluster.table(&object.id).await?;
            push_table(&mut report.tables, &title, table);
        }
        report.objects.push(LiveObject { title, live: live.clone() });
        if let Some(selector) = selector(&object.id, live) {
            related.push((object.id.namespace.clone(), selector));
        }
    }
    related.dedup();
    for (namespace, selector) in related {
        let namespace = namespace.unwrap_or_default();
        let title = "v1/Pod(related)".to_owned();
        if tables {
            let table = session.cluster.pod_table(&namespace, &selector).await?;
            if table.len() > 1 {
                push_table(&mut report.tables, &title, table);
            }
        }
        let pods = session.cluster.pods(&namespace, &selector).await?;
        if pods["items"].as_array().is_some_and(|items| !items.is_empty()) {
            report.objects.push(LiveObject { title, live: pods });
        }
    }
    Ok(report)
}

fn push_table(tables: &mut Vec<LiveTable>, title: &str, rows: Vec<Vec<String>>) {
    if rows.is_empty() {
        return;
    }
    match tables.iter_mut().find(|table| table.title == title) {
        Some(table) => table.blocks.push(rows.into_iter().skip(1).collect()),
        None => tables.push(LiveTable { title: title.to_owned(), blocks: vec![rows] }),
    }
}

/// Returns the selector of the Pods that an object owns.
fn selector(id: &ResourceId, live: &Json) -> Option<String> {
    if !OWNERS.contains(&id.kind.as_str()) {
        return None;
    }
    let selector = &live["spec"]["selector"];
    let labels = selector["matchLabels"].as_object().or_else(|| selector.as_object())?;
    let pairs: Vec<_> = labels
        .iter()
        .filter_map(|(key, value)| value.as_str().map(|value| format!("{key}={value}")))
        .collect();
    (!pairs.is_empty()).then(|| pairs.join(","))
}
