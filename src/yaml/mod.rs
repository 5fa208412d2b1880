//! YAML 1.1 as Helm reads and writes it: text into [`Value`](crate::value::Value)s with or without
//! positions, values into text, streams into documents.

mod document;
mod error;
mod event;
mod hint;
mod key_order;
mod plain;
mod position;
mod read;
#[cfg(test)]
mod recorded;
mod repeated;
mod resolve;
mod scan;
mod trap;
mod write;

pub use document::{documents, read_all, split_documents};
pub use error::Error;
pub use hint::hint;
pub use key_order::natural_cmp;
pub use position::{Children, Located, Position, Positions, Step};
pub use read::{read, read_with, read_with_positions, skim};
pub use repeated::repeated_keys;
pub use resolve::{Scalar, resolve};
pub use trap::{Trap, traps};
pub use write::{WriteError, WriteOptions, encode, to_yaml, to_yaml_pretty, write};
