use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::sign::CertifiedKey;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, InconsistentKeys,
    RootCertStore, SignatureScheme,
};

use super::Error;

/// The certificate of a client with the others of its chain, and its key.
#[derive(Debug)]
pub(super) struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    /// Both as text.
    pub(super) pem: Vec<u8>,
}

impl Identity {
    /// Reads both from PEM, and checks that they belong together; what is wrong is told in Go's words.
    pub(super) fn parse(certificate: &[u8], key: &[u8]) -> Result<Self, String> {
        let nothing = |what: &str| format!("failed to find any PEM data in {what} input");
        let chain: Vec<_> =
            CertificateDer::pem_slice_iter(certificate).filter_map(Result::ok).collect();
        if chain.is_empty() {
            return Err(nothing("certificate"));
        }
        let mut pem = key.to_vec();
        pem.push(b'\n');
        pem.extend(certificate);
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| nothing("key"))?;
        let pair = CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider());
        pair.map_err(|error| match error {
            TlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                "private key does not match public key".to_owned()
            }
            error => error.to_string(),
        })?;
        Ok(Identity { chain, key, pem })
    }
}

fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

/// Makes a configuration that trusts the certificates of a PEM text, and none else.
pub(super) fn trusting(
    authorities: &[u8],
    identity: Option<Identity>,
) -> Result<ClientConfig, Error> {
    let fail = |reason: &dyn ToString| Error::Tls { reason: reason.to_string() };
    let trusted: Vec<_> =
        CertificateDer::pem_slice_iter(authorities).filter_map(Result::ok).collect();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(trusted.iter().cloned());
    if added == 0 {
        return Err(fail(&"failed to append certificates from pem block"));
    }
    let provider = Arc::new(provider());
    let inner = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| fail(&error))?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| fail(&error))?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { inner, trusted }));
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { chain, key, pem: _ }) => {
            builder.with_client_auth_cert(chain, key).map_err(|error| fail(&error))?
        }
    };
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// Checks certificates as usual, but takes a server's certificate that is itself among the trusted
/// ones even if it is one of an authority (`CA:TRUE`), as what `openssl req -x509` makes is. Go
/// does, and whoever holds its key could sign another one.
#[derive(Debug)]
struct Verifier {
    inner: Arc<WebPkiServerVerifier>,
    trusted: Vec<CertificateDer<'static>>,
}

/// Returns whether the only thing found wrong is that a server has the certificate of an authority.
/// That is looked at after the time it is good for.
pub(super) fn is_authority(error: &TlsError) -> bool {
    matches!(error, TlsError::InvalidCertificate(CertificateError::Other(other))
        if other.0.to_string() == "CaUsedAsEndEntity")
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let checked = self.inner.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        match checked {
            Err(error) if is_authority(&error) && self.trusted.contains(end_entity) => {
                verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
                Ok(ServerCertVerified::assertion())
            }
            checked => checked,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
