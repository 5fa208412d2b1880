//! Conversions between numbers and text by the rules of sprig and the `cast` library.

use super::argument::{any_arg, str_arg};
use super::{Env, Function, Param, Result};
use crate::value::{List, ListType, Str, Value, to_text};

const fn any(name: &'static str, call: fn(&Env, &[Value]) -> Result) -> Function {
    Function { name, params: &[Param::Any], rest: None, call }
}

pub(super) const FUNCTIONS: &[Function] = &[
    Function { name: "atoi", params: &[Param::Str], rest: None, call: atoi },
    any("float64", float64),
    any("int", int),
    any("int64", int64),
    any("toDecimal", to_decimal),
    any("toString", to_string),
    any("toStrings", to_strings),
];

/// Returns the text form of a value: bytes and strings as they are, else as `%v` prints.
pub(super) fn text_form(value: &Value) -> Str {
    match value {
        Value::Str(text) | Value::Bytes(text) => text.clone(),
        _ => to_text(value),
    }
}

/// Returns the items of any kind of slice. `None` when the value is no slice.
pub(super) fn items_of(value: &Value) -> Option<Vec<Value>> {
    match value {
        Value::List(list) => Some(list.items().to_vec()),
        Value::Bytes(bytes) => {
            Some(bytes.as_bytes().iter().map(|byte| Value::Uint8(*byte)).collect())
        }
        _ => None,
    }
}

/// Turns anything into a `[]string`: lists item by item without nils, nil into none, a scalar into
/// one. A `[]string` comes back as the same list.
pub(super) fn string_list(value: &Value) -> List {
    match value {
        Value::List(list) if list.list_type() == ListType::Strings => list.clone(),
        Value::Nil | Value::Absent => List::strings(Vec::<Str>::new()),
        _ => match items_of(value) {
            Some(items) => List::strings(items.iter().filter(|item| !item.is_nil()).map(text_form)),
            None => List::strings([text_form(value)]),
        },
    }
}

/// Parses an integer as Go's `strconv.ParseInt` with base 0 does. `None` for bad syntax and for
/// numbers out of range.
fn parse_base_zero(text: &[u8]) -> Option<i64> {
    let (negative, unsigned) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (base, digits) = match unsigned {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest),
        [b'0', b'b' | b'B', rest @ ..] => (2, rest),
        [b'0', b'o' | b'O', rest @ ..] => (8, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, unsigned),
    };
    if digits.is_empty() {
        return None;
    }
    let prefixed = digits.len() < unsigned.len();
    // An underscore may stand between digits, a base prefix counting as a digit.
    let mut after_digit = prefixed;
    let mut magnitude: u64 = 0;
    for byte in digits {
        if *byte == b'_' {
            if !after_digit {
                return None;
            }
            after_digit = false;
            continue;
        }
        let digit = char::from(*byte).to_digit(base)?;
        magnitude = magnitude.checked_mul(u64::from(base))?.checked_add(u64::from(digit))?;
        after_digit = true;
    }
    if !after_digit {
        return None;
    }
    if negative {
        (magnitude <= 1 << 63).then(|| (magnitude as i64).wrapping_neg())
    } else {
        i64::try_from(magnitude).ok()
    }
}

/// Drops a fraction that consists of zeros only: `5.00` is `5`.
fn without_zero_fraction(text: &[u8]) -> &[u8] {
    let kept = text.len() - text.iter().rev().take_while(|byte| **byte == b'0').count();
    match text[..kept].last() {
        Some(b'.') if kept < text.len() => &text[..kept - 1],
        _ => text,
    }
}

/// Truncates as Go does on amd64: what does not fit becomes the smallest integer.
pub(super) fn truncate(x: f64) -> i64 {
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&x) {
        x as i64
    } else {
        i64::MIN
    }
}

/// Converts to an integer by `cast.ToInt64`; what cannot be read is 0.
pub(super) fn to_int(value: &Value) -> i64 {
    match value {
        Value::Int(n) | Value::Int64(n) => *n,
        Value::Uint8(n) => i64::from(*n),
        Value::Uint64(n) => *n as i64,
        Value::Float(x) => truncate(*x),
        Value::Bool(b) => i64::from(*b),
        Value::Str(text) => parse_base_zero(without_zero_fraction(text.as_bytes())).unwrap_or(0),
        Value::Object(object) => object.integer().unwrap_or(0),
        _ => 0,
    }
}

/// Returns whether every underscore stands between digits, a base prefix counting as a digit.
fn underscores_ok(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (hex, digits) = match unsigned.strip_prefix("0x") {
        Some(digits) => (true, digits),
        None => (false, unsigned),
    };
    let mut before = if hex { '0' } else { '^' };
    for c in digits.chars() {
        if c.is_ascii_digit() || hex && c.is_ascii_hexdigit() {
            before = '0';
        } else if c == '_' {
            if before != '0' {
                return false;
            }
            before = '_';
        } else if before == '_' {
            return false;
        } else {
            before = '!';
        }
    }
    before != '_'
}

/// Parses a float as Go's `strconv.ParseFloat` does. `None` for bad syntax and for overflow.
fn parse_float(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let mut lower = text.to_ascii_lowercase();
    if lower.contains('_') {
        if !underscores_ok(&lower) {
            return None;
        }
        lower.retain(|c| c != '_');
    }
    let (negative, unsigned) = match lower.as_bytes() {
        [b'-', ..] => (true, &lower[1..]),
        [b'+', ..] => (false, &lower[1..]),
        _ => (false, lower.as_str()),
    };
    let magnitude = match unsigned {
        "inf" | "infinity" => f64::INFINITY,
        "nan" if unsigned.len() == lower.len() => return Some(f64::NAN),
        _ if unsigned.starts_with("0x") => parse_hex_float(&unsigned[2..])?,
        _ => {
            let well_formed =
                unsigned.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'+' | b'-'))
                    && !unsigned.starts_with(['+', '-', 'e']);
            let number: f64 = if well_formed { unsigned.parse().ok()? } else { return None };
            if number.is_infinite() {
                return None;
            }
            number
        }
    };
    Some(if negative { -magnitude } else { magnitude })
}

/// Parses what follows `0x` in a hexadecimal float; the exponent `p` is required.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (mantissa, power) = text.split_once('p')?;
    let power: i32 = power.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0_f64;
    let mut scale = power;
    for digit in whole.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    for digit in fraction.chars() {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
        scale = scale.saturating_sub(4);
    }
    let result = value * 2.0_f64.powi(scale);
    result.is_finite().then_some(result)
}

/// Converts to a float by `cast.ToFloat64`; what cannot be read is 0.
pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Int(n) | Value::Int64(n) => *n as f64,
        Value::Uint8(n) => f64::from(*n),
        Value::Uint64(n) => *n as f64,
        Value::Float(x) => *x,
        Value::Bool(b) => f64::from(u8::from(*b)),
        Value::Str(text) => parse_float(text.as_bytes()).unwrap_or(0.0),
        _ => 0.0,
    }
}

fn int(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Int(to_int(any_arg(args, 0))))
}

fn int64(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Int64(to_int(any_arg(args, 0))))
}

fn float64(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Float(to_float(any_arg(args, 0))))
}

/// Parses plain digits with an optional sign; out of range gives the nearest integer, as Go does
/// beside its error.
fn parse_clipped(text: &[u8], base: u32) -> i64 {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.iter().all(|b| char::from(*b).is_digit(base)) {
        return 0;
    }
    let mut value: i64 = 0;
    for byte in digits {
        let digit = i64::from(char::from(*byte).to_digit(base).unwrap_or(0));
        let digit = if negative { -digit } else { digit };
        value = value.saturating_mul(i64::from(base)).saturating_add(digit);
    }
    value
}

fn atoi(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Int(parse_clipped(str_arg(args, 0).as_bytes(), 10)))
}

fn to_decimal(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Int64(parse_clipped(to_text(any_arg(args, 0)).as_bytes(), 8)))
}

fn to_string(_: &Env, args: &[Value]) -> Result {
    Ok(Value::Str(text_form(any_arg(args, 0))))
}

fn to_strings(_: &Env, args: &[Value]) -> Result {
    Ok(Value::List(string_list(any_arg(args, 0))))
}

#[cfg(test)]
mod tests {
    use super::super::testing::check;

    #[test]
    fn answers_as_helm() {
        check(&[
            (
                r#"{{ int "0x1F" }} {{ int "017" }} {{ int "0b11" }} {{ int "1_000" }} {{ int "5.00" }} {{ int "4.7" }} {{ int "08" }} {{ int " 5" }} {{ int 1.9 }} {{ int -1.9 }} {{ int true }} {{ int nil }} {{ int (list) }} {{ int 1e30 }}"#,
                "31 15 3 1000 5 0 0 0 1 -1 1 0 0 -9223372036854775808",
            ),
            (
                r#"{{ float64 "1e3" }} {{ float64 "inf" }} {{ float64 "0x1p-2" }} {{ float64 "1_0.5" }} {{ float64 "1e400" }} {{ float64 "x" }} {{ float64 ".5" }}"#,
                "1000 +Inf 0.25 10.5 0 0 0.5",
            ),
            (
                r#"{{ atoi "12" }} {{ atoi "+5" }} {{ atoi "0x1" }} {{ atoi "99999999999999999999" }} {{ toDecimal "0755" }} {{ toDecimal 777 }} {{ toDecimal "9" }}"#,
                "12 5 0 9223372036854775807 493 511 0",
            ),
            (
                r#"{{ toString nil }} {{ toString (list 1 nil) }} {{ toStrings (list 1 nil "a") }} {{ toStrings 5 }} {{ int64 "7" | typeOf }} {{ int "7" | typeOf }}"#,
                "<nil> [1 <nil>] [1 a] [5] int64 int",
            ),
        ]);
    }
}
