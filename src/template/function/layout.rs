//! Go's time layouts: the reference time `Mon Jan 2 15:04:05 MST 2006` as a pattern.

use super::civil::{Civil, days_in_month, month_of_year_day};
use super::time::{Time, Zone, time_quote};

/// One element of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    /// A numeric offset: `Z` for UTC or not, with colons, and how precise.
    Offset {
        z: bool,
        colons: bool,
        precision: Precision,
    },
    /// A fraction of a second with all its zeros.
    Fraction0 {
        mark: u8,
        digits: usize,
    },
    /// A fraction of a second without trailing zeros.
    Fraction9 {
        mark: u8,
        digits: usize,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Precision {
    Hours,
    Minutes,
    Seconds,
}

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Returns the English name of `month`, 1 to 12.
pub(super) fn month_name(month: i64) -> &'static str {
    usize::try_from(month - 1).ok().and_then(|i| MONTHS.get(i)).copied().unwrap_or_default()
}

/// Returns the English name of `weekday`; Sunday is 0.
pub(super) fn weekday_name(weekday: i64) -> &'static str {
    usize::try_from(weekday).ok().and_then(|i| WEEKDAYS.get(i)).copied().unwrap_or_default()
}

/// Every fixed element with its text; of those that begin alike the longer one first.
const ELEMENTS: [(&str, Element); 33] = {
    use Element as E;
    use Precision as P;
    const fn offset(z: bool, colons: bool, precision: Precision) -> Element {
        Element::Offset { z, colons, precision }
    }
    [
        ("January", E::LongMonth),
        ("Jan", E::Month),
        ("Monday", E::LongWeekday),
        ("Mon", E::Weekday),
        ("MST", E::ZoneName),
        ("002", E::ZeroYearDay),
        ("01", E::ZeroMonth),
        ("02", E::ZeroDay),
        ("03", E::ZeroHour12),
        ("04", E::ZeroMinute),
        ("05", E::ZeroSecond),
        ("06", E::Year),
        ("15", E::Hour),
        ("1", E::NumMonth),
        ("2006", E::LongYear),
        ("2", E::Day),
        ("__2", E::UnderYearDay),
        ("_2", E::UnderDay),
        ("3", E::Hour12),
        ("4", E::Minute),
        ("5", E::Second),
        ("PM", E::UpperPm),
        ("pm", E::LowerPm),
        ("-070000", offset(false, false, P::Seconds)),
        ("-07:00:00", offset(false, true, P::Seconds)),
        ("-0700", offset(false, false, P::Minutes)),
        ("-07:00", offset(false, true, P::Minutes)),
        ("-07", offset(false, false, P::Hours)),
        ("Z070000", offset(true, false, P::Seconds)),
        ("Z07:00:00", offset(true, true, P::Seconds)),
        ("Z0700", offset(true, false, P::Minutes)),
        ("Z07:00", offset(true, true, P::Minutes)),
        ("Z07", offset(true, false, P::Hours)),
    ]
};

/// Finds the first element in `layout`: the text before it, the element, its length.
fn next_element(layout: &[u8]) -> Option<(usize, Element, usize)> {
    (0..layout.len()).find_map(|i| {
        // `_2006` is an underscore and a year.
        if layout[i..].starts_with(b"_2006") {
            return Some((i + 1, Element::LongYear, 4));
        }
        element_at(layout, i).map(|(element, length)| (i, element, length))
    })
}

fn element_at(layout: &[u8], i: usize) -> Option<(Element, usize)> {
    let rest = &layout[i..];
    if matches!(rest, [b'.' | b',', b'0' | b'9', ..]) {
        let digits = rest[1..].iter().take_while(|b| **b == rest[1]).count();
        if !rest.get(1 + digits).is_some_and(u8::is_ascii_digit) {
            let mark = rest[0];
            let element = if rest[1] == b'0' {
                Element::Fraction0 { mark, digits }
            } else {
                Element::Fraction9 { mark, digits }
            };
            return Some((element, digits + 1));
        }
        return None;
    }
    ELEMENTS
        .iter()
        .find(|(text, element)| {
            // `Jan` and `Mon` are not the beginning of a lower-case word.
            let whole_word = !matches!(element, Element::Month | Element::Weekday)
                || !rest.get(3).is_some_and(u8::is_ascii_lowercase);
            rest.starts_with(text.as_bytes()) && whole_word
        })
        .map(|(text, element)| (*element, text.len()))
}

/// Appends `n` in at least `width` digits; the sign does not count.
fn push_number(out: &mut Vec<u8>, n: i64, width: usize) {
    let sign = if n < 0 { "-" } else { "" };
    out.extend_from_slice(format!("{sign}{:0width$}", n.unsigned_abs()).as_bytes());
}

/// Writes `time` by `layout`, as Go's `Time.Format` does.
pub(super) fn format(time: &Time, layout: &[u8]) -> Vec<u8> {
    let (civil, offset, zone) = time.civil();
    let mut out = Vec::with_capacity(layout.len() + 10);
    let mut rest = layout;
    while let Some((prefix, element, length)) = next_element(rest) {
        out.extend_from_slice(&rest[..prefix]);
        rest = &rest[prefix + length..];
        push_element(&mut out, element, &civil, offset, &zone);
    }
    out.extend_from_slice(rest);
    out
}

fn push_element(out: &mut Vec<u8>, element: Element, civil: &Civil, offset: i64, zone: &str) {
    let hour12 = if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 };
    match element {
        Element::Year => push_number(out, civil.year.max(0) % 100, 2),
        Element::LongYear => push_number(out, civil.year, 4),
        Element::Month => out.extend_from_slice(&month_name(civil.month).as_bytes()[..3]),
        Element::LongMonth => out.extend_from_slice(month_name(civil.month).as_bytes()),
        Element::NumMonth => push_number(out, civil.month, 0),
        Element::ZeroMonth => push_number(out, civil.month, 2),
        Element::Weekday => out.extend_from_slice(&weekday_name(civil.weekday()).as_bytes()[..3]),
        Element::LongWeekday => out.extend_from_slice(weekday_name(civil.weekday()).as_bytes()),
        Element::Day => push_number(out, civil.day, 0),
        Element::UnderDay => out.extend_from_slice(format!("{:2}", civil.day).as_bytes()),
        Element::ZeroDay => push_number(out, civil.day, 2),
        Element::UnderYearDay => {
            out.extend_from_slice(format!("{:3}", civil.year_day()).as_bytes());
        }
        Element::ZeroYearDay => push_number(out, civil.year_day(), 3),
        Element::Hour => push_number(out, civil.hour, 2),
        Element::Hour12 => push_number(out, hour12, 0),
        Element::ZeroHour12 => push_number(out, hour12, 2),
        Element::Minute => push_number(out, civil.minute, 0),
        Element::ZeroMinute => push_number(out, civil.minute, 2),
        Element::Second => push_number(out, civil.second, 0),
        Element::ZeroSecond => push_number(out, civil.second, 2),
        Element::UpperPm => out.extend_from_slice(if civil.hour >= 12 { b"PM" } else { b"AM" }),
        Element::LowerPm => out.extend_from_slice(if civil.hour >= 12 { b"pm" } else { b"am" }),
        Element::ZoneName if zone.is_empty() => push_offset(out, offset, false, Precision::Minutes),
        Element::ZoneName => out.extend_from_slice(zone.as_bytes()),
        Element::Offset { z: true, .. } if offset == 0 => out.push(b'Z'),
        Element::Offset { colons, precision, .. } => push_offset(out, offset, colons, precision),
        Element::Fraction0 { mark, digits } => {
            let text = format!("{:09}", civil.nanosecond);
            out.push(mark);
            out.extend((0..digits).map(|i| text.as_bytes().get(i).copied().unwrap_or(b'0')));
        }
        Element::Fraction9 { mark, digits } => {
            let text = format!("{:09}", civil.nanosecond);
            let text = text[..digits.min(9)].trim_end_matches('0');
            if !text.is_empty() {
                out.push(mark);
                out.extend_from_slice(text.as_bytes());
            }
        }
    }
}

fn push_offset(out: &mut Vec<u8>, offset: i64, colons: bool, precision: Precision) {
    out.push(if offset < 0 { b'-' } else { b'+' });
    let seconds = offset.abs();
    push_number(out, seconds / 3600, 2);
    if precision != Precision::Hours {
        if colons {
            out.push(b':');
        }
        push_number(out, seconds / 60 % 60, 2);
    }
    if precision == Precision::Seconds {
        if colons {
            out.push(b':');
        }
        push_number(out, seconds % 60, 2);
    }
}

/// What has been read so far.
#[derive(Default)]
struct Found {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    pm: Option<bool>,
    utc: bool,
    offset: Option<i64>,
    zone: Vec<u8>,
}

/// Why an element could not be read.
enum Bad {
    /// The text has another form.
    Form,
    /// The number is out of the range of what is named.
    Range(&'static str),
}

type Read<T> = Result<T, Bad>;

/// Reads `value` by `layout` in the zone `local`.
///
/// # Errors
/// The text of Go's `time.ParseInLocation`.
pub(super) fn parse(layout: &[u8], value: &[u8], local: &Zone) -> Result<Time, String> {
    let whole = time_quote(value);
    let cannot = |value: &[u8], element: &[u8]| {
        let (layout, value, element) = (time_quote(layout), time_quote(value), time_quote(element));
        format!("parsing time {whole} as {layout}: cannot parse {value} as {element}")
    };
    let mut found = Found::default();
    let (mut rest, mut pattern) = (value, layout);
    loop {
        let next = next_element(pattern);
        let prefix = &pattern[..next.map_or(pattern.len(), |(prefix, ..)| prefix)];
        rest = skip(rest, prefix).map_err(|rest| cannot(rest, prefix))?;
        let Some((prefix, element, length)) = next else {
            if rest.is_empty() {
                break;
            }
            return Err(format!("parsing time {whole}: extra text: {}", time_quote(rest)));
        };
        let text = &pattern[prefix..prefix + length];
        pattern = &pattern[prefix + length..];
        let hold = rest;
        read_element(&mut found, element, &mut rest, pattern).map_err(|bad| match bad {
            Bad::Form => cannot(hold, text),
            Bad::Range(what) => format!("parsing time {whole}: {what} out of range"),
        })?;
    }
    finish(&found, local).map_err(|message| format!("parsing time {whole}: {message}"))
}

/// Removes `prefix` from `value`; a run of spaces matches any run, and none at the end.
fn skip<'a>(mut value: &'a [u8], mut prefix: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    while let Some((first, after)) = prefix.split_first() {
        if *first == b' ' {
            if !value.is_empty() && value[0] != b' ' {
                return Err(value);
            }
            prefix = trim_spaces(prefix);
            value = trim_spaces(value);
            continue;
        }
        if value.first() != Some(first) {
            return Err(value);
        }
        prefix = after;
        value = &value[1..];
    }
    Ok(value)
}

fn trim_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|b| **b == b' ').count()..]
}

/// Reads one digit or two; exactly two if `fixed`.
fn number(rest: &mut &[u8], fixed: bool) -> Read<i64> {
    let digits = rest.iter().take(2).take_while(|b| b.is_ascii_digit()).count();
    if digits == 0 || fixed && digits == 1 {
        return Err(Bad::Form);
    }
    Ok(take_digits(rest, digits))
}

/// Takes `count` bytes that are digits.
fn take_digits(rest: &mut &[u8], count: usize) -> i64 {
    let (digits, after) = rest.split_at(count);
    *rest = after;
    digits.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0'))
}

/// Reads `count` bytes as a number that may have a sign.
fn signed(rest: &mut &[u8], count: usize) -> Read<i64> {
    let text = rest.get(..count).ok_or(Bad::Form)?;
    let n = std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).ok_or(Bad::Form)?;
    *rest = &rest[count..];
    Ok(n)
}

fn name(rest: &mut &[u8], names: &[&str], length: Option<usize>) -> Read<i64> {
    for (i, name) in names.iter().enumerate() {
        let name = &name.as_bytes()[..length.unwrap_or(name.len())];
        if rest.len() >= name.len() && rest[..name.len()].eq_ignore_ascii_case(name) {
            *rest = &rest[name.len()..];
            return Ok(i as i64);
        }
    }
    Err(Bad::Form)
}

fn within(n: i64, range: std::ops::RangeInclusive<i64>, what: &'static str) -> Read<i64> {
    if range.contains(&n) { Ok(n) } else { Err(Bad::Range(what)) }
}

fn read_element(found: &mut Found, element: Element, rest: &mut &[u8], later: &[u8]) -> Read<()> {
    match element {
        Element::Year => {
            let year = signed(rest, 2)?;
            found.year = if year >= 69 { year + 1900 } else { year + 2000 };
        }
        Element::LongYear => {
            if !rest.first().is_some_and(u8::is_ascii_digit) {
                return Err(Bad::Form);
            }
            found.year = signed(rest, 4)?;
        }
        Element::Month => found.month = Some(name(rest, &MONTHS, Some(3))? + 1),
        Element::LongMonth => found.month = Some(name(rest, &MONTHS, None)? + 1),
        Element::NumMonth | Element::ZeroMonth => {
            let n = number(rest, element == Element::ZeroMonth)?;
            found.month = Some(within(n, 1..=12, "month")?);
        }
        Element::Weekday => drop(name(rest, &WEEKDAYS, Some(3))?),
        Element::LongWeekday => drop(name(rest, &WEEKDAYS, None)?),
        Element::Day | Element::UnderDay | Element::ZeroDay => {
            if element == Element::UnderDay && rest.first() == Some(&b' ') {
                *rest = &rest[1..];
            }
            found.day = Some(number(rest, element == Element::ZeroDay)?);
        }
        Element::UnderYearDay | Element::ZeroYearDay => {
            let under = element == Element::UnderYearDay;
            for _ in 0..2 {
                if under && rest.first() == Some(&b' ') {
                    *rest = &rest[1..];
                }
            }
            let digits = rest.iter().take(3).take_while(|b| b.is_ascii_digit()).count();
            if digits == 0 || !under && digits != 3 {
                return Err(Bad::Form);
            }
            found.year_day = Some(take_digits(rest, digits));
        }
        Element::Hour => found.hour = within(number(rest, false)?, 0..=23, "hour")?,
        Element::Hour12 | Element::ZeroHour12 => {
            let n = number(rest, element == Element::ZeroHour12)?;
            found.hour = within(n, 0..=12, "hour")?;
        }
        Element::Minute | Element::ZeroMinute => {
            let n = number(rest, element == Element::ZeroMinute)?;
            found.minute = within(n, 0..=59, "minute")?;
        }
        Element::Second | Element::ZeroSecond => {
            let n = number(rest, element == Element::ZeroSecond)?;
            found.second = within(n, 0..=59, "second")?;
            // A fraction may follow even when the layout has none.
            let next = next_element(later).map(|(_, element, _)| element);
            let is_fraction =
                matches!(next, Some(Element::Fraction0 { .. } | Element::Fraction9 { .. }));
            if !is_fraction && matches!(**rest, [b'.' | b',', b'0'..=b'9', ..]) {
                let digits = rest[1..].iter().take_while(|b| b.is_ascii_digit()).count();
                found.nanosecond = fraction(rest, digits)?;
            }
        }
        Element::UpperPm | Element::LowerPm => {
            let text = rest.get(..2).ok_or(Bad::Form)?;
            found.pm = Some(match (text, element) {
                (b"PM", Element::UpperPm) | (b"pm", Element::LowerPm) => true,
                (b"AM", Element::UpperPm) | (b"am", Element::LowerPm) => false,
                _ => return Err(Bad::Form),
            });
            *rest = &rest[2..];
        }
        Element::Offset { z, colons, precision } => {
            if z && rest.first() == Some(&b'Z') {
                *rest = &rest[1..];
                found.utc = true;
            } else {
                found.offset = Some(offset(rest, colons, precision)?);
            }
        }
        Element::ZoneName => {
            if rest.starts_with(b"UTC") {
                *rest = &rest[3..];
                found.utc = true;
            } else {
                let length = zone_name_length(rest).ok_or(Bad::Form)?;
                found.zone = rest[..length].to_vec();
                *rest = &rest[length..];
            }
        }
        Element::Fraction0 { digits, .. } => {
            if rest.len() < digits + 1 || !matches!(rest[0], b'.' | b',') {
                return Err(Bad::Form);
            }
            found.nanosecond = fraction(rest, digits)?;
        }
        Element::Fraction9 { .. } => {
            if matches!(**rest, [b'.' | b',', b'0'..=b'9', ..]) {
                // Go takes nine digits at most here and leaves the others.
                let digits = rest[1..].iter().take(9).take_while(|b| b.is_ascii_digit()).count();
                found.nanosecond = fraction(rest, digits)?;
            }
        }
    }
    Ok(())
}

/// Reads a mark and `digits` digits as nanoseconds.
fn fraction(rest: &mut &[u8], digits: usize) -> Read<i64> {
    let text = &rest[1..=digits];
    if !text.iter().all(u8::is_ascii_digit) {
        return Err(Bad::Form);
    }
    *rest = &rest[digits + 1..];
    Ok((0..9).fold(0, |n, i| n * 10 + text.get(i).map_or(0, |digit| i64::from(digit - b'0'))))
}

fn offset(rest: &mut &[u8], colons: bool, precision: Precision) -> Read<i64> {
    let sign = match rest.first() {
        Some(b'+') => 1,
        Some(b'-') => -1,
        _ => 0,
    };
    let count = match precision {
        Precision::Hours => 1,
        Precision::Minutes => 2,
        Precision::Seconds => 3,
    };
    let width = if colons { 3 } else { 2 };
    let length = 1 + count * width - usize::from(colons);
    let text = rest.get(1..length).ok_or(Bad::Form)?;
    let mut parts = [0; 3];
    for (i, part) in parts.iter_mut().take(count).enumerate() {
        if colons && i > 0 && text[i * width - 1] != b':' {
            return Err(Bad::Form);
        }
        *part = number(&mut &text[i * width..i * width + 2], true)?;
    }
    within(parts[0], 0..=24, "time zone offset hour")?;
    within(parts[1], 0..=60, "time zone offset minute")?;
    within(parts[2], 0..=60, "time zone offset second")?;
    if sign == 0 {
        return Err(Bad::Form);
    }
    *rest = &rest[length..];
    Ok(sign * (parts[0] * 3600 + parts[1] * 60 + parts[2]))
}

/// Returns how long the zone abbreviation at the start of `text` is.
fn zone_name_length(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(after) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_offset_length(after));
    }
    if matches!(text[0], b'+' | b'-') {
        return Some(signed_offset_length(text)).filter(|length| *length > 0);
    }
    match text.iter().take(6).take_while(|b| b.is_ascii_uppercase()).count() {
        3 => Some(3),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        5 if text[4] == b'T' => Some(5),
        _ => None,
    }
}

/// Returns the length of `+3` or `-11`; 0 for anything else, also beyond 23.
fn signed_offset_length(text: &[u8]) -> usize {
    if !matches!(text.first(), Some(b'+' | b'-')) {
        return 0;
    }
    let digits = text[1..].iter().take_while(|b| b.is_ascii_digit()).count();
    let hours = std::str::from_utf8(&text[1..=digits]).ok().and_then(|t| t.parse::<u32>().ok());
    if hours.is_some_and(|hours| hours <= 23) { digits + 1 } else { 0 }
}

fn finish(found: &Found, local: &Zone) -> Result<Time, &'static str> {
    let hour = match found.pm {
        Some(true) if found.hour < 12 => found.hour + 12,
        Some(false) if found.hour == 12 => 0,
        _ => found.hour,
    };
    let (mut month, mut day) = (found.month, found.day);
    if let Some(year_day) = found.year_day {
        let (m, d) = month_of_year_day(found.year, year_day).ok_or("day-of-year out of range")?;
        if month.is_some_and(|month| month != m) {
            return Err("day-of-year does not match month");
        }
        if day.is_some_and(|day| day != d) {
            return Err("day-of-year does not match day");
        }
        (month, day) = (Some(m), Some(d));
    }
    let (month, day) = (month.unwrap_or(1), day.unwrap_or(1));
    if day < 1 || day > days_in_month(found.year, month) {
        return Err("day out of range");
    }
    let civil = Civil {
        year: found.year,
        month,
        day,
        hour,
        minute: found.minute,
        second: found.second,
        nanosecond: found.nanosecond,
    };
    let zone = String::from_utf8_lossy(&found.zone).into_owned();
    if found.utc {
        return Ok(Time::from_civil(&civil, &Zone::Utc));
    }
    if let Some(offset) = found.offset {
        let time = Time::from_civil(&civil, &Zone::Utc).shifted(-offset);
        let (local_offset, local_name) = local.at(time.unix());
        if local_offset == offset && (zone.is_empty() || zone == local_name) {
            return Ok(time.in_zone(local.clone()));
        }
        return Ok(time.in_zone(Zone::Fixed { offset, name: zone }));
    }
    if !zone.is_empty() {
        let time = Time::from_civil(&civil, &Zone::Utc);
        if let Some(offset) = local.offset_of(&zone, time.unix()) {
            return Ok(time.shifted(-offset).in_zone(local.clone()));
        }
        let hours = zone.strip_prefix("GMT").and_then(|hours| hours.parse::<i64>().ok());
        let offset = hours.unwrap_or(0) * 3600;
        // The clock text is taken for UTC here, odd as that is.
        return Ok(time.in_zone(Zone::Fixed { offset, name: zone }));
    }
    Ok(Time::from_civil(&civil, local))
}
