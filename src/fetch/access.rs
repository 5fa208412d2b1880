use std::fs;
use std::path::Path;

use super::Error;
use super::trust::Identity;
use crate::chart::io_text;

/// How servers are spoken to: certificates and credentials.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
pub struct Access {
    /// Verify certificates of HTTPS servers using this CA bundle
    #[cfg_attr(feature = "cli", arg(long, value_name = "PATH"))]
    pub ca_file: Option<String>,
    /// Identify as HTTPS client with this certificate
    #[cfg_attr(feature = "cli", arg(long, value_name = "PATH"))]
    pub cert_file: Option<String>,
    /// Identify as HTTPS client with this key
    #[cfg_attr(feature = "cli", arg(long, value_name = "PATH"))]
    pub key_file: Option<String>,
    /// Skip certificate checks for the download
    #[cfg_attr(feature = "cli", arg(long))]
    pub insecure_skip_tls_verify: bool,
    /// Use insecure HTTP connections for the download
    #[cfg_attr(feature = "cli", arg(long))]
    pub plain_http: bool,
    /// User name for the repository or registry
    #[cfg_attr(feature = "cli", arg(long, value_name = "NAME"))]
    pub username: Option<String>,
    /// Password for the repository or registry
    #[cfg_attr(feature = "cli", arg(long, value_name = "PASSWORD"))]
    pub password: Option<String>,
    /// Whether credentials go to all servers; a flag of the commands that take a chart.
    #[cfg_attr(feature = "cli", arg(skip))]
    pub pass_credentials: bool,
}

/// A file's content, unless its name is missing or empty.
fn read(path: Option<&str>, what: &str) -> Result<Option<Vec<u8>>, Error> {
    let Some(path) = path.filter(|path| !path.is_empty()) else { return Ok(None) };
    match fs::read(Path::new(path)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) => Err(Error::Tls {
            reason: format!("{what}: {path:?}: open {path}: {}", io_text(&error)),
        }),
    }
}

impl Access {
    /// Reads the certificates to trust instead of the system's.
    pub(super) fn authorities(&self) -> Result<Option<Vec<u8>>, Error> {
        read(self.ca_file.as_deref(), "can't read CA file")
    }

    /// Reads certificate and key of the client. As Helm does, one of the two alone is passed over.
    pub(super) fn identity(&self) -> Result<Option<Identity>, Error> {
        let is_given = |path: &Option<String>| path.as_deref().is_some_and(|path| !path.is_empty());
        if !is_given(&self.cert_file) || !is_given(&self.key_file) {
            return Ok(None);
        }
        let certificate = read(self.cert_file.as_deref(), "unable to read cert file")?;
        let key = read(self.key_file.as_deref(), "unable to read key file")?;
        let (certificate, key) = (certificate.unwrap_or_default(), key.unwrap_or_default());
        Identity::parse(&certificate, &key).map(Some).map_err(|reason| Error::Tls {
            reason: format!("unable to load cert from key pair: tls: {reason}"),
        })
    }

    /// Returns user name and password, when a server shall get them.
    pub(super) fn credentials(&self) -> Option<(&str, &str)> {
        let text = |field: &'_ Option<String>| field.as_deref().unwrap_or("").to_owned();
        if text(&self.username).is_empty() || text(&self.password).is_empty() {
            return None;
        }
        Some((self.username.as_deref()?, self.password.as_deref()?))
    }
}
