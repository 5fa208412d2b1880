//! Hashes, password hashes, derived passwords and AES.

use std::fmt::Write as _;

use aes::Aes256;
use aes::cipher::block_padding::{NoPadding, Pkcs7};
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::argument::{int_arg, str_arg};
use super::base::decode_base64;
use super::random::random_bytes;
use super::{Failure, Function, Param, Result};
use crate::value::{Str, Value};

/// A row with the given parameters.
macro_rules! row {
    ($name:literal, [$($param:ident),*], $call:expr) => {
        Function { name: $name, params: &[$(Param::$param),*], rest: None, call: $call }
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    row!("sha1sum", [Str], |_, args| Ok(hex(&Sha1::digest(str_arg(args, 0))))),
    row!("sha256sum", [Str], |_, args| Ok(hex(&Sha256::digest(str_arg(args, 0))))),
    row!("sha512sum", [Str], |_, args| Ok(hex(&Sha512::digest(str_arg(args, 0))))),
    row!("adler32sum", [Str], |_, args| {
        let mut sum = adler2::Adler32::new();
        sum.write_slice(str_arg(args, 0).as_bytes());
        Ok(Value::from(sum.checksum().to_string()))
    }),
    row!("bcrypt", [Str], |_, args| Ok(Value::from(bcrypt_hash(str_arg(args, 0))))),
    row!("htpasswd", [Str, Str], |_, args| {
        let user = str_arg(args, 0).to_str_lossy();
        if user.contains(':') {
            return Ok(Value::from(format!("invalid username: {user}")));
        }
        Ok(Value::from(format!("{user}:{}", bcrypt_hash(str_arg(args, 1)))))
    }),
    row!("derivePassword", [Uint32, Str, Str, Str, Str], |_, args| derive_password(args)),
    row!("encryptAES", [Str, Str], |_, args| encrypt(args)),
    row!("decryptAES", [Str, Str], |_, args| decrypt(args)),
];

fn hex(bytes: &[u8]) -> Value {
    let mut out = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        write!(out, "{byte:02x}").unwrap_or_default();
    }
    Value::from(out)
}

/// Hashes a password with cost 10; a failure's text is the result, as in sprig.
fn bcrypt_hash(password: &Str) -> String {
    match bcrypt::hash_with_result(password.as_bytes(), 10) {
        _ if password.len() > 72 => "failed to encrypt string with bcrypt: \
             bcrypt: password length exceeds 72 bytes"
            .to_owned(),
        Ok(hash) => hash.format_for_version(bcrypt::Version::TwoA),
        Err(e) => format!("failed to encrypt string with bcrypt: {e}"),
    }
}

/// The patterns of each kind of password: one letter for a class of characters.
const TEMPLATES: [(&str, &[&str]); 6] = [
    ("maximum", &["anoxxxxxxxxxxxxxxxxx", "axxxxxxxxxxxxxxxxxno"]),
    (
        "long",
        &[
            "CvcvnoCvcvCvcv",
            "CvcvCvcvnoCvcv",
            "CvcvCvcvCvcvno",
            "CvccnoCvcvCvcv",
            "CvccCvcvnoCvcv",
            "CvccCvcvCvcvno",
            "CvcvnoCvccCvcv",
            "CvcvCvccnoCvcv",
            "CvcvCvccCvcvno",
            "CvcvnoCvcvCvcc",
            "CvcvCvcvnoCvcc",
            "CvcvCvcvCvccno",
            "CvccnoCvccCvcv",
            "CvccCvccnoCvcv",
            "CvccCvccCvcvno",
            "CvcvnoCvccCvcc",
            "CvcvCvccnoCvcc",
            "CvcvCvccCvccno",
            "CvccnoCvcvCvcc",
            "CvccCvcvnoCvcc",
            "CvccCvcvCvccno",
        ],
    ),
    ("medium", &["CvcnoCvc", "CvcCvcno"]),
    ("short", &["Cvcn"]),
    ("basic", &["aaanaaan", "aannaaan", "aaannaaa"]),
    ("pin", &["nnnn"]),
];

fn characters(class: u8) -> &'static [u8] {
    match class {
        b'V' => b"AEIOU",
        b'C' => b"BCDFGHJKLMNPQRSTVWXYZ",
        b'v' => b"aeiou",
        b'c' => b"bcdfghjklmnpqrstvwxyz",
        b'a' => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz",
        b'n' => b"0123456789",
        b'o' => b"@&%?,=[]_:-+*$#!'^~;()/.",
        _ => b"AEIOUaeiouBCDFGHJKLMNPQRSTVWXYZbcdfghjklmnpqrstvwxyz0123456789!@#$%^&*()",
    }
}

/// Derives a password by the first version of the Master Password algorithm.
fn derive_password(args: &[Value]) -> Result {
    const SCOPE: &[u8] = b"com.lyndir.masterpassword";
    let counter = (int_arg(args, 0) as u32).to_be_bytes();
    let kind = str_arg(args, 1).to_str_lossy();
    let (password, user, site) = (str_arg(args, 2), str_arg(args, 3), str_arg(args, 4));
    let Some((_, templates)) = TEMPLATES.iter().find(|(name, _)| *name == kind) else {
        return Ok(Value::from(format!("cannot find password template {kind}")));
    };
    let length = |text: &Str| (text.len() as u32).to_be_bytes();
    let salt = [SCOPE, &length(user), user.as_bytes()].concat();
    let failed = || Failure::from("failed to derive password");
    let parameters = scrypt::Params::new(15, 8, 2).map_err(|_| failed())?;
    let mut key = [0; 64];
    scrypt::scrypt(password.as_bytes(), &salt, &parameters, &mut key).map_err(|_| failed())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| failed())?;
    for part in [SCOPE, &length(site), site.as_bytes(), &counter] {
        mac.update(part);
    }
    let seed = mac.finalize().into_bytes();
    let pick = |from: &[u8], by: u8| from[usize::from(by) % from.len()];
    let template = templates[usize::from(seed[0]) % templates.len()];
    let made: Vec<u8> =
        template.bytes().zip(&seed[1..]).map(|(class, by)| pick(characters(class), *by)).collect();
    Ok(Value::str(made))
}

/// Cuts or zero-pads the password to the length of a key.
fn aes_key(password: &Str) -> [u8; 32] {
    let mut key = [0; 32];
    let length = password.len().min(32);
    key[..length].copy_from_slice(&password.as_bytes()[..length]);
    key
}

fn encrypt(args: &[Value]) -> Result {
    let text = str_arg(args, 1);
    if text.is_empty() {
        return Ok(Value::from(""));
    }
    let mut out = random_bytes(16)?;
    let mut start = [0; 16];
    start.copy_from_slice(&out);
    let cipher = cbc::Encryptor::<Aes256>::new(&aes_key(str_arg(args, 0)).into(), &start.into());
    out.extend(cipher.encrypt_padded_vec::<Pkcs7>(text.as_bytes()));
    Ok(Value::from(STANDARD.encode(out)))
}

/// Decrypts what [`encrypt`] made; damaged input fails where sprig panics, with the same text.
fn decrypt(args: &[Value]) -> Result {
    let text = str_arg(args, 1);
    if text.is_empty() {
        return Ok(Value::from(""));
    }
    let bytes = decode_base64(text.as_bytes())
        .map_err(|at| Failure::Message(format!("illegal base64 data at input byte {at}")))?;
    let Some((start, rest)) = bytes.split_first_chunk::<16>() else {
        let capacity = text.len() / 4 * 3;
        return Err(Failure::Message(format!(
            "runtime error: slice bounds out of range [:16] with capacity {capacity}"
        )));
    };
    let cipher = cbc::Decryptor::<Aes256>::new(&aes_key(str_arg(args, 0)).into(), &(*start).into());
    let plain = cipher
        .decrypt_padded_vec::<NoPadding>(rest)
        .map_err(|_| Failure::from("crypto/cipher: input not full blocks"))?;
    let Some(&padding) = plain.last() else {
        return Err(Failure::from("runtime error: index out of range [-1]"));
    };
    match plain.len().checked_sub(usize::from(padding)) {
        Some(length) => Ok(Value::str(&plain[..length])),
        None => Err(Failure::Message(format!(
            "runtime error: slice bounds out of range [:{}]",
            plain.len() as i64 - i64::from(padding)
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::function::{Env, find};

    fn text(name: &str, args: &[Value]) -> String {
        (find(name).unwrap().call)(&Env::new(), args).unwrap().as_string().unwrap().to_string()
    }

    #[test]
    fn password_hashes_verify() {
        let hash = text("bcrypt", &[Value::from("pä\0ss")]);
        assert!(hash.starts_with("$2a$10$") && hash.len() == 60);
        assert!(bcrypt::verify("pä\0ss", &hash).unwrap());
        assert!(text("htpasswd", &[Value::from("u"), Value::from("p")]).starts_with("u:$2a$10$"));
    }

    #[test]
    fn encryption_is_undone() {
        for plain in ["x", "0123456789abcdef", "longer than one block of sixteen"] {
            let key = Value::from("secret");
            let sealed = text("encryptAES", &[key.clone(), Value::from(plain)]);
            assert_eq!(text("decryptAES", &[key, Value::from(sealed)]), plain);
        }
    }
}
