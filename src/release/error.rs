/// Why a name cannot be that of a release. The texts are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// The name is empty.
    #[error("no name provided")]
    Missing,
    /// The name is longer than 53 bytes.
    #[error(
        "release name is invalid: {name}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
    )]
    Long {
        /// The name.
        name: String,
    },
    /// The name has bytes it may not have.
    #[error(
        "release name is invalid: {name}: invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not be longer than 53"
    )]
    Invalid {
        /// The name.
        name: String,
    },
}

/// Why bytes are no release record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The outer coding is damaged.
    #[error("the release record is not base64")]
    Base64(#[source] base64::DecodeError),
    /// The compression is damaged.
    #[error("the release record cannot be decompressed")]
    Gzip(#[source] std::io::Error),
    /// The record is larger than any release can be.
    #[error("the release record is larger than {limit} bytes")]
    Large {
        /// The limit in bytes.
        limit: u64,
    },
    /// The content is damaged.
    #[error("the release record is not JSON")]
    Json(#[source] serde_json::Error),
    /// The parts of a record are those of another.
    #[error("the parts of the release record do not fit it")]
    Parts,
    /// A field has a kind it cannot have.
    #[error("the release record has no valid field `{field}`")]
    Field {
        /// The path of the field.
        field: &'static str,
    },
}
