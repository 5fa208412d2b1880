//! Errors of ours that travel within those of the engine.

use minijinja::Error;

use crate::diagnostic::Diagnostic;

/// A failure within a template of Go.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub(super) struct GoFault(pub(super) Diagnostic);

/// The words of `fail` or `required`, meant for the user as they stand.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UserError(pub(super) String);

/// An error within a macro, on its way to the caller.
#[derive(Debug, thiserror::Error)]
#[error("in the macro `{name}`")]
pub(super) struct Called {
    pub(super) name: String,
    pub(super) arguments: Vec<String>,
    #[source]
    pub(super) source: Error,
}
