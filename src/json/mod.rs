//! JSON as Go's `encoding/json` writes and reads it, and the way to and from `serde_json`.

mod convert;
pub mod path;
mod read;
mod write;

pub use convert::{from_serde, to_serde};
pub use read::{Error, Numbers, read, read_prefix, read_with};
pub use write::{Escape, write, write_pretty};

pub(crate) use write::{base64, push_string};
