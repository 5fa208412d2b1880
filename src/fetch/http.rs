use std::io::Read as _;
use std::time::Duration;

use reqwest::blocking::{Client as Inner, Response};
use reqwest::{Identity, Method, Url};

use super::{Access, Error, Log, Unanswered, trust};
use crate::chart::Warning;

/// The time a whole request may take, as in Helm.
const TIMEOUT: Duration = Duration::from_mins(2);

/// The most bytes that a file of a kind may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Values: 16 MiB.
    Values,
    /// The index of a repository: 512 MiB.
    Index,
    /// An archive of a chart: 100 MiB, which is what one may have unpacked.
    Archive,
    /// What registries answer besides archives: 4 MiB.
    Answer,
}

impl Limit {
    /// Returns the limit in bytes.
    #[must_use]
    pub fn bytes(self) -> u64 {
        const MIB: u64 = 1024 * 1024;
        match self {
            Limit::Values => 16 * MIB,
            Limit::Index => 512 * MIB,
            Limit::Archive => 100 * MIB,
            Limit::Answer => 4 * MIB,
        }
    }
}

/// A client of HTTP servers. Proxies are those of the environment.
///
/// It blocks, so that it must not be used on a thread of an asynchronous runtime.
#[derive(Clone, Debug)]
pub struct Client {
    inner: Inner,
}

impl Client {
    /// Makes a client.
    ///
    /// # Errors
    /// [`Error::Tls`] when certificates or keys cannot be used.
    pub fn new(access: &Access) -> Result<Self, Error> {
        Client::with_timeout(access, TIMEOUT)
    }

    /// Makes a client whose requests may take as long as `timeout`.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_timeout(access: &Access, timeout: Duration) -> Result<Self, Error> {
        let fail = |error: reqwest::Error| Error::Tls { reason: error.to_string() };
        let agent = concat!("rhumb/", env!("CARGO_PKG_VERSION"), " Helm/4.3.1");
        let mut builder = Inner::builder().user_agent(agent).timeout(timeout).referer(false);
        let (authorities, identity) = (access.authorities()?, access.identity()?);
        match authorities {
            Some(authorities) if !access.insecure_skip_tls_verify => {
                let config = trust::trusting(&authorities, identity)?;
                builder = builder.tls_backend_preconfigured(config);
            }
            authorities => {
                // Nothing is checked, but Helm wants to be able to read what it is given.
                if let Some(authorities) = authorities {
                    trust::trusting(&authorities, None)?;
                }
                if let Some(identity) = identity {
                    builder = builder.identity(Identity::from_pem(&identity.pem).map_err(fail)?);
                }
            }
        }
        if access.insecure_skip_tls_verify {
            builder = builder.tls_danger_accept_invalid_certs(true);
        }
        Ok(Client { inner: builder.build().map_err(fail)? })
    }

    /// Fetches a file with GET.
    ///
    /// `credentials` are user name and password for the server itself.
    ///
    /// # Errors
    /// [`Error::Status`] for any answer but 200, [`Error::Large`], [`Error::Unanswered`].
    pub fn get(
        &self,
        url: &str,
        credentials: Option<(&str, &str)>,
        limit: Limit,
        log: &mut Log,
    ) -> Result<Vec<u8>, Error> {
        let parsed = parse_url(url)?;
        log(&Warning::debug("fetching", vec![("url", url.to_owned())]));
        let mut request = self.inner.request(Method::GET, parsed.clone());
        if let Some((name, password)) = credentials {
            request = request.basic_auth(name, Some(password));
        }
        let unanswered = |error| unanswered("Get", &parsed, error);
        let response = request.send().map_err(unanswered)?;
        let status = status_text(&response);
        let mut details = vec![("url", url.to_owned()), ("status", status.clone())];
        let length = response.content_length().map_or_else(|| "-1".to_owned(), |n| n.to_string());
        details.push(("content-length", length));
        log(&Warning::debug("fetch complete", details));
        if response.status() != reqwest::StatusCode::OK {
            return Err(Error::Status { url: url.to_owned(), status });
        }
        read_body(response, url, limit)
    }

    /// Starts a request of another kind.
    pub(super) fn request(&self, method: Method, url: &Url) -> reqwest::blocking::RequestBuilder {
        self.inner.request(method, url.clone())
    }
}

pub(super) fn unanswered(method: &str, url: &Url, error: reqwest::Error) -> Error {
    let host = url.host_str().unwrap_or_default().to_owned();
    let port = url.port_or_known_default().unwrap_or(0);
    // After redirects it is the last address that did not answer.
    let last = error.url().unwrap_or(url).as_str().to_owned();
    let request = format!("{method} \"{last}\"");
    Error::Unanswered(Box::new(Unanswered { request, server: (host, port), error }))
}

/// Reads a body as far as `limit` goes.
pub(super) fn read_body(response: Response, url: &str, limit: Limit) -> Result<Vec<u8>, Error> {
    let limit = limit.bytes();
    let large = || Error::Large { url: url.to_owned(), limit };
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(large());
    }
    let mut body = Vec::new();
    response.take(limit + 1).read_to_end(&mut body).map_err(|error| Error::File {
        action: "read",
        path: url.to_owned(),
        reason: error.to_string(),
    })?;
    if body.len() as u64 > limit { Err(large()) } else { Ok(body) }
}

/// Returns code and reason as the server worded it.
pub(super) fn status_text(response: &Response) -> String {
    let status = response.status();
    match response.extensions().get::<hyper::ext::ReasonPhrase>() {
        Some(reason) => {
            format!("{} {}", status.as_u16(), String::from_utf8_lossy(reason.as_bytes()))
        }
        None => {
            format!("{} {}", status.as_u16(), status.canonical_reason().unwrap_or_default())
        }
    }
}

pub(super) fn parse_url(text: &str) -> Result<Url, Error> {
    Url::parse(text).map_err(|error| Error::Url { url: text.to_owned(), reason: error.to_string() })
}
