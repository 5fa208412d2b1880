//! Protocol Buffers, as far as an API server's lists of objects need them: they are a third of the JSON,
//! and cost the server a third of the time.

/// What the server's answers in this format begin with.
pub(super) const MAGIC: &[u8] = b"k8s\0";

/// The field of the envelope that holds the answer.
const RAW: u64 = 2;
/// The fields of a list.
const LIST_METADATA: u64 = 1;
const LIST_ITEMS: u64 = 2;
/// How a text, a message or a map's entry is encoded: its length, then its bytes.
const DELIMITED: u64 = 2;

/// Takes the items out of a list that comes in pieces: no more than one item and the list's metadata are
/// ever held.
#[derive(Debug, Default)]
pub(in super::super) struct Items {
    /// What came of a field and is too little yet.
    held: Vec<u8>,
    /// How many of the next bytes are of no interest.
    skip: u64,
    /// Whether the magic was read.
    begun: bool,
    /// How much of the list is to come; `None` outside of it.
    left: Option<u64>,
    metadata: Vec<u8>,
    /// Whether the list was there in full.
    done: bool,
    /// Whether this is no list.
    broken: bool,
}

impl Items {
    /// Reads a piece, and hands each item over that is complete by it.
    pub(super) fn read(&mut self, piece: &[u8], mut take: impl FnMut(&[u8])) {
        if self.held.is_empty() {
            let used = self.consume(piece, &mut take);
            self.held.extend_from_slice(&piece[used..]);
        } else {
            let mut held = std::mem::take(&mut self.held);
            held.extend_from_slice(piece);
            let used = self.consume(&held, &mut take);
            held.drain(..used);
            self.held = held;
        }
    }

    /// Returns whether the list was there in full.
    pub(super) fn is_done(&self) -> bool {
        self.done && !self.broken
    }

    /// Returns the metadata of the list, as far as it was there.
    pub(super) fn metadata(&self) -> &[u8] {
        &self.metadata
    }

    /// Returns how many bytes are done with.
    fn consume(&mut self, bytes: &[u8], take: &mut impl FnMut(&[u8])) -> usize {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            if self.broken {
                return bytes.len();
            }
            if self.skip > 0 {
                let skipped = rest.len().min(usize::try_from(self.skip).unwrap_or(usize::MAX));
                self.skip -= skipped as u64;
                at += skipped;
                if self.skip > 0 {
                    return at;
                }
                continue;
            }
            if !self.begun {
                if rest.len() < MAGIC.len() {
                    return at;
                }
                self.begun = true;
                self.broken = !rest.starts_with(MAGIC);
                at += MAGIC.len();
                continue;
            }
            if self.left == Some(0) {
                self.left = None;
                self.done = true;
            }
            let used = self.field(rest, take);
            if used == 0 {
                return at;
            }
            at += used;
        }
    }

    /// Reads one field; returns how many bytes it has, and 0 as long as it is not there in full.
    fn field(&mut self, bytes: &[u8], take: &mut impl FnMut(&[u8])) -> usize {
        let mut reader = Reader(bytes);
        let Some(tag) = reader.number() else {
            self.broken = bytes.len() > MAX_NUMBER;
            return 0;
        };
        let Some(length) = reader.length(tag) else {
            self.broken = reader.0.len() > MAX_NUMBER;
            return 0;
        };
        let head = bytes.len() - reader.0.len();
        let number = tag >> 3;
        let is_delimited = encoding(tag) == DELIMITED;
        let Some(left) = self.left else {
            if is_delimited && number == RAW {
                self.left = Some(length);
            } else {
                self.skip = length;
            }
            return head;
        };
        let Some(after) = left.checked_sub(length.saturating_add(head as u64)) else {
            self.broken = true;
            return 0;
        };
        if is_delimited && (number == LIST_METADATA || number == LIST_ITEMS) {
            let content = usize::try_from(length).ok().and_then(|length| reader.0.get(..length));
            let Some(content) = content else { return 0 };
            if number == LIST_ITEMS {
                take(content);
            } else {
                self.metadata = content.to_vec();
            }
            self.left = Some(after);
            return head + content.len();
        }
        self.left = Some(after);
        self.skip = length;
        head
    }
}

/// How many bytes a number may have.
const MAX_NUMBER: usize = 10;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Field<'a> {
    /// A number, or a truth value.
    Number(u64),
    /// A text, bytes, a message, or an entry of a map.
    Bytes(&'a [u8]),
}

/// Goes through the fields of a message, with their numbers. What is damaged ends them.
#[derive(Clone, Debug)]
pub(in super::super) struct Fields<'a>(Reader<'a>);

impl<'a> Fields<'a> {
    pub(in super::super) fn of(message: &'a [u8]) -> Self {
        Fields(Reader(message))
    }

    /// Returns the bytes of the last field with a number; none when there is none.
    pub(in super::super) fn bytes(&self, number: u64) -> &'a [u8] {
        let is_it = |(other, field)| match field {
            Field::Bytes(bytes) if other == number => Some(bytes),
            _ => None,
        };
        self.clone().filter_map(is_it).last().unwrap_or_default()
    }

    /// Returns the text of a field; `None` when it is damaged.
    pub(in super::super) fn text(&self, number: u64) -> Option<&'a str> {
        std::str::from_utf8(self.bytes(number)).ok()
    }

    /// Returns a number; `None` when there is none.
    pub(in super::super) fn number(&self, number: u64) -> Option<u64> {
        self.clone().find_map(|(other, field)| match field {
            Field::Number(value) if other == number => Some(value),
            _ => None,
        })
    }

    /// Returns the entries of a map of texts to bytes.
    pub(in super::super) fn entries(
        &self,
        number: u64,
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> + use<'a> {
        self.clone().filter_map(move |(other, field)| match field {
            Field::Bytes(entry) if other == number => {
                let entry = Fields::of(entry);
                Some((entry.bytes(1), entry.bytes(2)))
            }
            _ => None,
        })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = (u64, Field<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let reader = &mut self.0;
        let tag = reader.number()?;
        let number = tag >> 3;
        if encoding(tag) == 0 {
            return Some((number, Field::Number(reader.number()?)));
        }
        let length = usize::try_from(reader.length(tag)?).ok()?;
        let (bytes, rest) = reader.0.split_at_checked(length)?;
        reader.0 = rest;
        Some((number, Field::Bytes(bytes)))
    }
}

/// Returns how a field with a tag is encoded.
fn encoding(tag: u64) -> u64 {
    tag % 8
}

/// Bytes that are to be read.
#[derive(Clone, Copy, Debug)]
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    /// Reads a number; `None` when it is not there in full.
    fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for (index, byte) in self.0.iter().enumerate().take(MAX_NUMBER) {
            number |= u64::from(byte & 0x7f) << (7 * index);
            if byte & 0x80 == 0 {
                self.0 = &self.0[index + 1..];
                return Some(number);
            }
        }
        None
    }

    /// Reads how many bytes follow of a field with a tag; a number of its own is read with it.
    fn length(&mut self, tag: u64) -> Option<u64> {
        match encoding(tag) {
            0 => self.number().map(|_| 0),
            1 => Some(8),
            5 => Some(4),
            DELIMITED => self.number(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(mut value: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        while value >= 0x80 {
            bytes.push(value as u8 | 0x80);
            value >>= 7;
        }
        bytes.push(value as u8);
        bytes
    }

    fn bytes(field: u64, content: &[u8]) -> Vec<u8> {
        [number(field << 3 | DELIMITED), number(content.len() as u64), content.to_vec()].concat()
    }

    fn list(items: &[&[u8]]) -> Vec<u8> {
        let metadata = [bytes(2, b"7"), bytes(3, b"more"), number(4 << 3), number(300)].concat();
        let mut list = bytes(1, &metadata);
        for item in items {
            list.extend(bytes(2, item));
        }
        // What is not known is passed over, of any type.
        list.extend([number(9 << 3), number(1 << 40)].concat());
        list.extend([number(10 << 3 | 1), vec![0xff; 8]].concat());
        list.extend([number(11 << 3 | 5), vec![0xff; 4]].concat());
        list.extend(bytes(12, &[0xff; 200]));
        let kind = [bytes(1, b"v1"), bytes(2, b"SecretList")].concat();
        [MAGIC, &bytes(1, &kind), &bytes(2, &list), &bytes(3, b""), &bytes(4, b"")].concat()
    }

    fn read(list: &[u8], size: usize) -> (Vec<Vec<u8>>, Items) {
        let mut items = Items::default();
        let mut taken = Vec::new();
        for piece in list.chunks(size) {
            items.read(piece, |item| taken.push(item.to_vec()));
        }
        (taken, items)
    }

    #[test]
    fn items_are_found_however_the_list_is_cut() {
        let expected: [&[u8]; 3] = [b"one", b"", &[0xff; 500]];
        let list = list(&expected);
        for size in 1..=list.len() {
            let (taken, items) = read(&list, size);
            assert_eq!(taken, expected, "{size}");
            assert!(items.is_done() && items.held.is_empty(), "{size}");
            let metadata = Fields::of(items.metadata());
            assert_eq!((metadata.text(2), metadata.text(3)), (Some("7"), Some("more")));
            assert_eq!((metadata.number(4), metadata.number(5)), (Some(300), None));
        }
        // The last two fields, of two bytes each, lie behind the list.
        for end in 1..list.len() - 4 {
            assert!(!read(&list[..end], 7).1.is_done(), "{end}");
        }
    }

    #[test]
    fn a_list_may_be_empty() {
        let empty = [MAGIC, &bytes(2, b"")].concat();
        let (taken, items) = read(&[empty, bytes(3, b"")].concat(), 3);
        assert!(taken.is_empty() && items.is_done());
    }

    #[test]
    fn what_is_damaged_is_no_list() {
        let whole = list(&[b"one"]);
        let start = MAGIC.len() + 2 + bytes(1, b"v1").len() + bytes(2, b"SecretList").len();
        for at in 0..start {
            let mut damaged = whole.clone();
            damaged[at] = 0xff;
            let (taken, items) = read(&damaged, 5);
            assert!(taken.is_empty() || items.is_done(), "{at}");
        }
        let too_long = [MAGIC, &bytes(2, &[2 << 3 | 2, 0x7f, 1])].concat();
        let (taken, items) = read(&too_long, 4);
        assert!(taken.is_empty() && !items.is_done());
        assert!(!read(&[MAGIC, &[0xff; 40]].concat(), 4).1.is_done());
        assert_eq!(Fields::of(&[0xff; 40]).count(), 0);
        assert_eq!(Fields::of(&[10, 5, 1]).count(), 0);
    }

    #[test]
    fn fields_are_found_by_number() {
        let message = [
            bytes(1, b"a"),
            bytes(11, &[bytes(1, b"k"), bytes(2, b"v")].concat()),
            bytes(11, &bytes(1, b"lone")),
            bytes(1, b"b"),
            bytes(3, &[0xff]),
        ]
        .concat();
        let fields = Fields::of(&message);
        assert_eq!((fields.text(1), fields.text(2), fields.text(3)), (Some("b"), Some(""), None));
        let entries: Vec<_> = fields.entries(11).collect();
        assert_eq!(entries, [(&b"k"[..], &b"v"[..]), (b"lone", b"")]);
    }
}
