use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::{Either, select};
use tokio::time::Instant;

use super::Error;
use super::WaitOptions;
use super::hold::Hold;
use crate::chart::Warning;
use crate::cluster::{
    Clock, Cluster, Execution, Interrupt, KeptLogs, Outcome, RecordKind, RecordStore, Records,
};
use crate::plan::{Object, Observed, Plan};
use crate::release::{History, Release, Status};

/// What every verb works with: a cluster, a namespace, a clock.
#[derive(Clone, Debug)]
pub struct Session {
    /// The cluster.
    pub cluster: Cluster,
    /// The namespace of the release.
    pub namespace: String,
    /// Where records are kept.
    store: RecordStore,
    /// The source of times in records.
    pub clock: Clock,
    /// What ends the work early.
    pub interrupt: Interrupt,
    /// The names of the releases that are held.
    pub(super) held: Arc<Mutex<BTreeSet<String>>>,
    /// Who hears warnings at once.
    warner: Option<Warner>,
    /// What was to be warned of so far.
    warnings: Arc<Mutex<Vec<Warning>>>,
}

/// Someone who hears warnings as they come up, whether or not the verb does well.
#[derive(Clone)]
pub struct Warner(Arc<dyn Fn(&Warning) + Send + Sync>);

impl Warner {
    /// Makes one of a function, which must not block.
    #[must_use]
    pub fn new(warn: impl Fn(&Warning) + Send + Sync + 'static) -> Self {
        Warner(Arc::new(warn))
    }
}

impl fmt::Debug for Warner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Warner")
    }
}

impl Session {
    /// Makes a session in the namespace the connection names.
    #[must_use]
    pub fn new(cluster: Cluster, clock: Clock) -> Self {
        let namespace = cluster.namespace().to_owned();
        let store = RecordStore::objects(cluster.clone(), RecordKind::Secret, &namespace);
        let interrupt = Interrupt::default();
        let (held, warnings) = Default::default();
        let warner = None;
        Session { cluster, namespace, store, clock, interrupt, held, warner, warnings }
    }

    /// Lets someone hear what the user ought to know, as it comes up.
    #[must_use]
    pub fn warned_by(self, warner: Warner) -> Self {
        Session { warner: Some(warner), ..self }
    }

    /// Returns what there was to warn of so far.
    #[must_use]
    pub fn warnings(&self) -> Vec<Warning> {
        self.warnings.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn warn(&self, warnings: impl IntoIterator<Item = Warning>) {
        for warning in warnings {
            if let Some(Warner(warn)) = &self.warner {
                warn(&warning);
            }
            self.warnings.lock().unwrap_or_else(PoisonError::into_inner).push(warning);
        }
    }

    /// Returns a session of the same release whose warnings nobody hears.
    pub(super) fn quiet(&self) -> Self {
        Session { warner: None, warnings: Arc::default(), ..self.clone() }
    }

    /// Makes the session keep records elsewhere than in Secrets.
    #[must_use]
    pub fn with_store(self, store: RecordStore) -> Self {
        Session { store, ..self }
    }

    pub(super) fn store(&self) -> RecordStore {
        self.store.clone()
    }

    /// Reads the objects of the revisions that a new one starts from: those of the deployed one,
    /// and those of later, failed ones that do belong to the release. Of what the cluster holds it
    /// reads the metadata.
    pub(super) async fn previous(
        &self,
        history: &History,
        next: &[Object],
    ) -> Result<(Vec<Object>, Observed), Error> {
        let baseline = whole_baseline(history);
        let from = baseline.map_or(0, |baseline| baseline.revision);
        let mut objects = match baseline {
            Some(baseline) => self.stored_objects(baseline).await?,
            None => Vec::new(),
        };
        let mut later = Vec::new();
        for release in history.releases() {
            let is_whole = history.damage(release.revision).is_none();
            if release.revision > from && release.info.status == Status::Failed && is_whole {
                later.extend(self.stored_objects(release).await?);
            }
        }
        let Some(any) = history.last() else {
            let observed = self.cluster.observe_metadata(next.iter().map(|o| &o.id)).await?;
            return Ok((objects, observed));
        };
        let all = objects.iter().chain(&later).chain(next).map(|object| &object.id);
        let observed = self.cluster.observe_metadata(all).await?;
        let owner = self.owner(&any.name);
        let mut known: BTreeSet<_> = objects.iter().map(|object| object.id.clone()).collect();
        for object in later {
            let ours = observed.get(&object.id).is_some_and(|live| owner.check(live).is_ok());
            if ours && known.insert(object.id.clone()) {
                objects.push(object);
            }
        }
        Ok((objects, observed))
    }

    pub(super) fn owner<'a>(&'a self, name: &'a str) -> crate::plan::Owner<'a> {
        crate::plan::Owner { name, namespace: &self.namespace }
    }

    /// Returns the objects of a record, without those of kinds that are not served any more.
    pub(super) async fn stored_objects(&self, release: &Release) -> Result<Vec<Object>, Error> {
        let documents = crate::manifest::parse_stored(&release.manifest)?;
        let mut objects = Vec::with_capacity(documents.len());
        for document in &documents {
            match self.cluster.resolve(std::slice::from_ref(document), &self.namespace).await {
                Ok(found) => objects.extend(found),
                Err(crate::cluster::Error::NoMatch(_)) => {}
                Err(error) => return Err(Error::Build(error)),
            }
        }
        Ok(objects)
    }

    /// Carries out the plan of a new revision; returns its release as it is recorded then.
    pub(super) async fn make(
        &self,
        plan: &Plan,
        hold: &Hold,
        release: Release,
        deadline: Instant,
    ) -> Result<Release, Error> {
        let revision = release.revision;
        // A record of which nothing is left is not written anew: it would lose what others may read.
        let is_left = |release: &&Release| !hold.history.is_lost(release.revision);
        let old = hold.history.releases().iter().filter(is_left).cloned();
        let mut records: Records =
            old.chain([release]).map(|release| (release.revision, release)).collect();
        self.execute(plan, &mut records, deadline, Some(hold)).await?;
        records.remove(&revision).ok_or(Error::NotFound)
    }

    /// Carries out a plan, within a hold if it is about a release.
    pub(super) async fn execute(
        &self,
        plan: &Plan,
        records: &mut Records,
        deadline: Instant,
        hold: Option<&Hold>,
    ) -> Result<(), Error> {
        self.execute_with(plan, records, deadline, hold, false).await.0
    }

    /// Carries out a plan within a hold; returns, too, what Pods of hooks wrote, if `keep_logs`.
    pub(super) async fn execute_with(
        &self,
        plan: &Plan,
        records: &mut Records,
        deadline: Instant,
        hold: Option<&Hold>,
        keep_logs: bool,
    ) -> (Result<(), Error>, KeptLogs) {
        let locked = hold.is_some_and(Hold::is_locked);
        let store = if locked { self.store().locked() } else { self.store() };
        let written =
            records.last_key_value().map(|(revision, last)| (last.name.clone(), *revision));
        let (clock, interrupt) = (self.clock.clone(), self.interrupt.clone());
        let mut execution =
            Execution::new(&self.cluster, &store, records, deadline, clock, interrupt);
        execution.keep_logs = keep_logs;
        execution.replace_hooks = hold.is_some_and(|hold| hold.recovered.is_some());
        let renewal = async {
            if let (Some((name, revision)), false) = (&written, locked) {
                store.keep_renewed(name, *revision).await;
            }
        };
        let run = std::pin::pin!(execution.run(plan));
        let outcome = match select(run, std::pin::pin!(renewal)).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(((), run)) => run.await,
        };
        let Outcome { error, explanations, aftermath, logs, unpruned } = outcome;
        let name = written.map(|(name, _)| name).unwrap_or_default();
        self.warn(unpruned.into_iter().map(|error| {
            let attributes = vec![("release", name.clone()), ("error", error.to_string())];
            Warning::warn("an old revision is left", attributes)
        }));
        let result = match error {
            None => Ok(()),
            Some(source) => {
                Err(Error::Execute { source: Box::new(source), explanations, aftermath })
            }
        };
        (result, logs)
    }
}

/// Returns the revision whose objects a new one starts from: the baseline, or, where its record is
/// damaged, the last one that ran and whose record is whole.
pub(super) fn whole_baseline(history: &History) -> Option<&Release> {
    let baseline = history.baseline()?;
    match history.damage(baseline.revision) {
        None => Some(baseline),
        Some(_) => history.last_whole(),
    }
}

/// Tells that a new revision starts from an older one than it ought to; `None` if it does not.
pub(super) fn older_baseline(history: &History, name: &str) -> Option<Warning> {
    let baseline = history.baseline()?;
    let damage = history.damage(baseline.revision)?;
    let from = match history.last_whole() {
        Some(whole) => format!("it starts from revision {}", whole.revision),
        None => "it starts from nothing".to_owned(),
    };
    let message = format!(
        "revision {} cannot be read, so that the new revision does not start from it: {from}; \
         objects that the unreadable revision alone had stay in the cluster",
        baseline.revision
    );
    let details = vec![("release", name.to_owned()), ("reason", damage.reason.clone())];
    Some(Warning::warn(message, details))
}

impl WaitOptions {
    pub(super) fn deadline(&self) -> Instant {
        Instant::now() + self.timeout
    }
}
