use std::error::Error as StdError;
use std::fmt;
use std::net::ToSocketAddrs as _;

use super::NoVersion;

/// Why something could not be fetched.
///
/// `Display` gives the text Helm 4.3.1 prints after `Error: `.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A path that does not exist.
    #[error("path {path:?} not found")]
    NoPath {
        /// The path.
        path: String,
    },
    /// A name that is neither a path nor one in a repository.
    #[error("non-absolute URLs should be in form of repo_name/path_to_chart, got: {reference}")]
    NoForm {
        /// The reference.
        reference: String,
    },
    /// A URL of a kind that is not understood.
    #[error("scheme {scheme:?} not supported")]
    Scheme {
        /// What stands before `://`.
        scheme: String,
    },
    /// A repository that is no URL at all.
    #[error("could not find protocol handler for: {scheme}")]
    Handler {
        /// What stands before `://`, if anything.
        scheme: String,
    },
    /// A URL that is none.
    #[error("parse {url:?}: {reason}")]
    Url {
        /// The text.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Certificates or keys cannot be used.
    #[error("missing registry client: can't create TLS config for client: {reason}")]
    Tls {
        /// Why.
        reason: String,
    },
    /// A server did not answer.
    #[error(transparent)]
    Unanswered(Box<Unanswered>),
    /// A server answered that it does not give the file.
    #[error("failed to fetch {url} : {status}")]
    Status {
        /// What was asked for.
        url: String,
        /// Code and reason, such as `404 Not Found`.
        status: String,
    },
    /// A file is larger than anything of its kind has to be.
    #[error("{url} is larger than {limit} bytes")]
    Large {
        /// What was asked for.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// A file has not the digest that its index says it has.
    #[error("{url} has the SHA-256 {found}, but its index says {wanted}")]
    Digest {
        /// Where the file came from.
        url: String,
        /// What the index says.
        wanted: String,
        /// What the file has.
        found: String,
    },
    /// A chart has no provenance file.
    #[error("failed to fetch provenance {url:?}")]
    Provenance {
        /// Where it should be.
        url: String,
    },
    /// A repository that was never added.
    #[error("repo {name} not found")]
    NoRepository {
        /// Its name.
        name: String,
    },
    /// An index was never fetched.
    #[error("no cached repo found. (try 'helm repo update'): {reason}")]
    NoCachedIndex {
        /// Why it cannot be read.
        reason: String,
    },
    /// The index of a repository that a dependency names was never fetched.
    #[error("no cached repository for {name} found. (try 'helm repo update'): {reason}")]
    NoCachedRepository {
        /// The name of the repository.
        name: String,
        /// Why its index cannot be read.
        reason: String,
    },
    /// An index does not have the chart.
    #[error(
        "chart {chart:?} matching {version} not found in {repository} index. (try 'helm repo update'): {reason}"
    )]
    NotInIndex {
        /// The chart.
        chart: String,
        /// The version asked for.
        version: String,
        /// The repository.
        repository: String,
        /// Why.
        reason: NoVersion,
    },
    /// The repository at a URL does not have the chart.
    #[error("chart {chart:?}{} not found in {url} repository", version_text(.version))]
    NotInRepository {
        /// The chart.
        chart: String,
        /// The version asked for.
        version: String,
        /// The repository.
        url: String,
    },
    /// An index names no file for a chart.
    #[error("chart {chart:?} has no downloadable URLs")]
    NoUrls {
        /// The chart.
        chart: String,
    },
    /// There is no index at a URL.
    #[error("looks like {url:?} is not a valid chart repository or cannot be reached: {source}")]
    NoIndex {
        /// The repository.
        url: String,
        /// Why.
        source: Box<Error>,
    },
    /// An index is no index.
    #[error("{reason}")]
    Index {
        /// What is wrong with it.
        reason: String,
    },
    /// The list of repositories cannot be read.
    #[error("couldn't load repositories file ({path}): {reason}")]
    Repositories {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that rhumb keeps cannot be read or written.
    #[error("{action} {path}: {reason}")]
    File {
        /// `open`, `mkdir`, …
        action: &'static str,
        /// The file.
        path: String,
        /// What the system says.
        reason: String,
    },
    /// A registry refused.
    #[error("{reason}")]
    Registry {
        /// What it said, in Helm's words.
        reason: String,
    },
}

impl Error {
    pub(super) fn registry(reason: impl Into<String>) -> Self {
        Error::Registry { reason: reason.into() }
    }

    pub(super) fn file(
        action: &'static str,
        path: &std::path::Path,
        error: &std::io::Error,
    ) -> Self {
        let reason = crate::chart::io_text(error);
        Error::File { action, path: path.display().to_string(), reason }
    }
}

fn version_text(version: &str) -> String {
    if version.is_empty() { String::new() } else { format!(" version {version:?}") }
}

/// A request that got no answer.
#[derive(Debug)]
pub struct Unanswered {
    /// What was asked for, as Go names it: `Get "https://charts.example.com/index.yaml"`.
    pub request: String,
    /// Host and port of the server.
    pub server: (String, u16),
    /// Why.
    pub error: reqwest::Error,
}

impl fmt::Display for Unanswered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.request, self.reason())
    }
}

impl StdError for Unanswered {}

impl Unanswered {
    /// Returns why there was no answer, as Go words it where the reason is a common one.
    fn reason(&self) -> String {
        let (host, port) = &self.server;
        let error: &(dyn StdError + 'static) = &self.error;
        if self.error.is_timeout() {
            return "context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
                .to_owned();
        }
        if self.error.is_redirect() {
            return "stopped after 10 redirects".to_owned();
        }
        let mut source = Some(error);
        while let Some(error) = source {
            if let Some(tls) = tls_error(error) {
                return tls_text(tls, host);
            }
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && let Some(code) = io.raw_os_error()
            {
                let text = crate::chart::io_text(io);
                let is_connecting = self.error.is_connect() && code > 0;
                return if is_connecting {
                    format!("dial tcp {}: connect: {text}", address(host, *port))
                } else {
                    text
                };
            }
            if error.to_string() == "dns error" {
                return format!("dial tcp: lookup {host}{}: no such host", name_server());
            }
            source = error.source();
        }
        chain(error)
    }
}

fn tls_error<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a rustls::Error> {
    if let Some(tls) = error.downcast_ref::<rustls::Error>() {
        return Some(tls);
    }
    let io = error.downcast_ref::<std::io::Error>()?;
    tls_error(io.get_ref()?)
}

fn tls_text(error: &rustls::Error, host: &str) -> String {
    use rustls::{CertificateError, Error as Tls};
    let certificate = |text: &str| format!("tls: failed to verify certificate: x509: {text}");
    match error {
        Tls::InvalidMessage(_) => "http: server gave HTTP response to HTTPS client".to_owned(),
        Tls::InvalidCertificate(CertificateError::UnknownIssuer) => {
            certificate("certificate signed by unknown authority")
        }
        // Nobody has vouched for it, or it would have been taken.
        error if super::trust::is_authority(error) => {
            certificate("certificate signed by unknown authority")
        }
        Tls::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => certificate("certificate has expired or is not yet valid"),
        Tls::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }) => {
            certificate(&other_names(host, presented))
        }
        Tls::AlertReceived(alert) => {
            format!("remote error: tls: {}", words(&format!("{alert:?}")))
        }
        other => format!("tls: {other}"),
    }
}

/// Tells in Go's words that a certificate is for other names than the host's. rustls writes names as
/// `DnsName("example.org")` and `IpAddress(127.0.0.1)`.
fn other_names(host: &str, presented: &[String]) -> String {
    let bare = host.trim_matches(['[', ']']);
    let is_address = bare.parse::<std::net::IpAddr>().is_ok();
    let kind = if is_address { "IpAddress(" } else { "DnsName(" };
    let names: Vec<&str> = presented
        .iter()
        .filter_map(|name| name.strip_prefix(kind)?.strip_suffix(')'))
        .map(|name| name.trim_matches('"'))
        .collect();
    match (names.is_empty(), is_address) {
        (true, true) => {
            format!("cannot validate certificate for {bare} because it doesn't contain any IP SANs")
        }
        (true, false) => {
            format!("certificate is not valid for any names, but wanted to match {bare}")
        }
        (false, _) => format!("certificate is valid for {}, not {bare}", names.join(", ")),
    }
}

/// `HandshakeFailure` to `handshake failure`.
fn words(name: &str) -> String {
    let mut text = String::new();
    for character in name.chars() {
        if character.is_uppercase() && !text.is_empty() {
            text.push(' ');
        }
        text.extend(character.to_lowercase());
    }
    text
}

/// Returns the address that was tried: the first one of the host.
fn address(host: &str, port: u16) -> String {
    let bare = host.trim_matches(['[', ']']);
    match (bare, port).to_socket_addrs().ok().and_then(|mut found| found.next()) {
        Some(address) => address.to_string(),
        None => format!("{host}:{port}"),
    }
}

/// Returns ` on 10.0.0.1:53`, the server that Go names.
fn name_server() -> String {
    let config = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    let mut words = config.lines().filter_map(|line| line.trim().strip_prefix("nameserver"));
    words.next().map_or_else(String::new, |server| format!(" on {}:53", server.trim()))
}

/// Returns the causes of an error, innermost last, without those that repeat the one before.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    let mut source = error.source();
    while let Some(error) = source {
        let text = error.to_string();
        if texts.last().is_none_or(|last| !last.contains(&text)) {
            texts.push(text);
        }
        source = error.source();
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_certificates_are_told_as_go_tells_them() {
        let dns = r#"DnsName("a.example")"#.to_owned();
        let address = "IpAddress(192.0.2.1)".to_owned();
        for (host, presented, expected) in [
            ("b.example", vec![dns.clone()], "certificate is valid for a.example, not b.example"),
            (
                "[::1]",
                vec![dns],
                "cannot validate certificate for ::1 because it doesn't contain any IP SANs",
            ),
            (
                "b.example",
                vec![address],
                "certificate is not valid for any names, but wanted to match b.example",
            ),
        ] {
            assert_eq!(other_names(host, &presented), expected);
        }
    }
}
