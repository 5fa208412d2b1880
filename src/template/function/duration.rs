//! Lengths of time: Go's duration texts and the functions over them.

use super::argument::{any_arg, int_arg};
use super::time::time_quote;
use super::{Env, Failure, Function, Param, Result};
use crate::value::{Value, format_float, to_text};

const SECOND: i64 = 1_000_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// A row over one value of any type.
macro_rules! row {
    ($name:literal, $call:expr) => {
        Function { name: $name, params: &[Param::Any], rest: None, call: $call }
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    row!("duration", |_, args| Ok(Value::Str(to_text(&Value::Duration(
        whole_seconds(any_arg(args, 0)).wrapping_mul(SECOND)
    ))))),
    row!("durationRound", |env, args| Ok(Value::from(round_to_unit(env, any_arg(args, 0))))),
    row!("mustToDuration", |_, args| {
        to_duration(any_arg(args, 0)).map(Value::Duration).map_err(Failure::Message)
    }),
    row!("durationNanoseconds", |_, args| Ok(Value::Int64(lenient(any_arg(args, 0))))),
    row!("durationMicroseconds", |_, args| Ok(Value::Int64(lenient(any_arg(args, 0)) / 1_000))),
    row!("durationMilliseconds", |_, args| Ok(Value::Int64(lenient(any_arg(args, 0)) / 1_000_000))),
    row!("durationSeconds", |_, args| in_units(args, SECOND)),
    row!("durationMinutes", |_, args| in_units(args, MINUTE)),
    row!("durationHours", |_, args| in_units(args, HOUR)),
    row!("durationDays", |_, args| in_days(args, 1.0)),
    row!("durationWeeks", |_, args| in_days(args, 7.0)),
    Function {
        name: "durationRoundTo",
        params: &[Param::Any, Param::Any],
        rest: None,
        call: |_, args| Ok(to_multiple(args, round)),
    },
    Function {
        name: "durationTruncateTo",
        params: &[Param::Any, Param::Any],
        rest: None,
        call: |_, args| Ok(to_multiple(args, truncate)),
    },
];

/// A method of `time.Duration`, whose receiver is the first argument.
macro_rules! method {
    ($name:literal, [$($param:ident),*], $call:expr) => {
        Function { name: $name, params: &[$(Param::$param),*], rest: None, call: $call }
    };
}

/// The methods of `time.Duration`.
pub(in crate::template) const METHODS: &[Function] = &[
    method!("Abs", [], |_, args| {
        let own = int_arg(args, 0);
        Ok(Value::Duration(own.checked_abs().unwrap_or(i64::MAX)))
    }),
    method!("Hours", [], |_, args| Ok(Value::Float(float_units(int_arg(args, 0), HOUR)))),
    method!("Minutes", [], |_, args| Ok(Value::Float(float_units(int_arg(args, 0), MINUTE)))),
    method!("Seconds", [], |_, args| Ok(Value::Float(float_units(int_arg(args, 0), SECOND)))),
    method!("Milliseconds", [], |_, args| Ok(Value::Int64(int_arg(args, 0) / 1_000_000))),
    method!("Microseconds", [], |_, args| Ok(Value::Int64(int_arg(args, 0) / 1_000))),
    method!("Nanoseconds", [], |_, args| Ok(Value::Int64(int_arg(args, 0)))),
    method!("String", [], |_, args| Ok(Value::Str(to_text(any_arg(args, 0))))),
    method!("Round", [Duration], |_, args| {
        Ok(Value::Duration(round(int_arg(args, 0), int_arg(args, 1))))
    }),
    method!("Truncate", [Duration], |_, args| {
        Ok(Value::Duration(truncate(int_arg(args, 0), int_arg(args, 1))))
    }),
];

fn truncate(duration: i64, multiple: i64) -> i64 {
    if multiple <= 0 { duration } else { duration - duration % multiple }
}

fn lenient(value: &Value) -> i64 {
    to_duration(value).unwrap_or(0)
}

fn float_units(duration: i64, unit: i64) -> f64 {
    (duration / unit) as f64 + (duration % unit) as f64 / unit as f64
}

fn in_units(args: &[Value], unit: i64) -> Result {
    Ok(Value::Float(float_units(lenient(any_arg(args, 0)), unit)))
}

fn in_days(args: &[Value], days: f64) -> Result {
    Ok(Value::Float(float_units(lenient(any_arg(args, 0)), HOUR) / 24.0 / days))
}

fn to_multiple(args: &[Value], apply: impl Fn(i64, i64) -> i64) -> Value {
    let Ok(duration) = to_duration(any_arg(args, 0)) else { return Value::Duration(0) };
    let multiple = to_duration(any_arg(args, 1)).unwrap_or(0);
    Value::Duration(apply(duration, multiple))
}

/// Rounds to the nearest multiple, halves away from zero; unchanged when `multiple` is not
/// positive, the extreme value on overflow.
pub(super) fn round(duration: i64, multiple: i64) -> i64 {
    if multiple <= 0 {
        return duration;
    }
    let (duration, multiple) = (i128::from(duration), i128::from(multiple));
    let rest = duration % multiple;
    let mut rounded = duration - rest;
    if 2 * rest.abs() >= multiple {
        rounded += multiple * rest.signum();
    }
    i64::try_from(rounded).unwrap_or(if rounded < 0 { i64::MIN } else { i64::MAX })
}

/// Reads the seconds that `duration` takes: a decimal text or an `int64`.
fn whole_seconds(value: &Value) -> i64 {
    match value {
        Value::Int64(n) => *n,
        Value::Str(text) => {
            let Some(text) = text.as_str() else { return 0 };
            let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return 0;
            }
            // Out of range Go returns the nearest number beside the error.
            text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
        }
        _ => 0,
    }
}

/// Writes a duration without its sign and in its largest unit only: `2h`, `3mo`, `10y`.
fn round_to_unit(env: &Env, value: &Value) -> String {
    const UNITS: [(i64, &str); 6] = [
        (365 * 24 * HOUR, "y"),
        (30 * 24 * HOUR, "mo"),
        (24 * HOUR, "d"),
        (HOUR, "h"),
        (MINUTE, "m"),
        (SECOND, "s"),
    ];
    let duration = match value {
        Value::Str(text) => parse(text.as_bytes()).unwrap_or(0),
        Value::Int64(n) => *n,
        other => other.downcast::<super::time::Time>().map_or(0, |time| time.until(env)),
    };
    let size = duration.unsigned_abs();
    for (unit, name) in UNITS {
        let unit = unit.unsigned_abs();
        if size > unit {
            return format!("{}{name}", size / unit);
        }
    }
    "0s".to_owned()
}

/// Reads what Helm takes for a duration: a duration, a duration text, or seconds as a number or
/// a numeric text.
fn to_duration(value: &Value) -> std::result::Result<i64, String> {
    match value {
        Value::Absent | Value::Nil => Err("invalid duration".to_owned()),
        Value::Duration(n) => Ok(*n),
        Value::Int(n) | Value::Int64(n) => from_seconds_int(i128::from(*n)),
        Value::Uint8(n) => from_seconds_int(i128::from(*n)),
        Value::Uint64(n) => from_seconds_int(i128::from(*n)),
        Value::Float(x) => from_seconds(*x),
        Value::Str(text) => {
            let text = text.to_str_lossy();
            let text = text.trim();
            if text.is_empty() {
                return Err("empty duration".to_owned());
            }
            if let Ok(duration) = parse(text.as_bytes()) {
                return Ok(duration);
            }
            match parse_seconds(text) {
                Some(seconds) => from_seconds(seconds),
                None => Err(format!("could not parse duration {}", quote(text))),
            }
        }
        other => Err(format!("unsupported duration type {}", other.type_name())),
    }
}

fn quote(text: &str) -> String {
    let mut out = Vec::new();
    crate::go::push_quoted(&mut out, text.as_bytes(), false);
    String::from_utf8_lossy(&out).into_owned()
}

fn from_seconds_int(seconds: i128) -> std::result::Result<i64, String> {
    i64::try_from(seconds * i128::from(SECOND))
        .map_err(|_| format!("duration seconds overflow: {seconds}"))
}

fn from_seconds(seconds: f64) -> std::result::Result<i64, String> {
    if !seconds.is_finite() {
        return Err(format!("invalid duration seconds: {}", format_float(seconds)));
    }
    let nanoseconds = seconds * SECOND as f64;
    if nanoseconds.abs() >= i64::MAX as f64 {
        return Err(format!("duration seconds overflow: {}", format_float(seconds)));
    }
    Ok(nanoseconds as i64)
}

/// Reads a decimal number as Go does in a base-10 or float literal, with `_` between digits.
fn parse_seconds(text: &str) -> Option<f64> {
    let plain = text.replace('_', "");
    let known = plain.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    plain.parse().ok().filter(|_| known)
}

/// Reads a duration such as `1h5m` or `-1.5s`.
///
/// # Errors
/// The text of Go's `time.ParseDuration`.
pub(super) fn parse(text: &[u8]) -> std::result::Result<i64, String> {
    let invalid = || format!("time: invalid duration {}", time_quote(text));
    let (negative, mut rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if rest == b"0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = count_digits(rest);
        let mut whole = read_digits(&rest[..digits]).ok_or_else(invalid)?;
        rest = &rest[digits..];
        let (mut fraction, mut scale, mut decimals) = (0_u64, 1.0_f64, 0);
        if let [b'.', after @ ..] = rest {
            decimals = count_digits(after);
            for digit in &after[..decimals] {
                // Digits beyond the precision of 63 bits do not count.
                match fraction.checked_mul(10).and_then(|f| f.checked_add(u64::from(digit - b'0')))
                {
                    Some(more) if i64::try_from(more).is_ok() => {
                        fraction = more;
                        scale *= 10.0;
                    }
                    _ => break,
                }
            }
            rest = &after[decimals..];
        }
        if digits == 0 && decimals == 0 {
            return Err(invalid());
        }
        let length =
            rest.iter().position(|b| *b == b'.' || b.is_ascii_digit()).unwrap_or(rest.len());
        if length == 0 {
            return Err(format!("time: missing unit in duration {}", time_quote(text)));
        }
        let (name, after) = rest.split_at(length);
        rest = after;
        let unit: u64 = match name {
            b"ns" => 1,
            b"us" | b"\xc2\xb5s" | b"\xce\xbcs" => 1_000,
            b"ms" => 1_000_000,
            b"s" => 1_000_000_000,
            b"m" => 60_000_000_000,
            b"h" => 3_600_000_000_000,
            _ => {
                let (name, text) = (time_quote(name), time_quote(text));
                return Err(format!("time: unknown unit {name} in duration {text}"));
            }
        };
        whole = whole.checked_mul(unit).filter(|n| *n <= 1 << 63).ok_or_else(invalid)?;
        if fraction > 0 {
            whole += (fraction as f64 * (unit as f64 / scale)) as u64;
        }
        total = total.checked_add(whole).filter(|n| *n <= 1 << 63).ok_or_else(invalid)?;
    }
    if negative {
        return Ok((total as i64).wrapping_neg());
    }
    i64::try_from(total).map_err(|_| invalid())
}

fn count_digits(text: &[u8]) -> usize {
    text.iter().take_while(|b| b.is_ascii_digit()).count()
}

fn read_digits(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0_u64, |n, digit| {
        n.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|n| *n <= 1 << 63)
    })
}
