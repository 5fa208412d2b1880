use super::Error;
use super::Session;
use crate::release::{ReleaseName, Revision, Status, Store as _, Time};

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
    let releases = session.store().history(name).await?.into_releases();
    if releases.is_empty() {
        return Err(Error::NotFound);
    }
    let skipped = releases.len().saturating_sub(max);
    Ok(releases
        .into_iter()
        .skip(skipped)
        .map(|release| HistoryRow {
            revision: release.revision,
            updated: release.info.last_deployed,
            status: release.info.status,
            chart: release.chart.full_name(),
            app_version: release.chart.app_version().to_owned(),
            rollback_revision: release.info.rollback_revision,
            description: release.info.description,
        })
        .collect())
}
