//! Work on many items at a time.

mod map;

pub(crate) use map::map;
