use std::collections::HashSet;

use super::Value;

/// From this depth on it is noted which maps lie around a value. Sound data hardly gets there.
const CHECKED_DEPTH: usize = 1000;

/// From this depth on it is noted which lists and maps are done with: data that shares its parts
/// on every level would be walked through again and again.
const SHARED_DEPTH: usize = 8;

/// Returns whether a map lies within itself, so that a walk over the value would never end.
#[must_use]
pub fn has_cycle(value: &Value) -> bool {
    match value {
        Value::Map(_) | Value::List(_) => walk(value, 0, &mut HashSet::new(), &mut HashSet::new()),
        _ => false,
    }
}

fn walk(
    value: &Value,
    depth: usize,
    around: &mut HashSet<usize>,
    done: &mut HashSet<usize>,
) -> bool {
    let address = match value {
        Value::Map(map) => map.address(),
        Value::List(list) => list.address(),
        _ => return false,
    };
    // What is being walked through is not done, so that a cycle is still met.
    if depth >= SHARED_DEPTH && done.contains(&address) {
        return false;
    }
    let found = walk_in(value, depth, around, done);
    if depth >= SHARED_DEPTH {
        done.insert(address);
    }
    found
}

fn walk_in(
    value: &Value,
    depth: usize,
    around: &mut HashSet<usize>,
    done: &mut HashSet<usize>,
) -> bool {
    match value {
        Value::Map(map) => {
            let is_noted = depth > CHECKED_DEPTH;
            if is_noted && !around.insert(map.address()) {
                return true;
            }
            let found = stacker::maybe_grow(64 << 10, 1 << 20, || {
                map.with(|entries| {
                    entries.peek_all().any(|(_, value)| walk(value, depth + 1, around, done))
                })
            });
            if is_noted {
                around.remove(&map.address());
            }
            found
        }
        // A list cannot be changed, so a cycle through it goes through a map as well.
        Value::List(list) => stacker::maybe_grow(64 << 10, 1 << 20, || {
            list.items().iter().any(|item| walk(item, depth + 1, around, done))
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{List, Map};
    use super::*;

    #[test]
    fn finds_cycles_alone() {
        let shared = Map::from_pairs([("a", Value::Bool(true))]);
        let twice = Map::from_pairs(
            [("x", shared.clone()), ("y", shared)].map(|(k, m)| (k, Value::Map(m))),
        );
        assert!(!has_cycle(&Value::Map(twice)));

        let mut deep = Value::Nil;
        for _ in 0..20_000 {
            deep = Value::List(List::new(vec![Value::Map(Map::from_pairs([("a", deep)]))]));
        }
        assert!(!has_cycle(&deep));

        let outer = Map::new();
        let inner =
            Map::from_pairs([("up", Value::List(List::new(vec![Value::Map(outer.clone())])))]);
        outer.set("a", Value::Map(inner.clone())).unwrap();
        outer.set("b", Value::Map(inner)).unwrap();
        assert!(has_cycle(&Value::Map(outer)));
    }
}
