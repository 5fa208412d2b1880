use serde_json::Value as Json;

use super::release_error::Error;
use super::{Session};
use crate::release::{Release, Revision};

/// The state of a release.
#[derive(Clone, Debug)]
pub struct StatusReport {
    /// The revision.
    pub release: Release,
    /// Its objects as they are in the cluster, in the order of the manifest.
    pub objects: Vec<LiveObject>,
}

/// An object of a release as it is in the cluster.
#[derive(Clone, Debug)]
pub struct LiveObject {
    /// The API version the manifest names.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The object; `None` when it does not exist.
    pub live: Option<Json>,
}

/// Reads a revision of a release and its objects; the last one when `revision` is `None`.
///
/// # Errors
/// [`Error::NotFound`], and what reading may meet.
pub async fn status(
    session: &Session,
    name: &str,
    revision: Option<Revision>,
) -> Result<StatusReport, Error> {
    let release = super::get(session, name, revision).await?;
    let wanted = session.stored_objects(&release).await?;
    let mut observed = session.cluster.observe(wanted.iter().map(|object| &object.id)).await?;
    let objects = wanted
        .into_iter()
        .map(|object| LiveObject {
            live: observed.remove(&object.id),
            api_version: object.id.api_version,
            kind: object.id.kind,
        })
        .collect();
    Ok(StatusReport { release, objects })
}
