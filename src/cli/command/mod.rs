//! One file for each command: its arguments and the function that runs it.

pub mod env;
pub mod template;
pub mod version;
