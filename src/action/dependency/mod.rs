//! The charts that a chart needs: what it declares beside what it has, and fetching them.
//!
//! To fetch, the declared dependencies get their sources ([`source`]), then their versions
//! ([`resolve`]), then their archives ([`collect`]); when all are there they are put into `charts/`
//! ([`store`]).

#[cfg(feature = "fetch")]
mod collect;
#[cfg(feature = "fetch")]
mod error;
mod list;
#[cfg(feature = "fetch")]
mod resolve;
#[cfg(feature = "fetch")]
mod source;
#[cfg(feature = "fetch")]
mod store;
#[cfg(feature = "fetch")]
mod update;

#[cfg(feature = "fetch")]
pub use error::DependencyError;
pub use list::{DependencyReport, DependencyRow, dependency_list};
#[cfg(feature = "fetch")]
pub use update::{
    DependencyRequest, Told, dependency_build, dependency_update, update_missing_dependencies,
};
