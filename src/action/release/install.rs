use super::Error;
use super::hold::{Hold, Unsigned};
use super::prepare::check_labels;
use super::report::{dry_run, yielded};
use super::{ApplyOptions, DryRun, RenderOptions, Report, Session, load_chart};
use crate::chart::{Chart, Warned, Warning};
use crate::plan::{self, Input, Verb};
use crate::release::{ApplyMethod, History, ReleaseName, Status};
use crate::template::ReleaseContext;
use crate::values::UserValues;

/// What to install.
#[derive(Clone, Debug)]
pub struct InstallRequest {
    /// The name of the release.
    pub name: String,
    /// The folder or archive of the chart.
    pub chart: String,
    /// The user's values.
    pub values: UserValues,
    /// How templates are rendered.
    pub render: RenderOptions,
    /// How the revision is put into the cluster.
    pub apply: ApplyOptions,
    /// Whether the name of a release that failed or was uninstalled may be used again.
    pub replace: bool,
    /// Whether a failed install is uninstalled again.
    pub rollback_on_failure: bool,
}

/// Makes the first revision of a release.
///
/// # Errors
/// [`Error`]; when the plan failed, the failure is recorded.
pub async fn install(session: &Session, request: &InstallRequest) -> Result<Report, Error> {
    let deadline = request.apply.wait.deadline();
    let name = ReleaseName::new(&request.name).map_err(|_| Error::name(&request.name))?;
    check_labels(&request.apply.labels)?;
    let Warned { value: chart, warnings } = load_chart(&request.chart)?;
    session.warn(warnings);
    if request.apply.dry_run == Some(DryRun::Client) {
        let hold = Hold::default();
        return install_chart(session, request, chart, &hold, deadline).await;
    }
    session.cluster.version().await?;
    let dry_run = request.apply.dry_run.is_some();
    let hold = session.hold_unless_dry(name.as_str(), dry_run, Unsigned::Refuse).await?;
    let result = install_held(session, request, chart, &hold, deadline).await;
    session.let_go(hold).await;
    result
}

/// Makes the first revision of a release that is held.
pub(super) async fn install_held(
    session: &Session,
    request: &InstallRequest,
    chart: Chart,
    hold: &Hold,
    deadline: tokio::time::Instant,
) -> Result<Report, Error> {
    // What was cut short is taken up again.
    check_name(&hold.history, request.replace || hold.recovered.is_some())?;
    if !request.apply.skip_crds && request.apply.dry_run.is_some() && !chart.crds().is_empty() {
        session.warn([Warning::warn(
            "This chart or one of its subcharts contains CRDs. Rendering may fail or contain \
             inaccuracies.",
            Vec::new(),
        )]);
    }
    if !request.apply.skip_crds && request.apply.dry_run.is_none() {
        if request.render.strict_values && !chart.crds().is_empty() {
            check_values(session, request, chart.clone()).await?;
        }
        let method = method(&request.apply);
        session.apply_crds(&chart, method, deadline).await?;
    }
    install_chart(session, request, chart, hold, deadline).await
}

/// Renders once before the files of `crds/` reach the cluster, for the values that nobody reads.
/// What else fails may be right when they are there.
async fn check_values(
    session: &Session,
    request: &InstallRequest,
    chart: Chart,
) -> Result<(), Error> {
    let context = context(session, request);
    let (given, options) = (&request.values, request.render.clone());
    let dry_run = request.apply.dry_run;
    // The render that follows has the same to warn of.
    let quiet = session.quiet();
    match quiet.render(chart, given.clone(), given, context, options, dry_run).await {
        Err(error @ Error::UnreadValues { .. }) => {
            session.warn(quiet.warnings());
            Err(error)
        }
        _ => Ok(()),
    }
}

/// Returns how the objects of a first revision are written: there is none before it to go by.
fn method(apply: &ApplyOptions) -> ApplyMethod {
    apply.server_side.method(ApplyMethod::ServerSide)
}

fn context(session: &Session, request: &InstallRequest) -> ReleaseContext {
    ReleaseContext {
        name: request.name.clone(),
        namespace: session.namespace.clone(),
        // Helm says 1 even when the name of an uninstalled release is used again.
        revision: 1,
        is_upgrade: false,
    }
}

async fn install_chart(
    session: &Session,
    request: &InstallRequest,
    chart: Chart,
    hold: &Hold,
    deadline: tokio::time::Instant,
) -> Result<Report, Error> {
    let apply = &request.apply;
    let history = &hold.history;
    let revision = history.last().map_or(0, |last| last.revision) + 1;
    let context = context(session, request);
    let (given, options) = (&request.values, request.render.clone());
    let prepared =
        session.render(chart, given.clone(), given, context, options, apply.dry_run).await?;
    let mut release = session.release(&request.name, revision, &prepared, method(apply), None);
    release.labels.clone_from(&apply.labels);
    let report = |release, plan| Report { release, plan, preview: Vec::new(), installed: true };
    if apply.dry_run == Some(DryRun::Client) {
        return Ok(report(dry_run(release, Status::PendingInstall, &request.apply), None));
    }
    let next = session.next(revision, &prepared.manifest).await.map_err(Error::Build)?;
    let observed = session.previous(history, &next.objects).await;
    let (previous, mut observed) = observed.map_err(|error| error.before("install"))?;
    session.observe_autoscalers(&mut observed, &next.objects, apply).await?;
    // The name of a release that was uninstalled leaves its last revision superseded.
    let replaced = history.last().filter(|last| last.info.status == Status::Uninstalled);
    let replaced: Vec<_> = replaced.map(|last| last.revision).into_iter().collect();
    let plan = plan::build(&Input {
        verb: Verb::Install,
        owner: session.owner(&request.name),
        previous: &previous,
        next: &next,
        observed: &observed,
        deployed: &replaced,
        prune: &[],
        options: &apply.to_plan(method(apply), false),
    })
    .map_err(|source| Error::Plan { doing: "install", source })?;
    session.warn(yielded(&plan));
    if apply.dry_run.is_some() {
        let preview = session.preview(&plan, apply).await?;
        let release = dry_run(release, Status::PendingInstall, apply);
        return Ok(Report { preview, ..report(release, Some(plan)) });
    }
    match session.make(&plan, hold, release, deadline).await {
        Ok(release) => Ok(report(release, Some(plan))),
        Err(error) if request.rollback_on_failure => Err(take_back(session, request, error).await),
        Err(error) => Err(error),
    }
}

/// Uninstalls what a failed install made.
async fn take_back(session: &Session, request: &InstallRequest, error: Error) -> Error {
    let uninstall = super::UninstallRequest {
        name: request.name.clone(),
        no_hooks: request.apply.no_hooks,
        wait: request.apply.wait,
        keep_history: false,
        ignore_not_found: false,
        dry_run: false,
        propagation: plan::Propagation::Background,
        description: None,
    };
    let name = request.name.clone();
    match super::uninstall(session, &uninstall).await {
        Ok(_) => Error::RolledBack { name, done: "uninstalled", error: Box::new(error) },
        Err(way_back) => Error::WayBack { error: Box::new(error), way_back: Box::new(way_back) },
    }
}

fn check_name(history: &History, replace: bool) -> Result<(), Error> {
    match history.last().map(|last| last.info.status) {
        None => Ok(()),
        Some(Status::Uninstalled | Status::Failed) if replace => Ok(()),
        Some(_) => Err(Error::NameInUse),
    }
}
