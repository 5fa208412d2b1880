use memchr::memchr2;

/// Takes the items out of a list, as JSON, that comes in pieces: no more than one item and the list's
/// metadata are ever held.
#[derive(Debug, Default)]
pub(in super::super) struct Items {
    /// How many objects and arrays are open.
    depth: usize,
    /// Whether the last byte was within a text, and whether it was the backslash of an escape.
    in_text: bool,
    escaped: bool,
    /// The last text of the outermost object: the name of the field that follows.
    field: Vec<u8>,
    /// Whether that text is being read.
    in_field: bool,
    /// Whether the array of items is open.
    in_list: bool,
    taking: Taking,
    item: Vec<u8>,
    metadata: Vec<u8>,
    /// Whether the outermost object was there in full.
    done: bool,
}

/// What bytes are kept for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Taking {
    #[default]
    Nothing,
    Item,
    Metadata,
}

impl Items {
    /// Reads a piece, and hands each item over that is complete by it.
    pub(super) fn read(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        // Where the bytes begin that are to be kept.
        let mut from = 0;
        let mut at = 0;
        while at < piece.len() {
            if self.in_text {
                if self.escaped {
                    self.escaped = false;
                    at += 1;
                    continue;
                }
                let Some(found) = memchr2(b'"', b'\\', &piece[at..]) else {
                    if self.in_field {
                        self.field.extend_from_slice(&piece[at..]);
                    }
                    break;
                };
                if self.in_field {
                    self.field.extend_from_slice(&piece[at..at + found]);
                }
                at += found + 1;
                if piece[at - 1] == b'\\' {
                    self.escaped = true;
                } else {
                    self.in_text = false;
                    self.in_field = false;
                }
                continue;
            }
            match piece[at] {
                b'"' => {
                    self.in_text = true;
                    if self.depth == 1 {
                        self.in_field = true;
                        self.field.clear();
                    }
                }
                b'{' | b'[' => {
                    if self.depth == 1 && piece[at] == b'[' && self.field == b"items" {
                        self.in_list = true;
                    } else if self.depth == 1 && self.field == b"metadata" {
                        (self.taking, from) = (Taking::Metadata, at);
                        self.metadata.clear();
                    } else if self.depth == 2 && self.in_list {
                        (self.taking, from) = (Taking::Item, at);
                        self.item.clear();
                    }
                    self.depth += 1;
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    match (self.depth, self.taking) {
                        (0, _) => self.done = true,
                        (1, Taking::Metadata) => {
                            self.metadata.extend_from_slice(&piece[from..=at]);
                            self.taking = Taking::Nothing;
                        }
                        (1, _) => self.in_list = false,
                        (2, Taking::Item) => {
                            self.taking = Taking::Nothing;
                            if self.item.is_empty() {
                                take(&piece[from..=at]);
                            } else {
                                self.item.extend_from_slice(&piece[from..=at]);
                                take(&self.item);
                            }
                        }
                        _ => {}
                    }
                }
                _ => {}
            }
            at += 1;
        }
        match self.taking {
            Taking::Nothing => {}
            Taking::Item => self.item.extend_from_slice(&piece[from..]),
            Taking::Metadata => self.metadata.extend_from_slice(&piece[from..]),
        }
    }

    /// Returns whether the list was there in full.
    pub(super) fn is_done(&self) -> bool {
        self.done
    }

    /// Returns the metadata of the list, as far as it was there.
    pub(super) fn metadata(&self) -> &[u8] {
        &self.metadata
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn items(text: &str, size: usize) -> (Vec<String>, Items) {
        let mut items = Items::default();
        let mut taken = Vec::new();
        for piece in text.as_bytes().chunks(size) {
            items.read(piece, |item| taken.push(String::from_utf8(item.to_vec()).unwrap()));
        }
        (taken, items)
    }

    #[test]
    fn items_are_found_however_the_list_is_cut() {
        let list = r#" {"kind":"items", "x": [{"items": [1]}], "metadata" :{"resourceVersion":"7",
            "continue":"a\"}b","remainingItemCount":3},
            "items": [ {"a":{"b":"}]\""}} ,{}, {"c":[{"metadata":{"continue":"no"}}]}], "z":"{" }"#;
        let expected = [r#"{"a":{"b":"}]\""}}"#, "{}", r#"{"c":[{"metadata":{"continue":"no"}}]}"#];
        for size in 1..=list.len() {
            let (taken, items) = items(list, size);
            assert_eq!(taken, expected, "{size}");
            let metadata: serde_json::Value = serde_json::from_slice(items.metadata()).unwrap();
            let expected = json!({
                "resourceVersion": "7", "continue": "a\"}b", "remainingItemCount": 3,
            });
            assert_eq!(metadata, expected);
            assert!(items.is_done());
        }
        for end in 1..list.len() {
            let text = String::from_utf8_lossy(&list.as_bytes()[..end]);
            assert!(!items(&text, 7).1.is_done(), "{end}");
        }
    }

    #[test]
    fn lists_may_be_empty() {
        for list in [r#"{"items":[],"metadata":{}}"#, r#"{"metadata":null,"items":null}"#, "{}"] {
            let (taken, items) = items(list, 3);
            assert!(taken.is_empty() && items.is_done(), "{list}");
        }
    }
}
