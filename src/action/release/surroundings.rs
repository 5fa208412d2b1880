use super::Error;
use super::Session;
use crate::manifest::Document;
use crate::plan::{self, Input, Next, Verb};
use crate::template::{Capabilities, KubeVersion};

impl Session {
    /// Returns what `.Capabilities` says of the cluster.
    ///
    /// # Errors
    /// [`Error::Connect`] when the cluster cannot be reached.
    pub async fn capabilities(&self) -> Result<Capabilities, Error> {
        let server = self.cluster.version().await?;
        Ok(Capabilities {
            kube_version: KubeVersion::parse(&server.git_version)?,
            api_versions: self.cluster.current_discovery().await?.api_versions(),
        })
    }

    /// Checks that a cluster would take the objects of a new release: it serves their kinds and
    /// has none of them already, unless `take_over` says that theirs are ours. Nothing is changed.
    ///
    /// # Errors
    /// [`Error::Build`] for kinds that are not served, [`Error::Plan`] for objects of others.
    pub async fn check(
        &self,
        name: &str,
        documents: &[Document],
        take_over: bool,
    ) -> Result<(), Error> {
        let objects = self.cluster.resolve(documents, &self.namespace).await;
        let objects = objects.map_err(Error::Build)?;
        let ids = objects.iter().map(|object| &object.id);
        let observed = self.cluster.observe_metadata(ids).await?;
        let next = Next { revision: 1, objects, hooks: Vec::new(), repeats: None };
        plan::build(&Input {
            verb: Verb::Install,
            owner: self.owner(name),
            previous: &[],
            next: &next,
            observed: &observed,
            deployed: &[],
            prune: &[],
            options: &plan::Options { take_ownership: take_over, ..plan::Options::default() },
        })
        .map_err(|source| Error::Plan { doing: "install", source })?;
        Ok(())
    }
}
