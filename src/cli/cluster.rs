//! From flags and environment to a session with a cluster.

use std::future::Future;
use std::io::Write as _;
use std::path::PathBuf;
use std::rc::Rc;

use serde_json::Value as Json;
use tokio::runtime::Runtime;

use super::output::Board;
use super::{Failure, GlobalOptions, env};
use crate::action::{Error, Session, Warner};
use crate::chart::{Level, Warning, io_text};
use crate::cluster::{
    ApiError, Cause, Clock, Cluster, ConnectError, ConnectOptions, Interrupt, LogReader, Lookup,
    RecordKind, RecordStore,
};
use crate::manifest::Document;
use crate::release::Release;
use crate::template::{Capabilities, function};
use crate::{json, release, yaml};

fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| not_started(&error))
}

/// Runs a command's work on the one runtime.
pub(super) fn block_on<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Failure> {
    Ok(runtime()?.block_on(work)?)
}

/// Runs the work of a command that only reads, on this thread alone: one request follows the other, and
/// what comes is not held for another thread.
pub(super) fn read_on_this_thread<T>(
    work: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    Ok(runtime.map_err(|error| not_started(&error))?.block_on(work)?)
}

fn not_started(error: &std::io::Error) -> Failure {
    Failure::new(format!("failed to start: {error}"))
}

/// A cluster that is asked in between by a command that works without one otherwise.
pub(super) struct Online {
    runtime: Runtime,
    session: Session,
}

impl Online {
    /// Connects, and learns what the cluster can do.
    pub(super) fn connect(global: &GlobalOptions) -> Result<(Self, Capabilities), Failure> {
        let runtime = runtime()?;
        let (session, capabilities) = runtime
            .block_on(async {
                let session = connect(global).await?;
                let capabilities = session.capabilities().await?;
                Ok::<_, Error>((session, capabilities))
            })
            .map_err(|error| unreachable(error.into()))?;
        Ok((Online { runtime, session }, capabilities))
    }

    /// Returns what answers the template function `lookup`.
    pub(super) fn lookup(&self) -> Rc<function::Lookup> {
        let lookup = Lookup::new(self.session.cluster.clone(), self.runtime.handle().clone());
        Rc::new(move |api_version, kind, namespace, name| {
            lookup.lookup(api_version, kind, namespace, name)
        })
    }

    /// Asks whether the cluster would take the objects of a new release.
    pub(super) fn check(
        &self,
        name: &str,
        documents: &[Document],
        take_over: bool,
    ) -> Result<(), Failure> {
        Ok(self.runtime.block_on(self.session.check(name, documents, take_over))?)
    }
}

/// Words the failure of a command that asks first whether the cluster can be reached.
pub(super) fn unreachable(mut failure: Failure) -> Failure {
    if failure.message.starts_with("kubernetes cluster unreachable: ") {
        failure.message.insert_str(0, "cluster reachability check failed: ");
    }
    failure
}

/// Connects to the cluster that flags and environment name.
pub(super) async fn connect(global: &GlobalOptions) -> Result<Session, Error> {
    let cluster = Cluster::connect(&options(global)).await?;
    // Helm is silent while it waits.
    let cluster = if global.as_helm { cluster } else { cluster.observed_by(Board::observer()) };
    let cluster = cluster.read_by(LogReader::new(|log| {
        let line = Warning::info(log.text.trim_end_matches('\n')).log_line();
        // Nobody is left to tell when stderr is gone.
        drop(writeln!(std::io::stderr(), "{line}"));
    }));
    let debug = global.is_debug();
    let session = Session::new(cluster, clock()).warned_by(Warner::new(move |warning| {
        if warning.level != Level::Debug || debug {
            drop(writeln!(std::io::stderr(), "{}", warning.log_line()));
        }
    }));
    let session = match store(&session).await? {
        Some(store) => session.with_store(store),
        None => session,
    };
    tokio::spawn(obey_signals(session.interrupt.clone()));
    Ok(session)
}

/// Returns where records are kept, if not in Secrets.
async fn store(session: &Session) -> Result<Option<RecordStore>, Error> {
    let driver = env::get(env::HELM_DRIVER).unwrap_or_default();
    let namespace = &session.namespace;
    Ok(Some(match driver.as_str() {
        "" | "secret" | "secrets" => return Ok(None),
        "configmap" | "configmaps" => {
            RecordStore::objects(session.cluster.clone(), RecordKind::ConfigMap, namespace)
        }
        "sql" => {
            let connection = env::get(env::HELM_DRIVER_SQL_CONNECTION_STRING).unwrap_or_default();
            RecordStore::sql(&session.cluster, &connection, namespace).await?
        }
        "memory" => RecordStore::memory(memory_releases()?, namespace),
        _ => return Err(Error::Driver { name: driver }),
    }))
}

/// Reads the releases that the memory driver begins with.
fn memory_releases() -> Result<Vec<Release>, Error> {
    let paths = env::get(env::HELM_MEMORY_DRIVER_DATA).unwrap_or_default();
    let mut releases = Vec::new();
    for path in paths.split(':') {
        let error = |reason: String| Error::MemoryData { path: path.to_owned(), reason };
        let text = std::fs::read(path).map_err(|io| error(io_text(&io)))?;
        let value = yaml::read(&text).map_err(|yaml| error(yaml.to_string()))?;
        let Json::Array(items) = json::to_serde(&value) else {
            return Err(error("no list of releases".to_owned()));
        };
        for item in items {
            releases.push(release::from_json(item).map_err(|wrong| error(wrong.to_string()))?);
        }
    }
    Ok(releases)
}

/// Ends the work in good order at the first signal, and the process at the second.
async fn obey_signals(interrupt: Interrupt) {
    signal().await;
    interrupt.set(Cause::Signal);
    signal().await;
    #[expect(
        clippy::exit,
        clippy::disallowed_methods,
        reason = "whoever signals twice does not want to wait"
    )]
    std::process::exit(130);
}

/// Waits for Ctrl-C or SIGTERM; for ever, if signals cannot be had.
async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                Ok(()) = tokio::signal::ctrl_c() => return,
                Some(()) = terminate.recv() => return,
                else => {}
            }
        }
    }
    #[cfg(not(unix))]
    if tokio::signal::ctrl_c().await.is_ok() {
        return;
    }
    std::future::pending::<()>().await;
}

/// The system's clock.
pub(super) fn clock() -> Clock {
    Clock { now: jiff::Timestamp::now, zone: jiff::tz::TimeZone::system() }
}

/// Requests are held back only when someone asks for it: their number is small and the server
/// defends itself.
fn throttle(global: &GlobalOptions) -> Option<(f32, u32)> {
    /// What Go's client takes for no rate at all.
    const RATE: f32 = 5.0;
    let given = global.burst_limit.is_some()
        || global.qps.is_some()
        || env::get(env::HELM_BURST_LIMIT).is_some()
        || env::get(env::HELM_QPS).is_some();
    let rate = Some(global.rate()).filter(|rate| *rate > 0.0).unwrap_or(RATE);
    // Below zero Go's client holds nothing back.
    let burst = u32::try_from(global.burst()).ok()?;
    (given && global.rate() >= 0.0).then_some((rate, burst))
}

fn options(global: &GlobalOptions) -> ConnectOptions {
    let or = |flag: &Option<String>, variable| flag.clone().or_else(|| env::get(variable));
    let as_groups = if global.kube_as_group.is_empty() {
        let groups = env::get(env::HELM_KUBEASGROUPS).unwrap_or_default();
        groups.split(',').filter(|group| !group.is_empty()).map(str::to_owned).collect()
    } else {
        global.kube_as_group.clone()
    };
    ConnectOptions {
        kubeconfig: global.kubeconfig.clone().map(PathBuf::from),
        kubeconfig_list: env::kubeconfig_list(),
        context: or(&global.kube_context, env::HELM_KUBECONTEXT),
        api_server: or(&global.kube_apiserver, env::HELM_KUBEAPISERVER),
        token: or(&global.kube_token, env::HELM_KUBETOKEN),
        ca_file: or(&global.kube_ca_file, env::HELM_KUBECAFILE).map(PathBuf::from),
        as_user: or(&global.kube_as_user, env::HELM_KUBEASUSER),
        as_groups,
        insecure_skip_tls_verify: global.kube_insecure_skip_tls_verify
            || env::is_true(env::HELM_KUBEINSECURE_SKIP_TLS_VERIFY),
        tls_server_name: or(&global.kube_tls_server_name, env::HELM_KUBETLS_SERVER_NAME),
        namespace: or(&global.namespace, env::HELM_NAMESPACE).filter(|name| !name.is_empty()),
        user: env::user(),
        caches: env::kube_caches(),
        throttle: throttle(global),
    }
}

/// Returns why objects were not ready, with Pods, events and logs.
pub(super) fn explained(error: &Error) -> Option<String> {
    let explanations = error.explanations().iter().filter(|explanation| {
        // What Helm's message says already is not said again.
        !(explanation.events.is_empty() && explanation.pods.is_empty())
    });
    let texts: Vec<_> = explanations.map(ToString::to_string).collect();
    let contested = error.contested().into_iter().map(|(id, contests)| {
        let lines: Vec<_> = contests.iter().map(|contest| format!("\n  {contest}")).collect();
        format!("{id} has fields of others:{}", lines.concat())
    });
    let texts: Vec<_> = texts.into_iter().chain(contested).collect();
    let also = error.aftermath().iter().map(|error| format!("afterwards: {error}"));
    let texts: Vec<_> = texts.into_iter().chain(also).collect();
    (!texts.is_empty()).then(|| texts.join("\n"))
}

/// Returns what the user can do about an error of the cluster or of a release in it.
pub(super) fn hint(error: &Error) -> Option<String> {
    if !error.contested().is_empty() {
        return Some(
            "--force-conflicts takes the fields over; to leave them to their owners, leave them out \
             of the chart"
                .to_owned(),
        );
    }
    let hint = match error {
        Error::InProgress { holder, since, .. } => {
            let since = since.map(|since| format!(" since {since:.0}")).unwrap_or_default();
            return Some(match holder {
                Some(holder) => format!("{holder} is at it{since}; wait until that has ended"),
                None => format!(
                    "begun by Helm{since}. If nobody is at it any more, `rhumb rollback` ends it"
                ),
            });
        }
        Error::Damaged { .. } => {
            "`rhumb history` names the other revisions: `rhumb rollback` goes back to one that is \
             whole, `rhumb uninstall` ends the release"
        }
        Error::Connect(ConnectError::NoKubeconfig) => {
            "name one with --kubeconfig or the variable KUBECONFIG"
        }
        Error::Connect(ConnectError::NoContext | ConnectError::Context { .. }) => {
            "name a context of the kubeconfig with --kube-context"
        }
        Error::Connect(ConnectError::Unreachable(ApiError::Transport(_))) => {
            "is the server up? The address comes from the kubeconfig's context or --kube-apiserver"
        }
        _ => return None,
    };
    Some(hint.to_owned())
}
