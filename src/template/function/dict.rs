//! Functions over maps. `set` and `unset` write to the map they are given.

use super::argument::{any_arg, map_arg, str_arg};
use super::convert::text_form;
use super::{Env, Failure, Function, Param, Result};
use crate::value::{List, Map, MapType, Str, Value, deep_copy};

const fn row(
    name: &'static str,
    params: &'static [Param],
    call: fn(&Env, &[Value]) -> Result,
) -> Function {
    Function { name, params, rest: None, call }
}

pub(super) const FUNCTIONS: &[Function] = &[
    row("deepCopy", &[Param::Any], deep_copy_of),
    Function { name: "dict", params: &[], rest: Some(Param::Any), call: dict },
    Function { name: "dig", params: &[], rest: Some(Param::Any), call: dig },
    row("get", &[Param::Map, Param::Str], get),
    row("hasKey", &[Param::Map, Param::Str], has_key),
    Function { name: "keys", params: &[], rest: Some(Param::Map), call: keys },
    row("mustDeepCopy", &[Param::Any], deep_copy_of),
    Function { name: "omit", params: &[Param::Map], rest: Some(Param::Str), call: omit },
    Function { name: "pick", params: &[Param::Map], rest: Some(Param::Str), call: pick },
    Function { name: "pluck", params: &[Param::Str], rest: Some(Param::Map), call: pluck },
    row("set", &[Param::Map, Param::Str, Param::Any], set),
    row("unset", &[Param::Map, Param::Str], unset),
    row("values", &[Param::Map], values),
];

fn dict(_: &Env, args: &[Value]) -> Result {
    let entries = args
        .chunks(2)
        .map(|pair| (text_form(&pair[0]), pair.get(1).cloned().unwrap_or_else(|| Value::str(""))));
    Ok(Value::Map(Map::open(MapType::Any, entries.collect())))
}

fn get(_: &Env, args: &[Value]) -> Result {
    Ok(map_arg(args, 0).get(str_arg(args, 1)).unwrap_or_else(|| Value::str("")))
}

fn has_key(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(map_arg(args, 0).contains(str_arg(args, 1))))
}

/// Returns the map as the `map[string]interface {}` that sprig's functions hand back.
pub(super) fn returned(map: &Map) -> Value {
    Value::Map(map.with_type(MapType::Any))
}

fn set(_: &Env, args: &[Value]) -> Result {
    let map = map_arg(args, 0);
    if map.is_nil() {
        return Err("assignment to entry in nil map".into());
    }
    map.set(str_arg(args, 1).clone(), any_arg(args, 2).clone())?;
    Ok(returned(map))
}

fn unset(_: &Env, args: &[Value]) -> Result {
    let map = map_arg(args, 0);
    let key = str_arg(args, 1);
    if map.contains(key) {
        map.remove(key)?;
    }
    Ok(returned(map))
}

fn pluck(_: &Env, args: &[Value]) -> Result {
    let key = str_arg(args, 0);
    let found = (1..args.len()).filter_map(|i| map_arg(args, i).get(key)).collect();
    Ok(Value::List(List::new(found)))
}

fn keys(_: &Env, args: &[Value]) -> Result {
    let all = (0..args.len()).flat_map(|i| map_arg(args, i).keys());
    Ok(Value::List(List::strings(all)))
}

fn values(_: &Env, args: &[Value]) -> Result {
    let all = map_arg(args, 0).with(|entries| entries.iter().map(|(_, v)| v.clone()).collect());
    Ok(Value::List(List::new(all)))
}

fn pick(_: &Env, args: &[Value]) -> Result {
    let wanted: Vec<&Str> = (1..args.len()).map(|i| str_arg(args, i)).collect();
    let picked = map_arg(args, 0).with(|entries| entries.select(|key| wanted.contains(&key)));
    Ok(Value::Map(Map::open(MapType::Any, picked)))
}

fn omit(_: &Env, args: &[Value]) -> Result {
    let dropped: Vec<&Str> = (1..args.len()).map(|i| str_arg(args, i)).collect();
    let kept = map_arg(args, 0).with(|entries| entries.select(|key| !dropped.contains(&key)));
    Ok(Value::Map(Map::open(MapType::Any, kept)))
}

/// Returns the value as a `map[string]interface {}`, or Go's message of a failed type assertion.
fn asserted(value: &Value) -> std::result::Result<&Map, Failure> {
    match value {
        Value::Map(map) if map.map_type() == MapType::Any => Ok(map),
        _ => Err(conversion(value, "map[string]interface {}")),
    }
}

fn conversion(value: &Value, wanted: &str) -> Failure {
    let found = if value.is_nil() { "nil" } else { value.type_name() };
    Failure::Message(format!("interface conversion: interface {{}} is {found}, not {wanted}"))
}

fn dig(_: &Env, args: &[Value]) -> Result {
    let [keys @ .., fallback, root] = args else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut current = root.clone();
    asserted(&current)?;
    for key in keys {
        if !matches!(key, Value::Str(_)) {
            return Err(conversion(key, "string"));
        }
    }
    for key in keys.iter().filter_map(Value::as_string) {
        let Some(next) = asserted(&current)?.get(key) else { return Ok(fallback.clone()) };
        current = next;
    }
    Ok(current)
}

fn deep_copy_of(_: &Env, args: &[Value]) -> Result {
    let value = any_arg(args, 0);
    if value.is_nil() {
        return Err("reflect: call of reflect.Value.Type on zero Value".into());
    }
    Ok(deep_copy(value))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ dict "a" 1 "b" }} {{ dict nil 1 2 3 }} {{ get (dict "a" nil) "a" | typeOf }} {{ get (dict) "a" | typeOf }}"#,
                "map[a:1 b:] map[2:3 <nil>:1] <nil> string",
            ),
            (
                r#"{{ $d := dict "a" 1 }}{{ $e := $d }}{{ $_ := set $d "b" 2 }}{{ toJson $e }}{{ $_ := unset $e "a" }}{{ toJson $d }}"#,
                r#"{"a":1,"b":2}{"b":2}"#,
            ),
            (r#"{{ set nil "a" 1 }}"#, "error: set: assignment to entry in nil map"),
            (
                r#"{{ hasKey (dict "a" nil) "a" }} {{ pluck "a" (dict "a" 1) (dict) (dict "a" nil) | toJson }} {{ keys (dict "b" 1 "a" 2) | sortAlpha }} {{ values (dict "a" 1) }}"#,
                "true [1,null] [a b] [1]",
            ),
            (
                r#"{{ pick (dict "a" 1 "b" 2) "a" "c" }} {{ omit (dict "a" 1 "b" 2) "a" "c" }}"#,
                "map[a:1] map[b:2]",
            ),
            (
                r#"{{ dig "a" "b" "d" (dict "a" (dict "b" 1)) }} {{ dig "a" "x" "d" (dict "a" (dict)) }} {{ dig "x" "y" "d" (dict) }}"#,
                "1 d d",
            ),
            (
                r#"{{ dig "a" "b" "d" (dict "a" 1) }}"#,
                "error: dig: interface conversion: interface {} is int, not map[string]interface {}",
            ),
            (
                r#"{{ dig "a" "b" "d" (dict "a" nil) }}"#,
                "error: dig: interface conversion: interface {} is nil, not map[string]interface {}",
            ),
            (r#"{{ dig "a" (dict) }}"#, "error: dig: dig needs at least three arguments"),
            (
                r#"{{ $d := dict "a" (dict "b" 1) }}{{ $c := deepCopy $d }}{{ $_ := set $c.a "b" 2 }}{{ $d }} {{ $c }}"#,
                "map[a:map[b:1]] map[a:map[b:2]]",
            ),
            (
                "{{ deepCopy nil }}",
                "error: deepCopy: reflect: call of reflect.Value.Type on zero Value",
            ),
        ]);
    }
}
