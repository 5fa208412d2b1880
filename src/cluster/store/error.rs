use super::super::ApiError;
use crate::release::DecodeError;

/// Why a record could not be read or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// A new record exists already: someone else was faster.
    #[error("release: already exists")]
    Exists,
    /// The server refused or did not answer.
    #[error("{doing}: {source}")]
    Api {
        /// What was being done, in Helm's words.
        doing: &'static str,
        /// Why.
        source: ApiError,
    },
    /// A selector of labels makes no sense.
    #[error("{source}")]
    Selector {
        /// What the server says.
        source: ApiError,
    },
    /// The bytes of a record are damaged.
    #[error("failed to decode release record {name:?}: {source}")]
    Decode {
        /// The name of the record.
        name: String,
        /// Why.
        source: DecodeError,
    },
    /// The database cannot be reached, or not be used.
    #[error("unable to instantiate SQL driver: {}", sql_text(.0.as_ref()))]
    NoDatabase(Box<dyn std::error::Error + Send + Sync>),
    /// The database refused.
    #[error("{doing}: {}", sql_text(.source))]
    Sql {
        /// What was being done.
        doing: &'static str,
        /// Why.
        source: tokio_postgres::Error,
    },
    /// A record in parts lacks one.
    #[error("release record {name:?} has lost a part: {found} of {count} are left")]
    Part {
        /// The name of the record.
        name: String,
        /// How many parts there are.
        found: usize,
        /// How many there must be.
        count: usize,
    },
}

impl From<DecodeError> for StoreError {
    fn from(source: DecodeError) -> Self {
        StoreError::Decode { name: String::new(), source }
    }
}

/// Returns what a database says: its library names the kind of the error alone.
fn sql_text(error: &(dyn std::error::Error + 'static)) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
