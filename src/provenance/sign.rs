use pgp::composed::{ArmorOptions, CleartextSignedMessage};
use pgp::crypto::hash::HashAlgorithm;
use pgp::packet::{SignatureConfig, SignatureType, Subpacket, SubpacketData};
use pgp::types::{KeyDetails as _, Password, Timestamp};

use super::keyring::Key;
use super::{Error, Keyring, text};

/// A key that can sign.
#[derive(Clone, Debug)]
pub struct SigningKey {
    key: Key,
    password: Option<String>,
}

impl SigningKey {
    /// Finds the secret key in a keyring that has a name, or a name with this part. `passphrase` is
    /// asked for the one of a locked key, by the key's name.
    ///
    /// # Errors
    /// [`Error::NoKey`], [`Error::Ambiguous`], [`Error::NotPrivate`], and those of `passphrase`.
    pub fn find(
        keyring: &Keyring,
        id: &str,
        passphrase: &mut dyn FnMut(&str) -> Result<String, Error>,
    ) -> Result<Self, Error> {
        let key = keyring.signer(id)?.clone();
        let secret = key.secret.as_ref().ok_or(Error::NotPrivate)?;
        let mut password = None;
        if secret.primary_key.secret_params().is_encrypted() {
            let name = key.names().into_iter().next().unwrap_or_default();
            let given = passphrase(&name)?;
            let unlocked = secret
                .primary_key
                .unlock(&Password::from(given.as_str()), |_, _| Ok(()))
                .is_ok_and(|inner| inner.is_ok());
            if !unlocked {
                return Err(Error::Data("private key checksum failure".to_owned()));
            }
            password = Some(given);
        }
        Ok(SigningKey { key, password })
    }
}

/// Returns the provenance file of an archive.
///
/// `metadata` is the chart's `Chart.yaml` as written anew, `name` the file name of the archive.
///
/// # Errors
/// [`Error::Sign`]
///
/// # Source
/// Helm v4 `pkg/provenance/sign.go`, `ClearSign`.
pub fn sign(
    metadata: &str,
    name: &str,
    archive: &[u8],
    signer: &SigningKey,
) -> Result<Vec<u8>, Error> {
    let fail = |error: pgp::errors::Error| Error::Sign(error.to_string());
    let SigningKey { key, password } = signer;
    let secret = &key.secret.as_ref().ok_or(Error::NotPrivate)?.primary_key;
    let text = text::build(metadata, name, archive)?;
    let mut config =
        SignatureConfig::v4(SignatureType::Text, secret.algorithm(), HashAlgorithm::Sha512);
    let packet = |data| Subpacket::regular(data).map_err(fail);
    config.hashed_subpackets = vec![
        packet(SubpacketData::SignatureCreationTime(Timestamp::now()))?,
        packet(SubpacketData::IssuerFingerprint(secret.fingerprint()))?,
    ];
    config.unhashed_subpackets = vec![packet(SubpacketData::IssuerKeyId(secret.legacy_key_id()))?];
    let password = password.as_deref().map_or_else(Password::empty, Password::from);
    let message = CleartextSignedMessage::new(&text, config, secret, &password).map_err(fail)?;
    let options = ArmorOptions { headers: None, include_checksum: true };
    message.to_armored_bytes(options).map_err(fail)
}
