//! What holes printed, by number.

use std::rc::Rc;

use super::source::Marked;
use crate::value::Value;

/// What a hole printed.
#[derive(Clone, Debug)]
pub(in crate::template::jinja) enum Entry {
    /// Data: reads back as what it is.
    Value(Value),
    /// Text of a template, with marks: what a macro made, or a Go template.
    Text(Rc<Marked>),
    /// Text that the template's author answers for.
    Raw(Rc<Marked>),
}

/// Set in the numbers of entries that outlast a file.
const LASTING: u32 = 1 << 23;

/// What the holes of a file printed, and what the holes of macros did that many files share.
#[derive(Debug, Default)]
pub(in crate::template::jinja) struct Entries {
    own: Vec<Entry>,
    lasting: Vec<Entry>,
}

impl From<Vec<Entry>> for Entries {
    fn from(own: Vec<Entry>) -> Self {
        Entries { own, lasting: Vec::new() }
    }
}

impl Entries {
    /// How many entries a file can have.
    pub(in crate::template::jinja) const LIMIT: usize = LASTING as usize;

    pub(super) fn get(&self, number: u32) -> Option<&Entry> {
        match number & LASTING {
            0 => self.own.get(number as usize),
            _ => self.lasting.get((number & !LASTING) as usize),
        }
    }

    /// Adds an entry and returns its number; `None` if there are too many.
    pub(in crate::template::jinja) fn push(&mut self, entry: Entry, lasts: bool) -> Option<u32> {
        let list = if lasts { &mut self.lasting } else { &mut self.own };
        let number = u32::try_from(list.len()).ok().filter(|number| *number < LASTING)?;
        list.push(entry);
        Some(if lasts { number | LASTING } else { number })
    }

    /// Forgets the entries of a file.
    pub(in crate::template::jinja) fn clear(&mut self) {
        self.own.clear();
    }

    /// Forgets those that outlast a file.
    pub(in crate::template::jinja) fn clear_lasting(&mut self) {
        self.lasting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_macros_outlast_those_of_a_file() {
        let mut entries = Entries::default();
        let text = |entries: &Entries, number| match entries.get(number) {
            Some(Entry::Raw(text)) => text.to_string(),
            _ => String::new(),
        };
        let own = entries.push(Entry::Raw(Marked::new("own")), false).unwrap();
        let lasting = entries.push(Entry::Raw(Marked::new("lasting")), true).unwrap();
        assert_eq!(
            (text(&entries, own), text(&entries, lasting)),
            ("own".into(), "lasting".into())
        );
        entries.clear();
        assert_eq!(
            (text(&entries, own), text(&entries, lasting)),
            (String::new(), "lasting".into())
        );
        entries.clear_lasting();
        assert_eq!(text(&entries, lasting), "");
    }
}
