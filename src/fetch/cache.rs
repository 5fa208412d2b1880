use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::Error;

/// Charts by the SHA-256 of their archives, in Helm's folder and layout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentCache {
    folder: PathBuf,
}

impl ContentCache {
    /// Makes a cache in a folder, which need not exist yet.
    #[must_use]
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        ContentCache { folder: folder.into() }
    }

    fn path(&self, digest: &str) -> PathBuf {
        let start = digest.get(..2).unwrap_or_default();
        self.folder.join(start).join(format!("{digest}.chart"))
    }

    /// Finds the archive with a digest, 64 hexadecimal digits. A file that has changed since it
    /// was kept is none.
    #[must_use]
    pub fn find(&self, digest: &str) -> Option<PathBuf> {
        let digest = digest.to_ascii_lowercase();
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let path = self.path(&digest);
        let bytes = fs::read(&path).ok()?;
        (sha256(&bytes) == digest).then_some(path)
    }

    fn provenance_path(&self, digest: &str) -> PathBuf {
        self.path(digest).with_extension("prov")
    }

    /// Returns the provenance file kept with the archive that has a digest.
    #[must_use]
    pub fn provenance(&self, digest: &str) -> Option<Vec<u8>> {
        self.find(digest)?;
        fs::read(self.provenance_path(&digest.to_ascii_lowercase())).ok()
    }

    /// Keeps the provenance file of an archive.
    ///
    /// # Errors
    /// [`Error::File`]
    pub fn keep_provenance(&self, digest: &str, bytes: &[u8]) -> Result<(), Error> {
        write_whole(&self.provenance_path(&digest.to_ascii_lowercase()), bytes)
    }

    /// Keeps an archive and returns its path and digest.
    ///
    /// # Errors
    /// [`Error::File`]
    pub fn keep(&self, bytes: &[u8]) -> Result<(PathBuf, String), Error> {
        let digest = sha256(bytes);
        let path = self.path(&digest);
        write_whole(&path, bytes)?;
        Ok((path, digest))
    }
}

/// Writes a file so that nobody ever sees half of it.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|error| Error::file("mkdir", folder, &error))?;
    let unique = format!(".{}-{}", std::process::id(), sha256(path.as_os_str().as_encoded_bytes()));
    let draft = folder.join(&unique[..24.min(unique.len())]);
    let write = || -> std::io::Result<()> {
        let mut file = fs::File::create(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)
    };
    write().map_err(|error| {
        // Nothing more can be done about a draft that cannot be removed either.
        drop(fs::remove_file(&draft));
        Error::file("open", path, &error)
    })
}

/// Returns the SHA-256 of bytes as hexadecimal digits.
pub(super) fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_changed_is_not_found() {
        let folder = tempfile::tempdir().unwrap();
        let cache = ContentCache::new(folder.path());
        let (path, digest) = cache.keep(b"chart").unwrap();
        assert!(path.ends_with(format!("{}/{digest}.chart", &digest[..2])));
        assert_eq!(cache.find(&digest), Some(path.clone()));
        assert_eq!(cache.find("../../etc/passwd"), None);
        fs::write(&path, "other").unwrap();
        assert_eq!(cache.find(&digest), None);
    }
}
