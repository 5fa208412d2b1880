//! `time.Time`, `time.Month` and `time.Weekday` as templates see them.

use std::any::Any;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::Env;
use super::civil::Civil;
use super::layout::{format, month_name, weekday_name};
use crate::value::{Kind, Object, Str, Value};

const SECOND: i128 = 1_000_000_000;
/// Seconds of 400 years, after which the calendar repeats.
const CYCLE: i64 = 146_097 * 86_400;
/// 0001-01-01 00:00:00 UTC, Go's zero time.
const ZERO: i64 = -62_135_596_800;

/// Where a time is looked at.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    Utc,
    /// The zone of the process.
    Local(TimeZone),
    Named(TimeZone),
    /// An offset in seconds east, and the abbreviation it was read with.
    Fixed {
        offset: i64,
        name: String,
    },
}

impl Zone {
    /// Returns the zone of the process.
    pub(super) fn local(env: &Env) -> Self {
        Zone::Local(env.zone().clone())
    }

    /// Looks up a name as Go's `time.LoadLocation` does; UTC when it is unknown.
    pub(super) fn load(env: &Env, name: &str) -> Self {
        match name {
            "" | "UTC" => Zone::Utc,
            "Local" => Zone::local(env),
            _ if name.contains("..") || name.starts_with(['/', '\\']) => Zone::Utc,
            _ => TimeZone::get(name).map_or(Zone::Utc, Zone::Named),
        }
    }

    fn info(&self, unix: i64) -> (i64, String, bool) {
        match self {
            Zone::Utc => (0, "UTC".to_owned(), false),
            Zone::Fixed { offset, name } => (*offset, name.clone(), false),
            Zone::Local(zone) | Zone::Named(zone) => {
                // Far times have the rules of the same year of a cycle that is in reach.
                let limit = 250_000_000_000;
                let unix = if unix > limit {
                    limit - CYCLE + (unix - limit).rem_euclid(CYCLE)
                } else {
                    unix.max(-limit)
                };
                let timestamp = Timestamp::from_second(unix).unwrap_or_default();
                let info = zone.to_offset_info(timestamp);
                let offset = i64::from(info.offset().seconds());
                (offset, info.abbreviation().to_owned(), info.dst().is_dst())
            }
        }
    }

    /// Returns offset and abbreviation at an instant.
    pub(super) fn at(&self, unix: i64) -> (i64, String) {
        let (offset, name, _) = self.info(unix);
        (offset, name)
    }

    /// Returns the offset that the abbreviation `name` has here, at best the one in force when a
    /// clock with it shows `wall`.
    pub(super) fn offset_of(&self, name: &str, wall: i64) -> Option<i64> {
        let (Zone::Local(zone) | Zone::Named(zone)) = self else {
            return (*self.at(wall).1 == *name).then(|| self.at(wall).0);
        };
        let mut known: Vec<i64> = Vec::new();
        let mut note = |(offset, abbreviation): (i64, String)| {
            if abbreviation == name && !known.contains(&offset) {
                known.push(offset);
            }
        };
        note(self.at(wall));
        let far = Timestamp::from_second(4_102_444_800).unwrap_or_default();
        for transition in zone.preceding(far) {
            note(self.at(transition.timestamp().as_second()));
        }
        let in_force = |offset: &&i64| self.at(wall - **offset).1 == name;
        known.iter().find(in_force).or(known.first()).copied()
    }
}

/// A `time.Time`: an instant and the zone it is looked at from.
#[derive(Clone, Debug)]
pub(super) struct Time {
    unix: i64,
    nanosecond: i64,
    zone: Zone,
}

impl Time {
    /// Returns the current time in the zone of the process.
    pub(super) fn now(env: &Env) -> Self {
        let now = (env.now)();
        Time::from_nanoseconds(now.as_nanosecond(), Zone::local(env))
    }

    /// Makes a time from seconds since 1970.
    pub(super) fn from_unix(unix: i64, zone: Zone) -> Self {
        Time { unix, nanosecond: 0, zone }
    }

    /// Returns Go's zero time.
    pub(super) fn zero() -> Self {
        Time::from_unix(ZERO, Zone::Utc)
    }

    pub(super) fn from_nanoseconds(nanoseconds: i128, zone: Zone) -> Self {
        Time {
            unix: nanoseconds.div_euclid(SECOND) as i64,
            nanosecond: nanoseconds.rem_euclid(SECOND) as i64,
            zone,
        }
    }

    /// Makes the time at which a clock in `zone` shows `civil`; in a gap or an overlap the one
    /// Go's `time.Date` picks.
    pub(super) fn from_civil(civil: &Civil, zone: &Zone) -> Self {
        let wall = civil.to_unix();
        let guess = zone.at(wall).0;
        let offset = if guess == 0 { 0 } else { zone.at(wall.wrapping_sub(guess)).0 };
        Time { unix: wall.wrapping_sub(offset), nanosecond: civil.nanosecond, zone: zone.clone() }
    }

    /// Returns the seconds since 1970.
    pub(super) fn unix(&self) -> i64 {
        self.unix
    }

    /// Returns the same instant in another zone.
    pub(super) fn in_zone(mut self, zone: Zone) -> Self {
        self.zone = zone;
        self
    }

    /// Returns a time `seconds` later.
    pub(super) fn shifted(mut self, seconds: i64) -> Self {
        self.unix = self.unix.wrapping_add(seconds);
        self
    }

    /// Returns the time `nanoseconds` later.
    pub(super) fn plus(&self, nanoseconds: i64) -> Self {
        let sum = self.nanoseconds() + i128::from(nanoseconds);
        Time::from_nanoseconds(sum, self.zone.clone())
    }

    /// Returns date, offset and abbreviation as a clock in the zone shows them.
    pub(super) fn civil(&self) -> (Civil, i64, String) {
        let (offset, name) = self.zone.at(self.unix);
        (Civil::from_unix(self.unix.wrapping_add(offset), self.nanosecond), offset, name)
    }

    /// Returns the nanoseconds from this time to now.
    pub(super) fn until(&self, env: &Env) -> i64 {
        Time::now(env).since(self)
    }

    fn nanoseconds(&self) -> i128 {
        i128::from(self.unix) * SECOND + i128::from(self.nanosecond)
    }

    fn since(&self, other: &Time) -> i64 {
        let difference = self.nanoseconds() - other.nanoseconds();
        i64::try_from(difference).unwrap_or(if difference < 0 { i64::MIN } else { i64::MAX })
    }

    fn rounded(&self, multiple: i64, half_up: bool) -> Self {
        if multiple <= 0 {
            return self.clone();
        }
        let multiple = i128::from(multiple);
        let since_zero = self.nanoseconds() - i128::from(ZERO) * SECOND;
        let rest = since_zero.rem_euclid(multiple);
        let up = half_up && 2 * rest >= multiple;
        let sum = self.nanoseconds() - rest + if up { multiple } else { 0 };
        Time::from_nanoseconds(sum, self.zone.clone())
    }

    fn add_date(&self, [years, months, days]: [i64; 3]) -> Self {
        let (civil, ..) = self.civil();
        let moved = Civil {
            year: civil.year.wrapping_add(years),
            month: civil.month.wrapping_add(months),
            day: civil.day.wrapping_add(days),
            ..civil
        };
        Time::from_civil(&moved, &self.zone)
    }

    fn text(&self, layout: &str) -> Value {
        Value::str(format(self, layout.as_bytes()))
    }
}

const METHODS: [&str; 35] = [
    "Add",
    "AddDate",
    "After",
    "Before",
    "Compare",
    "Day",
    "Equal",
    "Format",
    "Hour",
    "IsDST",
    "IsZero",
    "Local",
    "MarshalJSON",
    "MarshalText",
    "Minute",
    "Month",
    "Nanosecond",
    "Round",
    "Second",
    "String",
    "Sub",
    "Truncate",
    "UTC",
    "Unix",
    "UnixMicro",
    "UnixMilli",
    "UnixNano",
    "Weekday",
    "Year",
    "YearDay",
    "GobEncode",
    "MarshalBinary",
    "Date",
    "Clock",
    "Zone",
];

impl Object for Time {
    fn type_name(&self) -> &'static str {
        "time.Time"
    }

    fn kind(&self) -> Kind {
        Kind::Struct
    }

    fn has_method(&self, name: &str) -> bool {
        METHODS.contains(&name)
    }

    fn call(&self, name: &str, args: &[Value]) -> Option<Result<Value, String>> {
        let (civil, ..) = self.civil();
        let wrong = |expected: &str| {
            let got = args.first().map_or("<nil>", Value::type_name);
            format!("wrong type for value; expected {expected}; got {got}")
        };
        let time = || {
            args.first().and_then(|arg| arg.downcast::<Time>()).ok_or_else(|| wrong("time.Time"))
        };
        let order = || time().map(|other| self.nanoseconds().cmp(&other.nanoseconds()));
        let duration = || match args.first() {
            Some(Value::Duration(n) | Value::Int(n)) => Ok(*n),
            _ => Err(wrong("time.Duration")),
        };
        let nanoseconds = self.nanoseconds();
        Some(match name {
            "Format" => match args.first() {
                Some(Value::Str(layout)) => Ok(Value::str(format(self, layout.as_bytes()))),
                _ => Err(wrong("string")),
            },
            "String" => Ok(self.text("2006-01-02 15:04:05.999999999 -0700 MST")),
            "Unix" => Ok(Value::Int64(self.unix)),
            "UnixMilli" => Ok(Value::Int64(nanoseconds.div_euclid(1_000_000) as i64)),
            "UnixMicro" => Ok(Value::Int64(nanoseconds.div_euclid(1_000) as i64)),
            "UnixNano" => Ok(Value::Int64(nanoseconds as i64)),
            "Year" => Ok(Value::Int(civil.year)),
            "Month" => Ok(Value::object(Month(civil.month))),
            "Day" => Ok(Value::Int(civil.day)),
            "Hour" => Ok(Value::Int(civil.hour)),
            "Minute" => Ok(Value::Int(civil.minute)),
            "Second" => Ok(Value::Int(civil.second)),
            "Nanosecond" => Ok(Value::Int(self.nanosecond)),
            "Weekday" => Ok(Value::object(Weekday(civil.weekday()))),
            "YearDay" => Ok(Value::Int(civil.year_day())),
            "IsZero" => Ok(Value::Bool(self.unix == ZERO && self.nanosecond == 0)),
            "IsDST" => Ok(Value::Bool(self.zone.info(self.unix).2)),
            "UTC" => Ok(Value::object(self.clone().in_zone(Zone::Utc))),
            "Local" => Ok(Value::object(self.clone().in_zone(Zone::Local(TimeZone::system())))),
            "Add" => duration().map(|d| Value::object(self.plus(d))),
            "Truncate" => duration().map(|d| Value::object(self.rounded(d, false))),
            "Round" => duration().map(|d| Value::object(self.rounded(d, true))),
            "Sub" => time().map(|other| Value::Duration(self.since(other))),
            "Before" => order().map(|order| Value::Bool(order.is_lt())),
            "After" => order().map(|order| Value::Bool(order.is_gt())),
            "Equal" => order().map(|order| Value::Bool(order.is_eq())),
            "Compare" => order().map(|order| Value::Int(order as i64)),
            "AddDate" => match args {
                [Value::Int(years), Value::Int(months), Value::Int(days)] => {
                    Ok(Value::object(self.add_date([*years, *months, *days])))
                }
                _ => Err(wrong("int")),
            },
            "MarshalText" => Ok(Value::Bytes(format(self, RFC3339).into())),
            "MarshalJSON" => {
                let text = String::from_utf8_lossy(&format(self, RFC3339)).into_owned();
                Ok(Value::Bytes(format!("\"{text}\"").into()))
            }
            "Date" | "Clock" => {
                Err(format!("can't call method/function \"{name}\" with 3 results"))
            }
            "Zone" => Err(
                "invalid function signature for Zone: second return value should be error; is int"
                    .to_owned(),
            ),
            _ => return None,
        })
    }

    fn to_text(&self) -> Option<Str> {
        Some(format(self, b"2006-01-02 15:04:05.999999999 -0700 MST").into())
    }

    fn to_plain(&self) -> Value {
        Value::str(format(self, RFC3339))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other.as_any().downcast_ref::<Time>().is_some_and(|other| {
            self.nanoseconds() == other.nanoseconds() && self.to_text() == other.to_text()
        })
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

const RFC3339: &[u8] = b"2006-01-02T15:04:05.999999999Z07:00";

/// A `time.Month`, 1 to 12.
#[derive(Clone, Copy, Debug)]
struct Month(i64);

/// A `time.Weekday`; Sunday is 0.
#[derive(Clone, Copy, Debug)]
struct Weekday(i64);

macro_rules! named_number {
    ($type:ident, $name:literal, $text:ident) => {
        impl Object for $type {
            fn type_name(&self) -> &'static str {
                $name
            }

            fn kind(&self) -> Kind {
                Kind::Int
            }

            fn has_method(&self, name: &str) -> bool {
                name == "String"
            }

            fn call(&self, name: &str, _: &[Value]) -> Option<Result<Value, String>> {
                (name == "String").then(|| Ok(Value::from($text(self.0))))
            }

            fn to_text(&self) -> Option<Str> {
                Some($text(self.0).into())
            }

            fn to_plain(&self) -> Value {
                Value::Int(self.0)
            }

            fn equals(&self, other: &dyn Object) -> bool {
                other.as_any().downcast_ref::<$type>().is_some_and(|other| self.0 == other.0)
            }

            fn integer(&self) -> Option<i64> {
                Some(self.0)
            }

            fn is_falsy(&self) -> bool {
                self.0 == 0
            }

            fn as_any(&self) -> &dyn Any {
                self
            }
        }
    };
}

named_number!(Month, "time.Month", month_name);
named_number!(Weekday, "time.Weekday", weekday_name);

/// Quotes as Go's `time` package does in its errors: only ASCII stays readable.
pub(super) fn time_quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend(['\\', char::from(*byte)]),
            b' '..=b'~' | 0x7f => out.push(char::from(*byte)),
            _ => {
                out.push_str("\\x");
                out.extend(char::from_digit(u32::from(byte >> 4), 16));
                out.extend(char::from_digit(u32::from(byte & 15), 16));
            }
        }
    }
    out.push('"');
    out
}
