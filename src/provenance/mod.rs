//! Signatures of charts: provenance files, written and checked.
//!
//! A provenance file lies beside an archive, named as that is with `.prov` after it: an OpenPGP
//! clear-signed text of the chart's `Chart.yaml` and the SHA-256 of the archive.

mod error;
mod keybox;
mod keyring;
mod sign;
mod text;
mod verify;

pub use error::Error;
pub use keyring::Keyring;
pub use sign::{SigningKey, sign};
pub use verify::{Verification, verify};
