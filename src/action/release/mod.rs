//! The verbs that work with the releases in a cluster.

mod get;
mod history;
mod hold;
mod install;
mod list;
mod options;
mod prepare;
mod record;
mod report;
mod rollback;
mod session;
mod status;
mod surroundings;
mod test;
mod uninstall;
mod upgrade;

pub use get::{computed_values, get, get_with_labels};
pub use history::{HistoryRow, history};
pub use install::{InstallRequest, install};
pub use list::{ListRequest, ListSort, list};
pub use options::{ApplyOptions, DryRun, ServerSide, WaitOptions};
pub use prepare::RenderOptions;
pub use report::{Preview, Report};
pub use rollback::{RollbackRequest, rollback};
pub use session::{Session, Warner};
pub use status::{LiveObject, LiveTable, StatusReport, status};
pub use test::{TestReport, TestRequest, test};
pub use uninstall::{UninstallReport, UninstallRequest, uninstall};
pub use upgrade::{UpgradeRequest, upgrade};

use super::{
    Error, RenderRequest, RenderedChart, UnreadValues, ValueCheck, load_chart, render_chart,
};
