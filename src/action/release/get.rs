use super::Error;
use super::Session;
use super::record::{restored_chart, to_map};
use crate::release::{Labels, Release, ReleaseName, Revision};
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
    Ok(get_with_labels(session, name, revision).await?.0)
}

/// Reads a revision of a release and the labels of its record: all of them for the last revision,
/// those of the user alone for one that is named, as Helm does.
///
/// # Errors
/// As [`get`].
pub async fn get_with_labels(
    session: &Session,
    name: &str,
    revision: Option<Revision>,
) -> Result<(Release, Labels), Error> {
    ReleaseName::new(name).map_err(|_| Error::name(name))?;
    session.cluster.version().await?;
    let revision = revision.filter(|revision| *revision != 0);
    let found = session.store().revision(name, revision).await?;
    let (release, mut labels) = found.ok_or(Error::NotFound)?;
    if revision.is_some() {
        labels.clone_from(&release.labels);
    }
    Ok((release, labels))
}

/// Returns the values that the templates of a stored revision saw.
///
/// # Errors
/// When the stored values do not fit each other.
pub fn computed_values(release: &Release) -> Result<Map, Error> {
    let user = release.config.as_ref().map_or_else(Map::new, to_map);
    Ok(values::merge(&restored_chart(&release.chart), &user).value?)
}
