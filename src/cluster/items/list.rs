use super::protobuf::Fields;
use super::{json, protobuf};

/// Takes the items out of a list that comes in pieces, whichever format it has: no more than one item
/// and the list's metadata are ever held.
#[derive(Debug, Default)]
pub(in super::super) enum Items {
    /// Nothing has come yet.
    #[default]
    Unknown,
    Json(json::Items),
    Protobuf(protobuf::Items),
}

/// An item as it came.
#[derive(Clone, Copy, Debug)]
pub(in super::super) enum RawItem<'a> {
    Json(&'a [u8]),
    Protobuf(&'a [u8]),
}

impl Items {
    /// Reads a piece, and hands each item over that is complete by it.
    pub(in super::super) fn read(&mut self, piece: &[u8], mut take: impl FnMut(RawItem<'_>)) {
        if matches!(self, Items::Unknown) {
            *self = match piece.first() {
                None => Items::Unknown,
                Some(first) if *first == protobuf::MAGIC[0] => {
                    Items::Protobuf(protobuf::Items::default())
                }
                Some(_) => Items::Json(json::Items::default()),
            };
        }
        match self {
            Items::Unknown => {}
            Items::Json(items) => items.read(piece, |item| take(RawItem::Json(item))),
            Items::Protobuf(items) => items.read(piece, |item| take(RawItem::Protobuf(item))),
        }
    }

    /// Returns whether the list was there in full.
    pub(in super::super) fn is_done(&self) -> bool {
        match self {
            Items::Unknown => false,
            Items::Json(items) => items.is_done(),
            Items::Protobuf(items) => items.is_done(),
        }
    }

    /// Returns the metadata of the list, as far as it was there.
    pub(in super::super) fn metadata(&self) -> ListMetadata {
        match self {
            Items::Unknown => ListMetadata::default(),
            Items::Json(items) => serde_json::from_slice(items.metadata()).unwrap_or_default(),
            Items::Protobuf(items) => {
                let fields = Fields::of(items.metadata());
                let text = |number| fields.text(number).unwrap_or_default().to_owned();
                let remaining_item_count = fields.number(4);
                ListMetadata { resource_version: text(2), next: text(3), remaining_item_count }
            }
        }
    }
}

/// The metadata of a list.
#[derive(Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in super::super) struct ListMetadata {
    /// The state of the cluster that the list shows.
    pub(in super::super) resource_version: String,
    /// What to ask for the next page with; empty on the last one.
    #[serde(rename = "continue")]
    pub(in super::super) next: String,
    /// How many items are left, if the server tells.
    pub(in super::super) remaining_item_count: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(list: &[u8]) -> (Vec<String>, Items) {
        let mut items = Items::default();
        let mut taken = Vec::new();
        for piece in list.chunks(1) {
            items.read(piece, |item| taken.push(format!("{item:?}")));
        }
        (taken, items)
    }

    #[test]
    fn either_format_is_told_by_how_it_begins() {
        let json = br#"{"metadata":{"resourceVersion":"7","continue":"c","remainingItemCount":3},"items":[{}]}"#;
        let protobuf = b"k8s\0\x12\x0c\x0a\x08\x12\x017\x1a\x01c\x20\x03\x12\x00";
        let metadata = ListMetadata {
            resource_version: "7".to_owned(),
            next: "c".to_owned(),
            remaining_item_count: Some(3),
        };
        for (list, taken) in [
            (&json[..], format!("{:?}", RawItem::Json(b"{}"))),
            (protobuf, format!("{:?}", RawItem::Protobuf(b""))),
        ] {
            let (found, items) = read(list);
            assert_eq!(found, [taken]);
            assert!(items.is_done());
            assert_eq!(items.metadata(), metadata);
        }
        assert!(!read(b"").1.is_done());
    }
}
