//! Private keys: made, read from PEM, written to PEM, and used to sign.

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, ECDSA_P521_SHA512_ASN1_SIGNING,
    EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

use super::der::{
    OBJECT_ID, OCTET_STRING, SEQUENCE, bit_string, element, expect, from_pem, group, next, to_pem,
};

const RSA_ENCRYPTION: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const SHA256_WITH_RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b";
const EC_PUBLIC_KEY: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
const ED25519: &[u8] = b"\x2b\x65\x70";
const NULL: &[u8] = b"\x05\x00";

/// A curve of the elliptic kind.
struct Curve {
    signing: &'static EcdsaSigningAlgorithm,
    id: &'static [u8],
    signature_id: &'static [u8],
}

static CURVES: [Curve; 3] = [
    Curve {
        signing: &ECDSA_P256_SHA256_ASN1_SIGNING,
        id: b"\x2a\x86\x48\xce\x3d\x03\x01\x07",
        signature_id: b"\x2a\x86\x48\xce\x3d\x04\x03\x02",
    },
    Curve {
        signing: &ECDSA_P384_SHA384_ASN1_SIGNING,
        id: b"\x2b\x81\x04\x00\x22",
        signature_id: b"\x2a\x86\x48\xce\x3d\x04\x03\x03",
    },
    Curve {
        signing: &ECDSA_P521_SHA512_ASN1_SIGNING,
        id: b"\x2b\x81\x04\x00\x23",
        signature_id: b"\x2a\x86\x48\xce\x3d\x04\x03\x04",
    },
];

/// A private key.
pub(super) enum Key {
    Rsa(Box<RsaKeyPair>),
    /// The number is the curve's place in [`CURVES`].
    Ecdsa(Box<EcdsaKeyPair>, usize),
    Ed25519(Box<Ed25519KeyPair>),
}

/// The random source or the key library failed.
fn unspecified<E>(_: E) -> String {
    "crypto: key operation failed".to_owned()
}

impl Key {
    /// Makes an RSA key.
    pub(super) fn rsa(size: KeySize) -> Result<Self, String> {
        Ok(Key::Rsa(Box::new(RsaKeyPair::generate(size).map_err(unspecified)?)))
    }

    /// Makes a key on the curve P-256.
    pub(super) fn ecdsa() -> Result<Self, String> {
        let pair = EcdsaKeyPair::generate(CURVES[0].signing).map_err(unspecified)?;
        Ok(Key::Ecdsa(Box::new(pair), 0))
    }

    /// Makes an Ed25519 key.
    pub(super) fn ed25519() -> Result<Self, String> {
        Ok(Key::Ed25519(Box::new(Ed25519KeyPair::generate().map_err(unspecified)?)))
    }

    /// Reads a key in PEM.
    ///
    /// # Errors
    /// The text of sprig's `parsePrivateKeyPEM`; what Go's ASN.1 reader adds is shortened.
    pub(super) fn from_pem(text: &str) -> Result<Self, String> {
        const MALFORMED: &str = "asn1: structure error: tags don't match";
        let (label, der) = from_pem(text).ok_or("no PEM data in input")?;
        match label {
            "PRIVATE KEY" => Key::from_pkcs8(&der)
                .ok_or_else(|| format!("decoding PEM as PKCS#8: {MALFORMED}")),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der)
                .map(|pair| Key::Rsa(Box::new(pair)))
                .map_err(|_| format!("parsing RSA private key from PEM: {MALFORMED}")),
            "EC PRIVATE KEY" => Key::from_curves(|signing| {
                EcdsaKeyPair::from_private_key_der(signing, &der).ok()
            })
            .ok_or_else(|| {
                format!(
                    "parsing EC private key from PEM: x509: failed to parse EC private key: {MALFORMED}"
                )
            }),
            "DSA PRIVATE KEY" => Err("DSA keys are not supported".to_owned()),
            _ => Err(format!("no private key data in PEM block of type {label}")),
        }
    }

    fn from_pkcs8(der: &[u8]) -> Option<Self> {
        if let Ok(pair) = RsaKeyPair::from_pkcs8(der) {
            return Some(Key::Rsa(Box::new(pair)));
        }
        Key::from_curves(|signing| EcdsaKeyPair::from_pkcs8(signing, der).ok()).or_else(|| {
            let pair = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).ok()?;
            Some(Key::Ed25519(Box::new(pair)))
        })
    }

    fn from_curves(
        read: impl Fn(&'static EcdsaSigningAlgorithm) -> Option<EcdsaKeyPair>,
    ) -> Option<Self> {
        CURVES
            .iter()
            .enumerate()
            .find_map(|(i, curve)| read(curve.signing).map(|pair| Key::Ecdsa(Box::new(pair), i)))
    }

    /// Writes the key in PEM, in the form Go gives each kind.
    pub(super) fn to_pem(&self) -> Result<String, String> {
        Ok(match self {
            Key::Rsa(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(unspecified)?;
                let inner = pkcs1(der.as_ref()).ok_or("crypto: malformed RSA key")?;
                to_pem("RSA PRIVATE KEY", inner)
            }
            Key::Ecdsa(pair, _) => {
                let der: EcPrivateKeyRfc5915Der<'_> =
                    pair.private_key().as_der().map_err(unspecified)?;
                to_pem("EC PRIVATE KEY", der.as_ref())
            }
            Key::Ed25519(pair) => {
                let der: Pkcs8V1Der<'_> = pair.as_der().map_err(unspecified)?;
                to_pem("PRIVATE KEY", der.as_ref())
            }
        })
    }

    /// Returns the public key as it stands in a certificate's bit string.
    pub(super) fn public_key(&self) -> &[u8] {
        match self {
            Key::Rsa(pair) => pair.public_key().as_ref(),
            Key::Ecdsa(pair, _) => pair.public_key().as_ref(),
            Key::Ed25519(pair) => pair.public_key().as_ref(),
        }
    }

    /// Returns the `SubjectPublicKeyInfo`.
    pub(super) fn public_key_info(&self) -> Vec<u8> {
        let algorithm = match self {
            Key::Rsa(_) => algorithm(RSA_ENCRYPTION, NULL),
            Key::Ecdsa(_, curve) => {
                algorithm(EC_PUBLIC_KEY, &element(OBJECT_ID, CURVES[*curve].id))
            }
            Key::Ed25519(_) => algorithm(ED25519, b""),
        };
        group(SEQUENCE, &[&algorithm, &bit_string(self.public_key())])
    }

    /// Returns the `AlgorithmIdentifier` of signatures by this key.
    pub(super) fn signature_algorithm(&self) -> Vec<u8> {
        match self {
            Key::Rsa(_) => algorithm(SHA256_WITH_RSA, NULL),
            Key::Ecdsa(_, curve) => algorithm(CURVES[*curve].signature_id, b""),
            Key::Ed25519(_) => algorithm(ED25519, b""),
        }
    }

    /// Signs `message`.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, String> {
        let random = SystemRandom::new();
        match self {
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(unspecified)?;
                Ok(signature)
            }
            Key::Ecdsa(pair, _) => {
                Ok(pair.sign(&random, message).map_err(unspecified)?.as_ref().to_vec())
            }
            Key::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

fn algorithm(id: &[u8], parameters: &[u8]) -> Vec<u8> {
    group(SEQUENCE, &[&element(OBJECT_ID, id), parameters])
}

/// Takes the `RSAPrivateKey` out of a PKCS#8 key.
fn pkcs1(mut der: &[u8]) -> Option<&[u8]> {
    let mut inner = expect(&mut der, SEQUENCE)?.content;
    next(&mut inner)?;
    next(&mut inner)?;
    Some(expect(&mut inner, OCTET_STRING)?.content)
}
