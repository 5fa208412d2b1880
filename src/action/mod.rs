//! The verbs: each file takes one command from its request to its report. Nothing here prints.

mod error;
#[cfg(feature = "cluster")]
mod get;
#[cfg(feature = "cluster")]
mod history;
#[cfg(feature = "cluster")]
mod install;
#[cfg(feature = "cluster")]
mod list;
#[cfg(feature = "cluster")]
mod options;
mod package;
#[cfg(feature = "cluster")]
mod prepare;
#[cfg(feature = "cluster")]
mod record;
#[cfg(feature = "cluster")]
mod release_error;
mod render;
#[cfg(feature = "cluster")]
mod report;
#[cfg(feature = "cluster")]
mod rollback;
#[cfg(feature = "cluster")]
mod session;
#[cfg(feature = "cluster")]
mod status;
mod template;
#[cfg(feature = "cluster")]
mod uninstall;
#[cfg(feature = "cluster")]
mod upgrade;

pub use error::{Error, name_text};
pub use package::{PackageRequest, package};
pub use render::{RenderRequest, RenderedChart, find_chart, load_chart, render_chart};
pub use template::{TemplateReport, TemplateRequest, template};
#[cfg(feature = "cluster")]
pub use {
    get::{computed_values, get},
    history::{HistoryRow, history},
    install::{InstallRequest, install},
    list::{ListRequest, ListSort, list},
    options::{ApplyOptions, DryRun, WaitOptions},
    prepare::RenderOptions,
    release_error::Error as ReleaseError,
    report::Report,
    rollback::{RollbackRequest, rollback},
    session::Session,
    status::{LiveObject, LiveTable, StatusReport, status},
    uninstall::{UninstallReport, UninstallRequest, uninstall},
    upgrade::{UpgradeRequest, upgrade},
};
