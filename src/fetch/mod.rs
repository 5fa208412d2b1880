//! References to bytes: URLs, charts in repositories, charts in registries.
//!
//! A reference to a chart ends as a file: what comes from a server is kept in the content cache
//! under its SHA-256, so that everything after works with paths.

mod access;
mod archive;
mod cache;
mod error;
mod http;
mod index;
mod locate;
mod oci;
mod refresh;
mod repositories;
mod schema;
mod token;
mod trust;

pub use access::Access;
pub use archive::{Archive, archive_url, fetch_archive, fetch_provenance};
pub use cache::ContentCache;
pub use error::{Error, Unanswered};
pub use http::{Client, Limit};
pub use index::{Entry, Index, NoVersion};
pub use locate::{ChartQuery, Located, Places, Signed, locate};
pub use oci::{Pulled, Reference, Registry};
pub use refresh::{cached_index, refresh, unmanaged_name};
pub use repositories::{Repositories, Repository};
pub use schema::fetch_schema;

/// Takes what is worth telling while something is fetched.
pub type Log<'a> = dyn FnMut(&crate::chart::Warning) + 'a;
