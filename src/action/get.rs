use super::release_error::Error;
use super::{Session};
use crate::release::{Release, ReleaseName, Revision, Store as _};

/// Reads a revision of a release; the last one when `revision` is `None` or 0.
///
/// # Errors
/// [`Error::NotFound`], and what reading records may meet.
pub async fn get(
    session: &Session,
    name: &str,
    revision: Option<Revision>,
) -> Result<Release, Error> {
    ReleaseName::new(name).map_err(Error::Name)?;
    session.cluster.version().await?;
    let history = session.store().history(name).await?;
    let release = match revision {
        None | Some(0) => history.last(),
        Some(revision) => history.get(revision),
    };
    release.cloned().ok_or(Error::NotFound)
}
