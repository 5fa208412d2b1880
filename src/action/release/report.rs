use std::collections::BTreeSet;
use std::fmt;

use super::{ApplyOptions, Error, Session};
use crate::chart::Warning;
use crate::cluster::Rehearsal;
use crate::manifest::{self, Document};
use crate::plan::{
    self, FieldChange, Object, Observed, Operation, Plan, ResourceId, Yielded, differences,
};
use crate::release::{Release, Status};

/// What became of an install, upgrade or rollback.
#[derive(Clone, Debug)]
pub struct Report {
    /// The revision that was made, or would have been made by a dry run.
    pub release: Release,
    /// The plan; `None` when a dry run did not ask the cluster.
    pub plan: Option<Plan>,
    /// What the server would change, by a dry run that had it try.
    pub preview: Vec<Preview>,
    /// Whether an upgrade found no release and made its first revision.
    pub installed: bool,
}

/// What would become of an object.
#[derive(Clone, Debug, PartialEq)]
pub enum Preview {
    /// It would be made.
    New(ResourceId),
    /// Some of its fields would change.
    Changed(ResourceId, Vec<FieldChange>),
    /// It would be deleted.
    Gone(ResourceId),
}

impl fmt::Display for Preview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Preview::New(id) => write!(f, "+ {id}"),
            Preview::Gone(id) => write!(f, "- {id}"),
            Preview::Changed(id, fields) => {
                write!(f, "~ {id}")?;
                for field in fields {
                    write!(f, "\n    {field}")?;
                }
                Ok(())
            }
        }
    }
}

impl Session {
    /// Has the server try out a plan, if that is asked for, and tells what it would change.
    ///
    /// # Errors
    /// [`Error::Refused`] with all that the server would refuse.
    pub(super) async fn preview(
        &self,
        plan: &Plan,
        options: &ApplyOptions,
    ) -> Result<Vec<Preview>, Error> {
        if !options.rehearse {
            return Ok(Vec::new());
        }
        let Rehearsal { written, refused } =
            self.cluster.rehearse(plan, options.create_namespace).await;
        if !refused.is_empty() {
            return Err(Error::Refused { errors: refused });
        }
        let observed = self.cluster.observe(written.iter().map(|(id, _)| id)).await?;
        let mut preview: Vec<_> = written
            .into_iter()
            .filter_map(|(id, after)| match observed.get(&id) {
                None => Some(Preview::New(id)),
                Some(before) => {
                    let fields = differences(before, &after, false);
                    (!fields.is_empty()).then_some(Preview::Changed(id, fields))
                }
            })
            .collect();
        let deletions = plan.operations.iter().filter_map(|operation| match operation {
            Operation::Delete { deletions } => Some(deletions),
            _ => None,
        });
        preview.extend(deletions.flatten().map(|deletion| Preview::Gone(deletion.id.clone())));
        Ok(preview)
    }

    /// Adds the autoscalers of the objects' namespaces to what is observed, if numbers of replicas
    /// are to be left to them, and reads the objects in full whose number is another's. Whoever may not
    /// list autoscalers goes without.
    ///
    /// # Errors
    /// What reading objects may meet.
    pub(super) async fn observe_autoscalers(
        &self,
        observed: &mut Observed,
        objects: &[Object],
        options: &ApplyOptions,
    ) -> Result<(), Error> {
        if !options.yield_replicas {
            return Ok(());
        }
        // The metadata tells of whom else the number is; the number itself is read only then.
        let counted = objects.iter().filter(|object| {
            object.body["spec"]["replicas"].is_i64()
                && observed.get(&object.id).is_some_and(plan::is_scaled)
        });
        let counted: Vec<_> = counted.map(|object| &object.id).collect();
        let namespaces: BTreeSet<_> =
            counted.iter().filter_map(|id| id.namespace.clone()).collect();
        for namespace in namespaces {
            let found = self.cluster.autoscalers(&namespace).await.unwrap_or_default();
            observed.extend(found);
        }
        observed.extend(self.cluster.observe(counted).await?);
        Ok(())
    }
}

/// Returns what the user is told of numbers of replicas that are left to autoscalers.
pub(super) fn yielded(plan: &Plan) -> impl Iterator<Item = Warning> {
    plan.yielded.iter().map(|Yielded { id, live, wanted }| {
        Warning::advice(format!(
            "{id}: an autoscaler has chosen {live} replicas; the chart's {wanted} are not applied"
        ))
    })
}

/// Returns the release that a dry run shows.
pub(super) fn dry_run(mut release: Release, status: Status, options: &ApplyOptions) -> Release {
    if options.hide_secret
        && let Ok(documents) = manifest::parse_stored(&release.manifest)
    {
        let mut text = String::new();
        for Document { path, text: content, head, .. } in &documents {
            let content = if head.kind == "Secret" && head.api_version == "v1" {
                format!("# Source: {path}\n# HIDDEN: The Secret output has been suppressed")
            } else {
                content.to_str_lossy().into_owned()
            };
            text.extend(["---\n", &content, "\n"]);
        }
        release.manifest = text;
    }
    release.info.status = status;
    "Dry run complete".clone_into(&mut release.info.description);
    release
}
