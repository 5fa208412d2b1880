use super::cache::sha256;
use super::http::parse_url;
use super::locate::{chart_url, same_server};
use super::{Access, Client, ContentCache, Entry, Error, Limit, Log, Places, Repository};
use crate::chart::Warning;

/// An archive of a repository, by its URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Archive {
    /// Where it is.
    pub url: String,
    /// Its SHA-256 as hexadecimal digits, empty where the index does not say.
    pub digest: String,
}

impl Archive {
    /// Returns the last part of the URL's path: the name that a copy gets.
    ///
    /// # Errors
    /// [`Error::Url`], also for a name that leads to another folder.
    pub fn file_name(&self) -> Result<String, Error> {
        let fail = |reason: &str| Error::Url { url: self.url.clone(), reason: reason.to_owned() };
        let url = parse_url(&self.url)?;
        let name = url.path().rsplit('/').next().unwrap_or_default();
        let name = percent_decoded(name).ok_or_else(|| fail("invalid URL escape"))?;
        let is_plain =
            !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\\']);
        if is_plain { Ok(name) } else { Err(fail("it names no file")) }
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        if *first == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8(bytes).ok()
}

/// Returns where the archive of an entry of a repository's index is.
///
/// # Errors
/// [`Error::NoUrls`], [`Error::Url`]
pub fn archive_url(repository: &str, entry: &Entry) -> Result<Archive, Error> {
    let digest = entry.digest.strip_prefix("sha256:").unwrap_or(&entry.digest);
    Ok(Archive {
        url: chart_url(repository, entry, &entry.name)?,
        digest: digest.to_ascii_lowercase(),
    })
}

/// Fetches an archive of a repository; one that is in the content cache is taken from there.
///
/// # Errors
/// [`Error::Digest`] when it is not what the index says, and those of the request.
pub fn fetch_archive(
    archive: &Archive,
    repository: &Repository,
    places: &Places,
    log: &mut Log,
) -> Result<Vec<u8>, Error> {
    log(&Warning::debug("set up default downloader cache", Vec::new()));
    if let Some(path) = ContentCache::new(&places.content_cache).find(&archive.digest)
        && let Ok(bytes) = std::fs::read(path)
    {
        log(&Warning::debug("found chart in cache", vec![("id", archive.digest.clone())]));
        return Ok(bytes);
    }
    let access = &repository.access;
    let pass = access.pass_credentials || same_server(&repository.url, &archive.url);
    let credentials = access.credentials().filter(|_| pass);
    let bytes = Client::new(access)?.get(&archive.url, credentials, Limit::Archive, log)?;
    let found = sha256(&bytes);
    if !archive.digest.is_empty() && archive.digest != found {
        let (url, wanted) = (archive.url.clone(), archive.digest.clone());
        return Err(Error::Digest { url, wanted, found });
    }
    Ok(bytes)
}

/// Fetches the provenance file of an archive of a repository.
///
/// # Errors
/// [`Error::Provenance`]
pub fn fetch_provenance(
    archive: &Archive,
    repository: &Repository,
    log: &mut Log,
) -> Result<Vec<u8>, Error> {
    let access = &repository.access;
    let pass = access.pass_credentials || same_server(&repository.url, &archive.url);
    provenance_at(&archive.url, access, pass, log)
}

/// Fetches the provenance file beside an archive.
pub(super) fn provenance_at(
    archive: &str,
    access: &Access,
    pass_credentials: bool,
    log: &mut Log,
) -> Result<Vec<u8>, Error> {
    // A query belongs to the archive's path, behind which the ending has to come.
    let mut url = parse_url(archive)?;
    url.set_path(&format!("{}.prov", url.path()));
    let credentials = access.credentials().filter(|_| pass_credentials);
    let fetched = Client::new(access)?.get(url.as_str(), credentials, Limit::Answer, log);
    fetched.map_err(|_| Error::Provenance { url: url.into() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_copies() {
        let cases = [
            ("http://a/b/c-1.0.0+b.tgz?x=/y", Some("c-1.0.0+b.tgz")),
            ("http://a/c-1.0.0%2Bb.tgz", Some("c-1.0.0+b.tgz")),
            ("http://a/..%2F..%2Fetc", None),
            ("http://a/b/", None),
            ("http://a/%zz", None),
        ];
        for (url, expected) in cases {
            let archive = Archive { url: url.to_owned(), digest: String::new() };
            assert_eq!(archive.file_name().ok().as_deref(), expected, "{url}");
        }
    }
}
