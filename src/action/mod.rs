//! The verbs: each file takes one command from its request to its report. Nothing here prints.

#[cfg(feature = "jinja")]
mod convert;
mod create;
mod dependency;
mod error;
mod lint;
mod manifest_failure;
mod package;
#[cfg(feature = "cluster")]
mod release;
mod render;
mod schema_failure;
mod show;
mod template;
mod template_failure;
mod values;
#[cfg(feature = "provenance")]
mod verify;

#[cfg(feature = "jinja")]
pub use convert::{Conversion, ConvertRequest, Fate, FileReport, convert};
pub use create::{CreateRequest, create};
#[cfg(feature = "fetch")]
pub use dependency::{
    DependencyError, DependencyRequest, Told, dependency_build, dependency_update,
    update_missing_dependencies,
};
pub use dependency::{DependencyReport, DependencyRow, dependency_list};
pub use error::{Error, name_text};
pub use lint::lint;
pub use manifest_failure::ManifestFailure;
pub use package::{PackageRequest, package};
#[cfg(feature = "cluster")]
pub use release::{
    ApplyOptions, DryRun, HistoryRow, InstallRequest, ListRequest, ListSort, LiveObject, LiveTable,
    Preview, RenderOptions, Report, RollbackRequest, ServerSide, Session, StatusReport, TestReport,
    TestRequest, UninstallReport, UninstallRequest, UpgradeRequest, WaitOptions, Warner,
    computed_values, get, get_with_labels, history, install, list, rollback, status, test,
    uninstall, upgrade,
};
pub use render::{
    RenderRequest, RenderedChart, UnreadValues, ValueCheck, find_chart, load_chart, render_chart,
};
pub use schema_failure::SetValue;
pub use show::{Part, show};
pub use template::{TemplateReport, TemplateRequest, template};
pub use values::{UnreadRequest, UnreadScope, trace_values, unread_values};
#[cfg(feature = "provenance")]
pub use verify::{sign_package, verify_archive, verify_file};
