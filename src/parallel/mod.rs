//! Work on many items at a time.

mod beside;
mod map;

pub(crate) use beside::beside;
pub(crate) use map::map;
