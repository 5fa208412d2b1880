/// Why a chart cannot be signed, or its signature is not good.
///
/// `Display` gives the text Helm 4.3.1 prints after `Error: `.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file cannot be read.
    #[error("open {path}: {reason}")]
    Open {
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A keyring to verify with cannot be read.
    #[error("failed to load keyring: {0}")]
    Keyring(Box<Error>),
    /// Something that should be OpenPGP is not.
    #[error("openpgp: invalid data: {0}")]
    Data(String),
    /// A file in GnuPG's format has no key.
    #[error("keybox contains no OpenPGP keys")]
    EmptyKeybox,
    /// No key bears the name.
    #[error("private key not found")]
    NoKey,
    /// Several keys bear the name.
    #[error("more than one key contain the id {0:?}")]
    Ambiguous(String),
    /// The key is only good for checking.
    #[error("provided key is not a private key. Try providing a keyring with secret keys")]
    NotPrivate,
    /// The passphrase cannot be asked for or read.
    #[error("{0}")]
    Passphrase(String),
    /// A signature could not be made.
    #[error("openpgp: {0}")]
    Sign(String),
    /// A provenance file is none.
    #[error("signature block not found")]
    NoSignature,
    /// Nobody in the keyring has signed.
    #[error("openpgp: signature made by unknown entity")]
    UnknownSigner,
    /// The text was changed, or the signature.
    #[error("openpgp: invalid signature: {0}")]
    Invalid(String),
    /// The key was revoked, or it or the signature is too old.
    #[error("openpgp: {0}")]
    Lapsed(&'static str),
    /// The text of a provenance file is not as it should be.
    #[error("{0}")]
    Text(String),
    /// The archive is not named in its provenance file.
    #[error("provenance does not contain a SHA for a file named {0:?}")]
    NotNamed(String),
    /// The archive is another one.
    #[error("sha256 sum does not match for {name}: {wanted:?} != {found:?}")]
    Digest {
        /// The archive.
        name: String,
        /// What the provenance file says.
        wanted: String,
        /// What the archive has.
        found: String,
    },
}
