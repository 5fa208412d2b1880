//! Finds the values that no template reads.
//!
//! [`Tracked`] makes a copy of the merged values whose maps note each look at an entry. Rendered
//! with it instead of the values themselves, templates give the same text, and afterwards
//! [`Tracked::unread`] tells which of the user's values nobody looked at.
//!
//! What is reported is a guarantee: with any other value in its place the output stays the same
//! (schemas left aside). What is not reported need not be of use: a value counts as read as soon
//! as somebody looks.

mod check;
mod near;
mod report;
mod track;

pub use check::{UnreadValues, ValueCheck};
pub use near::{nearest, ranked};
pub use report::{Reason, Unread};
pub use track::Tracked;
