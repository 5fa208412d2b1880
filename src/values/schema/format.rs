use super::url::{self, check_ipv6, go_quote, quote_char};
use crate::go::Pattern;

type Check = fn(&str) -> Result<(), String>;

/// Returns the check behind a `format`; `None` for names that are only annotations.
///
/// A check returns the reason of a failure, in the words of the schema library in Helm.
pub(super) fn find(name: &str) -> Option<Check> {
    Some(match name {
        "date" => date,
        "date-time" => date_time,
        "duration" => duration,
        "email" => email,
        "hostname" => hostname,
        "ipv4" => ipv4,
        "ipv6" => ipv6,
        "iri" | "uri" => uri,
        "iri-reference" | "uri-reference" => uri_reference,
        "json-pointer" => json_pointer,
        "period" => period,
        "regex" => regex,
        "relative-json-pointer" => relative_json_pointer,
        "semver" => semver,
        "time" => time,
        "uri-template" => uri_template,
        "uuid" => uuid,
        _ => return None,
    })
}

fn fail<T>(message: &str) -> Result<T, String> {
    Err(message.to_owned())
}

fn regex(text: &str) -> Result<(), String> {
    Pattern::compile(text.as_bytes()).map(|_| ())
}

fn json_pointer(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    if !text.starts_with('/') {
        return fail("not starting with /");
    }
    let is_escape = |(i, _)| matches!(text.as_bytes().get(i + 1), Some(b'0' | b'1'));
    if text.match_indices('~').all(is_escape) {
        Ok(())
    } else {
        fail("~ must be followed by 0 or 1")
    }
}

fn relative_json_pointer(text: &str) -> Result<(), String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = &text[digits..];
    match digits {
        0 => fail("must start with non-negative integer"),
        2.. if text.starts_with('0') => fail("starts with zero"),
        _ if rest == "#" => Ok(()),
        _ => json_pointer(rest),
    }
}

fn uuid(text: &str) -> Result<(), String> {
    let elements: Vec<&str> = text.split('-').collect();
    if elements.len() != 5 {
        return fail("must have 5 elements");
    }
    for (i, (element, length)) in elements.iter().zip([8, 4, 4, 4, 12]).enumerate() {
        if element.len() != length {
            return Err(format!("element {} must be {length} characters long", i + 1));
        }
        if let Some(c) = element.chars().find(|c| !c.is_ascii_hexdigit()) {
            return Err(format!("non-hex character {}", quote_char(c)));
        }
    }
    Ok(())
}

fn duration(text: &str) -> Result<(), String> {
    let Some(rest) = text.strip_prefix('P') else { return fail("must start with P") };
    if rest.is_empty() {
        return fail("nothing after P");
    }
    if let Some(weeks) = rest.strip_suffix('W') {
        if weeks.is_empty() {
            return fail("no number in week");
        }
        let is_number = weeks.bytes().all(|b| b.is_ascii_digit());
        return if is_number { Ok(()) } else { fail("invalid week") };
    }
    let (days, times) = rest.split_once('T').map_or((rest, None), |(d, t)| (d, Some(t)));
    units(days, "YMD")?;
    match times {
        None => Ok(()),
        Some("") => fail("no time elements"),
        Some(times) => units(times, "HMS"),
    }
}

fn units(text: &str, all: &str) -> Result<(), String> {
    let mut rest = text;
    let mut left = all;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return fail("missing number");
        }
        rest = &rest[digits..];
        let Some(unit) = rest.chars().next() else { return fail("missing unit") };
        let Some(i) = left.find(unit) else {
            return Err(if all.contains(unit) {
                format!("unit {} out of order", quote_char(unit))
            } else {
                format!("invalid unit {}", quote_char(unit))
            });
        };
        left = &left[i + 1..];
        rest = &rest[unit.len_utf8()..];
    }
    Ok(())
}

fn period(text: &str) -> Result<(), String> {
    let Some((start, end)) = text.split_once('/') else { return fail("missing slash") };
    if start.starts_with('P') {
        duration(start).map_err(|e| format!("invalid start duration: {e}"))?;
        return date_time(end).map_err(|e| format!("invalid end date-time: {e}"));
    }
    date_time(start).map_err(|e| format!("invalid start date-time: {e}"))?;
    if end.starts_with('P') {
        return duration(end).map_err(|e| format!("invalid end duration: {e}"));
    }
    date_time(end).map_err(|e| format!("invalid end date-time: {e}"))
}

fn ipv4(text: &str) -> Result<(), String> {
    let groups: Vec<&str> = text.split('.').collect();
    if groups.len() != 4 {
        return fail("expected four decimals");
    }
    for group in groups {
        let digits = group.strip_prefix(['+', '-']).unwrap_or(group);
        if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(format!("strconv.Atoi: parsing {}: invalid syntax", go_quote(group)));
        }
        let Ok(number) = group.parse::<i64>() else {
            return Err(format!("strconv.Atoi: parsing {}: value out of range", go_quote(group)));
        };
        if !(0..=255).contains(&number) {
            return fail("decimal must be between 0 and 255");
        }
        if number != 0 && group.starts_with('0') || number == 0 && group != "0" {
            return fail("leading zeros");
        }
    }
    Ok(())
}

fn ipv6(text: &str) -> Result<(), String> {
    if !text.contains(':') {
        return fail("missing colon");
    }
    if text.contains('%') {
        return fail("zone id is not a part of ipv6 address");
    }
    check_ipv6(text)
}

fn hostname(text: &str) -> Result<(), String> {
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > 253 {
        return fail("more than 253 characters long");
    }
    for label in text.split('.') {
        if !(1..=63).contains(&label.len()) {
            return fail("label must be 1 to 63 characters long");
        }
        if label.starts_with('-') {
            return fail("label starts with hyphen");
        }
        if label.ends_with('-') {
            return fail("label ends with hyphen");
        }
        if let Some(c) = label.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-')) {
            return Err(format!("invalid character {}", quote_char(c)));
        }
    }
    Ok(())
}

fn email(text: &str) -> Result<(), String> {
    if text.len() > 254 {
        return fail("more than 255 characters long");
    }
    let Some((local, domain)) = text.rsplit_once('@') else { return fail("missing @") };
    if local.len() > 64 {
        return fail("local part more than 64 characters long");
    }
    let quoted = local.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    if let Some(inner) = quoted {
        if inner.contains(['\\', '"']) {
            return fail("backslash and quote are not allowed within quoted local part");
        }
    } else {
        if local.starts_with('.') {
            return fail("starts with dot");
        }
        if local.ends_with('.') {
            return fail("ends with dot");
        }
        if local.contains("..") {
            return fail("consecutive dots");
        }
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".!#$%&'*+-/=?^_`{|}~".contains(c);
        if let Some(c) = local.chars().find(|c| !allowed(*c)) {
            return Err(format!("invalid character {}", quote_char(c)));
        }
    }
    let literal = domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some(literal) = literal {
        return match literal.strip_prefix("IPv6:") {
            Some(address) => ipv6(address).map_err(|e| format!("invalid ipv6 address: {e}")),
            None => ipv4(literal).map_err(|e| format!("invalid ipv4 address: {e}")),
        };
    }
    hostname(domain).map_err(|e| format!("invalid domain: {e}"))
}

/// Checks `YYYY-MM-DD` with the messages of Go's `time.Parse`.
fn date(text: &str) -> Result<(), String> {
    let cannot = |at: &str, layout: &str| {
        Err(format!(
            "parsing time {} as \"2006-01-02\": cannot parse {} as \"{layout}\"",
            go_quote(text),
            go_quote(at)
        ))
    };
    let out_of_range =
        |part: &str| Err(format!("parsing time {}: {part} out of range", go_quote(text)));
    let digits = |at: &str, count: usize| {
        at.get(..count)
            .filter(|d| d.bytes().all(|b| b.is_ascii_digit()))
            .and_then(|d| d.parse::<i16>().ok())
    };
    let Some(year) = digits(text, 4) else { return cannot(text, "2006") };
    let rest = &text[4..];
    let Some(rest) = rest.strip_prefix('-') else { return cannot(rest, "-") };
    let Some(month) = digits(rest, 2) else { return cannot(rest, "01") };
    if !(1..=12).contains(&month) {
        return out_of_range("month");
    }
    let rest = &rest[2..];
    let Some(rest) = rest.strip_prefix('-') else { return cannot(rest, "-") };
    let Some(day) = digits(rest, 2) else { return cannot(rest, "02") };
    let rest = &rest[2..];
    if !rest.is_empty() {
        let (text, rest) = (go_quote(text), go_quote(rest));
        return Err(format!("parsing time {text}: extra text: {rest}"));
    }
    if jiff::civil::Date::new(year, month as i8, day as i8).is_err() {
        return out_of_range("day");
    }
    Ok(())
}

fn date_time(text: &str) -> Result<(), String> {
    if text.len() < 20 {
        return fail("less than 20 characters long");
    }
    if !matches!(text.as_bytes()[10], b't' | b'T') {
        return fail("11th character must be t or T");
    }
    let (day, rest) = text.split_at(10);
    date(day).map_err(|e| format!("invalid date element: {e}"))?;
    time(&rest[1..]).map_err(|e| format!("invalid time element: {e}"))
}

fn time(text: &str) -> Result<(), String> {
    if text.len() < 9 {
        return fail("less than 9 characters long");
    }
    if text.as_bytes()[2] != b':' || text.as_bytes()[5] != b':' {
        return fail("missing colon in correct place");
    }
    let number = |from: usize, text: &str| text.get(from..from + 2)?.parse::<i32>().ok();
    let (Some(hour), Some(minute), Some(second)) =
        (number(0, text), number(3, text), number(6, text))
    else {
        return fail("invalid hour/min/sec");
    };
    if !(0..24).contains(&hour) || !(0..60).contains(&minute) || !(0..=60).contains(&second) {
        return fail("hour/min/sec out of range");
    }
    let Some(mut rest) = text.get(8..) else { return fail("invalid hour/min/sec") };
    if let Some(fraction) = rest.strip_prefix('.') {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return fail("no digits in second fraction");
        }
        rest = &fraction[digits..];
    }
    let mut offset = 0;
    if !matches!(rest, "z" | "Z") {
        if rest.len() != 6 {
            return fail("offset must be 6 characters long");
        }
        let sign = match rest.as_bytes()[0] {
            b'+' => -1,
            b'-' => 1,
            _ => return fail("offset must begin with plus/minus"),
        };
        if rest.as_bytes()[3] != b':' {
            return fail("missing colon in offset at correct place");
        }
        let (Some(hours), Some(minutes)) = (number(1, rest), number(4, rest)) else {
            return fail("invalid hour/min in offset");
        };
        if !(0..24).contains(&hours) || !(0..60).contains(&minutes) {
            return fail("hour/min in offset out of range");
        }
        offset = sign * (hours * 60 + minutes);
    }
    let minute_of_day = (hour * 60 + minute + offset).rem_euclid(24 * 60);
    if second == 60 && minute_of_day != 23 * 60 + 59 {
        return fail("invalid leap second");
    }
    Ok(())
}

fn uri(text: &str) -> Result<(), String> {
    if url::parse(text)?.scheme.is_none() { fail("relative url") } else { Ok(()) }
}

fn uri_reference(text: &str) -> Result<(), String> {
    url::parse(text)?;
    if text.contains('\\') { fail("contains \\") } else { Ok(()) }
}

fn uri_template(text: &str) -> Result<(), String> {
    for segment in url::parse(text)?.path.split('/') {
        let mut open = false;
        for brace in segment.chars().filter(|c| matches!(c, '{' | '}')) {
            if (brace == '{') == open {
                return fail("nested curly braces");
            }
            open = !open;
        }
        if open {
            return fail("no matching closing brace");
        }
    }
    Ok(())
}

fn semver(text: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let is_number = |id: &str| id.bytes().all(|b| b.is_ascii_digit());
    let (rest, build) = text.split_once('+').map_or((text, None), |(a, b)| (a, Some(b)));
    if build == Some("") {
        return fail("build is empty");
    }
    for id in build.into_iter().flat_map(|build| build.split('.')) {
        if id.is_empty() {
            return fail("build identifier is empty");
        }
        if let Some(c) = id.chars().find(|c| !allowed(*c)) {
            return Err(format!("invalid character {} in build identifier", quote_char(c)));
        }
    }
    let (core, pre) = rest.split_once('-').map_or((rest, None), |(a, b)| (a, Some(b)));
    for id in pre.into_iter().flat_map(|pre| pre.split('.')) {
        if id.is_empty() {
            return fail("pre-release identifier is empty");
        }
        if let Some(c) = id.chars().find(|c| !allowed(*c)) {
            return Err(format!("invalid character {} in pre-release identifier", quote_char(c)));
        }
        if id.len() > 1 && id.starts_with('0') && is_number(id) {
            return fail("pre-release numeric identifier starts with zero");
        }
    }
    let numbers: Vec<&str> = core.split('.').collect();
    if numbers.len() != 3 {
        return fail("versionCore must have 3 numbers separated by dot");
    }
    for (number, name) in numbers.into_iter().zip(["major", "minor", "patch"]) {
        if number.is_empty() {
            return Err(format!("{name} is empty"));
        }
        if number.len() > 1 && number.starts_with('0') {
            return Err(format!("{name} starts with zero"));
        }
        if !is_number(number) {
            return Err(format!("{name} contains non-digit"));
        }
    }
    Ok(())
}
