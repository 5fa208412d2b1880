use super::Error;
use super::Session;
use crate::chart::Warning;
use crate::cluster::{Entry, StoreError};
use crate::release::{Head, ReleaseName, Revision, Status, Time};

/// One revision in the history of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryRow {
    /// The number of the revision.
    pub revision: Revision,
    /// When it was made.
    pub updated: Option<Time>,
    /// Its state.
    pub status: Status,
    /// Name and version of its chart.
    pub chart: String,
    /// The version of the application.
    pub app_version: String,
    /// The revision it repeats; 0 when it is no rollback.
    pub rollback_revision: Revision,
    /// What happened.
    pub description: String,
}

/// Reads the last `max` revisions of a release, oldest first.
///
/// # Errors
/// [`Error::NotFound`], and what reading records may meet.
pub async fn history(session: &Session, name: &str, max: usize) -> Result<Vec<HistoryRow>, Error> {
    ReleaseName::new(name).map_err(|_| Error::name(name))?;
    session.cluster.version().await?;
    let records = session.store().head_history(name).await?;
    if records.is_empty() {
        return Err(Error::NotFound);
    }
    let mut rows = Vec::with_capacity(records.len());
    for (entry, head) in records {
        match head {
            Ok(Head { revision, info, chart, .. }) => rows.push(HistoryRow {
                revision,
                updated: info.last_deployed,
                status: info.status,
                chart: chart.full_name(),
                app_version: chart.app_version().to_owned(),
                rollback_revision: info.rollback_revision,
                description: info.description,
            }),
            Err(error) => session.warn([damaged(&entry, &error)]),
        }
    }
    rows.drain(..rows.len().saturating_sub(max));
    Ok(rows)
}

/// Tells of a record that is passed over, as Helm does without a word.
pub(super) fn damaged(entry: &Entry, error: &StoreError) -> Warning {
    let Entry { name, namespace, revision, status, .. } = entry;
    let which = format!("{namespace}/{name}, revision {revision} ({status})");
    Warning::advice(format!("{which} is left out: {error}"))
}
