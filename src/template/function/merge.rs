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

/// How deep maps may lie in each other; deeper ones lie within themselves, which Helm dies of.
const MAX_DEPTH: usize = 10_000;

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
        merge_into(&target, source, winner, 0)?;
    }
    Ok(returned(&target))
}

/// Merges `source` into `target`. Maps and lists of `source` are shared with `target`, not copied.
///
/// A target value that is empty gives way in both modes. An empty target map is filled from the
/// source's map first and stays what it is unless it is still empty then.
fn merge_into(
    target: &Map,
    source: &Map,
    winner: Winner,
    depth: usize,
) -> std::result::Result<(), Failure> {
    if depth > MAX_DEPTH {
        return Err("encountered a cycle: a map lies within itself".into());
    }
    if target.ptr_eq(source) {
        return Ok(());
    }
    for (key, value) in source.entries().peek_all() {
        let present = target.peek(key);
        // Which side wins depends on both, and the result tells no more than that.
        let links = [target.link(key), source.link(key)];
        if value.is_nil() {
            if winner == Winner::Source && !matches!(present, Some(Value::Nil)) {
                target.set(key.clone(), value.clone())?;
            }
        } else if let (Some(Value::Map(inner)), Value::Map(other)) = (&present, value)
            && stacker::maybe_grow(64 << 10, 1 << 20, || {
                merge_into(inner, other, winner, depth + 1).map(|()| !peek_empty(inner))
            })?
        {
        } else if winner == Winner::Source || !present.as_ref().is_some_and(peek_true) {
            if target.map_type() == MapType::Strings && source.map_type() != MapType::Strings {
                return Err("reflect.Value.SetMapIndex: value of type interface {} is not \
                            assignable to type string"
                    .into());
            }
            target.set(key.clone(), value.clone())?;
        }
        for link in &links {
            target.add_link(key, link)?;
        }
    }
    target.add_rest(source)?;
    Ok(())
}

fn peek_empty(map: &Map) -> bool {
    map.with(|entries| entries.peek_all().len() == 0)
}

fn peek_true(value: &Value) -> bool {
    match value {
        Value::Map(map) => !peek_empty(map),
        _ => is_true(value),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ merge (dict "a" 1 "e" "" "m" (dict "x" 1)) (dict "a" 2 "e" "s" "m" (dict "x" 2 "y" 3) "n" nil) | toJson }}"#,
                r#"{"a":1,"e":"s","m":{"x":1,"y":3}}"#,
            ),
            (
                r#"{{ mergeOverwrite (dict "a" 1 "m" (dict "x" 1) "l" (list 1)) (dict "a" "" "m" (dict) "l" (list) "n" nil) | toJson }}"#,
                r#"{"a":"","l":[],"m":{"x":1},"n":null}"#,
            ),
            (
                r#"{{ merge (dict "a" 1) (dict "a" (dict "b" 1)) | toJson }} {{ mergeOverwrite (dict "a" 1) (dict "a" (dict "b" 1)) | toJson }}"#,
                r#"{"a":1} {"a":{"b":1}}"#,
            ),
            (
                r#"{{ $s := dict "m" (dict "a" 1) }}{{ $d := dict }}{{ $_ := merge $d $s }}{{ $_ := set $d.m "z" 9 }}{{ toJson $s }}"#,
                r#"{"m":{"a":1,"z":9}}"#,
            ),
            (
                r#"{{ $s := dict "m" (dict "a" 1) }}{{ $d := dict "m" (dict) }}{{ $_ := merge $d $s }}{{ $_ := set $d.m "z" 9 }}{{ toJson $s }} {{ toJson $d }}"#,
                r#"{"m":{"a":1}} {"m":{"a":1,"z":9}}"#,
            ),
            (r#"{{ merge nil (dict "a" 1) }}"#, "map[a:1]"),
            (
                r#"{{ merge (dict "a" (split "," "x")) (dict "a" (dict "_1" "z")) }}"#,
                "error: merge: reflect.Value.SetMapIndex: value of type interface {} is not assignable to type string",
            ),
        ]);
    }
}
