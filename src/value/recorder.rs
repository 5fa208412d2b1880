//! Notes which leaves of a tree of values are looked at.
//!
//! A tracked map links each key to a leaf of the recorder. All access to entries goes through
//! `Entries`, which marks what it hands out. Copies made by this crate keep the links instead of
//! counting as a look, so that `deepCopy` of everything does not read everything.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::Str;

/// Marks for leaves and maps, shared by all maps that are linked to it.
#[derive(Debug, Default)]
pub struct Recorder {
    leaves: Box<[AtomicBool]>,
    /// Of each map whether its emptiness was asked for.
    maps: Box<[AtomicBool]>,
    /// The maps in which a key was looked for that is not there, and the key.
    missed: Mutex<BTreeSet<(u32, Str)>>,
}

fn marks(count: usize) -> Box<[AtomicBool]> {
    (0..count).map(|_| AtomicBool::new(false)).collect()
}

fn mark(marks: &[AtomicBool], id: u32) {
    // A store would take the cache line from other threads each time.
    if let Some(mark) = marks.get(id as usize)
        && !mark.load(Ordering::Relaxed)
    {
        mark.store(true, Ordering::Relaxed);
    }
}

fn is_marked(marks: &[AtomicBool], id: u32) -> bool {
    marks.get(id as usize).is_some_and(|mark| mark.load(Ordering::Relaxed))
}

impl Recorder {
    /// Makes a recorder for so many leaves and maps.
    #[must_use]
    pub fn new(leaves: usize, maps: usize) -> Self {
        Recorder { leaves: marks(leaves), maps: marks(maps), missed: Mutex::default() }
    }

    /// Returns whether a leaf was looked at.
    #[must_use]
    pub fn is_read(&self, leaf: u32) -> bool {
        is_marked(&self.leaves, leaf)
    }

    /// Marks a leaf as looked at.
    pub fn read(&self, leaf: u32) {
        mark(&self.leaves, leaf);
    }

    /// Returns whether it was asked if a map, or one made of it, is empty.
    #[must_use]
    pub fn is_tested(&self, map: u32) -> bool {
        is_marked(&self.maps, map)
    }

    /// Returns the maps in which a key was looked for that was not there, and the key.
    #[must_use]
    pub fn missed(&self) -> Vec<(u32, Str)> {
        self.missed.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// What stands for "no leaf" among the links.
pub(super) const NO_LEAF: u32 = u32::MAX;

/// The links of one map to a recorder.
#[derive(Clone, Debug)]
pub(super) struct Links {
    recorder: Arc<Recorder>,
    /// For each entry, in order, its leaf.
    leaves: Vec<u32>,
    /// More leaves that have a say in an entry, or in there being none.
    more: Vec<(Str, u32)>,
    /// The maps whose emptiness shows in this one's.
    maps: Vec<u32>,
    /// Whether entries were taken away, so that the map can be empty while those are not.
    is_partial: bool,
}

/// The leaves that have a say in one entry.
#[derive(Clone, Debug, Default)]
pub struct Link(Option<(Arc<Recorder>, Vec<u32>)>);

impl Link {
    /// Returns the leaves.
    #[must_use]
    pub fn leaves(&self) -> &[u32] {
        self.0.as_ref().map_or(&[], |(_, leaves)| leaves)
    }
}

impl Links {
    pub(super) fn new(recorder: Arc<Recorder>, entries: usize) -> Self {
        let leaves = vec![NO_LEAF; entries];
        Links { recorder, leaves, more: Vec::new(), maps: Vec::new(), is_partial: false }
    }

    pub(super) fn set_leaf(&mut self, place: usize, leaf: u32) {
        self.leaves[place] = leaf;
    }

    pub(super) fn add(&mut self, key: Str, leaf: u32) {
        self.more.push((key, leaf));
    }

    pub(super) fn add_map(&mut self, map: u32) {
        self.maps.push(map);
    }

    /// Marks the entry at `place`.
    pub(super) fn read(&self, place: usize, key: &[u8]) {
        mark(&self.recorder.leaves, self.leaves[place]);
        self.read_more(key);
    }

    fn read_more(&self, key: &[u8]) {
        for (_, leaf) in self.more.iter().filter(|(more, _)| more.as_bytes() == key) {
            mark(&self.recorder.leaves, *leaf);
        }
    }

    /// Marks that there is no entry for `key`.
    pub(super) fn miss(&self, key: &[u8]) {
        self.read_more(key);
        if let Some(map) = self.number() {
            let mut missed = self.recorder.missed.lock().unwrap_or_else(PoisonError::into_inner);
            missed.insert((map, Str::from(key)));
        }
    }

    /// Marks all entries.
    pub(super) fn read_all(&self) {
        for leaf in self.leaves.iter().chain(self.more.iter().map(|(_, leaf)| leaf)) {
            mark(&self.recorder.leaves, *leaf);
        }
    }

    /// Returns whether an entry is marked.
    pub(super) fn has_read(&self) -> bool {
        let more = self.more.iter().map(|(_, leaf)| leaf);
        self.leaves.iter().chain(more).any(|leaf| self.recorder.is_read(*leaf))
    }

    /// Marks that it was asked whether there are entries.
    pub(super) fn test(&self) {
        if self.leaves.len() <= 1 || self.is_partial {
            self.read_all();
        }
        for map in &self.maps {
            mark(&self.recorder.maps, *map);
        }
    }

    pub(super) fn insert(&mut self, place: usize) {
        self.leaves.insert(place, NO_LEAF);
    }

    /// Forgets the entry at `place`, which gets another value.
    pub(super) fn replace(&mut self, place: usize, key: &[u8]) {
        self.leaves[place] = NO_LEAF;
        self.more.retain(|(more, _)| more.as_bytes() != key);
    }

    pub(super) fn remove(&mut self, place: usize, key: &[u8]) {
        self.is_partial = true;
        self.leaves.remove(place);
        self.more.retain(|(more, _)| more.as_bytes() != key);
    }

    pub(super) fn link(&self, place: Option<usize>, key: &[u8]) -> Link {
        let own = place.map(|place| self.leaves[place]).filter(|leaf| *leaf != NO_LEAF);
        let more = self.more.iter().filter(|(more, _)| more.as_bytes() == key);
        let leaves: Vec<u32> = own.into_iter().chain(more.map(|(_, leaf)| *leaf)).collect();
        if leaves.is_empty() {
            Link(None)
        } else {
            Link(Some((Arc::clone(&self.recorder), leaves)))
        }
    }

    /// Keeps the links of the entries that `keep` takes; entries in order, absent keys too.
    pub(super) fn select(&self, kept: &[bool], keep: impl Fn(&Str) -> bool) -> Links {
        let leaves = self.leaves.iter().zip(kept).filter(|(_, kept)| **kept);
        Links {
            recorder: Arc::clone(&self.recorder),
            leaves: leaves.map(|(leaf, _)| *leaf).collect(),
            more: self.more.iter().filter(|(key, _)| keep(key)).cloned().collect(),
            maps: self.maps.clone(),
            is_partial: true,
        }
    }

    /// Returns the number of the map, if it is one that was made tracked.
    pub(super) fn number(&self) -> Option<u32> {
        match self.maps[..] {
            [number] => Some(number),
            _ => None,
        }
    }
}

/// Adds links to a map that may have none yet and has so many entries.
pub(super) fn add_link(links: &mut Option<Box<Links>>, entries: usize, key: &Str, link: &Link) {
    let Some((recorder, leaves)) = &link.0 else { return };
    let links = links.get_or_insert_with(|| Box::new(Links::new(Arc::clone(recorder), entries)));
    for leaf in leaves {
        if !links.more.iter().any(|(more, known)| more == key && known == leaf) {
            links.more.push((key.clone(), *leaf));
        }
    }
}

/// Adds to the links of a map those of another that was merged into it, as far as they belong to
/// no entry of that one.
pub(super) fn add_rest(
    links: &mut Option<Box<Links>>,
    entries: usize,
    from: &Links,
    is_entry: impl Fn(&Str) -> bool,
) {
    let recorder = &from.recorder;
    let links = links.get_or_insert_with(|| Box::new(Links::new(Arc::clone(recorder), entries)));
    for more in from.more.iter().filter(|(key, _)| !is_entry(key)) {
        if !links.more.contains(more) {
            links.more.push(more.clone());
        }
    }
    for map in &from.maps {
        if !links.maps.contains(map) {
            links.maps.push(*map);
        }
    }
}
