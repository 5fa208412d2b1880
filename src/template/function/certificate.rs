//! X.509 certificates and private keys for charts that bring their own TLS.
//!
//! The certificates are written here, element by element, because charts are compared with what
//! Go's `crypto/x509` writes: order of the extensions, string types, key identifiers.

use std::any::Any;
use std::net::IpAddr;

use aws_lc_rs::rsa::KeySize;
use sha2::{Digest, Sha256};

use super::argument::{any_arg, int_arg, list_arg, str_arg};
use super::base::decode_base64;
use super::civil::Civil;
use super::der::{
    BIT_STRING, OBJECT_ID, OCTET_STRING, SEQUENCE, SET, bit_string, element, expect, from_pem,
    group, next, to_pem, unsigned,
};
use super::key::Key;
use super::random::random_bytes;
use super::{Env, Failure, Function, Param, Result};
use crate::value::{Kind, List, Object, Value, to_text};

/// A row with the given parameters.
macro_rules! row {
    ($name:literal, [$($param:ident),*], $call:expr) => {
        Function { name: $name, params: &[$(Param::$param),*], rest: None, call: $call }
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    row!("genPrivateKey", [Str], |_, args| gen_private_key(&str_arg(args, 0).to_str_lossy())),
    row!("genCA", [Str, Int], |env, args| {
        gen_ca(env, args, &env.keys.authority().map_err(Failure::Message)?)
    }),
    row!("genCAWithKey", [Str, Int, Str], |env, args| gen_ca(env, args, &given_key(args, 2)?)),
    row!("genSelfSignedCert", [Str, List, List, Int], |env, args| {
        gen_signed(env, args, 3, None, || new_key(env))
    }),
    row!("genSelfSignedCertWithKey", [Str, List, List, Int, Str], |env, args| {
        gen_signed(env, args, 3, None, || given_key(args, 4))
    }),
    row!("genSignedCert", [Str, List, List, Int, Certificate], |env, args| {
        gen_signed(env, args, 3, Some(any_arg(args, 4)), || new_key(env))
    }),
    row!("genSignedCertWithKey", [Str, List, List, Int, Certificate, Str], |env, args| {
        gen_signed(env, args, 3, Some(any_arg(args, 4)), || given_key(args, 5))
    }),
    row!("buildCustomCert", [Str, Str], |_, args| build_custom(args)),
];

/// A `sprig.certificate`: certificate and private key, both PEM.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    cert: String,
    key: String,
}

impl Object for Certificate {
    fn type_name(&self) -> &'static str {
        "sprig.certificate"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![("Cert", Value::from(self.cert.as_str())), ("Key", Value::from(self.key.as_str()))]
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// What a new certificate says.
struct Request<'a> {
    common_name: &'a [u8],
    addresses: Vec<IpAddr>,
    names: Vec<Vec<u8>>,
    days: i64,
    is_ca: bool,
}

/// Who signs: the subject as DER, the key identifier if there is one, and the key.
struct Issuer {
    subject: Vec<u8>,
    key_id: Option<Vec<u8>>,
    key: Key,
}

fn new_key(env: &Env) -> std::result::Result<Key, Failure> {
    env.keys.next().map_err(Failure::Message)
}

fn given_key(args: &[Value], index: usize) -> std::result::Result<Key, Failure> {
    Key::from_pem(&str_arg(args, index).to_str_lossy())
        .map_err(|e| Failure::Message(format!("parsing private key: {e}")))
}

fn gen_private_key(kind: &str) -> Result {
    let key = match kind {
        "" | "rsa" => Key::rsa(KeySize::Rsa4096),
        "ecdsa" => Key::ecdsa(),
        "ed25519" => Key::ed25519(),
        "dsa" => {
            return Err(Failure::from("DSA keys are not supported; use rsa, ecdsa or ed25519"));
        }
        // Sprig returns its error texts here as the result.
        _ => return Ok(Value::from(format!("Unknown type {kind}"))),
    };
    Ok(Value::from(key.and_then(|key| key.to_pem())?))
}

fn gen_ca(env: &Env, args: &[Value], key: &Key) -> Result {
    let request = Request {
        common_name: str_arg(args, 0).as_bytes(),
        addresses: Vec::new(),
        names: Vec::new(),
        days: int_arg(args, 1),
        is_ca: true,
    };
    issue(env, &request, key, None)
}

fn gen_signed(
    env: &Env,
    args: &[Value],
    days: usize,
    ca: Option<&Value>,
    key: impl Fn() -> std::result::Result<Key, Failure>,
) -> Result {
    let key = key()?;
    let issuer = ca.map(issuer_of).transpose()?;
    let request = Request {
        common_name: str_arg(args, 0).as_bytes(),
        addresses: addresses(list_arg(args, 1))?,
        names: names(list_arg(args, 2))?,
        days: int_arg(args, days),
        is_ca: false,
    };
    issue(env, &request, &key, issuer.as_ref())
}

fn addresses(list: &List) -> std::result::Result<Vec<IpAddr>, Failure> {
    let items = list.items();
    let read = |item: &Value| match item {
        Value::Str(text) => text
            .as_str()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| Failure::Message(format!("error parsing ip: {text}"))),
        other => {
            Err(Failure::Message(format!("error parsing ip: {} is not a string", to_text(other))))
        }
    };
    items.iter().map(read).collect()
}

fn names(list: &List) -> std::result::Result<Vec<Vec<u8>>, Failure> {
    let items = list.items();
    let read = |item: &Value| match item {
        Value::Str(text) => Ok(text.as_bytes().to_vec()),
        other => Err(Failure::Message(format!(
            "error processing alternate dns name: {} is not a string",
            to_text(other)
        ))),
    };
    items.iter().map(read).collect()
}

fn issuer_of(ca: &Value) -> std::result::Result<Issuer, Failure> {
    let ca = ca.downcast::<Certificate>().ok_or("unable to decode certificate")?;
    let (_, der) = from_pem(&ca.cert).ok_or("unable to decode certificate")?;
    let parsed = Parsed::read(&der)
        .ok_or("error parsing certificate: decodedSignerCert.Bytes: x509: malformed certificate")?;
    let key = Key::from_pem(&ca.key)
        .map_err(|e| Failure::Message(format!("error parsing private key: {e}")))?;
    if parsed.public_key != key.public_key() {
        return Err(Failure::from(
            "error creating certificate: x509: provided PrivateKey doesn't match parent's PublicKey",
        ));
    }
    Ok(Issuer { subject: parsed.subject.to_vec(), key_id: parsed.key_id.map(<[u8]>::to_vec), key })
}

fn build_custom(args: &[Value]) -> Result {
    let decode = |index: usize, what: &str| {
        decode_base64(str_arg(args, index).as_bytes())
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .map_err(|_| Failure::Message(format!("unable to decode base64 {what}")))
    };
    let cert = decode(0, "certificate")?;
    let key = decode(1, "private key")?;
    let (_, der) = from_pem(&cert).ok_or("unable to decode certificate")?;
    Parsed::read(&der)
        .ok_or("error parsing certificate: decodedCert.Bytes: x509: malformed certificate")?;
    Key::from_pem(&key).map_err(|e| Failure::Message(format!("error parsing private key: {e}")))?;
    Ok(Value::object(Certificate { cert, key }))
}

/// Writes and signs a certificate; without an issuer it signs itself.
fn issue(env: &Env, request: &Request<'_>, key: &Key, issuer: Option<&Issuer>) -> Result {
    const VERSION_3: &[u8] = b"\xa0\x03\x02\x01\x02";
    let subject = subject(request.common_name);
    let (issuer_name, authority, signer) = match issuer {
        Some(issuer) => (&issuer.subject, issuer.key_id.as_deref(), &issuer.key),
        None => (&subject, None, key),
    };
    // Go leaves the authority out when a certificate seems to have issued itself.
    let authority = authority.filter(|_| *issuer_name != subject);
    let algorithm = signer.signature_algorithm();
    let start = (env.now)().as_second();
    let length = request.days.wrapping_mul(86_400_000_000_000);
    let end = (i128::from(start) * 1_000_000_000 + i128::from(length)).div_euclid(1_000_000_000);
    let validity = group(SEQUENCE, &[&time(start), &time(end as i64)]);
    let extensions = extensions(request, key, authority, subject == EMPTY_NAME);
    let body = group(
        SEQUENCE,
        &[
            VERSION_3,
            &unsigned(&random_bytes(16)?),
            &algorithm,
            issuer_name,
            &validity,
            &subject,
            &key.public_key_info(),
            &element(0xa3, &extensions),
        ],
    );
    let signature = signer
        .sign(&body)
        .map_err(|e| Failure::Message(format!("error creating certificate: {e}")))?;
    let der = group(SEQUENCE, &[&body, &algorithm, &bit_string(&signature)]);
    Ok(Value::object(Certificate { cert: to_pem("CERTIFICATE", &der), key: key.to_pem()? }))
}

/// A name without any part.
const EMPTY_NAME: &[u8] = &[SEQUENCE, 0];
const COMMON_NAME: &[u8] = b"\x55\x04\x03";
const KEY_USAGE: &[u8] = b"\x55\x1d\x0f";
const EXTENDED_KEY_USAGE: &[u8] = b"\x55\x1d\x25";
const BASIC_CONSTRAINTS: &[u8] = b"\x55\x1d\x13";
const SUBJECT_KEY_ID: &[u8] = b"\x55\x1d\x0e";
const AUTHORITY_KEY_ID: &[u8] = b"\x55\x1d\x23";
const ALTERNATIVE_NAMES: &[u8] = b"\x55\x1d\x11";
const SERVER_AND_CLIENT: &[u8] =
    b"\x30\x14\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x01\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x02";

fn subject(common_name: &[u8]) -> Vec<u8> {
    const PRINTABLE_STRING: u8 = 0x13;
    const UTF8_STRING: u8 = 0x0c;
    if common_name.is_empty() {
        return EMPTY_NAME.to_vec();
    }
    let printable = |b: &u8| b.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(b);
    let tag = if common_name.iter().all(printable) { PRINTABLE_STRING } else { UTF8_STRING };
    let attribute =
        group(SEQUENCE, &[&element(OBJECT_ID, COMMON_NAME), &element(tag, common_name)]);
    element(SEQUENCE, &element(SET, &attribute))
}

fn time(unix: i64) -> Vec<u8> {
    const UTC_TIME: u8 = 0x17;
    const GENERALIZED_TIME: u8 = 0x18;
    let Civil { year, month, day, hour, minute, second, .. } = Civil::from_unix(unix, 0);
    let rest = format!("{month:02}{day:02}{hour:02}{minute:02}{second:02}Z");
    if (1950..2050).contains(&year) {
        element(UTC_TIME, format!("{:02}{rest}", year % 100).as_bytes())
    } else {
        element(GENERALIZED_TIME, format!("{year:04}{rest}").as_bytes())
    }
}

fn extensions(
    request: &Request<'_>,
    key: &Key,
    authority: Option<&[u8]>,
    without_subject: bool,
) -> Vec<u8> {
    const CRITICAL: &[u8] = b"\x01\x01\xff";
    let extension = |id: &[u8], critical: bool, value: &[u8]| {
        let critical = if critical { CRITICAL } else { b"" };
        group(SEQUENCE, &[&element(OBJECT_ID, id), critical, &element(OCTET_STRING, value)])
    };
    // Digital signature, key encipherment and, for an authority, certificate signing.
    let usage: &[u8] = if request.is_ca { b"\x02\xa4" } else { b"\x05\xa0" };
    let constraints: &[u8] = if request.is_ca { b"\x30\x03\x01\x01\xff" } else { EMPTY_NAME };
    let mut all = vec![
        extension(KEY_USAGE, true, &element(BIT_STRING, usage)),
        extension(EXTENDED_KEY_USAGE, false, SERVER_AND_CLIENT),
        extension(BASIC_CONSTRAINTS, true, constraints),
    ];
    if request.is_ca {
        let digest = Sha256::digest(key.public_key());
        all.push(extension(SUBJECT_KEY_ID, false, &element(OCTET_STRING, &digest[..20])));
    }
    if let Some(id) = authority {
        let value = element(SEQUENCE, &element(0x80, id));
        all.push(extension(AUTHORITY_KEY_ID, false, &value));
    }
    if !request.names.is_empty() || !request.addresses.is_empty() {
        let mut value: Vec<Vec<u8>> =
            request.names.iter().map(|name| element(0x82, name)).collect();
        for address in &request.addresses {
            value.push(match address.to_canonical() {
                IpAddr::V4(address) => element(0x87, &address.octets()),
                IpAddr::V6(address) => element(0x87, &address.octets()),
            });
        }
        let value = element(SEQUENCE, &value.concat());
        all.push(extension(ALTERNATIVE_NAMES, without_subject, &value));
    }
    element(SEQUENCE, &all.concat())
}

/// The parts of a certificate that its use as an issuer needs.
struct Parsed<'a> {
    subject: &'a [u8],
    public_key: &'a [u8],
    key_id: Option<&'a [u8]>,
}

impl<'a> Parsed<'a> {
    fn read(mut der: &'a [u8]) -> Option<Self> {
        let mut outer = expect(&mut der, SEQUENCE)?.content;
        let mut body = expect(&mut outer, SEQUENCE)?.content;
        expect(&mut body, 0xa0);
        // Serial number, algorithm, issuer, validity.
        for _ in 0..4 {
            next(&mut body)?;
        }
        let subject = expect(&mut body, SEQUENCE)?.whole;
        let mut info = expect(&mut body, SEQUENCE)?.content;
        next(&mut info)?;
        let public_key = expect(&mut info, BIT_STRING)?.content.get(1..)?;
        let mut key_id = None;
        while let Some(element) = next(&mut body) {
            if element.tag == 0xa3 {
                key_id = find_key_id(element.content);
            }
        }
        Some(Parsed { subject, public_key, key_id })
    }
}

fn find_key_id(mut extensions: &[u8]) -> Option<&[u8]> {
    let mut all = expect(&mut extensions, SEQUENCE)?.content;
    while let Some(mut extension) = expect(&mut all, SEQUENCE).map(|e| e.content) {
        let id = expect(&mut extension, OBJECT_ID)?.content;
        if id == SUBJECT_KEY_ID {
            let mut last = None;
            while let Some(element) = next(&mut extension) {
                last = Some(element.content);
            }
            return expect(&mut last?, OCTET_STRING).map(|id| id.content);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};

    use super::*;
    use crate::template::function::find;

    fn call(name: &str, args: &[Value]) -> Certificate {
        let env = Env { now: || jiff::Timestamp::UNIX_EPOCH, ..Env::new() };
        let value = (find(name).unwrap().call)(&env, args).unwrap();
        value.downcast::<Certificate>().unwrap().clone()
    }

    /// Splits a certificate into the signed part and the signature.
    fn signed(pem: &str) -> (Vec<u8>, Vec<u8>) {
        let (_, der) = from_pem(pem).unwrap();
        let mut rest = der.as_slice();
        let mut outer = expect(&mut rest, SEQUENCE).unwrap().content;
        let body = next(&mut outer).unwrap().whole.to_vec();
        next(&mut outer).unwrap();
        (body, expect(&mut outer, BIT_STRING).unwrap().content[1..].to_vec())
    }

    #[test]
    fn signs_with_the_authority() {
        let ca = call("genCA", &[Value::from("ca"), Value::Int(10)]);
        let args = [
            Value::from("leaf"),
            Value::List(List::new(vec![Value::from("10.0.0.1"), Value::from("::1")])),
            Value::List(List::new(vec![Value::from("a.b")])),
            Value::Int(1),
            Value::object(ca.clone()),
        ];
        let leaf = call("genSignedCert", &args);
        assert!(leaf.key.starts_with("-----BEGIN RSA PRIVATE KEY-----\n"));
        let (_, ca_der) = from_pem(&ca.cert).unwrap();
        let authority = Parsed::read(&ca_der).unwrap();
        let (body, signature) = signed(&leaf.cert);
        UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, authority.public_key)
            .verify(&body, &signature)
            .unwrap();
        let contains = |part: &[u8]| body.windows(part.len()).any(|window| window == part);
        assert!(contains(b"\x17\x0d700101000000Z\x17\x0d700102000000Z"));
        assert!(contains(authority.key_id.unwrap()));
        assert!(contains(b"\x82\x03a.b\x87\x04\x0a\x00\x00\x01\x87\x10"));
    }

    #[test]
    fn keeps_a_given_key() {
        for kind in ["ecdsa", "ed25519"] {
            let Value::Str(key) = gen_private_key(kind).unwrap() else { panic!("no text") };
            let args = [Value::from("x"), Value::Int(1), Value::Str(key.clone())];
            assert_eq!(call("genCAWithKey", &args).key.as_bytes(), key.as_bytes());
        }
    }
}
