use std::borrow::Cow;

use serde::Deserialize;

use super::super::items::{Fields, RawItem};
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

    /// Returns whether the label says that another revision has taken its place.
    pub(super) fn is_superseded(&self) -> bool {
        self.status == Status::Superseded
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
    /// The same without the base64 that JSON has a Secret's in.
    #[serde(skip)]
    plain: Option<&'a [u8]>,
}

impl<'a> Item<'a> {
    /// Reads an object, or the metadata of one; `None` when it is damaged.
    pub(super) fn read(raw: RawItem<'a>) -> Option<Self> {
        let message = match raw {
            RawItem::Json(text) => return serde_json::from_slice(text).ok(),
            RawItem::Protobuf(bytes) => Fields::of(bytes),
        };
        let text = |bytes| std::str::from_utf8(bytes).ok().map(Cow::Borrowed);
        // The numbers are those of the messages Secret, ConfigMap and ObjectMeta.
        let metadata = Fields::of(message.bytes(1));
        let mut labels = SystemLabels::default();
        for (key, value) in metadata.entries(11) {
            match key {
                b"name" => labels.name = text(value)?,
                b"status" => labels.status = text(value)?,
                b"version" => labels.version = text(value)?,
                _ => {}
            }
        }
        let mut data = message.entries(2).filter(|(key, _)| *key == b"release");
        let plain = Some(data.next().map_or(&[][..], |(_, release)| release));
        let data = Data { plain, ..Data::default() };
        let (name, namespace) = (text(metadata.bytes(1))?, text(metadata.bytes(3))?);
        Some(Item { metadata: Metadata { name, namespace, labels }, data })
    }

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
        self.data.plain.unwrap_or(self.data.release.as_bytes())
    }

    /// Returns whether the record lacks the base64 that JSON has a Secret's in.
    pub(super) fn is_plain(&self) -> bool {
        self.data.plain.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_formats_say_the_same() {
        let json = br#"{"metadata":{"name":"k","namespace":"ns","labels":{"a":"b","name":"web",
            "status":"deployed","version":"12"}},"data":{"release":"cmVjb3Jk","x":"eA=="}}"#;
        let protobuf = b"\x0a\x3f\x0a\x01k\x1a\x02ns\x5a\x06\x0a\x01a\x12\x01b\
            \x5a\x0b\x0a\x04name\x12\x03web\x5a\x12\x0a\x06status\x12\x08deployed\
            \x5a\x0d\x0a\x07version\x12\x0212\
            \x12\x06\x0a\x01x\x12\x01x\x12\x11\x0a\x07release\x12\x06record";
        let entry = Entry {
            key: "k".to_owned(),
            namespace: "ns".to_owned(),
            name: "web".to_owned(),
            revision: 12,
            status: Status::Deployed,
        };
        let item = Item::read(RawItem::Json(json)).unwrap();
        assert_eq!((item.entry(), item.is_plain()), (entry.clone(), false));
        assert_eq!(item.record(), b"cmVjb3Jk");
        let item = Item::read(RawItem::Protobuf(protobuf)).unwrap();
        assert_eq!((item.entry(), item.is_plain()), (entry, true));
        assert_eq!(item.record(), b"record");
    }

    #[test]
    fn what_is_not_there_is_empty_and_what_is_damaged_is_none() {
        let item = Item::read(RawItem::Protobuf(b"")).unwrap();
        assert_eq!((item.entry().status, item.record()), (Status::Unknown, &b""[..]));
        assert!(Item::read(RawItem::Protobuf(b"\x0a\x03\x0a\x01\xff")).is_none());
        assert!(Item::read(RawItem::Json(b"{}")).is_none());
    }
}
