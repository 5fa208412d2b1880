use std::cmp::Reverse;
use std::fmt;
use std::path::PathBuf;

use reqwest::blocking::Response;
use reqwest::header::{ACCEPT, AUTHORIZATION, WWW_AUTHENTICATE};
use reqwest::{Method, StatusCode, Url};
use serde_json::Value as Json;

use super::cache::sha256;
use super::http::{parse_url, read_body, unanswered};
use super::token::{self, Challenge, Credentials};
use super::{Access, Client, Error, Limit};
use crate::version::{Constraint, Version};

const MANIFESTS: &str = "application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.artifact.manifest.v1+json";
const PROVENANCE: &str = "application/vnd.cncf.helm.chart.provenance.v1.prov";
const CHART: [&str; 2] =
    ["application/vnd.cncf.helm.chart.content.v1.tar+gzip", "application/tar+gzip"];

/// A place in a registry: `host/path[:tag][@digest]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Host and port.
    pub host: String,
    /// The repository, such as `charts/web`.
    pub repository: String,
    /// The tag, empty without one. A version's `+` is `_` here.
    pub tag: String,
    /// `sha256:…`, empty without one.
    pub digest: String,
}

impl Reference {
    /// Reads a reference, with or without `oci://`.
    ///
    /// # Errors
    /// [`Error::Registry`] with Helm's text.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let text = text.strip_prefix("oci://").unwrap_or(text);
        let invalid = |reason: String| Error::registry(format!("invalid reference: {reason}"));
        let Some((host, rest)) = text.split_once('/') else {
            return Err(invalid("missing registry or repository".to_owned()));
        };
        let (rest, digest) = rest.split_once('@').unwrap_or((rest, ""));
        let (repository, tag) = rest.rsplit_once(':').unwrap_or((rest, ""));
        let is_part = |part: &str| {
            let inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b);
            let edge =
                |b: Option<&u8>| b.is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
            let bytes = part.as_bytes();
            edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(|b| inner(*b))
        };
        if host.is_empty() || parse_url(&format!("https://{host}/")).is_err() {
            return Err(invalid(format!("invalid registry {host:?}")));
        }
        if !repository.split('/').all(is_part) {
            return Err(invalid(format!("invalid repository {repository:?}")));
        }
        let is_tag = |tag: &str| {
            tag.len() <= 128
                && !tag.starts_with(['.', '-'])
                && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        if !is_tag(tag) {
            return Err(invalid(format!("invalid tag {tag:?}")));
        }
        let is_digest = digest.strip_prefix("sha256:").is_some_and(|hex| {
            hex.len() == 64 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        });
        if !digest.is_empty() && !is_digest {
            return Err(invalid(format!(
                "invalid digest {digest:?}: invalid checksum digest format"
            )));
        }
        Ok(Reference {
            host: host.to_owned(),
            repository: repository.to_owned(),
            tag: tag.to_owned(),
            digest: digest.to_owned(),
        })
    }

    /// What the registry is asked for: the digest, or else the tag.
    fn target(&self) -> &str {
        if self.digest.is_empty() { &self.tag } else { &self.digest }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.host, self.repository)?;
        match (self.digest.is_empty(), self.tag.is_empty()) {
            (false, _) => write!(f, "@{}", self.digest),
            (true, false) => write!(f, ":{}", self.tag),
            (true, true) => Ok(()),
        }
    }
}

/// A chart that came from a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pulled {
    /// Where it came from, with tag or digest.
    pub reference: Reference,
    /// The digest of its manifest, `sha256:…`.
    pub digest: String,
    /// The archive.
    pub archive: Vec<u8>,
}

impl Pulled {
    /// Returns the name that a file of the archive gets: the last part of the repository, and the
    /// version.
    #[must_use]
    pub fn file_name(&self) -> String {
        let Reference { repository, tag, .. } = &self.reference;
        let name = repository.rsplit('/').next().unwrap_or_default();
        format!("{name}-{}.tgz", tag.replace('_', "+"))
    }

    /// Returns the lines that Helm prints after a pull, without a line feed at the end.
    #[must_use]
    pub fn summary(&self) -> String {
        let Pulled { reference, digest, archive: _ } = self;
        let mut text = format!("Pulled: {reference}\nDigest: {digest}");
        if reference.digest.is_empty() && reference.tag.contains('_') {
            text.extend(["\n", &reference.to_string(), " contains an underscore.\n", UNDERSCORE]);
        }
        text
    }
}

const UNDERSCORE: &str = "
OCI artifact references (e.g. tags) do not support the plus sign (+). To support
storing semantic versions, Helm adopts the convention of changing plus (+) to
an underscore (_) in chart version tags when pushing to a registry and back to
a plus (+) when pulling from a registry.";

/// A client of registries.
#[derive(Debug)]
pub struct Registry {
    client: Client,
    access: Access,
    credential_files: Vec<PathBuf>,
}

impl Registry {
    /// Makes a client. `credential_files` are files of Docker's format with the logins, in the
    /// order in which they are asked.
    ///
    /// # Errors
    /// [`Error::Tls`]
    pub fn new(access: &Access, credential_files: Vec<PathBuf>) -> Result<Self, Error> {
        let client = Client::new(access)?;
        Ok(Registry { client, access: access.clone(), credential_files })
    }

    /// Picks the version that a constraint asks for: a version is taken as it is, otherwise it is
    /// the newest tag that fits.
    ///
    /// # Errors
    /// [`Error::Registry`] when no tag fits, and others when the registry does not answer.
    pub fn resolve(&self, reference: &Reference, version: &str) -> Result<Reference, Error> {
        let mut reference = reference.clone();
        if !reference.tag.is_empty() && !version.is_empty() && reference.tag != version {
            return Err(Error::registry(format!(
                "chart reference and version mismatch: {version} is not {}",
                reference.tag
            )));
        }
        let wanted = if version.is_empty() { reference.tag.clone() } else { version.to_owned() };
        if !reference.digest.is_empty() {
            return self.check_tag(reference);
        }
        if !wanted.is_empty() && Version::parse(&wanted).is_ok() {
            reference.tag = wanted.replace('+', "_");
            return Ok(reference);
        }
        let tags = self.tags(&reference)?;
        let constraint = Constraint::parse(if wanted.is_empty() { "*" } else { &wanted })
            .map_err(|error| Error::registry(error.to_string()))?;
        let mut versions: Vec<_> = tags
            .iter()
            .filter_map(|tag| Version::parse_strict(&tag.replace('_', "+")).ok())
            .collect();
        versions.sort_by_key(|version| Reverse(version.clone()));
        match versions.iter().find(|version| constraint.matches(version)) {
            Some(version) => {
                reference.tag = version.original().replace('+', "_");
                Ok(reference)
            }
            None if versions.is_empty() => Err(Error::registry(
                "unable to locate any tags in provided repository: ".to_owned()
                    + &reference.to_string(),
            )),
            None => Err(Error::registry(format!(
                "could not locate a version matching provided version string {wanted}"
            ))),
        }
    }

    /// Checks that a tag stands for the digest beside it.
    fn check_tag(&self, mut reference: Reference) -> Result<Reference, Error> {
        if !reference.tag.is_empty() {
            let tagged = Reference { digest: String::new(), ..reference.clone() };
            let (found, _) = self.manifest(&tagged)?;
            if found != reference.digest {
                let wanted = &reference.digest;
                let text = format!("chart reference digest mismatch: {found} is not {wanted}");
                return Err(Error::registry(text));
            }
            reference.tag.clear();
        }
        Ok(reference)
    }

    /// Lists the tags of a repository, page by page.
    ///
    /// # Errors
    /// [`Error::Registry`] or [`Error::Unanswered`].
    pub fn tags(&self, reference: &Reference) -> Result<Vec<String>, Error> {
        let mut url = self.url(reference, "tags/list")?;
        let mut tags = Vec::new();
        loop {
            let response = self.get(reference, &url, None)?;
            let next =
                response.headers().get("link").and_then(|link| next_page(link.to_str().ok()?));
            let body = checked(response, &url)?;
            let answer: Json =
                serde_json::from_slice(&read_body(body, url.as_str(), Limit::Answer)?)
                    .map_err(|error| Error::registry(format!("{url}: {error}")))?;
            let page = answer["tags"].as_array().map(Vec::as_slice).unwrap_or_default();
            tags.extend(page.iter().filter_map(|tag| tag.as_str().map(str::to_owned)));
            match next.and_then(|next| url.join(&next).ok()) {
                Some(next) if next.host_str() == url.host_str() && next != url => url = next,
                _ => return Ok(tags),
            }
        }
    }

    /// Pulls the chart a reference with tag or digest stands for. What comes is checked against
    /// the digests of the manifest.
    ///
    /// # Errors
    /// [`Error::Registry`] or [`Error::Unanswered`].
    pub fn pull(&self, reference: &Reference) -> Result<Pulled, Error> {
        let (digest, manifest) = self.manifest(reference)?;
        let layers = manifest["layers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let layer = CHART
            .iter()
            .find_map(|kind| layers.iter().find(|layer| layer["mediaType"] == *kind))
            .and_then(|layer| layer["digest"].as_str())
            .ok_or_else(|| {
                Error::registry(format!(
                    "manifest does not contain a layer with mediatype {}",
                    CHART[0]
                ))
            })?;
        let url = self.url(reference, &format!("blobs/{layer}"))?;
        let response = checked(self.get(reference, &url, None)?, &url)?;
        let archive = read_body(response, url.as_str(), Limit::Archive)?;
        let found = format!("sha256:{}", sha256(&archive));
        if found != layer {
            return Err(Error::Digest { url: url.into(), wanted: layer.to_owned(), found });
        }
        Ok(Pulled { reference: reference.clone(), digest, archive })
    }

    /// Fetches the provenance file of the chart a reference stands for.
    ///
    /// # Errors
    /// [`Error::Provenance`] when the chart has none, and those of [`Registry::pull`].
    pub fn provenance(&self, reference: &Reference) -> Result<Vec<u8>, Error> {
        let (_, manifest) = self.manifest(reference)?;
        let layers = manifest["layers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let layer = layers
            .iter()
            .find(|layer| layer["mediaType"] == PROVENANCE)
            .and_then(|layer| layer["digest"].as_str())
            .ok_or_else(|| {
                // Told with the version, not the tag.
                let told = Reference { tag: reference.tag.replace('_', "+"), ..reference.clone() };
                Error::Provenance { url: format!("oci://{told}.prov") }
            })?;
        let url = self.url(reference, &format!("blobs/{layer}"))?;
        let response = checked(self.get(reference, &url, None)?, &url)?;
        let text = read_body(response, url.as_str(), Limit::Answer)?;
        let found = format!("sha256:{}", sha256(&text));
        if found == layer {
            Ok(text)
        } else {
            Err(Error::Digest { url: url.into(), wanted: layer.to_owned(), found })
        }
    }

    /// Fetches a manifest and its digest.
    fn manifest(&self, reference: &Reference) -> Result<(String, Json), Error> {
        let url = self.url(reference, &format!("manifests/{}", reference.target()))?;
        let on_source = |reason: String| {
            Error::registry(format!("failed to perform \"FetchReference\" on source: {reason}"))
        };
        let response = self.get(reference, &url, Some(MANIFESTS));
        let response = response.map_err(|error| on_source(error.to_string()))?;
        if response.status() == StatusCode::NOT_FOUND {
            return Err(on_source(format!("{reference}: not found")));
        }
        let response = checked(response, &url).map_err(|error| on_source(error.to_string()))?;
        let body = read_body(response, url.as_str(), Limit::Answer)?;
        let digest = format!("sha256:{}", sha256(&body));
        if !reference.digest.is_empty() && reference.digest != digest {
            let wanted = reference.digest.clone();
            return Err(Error::Digest { url: url.into(), wanted, found: digest });
        }
        let manifest = serde_json::from_slice(&body)
            .map_err(|error| on_source(format!("{reference}: {error}")))?;
        Ok((digest, manifest))
    }

    fn url(&self, reference: &Reference, rest: &str) -> Result<Url, Error> {
        let scheme = if self.access.plain_http { "http" } else { "https" };
        parse_url(&format!("{scheme}://{}/v2/{}/{rest}", reference.host, reference.repository))
    }

    fn credentials(&self, host: &str) -> Option<Credentials> {
        match self.access.credentials() {
            Some((name, password)) => {
                Some(Credentials { name: name.to_owned(), password: password.to_owned() })
            }
            None => token::find(host, &self.credential_files),
        }
    }

    /// Sends GET, once more with credentials when the registry asks for them.
    fn get(
        &self,
        reference: &Reference,
        url: &Url,
        accept: Option<&str>,
    ) -> Result<Response, Error> {
        let send = |authorization: Option<&str>| {
            let mut request = self.client.request(Method::GET, url);
            if let Some(accept) = accept {
                request = request.header(ACCEPT, accept);
            }
            if let Some(authorization) = authorization {
                request = request.header(AUTHORIZATION, authorization);
            }
            request.send().map_err(|error| unanswered("Get", url, error))
        };
        let response = send(None)?;
        if response.status() != StatusCode::UNAUTHORIZED {
            return Ok(response);
        }
        let header = response.headers().get(WWW_AUTHENTICATE).and_then(|value| value.to_str().ok());
        let credentials = self.credentials(&reference.host);
        match header.and_then(Challenge::parse) {
            None => Ok(response),
            Some(Challenge::Basic) => {
                let Some(credentials) = credentials else {
                    return Err(Error::registry(format!(
                        "GET \"{url}\": basic credential not found"
                    )));
                };
                send(Some(&basic(&credentials)))
            }
            Some(Challenge::Bearer { realm, service, scope }) => {
                let scope = if scope.is_empty() {
                    format!("repository:{}:pull", reference.repository)
                } else {
                    scope
                };
                let token = self.token(&realm, &service, &scope, credentials.as_ref(), url)?;
                send(Some(&format!("Bearer {token}")))
            }
        }
    }

    fn token(
        &self,
        realm: &str,
        service: &str,
        scope: &str,
        credentials: Option<&Credentials>,
        asked: &Url,
    ) -> Result<String, Error> {
        let mut url = parse_url(realm)?;
        let is_token = credentials.is_some_and(|credentials| credentials.name.is_empty());
        let request = if let (true, Some(credentials)) = (is_token, credentials) {
            let mut form = Url::parse("http://form/").map_err(|_| Error::registry("form"))?;
            form.query_pairs_mut()
                .append_pair("grant_type", "refresh_token")
                .append_pair("service", service)
                .append_pair("client_id", "rhumb")
                .append_pair("scope", scope)
                .append_pair("refresh_token", &credentials.password);
            self.client
                .request(Method::POST, &url)
                .header("content-type", "application/x-www-form-urlencoded")
                .body(form.query().unwrap_or_default().to_owned())
        } else {
            url.query_pairs_mut().append_pair("scope", scope);
            if !service.is_empty() {
                url.query_pairs_mut().append_pair("service", service);
            }
            let request = self.client.request(Method::GET, &url);
            match credentials {
                Some(credentials) => request.header(AUTHORIZATION, basic(credentials)),
                None => request,
            }
        };
        let response = request.send().map_err(|error| unanswered("Get", &url, error))?;
        let fail = |reason: String| Error::registry(format!("GET \"{asked}\": {reason}"));
        let response = checked(response, &url).map_err(|error| {
            if credentials.is_some() {
                let text = format!("GET \"{asked}\": failed to fetch oauth token: {error}");
                Error::registry(text)
            } else {
                fail(error.to_string())
            }
        })?;
        let body = read_body(response, url.as_str(), Limit::Answer)?;
        let answer: Json =
            serde_json::from_slice(&body).map_err(|error| fail(error.to_string()))?;
        let token = answer["token"].as_str().or_else(|| answer["access_token"].as_str());
        token.map(str::to_owned).ok_or_else(|| fail("empty token returned".to_owned()))
    }
}

fn basic(credentials: &Credentials) -> String {
    use base64::Engine as _;
    let text = format!("{}:{}", credentials.name, credentials.password);
    format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(text))
}

/// Returns the address of `rel="next"`.
fn next_page(link: &str) -> Option<String> {
    let (address, parameters) = link.strip_prefix('<')?.split_once('>')?;
    parameters.contains("rel=\"next\"").then(|| address.to_owned())
}

/// Words an answer other than 200 as Helm does.
fn checked(response: Response, url: &Url) -> Result<Response, Error> {
    let status = response.status();
    if status == StatusCode::OK {
        return Ok(response);
    }
    let method = "GET";
    let body = read_body(response, url.as_str(), Limit::Answer).unwrap_or_default();
    let said: Json = serde_json::from_slice(&body).unwrap_or_default();
    let errors = said["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let texts: Vec<String> = errors.iter().map(said_text).collect();
    let text = if texts.is_empty() {
        status.canonical_reason().unwrap_or_default().to_owned()
    } else {
        texts.join("; ")
    };
    Err(Error::registry(format!(
        "{method} \"{url}\": response status code {}: {text}",
        status.as_u16()
    )))
}

fn said_text(error: &Json) -> String {
    let code = error["code"].as_str().unwrap_or_default().to_lowercase().replace('_', " ");
    let mut text = code;
    if let Some(message) = error["message"].as_str().filter(|message| !message.is_empty()) {
        text = format!("{text}: {message}");
    }
    if !error["detail"].is_null() {
        text = format!("{text}: {}", go_text(&error["detail"]));
    }
    text
}

/// Prints JSON as Go's `%v` prints what it decodes to.
fn go_text(json: &Json) -> String {
    match json {
        Json::Null => "<nil>".to_owned(),
        Json::String(text) => text.clone(),
        Json::Array(items) => {
            format!("[{}]", items.iter().map(go_text).collect::<Vec<_>>().join(" "))
        }
        Json::Object(fields) => {
            let mut pairs: Vec<_> = fields.iter().collect();
            pairs.sort_by_key(|(key, _)| key.as_str());
            let pairs: Vec<_> =
                pairs.iter().map(|(key, value)| format!("{key}:{}", go_text(value))).collect();
            format!("map[{}]", pairs.join(" "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references() {
        let zeros = "0".repeat(64);
        let cases = [
            ("oci://a:5/b/c:1.0.0", Ok("a:5/b/c:1.0.0".to_owned())),
            ("a/b", Ok("a/b".to_owned())),
            (&format!("a/b:1@sha256:{zeros}"), Ok(format!("a/b@sha256:{zeros}"))),
            ("oci://a", Err("missing registry or repository")),
            ("oci://a/b:1.0.0+b1", Err("invalid tag \"1.0.0+b1\"")),
            ("oci://a/B", Err("invalid repository \"B\"")),
            ("a/b@sha256:1", Err("invalid digest \"sha256:1\": invalid checksum digest format")),
        ];
        for (text, expected) in cases {
            let found = Reference::parse(text);
            match expected {
                Ok(expected) => assert_eq!(found.unwrap().to_string(), expected),
                Err(reason) => assert_eq!(
                    found.unwrap_err().to_string(),
                    format!("invalid reference: {reason}")
                ),
            }
        }
    }

    #[test]
    fn refusals_are_worded_as_by_helm() {
        let json = serde_json::json!({"code": "UNAUTHORIZED", "message": "authentication required",
            "detail": [{"Type": "repository", "Class": "", "Name": "charts/c", "Action": "pull"}]});
        assert_eq!(
            said_text(&json),
            "unauthorized: authentication required: [map[Action:pull Class: Name:charts/c \
             Type:repository]]"
        );
    }
}
