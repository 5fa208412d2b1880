//! Dates: reading and writing them by Go's layouts, and moving them.

use jiff::Timestamp;
use jiff::tz::Offset;

use super::argument::{any_arg, str_arg};
use super::duration;
use super::layout::{format, parse};
use super::time::{Time, Zone};
use super::{Env, Failure, Function, Param, Result};
use crate::value::{Value, to_text};

/// A row with the given parameters.
macro_rules! row {
    ($name:literal, [$($param:ident),*], $call:expr) => {
        Function { name: $name, params: &[$(Param::$param),*], rest: None, call: $call }
    };
}

pub(super) const FUNCTIONS: &[Function] = &[
    row!("now", [], |env, _| Ok(Value::object(Time::now(env)))),
    row!("date", [Str, Any], |env, args| {
        in_zone(env, str_arg(args, 0).as_bytes(), any_arg(args, 1), "Local")
    }),
    row!("dateInZone", [Str, Any, Str], date_in_zone),
    row!("date_in_zone", [Str, Any, Str], date_in_zone),
    row!("htmlDate", [Any], |env, args| in_zone(env, b"2006-01-02", any_arg(args, 0), "Local")),
    row!("htmlDateInZone", [Any, Str], |env, args| {
        in_zone(env, b"2006-01-02", any_arg(args, 0), &str_arg(args, 1).to_str_lossy())
    }),
    row!("toDate", [Str, Str], |env, args| {
        Ok(Value::object(read(env, args).unwrap_or_else(|_| Time::zero())))
    }),
    row!("mustToDate", [Str, Str], |env, args| {
        read(env, args).map(Value::object).map_err(Failure::Message)
    }),
    row!("unixEpoch", [Time], |_, args| {
        let unix = any_arg(args, 0).downcast::<Time>().map_or(0, Time::unix);
        Ok(Value::from(unix.to_string()))
    }),
    row!("ago", [Any], |env, args| {
        let elapsed = instant(env, any_arg(args, 0)).until(env);
        Ok(Value::Str(to_text(&Value::Duration(duration::round(elapsed, 1_000_000_000)))))
    }),
    row!("dateModify", [Str, Time], |_, args| Ok(modify(args).unwrap_or(any_arg(args, 1).clone()))),
    row!(
        "date_modify",
        [Str, Time],
        |_, args| Ok(modify(args).unwrap_or(any_arg(args, 1).clone()))
    ),
    row!("mustDateModify", [Str, Time], |_, args| modify(args).map_err(Failure::Message)),
    row!("must_date_modify", [Str, Time], |_, args| modify(args).map_err(Failure::Message)),
];

/// Writes an instant by a layout of Go's. A zone is known by its offset alone.
pub(crate) fn format_time(instant: Timestamp, offset: Offset, layout: &str) -> String {
    let zone = if offset == Offset::UTC {
        Zone::Utc
    } else {
        Zone::Fixed { offset: i64::from(offset.seconds()), name: String::new() }
    };
    let time = Time::from_nanoseconds(instant.as_nanosecond(), zone);
    String::from_utf8_lossy(&format(&time, layout.as_bytes())).into_owned()
}

/// Takes a time or integer seconds since 1970; anything else is now.
fn instant(env: &Env, value: &Value) -> Time {
    match value {
        Value::Int(n) | Value::Int64(n) => Time::from_unix(*n, Zone::local(env)),
        other => other.downcast::<Time>().cloned().unwrap_or_else(|| Time::now(env)),
    }
}

fn in_zone(env: &Env, layout: &[u8], value: &Value, zone: &str) -> Result {
    let time = instant(env, value).in_zone(Zone::load(env, zone));
    Ok(Value::str(format(&time, layout)))
}

fn date_in_zone(env: &Env, args: &[Value]) -> Result {
    let zone = str_arg(args, 2).to_str_lossy();
    in_zone(env, str_arg(args, 0).as_bytes(), any_arg(args, 1), &zone)
}

fn read(env: &Env, args: &[Value]) -> std::result::Result<Time, String> {
    parse(str_arg(args, 0).as_bytes(), str_arg(args, 1).as_bytes(), &Zone::local(env))
}

fn modify(args: &[Value]) -> std::result::Result<Value, String> {
    let change = duration::parse(str_arg(args, 0).as_bytes())?;
    let time = any_arg(args, 1).downcast::<Time>().cloned().unwrap_or_else(Time::zero);
    Ok(Value::object(time.plus(change)))
}
