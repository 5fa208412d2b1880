use std::fs;
use std::path::Path;

use super::{Access, Error};
use crate::chart::io_text;
use crate::value::{Map, Value};
use crate::yaml;

/// A repository that was added: a name, where it is and how it is spoken to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repository {
    /// The name.
    pub name: String,
    /// The URL of the folder with `index.yaml`.
    pub url: String,
    /// Certificates and credentials.
    pub access: Access,
}

/// The repositories that were added, in their order: `repositories.yaml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repositories {
    /// One after the other.
    pub entries: Vec<Repository>,
}

impl Repositories {
    /// Reads the file; one that does not exist lists nothing.
    ///
    /// # Errors
    /// [`Error::Repositories`] for one that cannot be read or is no YAML.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let fail = |reason| Error::Repositories { path: path.display().to_string(), reason };
        let text = match fs::read(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => {
                return Err(fail(format!("read {}: {}", path.display(), io_text(&error))));
            }
        };
        let value = yaml::read(&text).map_err(|error| fail(error.in_helm()))?;
        let Value::Map(fields) = value else { return Ok(Self::default()) };
        let Some(Value::List(items)) = fields.get("repositories") else {
            return Ok(Self::default());
        };
        let items = items.items();
        let entries = items.iter().filter_map(|item| match item {
            Value::Map(fields) => Some(repository(fields)),
            _ => None,
        });
        Ok(Repositories { entries: entries.collect() })
    }

    /// Finds a repository by its name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Repository> {
        self.entries.iter().find(|entry| entry.name == name)
    }
}

fn repository(fields: &Map) -> Repository {
    let text = |key: &str| match fields.get(key) {
        Some(Value::Str(text)) => text.to_str_lossy().into_owned(),
        _ => String::new(),
    };
    let given = |key: &str| Some(text(key)).filter(|text| !text.is_empty());
    let is_true = |key: &str| matches!(fields.get(key), Some(Value::Bool(true)));
    Repository {
        name: text("name"),
        url: text("url"),
        access: Access {
            ca_file: given("caFile"),
            cert_file: given("certFile"),
            key_file: given("keyFile"),
            insecure_skip_tls_verify: is_true("insecure_skip_tls_verify"),
            plain_http: false,
            username: given("username"),
            password: given("password"),
            pass_credentials: is_true("pass_credentials_all"),
        },
    }
}
