use super::Error;
use super::Session;
use super::record::{restored_chart, to_map};
use crate::release::{Labels, Release, ReleaseName, Revision, Store as _};
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
    let release = get(session, name, revision).await?;
    if revision.is_some_and(|revision| revision != 0) {
        let labels = release.labels.clone();
        return Ok((release, labels));
    }
    let records =
        session.store().list(&format!("name={name},version={}", release.revision)).await?;
    let labels = records.first().map(|record| {
        record.labels().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    });
    let labels = labels.unwrap_or_else(|| release.labels.clone());
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
