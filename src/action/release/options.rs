use std::collections::BTreeMap;
use std::time::Duration;

use crate::plan::Until;

/// What a run waits for, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitOptions {
    /// Whether the command waits until the objects are ready.
    pub ready: bool,
    /// Whether waiting includes the completion of Jobs.
    pub jobs: bool,
    /// The bound of the whole command, hooks included. Defaults to 5 minutes.
    pub timeout: Duration,
}

impl Default for WaitOptions {
    fn default() -> Self {
        WaitOptions { ready: false, jobs: false, timeout: Duration::from_mins(5) }
    }
}

impl WaitOptions {
    pub(super) fn until(&self) -> Option<Until> {
        self.ready.then_some(Until::Ready { jobs: self.jobs })
    }
}

/// How far a command that changes nothing goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum DryRun {
    /// It renders without the cluster.
    Client,
    /// It renders with the cluster's capabilities and makes the plan.
    Server,
}

/// How a revision is put into the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApplyOptions {
    /// Waiting.
    pub wait: WaitOptions,
    /// Whether hooks are passed over.
    pub no_hooks: bool,
    /// Whether objects of others are taken over without a check.
    pub take_ownership: bool,
    /// Whether fields of other managers are taken over on update.
    pub force_conflicts: bool,
    /// Whether a missing namespace is made first.
    pub create_namespace: bool,
    /// Whether the files in `crds/` are passed over.
    pub skip_crds: bool,
    /// Whether objects made by a failed upgrade or rollback are deleted again.
    pub cleanup_on_fail: bool,
    /// The description of the revision; `None` for Helm's.
    pub description: Option<String>,
    /// Labels of the record. On upgrade, `null` takes an old label away.
    pub labels: BTreeMap<String, String>,
    /// Whether and how nothing is changed.
    pub dry_run: Option<DryRun>,
}
