//! The verbs: each is one walk from a chart or a record to a report. Nothing here prints.

mod error;
mod get;
mod history;
mod install;
mod list;
mod options;
mod prepare;
mod record;
mod rollback;
mod session;
mod status;
mod uninstall;
mod upgrade;

pub use error::Error;
pub use get::get;
pub use history::{HistoryRow, history};
pub use install::{InstallRequest, install};
pub use list::{ListRequest, ListSort, list};
pub use options::{ApplyOptions, DryRun, WaitOptions};
pub use prepare::{ChartSource, RenderOptions};
pub use rollback::{RollbackRequest, rollback};
pub use session::Session;
pub use status::{LiveObject, StatusReport, status};
pub use uninstall::{UninstallReport, UninstallRequest, uninstall};
pub use upgrade::{UpgradeRequest, upgrade};

use crate::chart::Warning;
use crate::plan::Plan;
use crate::release::Release;

/// What became of an install, upgrade or rollback.
#[derive(Clone, Debug)]
pub struct Report {
    /// The revision that was made, or would have been made by a dry run.
    pub release: Release,
    /// The plan; `None` when a dry run did not ask the cluster.
    pub plan: Option<Plan>,
    /// What the user ought to know.
    pub warnings: Vec<Warning>,
    /// Whether an upgrade found no release and made its first revision.
    pub installed: bool,
}
