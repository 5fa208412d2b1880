use std::collections::HashMap;
use std::sync::Arc;

use crate::value::{Map, MapType, Recorder, Str, Value};
use crate::values::path::{PathStep, ValuePath};
use crate::values::{SwitchedOff, Switches};

/// A copy of merged values that notes what is looked at.
#[derive(Debug)]
pub struct Tracked {
    pub(super) values: Map,
    pub(super) recorder: Arc<Recorder>,
    pub(super) off: Vec<SwitchedOff>,
}

impl Tracked {
    /// Makes the copy. `given` are the user's values, whose nulls may have deleted defaults:
    /// whether those are missed is noted, too. What `switches` looked at counts as read.
    ///
    /// The copy refuses writes; [`crate::template::render`] works on a writable one of its own.
    #[must_use]
    pub fn new(merged: &Map, given: &Map, switches: Switches) -> Self {
        let mut size = Size::default();
        size.add(&Value::Map(merged.clone()));
        size.add_nulls(given);
        let recorder = Arc::new(Recorder::new(size.leaves, size.maps));
        let mut copy = Copy { recorder: &recorder, leaves: 0, maps: 0, made: HashMap::new() };
        let values = copy.map(merged, Some(given));
        let Switches { read, off } = switches;
        let tracked = Tracked { values, recorder, off };
        for path in &read {
            tracked.read(path);
        }
        tracked
    }

    /// Returns the copy.
    #[must_use]
    pub fn values(&self) -> &Map {
        &self.values
    }

    /// Marks what lies at a path, and what bars the way there.
    fn read(&self, path: &ValuePath) {
        let mut map = self.values.clone();
        for step in &path.0 {
            let PathStep::Key(key) = step else { return };
            map.link(key).leaves().iter().for_each(|leaf| self.recorder.read(*leaf));
            match map.peek(key) {
                Some(Value::Map(inner)) => map = inner,
                _ => return,
            }
        }
    }
}

/// How many leaves and maps there are.
#[derive(Default)]
struct Size {
    leaves: usize,
    maps: usize,
}

impl Size {
    fn add(&mut self, value: &Value) {
        stacker::maybe_grow(64 << 10, 1 << 20, || match value {
            Value::Map(map) => {
                self.maps += 1;
                map.with(|entries| {
                    // Each entry may be a leaf, whatever lies inside.
                    self.leaves += entries.len();
                    entries.iter().for_each(|(_, value)| self.add(value));
                });
            }
            Value::List(list) => list.items().iter().for_each(|item| self.add(item)),
            _ => {}
        });
    }

    fn add_nulls(&mut self, map: &Map) {
        map.with(|entries| {
            for (_, value) in entries {
                match value {
                    Value::Nil => self.leaves += 1,
                    Value::Map(inner) => {
                        stacker::maybe_grow(64 << 10, 1 << 20, || self.add_nulls(inner));
                    }
                    _ => {}
                }
            }
        });
    }
}

struct Copy<'a> {
    recorder: &'a Arc<Recorder>,
    leaves: u32,
    maps: u32,
    /// By address, so that maps that were one stay one.
    made: HashMap<usize, Map>,
}

impl Copy<'_> {
    fn leaf(&mut self) -> u32 {
        self.leaves += 1;
        self.leaves - 1
    }

    fn map(&mut self, map: &Map, given: Option<&Map>) -> Map {
        if let Some(made) = self.made.get(&map.address()) {
            return made.with_type(map.map_type());
        }
        let number = self.maps;
        self.maps += 1;
        let copied: Vec<(Str, Value)> = map.with(|entries| {
            let mut copied = Vec::with_capacity(entries.len());
            for (key, value) in entries {
                let given = given.and_then(|given| given.get(key));
                let given = given.as_ref().and_then(Value::as_map);
                copied.push((key.clone(), self.value(value, given)));
            }
            copied
        });
        let absent: Vec<(Str, u32)> = given
            .map(Map::entries)
            .into_iter()
            .flatten()
            .filter(|(key, value)| value.is_nil() && !map.contains(key))
            .map(|(key, _)| (key, self.leaf()))
            .collect();
        let copied = crate::value::Entries::from_pairs(copied);
        let recorder = Arc::clone(self.recorder);
        let tracked = copied.tracked(
            &recorder,
            number,
            |_, value| match value {
                Value::Map(map) if map.with(|entries| entries.peek_all().len() > 0) => None,
                _ => Some(self.leaf()),
            },
            absent,
        );
        let copy = Map::frozen(MapType::Any, tracked).with_type(map.map_type());
        self.made.insert(map.address(), copy.clone());
        copy
    }

    fn value(&mut self, value: &Value, given: Option<&Map>) -> Value {
        stacker::maybe_grow(64 << 10, 1 << 20, || match value {
            Value::Map(map) => Value::Map(self.map(map, given)),
            Value::List(list) if !list.is_nil() => {
                let items = list.items();
                if items.iter().all(|item| !matches!(item, Value::Map(_) | Value::List(_))) {
                    return value.clone();
                }
                let items = items.iter().map(|item| self.value(item, None)).collect();
                Value::List(crate::value::List::typed(list.list_type(), items))
            }
            _ => value.clone(),
        })
    }
}
