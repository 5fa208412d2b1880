use super::Error;
use super::Session;
use super::record::{restored_chart, to_map};
use crate::release::{Release, ReleaseName, Revision, Store as _};
use crate::value::Map;
use crate::values;

/// Reads a revision of a release; the last one when `revision` is `None` or 0.
///
/// # Errors
/// [`Error::NotFound`], and what reading records may meet.
pub async fn get(
    session: &Session,
    name: &str,
    revision: Option<Revision>,
) -> Result<Release, Error> {
    ReleaseName::new(name).map_err(|_| Error::name(name))?;
    session.cluster.version().await?;
    let history = session.store().history(name).await?;
    let release = match revision {
        None | Some(0) => history.last(),
        Some(revision) => history.get(revision),
    };
    release.cloned().ok_or(Error::NotFound)
}

/// Returns the values that the templates of a stored revision saw.
///
/// # Errors
/// When the stored values do not fit each other.
pub fn computed_values(release: &Release) -> Result<Map, Error> {
    let user = release.config.as_ref().map_or_else(Map::new, to_map);
    Ok(values::merge(&restored_chart(&release.chart), &user).value?)
}
