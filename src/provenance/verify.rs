use pgp::composed::CleartextSignedMessage;
use pgp::crypto::hash::HashAlgorithm;
use pgp::crypto::public_key::PublicKeyAlgorithm;
use pgp::packet::{Signature, SignatureType};
use pgp::types::{KeyDetails, Tag, Timestamp, VerifyingKey};

use super::keyring::Key;
use super::{Error, Keyring, text};

/// What a good signature says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The names of the key that signed.
    pub signers: Vec<String>,
    /// The fingerprint of that key, capital hexadecimal digits.
    pub fingerprint: String,
    /// The digest of the archive, `sha256:…`.
    pub digest: String,
}

/// Checks an archive by its provenance file.
///
/// `name` is the file name of the archive, which the provenance file has to have.
///
/// # Errors
/// [`Error`] with Helm's text.
///
/// # Source
/// Helm v4 `pkg/provenance/sign.go`, `Verify`.
pub fn verify(
    name: &str,
    archive: &[u8],
    provenance: &[u8],
    keyring: &Keyring,
) -> Result<Verification, Error> {
    let message = parse(provenance)?;
    let key = signer(&message, keyring)?;
    let signed = message.signed_text().replace("\r\n", "\n");
    let wanted = text::find_digest(&signed, name)?;
    let found = text::digest(archive);
    if wanted != found {
        return Err(Error::Digest { name: name.to_owned(), wanted, found });
    }
    Ok(Verification { signers: key.names(), fingerprint: key.fingerprint(), digest: found })
}

fn parse(provenance: &[u8]) -> Result<CleartextSignedMessage, Error> {
    const START: &[u8] = b"-----BEGIN PGP SIGNED MESSAGE-----";
    const END: &[u8] = b"-----END PGP SIGNATURE-----";
    let start = memchr::memmem::find(provenance, START).ok_or(Error::NoSignature)?;
    let rest = &provenance[start..];
    let end = memchr::memmem::find(rest, END).ok_or(Error::NoSignature)? + END.len();
    let parsed = CleartextSignedMessage::from_armor(&rest[..end]);
    parsed.map(|(message, _)| message).map_err(|_| Error::NoSignature)
}

/// Finds the key that made a signature of a text, and checks both.
fn signer<'a>(message: &CleartextSignedMessage, keyring: &'a Keyring) -> Result<&'a Key, Error> {
    let text = message.signed_text();
    let mut worst = Error::UnknownSigner;
    for signature in message.signatures() {
        for key in &keyring.keys {
            match check(signature, text.as_bytes(), key) {
                None => {}
                Some(Ok(())) => return Ok(key),
                Some(Err(error)) => worst = error,
            }
        }
    }
    Err(worst)
}

/// Checks a signature with a key; `None` if it was made by another one.
fn check(signature: &Signature, text: &[u8], key: &Key) -> Option<Result<(), Error>> {
    let primary = &key.public.primary_key;
    if is_issuer(signature, primary) {
        return Some(check_with(signature, text, primary).and_then(|()| check_key(signature, key)));
    }
    let subkey = key.public.public_subkeys.iter().find(|subkey| is_issuer(signature, *subkey))?;
    // The primary key has to have made the subkey its own, for signing, and the subkey has to agree.
    let is_bound = |binding: &&Signature| {
        binding.typ() == Some(SignatureType::SubkeyBinding)
            && binding.key_flags().sign()
            && binding.verify_subkey_binding(primary, &subkey.key).is_ok()
            && binding
                .embedded_signature()
                .is_some_and(|back| back.verify_primary_key_binding(&subkey.key, primary).is_ok())
    };
    let revoked = subkey
        .signatures
        .iter()
        .any(|signature| signature.typ() == Some(SignatureType::SubkeyRevocation));
    let Some(binding) = subkey.signatures.iter().rfind(is_bound) else {
        return Some(Err(Error::UnknownSigner));
    };
    Some(check_with(signature, text, subkey).and_then(|()| {
        if revoked {
            return Err(Error::Lapsed("signature made by revoked key"));
        }
        check_age(binding.key_expiration_time(), subkey.created_at(), "key expired")?;
        check_key(signature, key)
    }))
}

fn is_issuer(signature: &Signature, key: &impl KeyDetails) -> bool {
    let prints = signature.issuer_fingerprint();
    if prints.is_empty() {
        return signature.issuer_key_id().into_iter().any(|id| *id == key.legacy_key_id());
    }
    prints.into_iter().any(|print| *print == key.fingerprint())
}

/// Checks the signature alone.
fn check_with(signature: &Signature, text: &[u8], key: &impl VerifyingKey) -> Result<(), Error> {
    use HashAlgorithm::{Md5, Ripemd160, Sha1};
    if matches!(signature.hash_alg(), None | Some(Md5 | Ripemd160 | Sha1)) {
        return Err(Error::Invalid("its hash algorithm is not safe".to_owned()));
    }
    if !matches!(signature.typ(), Some(SignatureType::Text | SignatureType::Binary)) {
        return Err(Error::Invalid("it is none of a document".to_owned()));
    }
    signature.verify(key, text).map_err(|_| {
        let kind = match key.algorithm() {
            PublicKeyAlgorithm::RSA | PublicKeyAlgorithm::RSASign => "RSA",
            PublicKeyAlgorithm::DSA => "DSA",
            PublicKeyAlgorithm::ECDSA => "ECDSA",
            PublicKeyAlgorithm::EdDSALegacy => "EdDSA",
            PublicKeyAlgorithm::Ed25519 => "Ed25519",
            PublicKeyAlgorithm::Ed448 => "Ed448",
            _ => "signature",
        };
        Error::Invalid(format!("{kind} verification failure"))
    })
}

/// Checks that the key is still good, and the signature not too old.
fn check_key(signature: &Signature, key: &Key) -> Result<(), Error> {
    let primary = &key.public.primary_key;
    let details = &key.public.details;
    let is_revoked = details.revocation_signatures.iter().any(|s| s.verify_key(primary).is_ok());
    if is_revoked {
        return Err(Error::Lapsed("signature made by revoked key"));
    }
    let own = details.users.iter().flat_map(|user| {
        user.signatures.iter().filter(|signature| {
            signature.verify_certification(primary, Tag::UserId, &user.id).is_ok()
        })
    });
    let direct = details.direct_signatures.iter().filter(|s| s.verify_key(primary).is_ok());
    // The newest word of the key on itself counts.
    let newest = own
        .chain(direct)
        .max_by_key(|signature| signature.created().map_or(0, Timestamp::as_secs))
        .ok_or(Error::UnknownSigner)?;
    check_age(newest.key_expiration_time(), primary.created_at(), "key expired")?;
    let made = signature.created().ok_or_else(|| Error::Invalid("it has no time".to_owned()))?;
    check_age(signature.signature_expiration_time(), made, "signature expired")
}

fn check_age(
    lasting: Option<pgp::types::Duration>,
    from: Timestamp,
    text: &'static str,
) -> Result<(), Error> {
    let lasting = lasting.map_or(0, |lasting| u64::from(lasting.as_secs()));
    let end = u64::from(from.as_secs()) + lasting;
    let is_over = lasting != 0 && end < u64::from(Timestamp::now().as_secs());
    if is_over { Err(Error::Lapsed(text)) } else { Ok(()) }
}
