//! Values that know their source.
//!
//! Every leaf is put into an object that the merge carries along unseen. Nulls and maps stay what
//! they are, since the merge treats them in ways of their own; so do lists, whose items are leaves
//! each.

use std::any::Any;

use crate::value::{Entries, Kind, List, Map, MapType, Object, Value};
use crate::values::ValuePath;

/// Which source a leaf is from: its index among all sources.
pub(super) type SourceId = usize;

/// A leaf and where it was written.
#[derive(Clone, Debug)]
pub(super) struct Tagged {
    pub(super) value: Value,
    pub(super) source: SourceId,
    pub(super) path: ValuePath,
}

impl Object for Tagged {
    fn type_name(&self) -> &'static str {
        self.value.type_name()
    }

    fn kind(&self) -> Kind {
        self.value.kind()
    }

    fn to_plain(&self) -> Value {
        self.value.clone()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// Lists without items, which `--set` can still add some to: they get their tag last.
#[derive(Default)]
pub(super) struct EmptyLists(Vec<(List, SourceId)>);

impl EmptyLists {
    fn source_of(&self, list: &List) -> Option<SourceId> {
        self.0.iter().find(|(known, _)| known.ptr_eq(list)).map(|(_, source)| *source)
    }
}

/// Tags all leaves of a map that have no tag yet.
pub(super) fn tag_map(map: &Map, source: SourceId, empty: &mut EmptyLists) -> Map {
    tag_at(map, &ValuePath::default(), source, empty)
}

fn tag_at(map: &Map, path: &ValuePath, source: SourceId, empty: &mut EmptyLists) -> Map {
    let entries: Entries = map
        .entries()
        .into_iter()
        .map(|(key, value)| {
            let value = tag(&value, &path.key(key.clone()), source, empty);
            (key, value)
        })
        .collect();
    Map::open(MapType::Any, entries)
}

fn tag(value: &Value, path: &ValuePath, source: SourceId, empty: &mut EmptyLists) -> Value {
    stacker::maybe_grow(64 << 10, 1 << 20, || match value {
        Value::Nil | Value::Absent => Value::Nil,
        Value::Map(map) => Value::Map(tag_at(map, path, source, empty)),
        Value::List(list) if list.is_empty() => {
            if empty.source_of(list).is_none() {
                empty.0.push((list.clone(), source));
            }
            value.clone()
        }
        Value::List(list) => {
            let items = list.items();
            let items = items.iter().enumerate();
            let items = items.map(|(i, item)| tag(item, &path.index(i), source, empty));
            Value::List(List::new(items.collect()))
        }
        Value::Object(object) if object.as_any().is::<Tagged>() => value.clone(),
        _ => Value::object(Tagged { value: value.clone(), source, path: path.clone() }),
    })
}

/// Tags the lists without items.
pub(super) fn tag_empty_lists(map: &Map, empty: &EmptyLists) -> Map {
    fn at(value: &Value, path: &ValuePath, empty: &EmptyLists) -> Value {
        stacker::maybe_grow(64 << 10, 1 << 20, || match value {
            Value::Map(map) => Value::Map(inside(map, path, empty)),
            Value::List(list) if list.is_empty() => match empty.source_of(list) {
                Some(source) => {
                    Value::object(Tagged { value: value.clone(), source, path: path.clone() })
                }
                None => value.clone(),
            },
            Value::List(list) => {
                let items = list.items();
                let items = items.iter().enumerate();
                Value::List(List::new(items.map(|(i, v)| at(v, &path.index(i), empty)).collect()))
            }
            _ => value.clone(),
        })
    }
    fn inside(map: &Map, path: &ValuePath, empty: &EmptyLists) -> Map {
        let entries: Entries = map
            .entries()
            .into_iter()
            .map(|(key, value)| {
                let value = at(&value, &path.key(key.clone()), empty);
                (key, value)
            })
            .collect();
        Map::open(MapType::Any, entries)
    }
    inside(map, &ValuePath::default(), empty)
}
