use std::collections::BTreeMap;
use std::time::Duration;

use crate::plan::{Rules, Until};
use crate::release::ApplyMethod;

/// What a run waits for, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitOptions {
    /// Whether the command waits until the objects are ready.
    pub ready: bool,
    /// Whether waiting includes the completion of Jobs.
    pub jobs: bool,
    /// Whether objects are ready by the rules of Helm 3.
    pub legacy: bool,
    /// The bound of the whole command, hooks included. Defaults to 5 minutes.
    pub timeout: Duration,
}

impl Default for WaitOptions {
    fn default() -> Self {
        WaitOptions { ready: false, jobs: false, legacy: false, timeout: Duration::from_mins(5) }
    }
}

impl WaitOptions {
    pub(super) fn until(&self) -> Option<Until> {
        let rules = if self.legacy { Rules::Legacy } else { Rules::Kstatus };
        self.ready.then_some(Until::Ready { jobs: self.jobs, rules })
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

/// Who works out what changes in an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerSide {
    /// Whoever did so for the revision before; for a rollback, for the revision it repeats. For the
    /// first revision, the server.
    #[default]
    Auto,
    /// The server, by server-side apply.
    Yes,
    /// The client, by patches.
    No,
}

impl ServerSide {
    /// Returns how objects are written after a revision that was written by `before`.
    pub(super) fn method(self, before: ApplyMethod) -> ApplyMethod {
        match (self, before) {
            (ServerSide::Yes, _) | (ServerSide::Auto, ApplyMethod::ServerSide) => {
                ApplyMethod::ServerSide
            }
            // A record that does not say is one of Helm 3, which knows nothing else.
            (ServerSide::No, _)
            | (ServerSide::Auto, ApplyMethod::ClientSide | ApplyMethod::Unsaid) => {
                ApplyMethod::ClientSide
            }
        }
    }
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
    /// Who works out what changes in an object.
    pub server_side: ServerSide,
    /// Whether fields of other managers are taken over on update.
    pub force_conflicts: bool,
    /// Whether objects are replaced in place of being patched.
    pub force_replace: bool,
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
    /// Whether numbers of replicas are left to autoscalers that have chosen them.
    pub yield_replicas: bool,
    /// Whether a dry run has the server try out what it would write.
    pub rehearse: bool,
    /// Whether a dry run leaves the content of Secrets out.
    pub hide_secret: bool,
}
