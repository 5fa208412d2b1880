use super::Error;
use super::hold::{Hold, Unsigned};
use super::{Session, WaitOptions};
use crate::cluster::{ContainerLog, Records};
use crate::manifest::Hook;
use crate::plan::{self, Input, Next, Verb};
use crate::release::{HookRecord, Release, ReleaseName};

/// Which tests of a release to run.
#[derive(Clone, Debug, Default)]
pub struct TestRequest {
    /// The name of the release.
    pub name: String,
    /// The names of the tests to run; empty runs all.
    pub only: Vec<String>,
    /// The names of the tests to pass over.
    pub without: Vec<String>,
    /// How long the tests may take.
    pub wait: WaitOptions,
    /// Whether the logs of the tests' Pods are read.
    pub logs: bool,
}

/// What became of the tests.
#[derive(Debug)]
pub struct TestReport {
    /// The release, with the outcomes of all its tests.
    pub release: Release,
    /// Why the tests failed.
    pub failure: Option<Error>,
    /// What the Pods wrote.
    pub logs: Vec<ContainerLog>,
    /// Why there are no more logs.
    pub log_failure: Option<Error>,
}

/// Runs the tests of a release: the hooks of its last revision that are tests.
///
/// # Errors
/// [`Error`]; a test that fails is no error, but part of the report.
pub async fn test(session: &Session, request: &TestRequest) -> Result<TestReport, Error> {
    let deadline = request.wait.deadline();
    ReleaseName::new(&request.name).map_err(|_| Error::name(&request.name))?;
    session.cluster.version().await?;
    let hold = session.hold_unless_dry(&request.name, false, Unsigned::Pass).await?;
    let result = test_held(session, request, &hold, deadline).await;
    session.let_go(hold).await;
    result
}

async fn test_held(
    session: &Session,
    request: &TestRequest,
    hold: &Hold,
    deadline: tokio::time::Instant,
) -> Result<TestReport, Error> {
    let last = hold.history.last().ok_or(Error::NotFound)?;
    if let Some(damage) = hold.history.damage(last.revision) {
        let (revision, reason) = (last.revision, damage.reason.clone());
        return Err(Error::Damaged { revision, reason });
    }
    let mut release = last.clone();
    let hooks = std::mem::take(&mut release.hooks).into_iter();
    let (wanted, passed): (Vec<HookRecord>, Vec<_>) =
        hooks.partition(|record| request.wants(&record.hook.name));
    // Helm puts those that are passed over first.
    release.hooks = passed.into_iter().chain(wanted.iter().cloned()).collect();
    let hooks: Vec<Hook> = wanted.into_iter().map(|record| record.hook).collect();
    let hooks = session.cluster.resolve_hooks(&hooks, &session.namespace).await;
    let hooks = hooks.map_err(Error::Build)?;
    let next = Next { revision: last.revision, hooks, ..Next::default() };
    let plan = plan::build(&Input {
        verb: Verb::Test { status: last.info.status },
        owner: session.owner(&request.name),
        previous: &[],
        next: &next,
        observed: &plan::Observed::new(),
        deployed: &[],
        prune: &[],
        options: &plan::Options::default(),
    })
    .map_err(|source| Error::Plan { doing: "test", source })?;
    let mut records = Records::from([(last.revision, release)]);
    let (result, (logs, log_failure)) =
        session.execute_with(&plan, &mut records, deadline, Some(hold), request.logs).await;
    let log_failure = log_failure.map(Error::Cluster);
    let release = records.remove(&last.revision).ok_or(Error::NotFound)?;
    Ok(TestReport { release, failure: result.err(), logs, log_failure })
}

impl TestRequest {
    fn wants(&self, name: &str) -> bool {
        let has = |names: &[String]| names.iter().any(|known| known == name);
        !has(&self.without) && (self.only.is_empty() || has(&self.only))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_pick_tests() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let request = |only: &[&str], without: &[&str]| TestRequest {
            only: names(only),
            without: names(without),
            ..TestRequest::default()
        };
        for (request, expected) in [
            (request(&[], &[]), [true, true]),
            (request(&["a"], &[]), [true, false]),
            (request(&[], &["a"]), [false, true]),
            (request(&["a", "b"], &["a"]), [false, true]),
        ] {
            assert_eq!(["a", "b"].map(|name| request.wants(name)), expected, "{request:?}");
        }
    }
}
