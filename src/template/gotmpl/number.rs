//! Number literals: the readings that Go's template parser gives one text.

/// The readings of a number literal.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::template) struct Number {
    /// The value as a signed integer, where it is integral and fits.
    pub(in crate::template) int: Option<i64>,
    /// The value as an unsigned integer, where it is integral and fits.
    pub(in crate::template) uint: Option<u64>,
    /// The value as a float.
    pub(in crate::template) float: Option<f64>,
    /// The imaginary part of a literal such as `1+2i`.
    pub(in crate::template) complex: Option<(f64, f64)>,
}

impl Number {
    /// Makes the constant of a character such as `'a'`.
    pub(in crate::template) fn from_char(code: i64) -> Self {
        Number {
            int: Some(code),
            uint: u64::try_from(code).ok(),
            float: Some(code as f64),
            complex: None,
        }
    }

    /// Reads a literal.
    ///
    /// # Errors
    /// The text Go's parser reports, without position.
    pub(in crate::template) fn parse(text: &str) -> Result<Self, String> {
        // Most are indentations and ports.
        if text.len() < 10
            && (text == "0" || !text.starts_with('0'))
            && text.bytes().all(|b| b.is_ascii_digit())
            && let Ok(small) = text.parse::<u32>()
        {
            let (int, uint) = (Some(i64::from(small)), Some(u64::from(small)));
            return Ok(Number { int, uint, float: Some(f64::from(small)), complex: None });
        }
        if let Some(body) = text.strip_suffix('i') {
            return Self::parse_imaginary(body)
                .ok_or_else(|| "syntax error scanning complex number".to_owned());
        }
        let mut number =
            Number { uint: parse_uint(text), int: parse_int(text), ..Number::default() };
        if number.int == Some(0) {
            // In case of -0.
            number.uint = Some(0);
        }
        if let Some(int) = number.int {
            number.float = Some(int as f64);
        } else if let Some(uint) = number.uint {
            number.float = Some(uint as f64);
        } else if let Some(float) = parse_float(text) {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", super::quote::quote(text.as_bytes())));
            }
            number.float = Some(float);
            if float.fract() == 0.0
                && (-9.3e18..9.3e18).contains(&float)
                && (float as i64) as f64 == float
            {
                number.int = Some(float as i64);
            }
            if float.fract() == 0.0
                && (0.0..1.9e19).contains(&float)
                && (float as u64) as f64 == float
            {
                number.uint = Some(float as u64);
            }
        }
        if number.int.is_none() && number.uint.is_none() && number.float.is_none() {
            return Err(format!("illegal number syntax: {}", super::quote::quote(text.as_bytes())));
        }
        Ok(number)
    }

    fn parse_imaginary(body: &str) -> Option<Self> {
        let split = body
            .char_indices()
            .skip(1)
            .filter(|(i, c)| matches!(c, '+' | '-') && !body[..*i].ends_with(['e', 'E', 'p', 'P']))
            .map(|(i, _)| i)
            .last();
        let (real, imaginary) = match split {
            Some(at) => (parse_float(&body[..at])?, parse_float(&body[at..])?),
            None => (0.0, parse_float(body)?),
        };
        let mut number = Number { complex: Some((real, imaginary)), ..Number::default() };
        if imaginary == 0.0 {
            number.float = Some(real);
            if (real as i64) as f64 == real {
                number.int = Some(real as i64);
            }
            if (real as u64) as f64 == real {
                number.uint = Some(real as u64);
            }
        }
        Some(number)
    }
}

/// Returns whether the underscores of `text` stand where Go's literal syntax allows them.
fn underscores_ok(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text).as_bytes();
    let mut previous = b'^';
    let mut rest = digits;
    let mut hex = false;
    if digits.len() >= 2 && digits[0] == b'0' && matches!(digits[1] | 0x20, b'b' | b'o' | b'x') {
        previous = b'0';
        hex = digits[1] | 0x20 == b'x';
        rest = &digits[2..];
    }
    for byte in rest {
        let class = match byte {
            b'0'..=b'9' => b'0',
            b'a'..=b'f' | b'A'..=b'F' if hex => b'0',
            b'_' if previous == b'0' => b'_',
            b'_' => return false,
            _ if previous == b'_' => return false,
            _ => b'!',
        };
        previous = class;
    }
    previous != b'_'
}

fn parse_magnitude(text: &str) -> Option<u64> {
    if text.contains('_') && !underscores_ok(text) {
        return None;
    }
    let clean = text.replace('_', "");
    let lower = clean.to_ascii_lowercase();
    let (digits, radix) = if let Some(hex) = lower.strip_prefix("0x") {
        (hex, 16)
    } else if let Some(binary) = lower.strip_prefix("0b") {
        (binary, 2)
    } else if let Some(octal) = lower.strip_prefix("0o") {
        (octal, 8)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (&lower[1..], 8)
    } else {
        (lower.as_str(), 10)
    };
    if digits.is_empty() || digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// Reads an unsigned integer in Go's base-0 syntax (`0x1F`, `017`, `1_000`).
pub(crate) fn parse_uint(text: &str) -> Option<u64> {
    parse_magnitude(text)
}

/// Reads a signed integer in Go's base-0 syntax.
pub(crate) fn parse_int(text: &str) -> Option<i64> {
    if let Some(digits) = text.strip_prefix('-') {
        let magnitude = parse_magnitude(digits)?;
        return 0i64.checked_sub_unsigned(magnitude);
    }
    i64::try_from(parse_magnitude(text.strip_prefix('+').unwrap_or(text))?).ok()
}

/// Reads a float in Go's syntax: decimal or hexadecimal with a binary exponent.
fn parse_float(text: &str) -> Option<f64> {
    if text.contains('_') && !underscores_ok(text) {
        return None;
    }
    let clean = text.replace('_', "");
    let (negative, body) = match clean.strip_prefix('-') {
        Some(body) => (true, body),
        None => (false, clean.strip_prefix('+').unwrap_or(&clean)),
    };
    let value = if let Some(hex) = body.strip_prefix("0x").or_else(|| body.strip_prefix("0X")) {
        parse_hex_float(hex)?
    } else {
        if !body.bytes().all(|b| matches!(b, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-')) {
            return None;
        }
        let value: f64 = body.parse().ok()?;
        if value.is_infinite() {
            return None;
        }
        value
    };
    Some(if negative { -value } else { value })
}

fn parse_hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value = 0.0f64;
    for digit in whole.chars().chain(fraction.chars()) {
        value = value * 16.0 + f64::from(digit.to_digit(16)?);
    }
    let shift = exponent.checked_sub(4 * i32::try_from(fraction.len()).ok()?)?;
    let value = value * 2f64.powi(shift);
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings() {
        let int = |text: &str| Number::parse(text).unwrap().int;
        assert_eq!(int("0x1F"), Some(31));
        assert_eq!(int("017"), Some(15));
        assert_eq!(int("0b101"), Some(5));
        assert_eq!(int("1_000"), Some(1000));
        assert_eq!(int("2.0"), Some(2));
        assert_eq!(int("1e3"), Some(1000));
        assert_eq!(Number::parse("0x1p4").unwrap().float, Some(16.0));
        assert_eq!(Number::parse("18446744073709551615").unwrap().uint, Some(u64::MAX));
        assert!(Number::parse("089").is_err());
        assert_eq!(
            Number::parse("99999999999999999999").unwrap_err(),
            r#"integer overflow: "99999999999999999999""#
        );
        assert_eq!(Number::parse("1i").unwrap().complex, Some((0.0, 1.0)));
    }
}
