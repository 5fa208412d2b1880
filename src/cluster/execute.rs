use std::collections::BTreeMap;
use std::time::Duration;

use futures::StreamExt as _;
use jiff::tz::TimeZone;
use serde::de::IgnoredAny;
use serde_json::json;
use tokio::time::{Instant, timeout_at};

use super::client::Conflicts;
use super::observe::PARALLEL;
use super::{Cause, Cluster, ContainerLog, Error, Explanation, Interrupt, RecordStore, StoreError};
use crate::plan::{Change, Deletion, Description, Operation, Plan, ResourceId, Write};
use crate::release::{Release, Revision, Status, Store as _, Time};

/// What may be spent on recording a failure after the deadline.
const GRACE: Duration = Duration::from_secs(30);

/// The revisions that a plan writes, by number.
pub type Records = BTreeMap<Revision, Release>;

/// The source of times in records.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Returns the current instant.
    pub now: fn() -> jiff::Timestamp,
    /// The zone that times are written in.
    pub zone: TimeZone,
}

impl Clock {
    /// Returns the current time.
    #[must_use]
    pub fn now(&self) -> Time {
        Time::new((self.now)(), &self.zone)
    }
}

/// The carrying out of one plan.
pub struct Execution<'a> {
    /// Where.
    pub cluster: &'a Cluster,
    /// Where records are kept.
    pub store: &'a RecordStore,
    /// The revisions the plan writes. Their state follows the plan.
    pub records: &'a mut Records,
    /// When to give up.
    pub deadline: Instant,
    /// The source of times.
    pub clock: Clock,
    /// What ends it early.
    pub interrupt: Interrupt,
    /// Whether objects of hooks that are left from earlier make way: those of an operation that was
    /// cut short.
    pub replace_hooks: bool,
    /// Whether the logs of Pods of hooks are kept.
    pub keep_logs: bool,
    /// Those logs, and why there are no more.
    pub(super) logs: KeptLogs,
    /// Whether there were objects of the release before, for messages.
    pub(super) revises: bool,
    /// The objects made so far.
    pub(super) created: Vec<ResourceId>,
}

/// Logs of Pods, and why there are no more of them.
pub type KeptLogs = (Vec<ContainerLog>, Option<Error>);

/// How a plan ended.
#[derive(Debug)]
#[must_use]
pub struct Outcome {
    /// What ended it early.
    pub error: Option<Error>,
    /// Why the objects were not ready that ended it, as they were before anything was undone.
    pub explanations: Vec<Explanation>,
    /// What went wrong afterwards, while the failure was recorded and cleaned up.
    pub aftermath: Vec<Error>,
    /// What Pods of hooks wrote, if that was to be kept.
    pub logs: KeptLogs,
    /// Why old revisions are left that were to go after a new one was deployed. The next plan tries
    /// again.
    pub unpruned: Vec<Error>,
}

impl<'a> Execution<'a> {
    /// Prepares for a plan.
    #[must_use]
    pub fn new(
        cluster: &'a Cluster,
        store: &'a RecordStore,
        records: &'a mut Records,
        deadline: Instant,
        clock: Clock,
        interrupt: Interrupt,
    ) -> Self {
        let created = Vec::new();
        let (replace_hooks, keep_logs, logs) = (false, false, KeptLogs::default());
        Execution {
            cluster,
            store,
            records,
            deadline,
            clock,
            interrupt,
            replace_hooks,
            keep_logs,
            logs,
            revises: false,
            created,
        }
    }

    /// Carries out a plan, operation by operation. The first that fails ends it; then the plan's
    /// operations for failure are carried out, all of them.
    pub async fn run(mut self, plan: &Plan) -> Outcome {
        let interrupt = self.interrupt.clone();
        self.revises = revises(plan);
        let mut unpruned = Vec::new();
        for operation in &plan.operations {
            let result = tokio::select! {
                result = self.step_in_time(operation, "") => result,
                cause = interrupt.wait() => Err(Error::Interrupted(cause)),
            };
            let Err(mut error) = result else { continue };
            if matches!(operation, Operation::DeleteRecord { .. }) && self.has_deployed() {
                unpruned.push(error);
                continue;
            }
            let text = error.to_string();
            let mut on_failure = plan.on_failure.clone();
            if matches!(operation, Operation::Wait { .. }) && rolls_back(plan) {
                // Helm has words of its own for that.
                for operation in &mut on_failure {
                    if let Operation::WriteRecord {
                        description: Some(Description::Failure(prefix)),
                        ..
                    } = operation
                    {
                        *prefix = prefix.replacen("Rollback ", "Release ", 1);
                    }
                }
                let name = self.records.values().next().map(|release| release.name.clone());
                let (name, source) = (name.unwrap_or_default(), Box::new(error));
                error = Error::Waited { name, source };
            }
            self.deadline = Instant::now() + GRACE;
            let mut aftermath = Vec::new();
            if let Error::Interrupted(Cause::LostLock(_)) | Error::Store(StoreError::Exists) = error
            {
                // The release is in other hands, and so is the record.
                let (explanations, logs) = (Vec::new(), self.logs);
                return Outcome { error: Some(error), explanations, aftermath, logs, unpruned };
            }
            // Before anything is undone: afterwards the Pods that could tell are gone.
            let explain = self.cluster.explain(error.unready());
            let explanations = timeout_at(self.deadline, explain).await.unwrap_or_default();
            for operation in &on_failure {
                aftermath.extend(self.step_in_time(operation, &text).await.err());
            }
            let (error, logs) = (Some(error), self.logs);
            return Outcome { error, explanations, aftermath, logs, unpruned };
        }
        let (explanations, aftermath) = (Vec::new(), Vec::new());
        Outcome { error: None, explanations, aftermath, logs: self.logs, unpruned }
    }

    fn has_deployed(&self) -> bool {
        let newest = self.records.values().next_back();
        newest.is_some_and(|release| release.info.status == Status::Deployed)
    }

    async fn step_in_time(&mut self, operation: &Operation, failure: &str) -> Result<(), Error> {
        // Waits watch the clock themselves and say what was missing, so they get a moment more.
        let bound = self.deadline + Duration::from_secs(1);
        let doing = operation.to_string();
        match timeout_at(bound, self.step(operation, failure)).await {
            Ok(result) => result,
            Err(_) => Err(Error::Deadline { doing }),
        }
    }

    async fn step(&mut self, operation: &Operation, failure: &str) -> Result<(), Error> {
        match operation {
            Operation::CreateNamespace { name } => self.create_namespace(name).await,
            Operation::WriteRecord { revision, new, status, description } => {
                self.write_record(*revision, *new, *status, description.as_ref(), failure).await
            }
            Operation::DeleteRecord { revision } => {
                let Some(name) = self.records.values().next().map(|r| r.name.clone()) else {
                    return Ok(());
                };
                Ok(self.store.delete(&name, *revision).await?)
            }
            Operation::RunHooks { event, hooks, method } => {
                let revision = self.records.keys().next_back().copied().unwrap_or_default();
                self.run_hooks(revision, event, hooks, *method).await
            }
            Operation::Apply { writes } => self.apply(writes).await,
            Operation::Delete { deletions } => self.delete(deletions).await,
            Operation::DeleteCreated => {
                let created = std::mem::take(&mut self.created);
                let deletions: Vec<_> = created
                    .into_iter()
                    .rev()
                    .map(|id| Deletion { id, propagation: crate::plan::Propagation::Background })
                    .collect();
                self.delete(&deletions).await
            }
            Operation::Wait { ids, until } => self.cluster.wait(ids, *until, self.deadline).await,
        }
    }

    async fn create_namespace(&self, name: &str) -> Result<(), Error> {
        let body = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {"name": name}},
        });
        let path = format!("/api/v1/namespaces/{name}");
        match self.cluster.apply(&path, &body, Conflicts::Refuse).await {
            Ok(IgnoredAny) => Ok(()),
            Err(error) if error.is_conflict() => Ok(()),
            // Whoever may not make namespaces may still use one that exists.
            Err(error) if error.code() == Some(403) => {
                match self.cluster.get_optional(&format!("/api/v1/namespaces/{name}")).await {
                    Ok(Some(_)) => Ok(()),
                    _ => Err(Error::Namespace { name: name.to_owned(), source: error }),
                }
            }
            Err(source) => Err(Error::Namespace { name: name.to_owned(), source }),
        }
    }

    async fn write_record(
        &mut self,
        revision: Revision,
        new: bool,
        status: Status,
        description: Option<&Description>,
        failure: &str,
    ) -> Result<(), Error> {
        let now = self.clock.now();
        let Some(release) = self.records.get_mut(&revision) else { return Ok(()) };
        release.info.status = status;
        match description {
            Some(Description::Text(text)) => release.info.description.clone_from(text),
            Some(Description::Failure(prefix)) => {
                release.info.description = format!("{prefix}{failure}");
            }
            None => {}
        }
        if status == Status::Uninstalling {
            release.info.deleted = Some(now);
        }
        let release = release.clone();
        if new {
            self.store.create(&release).await?;
        } else {
            self.store.update(&release).await?;
        }
        Ok(())
    }

    async fn apply(&mut self, writes: &[Write]) -> Result<(), Error> {
        let cluster = self.cluster;
        // Noted before they are made, lest an interrupt leaves one unknown.
        let created = writes.iter().filter(|write| write.change == Change::Create);
        self.created.extend(created.map(|write| write.object.id.clone()));
        let results: Vec<_> = futures::stream::iter(writes)
            .map(|write| async move { (write, cluster.write(write).await) })
            .buffered(PARALLEL)
            .collect()
            .await;
        let mut errors = Vec::new();
        for (write, result) in results {
            if let Err(error) = result {
                self.created.retain(|id| *id != write.object.id);
                let source = Box::new(error);
                errors.push(match write.change {
                    Change::Create if self.revises => Error::CreateResource { source },
                    _ => *source,
                });
            }
        }
        several(errors)
    }

    async fn delete(&self, deletions: &[Deletion]) -> Result<(), Error> {
        let cluster = self.cluster;
        let errors = futures::stream::iter(deletions)
            .map(|deletion| async move {
                let id = &deletion.id;
                let path = match cluster.path(id).await {
                    Ok(path) => path,
                    // Objects of a kind that is gone are gone, too.
                    Err(Error::NoMatch(_)) => return Ok(()),
                    Err(error) => return Err(error),
                };
                let deleted = cluster.delete(&path, deletion.propagation.as_str()).await;
                deleted.map_err(|source| Error::Delete { id: id.clone(), source })
            })
            .buffered(PARALLEL)
            .filter_map(|result| async move { result.err() })
            .collect()
            .await;
        several(errors)
    }
}

fn rolls_back(plan: &Plan) -> bool {
    let mut operations = plan.operations.iter();
    operations.any(|operation| {
        matches!(operation, Operation::WriteRecord { status: Status::PendingRollback, .. })
    })
}

/// Returns whether a plan makes a further revision, or takes in objects that exist.
fn revises(plan: &Plan) -> bool {
    plan.operations.iter().any(|operation| match operation {
        Operation::WriteRecord { status, .. } => {
            matches!(status, Status::PendingUpgrade | Status::PendingRollback)
        }
        Operation::Apply { writes } => writes.iter().any(|write| write.change == Change::Adopt),
        _ => false,
    })
}

fn several(mut errors: Vec<Error>) -> Result<(), Error> {
    match errors.len() {
        0 => Ok(()),
        1 => Err(errors.remove(0)),
        _ => Err(Error::Several(errors)),
    }
}
