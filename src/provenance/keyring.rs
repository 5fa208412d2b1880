use std::fs;
use std::path::Path;

use pgp::composed::{PublicOrSecret, SignedPublicKey, SignedSecretKey};
use pgp::types::{KeyDetails as _, Tag};

use super::{Error, keybox};
use crate::chart::io_text;

/// Keys: of GnuPG's old format (`pubring.gpg`, `secring.gpg`), its new one (`pubring.kbx`), or in
/// armor.
#[derive(Clone, Debug, Default)]
pub struct Keyring {
    pub(super) keys: Vec<Key>,
}

#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) public: SignedPublicKey,
    pub(super) secret: Option<SignedSecretKey>,
}

impl Key {
    /// Returns the names that the key has given itself, those that it has signed.
    pub(super) fn names(&self) -> Vec<String> {
        let key = &self.public.primary_key;
        let users = self.public.details.users.iter().filter(|user| {
            let is_own = |signature: &pgp::packet::Signature| {
                signature.verify_certification(key, Tag::UserId, &user.id).is_ok()
            };
            user.signatures.iter().any(is_own)
        });
        users.map(|user| String::from_utf8_lossy(user.id.id()).into_owned()).collect()
    }

    /// Returns the fingerprint as capital hexadecimal digits.
    pub(super) fn fingerprint(&self) -> String {
        self.public.primary_key.fingerprint().to_string().to_uppercase()
    }
}

impl Keyring {
    /// Reads a keyring.
    ///
    /// # Errors
    /// [`Error::Open`], [`Error::Data`], [`Error::EmptyKeybox`]
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = fs::read(path).map_err(|error| Error::Open {
            path: path.display().to_string(),
            reason: io_text(&error),
        })?;
        Keyring::parse(&bytes)
    }

    /// Reads the content of a keyring.
    ///
    /// # Errors
    /// [`Error::Data`], [`Error::EmptyKeybox`]
    pub fn parse(bytes: &[u8]) -> Result<Self, Error> {
        let mut keyring = Keyring::default();
        if keybox::is_keybox(bytes) {
            for block in keybox::key_blocks(bytes)? {
                keyring.add(block)?;
            }
        } else {
            let is_armored = bytes.trim_ascii_start().starts_with(b"-----BEGIN PGP");
            if !is_armored && bytes.first().is_some_and(|first| first & 0x80 == 0) {
                return Err(Error::Data("tag byte does not have MSB set".to_owned()));
            }
            keyring.add(bytes)?;
        }
        Ok(keyring)
    }

    fn add(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let fail = |error: pgp::errors::Error| Error::Data(error.to_string());
        let bytes = without_trust(bytes);
        let (keys, _) = PublicOrSecret::from_reader_many(bytes.as_slice()).map_err(fail)?;
        for key in keys {
            // A key of a kind that is not understood does not spoil the others.
            let Ok(key) = key else { continue };
            self.keys.push(match key {
                PublicOrSecret::Public(public) => Key { public, secret: None },
                PublicOrSecret::Secret(secret) => {
                    Key { public: secret.to_public_key(), secret: Some(secret) }
                }
            });
        }
        Ok(())
    }

    /// Finds the key that signs: the one with this name, or else the only one whose name has it as
    /// a part.
    pub(super) fn signer(&self, id: &str) -> Result<&Key, Error> {
        let mut candidates: Vec<&Key> = Vec::new();
        for key in &self.keys {
            for name in key.names() {
                if name == id {
                    return Ok(key);
                }
                if name.contains(id) {
                    candidates.push(key);
                }
            }
        }
        match candidates.as_slice() {
            [] => Err(Error::NoKey),
            [key] => Ok(key),
            _ => Err(Error::Ambiguous(id.to_owned())),
        }
    }
}

/// The tag of packets in which GnuPG notes its trust in a key. They belong to no key, and readers stop
/// at them.
const TRUST: u8 = 12;

/// Returns packets without those of trust; what is no row of packets comes back as it is.
fn without_trust(bytes: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((tag, length)) = packet(rest) {
        let (packet, after) = rest.split_at(length);
        if tag != TRUST {
            kept.extend_from_slice(packet);
        }
        rest = after;
    }
    kept.extend_from_slice(rest);
    kept
}

/// Returns the tag of the first packet and the length of the whole packet, if it is complete and says
/// its length at its beginning.
fn packet(bytes: &[u8]) -> Option<(u8, usize)> {
    let first = *bytes.first()?;
    let number = |range: std::ops::Range<usize>| {
        let bytes = bytes.get(range)?;
        Some(bytes.iter().fold(0_usize, |number, byte| number << 8 | usize::from(*byte)))
    };
    if first & 0x80 == 0 {
        return None;
    }
    let is_new = first & 0x40 != 0;
    let tag = if is_new { first & 0x3f } else { (first >> 2) & 0x0f };
    let (head, body) = if is_new {
        match usize::from(*bytes.get(1)?) {
            short @ 0..192 => (2, short),
            long @ 192..224 => (3, ((long - 192) << 8) + number(2..3)? + 192),
            255 => (6, number(2..6)?),
            _ => return None,
        }
    } else {
        match first & 3 {
            0 => (2, number(1..2)?),
            1 => (3, number(1..3)?),
            2 => (5, number(1..5)?),
            _ => return None,
        }
    };
    let length = head + body;
    (length <= bytes.len()).then_some((tag, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_of_trust_are_passed_over() {
        let user: &[u8] = &[0xb4, 2, b'm', b'e'];
        let old_trust: &[u8] = &[0xb0, 1, 0];
        let new_trust: &[u8] = &[0xcc, 2, 0, 0];
        let partial: &[u8] = &[0xcb, 0xe1, 1, 2];
        let row = [user, old_trust, user, new_trust, old_trust, partial].concat();
        assert_eq!(without_trust(&row), [user, user, partial].concat());
        assert_eq!(without_trust(b"-----BEGIN PGP"), b"-----BEGIN PGP");
        assert_eq!(without_trust(&[0xb0, 9, 0]), [0xb0, 9, 0]);
    }
}
