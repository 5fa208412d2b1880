//! The built-in functions of Go's text/template that do not depend on evaluation order.

use std::cmp::Ordering;
use std::io::Write as _;
use std::sync::Arc;

use super::argument::any_arg;
use super::printf::{sprint, sprintf};
use super::{Env, Failure, Function, Param, Result};
use crate::go::{Piece, is_print, pieces};
use crate::value::{Kind, MapType, Object, Value, is_true, print_to};

const fn compare(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[Param::Reflect, Param::Reflect], rest: None, call }
}

const fn printed(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[], rest: Some(Param::Any), call }
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "call", params: &[Param::Reflect], rest: Some(Param::Reflect), call },
    Function { name: "eq", params: &[Param::Reflect], rest: Some(Param::Reflect), call: eq },
    compare("ge", ge),
    compare("gt", gt),
    printed("html", html),
    Function { name: "index", params: &[Param::Reflect], rest: Some(Param::Reflect), call: index },
    printed("js", js),
    compare("le", le),
    Function { name: "len", params: &[Param::Reflect], rest: None, call: len },
    compare("lt", lt),
    compare("ne", ne),
    Function { name: "not", params: &[Param::Reflect], rest: None, call: not },
    printed("urlquery", urlquery),
];

/// The kinds that compare by value; everything else is equal by identity or not at all.
#[derive(Clone, Copy)]
enum Basic<'a> {
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Str(&'a [u8]),
    Complex(&'a Arc<dyn Object>),
    Other,
}

fn basic(value: &Value) -> Basic<'_> {
    match value {
        Value::Bool(b) => Basic::Bool(*b),
        Value::Int(n) | Value::Int64(n) | Value::Duration(n) => Basic::Int(*n),
        Value::Uint8(n) => Basic::Uint(u64::from(*n)),
        Value::Uint64(n) => Basic::Uint(*n),
        Value::Float(x) => Basic::Float(*x),
        Value::Str(text) => Basic::Str(text.as_bytes()),
        Value::Object(object) if object.kind() == Kind::Complex128 => Basic::Complex(object),
        Value::Object(object) => object.integer().map_or(Basic::Other, Basic::Int),
        _ => Basic::Other,
    }
}

fn compare_signs(signed: i64, unsigned: u64) -> Ordering {
    u64::try_from(signed).map_or(Ordering::Less, |signed| signed.cmp(&unsigned))
}

fn incompatible(a: &Value, b: &Value) -> Failure {
    Failure::Message(format!(
        "incompatible types for comparison: {} and {}",
        a.type_name(),
        b.type_name()
    ))
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::Absent | Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn with_type(value: &Value) -> (String, &'static str) {
    (lossy(&sprintf(b"%s", std::slice::from_ref(value))), value.type_name())
}

fn equal(a: &Value, b: &Value) -> std::result::Result<bool, Failure> {
    Ok(match (basic(a), basic(b)) {
        (Basic::Str(a), Basic::Str(b)) => a == b,
        (Basic::Bool(a), Basic::Bool(b)) => a == b,
        (Basic::Int(a), Basic::Int(b)) => a == b,
        (Basic::Uint(a), Basic::Uint(b)) => a == b,
        (Basic::Float(a), Basic::Float(b)) => a == b,
        (Basic::Complex(a), Basic::Complex(b)) => a.to_text() == b.to_text(),
        (Basic::Int(a), Basic::Uint(b)) | (Basic::Uint(b), Basic::Int(a)) => {
            compare_signs(a, b) == Ordering::Equal
        }
        (Basic::Other, Basic::Other) => return same(a, b),
        _ if a.is_nil() || b.is_nil() => false,
        _ => return Err(incompatible(a, b)),
    })
}

/// Compares values that have no basic kind.
fn same(a: &Value, b: &Value) -> std::result::Result<bool, Failure> {
    if a.kind() != b.kind() && !a.is_nil() && !b.is_nil() {
        let (text, type_name) = with_type(a);
        let (mut other, other_type) = (Vec::new(), b.type_name());
        print_to(&mut other, b);
        let other = lossy(&other);
        return Err(Failure::Message(format!(
            "non-comparable types {text}: {type_name}, {other_type}: {other}"
        )));
    }
    if is_nil(a) || is_nil(b) {
        return Ok(is_nil(a) == is_nil(b));
    }
    match (a, b) {
        (Value::Object(x), Value::Object(y)) if a.kind() == Kind::Ptr => Ok(Arc::ptr_eq(x, y)),
        (Value::Object(x), Value::Object(y)) => Ok(x.equals(y.as_ref())),
        _ => {
            let (text, type_name) = with_type(b);
            Err(Failure::Message(format!("non-comparable type {text}: {type_name}")))
        }
    }
}

fn less(a: &Value, b: &Value) -> std::result::Result<bool, Failure> {
    Ok(match (basic(a), basic(b)) {
        (Basic::Other, _)
        | (_, Basic::Other)
        | (Basic::Bool(_), Basic::Bool(_))
        | (Basic::Complex(_), Basic::Complex(_)) => {
            return Err("invalid type for comparison".into());
        }
        (Basic::Str(a), Basic::Str(b)) => a < b,
        (Basic::Int(a), Basic::Int(b)) => a < b,
        (Basic::Uint(a), Basic::Uint(b)) => a < b,
        (Basic::Float(a), Basic::Float(b)) => a < b,
        (Basic::Int(a), Basic::Uint(b)) => compare_signs(a, b) == Ordering::Less,
        (Basic::Uint(a), Basic::Int(b)) => compare_signs(b, a) == Ordering::Greater,
        _ => return Err(incompatible(a, b)),
    })
}

fn less_or_equal(a: &Value, b: &Value) -> std::result::Result<bool, Failure> {
    Ok(less(a, b)? || equal(a, b)?)
}

fn eq(_: &Env, args: &[Value]) -> Result {
    let [first, others @ ..] = args else { return Err("missing argument for comparison".into()) };
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        if equal(first, other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

fn ne(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(!equal(any_arg(args, 0), any_arg(args, 1))?))
}

fn lt(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(less(any_arg(args, 0), any_arg(args, 1))?))
}

fn le(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(less_or_equal(any_arg(args, 0), any_arg(args, 1))?))
}

fn gt(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(!less_or_equal(any_arg(args, 0), any_arg(args, 1))?))
}

fn ge(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(!less(any_arg(args, 0), any_arg(args, 1))?))
}

fn not(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Bool(!is_true(any_arg(args, 0))))
}

/// Returns the type name after following a pointer.
fn pointee(value: &Value) -> &'static str {
    value.type_name().trim_start_matches('*')
}

fn len(_: &Env, args: &[Value]) -> Result {
    let length = match any_arg(args, 0) {
        Value::Absent => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        Value::Nil => return Err("len of nil pointer".into()),
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        other => return Err(format!("len of type {}", pointee(other)).into()),
    };
    Ok(Value::Int(length as i64))
}

/// Checks a position in a slice or string as text/template does, then as reflection does.
fn position(index: &Value, length: usize, what: &str) -> std::result::Result<usize, Failure> {
    let wanted = match index {
        Value::Int(n) | Value::Int64(n) | Value::Duration(n) => *n,
        Value::Uint8(n) => i64::from(*n),
        Value::Uint64(n) => *n as i64,
        Value::Absent | Value::Nil => return Err("cannot index slice/array with nil".into()),
        other => {
            let type_name = other.type_name();
            return Err(format!("cannot index slice/array with type {type_name}").into());
        }
    };
    match usize::try_from(wanted) {
        Ok(at) if at < length => Ok(at),
        Ok(at) if at == length => Err(format!("reflect: {what} index out of range").into()),
        _ => Err(format!("index out of range: {wanted}").into()),
    }
}

/// Returns the value of a map's element type for a missing key.
pub(super) fn zero_element(map_type: MapType) -> Value {
    match map_type {
        MapType::Any | MapType::Values => Value::Nil,
        MapType::Strings => Value::str(""),
        MapType::Files => Value::Bytes(crate::value::Str::default()),
    }
}

fn index(_: &Env, args: &[Value]) -> Result {
    let [first, steps @ ..] = args else { return Err("index of untyped nil".into()) };
    if first.is_nil() {
        return Err("index of untyped nil".into());
    }
    let mut item = first.clone();
    for step in steps {
        item = match &item {
            Value::Absent | Value::Nil => return Err("index of nil pointer".into()),
            Value::Str(text) => {
                Value::Uint8(text.as_bytes()[position(step, text.len(), "string")?])
            }
            Value::Bytes(bytes) => {
                Value::Uint8(bytes.as_bytes()[position(step, bytes.len(), "slice")?])
            }
            Value::List(list) => {
                let items = list.items();
                items[position(step, items.len(), "slice")?].clone()
            }
            Value::Map(map) => match step {
                Value::Str(key) => map.get(key).unwrap_or_else(|| zero_element(map.map_type())),
                Value::Absent | Value::Nil => {
                    return Err("value is nil; should be of type string".into());
                }
                other => {
                    let type_name = other.type_name();
                    return Err(format!("value has type {type_name}; should be string").into());
                }
            },
            other => return Err(format!("can't index item of type {}", pointee(other)).into()),
        };
    }
    Ok(item)
}

/// No value in a chart is a function, so `call` can only fail.
fn call(_: &Env, args: &[Value]) -> Result {
    let value = any_arg(args, 0);
    if value.is_nil() {
        return Err("call of nil".into());
    }
    let mut text = Vec::new();
    print_to(&mut text, value);
    Err(format!("non-function {} of type {}", lossy(&text), value.type_name()).into())
}

/// Returns the text the escaping functions work on: one string as it is, else all arguments
/// printed, nil as `<no value>`.
fn text_of(args: &[Value]) -> Vec<u8> {
    if let [Value::Str(text)] = args {
        return text.as_bytes().to_vec();
    }
    let shown: Vec<Value> = args
        .iter()
        .map(|arg| if arg.is_nil() { Value::str("<no value>") } else { arg.clone() })
        .collect();
    sprint(&shown)
}

fn html(_: &Env, args: &[Value]) -> Result {
    let text = text_of(args);
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            _ => out.push(byte),
        }
    }
    Ok(Value::str(out))
}

fn js(_: &Env, args: &[Value]) -> Result {
    let text = text_of(args);
    let mut out = Vec::with_capacity(text.len());
    for (piece, bytes) in pieces(&text) {
        match piece {
            Piece::Char(c @ ('\\' | '\'' | '"'), _) => out.extend_from_slice(&[b'\\', c as u8]),
            Piece::Char(c, _)
                if matches!(c, '<' | '>' | '&' | '=')
                    || c < ' '
                    || !c.is_ascii() && !is_print(c) =>
            {
                write!(out, "\\u{:04X}", u32::from(c)).unwrap_or_default();
            }
            _ => out.extend_from_slice(bytes),
        }
    }
    Ok(Value::str(out))
}

fn urlquery(_: &Env, args: &[Value]) -> Result {
    let text = text_of(args);
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte),
            b' ' => out.push(b'+'),
            _ => write!(out, "%{byte:02X}").unwrap_or_default(),
        }
    }
    Ok(Value::str(out))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ eq 1 2 1 }} {{ eq (int64 1) 1 }} {{ eq (index "a" 0) 97 }} {{ eq "" nil }} {{ ne nil 1 }}"#,
                "true true true false true",
            ),
            ("{{ eq 1 1.0 }}", "error: eq: incompatible types for comparison: int and float64"),
            ("{{ eq 1 }}", "error: eq: missing argument for comparison"),
            (
                "{{ eq (list 1) (list 1) }}",
                "error: eq: non-comparable type [%!s(int=1)]: []interface {}",
            ),
            (
                r#"{{ eq (list 1) (dict "a" 1) }}"#,
                "error: eq: non-comparable types [%!s(int=1)]: []interface {}, map[string]interface {}: map[a:1]",
            ),
            (
                r#"{{ lt 1 2 }} {{ le 2 2 }} {{ gt "b" "a" }} {{ ge 1.5 2.5 }}"#,
                "true true true false",
            ),
            ("{{ lt true false }}", "error: lt: invalid type for comparison"),
            ("{{ lt 1 1.5 }}", "error: lt: incompatible types for comparison: int and float64"),
            (r#"{{ len "é" }} {{ len (list 1 2) }} {{ len (dict) }}"#, "2 2 0"),
            ("{{ len 3 }}", "error: len: len of type int"),
            (
                r#"{{ index (list 1 (list 2 3)) 1 0 }} {{ index "abc" 1 }} {{ index (dict "a" 5) "a" }}"#,
                "2 98 5",
            ),
            ("{{ index (list 1) 1 }}", "error: index: reflect: slice index out of range"),
            ("{{ index (list 1) 2 }}", "error: index: index out of range: 2"),
            (
                r#"{{ index (list 1) "a" }}"#,
                "error: index: cannot index slice/array with type string",
            ),
            ("{{ index (dict) 1 }}", "error: index: value has type int; should be string"),
            (r#"{{ index (dict) "a" "b" }}"#, "error: index: index of nil pointer"),
            ("{{ index nil 1 }}", "error: index: index of untyped nil"),
            ("{{ index 5 1 }}", "error: index: can't index item of type int"),
            (r#"{{ not 0 }} {{ not "a" }}"#, "true false"),
            (
                r#"{{ html "<a>&'\"" }} {{ js "<a>'=\n" }} {{ urlquery "a b&c/é~" }}"#,
                r"&lt;a&gt;&amp;&#39;&#34; \u003Ca\u003E\'\u003D\u000A a+b%26c%2F%C3%A9~",
            ),
        ]);
    }
}
