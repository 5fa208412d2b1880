//! Keyrings as GnuPG 2.1 and later keep them: `pubring.kbx`.
//!
//! The layout is that of `kbx/keybox-blob.c` in GnuPG's documentation: blobs of a length, a type and,
//! for OpenPGP keys, the place of the key's packets in the blob. All numbers are big-endian.

use super::Error;

const MAGIC: &[u8] = b"KBXf";
const OPENPGP: u8 = 2;

/// Returns whether bytes begin as a keybox does.
pub(super) fn is_keybox(bytes: &[u8]) -> bool {
    bytes.get(8..12) == Some(MAGIC)
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
    usize::try_from(u32::from_be_bytes(bytes)).ok()
}

/// Returns the packets of each key.
pub(super) fn key_blocks(mut bytes: &[u8]) -> Result<Vec<&[u8]>, Error> {
    let mut found = Vec::new();
    while !bytes.is_empty() {
        let block = blob(bytes).ok_or_else(|| Error::Data("truncated keybox".to_owned()))?;
        if block.get(4) == Some(&OPENPGP) {
            let packets = number(block, 8)
                .zip(number(block, 12))
                .and_then(|(start, length)| block.get(start..start.checked_add(length)?));
            found.push(packets.ok_or_else(|| Error::Data("truncated keybox".to_owned()))?);
        }
        bytes = &bytes[block.len()..];
    }
    if found.is_empty() { Err(Error::EmptyKeybox) } else { Ok(found) }
}

fn blob(bytes: &[u8]) -> Option<&[u8]> {
    let length = number(bytes, 0).filter(|length| *length >= 5)?;
    bytes.get(..length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(blobs: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (kind, content) in blobs {
            let length = u32::try_from(16 + content.len()).unwrap();
            bytes.extend(length.to_be_bytes());
            bytes.extend([*kind, 1, 0, 0]);
            if *kind == 1 {
                bytes.extend(*MAGIC.first_chunk::<4>().unwrap());
                bytes.extend([0; 4]);
            } else {
                bytes.extend(16_u32.to_be_bytes());
                bytes.extend(u32::try_from(content.len()).unwrap().to_be_bytes());
            }
            bytes.extend(*content);
        }
        bytes
    }

    #[test]
    fn keys_are_found_among_other_blobs() {
        let bytes = made(&[(1, b""), (2, b"one"), (3, b"x509"), (2, b"two")]);
        assert!(is_keybox(&bytes));
        assert_eq!(key_blocks(&bytes).unwrap(), [b"one", b"two"]);
        assert_eq!(key_blocks(&made(&[(1, b"")])), Err(Error::EmptyKeybox));
        for cut in [1, 15, 20, 33] {
            assert!(key_blocks(&bytes[..cut]).is_err(), "{cut}");
        }
    }
}
