use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::client::{Conflicts, FIELD_MANAGER};
use super::managed_fields::migration;
use super::{ApiError, Cluster, Error};
use crate::plan::patch::{Patch, adoption_patch, upgrade_patch};
use crate::plan::{Change, Method, Object, ResourceId, Write};

impl Cluster {
    /// Writes one object.
    pub(super) async fn write(&self, write: &Write) -> Result<(), Error> {
        let Write { object, change, method } = write;
        let id = &object.id;
        match method {
            Method::Apply { force, migrate } => {
                let path = self.path(id).await?;
                if *migrate {
                    self.migrate(id, &path).await?;
                }
                let conflicts = if *force { Conflicts::Force } else { Conflicts::Refuse };
                match self.apply(&path, &object.body, conflicts).await {
                    Ok(IgnoredAny) => Ok(()),
                    Err(source) => Err(self.refusal(object, source).await),
                }
            }
            Method::Patch { .. } | Method::Replace if *change == Change::Create => {
                self.make(id, &object.body).await.map(drop)
            }
            Method::Patch { previous } => self.patch(id, previous.as_ref(), &object.body).await,
            Method::Replace => self.replace(id, &object.body).await,
        }
    }

    /// Words the refusal of an object that was applied.
    pub(super) async fn refusal(&self, object: &Object, source: ApiError) -> Error {
        let id = object.id.clone();
        if source.is_conflict() {
            let contests = self.contests(object, &source).await;
            Error::Conflict { id, source, contests }
        } else {
            Error::Apply { id, source }
        }
    }

    /// Makes a new object by a plain creation; returns it.
    pub(super) async fn make(&self, id: &ResourceId, body: &Json) -> Result<Json, Error> {
        let collection = self.resource(id).await?.collection(id.namespace.as_deref());
        let (answer, repeated) = self.post_repeated(&collection, body, FIELD_MANAGER).await;
        match answer {
            Ok(object) => Ok(object),
            // It was not there before, so what is there now an earlier try has made.
            Err(source) if repeated && source.is_conflict() => match self.live(id).await? {
                Some(live) => Ok(live),
                None => Err(Error::Create { source }),
            },
            Err(source) => Err(Error::Create { source }),
        }
    }

    async fn patch(
        &self,
        id: &ResourceId,
        previous: Option<&Json>,
        body: &Json,
    ) -> Result<(), Error> {
        let Some(live) = self.live(id).await? else {
            return self.make(id, body).await.map(drop);
        };
        let patch = match previous {
            Some(previous) => upgrade_patch(previous, body, &live),
            None => adoption_patch(body, &live),
        };
        if patch.is_empty() {
            return Ok(());
        }
        let patched = self.merge(&self.path(id).await?, &patch).await;
        patched.map_err(|source| Error::Patch { id: id.clone(), source })
    }

    async fn replace(&self, id: &ResourceId, body: &Json) -> Result<(), Error> {
        let path = self.path(id).await?;
        // The object may change between the read and the write: then read again.
        let mut last = None;
        for _ in 0..5 {
            let Some(live) = self.live(id).await? else {
                return self.make(id, body).await.map(drop);
            };
            let mut body = body.clone();
            body["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
            match self.put_strictly(&path, &body).await {
                Ok(()) => return Ok(()),
                Err(source) if source.is_conflict() => last = Some(source),
                Err(source) => return Err(Error::Replace { source }),
            }
        }
        last.map_or(Ok(()), |source: ApiError| Err(Error::Replace { source }))
    }

    /// Turns the fields of earlier client-side writes, as Helm 3 makes them, into applied ones.
    async fn migrate(&self, id: &ResourceId, path: &str) -> Result<(), Error> {
        // The object may change between the read and the write: then read again.
        for _ in 0..5 {
            let Some(live) = self.live(id).await? else { return Ok(()) };
            let Some(changes) = migration(&live) else { return Ok(()) };
            match self.json_patch(path, &changes).await {
                Ok(()) => return Ok(()),
                Err(error) if error.is_conflict() => {}
                Err(source) => return Err(Error::Apply { id: id.clone(), source }),
            }
        }
        Ok(())
    }
}

impl Patch {
    /// Returns the content type and the body of the request.
    pub(super) fn request(&self) -> (&'static str, &Json) {
        match self {
            Patch::Strategic(body) => ("application/strategic-merge-patch+json", body),
            Patch::Merge(body) => ("application/merge-patch+json", body),
        }
    }
}
