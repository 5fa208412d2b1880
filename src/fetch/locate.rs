use std::fs;
use std::path::{Path, PathBuf};

use reqwest::Url;

use super::archive::provenance_at;
use super::cache::sha256;
use super::http::parse_url;
use super::{
    Access, Archive, Client, ContentCache, Entry, Error, Index, Limit, Log, Pulled, Reference,
    Registry, Repositories,
};
use crate::chart::{Warning, io_text};

/// Which chart, and how to get at it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChartQuery {
    /// A path, `repository/name`, a URL, or with `repository` a name.
    pub reference: String,
    /// A version or a constraint; empty for the newest.
    pub version: String,
    /// The URL of a repository (`--repo`); empty without.
    pub repository: String,
    /// Whether pre-releases count where no version is given (`--devel`).
    pub devel: bool,
    /// Certificates and credentials.
    pub access: Access,
    /// Whether a chart from a server comes with its provenance file (`--verify`).
    pub with_provenance: bool,
}

/// A chart's archive by its own name, and its provenance file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The name of the archive's file where it came from.
    pub name: String,
    /// The content of the provenance file.
    pub provenance: Vec<u8>,
}

/// Where rhumb keeps things.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// The file that lists repositories.
    pub repository_config: PathBuf,
    /// The folder of their indexes.
    pub repository_cache: PathBuf,
    /// The folder of charts by their digest.
    pub content_cache: PathBuf,
    /// Files of Docker's format with logins, in the order in which they are asked.
    pub credential_files: Vec<PathBuf>,
}

/// A chart as a file or folder.
#[derive(Debug)]
pub struct Located {
    /// Where it is.
    pub path: PathBuf,
    /// From which registry it came, if from one.
    pub pulled: Option<Pulled>,
    /// Its provenance file, if that was asked for and the chart came from a server.
    pub signed: Option<Result<Signed, Error>>,
}

impl Located {
    fn at(path: PathBuf) -> Self {
        Located { path, pulled: None, signed: None }
    }
}

/// Finds the chart that a reference names and fetches it when it is not here.
///
/// In this order, as Helm does: a path that exists, `repository/name` of a repository that was
/// added, a URL. With a repository's URL the reference is a name in its index.
///
/// # Errors
/// [`Error`] with Helm's text.
pub fn locate(query: &ChartQuery, places: &Places, log: &mut Log) -> Result<Located, Error> {
    let ChartQuery { reference, version, repository, devel, access, with_provenance } = query;
    // Helm reads these for every chart, needed or not.
    access.authorities()?;
    access.identity()?;
    log(&Warning::debug("Original chart version", vec![("version", version.clone())]));
    let mut version = version.trim().to_owned();
    if version.is_empty() && *devel {
        log(&Warning::debug("setting version to >0.0.0-0", Vec::new()));
        ">0.0.0-0".clone_into(&mut version);
    }
    let reference = reference.trim();
    if repository.is_empty() {
        let path = Path::new(reference);
        if path.exists() {
            return Ok(Located::at(std::path::absolute(path).unwrap_or_else(|_| path.to_owned())));
        }
        if path.is_absolute() || reference.starts_with('.') {
            return Err(Error::NoPath { path: reference.to_owned() });
        }
    }
    let cache = ContentCache::new(&places.content_cache);
    let work = Work { places, cache, with_provenance: *with_provenance };
    if !repository.is_empty() {
        return work.at_repository_url(repository, reference, &version, access, log);
    }
    log(&Warning::debug("set up default downloader cache", Vec::new()));
    if reference.starts_with("oci://") {
        return work.in_registry(reference, &version, access, log);
    }
    match reference.split_once("://") {
        Some(("http" | "https", _)) => {
            let access = work.access_for(reference, access);
            log(&attempt(reference, &version));
            work.download(reference, "", &access, access.credentials().is_some(), log)
        }
        Some(("file", _)) => Err(Error::NoRepository { name: String::new() }),
        Some((scheme, _)) => Err(Error::Scheme { scheme: scheme.to_owned() }),
        None => match reference.split_once('/') {
            Some((name, chart)) => work.in_repository(name, chart, &version, access, log),
            None => Err(Error::NoForm { reference: reference.replace(' ', "%20") }),
        },
    }
}

fn attempt(reference: &str, version: &str) -> Warning {
    let details = vec![("ref", reference.to_owned()), ("version", version.to_owned())];
    Warning::debug("attempting to download chart", details)
}

struct Work<'a> {
    places: &'a Places,
    cache: ContentCache,
    with_provenance: bool,
}

impl Work<'_> {
    /// Returns the way to speak to the server of a URL: that of the repository it belongs to, or
    /// what the flags say.
    fn access_for(&self, url: &str, access: &Access) -> Access {
        let known = Repositories::load(&self.places.repository_config).unwrap_or_default();
        let owner = known.entries.iter().find(|entry| {
            let base = entry.url.trim_end_matches('/');
            url.strip_prefix(base).is_some_and(|rest| rest.starts_with('/'))
        });
        owner.map_or_else(|| access.clone(), |owner| merged(&owner.access, access))
    }

    /// A name in the index at a URL.
    fn at_repository_url(
        &self,
        url: &str,
        name: &str,
        version: &str,
        access: &Access,
        log: &mut Log,
    ) -> Result<Located, Error> {
        let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
        if !matches!(scheme, "http" | "https") {
            return Err(Error::Handler { scheme: scheme.to_owned() });
        }
        let index = fetch_index(url, access, log)?;
        let entry = index.find(name, version, log).map_err(|_| Error::NotInRepository {
            chart: name.to_owned(),
            version: version.to_owned(),
            url: url.to_owned(),
        })?;
        let file = chart_url(url, &entry, name)?;
        log(&Warning::debug("set up default downloader cache", Vec::new()));
        log(&attempt(&file, version));
        let pass = access.pass_credentials || same_server(url, &file);
        self.download(&file, &entry.digest, access, pass, log)
    }

    /// A chart of a repository that was added.
    fn in_repository(
        &self,
        name: &str,
        chart: &str,
        version: &str,
        access: &Access,
        log: &mut Log,
    ) -> Result<Located, Error> {
        let known = Repositories::load(&self.places.repository_config)?;
        let repository =
            known.find(name).ok_or_else(|| Error::NoRepository { name: name.to_owned() })?;
        let path = self.places.repository_cache.join(format!("{name}-index.yaml"));
        let text = fs::read(&path).map_err(|error| Error::NoCachedIndex {
            reason: format!("open {}: {}", path.display(), io_text(&error)),
        })?;
        let index = Index::parse(&text, &path.display().to_string())
            .map_err(|error| Error::NoCachedIndex { reason: error.to_string() })?;
        let entry = index.find(chart, version, log).map_err(|reason| Error::NotInIndex {
            chart: chart.to_owned(),
            version: version.to_owned(),
            repository: name.to_owned(),
            reason,
        })?;
        let url = chart_url(&repository.url, &entry, &format!("{name}/{chart}"))?;
        let access = merged(&repository.access, access);
        let pass = access.pass_credentials || same_server(&repository.url, &url);
        if let Some(path) = self.cache.find(&entry.digest) {
            log(&Warning::debug("found chart in cache", vec![("id", entry.digest.clone())]));
            let signed = self.signed(&url, &entry.digest, &access, pass, log);
            return Ok(Located { signed, ..Located::at(path) });
        }
        log(&attempt(&format!("{name}/{chart}"), version));
        self.download(&url, &entry.digest, &access, pass, log)
    }

    /// A chart in a registry.
    fn in_registry(
        &self,
        reference: &str,
        version: &str,
        access: &Access,
        log: &mut Log,
    ) -> Result<Located, Error> {
        let registry = Registry::new(access, self.places.credential_files.clone())?;
        let parsed = Reference::parse(reference)?;
        let parsed = registry.resolve(&parsed, version)?;
        log(&attempt(reference, version));
        let pulled = registry.pull(&parsed)?;
        let (path, digest) = self.cache.keep(&pulled.archive)?;
        log(&Warning::debug("put downloaded chart in cache", vec![("id", digest)]));
        let signed = self.with_provenance.then(|| {
            let provenance = registry.provenance(&parsed)?;
            Ok(Signed { name: pulled.file_name(), provenance })
        });
        Ok(Located { path, pulled: Some(pulled), signed })
    }

    fn download(
        &self,
        url: &str,
        digest: &str,
        access: &Access,
        pass_credentials: bool,
        log: &mut Log,
    ) -> Result<Located, Error> {
        let client = Client::new(access)?;
        let credentials = access.credentials().filter(|_| pass_credentials);
        let bytes = client.get(url, credentials, Limit::Archive, log)?;
        let wanted = digest.strip_prefix("sha256:").unwrap_or(digest).to_ascii_lowercase();
        let found = sha256(&bytes);
        if !wanted.is_empty() && wanted != found {
            return Err(Error::Digest { url: url.to_owned(), wanted, found });
        }
        let (path, digest) = self.cache.keep(&bytes)?;
        log(&Warning::debug("put downloaded chart in cache", vec![("id", digest.clone())]));
        let signed = self.signed(url, &digest, access, pass_credentials, log);
        Ok(Located { signed, ..Located::at(path) })
    }

    /// Returns the provenance file of the archive at a URL, if it is wanted: the one kept with the
    /// archive, or else the one beside it on the server.
    fn signed(
        &self,
        url: &str,
        digest: &str,
        access: &Access,
        pass_credentials: bool,
        log: &mut Log,
    ) -> Option<Result<Signed, Error>> {
        if !self.with_provenance {
            return None;
        }
        let mut get = || {
            let name = Archive { url: url.to_owned(), digest: String::new() }.file_name()?;
            if let Some(provenance) = self.cache.provenance(digest) {
                return Ok(Signed { name, provenance });
            }
            let provenance = provenance_at(url, access, pass_credentials, log)?;
            self.cache.keep_provenance(digest, &provenance)?;
            Ok(Signed { name, provenance })
        };
        Some(get())
    }
}

/// Returns the access of a repository with what the flags say over it.
pub(super) fn merged(repository: &Access, flags: &Access) -> Access {
    let or = |flag: &Option<String>, own: &Option<String>| {
        flag.clone().filter(|text| !text.is_empty()).or_else(|| own.clone())
    };
    Access {
        ca_file: or(&flags.ca_file, &repository.ca_file),
        cert_file: or(&flags.cert_file, &repository.cert_file),
        key_file: or(&flags.key_file, &repository.key_file),
        insecure_skip_tls_verify: flags.insecure_skip_tls_verify
            || repository.insecure_skip_tls_verify,
        plain_http: flags.plain_http,
        username: or(&flags.username, &repository.username),
        password: or(&flags.password, &repository.password),
        pass_credentials: flags.pass_credentials || repository.pass_credentials,
    }
}

/// Fetches and reads the index of the repository at a URL.
///
/// # Errors
/// [`Error::NoIndex`]; [`Error::Tls`] when certificates or keys of ours cannot be used.
pub(super) fn fetch_index(url: &str, access: &Access, log: &mut Log) -> Result<Index, Error> {
    let found = fetch_index_text(url, access, log).map_err(|source| match source {
        // That is none of the repository's business.
        Error::Tls { .. } => source,
        source => Error::NoIndex { url: url.to_owned(), source: Box::new(source) },
    });
    Ok(found?.1)
}

/// Fetches the index of the repository at a URL, and reads it.
///
/// # Errors
/// [`Error`] of the request or of [`Index::parse`].
pub(super) fn fetch_index_text(
    url: &str,
    access: &Access,
    log: &mut Log,
) -> Result<(Vec<u8>, Index), Error> {
    let mut address = parse_url(url)?;
    let path = format!("{}/index.yaml", address.path().trim_end_matches('/'));
    address.set_path(&path);
    let client = Client::new(access)?;
    let text = client.get(address.as_str(), access.credentials(), Limit::Index, log)?;
    let index = Index::parse(&text, url)?;
    Ok((text, index))
}

/// Returns where the archive of an entry is.
pub(super) fn chart_url(repository: &str, entry: &Entry, name: &str) -> Result<String, Error> {
    let url = entry.urls.first().ok_or_else(|| Error::NoUrls { chart: name.to_owned() })?;
    if Url::parse(url).is_ok() {
        return Ok(url.clone());
    }
    let mut base = parse_url(repository)?;
    let query = base.query().map(str::to_owned);
    let folder = format!("{}/", base.path().trim_end_matches('/'));
    base.set_path(&folder);
    let mut full = base
        .join(url)
        .map_err(|error| Error::Url { url: url.clone(), reason: error.to_string() })?;
    full.set_query(query.as_deref());
    Ok(full.into())
}

pub(super) fn same_server(a: &str, b: &str) -> bool {
    match (Url::parse(a), Url::parse(b)) {
        (Ok(a), Ok(b)) => a.origin() == b.origin(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_archives() {
        let cases = [
            ("http://a/b", "c.tgz", "http://a/b/c.tgz"),
            ("http://a/b/", "c.tgz", "http://a/b/c.tgz"),
            ("http://a/b?t=1", "c.tgz", "http://a/b/c.tgz?t=1"),
            ("http://a/b", "../c.tgz?x=1", "http://a/c.tgz"),
            ("http://a/b", "/c.tgz", "http://a/c.tgz"),
            ("http://a/b", "https://x/c-1.0.0+b.tgz", "https://x/c-1.0.0+b.tgz"),
        ];
        for (repository, url, expected) in cases {
            let entry = Entry {
                name: String::new(),
                version: String::new(),
                urls: vec![url.to_owned()],
                digest: String::new(),
                fields: crate::value::Map::new(),
            };
            assert_eq!(chart_url(repository, &entry, "c").unwrap(), expected);
        }
    }

    #[test]
    fn credentials_stay_with_their_server() {
        assert!(same_server("https://a/x", "https://a:443/y"));
        assert!(!same_server("https://a/x", "http://a/x"));
        assert!(!same_server("https://a/x", "https://b/x"));
    }
}
