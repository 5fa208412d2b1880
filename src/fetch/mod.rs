//! References to bytes: URLs, charts in repositories, charts in registries.
//!
//! A reference to a chart ends as a file: what comes from a server is kept in the content cache
//! under its SHA-256, so that everything after works with paths.

mod access;
mod cache;
mod error;
mod http;
mod index;
mod locate;
mod oci;
mod repositories;
mod token;

pub use access::Access;
pub use cache::ContentCache;
pub use error::{Error, Unanswered};
pub use http::{Client, Limit};
pub use index::{Entry, Index, NoVersion};
pub use locate::{ChartQuery, Located, Places, locate};
pub use oci::{Pulled, Reference, Registry};
pub use repositories::{Repositories, Repository};

/// Takes what is worth telling while something is fetched.
pub type Log<'a> = dyn FnMut(&crate::chart::Warning) + 'a;
