use super::Error;
use super::hold::{Hold, Unsigned};
use super::report::yielded;
use super::session::older_baseline;
use super::{ApplyOptions, Report, Session};
use crate::chart::Warning;
use crate::manifest::{self, Hook};
use crate::plan::{self, Change, Input, Next, Operation, Plan, Verb};
use crate::release::{Info, Release, ReleaseName, Revision, Status};

/// Where to go back to.
#[derive(Clone, Debug)]
pub struct RollbackRequest {
    /// The name of the release.
    pub name: String,
    /// The revision to repeat; `None` for the one before the last.
    pub revision: Option<Revision>,
    /// How the revision is put into the cluster. Labels, CRDs and the making of the namespace
    /// have no part in a rollback.
    pub apply: ApplyOptions,
    /// How many revisions are kept; 0 keeps all.
    pub history_max: usize,
}

/// Makes a new revision that repeats an old one: its stored objects and hooks, not a new render.
///
/// # Errors
/// [`Error`]; when the plan failed, the failure is recorded.
pub async fn rollback(session: &Session, request: &RollbackRequest) -> Result<Report, Error> {
    let apply = &request.apply;
    let deadline = apply.wait.deadline();
    ReleaseName::new(&request.name).map_err(|_| Error::name(&request.name))?;
    session.cluster.version().await?;
    let dry_run = apply.dry_run.is_some();
    let hold = session.hold_unless_dry(&request.name, dry_run, Unsigned::Pass).await?;
    let result = rollback_held(session, request, &hold, deadline).await;
    session.let_go(hold).await;
    result
}

async fn rollback_held(
    session: &Session,
    request: &RollbackRequest,
    hold: &Hold,
    deadline: tokio::time::Instant,
) -> Result<Report, Error> {
    let apply = &request.apply;
    let history = &hold.history;
    let last = history.last().ok_or(Error::NotFound)?;
    let before = match hold.recovered.and_then(|cut_short| history.get(cut_short)) {
        // What was cut short is begun anew: back to where that rollback went, or to what ran before.
        Some(cut_short) if cut_short.info.rollback_revision > 0 => cut_short.info.rollback_revision,
        Some(_) => history.last_deployed().map_or(0, |release| release.revision),
        None => last.revision.saturating_sub(1),
    };
    let wanted = match request.revision {
        None | Some(0) => before,
        Some(revision) => revision,
    };
    let target = history.get(wanted).ok_or(Error::NoRevision { revision: wanted })?;
    if let Some(damage) = history.damage(wanted) {
        return Err(Error::Damaged { revision: wanted, reason: damage.reason.clone() });
    }
    let revision = last.revision + 1;
    let method = apply.server_side.method(target.apply_method);
    let mut release = repeat(session, target, last, revision);
    release.apply_method = method;
    let hooks: Vec<Hook> = target.hooks.iter().map(|record| record.hook.clone()).collect();
    // Before anything is written it must be known which kinds there are.
    session.cluster.current_discovery().await?;
    let documents = manifest::parse_stored(&target.manifest)?;
    let objects =
        session.cluster.resolve(&documents, &session.namespace).await.map_err(Error::Build)?;
    let hooks =
        session.cluster.resolve_hooks(&hooks, &session.namespace).await.map_err(Error::Build)?;
    let next = Next { revision, objects, hooks, repeats: Some(wanted) };
    let (previous, mut observed) = session.previous(history, &next.objects).await?;
    session.observe_autoscalers(&mut observed, &next.objects, apply).await?;
    let deployed: Vec<_> = history.deployed().map(|release| release.revision).collect();
    let plan = plan::build(&Input {
        verb: Verb::Rollback,
        owner: session.owner(&request.name),
        previous: &previous,
        next: &next,
        observed: &observed,
        deployed: &deployed,
        prune: &history.to_prune(request.history_max),
        // Helm does not ask whose the objects of a rollback are.
        options: &plan::Options {
            create_namespace: false,
            take_ownership: true,
            ..apply.to_plan(method, true)
        },
    })
    .map_err(|source| Error::Plan { doing: "rollback", source })?;
    session.warn(older_baseline(history, &request.name));
    session.warn(taken(&plan));
    session.warn(yielded(&plan));
    let report =
        |release, plan| Report { release, plan: Some(plan), preview: Vec::new(), installed: false };
    if apply.dry_run.is_some() {
        release.info.status = Status::PendingRollback;
        let preview = session.preview(&plan, apply).await?;
        return Ok(Report { preview, ..report(release, plan) });
    }
    let release = session.make(&plan, hold, release, deadline).await?;
    Ok(report(release, plan))
}

/// Returns a warning for each object that is there and was not part of the release before.
fn taken(plan: &Plan) -> impl Iterator<Item = Warning> {
    let writes = plan.operations.iter().filter_map(|operation| match operation {
        Operation::Apply { writes } => Some(writes),
        _ => None,
    });
    writes.flatten().filter(|write| write.change == Change::Adopt).map(|write| {
        let id = &write.object.id;
        Warning::warn(
            "resource exists on cluster but not in original release, using cluster state as baseline",
            vec![
                ("namespace", id.namespace.clone().unwrap_or_default()),
                ("name", id.name.clone()),
                ("kind", id.kind.clone()),
            ],
        )
    })
}

fn repeat(session: &Session, target: &Release, last: &Release, revision: Revision) -> Release {
    Release {
        revision,
        info: Info {
            first_deployed: last.info.first_deployed,
            last_deployed: Some(session.clock.now()),
            deleted: None,
            description: String::new(),
            status: Status::PendingRollback,
            notes: target.info.notes.clone(),
            rollback_revision: target.revision,
        },
        ..target.clone()
    }
}
