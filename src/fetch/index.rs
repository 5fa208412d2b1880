use std::cmp::Reverse;
use std::fmt;

use super::{Error, Log};
use crate::chart::Warning;
use crate::value::{Map, Value};
use crate::version::{Constraint, Version};
use crate::{json, yaml};

/// One version of a chart in a repository.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The name of the chart.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where the archive is; may be relative to the repository.
    pub urls: Vec<String>,
    /// The SHA-256 of the archive as hexadecimal digits, empty when the index does not say.
    pub digest: String,
    /// All fields of the entry, those of `Chart.yaml` among them.
    pub fields: Map,
}

/// What a repository has.
#[derive(Clone, Debug, Default)]
pub struct Index {
    entries: Map,
    source: String,
}

/// Why an index has no fitting version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoVersion {
    /// There is no such chart.
    Name,
    /// There is no such version of the chart: its name and the version asked for.
    Version(String, String),
    /// What was asked for is no version.
    Constraint(String),
}

impl fmt::Display for NoVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoVersion::Name => f.write_str("no chart name found"),
            NoVersion::Version(name, version) => {
                write!(f, "no chart version found for {name}-{version}")
            }
            NoVersion::Constraint(text) => f.write_str(text),
        }
    }
}

const FIELDS: [&str; 6] =
    ["serverInfo", "apiVersion", "generated", "entries", "publicKeys", "annotations"];

impl Index {
    /// Reads an `index.yaml`. `source` names it in messages.
    ///
    /// # Errors
    /// [`Error::Index`] for what is no index.
    pub fn parse(text: &[u8], source: &str) -> Result<Self, Error> {
        let fail = |reason: String| Error::Index { reason };
        if text.trim_ascii().is_empty() {
            return Err(fail("empty index.yaml file".to_owned()));
        }
        let (value, is_json) = match json::read(text) {
            Ok(value) => (value, true),
            Err(_) => {
                let value = yaml::read(text).map_err(|error| fail(error.in_helm()))?;
                (value, false)
            }
        };
        let decoding = "error unmarshaling JSON: while decoding JSON: json: ";
        let Value::Map(fields) = value else {
            return Err(fail(format!(
                "{decoding}cannot unmarshal into Go value of type repo.IndexFile"
            )));
        };
        if !is_json
            && let Some(unknown) = fields
                .keys()
                .iter()
                .find(|key| !FIELDS.iter().any(|f| key.as_bytes() == f.as_bytes()))
        {
            let unknown = unknown.to_str_lossy();
            return Err(fail(format!("{decoding}unknown field {unknown:?}")));
        }
        if !matches!(fields.get("apiVersion"), Some(Value::Str(version)) if !version.is_empty()) {
            return Err(fail("no API version specified".to_owned()));
        }
        let entries = match fields.get("entries") {
            Some(Value::Map(entries)) => entries,
            _ => Map::new(),
        };
        Ok(Index { entries, source: source.to_owned() })
    }

    /// Returns the names of the charts.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.entries.keys().iter().map(|key| key.to_str_lossy().into_owned()).collect()
    }

    /// Returns the versions of a chart, newest first; invalid ones are told of and left out.
    pub fn versions(&self, name: &str, log: &mut Log) -> Option<Vec<Entry>> {
        let Some(Value::List(items)) = self.entries.get(name) else { return None };
        let mut entries: Vec<(Version, Entry)> = Vec::new();
        for item in items.items().iter() {
            let Value::Map(fields) = item else { continue };
            let text = |key: &str| match fields.get(key) {
                Some(Value::Str(text)) => text.to_str_lossy().into_owned(),
                _ => String::new(),
            };
            let entry = Entry {
                name: text("name"),
                version: text("version"),
                urls: strings(fields.get("urls")),
                digest: text("digest"),
                fields: fields.clone(),
            };
            match check(&entry) {
                Ok(version) => entries.push((version, entry)),
                Err(reason) => log(&Warning::warn(
                    "skipping loading invalid entry for chart",
                    vec![
                        ("name", name.to_owned()),
                        ("version", entry.version.clone()),
                        ("source", self.source.clone()),
                        ("error", reason),
                    ],
                )),
            }
        }
        entries.sort_by_key(|(version, _)| Reverse(version.clone()));
        Some(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    /// Finds the version of a chart that a constraint asks for: an equal one, or else the newest
    /// that fits. Without a constraint that is the newest that is no pre-release.
    ///
    /// # Errors
    /// [`NoVersion`]
    pub fn find(&self, name: &str, wanted: &str, log: &mut Log) -> Result<Entry, NoVersion> {
        let versions = self.versions(name, log).ok_or(NoVersion::Name)?;
        let missing = || NoVersion::Version(name.to_owned(), wanted.to_owned());
        if versions.is_empty() {
            return Err(missing());
        }
        let constraint = Constraint::parse(if wanted.is_empty() { "*" } else { wanted })
            .map_err(|error| NoVersion::Constraint(error.to_string()))?;
        if let Some(equal) = versions.iter().find(|entry| entry.version == wanted) {
            return Ok(equal.clone());
        }
        let fits = |entry: &&Entry| {
            Version::parse(&entry.version).is_ok_and(|version| constraint.matches(&version))
        };
        let found = versions.iter().find(fits).cloned().ok_or_else(missing)?;
        if wanted.is_empty() {
            return Ok(found);
        }
        let chart = ("chart", name.to_owned());
        let selected = ("selected", found.version.clone());
        log(&if Version::parse(wanted).is_ok() {
            Warning::warn(
                "unable to find exact version requested; falling back to closest available version",
                vec![chart, ("requested", wanted.to_owned()), selected],
            )
        } else {
            Warning::debug(
                "selected version matching constraint",
                vec![chart, ("constraint", wanted.to_owned()), selected],
            )
        });
        Ok(found)
    }
}

fn strings(value: Option<Value>) -> Vec<String> {
    let Some(Value::List(items)) = value else { return Vec::new() };
    let items = items.items();
    let texts = items.iter().filter_map(|item| match item {
        Value::Str(text) => Some(text.to_str_lossy().into_owned()),
        _ => None,
    });
    texts.collect()
}

fn check(entry: &Entry) -> Result<Version, String> {
    if entry.name.is_empty() {
        return Err("validation: chart.metadata.name is required".to_owned());
    }
    if entry.version.is_empty() {
        return Err("validation: chart.metadata.version is required".to_owned());
    }
    Version::parse(&entry.version)
        .map_err(|_| format!("validation: chart.metadata.version {:?} is invalid", entry.version))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "apiVersion: v1\nentries:\n  c:\n  - {name: c, version: 0.1.0, urls: [a]}\n  - \
                         {name: c, version: 0.3.0-beta.1}\n  - {name: c, version: 0.2.0}\n  - {name: \
                         c, version: bad}\n";

    #[test]
    fn versions_are_picked_as_by_helm() {
        let index = Index::parse(INDEX.as_bytes(), "test").unwrap();
        let cases = [
            ("", Ok("0.2.0")),
            ("0.1.0", Ok("0.1.0")),
            ("^0.1", Ok("0.1.0")),
            ("v0.2.0", Ok("0.2.0")),
            (">0.0.0-0", Ok("0.3.0-beta.1")),
            ("0.3.0-beta.1", Ok("0.3.0-beta.1")),
            ("9", Err("no chart version found for c-9")),
            ("bad", Err("improper constraint: \"bad\"")),
        ];
        for (wanted, expected) in cases {
            let found = index.find("c", wanted, &mut |_| ());
            match expected {
                Ok(version) => assert_eq!(found.unwrap().version, version, "{wanted}"),
                Err(text) => assert_eq!(found.unwrap_err().to_string(), text),
            }
        }
        assert_eq!(index.find("d", "", &mut |_| ()).unwrap_err(), NoVersion::Name);
        let mut told = Vec::new();
        index.versions("c", &mut |warning| told.push(warning.log_line()));
        assert_eq!(
            told,
            ["level=WARN msg=\"skipping loading invalid entry for chart\" name=c version=bad \
              source=test error=\"validation: chart.metadata.version \\\"bad\\\" is invalid\""]
        );
    }

    #[test]
    fn what_is_no_index_is_refused() {
        let cases = [
            ("", "empty index.yaml file"),
            ("entries: {}", "no API version specified"),
            (
                "foo: bar",
                "error unmarshaling JSON: while decoding JSON: json: unknown field \"foo\"",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(Index::parse(text.as_bytes(), "x").unwrap_err().to_string(), expected);
        }
    }
}
