//! Functions over lists.

use super::argument::{any_arg, int_arg};
use super::convert::{items_of, to_int};
use super::{Env, Failure, Function, Param, Result};
use crate::value::{List, ListType, Str, Value, deep_equal, is_true};

const fn row(
    name: &'static str,
    params: &'static [Param],
    call: fn(&Env, &[Value]) -> Result,
) -> Function {
    Function { name, params, rest: None, call }
}

const fn of_list(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    row(name, &[Param::Any], call)
}

const fn with_item(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    row(name, &[Param::Any, Param::Any], call)
}

const fn with_more(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[Param::Any], rest: Some(Param::Any), call }
}

pub(super) const FUNCTIONS: &[Function] = &[
    with_item("append", push),
    row("chunk", &[Param::Int, Param::Any], chunk),
    of_list("compact", compact),
    Function { name: "concat", params: &[], rest: Some(Param::Any), call: concat },
    of_list("first", first),
    with_item("has", has),
    of_list("initial", initial),
    of_list("last", last),
    Function { name: "list", params: &[], rest: Some(Param::Any), call: list },
    with_item("mustAppend", push),
    row("mustChunk", &[Param::Int, Param::Any], chunk),
    of_list("mustCompact", compact),
    of_list("mustFirst", first),
    with_item("mustHas", has),
    of_list("mustInitial", initial),
    of_list("mustLast", last),
    with_item("mustPrepend", prepend),
    with_item("mustPush", push),
    of_list("mustRest", rest),
    of_list("mustReverse", reverse),
    with_more("mustSlice", slice),
    of_list("mustUniq", uniq),
    with_more("mustWithout", without),
    with_item("prepend", prepend),
    with_item("push", push),
    of_list("rest", rest),
    of_list("reverse", reverse),
    with_more("slice", slice),
    Function { name: "tuple", params: &[], rest: Some(Param::Any), call: list },
    of_list("uniq", uniq),
    with_more("without", without),
];

/// Returns the items of a list, or the error of a function that `what` describes.
fn items(value: &Value, what: &str) -> std::result::Result<Vec<Value>, Failure> {
    if let Some(items) = items_of(value) {
        return Ok(items);
    }
    if value.is_nil() {
        return Err("runtime error: invalid memory address or nil pointer dereference".into());
    }
    Err(format!("{what} type {}", value.kind().name()).into())
}

fn list(_: &Env, args: &[Value]) -> Result {
    Ok(Value::List(List::new(args.to_vec())))
}

fn first(_: &Env, args: &[Value]) -> Result {
    if let Value::List(list) = any_arg(args, 0) {
        return Ok(list.get(0).unwrap_or_default());
    }
    Ok(items(any_arg(args, 0), "Cannot find first on")?.first().cloned().unwrap_or_default())
}

fn last(_: &Env, args: &[Value]) -> Result {
    if let Value::List(list) = any_arg(args, 0) {
        return Ok(list.items().last().cloned().unwrap_or_default());
    }
    Ok(items(any_arg(args, 0), "Cannot find last on")?.last().cloned().unwrap_or_default())
}

/// Makes a list, or a nil one when the list it was taken from had no items.
fn taken(items: Vec<Value>, from_empty: bool) -> Value {
    Value::List(if from_empty { List::nil(ListType::Any) } else { List::new(items) })
}

fn rest(_: &Env, args: &[Value]) -> Result {
    let mut items = items(any_arg(args, 0), "Cannot find rest on")?;
    let from_empty = items.is_empty();
    if !from_empty {
        items.remove(0);
    }
    Ok(taken(items, from_empty))
}

fn initial(_: &Env, args: &[Value]) -> Result {
    let mut items = items(any_arg(args, 0), "Cannot find initial on")?;
    let from_empty = items.pop().is_none();
    Ok(taken(items, from_empty))
}

fn push(_: &Env, args: &[Value]) -> Result {
    let mut items = items(any_arg(args, 0), "Cannot push on")?;
    items.push(any_arg(args, 1).clone());
    Ok(Value::List(List::new(items)))
}

fn prepend(_: &Env, args: &[Value]) -> Result {
    let mut items = items(any_arg(args, 0), "Cannot prepend on")?;
    items.insert(0, any_arg(args, 1).clone());
    Ok(Value::List(List::new(items)))
}

fn concat(_: &Env, args: &[Value]) -> Result {
    let mut all = Vec::new();
    for arg in args {
        match items_of(arg) {
            Some(items) => all.extend(items),
            None if arg.is_nil() => {
                return Err(
                    "runtime error: invalid memory address or nil pointer dereference".into()
                );
            }
            None => {
                return Err(format!("Cannot concat type {} as list", arg.kind().name()).into());
            }
        }
    }
    let nothing = all.is_empty();
    Ok(taken(all, nothing))
}

fn reverse(_: &Env, args: &[Value]) -> Result {
    let mut items = items(any_arg(args, 0), "Cannot find reverse on")?;
    items.reverse();
    Ok(Value::List(List::new(items)))
}

fn compact(_: &Env, args: &[Value]) -> Result {
    let mut items = items(any_arg(args, 0), "Cannot compact on")?;
    items.retain(is_true);
    Ok(Value::List(List::new(items)))
}

fn uniq(_: &Env, args: &[Value]) -> Result {
    let items = items(any_arg(args, 0), "Cannot find uniq on")?;
    let mut kept: Vec<Value> = Vec::with_capacity(items.len());
    for item in items {
        if !kept.iter().any(|seen| deep_equal(seen, &item)) {
            kept.push(item);
        }
    }
    Ok(Value::List(List::new(kept)))
}

fn without(_: &Env, args: &[Value]) -> Result {
    let mut items = items(any_arg(args, 0), "Cannot find without on")?;
    let unwanted = args.get(1..).unwrap_or_default();
    items.retain(|item| !unwanted.iter().any(|other| deep_equal(other, item)));
    Ok(Value::List(List::new(items)))
}

fn has(_: &Env, args: &[Value]) -> Result {
    let (needle, haystack) = (any_arg(args, 0), any_arg(args, 1));
    if haystack.is_nil() {
        return Ok(Value::Bool(false));
    }
    if let Value::List(list) = haystack {
        return Ok(Value::Bool(list.items().iter().any(|item| deep_equal(needle, item))));
    }
    let items = items(haystack, "Cannot find has on")?;
    Ok(Value::Bool(items.iter().any(|item| deep_equal(needle, item))))
}

fn slice(_: &Env, args: &[Value]) -> Result {
    let value = any_arg(args, 0);
    let length = match value {
        Value::List(list) => list.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Nil | Value::Absent => {
            return Err("runtime error: invalid memory address or nil pointer dereference".into());
        }
        other => {
            let kind = other.kind().name();
            return Err(format!("list should be type of slice or array but {kind}").into());
        }
    };
    if length == 0 {
        return Ok(Value::Nil);
    }
    let start = args.get(1).map_or(0, to_int);
    let end = args.get(2).map_or(length as i64, to_int);
    let bounds = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let Some((start, end)) = bounds.filter(|(start, end)| start <= end && *end <= length) else {
        return Err("reflect.Value.Slice: slice index out of bounds".into());
    };
    Ok(match value {
        Value::List(list) => {
            Value::List(List::typed(list.list_type(), list.items()[start..end].to_vec()))
        }
        Value::Bytes(bytes) => Value::Bytes(Str::from(&bytes.as_bytes()[start..end])),
        _ => Value::Nil,
    })
}

fn chunk(_: &Env, args: &[Value]) -> Result {
    let size = int_arg(args, 0);
    let items = items(any_arg(args, 1), "Cannot chunk")?;
    let Some(size) = usize::try_from(size).ok().filter(|size| *size > 0) else {
        // Go computes the number of chunks first; for some negative sizes that comes out as none.
        let none = size < 0 && ((items.len() as f64 - 1.0) / size as f64).floor() == -1.0;
        if none {
            return Ok(Value::List(List::typed(ListType::Lists, Vec::new())));
        }
        return Err("runtime error: makeslice: len out of range".into());
    };
    let chunks = items.chunks(size).map(|chunk| Value::List(List::new(chunk.to_vec()))).collect();
    Ok(Value::List(List::typed(ListType::Lists, chunks)))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                "{{ first (list 1 2) }} {{ last (list 1 2) }} {{ rest (list 1 2) }} {{ initial (list 1 2) }} {{ first (list) }} {{ rest (list) | toJson }}",
                "1 2 [2] [1]  null",
            ),
            (r#"{{ first "a" }}"#, "error: first: Cannot find first on type string"),
            (
                "{{ first nil }}",
                "error: first: runtime error: invalid memory address or nil pointer dereference",
            ),
            (
                r#"{{ append (list 1) (list 2) }} {{ prepend (list 1) 0 }} {{ concat (list 1) (splitList "," "a") }} {{ concat | toJson }}"#,
                "[1 [2]] [0 1] [1 a] null",
            ),
            (r#"{{ concat (list 1) "a" }}"#, "error: concat: Cannot concat type string as list"),
            (
                r#"{{ reverse (list 1 2) }} {{ uniq (list 1 1.0 1 "a" "a") }} {{ without (list 1 2 "1") 1 }} {{ compact (list 0 1 "" "a" nil) }}"#,
                "[2 1] [1 1 a] [2 1] [1 a]",
            ),
            ("{{ has 1 (list 1) }} {{ has 1.0 (list 1) }} {{ has 1 nil }}", "true false false"),
            (
                r#"{{ slice (list 1 2 3) 1 }} {{ slice (list 1 2 3) 1 "2" }} {{ slice (list) 1 | toJson }} {{ slice (splitList "," "a,b") 1 | typeOf }}"#,
                "[2 3] [2] null []string",
            ),
            (
                "{{ slice (list 1) 3 4 }}",
                "error: slice: reflect.Value.Slice: slice index out of bounds",
            ),
            (
                r#"{{ slice "a" 1 }}"#,
                "error: slice: list should be type of slice or array but string",
            ),
            ("{{ chunk 2 (list 1 2 3) }} {{ chunk 2 (list) }}", "[[1 2] [3]] []"),
            ("{{ chunk 0 (list 1) }}", "error: chunk: runtime error: makeslice: len out of range"),
        ]);
    }
}
