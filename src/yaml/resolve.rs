/// What a plain scalar means under YAML 1.1 as Helm's reader has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar {
    /// `~`, `null`, or nothing.
    Null,
    /// `y`, `no`, `on`, `true`, ….
    Bool(bool),
    /// An integer that an `i64` holds.
    Int(i64),
    /// An integer that only a `u64` holds.
    Uint(u64),
    /// A float, infinities and NaN included.
    Float(f64),
    /// `<<`; a string except as a key.
    Merge,
    /// Anything else, dates and base-60 numbers included.
    Str,
}

/// Returns what the plain scalar `text` means. Most texts are told by their first byte.
#[must_use]
pub fn resolve(text: &str) -> Scalar {
    let bytes = text.as_bytes();
    let Some(first) = bytes.first() else {
        return Scalar::Null;
    };
    match first {
        b'0'..=b'9' => number(text),
        b'+' | b'-' => match &bytes[1..] {
            b".inf" | b".Inf" | b".INF" if *first == b'-' => Scalar::Float(f64::NEG_INFINITY),
            b".inf" | b".Inf" | b".INF" => Scalar::Float(f64::INFINITY),
            _ => number(text),
        },
        b'.' => match bytes {
            b".inf" | b".Inf" | b".INF" => Scalar::Float(f64::INFINITY),
            b".nan" | b".NaN" | b".NAN" => Scalar::Float(f64::NAN),
            // Go's general float parser runs here, which takes underscores between digits only.
            _ if bytes.contains(&b'_') => {
                let digit = |i: usize| bytes.get(i).is_some_and(u8::is_ascii_digit);
                if (1..bytes.len()).any(|i| bytes[i] == b'_' && !(digit(i - 1) && digit(i + 1))) {
                    return Scalar::Str;
                }
                float(text.replace('_', "").as_bytes()).map_or(Scalar::Str, Scalar::Float)
            }
            _ => float(bytes).map_or(Scalar::Str, Scalar::Float),
        },
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(bytes),
        b'<' if bytes == b"<<" => Scalar::Merge,
        _ => Scalar::Str,
    }
}

fn word(bytes: &[u8]) -> Scalar {
    match bytes {
        b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"true" | b"True" | b"TRUE" | b"on" | b"On"
        | b"ON" => Scalar::Bool(true),
        b"n" | b"N" | b"no" | b"No" | b"NO" | b"false" | b"False" | b"FALSE" | b"off" | b"Off"
        | b"OFF" => Scalar::Bool(false),
        b"~" | b"null" | b"Null" | b"NULL" => Scalar::Null,
        _ => Scalar::Str,
    }
}

/// Resolves a text that starts with a digit or a sign. Underscores count for nothing.
fn number(text: &str) -> Scalar {
    if text.len() > 1 && !text.bytes().skip(1).all(in_number) {
        return Scalar::Str;
    }
    let without;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        without.as_str()
    } else {
        text
    };
    if let Some(found) = integer(plain) {
        return found;
    }
    float(plain.as_bytes()).map_or(Scalar::Str, Scalar::Float)
}

fn in_number(byte: u8) -> bool {
    byte.is_ascii_hexdigit()
        || matches!(byte, b'_' | b'.' | b'+' | b'-' | b'x' | b'X' | b'o' | b'O')
}

fn integer(plain: &str) -> Option<Scalar> {
    let (negative, signed, digits) = match plain.as_bytes().first()? {
        b'-' => (true, true, &plain[1..]),
        b'+' => (false, true, &plain[1..]),
        _ => (false, false, plain),
    };
    let (radix, digits) = match digits.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &digits[2..]),
        [b'0', b'b' | b'B', ..] => (2, &digits[2..]),
        [b'0', b'o' | b'O', ..] => (8, &digits[2..]),
        [b'0', _, ..] => (8, &digits[1..]),
        _ => (10, digits),
    };
    // `from_str_radix` takes a sign, which may not follow the prefix.
    if !digits.as_bytes().first()?.is_ascii_alphanumeric() {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    if negative {
        return (magnitude <= i64::MIN.unsigned_abs())
            .then(|| Scalar::Int(0_i64.wrapping_sub_unsigned(magnitude)));
    }
    match i64::try_from(magnitude) {
        Ok(n) => Some(Scalar::Int(n)),
        // Go's unsigned parser takes no sign.
        Err(_) => (!signed).then_some(Scalar::Uint(magnitude)),
    }
}

/// Reads `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`; an overflow is no float.
fn float(bytes: &[u8]) -> Option<f64> {
    let mut i = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let run = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let whole = run(i);
    i += whole;
    if bytes.get(i) == Some(&b'.') {
        let fraction = run(i + 1);
        if whole + fraction == 0 {
            return None;
        }
        i += 1 + fraction;
    } else if whole == 0 {
        return None;
    }
    if matches!(bytes.get(i), Some(b'e' | b'E')) {
        i += 1 + usize::from(matches!(bytes.get(i + 1), Some(b'-' | b'+')));
        let exponent = run(i.min(bytes.len()));
        if exponent == 0 {
            return None;
        }
        i += exponent;
    }
    if i != bytes.len() {
        return None;
    }
    std::str::from_utf8(bytes).ok()?.parse().ok().filter(|x: &f64| x.is_finite())
}

/// Returns whether the writer has to quote `text`, because it would not be read back as a string.
pub(super) fn needs_quotes(text: &str) -> bool {
    let Some(first) = text.as_bytes().first() else {
        return true;
    };
    match first {
        b'0'..=b'9' | b'+' | b'-' => {
            !matches!(resolve(text), Scalar::Str) || is_timestamp(text) || is_base60(text)
        }
        b'.' | b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => {
            !matches!(resolve(text), Scalar::Str)
        }
        _ => false,
    }
}

/// `[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?`: a number to other YAML 1.1 readers.
pub(super) fn is_base60(text: &str) -> bool {
    if !text.contains(':') {
        return false;
    }
    let bytes = text.strip_prefix(['-', '+']).unwrap_or(text).as_bytes();
    if !bytes.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let run = |from: usize| {
        bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'_').count()
    };
    let mut i = run(0);
    let mut groups = 0;
    while bytes.get(i) == Some(&b':') {
        let digits = bytes[i + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        match digits {
            1 => {}
            2 if bytes[i + 1] <= b'5' => {}
            _ => return false,
        }
        i += 1 + digits;
        groups += 1;
    }
    if groups > 0 && bytes.get(i) == Some(&b'.') {
        i += 1 + run(i + 1);
    }
    groups > 0 && i == bytes.len()
}

/// Returns whether Go's YAML reader takes `text` for a date or a point in time.
pub(super) fn is_timestamp(text: &str) -> bool {
    let bytes = text.as_bytes();
    let year = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
    if year != 4 || bytes.get(4) != Some(&b'-') {
        return false;
    }
    let mut rest = &bytes[5..];
    let Some(month) = take_number(&mut rest, 1, 2) else { return false };
    if rest.first() != Some(&b'-') {
        return false;
    }
    rest = &rest[1..];
    let Some(day) = take_number(&mut rest, 1, 2) else { return false };
    let year: u32 = text[..4].parse().unwrap_or(0);
    if !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return false;
    }
    match rest.first() {
        None => true,
        Some(b'T' | b't') => {
            rest = &rest[1..];
            take_time(&mut rest) && take_zone(rest)
        }
        Some(b' ') => {
            rest = &rest[1..];
            take_time(&mut rest) && rest.is_empty()
        }
        Some(_) => false,
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Takes a number of `least` to `most` digits, as many as there are.
fn take_number(rest: &mut &[u8], least: usize, most: usize) -> Option<u32> {
    let count = rest.iter().take(most).take_while(|b| b.is_ascii_digit()).count();
    if count < least {
        return None;
    }
    let number = rest[..count].iter().fold(0, |n, b| n * 10 + u32::from(b - b'0'));
    *rest = &rest[count..];
    Some(number)
}

fn take_byte(rest: &mut &[u8], byte: u8) -> bool {
    let found = rest.first() == Some(&byte);
    if found {
        *rest = &rest[1..];
    }
    found
}

fn take_time(rest: &mut &[u8]) -> bool {
    let hour = take_number(rest, 1, 2);
    if hour.is_none_or(|h| h >= 24) || !take_byte(rest, b':') {
        return false;
    }
    let minute = take_number(rest, 1, 2);
    if minute.is_none_or(|m| m >= 60) || !take_byte(rest, b':') {
        return false;
    }
    let second = take_number(rest, 1, 2);
    if second.is_none_or(|s| s >= 60) {
        return false;
    }
    if matches!(rest.first(), Some(b'.' | b',')) && rest.get(1).is_some_and(u8::is_ascii_digit) {
        *rest = &rest[1..];
        while rest.first().is_some_and(u8::is_ascii_digit) {
            *rest = &rest[1..];
        }
    }
    true
}

fn take_zone(mut rest: &[u8]) -> bool {
    if rest == b"Z" {
        return true;
    }
    if !matches!(rest.first(), Some(b'+' | b'-')) {
        return false;
    }
    rest = &rest[1..];
    let hour = take_number(&mut rest, 2, 2);
    let colon = take_byte(&mut rest, b':');
    let minute = take_number(&mut rest, 2, 2);
    colon && hour.is_some_and(|h| h <= 24) && minute.is_some_and(|m| m <= 60) && rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars() {
        let cases = [
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("NULL", Scalar::Null),
            ("nULL", Scalar::Str),
            ("y", Scalar::Bool(true)),
            ("On", Scalar::Bool(true)),
            ("tRue", Scalar::Str),
            ("N", Scalar::Bool(false)),
            ("OFF", Scalar::Bool(false)),
            ("0x1F", Scalar::Int(31)),
            ("0b101", Scalar::Int(5)),
            ("0o17", Scalar::Int(15)),
            ("0777", Scalar::Int(511)),
            ("+5", Scalar::Int(5)),
            ("-0x10", Scalar::Int(-16)),
            ("00", Scalar::Int(0)),
            ("089", Scalar::Float(89.0)),
            ("5.", Scalar::Float(5.0)),
            ("1_0.5", Scalar::Float(10.5)),
            ("1_000", Scalar::Int(1000)),
            ("1e3", Scalar::Float(1e3)),
            ("1e400", Scalar::Str),
            ("1e3x", Scalar::Str),
            ("0x1p4", Scalar::Str),
            ("9223372036854775807", Scalar::Int(i64::MAX)),
            ("-9223372036854775808", Scalar::Int(i64::MIN)),
            ("18446744073709551615", Scalar::Uint(u64::MAX)),
            ("18446744073709551616", Scalar::Float(18_446_744_073_709_551_616.0)),
            (".5", Scalar::Float(0.5)),
            (".", Scalar::Str),
            (".5_0", Scalar::Float(0.5)),
            ("._1", Scalar::Str),
            ("-.5", Scalar::Float(-0.5)),
            ("-.inf", Scalar::Float(f64::NEG_INFINITY)),
            (".Inf", Scalar::Float(f64::INFINITY)),
            ("0x-1", Scalar::Str),
            ("0x", Scalar::Str),
            ("1e", Scalar::Str),
            ("1e+", Scalar::Str),
            ("=", Scalar::Str),
            ("<<", Scalar::Merge),
            ("1:30", Scalar::Str),
            ("-", Scalar::Str),
            ("2020-01-02", Scalar::Str),
            ("é", Scalar::Str),
        ];
        for (text, meaning) in cases {
            assert_eq!(resolve(text), meaning, "{text}");
        }
        assert!(matches!(resolve(".NaN"), Scalar::Float(x) if x.is_nan()));
    }

    #[test]
    fn quotes_needed() {
        for text in [
            "true",
            "y",
            "N",
            "yes",
            "on",
            "off",
            "null",
            "~",
            "123",
            "+5",
            "1.5",
            "1e3",
            "0x1f",
            "0777",
            "0o17",
            "089",
            "1_000",
            ".5",
            "5.",
            ".inf",
            "2020-01-02",
            "2020-1-2",
            "12:30",
            "1:30:45",
            "4e10",
            "",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14 21:59:43.10",
            "2020-02-29",
            "1:30.5",
        ] {
            assert!(needs_quotes(text), "{text}");
        }
        for text in [
            "abc",
            "1.2.3",
            "1Gi",
            "5m",
            "10.0.0.1",
            "80:8080",
            "0xZZ",
            "1e",
            "_1",
            ".",
            "<<",
            "=",
            "inf",
            "1:60",
            "2020-13-45",
            "2019-02-29",
            "2001-12-14 21:59:43Z",
            "20-01-02",
        ] {
            assert!(!needs_quotes(text), "{text}");
        }
    }
}
