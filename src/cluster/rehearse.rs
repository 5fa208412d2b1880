use futures::StreamExt as _;
use serde_json::Value as Json;

use super::client::Conflicts;
use super::observe::PARALLEL;
use super::{Cluster, Error};
use crate::plan::{Method, Operation, Plan, ResourceId, Write};

/// What the server would make of the objects of a plan.
#[derive(Debug, Default)]
pub struct Rehearsal {
    /// Each object that would be written, as the server would keep it.
    pub written: Vec<(ResourceId, Json)>,
    /// What it would refuse.
    pub refused: Vec<Error>,
}

impl Cluster {
    /// Has the server try out a plan's writes, hooks included, and keep nothing of it.
    ///
    /// `makes_namespace` tells that the plan makes a namespace, in which nothing can be tried before.
    pub async fn rehearse(&self, plan: &Plan, makes_namespace: bool) -> Rehearsal {
        let cluster = &Cluster { rehearses: true, ..self.clone() };
        let mut writes: Vec<Write> = Vec::new();
        for operation in &plan.operations {
            match operation {
                Operation::Apply { writes: more } => writes.extend(more.iter().map(|write| {
                    let mut write = write.clone();
                    if let Method::Apply { force, migrate } = &mut write.method {
                        // The owners of fields cannot be put right in a rehearsal.
                        *force |= *migrate;
                        *migrate = false;
                    }
                    write
                })),
                Operation::RunHooks { hooks, .. } => {
                    writes.extend(hooks.iter().map(|(_, object)| Write {
                        object: object.clone(),
                        change: crate::plan::Change::Update,
                        // What an earlier run has left makes way first.
                        method: Method::Apply { force: true, migrate: false },
                    }));
                }
                _ => {}
            }
        }
        let results: Vec<_> = futures::stream::iter(&writes)
            .map(|write| async move { (write, cluster.try_out(write).await) })
            .buffered(PARALLEL)
            .collect()
            .await;
        let mut rehearsal = Rehearsal::default();
        for (write, result) in results {
            match result {
                Ok(object) => rehearsal.written.push((write.object.id.clone(), object)),
                Err(error) if makes_namespace && error.is_not_found() => {}
                Err(error) => rehearsal.refused.push(error),
            }
        }
        rehearsal
    }

    async fn try_out(&self, write: &Write) -> Result<Json, Error> {
        let id = &write.object.id;
        if let Method::Apply { force, .. } = &write.method {
            let path = self.path(id).await?;
            let conflicts = if *force { Conflicts::Force } else { Conflicts::Refuse };
            return match self.apply(&path, &write.object.body, conflicts).await {
                Ok(object) => Ok(object),
                Err(source) => Err(self.refusal(&write.object, source).await),
            };
        }
        self.write(write).await?;
        Ok(write.object.body.clone())
    }
}
