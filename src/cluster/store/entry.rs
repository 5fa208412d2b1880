use std::borrow::Cow;

use serde::Deserialize;

use crate::release::{ApplyMethod, Info, Labels, Release, Revision, Status, StoredChart};

/// A record as its labels show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name of its object, or its key.
    pub(super) key: String,
    /// The namespace of the release.
    pub namespace: String,
    /// The name of the release.
    pub name: String,
    /// The number of the revision; 0 when the label is damaged.
    pub revision: Revision,
    /// The state of the revision; [`Status::Unknown`] when the label is damaged.
    pub status: Status,
}

impl Entry {
    /// Returns what tells the record from all others: its namespace and name.
    #[must_use]
    pub fn id(&self) -> (&str, &str) {
        (&self.namespace, &self.key)
    }

    /// Returns what is known of the release when its record is damaged.
    pub(super) fn bare_release(&self) -> Release {
        Release {
            name: self.name.clone(),
            namespace: self.namespace.clone(),
            revision: self.revision,
            info: Info { status: self.status, ..Info::default() },
            chart: StoredChart::default(),
            config: None,
            manifest: String::new(),
            hooks: Vec::new(),
            apply_method: ApplyMethod::Unsaid,
            labels: Labels::new(),
        }
    }
}

/// An object that holds a record, or the metadata of one, as far as it is read.
#[derive(Debug, Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow)]
    pub(super) metadata: Metadata<'a>,
    #[serde(borrow, default)]
    data: Data<'a>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Metadata<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow, default)]
    pub(super) namespace: Cow<'a, str>,
    #[serde(borrow, default)]
    labels: SystemLabels<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SystemLabels<'a> {
    #[serde(borrow)]
    name: Cow<'a, str>,
    #[serde(borrow)]
    status: Cow<'a, str>,
    #[serde(borrow)]
    version: Cow<'a, str>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Data<'a> {
    #[serde(borrow)]
    release: Cow<'a, str>,
}

impl Item<'_> {
    /// Returns what the labels show.
    pub(super) fn entry(&self) -> Entry {
        let Metadata { name, namespace, labels } = &self.metadata;
        Entry {
            key: name.to_string(),
            namespace: namespace.to_string(),
            name: labels.name.to_string(),
            revision: labels.version.parse().unwrap_or(0),
            status: Status::from_word(&labels.status),
        }
    }

    /// Returns the text that holds the record.
    pub(super) fn record(&self) -> &[u8] {
        self.data.release.as_bytes()
    }
}
