use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use super::ast::Unit;
use super::parser::{Unnamed, parse_unnamed};
use crate::value::Str;

/// Texts of templates that are parsed while something else goes on, before it is known under which
/// names they are wanted, or whether at all.
#[derive(Debug)]
pub struct Ahead {
    slots: Vec<Slot>,
    /// The places of the texts, by where their bytes lie in memory.
    places: HashMap<(usize, usize), usize>,
}

#[derive(Debug)]
struct Slot {
    text: Str,
    unwanted: AtomicBool,
    /// What came of it, until it is taken; nothing if the text does not parse.
    unit: OnceLock<Mutex<Option<Unnamed>>>,
}

impl Slot {
    /// Parses the text, unless that is done; waits if another thread is at it.
    fn parse(&self) -> &Mutex<Option<Unnamed>> {
        self.unit.get_or_init(|| Mutex::new(parse_unnamed(&self.text)))
    }

    fn is_left(&self) -> bool {
        self.unit.get().is_none() && !self.unwanted.load(Ordering::Relaxed)
    }
}

/// Tells texts apart without looking into them.
fn address(text: &Str) -> (usize, usize) {
    (text.as_bytes().as_ptr().addr(), text.len())
}

impl Ahead {
    /// Takes the texts. Nothing is parsed yet.
    #[must_use]
    pub fn new(texts: Vec<Str>) -> Self {
        let places = texts.iter().enumerate().map(|(i, text)| (address(text), i)).collect();
        let slot =
            |text| Slot { text, unwanted: AtomicBool::new(false), unit: OnceLock::default() };
        Ahead { slots: texts.into_iter().map(slot).collect(), places }
    }

    /// Returns how many bytes the texts have together.
    #[must_use]
    pub fn size(&self) -> usize {
        self.slots.iter().map(|slot| slot.text.len()).sum()
    }

    /// Parses one text after the other until none is left.
    pub fn work(&self) {
        for slot in self.slots.iter().filter(|slot| slot.is_left()) {
            slot.parse();
        }
    }

    /// Lets [`Ahead::work`] come to an end soon.
    pub fn give_up(&self) {
        self.slots.iter().for_each(|slot| slot.unwanted.store(true, Ordering::Relaxed));
    }

    /// Parses those of the texts in `wanted` that are not parsed yet, from the last on, so as to
    /// meet [`Ahead::work`] half-way. The others are given up.
    pub(super) fn finish<'t>(&self, wanted: impl Iterator<Item = &'t Str>) {
        let wanted: HashSet<_> = wanted.map(address).collect();
        let is_wanted = |slot: &&Slot| wanted.contains(&address(&slot.text));
        let unwanted = self.slots.iter().filter(|slot| !is_wanted(slot));
        unwanted.for_each(|slot| slot.unwanted.store(true, Ordering::Relaxed));
        for slot in self.slots.iter().rev().filter(|slot| slot.is_left()) {
            slot.parse();
        }
    }

    /// Returns what came of a text, under its name; `None` if it has to be parsed anew.
    pub(super) fn take(&self, name: &Str, text: &Str) -> Option<Unit> {
        let slot = &self.slots[*self.places.get(&address(text))?];
        let unit = slot.parse().lock().unwrap_or_else(PoisonError::into_inner).take();
        unit?.named(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::TemplateSet;
    use super::*;

    #[test]
    fn a_set_is_the_same_be_it_parsed_ahead_or_not() {
        let text = |text: &str| Str::from(text);
        let once = text("{{ define \"a\" }}x{{ end }}{{ template \"a\" }}");
        let files = [
            (text("c/_a.tpl"), once.clone()),
            // Used twice, and one that defines what it is called itself.
            (text("c/b.yaml"), once.clone()),
            (text("c/c.yaml"), text("{{ define \"c/c.yaml\" }}y{{ end }}{{/* blank */}}")),
            (text("c/d.yaml"), text("{{ define \"\\u00e9\" }}z{{ end }}")),
            (text("c/e.yaml"), text("{{ if }}")),
            (text("c/f.yaml"), text("")),
        ];
        let texts = |from: usize| files[from..].iter().map(|(_, text)| text.clone()).collect();
        let mut plain = TemplateSet::default();
        let failed = plain.parse_all(&files, None);
        assert_eq!(failed.len(), 1);
        for from in 0..3 {
            let ahead = Ahead::new(texts(from));
            if from == 1 {
                ahead.work();
            }
            let mut set = TemplateSet::default();
            assert_eq!(set.parse_all(&files, Some(&ahead)), failed);
            assert_eq!(set.files, plain.files);
            assert_eq!(set.templates.len(), plain.templates.len());
            for name in ["a", "c/_a.tpl", "c/b.yaml", "c/c.yaml", "\u{e9}", "c/d.yaml", "c/f.yaml"]
            {
                let template = plain.templates.get(name.as_bytes()).unwrap();
                let other = set.templates.get(name.as_bytes()).unwrap();
                assert_eq!(other.unit.name, template.unit.name);
                assert_eq!(other.body(), template.body());
                assert_eq!(other.unit_id, template.unit_id);
            }
        }
    }
}
