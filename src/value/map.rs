use std::sync::{Arc, PoisonError, RwLock};

use super::recorder::{self, Link, Links, Recorder};
use super::{Str, Value};

/// The Go type of a map, visible to templates through `typeOf`, methods and argument checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MapType {
    /// `map[string]interface {}`
    Any,
    /// `map[string]string`
    Strings,
    /// `common.Values`, the type of the root object and `.Values`.
    Values,
    /// `engine.files`, the type of `.Files`.
    Files,
}

/// A write was refused because the map is frozen.
///
/// Frozen maps may be read by several threads without a lock. Whoever meets this error has to
/// start again with thawed data, one thread, and the order of writes that Helm has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the map is frozen")]
pub struct Frozen;

/// A shared, mutable Go map with string keys. Clones are aliases: a write is seen by all of them.
#[derive(Clone, Debug)]
pub struct Map {
    node: Arc<Node>,
    /// Beside the node, because Go may see one map under two types.
    map_type: MapType,
}

#[derive(Debug)]
struct Node {
    nil: bool,
    cell: Cell,
}

#[derive(Debug)]
enum Cell {
    Frozen(Entries),
    Open(RwLock<Entries>),
}

impl Drop for Node {
    /// Deep data is dropped on a growing stack.
    fn drop(&mut self) {
        let entries = match &mut self.cell {
            Cell::Frozen(entries) => std::mem::take(entries),
            Cell::Open(cell) => {
                std::mem::take(cell.get_mut().unwrap_or_else(PoisonError::into_inner))
            }
        };
        if entries.pairs.iter().any(|(_, value)| matches!(value, Value::Map(_) | Value::List(_))) {
            stacker::maybe_grow(64 << 10, 1 << 20, || drop(entries));
        }
    }
}

/// So many keys are compared one by one: most differ in length, which is told at once.
const FEW: usize = 24;

/// The entries of a [`Map`], sorted by key bytes.
///
/// Those of a tracked map mark what they hand out, except where a method says otherwise.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    pairs: Vec<(Str, Value)>,
    links: Option<Box<Links>>,
}

impl Entries {
    /// Makes entries from pairs in any order; of equal keys the last wins.
    #[must_use]
    pub fn from_pairs(mut pairs: Vec<(Str, Value)>) -> Self {
        if pairs.windows(2).all(|w| w[0].0 < w[1].0) {
            return Entries { pairs, links: None };
        }
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        let mut sorted: Vec<(Str, Value)> = Vec::with_capacity(pairs.len());
        for pair in pairs {
            match sorted.last_mut() {
                Some(last) if last.0 == pair.0 => *last = pair,
                _ => sorted.push(pair),
            }
        }
        Entries { pairs: sorted, links: None }
    }

    /// Returns the place of `key`.
    fn place(&self, key: &[u8]) -> Option<usize> {
        if self.pairs.len() > FEW {
            return self.find(key).ok();
        }
        self.pairs.iter().position(|(k, _)| k.as_bytes() == key)
    }

    /// Returns the place of `key`, or else where it belongs.
    fn find(&self, key: &[u8]) -> Result<usize, usize> {
        self.pairs.binary_search_by(|(k, _)| k.as_bytes().cmp(key))
    }

    /// Returns the value of `key`.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<&Value> {
        match self.place(key) {
            Some(i) => {
                if let Some(links) = &self.links {
                    links.read(i, key);
                }
                Some(&self.pairs[i].1)
            }
            None => {
                if let Some(links) = &self.links {
                    links.miss(key);
                }
                None
            }
        }
    }

    /// Sets `key` to `value`.
    pub fn set(&mut self, key: Str, value: Value) {
        match self.find(key.as_bytes()) {
            Ok(i) => {
                if let Some(links) = &mut self.links {
                    links.replace(i, key.as_bytes());
                }
                self.pairs[i].1 = value;
            }
            Err(i) => {
                if let Some(links) = &mut self.links {
                    links.insert(i);
                }
                self.pairs.insert(i, (key, value));
            }
        }
    }

    /// Removes `key` and returns its value.
    pub fn remove(&mut self, key: &[u8]) -> Option<Value> {
        let i = self.find(key).ok()?;
        if let Some(links) = &mut self.links {
            links.remove(i, key);
        }
        Some(self.pairs.remove(i).1)
    }

    /// Returns the entries in key order.
    pub fn iter(&self) -> std::slice::Iter<'_, (Str, Value)> {
        if let Some(links) = &self.links {
            links.read_all();
        }
        self.pairs.iter()
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.iter().len()
    }

    /// Returns whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        if let Some(links) = &self.links {
            links.test();
        }
        self.pairs.is_empty()
    }

    /// Returns the entries in key order without marking anything. For code whose result does not
    /// tell what it saw, or keeps the links.
    pub fn peek_all(&self) -> std::slice::Iter<'_, (Str, Value)> {
        self.pairs.iter()
    }

    /// Returns whether somebody looked at an entry of a tracked map.
    #[must_use]
    pub fn has_read(&self) -> bool {
        self.links.as_ref().is_some_and(|links| links.has_read())
    }

    /// Returns the same entries with other values, which keep their links.
    #[must_use]
    pub fn map_values(&self, mut change: impl FnMut(&Value) -> Value) -> Entries {
        let pairs = self.pairs.iter().map(|(key, value)| (key.clone(), change(value)));
        Entries { pairs: pairs.collect(), links: self.links.clone() }
    }

    /// Returns the entries whose keys `keep` takes, with their links.
    #[must_use]
    pub fn select(&self, keep: impl Fn(&Str) -> bool) -> Entries {
        let kept: Vec<bool> = self.pairs.iter().map(|(key, _)| keep(key)).collect();
        let pairs = self.pairs.iter().zip(&kept).filter(|(_, kept)| **kept);
        Entries {
            pairs: pairs.map(|(pair, _)| pair.clone()).collect(),
            links: self.links.as_ref().map(|links| Box::new(links.select(&kept, keep))),
        }
    }

    /// Makes tracked entries of a map with the number `map`. `leaf` tells the leaf of each entry
    /// that is one; `absent` are keys whose absence a leaf has a say in.
    #[must_use]
    pub fn tracked(
        self,
        recorder: &Arc<Recorder>,
        map: u32,
        mut leaf: impl FnMut(&Str, &Value) -> Option<u32>,
        absent: impl IntoIterator<Item = (Str, u32)>,
    ) -> Entries {
        let mut links = Links::new(Arc::clone(recorder), self.pairs.len());
        for (place, (key, value)) in self.pairs.iter().enumerate() {
            if let Some(leaf) = leaf(key, value) {
                links.set_leaf(place, leaf);
            }
        }
        absent.into_iter().for_each(|(key, leaf)| links.add(key, leaf));
        links.add_map(map);
        Entries { pairs: self.pairs, links: Some(Box::new(links)) }
    }
}

impl<'a> IntoIterator for &'a Entries {
    type Item = &'a (Str, Value);
    type IntoIter = std::slice::Iter<'a, (Str, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl IntoIterator for Entries {
    type Item = (Str, Value);
    type IntoIter = std::vec::IntoIter<(Str, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        if let Some(links) = &self.links {
            links.read_all();
        }
        self.pairs.into_iter()
    }
}

impl FromIterator<(Str, Value)> for Entries {
    fn from_iter<T: IntoIterator<Item = (Str, Value)>>(iter: T) -> Self {
        Entries::from_pairs(iter.into_iter().collect())
    }
}

impl Default for Map {
    fn default() -> Self {
        Map::new()
    }
}

impl Map {
    fn made(map_type: MapType, nil: bool, cell: Cell) -> Self {
        Map { node: Arc::new(Node { nil, cell }), map_type }
    }

    /// Makes an empty, writable `map[string]interface {}`.
    #[must_use]
    pub fn new() -> Self {
        Map::open(MapType::Any, Entries::default())
    }

    /// Makes a writable map.
    #[must_use]
    pub fn open(map_type: MapType, entries: Entries) -> Self {
        Map::made(map_type, false, Cell::Open(RwLock::new(entries)))
    }

    /// Makes a map that refuses writes and needs no lock to read.
    #[must_use]
    pub fn frozen(map_type: MapType, entries: Entries) -> Self {
        Map::made(map_type, false, Cell::Frozen(entries))
    }

    /// Makes a nil map: empty, but `null` in JSON.
    #[must_use]
    pub fn nil(map_type: MapType) -> Self {
        Map::made(map_type, true, Cell::Frozen(Entries::default()))
    }

    /// Makes a writable `map[string]interface {}` from pairs; of equal keys the last wins.
    pub fn from_pairs<K: Into<Str>>(pairs: impl IntoIterator<Item = (K, Value)>) -> Self {
        Map::open(MapType::Any, pairs.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }

    /// Returns the Go type.
    #[must_use]
    pub fn map_type(&self) -> MapType {
        self.map_type
    }

    /// Returns an alias of this map under another Go type, as a conversion in Go does.
    #[must_use]
    pub fn with_type(&self, map_type: MapType) -> Map {
        Map { node: Arc::clone(&self.node), map_type }
    }

    /// Returns whether this is a nil map.
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.node.nil
    }

    /// Returns whether writes are refused.
    #[must_use]
    pub fn is_frozen(&self) -> bool {
        matches!(self.node.cell, Cell::Frozen(_))
    }

    /// Calls `read` with the entries. `read` must not write to this map.
    pub fn with<R>(&self, read: impl FnOnce(&Entries) -> R) -> R {
        match &self.node.cell {
            Cell::Frozen(entries) => read(entries),
            Cell::Open(cell) => read(&cell.read().unwrap_or_else(PoisonError::into_inner)),
        }
    }

    /// Calls `write` with the entries. `write` must not read this map through another alias.
    ///
    /// # Errors
    /// [`Frozen`] when the map is frozen.
    pub fn with_mut<R>(&self, write: impl FnOnce(&mut Entries) -> R) -> Result<R, Frozen> {
        match &self.node.cell {
            Cell::Frozen(_) => Err(Frozen),
            Cell::Open(cell) => {
                Ok(write(&mut cell.write().unwrap_or_else(PoisonError::into_inner)))
            }
        }
    }

    /// Returns a clone of the value of `key`.
    #[must_use]
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.with(|entries| entries.get(key.as_ref()).cloned())
    }

    /// Returns whether `key` is present, be its value nil or not.
    #[must_use]
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        self.with(|entries| entries.get(key.as_ref()).is_some())
    }

    /// Sets `key` to `value`.
    ///
    /// # Errors
    /// [`Frozen`] when the map is frozen.
    pub fn set(&self, key: impl Into<Str>, value: Value) -> Result<(), Frozen> {
        self.with_mut(|entries| entries.set(key.into(), value))
    }

    /// Removes `key`.
    ///
    /// # Errors
    /// [`Frozen`] when the map is frozen.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Result<Option<Value>, Frozen> {
        self.with_mut(|entries| entries.remove(key.as_ref()))
    }

    /// Returns the number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.with(Entries::len)
    }

    /// Returns whether there are no entries.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.with(Entries::is_empty)
    }

    /// Returns a clone of the value of `key` without marking it. For code whose result does not
    /// tell what it saw, or keeps the [`Link`].
    #[must_use]
    pub fn peek(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        let key = key.as_ref();
        self.with(|entries| entries.find(key).ok().map(|i| entries.pairs[i].1.clone()))
    }

    /// Returns the number that [`Entries::tracked`] gave this map or the one it is a copy of.
    #[must_use]
    pub fn tracked_number(&self) -> Option<u32> {
        self.with(|entries| entries.links.as_ref()?.number())
    }

    /// Returns the leaves that have a say in the entry of `key`, be it there or not.
    #[must_use]
    pub fn link(&self, key: impl AsRef<[u8]>) -> Link {
        let key = key.as_ref();
        self.with(|entries| match &entries.links {
            Some(links) => links.link(entries.find(key).ok(), key),
            None => Link::default(),
        })
    }

    /// Notes that the leaves of `link` have a say in the entry of `key`.
    ///
    /// # Errors
    /// [`Frozen`] when the map is frozen.
    pub fn add_link(&self, key: &Str, link: &Link) -> Result<(), Frozen> {
        if link.leaves().is_empty() {
            return Ok(());
        }
        self.with_mut(|entries| {
            recorder::add_link(&mut entries.links, entries.pairs.len(), key, link);
        })
    }

    /// Notes that what `source` lacks, and whether it is empty, has a say in this map.
    ///
    /// # Errors
    /// [`Frozen`] when the map is frozen.
    pub fn add_rest(&self, source: &Map) -> Result<(), Frozen> {
        if self.ptr_eq(source) {
            return Ok(());
        }
        let Some((links, keys)) = source.with(|from| {
            let links = from.links.clone()?;
            Some((links, from.pairs.iter().map(|(key, _)| key.clone()).collect::<Vec<Str>>()))
        }) else {
            return Ok(());
        };
        self.with_mut(|entries| {
            let is_entry = |key: &Str| keys.binary_search(key).is_ok();
            recorder::add_rest(&mut entries.links, entries.pairs.len(), &links, is_entry);
        })
    }

    /// Returns the keys in byte order.
    #[must_use]
    pub fn keys(&self) -> Vec<Str> {
        self.with(|entries| entries.iter().map(|(k, _)| k.clone()).collect())
    }

    /// Returns a snapshot of the entries, in key order.
    #[must_use]
    pub fn entries(&self) -> Entries {
        self.with(Clone::clone)
    }

    /// Returns whether both are the same map in memory.
    #[must_use]
    pub fn ptr_eq(&self, other: &Map) -> bool {
        Arc::ptr_eq(&self.node, &other.node)
    }

    /// Returns an address that is the same for all aliases of this map and no other living map.
    #[must_use]
    pub fn address(&self) -> usize {
        Arc::as_ptr(&self.node).cast::<()>() as usize
    }

    /// Returns a writable copy of this level; nested maps stay shared.
    #[must_use]
    pub fn shallow_copy(&self) -> Map {
        Map::open(self.map_type(), self.entries())
    }
}
