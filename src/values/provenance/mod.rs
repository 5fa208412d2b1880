//! Tells of merged values which file, argument or chart each of them comes from.
//!
//! [`Provenance::trace`] merges once more, by the same code that merges for rendering, but with
//! values that know their source. It is meant for when somebody asks: to show the values, or to
//! explain an error.

mod candidate;
mod origin;
mod tag;
mod trace;

pub use origin::{Origin, Source, Via};
pub use trace::{History, Leaf, Provenance, user_leaves};
