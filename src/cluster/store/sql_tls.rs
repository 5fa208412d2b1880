use std::error::Error;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

type AnyError = Box<dyn Error + Send + Sync>;

/// Connects to a database by a connection string, a URL or `key=value` pairs.
///
/// As in Go's library, `sslmode` is `require` unless it is given: TLS, with any certificate.
pub(super) async fn connect(connection: &str) -> Result<Client, AnyError> {
    let (text, mode) = take(connection, "sslmode");
    let (text, roots) = take(&text, "sslrootcert");
    let mut config: Config = text.parse()?;
    if config.get_hosts().is_empty() {
        config.host("localhost");
    }
    let mode = mode.unwrap_or_else(|| "require".to_owned());
    let tls = match mode.as_str() {
        "disable" => {
            config.ssl_mode(SslMode::Disable);
            let (client, connection) = config.connect(NoTls).await?;
            tokio::spawn(connection);
            return Ok(client);
        }
        "require" => unverified()?,
        "verify-ca" | "verify-full" => verified(roots.as_deref())?,
        other => {
            let expected = "disable, require, verify-ca or verify-full";
            return Err(format!("sslmode {other:?} is none of {expected}").into());
        }
    };
    config.ssl_mode(SslMode::Require);
    let (client, connection) = config.connect(MakeRustlsConnect::new(tls)).await?;
    tokio::spawn(connection);
    Ok(client)
}

/// Takes a parameter out of a connection string.
fn take(connection: &str, name: &str) -> (String, Option<String>) {
    let is_url = connection.starts_with("postgres://") || connection.starts_with("postgresql://");
    let (head, list, separator) = match connection.split_once('?') {
        Some((head, query)) if is_url => (format!("{head}?"), query, '&'),
        _ if is_url => return (connection.to_owned(), None),
        _ => (String::new(), connection, ' '),
    };
    let mut value = None;
    let rest: Vec<_> = list
        .split(separator)
        .filter(|pair| match pair.split_once('=') {
            Some((key, text)) if key == name => {
                value = Some(text.trim_matches('\'').to_owned());
                false
            }
            _ => true,
        })
        .collect();
    let rest = rest.join(&separator.to_string());
    (format!("{head}{rest}").trim_end_matches('?').to_owned(), value)
}

fn verified(roots: Option<&str>) -> Result<ClientConfig, AnyError> {
    let mut store = RootCertStore::empty();
    if let Some(path) = roots {
        for certificate in CertificateDer::pem_file_iter(path)? {
            store.add(certificate?)?;
        }
    } else {
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(store).with_no_client_auth())
}

fn unverified() -> Result<ClientConfig, AnyError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions()?.dangerous();
    let verifier = Arc::new(AnyCertificate(provider));
    Ok(builder.with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Takes every certificate, as `sslmode=require` asks for.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_taken_out() {
        for (connection, rest, mode) in [
            ("postgres://h/db?sslmode=disable", "postgres://h/db", Some("disable")),
            ("postgres://h/db?a=b&sslmode=require&c=d", "postgres://h/db?a=b&c=d", Some("require")),
            ("postgres://h/db", "postgres://h/db", None),
            ("host=h sslmode='verify-full' user=u", "host=h user=u", Some("verify-full")),
            ("host=h", "host=h", None),
        ] {
            assert_eq!(take(connection, "sslmode"), (rest.to_owned(), mode.map(str::to_owned)));
        }
    }
}
