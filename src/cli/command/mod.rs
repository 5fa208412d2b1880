//! One file for each command: its arguments and the function that runs it.

#[cfg(feature = "cluster")]
pub mod apply;
pub mod completion;
pub mod create;
pub mod env;
#[cfg(feature = "cluster")]
pub mod get;
#[cfg(feature = "cluster")]
pub mod history;
#[cfg(feature = "cluster")]
pub mod install;
#[cfg(feature = "cluster")]
pub mod list;
pub mod package;
#[cfg(feature = "cluster")]
pub mod rollback;
#[cfg(feature = "cluster")]
pub mod status;
pub mod template;
#[cfg(feature = "cluster")]
pub mod uninstall;
#[cfg(feature = "cluster")]
pub mod upgrade;
pub mod version;
