//! Turns version and constraint texts into values that order and match as Helm's do.
//!
//! Helm reads versions loosely (`v1.2` is `1.2.0`) and has constraint rules of its own for
//! pre-releases and wildcards, so neither the grammar nor the matching is Cargo's.

mod constraint;
mod semantic;

pub use constraint::{Constraint, ConstraintError};
pub use semantic::{ParseError, Version};
