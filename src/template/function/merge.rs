//! `merge` and `mergeOverwrite`: deep merging of maps into the first one.

use super::argument::map_arg;
use super::dict::returned;
use super::{Env, Failure, Function, Param, Result};
use crate::value::{Map, MapType, Value, is_true};

const fn row(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[Param::Map], rest: Some(Param::Map), call }
}

pub(super) const FUNCTIONS: &[Function] = &[
    row("merge", merge),
    row("mergeOverwrite", merge_overwrite),
    row("mustMerge", merge),
    row("mustMergeOverwrite", merge_overwrite),
];

/// Which side keeps its value when both have one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Winner {
    Target,
    Source,
}

fn merge(_: &Env, args: &[Value]) -> Result {
    merge_all(args, Winner::Target)
}

fn merge_overwrite(_: &Env, args: &[Value]) -> Result {
    merge_all(args, Winner::Source)
}

fn merge_all(args: &[Value], winner: Winner) -> Result {
    let mut target = map_arg(args, 0).clone();
    for i in 1..args.len() {
        let source = map_arg(args, i);
        if target.is_nil() && !source.is_nil() {
            target = Map::new();
        }
        merge_into(&target, source, winner)?;
    }
    Ok(returned(&target))
}

/// Merges `source` into `target`. Maps and lists of `source` are shared with `target`, not copied.
///
/// A target value that is empty gives way in both modes. An empty target map is filled from the
/// source's map first and stays what it is unless it is still empty then.
fn merge_into(target: &Map, source: &Map, winner: Winner) -> std::result::Result<(), Failure> {
    if target.ptr_eq(source) {
        return Ok(());
    }
    for (key, value) in source.entries() {
        let present = target.get(&key);
        if value.is_nil() {
            if winner == Winner::Source && !matches!(present, Some(Value::Nil)) {
                target.set(key, value)?;
            }
            continue;
        }
        if let (Some(Value::Map(inner)), Value::Map(other)) = (&present, &value) {
            merge_into(inner, other, winner)?;
            if !inner.is_empty() {
                continue;
            }
        }
        if winner == Winner::Source || !present.as_ref().is_some_and(is_true) {
            if target.map_type() == MapType::Strings && source.map_type() != MapType::Strings {
                return Err("reflect.Value.SetMapIndex: value of type interface {} is not \
                            assignable to type string"
                    .into());
            }
            target.set(key, value)?;
        }
    }
    Ok(())
}
