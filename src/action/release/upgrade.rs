use super::Error;
use super::hold::{Hold, Unsigned};
use super::install::install_held;
use super::prepare::check_labels;
use super::record::{restored_chart, to_map};
use super::report::{dry_run, yielded};
use super::session::{older_baseline, whole_baseline};
use super::{
    ApplyOptions, DryRun, InstallRequest, RenderOptions, Report, RollbackRequest, Session,
    load_chart, rollback,
};
use crate::chart::Warned;
use crate::plan::{self, Input, Verb};
use crate::release::{ApplyMethod, History, Labels, Release, ReleaseName, Status, Time};
use crate::template::ReleaseContext;
use crate::value::{Map, Value, deep_equal};
use crate::values::{self, Reuse, UserValues};

/// What to upgrade to.
#[derive(Clone, Debug)]
pub struct UpgradeRequest {
    /// The name of the release.
    pub name: String,
    /// The folder or archive of the chart.
    pub chart: String,
    /// The user's values.
    pub values: UserValues,
    /// What becomes of the values of the last revision.
    pub reuse: Reuse,
    /// How templates are rendered.
    pub render: RenderOptions,
    /// How the revision is put into the cluster.
    pub apply: ApplyOptions,
    /// Whether a missing release is installed.
    pub install: bool,
    /// How many revisions are kept; 0 keeps all.
    pub history_max: usize,
    /// Whether a failed upgrade is followed by a rollback.
    pub rollback_on_failure: bool,
}

/// Makes a further revision of a release.
///
/// # Errors
/// [`Error`]; when the plan failed, the failure is recorded.
pub async fn upgrade(session: &Session, request: &UpgradeRequest) -> Result<Report, Error> {
    let apply = &request.apply;
    let deadline = apply.wait.deadline();
    let name = ReleaseName::new(&request.name).map_err(|_| Error::name(&request.name))?;
    check_labels(&apply.labels)?;
    session.cluster.version().await?;
    let dry_run = apply.dry_run.is_some();
    let hold = session.hold_unless_dry(name.as_str(), dry_run, Unsigned::Refuse).await?;
    let result = Box::pin(upgrade_held(session, request, &hold, deadline)).await;
    session.let_go(hold).await;
    result
}

async fn upgrade_held(
    session: &Session,
    request: &UpgradeRequest,
    hold: &Hold,
    deadline: tokio::time::Instant,
) -> Result<Report, Error> {
    let apply = &request.apply;
    let history = &hold.history;
    let missing = history.last().is_none_or(|last| last.info.status == Status::Uninstalled);
    if missing && request.install {
        let install = as_install(request);
        let Warned { value: chart, warnings } = load_chart(&install.chart)?;
        session.warn(warnings);
        return install_held(session, &install, chart, hold, deadline).await;
    }
    let (last, baseline) = start(history, &request.name)?;
    let Warned { value: mut chart, warnings } = load_chart(&request.chart)?;
    session.warn(warnings);
    session.warn(older_baseline(history, &request.name));
    let given = &request.values;
    // Where the record has lost its chart, an older one's is the next best.
    let whole = whole_baseline(history).unwrap_or(baseline);
    let old_user = baseline.config.as_ref().or(whole.config.as_ref());
    let old_user = old_user.map_or_else(Map::new, to_map);
    let reused =
        values::reuse(request.reuse, &restored_chart(&whole.chart), &old_user, &given.values);
    session.warn(reused.warnings);
    let reused = reused.value?;
    if let Some(defaults) = reused.defaults {
        chart.values = defaults;
        chart.values_text = None;
    }
    let revision = last.revision + 1;
    let context = ReleaseContext {
        name: request.name.clone(),
        namespace: session.namespace.clone(),
        revision: i64::from(revision),
        is_upgrade: true,
    };
    // What the last revision was given has no source that is still there.
    let is_own = deep_equal(&Value::Map(reused.user.clone()), &Value::Map(given.values.clone()));
    let sources = if is_own { given.sources.clone() } else { Vec::new() };
    let user = UserValues { values: reused.user, sources };
    let options = request.render.clone();
    let prepared = session.render(chart, user, given, context, options, apply.dry_run).await?;
    let first_deployed = baseline.info.first_deployed;
    // A record of which nothing is left does not tell.
    let told = [last, whole].into_iter().find(|release| !history.is_lost(release.revision));
    let method = apply.server_side.method(told.unwrap_or(last).apply_method);
    let migrate = baseline.apply_method != ApplyMethod::ServerSide;
    let mut release = session.release(&request.name, revision, &prepared, method, first_deployed);
    release.labels = merge_labels(&last.labels, &apply.labels);
    let report = |release, plan| Report { release, plan, preview: Vec::new(), installed: false };
    if apply.dry_run == Some(DryRun::Client) {
        return Ok(report(dry_run(release, Status::PendingUpgrade, apply), None));
    }
    let next = session.next(revision, &prepared.manifest).await?;
    let observed = session.previous(history, &next.objects).await;
    let (previous, mut observed) = observed.map_err(|error| error.before("update"))?;
    session.observe_autoscalers(&mut observed, &next.objects, apply).await?;
    let deployed: Vec<_> = history.deployed().map(|release| release.revision).collect();
    let plan = plan::build(&Input {
        verb: Verb::Upgrade,
        owner: session.owner(&request.name),
        previous: &previous,
        next: &next,
        observed: &observed,
        deployed: &deployed,
        prune: &history.to_prune(request.history_max),
        // The namespace exists: the release is in it.
        options: &plan::Options { create_namespace: false, ..apply.to_plan(method, migrate) },
    })
    .map_err(|source| Error::Plan { doing: "update", source })?;
    session.warn(yielded(&plan));
    if apply.dry_run.is_some() {
        let preview = session.preview(&plan, apply).await?;
        let release = dry_run(release, Status::PendingUpgrade, apply);
        return Ok(Report { preview, ..report(release, Some(plan)) });
    }
    match session.make(&plan, hold, release, deadline).await {
        Ok(release) => Ok(report(release, Some(plan))),
        Err(error) if request.rollback_on_failure => {
            Err(go_back(session, request, history, error).await)
        }
        Err(error) => Err(error),
    }
}

/// Returns the last revision and the one to start from.
fn start<'a>(history: &'a History, name: &str) -> Result<(&'a Release, &'a Release), Error> {
    let nothing = || Error::NoDeployed { name: name.to_owned() };
    let last = history.last().ok_or_else(nothing)?;
    if last.info.status.is_pending() {
        return Err(Error::InProgress {
            revision: Some(last.revision),
            holder: None,
            since: last.info.last_deployed.as_ref().map(Time::instant),
        });
    }
    let baseline = history.baseline().ok_or_else(nothing)?;
    // Neither the values nor the objects are known: what would come out is not an upgrade.
    match history.damage(baseline.revision) {
        Some(damage) if history.last_whole().is_none() && baseline.config.is_none() => {
            Err(Error::Damaged { revision: baseline.revision, reason: damage.reason.clone() })
        }
        _ => Ok((last, baseline)),
    }
}

fn as_install(request: &UpgradeRequest) -> InstallRequest {
    let UpgradeRequest {
        name,
        chart,
        values,
        reuse: _,
        render,
        apply,
        install: _,
        history_max: _,
        rollback_on_failure,
    } = request.clone();
    InstallRequest { name, chart, values, render, apply, replace: true, rollback_on_failure }
}

/// Rolls back to the newest revision that was good.
async fn go_back(
    session: &Session,
    request: &UpgradeRequest,
    history: &History,
    error: Error,
) -> Error {
    let good = history
        .releases()
        .iter()
        .rev()
        .find(|release| matches!(release.info.status, Status::Deployed | Status::Superseded));
    let Some(good) = good else { return error };
    let back = RollbackRequest {
        name: request.name.clone(),
        revision: Some(good.revision),
        apply: ApplyOptions {
            description: None,
            labels: Labels::new(),
            dry_run: None,
            ..request.apply.clone()
        },
        history_max: request.history_max,
    };
    let name = request.name.clone();
    match rollback(session, &back).await {
        Ok(_) => Error::RolledBack { name, done: "rolled back", error: Box::new(error) },
        Err(way_back) => Error::WayBack { error: Box::new(error), way_back: Box::new(way_back) },
    }
}

/// Returns the labels of the last revision with the given ones over them; `null` takes one away.
fn merge_labels(old: &Labels, given: &Labels) -> Labels {
    let mut labels = old.clone();
    for (key, value) in given {
        if value == "null" {
            labels.remove(key);
        } else {
            labels.insert(key.clone(), value.clone());
        }
    }
    labels
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_takes_labels_away() {
        let labels = |pairs: &[(&str, &str)]| -> Labels {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        assert_eq!(
            merge_labels(&labels(&[("a", "1"), ("b", "2")]), &labels(&[("a", "null"), ("c", "3")])),
            labels(&[("b", "2"), ("c", "3")])
        );
    }
}
