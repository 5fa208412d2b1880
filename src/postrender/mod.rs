//! Rendered files through a program and back: all documents in one stream, each with a note of the
//! file it came from.

mod combine;
mod error;
mod mark;
mod plugin;
mod program;

pub use combine::{combine, split};
pub use error::Error;
pub use plugin::Platform;
pub use program::PostRenderer;
