use std::collections::BTreeSet;

use super::Error;
use super::hold::{Hold, Unsigned};
use super::{Session, WaitOptions};
use crate::chart::Warning;
use crate::cluster::Records;
use crate::manifest::Hook;
use crate::plan::{self, Input, Kept, Next, Plan, Propagation, Until, Verb};
use crate::release::{Release, ReleaseName, Status, Store as _};

/// What to uninstall.
#[derive(Clone, Debug)]
pub struct UninstallRequest {
    /// The name of the release.
    pub name: String,
    /// Whether hooks are passed over.
    pub no_hooks: bool,
    /// Waiting until the objects are gone.
    pub wait: WaitOptions,
    /// Whether the records stay.
    pub keep_history: bool,
    /// Whether a release that does not exist is fine.
    pub ignore_not_found: bool,
    /// Whether nothing is changed.
    pub dry_run: bool,
    /// What becomes of the dependents of deleted objects.
    pub propagation: Propagation,
    /// The description; `None` for Helm's.
    pub description: Option<String>,
}

/// What became of an uninstall.
#[derive(Clone, Debug)]
pub struct UninstallReport {
    /// The last revision; `None` when there was no release.
    pub release: Option<Release>,
    /// The plan; `None` when there was nothing to plan.
    pub plan: Option<Plan>,
    /// The objects that are left.
    pub kept: Vec<Kept>,
}

/// Removes a release from the cluster.
///
/// # Errors
/// [`Error`]. The release then stays `uninstalling`, and the command can be repeated.
pub async fn uninstall(
    session: &Session,
    request: &UninstallRequest,
) -> Result<UninstallReport, Error> {
    let deadline = request.wait.deadline();
    ReleaseName::new(&request.name).map_err(|_| Error::name(&request.name))?;
    session.cluster.version().await?;
    let hold = session.hold_unless_dry(&request.name, request.dry_run, Unsigned::Pass).await?;
    let result = uninstall_held(session, request, &hold, deadline).await;
    session.let_go(hold).await;
    result
}

async fn uninstall_held(
    session: &Session,
    request: &UninstallRequest,
    hold: &Hold,
    deadline: tokio::time::Instant,
) -> Result<UninstallReport, Error> {
    let history = &hold.history;
    let Some(last) = history.last() else {
        if request.ignore_not_found {
            return Ok(UninstallReport { release: None, plan: None, kept: Vec::new() });
        }
        if request.dry_run {
            return Err(Error::NotFound);
        }
        return Err(Error::NotLoaded { name: request.name.clone() });
    };
    let revisions: Vec<_> = history.releases().iter().map(|release| release.revision).collect();
    if last.info.status == Status::Uninstalled {
        if request.keep_history {
            return Err(Error::Deleted { name: request.name.clone() });
        }
        for revision in revisions {
            session.store().delete(&request.name, revision).await?;
        }
        return Ok(UninstallReport { release: Some(last.clone()), plan: None, kept: Vec::new() });
    }
    let is_whole = |release: &&Release| history.damage(release.revision).is_none();
    let from = Some(last).filter(is_whole).or_else(|| history.last_whole());
    if let Some(damage) = history.damage(last.revision) {
        let from = from.map_or("no objects".to_owned(), |from| {
            format!("the objects of revision {}", from.revision)
        });
        session.warn([Warning::warn(
            format!(
                "revision {} cannot be read: {from} are deleted; objects that the unreadable \
                 revision alone had stay in the cluster",
                last.revision
            ),
            vec![("release", request.name.clone()), ("reason", damage.reason.clone())],
        )]);
    }
    // What the last revision did not take over from the one that is deployed goes as well.
    let mut objects = match from {
        Some(from) => session.stored_objects(from).await?,
        None => Vec::new(),
    };
    let deployed = history.last_deployed().filter(is_whole);
    if let Some(deployed) = deployed.filter(|it| it.revision != last.revision) {
        let known: BTreeSet<_> = objects.iter().map(|object| object.id.clone()).collect();
        let more = session.stored_objects(deployed).await?;
        objects.extend(more.into_iter().filter(|object| !known.contains(&object.id)));
    }
    let hooks: Vec<Hook> = last.hooks.iter().map(|record| record.hook.clone()).collect();
    let hooks = if request.no_hooks {
        Vec::new()
    } else {
        session.cluster.resolve_hooks(&hooks, &session.namespace).await.map_err(Error::Build)?
    };
    let next = Next { revision: last.revision, objects, hooks, repeats: None };
    let ids = next.objects.iter().map(|object| &object.id);
    let observed = session.cluster.observe_metadata(ids).await?;
    let options = plan::Options {
        hooks: !request.no_hooks,
        wait: request.wait.ready.then_some(Until::Gone),
        keep_history: request.keep_history,
        propagation: request.propagation,
        description: request.description.clone(),
        ..plan::Options::default()
    };
    let plan = plan::build(&Input {
        verb: Verb::Uninstall,
        owner: session.owner(&request.name),
        previous: &[],
        next: &next,
        observed: &observed,
        deployed: &[],
        prune: &revisions,
        options: &options,
    })
    .map_err(|source| Error::Plan { doing: "uninstall", source })?;
    let kept = plan.kept.clone();
    if request.dry_run {
        return Ok(UninstallReport { release: Some(last.clone()), plan: Some(plan), kept });
    }
    let mut records = Records::from([(last.revision, last.clone())]);
    session.execute(&plan, &mut records, deadline, Some(hold)).await?;
    let release = records.remove(&last.revision);
    Ok(UninstallReport { release, plan: Some(plan), kept })
}
