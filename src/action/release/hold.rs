use std::sync::PoisonError;
use std::time::Duration;

use jiff::Timestamp;

use super::{Error, Session};
use crate::chart::Warning;
use crate::cluster::{Lock, Locked, Mark};
use crate::release::{History, Release, Revision, Status, Store as _};

/// How long a record without a lock goes unrenewed before its maker counts as dead.
const UNRENEWED: Duration = Duration::from_mins(1);
/// How long a record of Helm's stays pending before its maker counts as dead: Helm leaves no sign of
/// life, and waits 5 minutes unless told otherwise.
const UNSIGNED: Duration = Duration::from_hours(1);

/// A release that no one else changes meanwhile. The default holds nothing.
#[derive(Debug, Default)]
pub(super) struct Hold {
    /// Its revisions.
    pub history: History,
    /// The revision that an operation left unfinished whose process is gone.
    pub recovered: Option<Revision>,
    lock: Option<Lock>,
    /// The name of the release; empty within another hold.
    name: String,
}

impl Hold {
    /// Returns whether there is a lock, and not the records alone.
    pub(super) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }
}

/// What becomes of a revision that Helm seems to be making.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unsigned {
    /// It is in the way.
    Refuse,
    /// The verb goes on regardless, as Helm's does.
    Pass,
}

impl Session {
    /// Takes the lock of a release, reads its revisions, and ends what a dead process has left
    /// unfinished.
    ///
    /// Within a hold of the same session, this is one that has no end of its own.
    ///
    /// # Errors
    /// [`Error::InProgress`] when someone else is at work.
    async fn hold(&self, name: &str, unsigned: Unsigned) -> Result<Hold, Error> {
        let nested = !self.held().insert(name.to_owned());
        let lock = if nested { Ok(None) } else { self.take_lock(name).await };
        let mut hold = Hold::default();
        if !nested {
            name.clone_into(&mut hold.name);
        }
        let result = match lock {
            Ok(lock) => {
                hold.lock = lock;
                self.read(name, nested, unsigned, &mut hold).await
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(()) => Ok(hold),
            Err(error) => {
                self.let_go(hold).await;
                Err(error)
            }
        }
    }

    /// Holds a release, or, for a dry run, looks at it alone.
    ///
    /// # Errors
    /// As for a hold: [`Error::InProgress`] when someone else is at work.
    pub(super) async fn hold_unless_dry(
        &self,
        name: &str,
        dry_run: bool,
        unsigned: Unsigned,
    ) -> Result<Hold, Error> {
        if dry_run {
            return Ok(Hold { history: self.store().history(name).await?, ..Hold::default() });
        }
        self.hold(name, unsigned).await
    }

    /// Ends a hold.
    pub(super) async fn let_go(&self, hold: Hold) {
        if hold.name.is_empty() {
            return;
        }
        self.held().remove(&hold.name);
        if let Some(lock) = hold.lock {
            // One that stays is found to be of a process that has ended.
            drop(lock.release().await);
        }
    }

    fn held(&self) -> std::sync::MutexGuard<'_, std::collections::BTreeSet<String>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn take_lock(&self, name: &str) -> Result<Option<Lock>, Error> {
        match self.cluster.lock(&self.namespace, name, &self.interrupt).await {
            Ok(Locked::Ours(lock)) => Ok(Some(*lock)),
            Ok(Locked::Theirs { holder, since }) => {
                Err(Error::InProgress { revision: None, holder: Some(holder.whom), since })
            }
            Ok(Locked::Impossible) => Ok(None),
            Err(source) => Err(Error::Lock { source }),
        }
    }

    async fn read(
        &self,
        name: &str,
        nested: bool,
        unsigned: Unsigned,
        hold: &mut Hold,
    ) -> Result<(), Error> {
        let store = self.store();
        hold.history = store.history(name).await?;
        if hold.lock.is_some() {
            store.tidy(name).await?;
        }
        let Some(last) = hold.history.last() else { return Ok(()) };
        let status = last.info.status;
        if nested || !status.is_unfinished() {
            return Ok(());
        }
        let revision = last.revision;
        let mark = store.mark(name, revision).await?;
        let by = match &mark {
            Some(mark) => format!(" by {} (process {})", mark.holder.whom, mark.holder.pid),
            None => String::new(),
        };
        if !is_dead(last, mark.as_ref(), hold.lock.is_some()) {
            if mark.is_none() && (unsigned == Unsigned::Pass || status == Status::Uninstalling) {
                return Ok(());
            }
            let since = last.info.last_deployed.as_ref().map(crate::release::Time::instant);
            let holder = mark.map(|mark| mark.holder.whom);
            return Err(Error::InProgress { revision: Some(revision), holder, since });
        }
        let mut release = last.clone();
        release.info.status = Status::Failed;
        release.info.description = format!("Cut short while {status}{by}");
        store.update(&release).await?;
        self.warn([Warning::warn(
            format!("revision {revision} was left {status}{by}; it is failed now"),
            vec![("release", name.to_owned())],
        )]);
        hold.recovered = Some(revision);
        hold.history = std::mem::take(&mut hold.history).with(&release);
        Ok(())
    }
}

/// Returns whether the maker of an unfinished revision is gone. `locked` tells that the lock is ours.
fn is_dead(release: &Release, mark: Option<&Mark>, locked: bool) -> bool {
    let age = |from: Option<Timestamp>| {
        from.and_then(|from| Duration::try_from(Timestamp::now().duration_since(from)).ok())
    };
    match mark {
        // Whoever had the lock and lives still has it.
        Some(mark) if mark.locked && locked => true,
        Some(mark) => mark.holder.is_dead() || age(mark.renewed).is_some_and(|age| age > UNRENEWED),
        None => {
            let begun = release.info.last_deployed.as_ref().map(crate::release::Time::instant);
            age(begun).is_some_and(|age| age > UNSIGNED)
        }
    }
}
