/// Shortest decimal digits that read back as `value`, and the power of ten of the first digit.
///
/// `value` must be finite and not zero; the sign is ignored.
fn shortest_digits(value: f64) -> (Vec<u8>, i32) {
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    (digits, exponent.parse().unwrap_or(0))
}

fn special(value: f64) -> Option<&'static str> {
    if value.is_nan() {
        Some("NaN")
    } else if value == f64::INFINITY {
        Some("+Inf")
    } else if value == f64::NEG_INFINITY {
        Some("-Inf")
    } else {
        None
    }
}

fn push_exponent_form(out: &mut String, digits: &[u8], exponent: i32, pad: bool) {
    out.push(char::from(digits[0]));
    if digits.len() > 1 {
        out.push('.');
        out.extend(digits[1..].iter().map(|d| char::from(*d)));
    }
    out.push('e');
    out.push(if exponent < 0 { '-' } else { '+' });
    let magnitude = exponent.unsigned_abs();
    if pad && magnitude < 10 {
        out.push('0');
    }
    out.push_str(&magnitude.to_string());
}

fn push_plain_form(out: &mut String, digits: &[u8], exponent: i32) {
    let point = exponent + 1;
    if point <= 0 {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', point.unsigned_abs() as usize));
        out.extend(digits.iter().map(|d| char::from(*d)));
        return;
    }
    let point = point.unsigned_abs() as usize;
    for i in 0..point.max(digits.len()) {
        if i == point {
            out.push('.');
        }
        out.push(digits.get(i).map_or('0', |d| char::from(*d)));
    }
}

fn format_with(value: f64, exponent_form: impl Fn(i32) -> bool, pad: bool) -> String {
    if let Some(text) = special(value) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(24);
    if value.is_sign_negative() {
        out.push('-');
    }
    if value == 0.0 {
        out.push('0');
        return out;
    }
    let (digits, exponent) = shortest_digits(value);
    if exponent_form(exponent) {
        push_exponent_form(&mut out, &digits, exponent, pad);
    } else {
        push_plain_form(&mut out, &digits, exponent);
    }
    out
}

/// Formats as Go's `%v` and `%g` do: shortest digits, exponent form below 1e-4
/// and from 1e6 on (`1000000` is `1e+06`).
#[must_use]
pub fn format_float(value: f64) -> String {
    format_with(value, |exponent| !(-4..6).contains(&exponent), true)
}

/// Formats as Go's JSON encoder does: exponent form below 1e-6 and from 1e21 on, not padded.
///
/// NaN and infinities have no JSON form; they come back as Go's `%v` text.
#[must_use]
pub fn format_float_json(value: f64) -> String {
    format_with(value, |exponent| !(-6..21).contains(&exponent), false)
}

/// Formats with the shortest digits and never an exponent: Go's `FormatFloat(x, 'f', -1, 64)`.
#[must_use]
pub fn format_float_shortest(value: f64) -> String {
    format_with(value, |_| false, false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_default_form() {
        let cases = [
            (0.0, "0"),
            (-0.0, "-0"),
            (123_456.0, "123456"),
            (1_000_000.0, "1e+06"),
            (1_234_567.5, "1.2345675e+06"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1e100, "1e+100"),
            (-1.5, "-1.5"),
            (f64::INFINITY, "+Inf"),
        ];
        for (value, text) in cases {
            assert_eq!(format_float(value), text);
        }
    }

    #[test]
    fn go_json_form() {
        let cases = [
            (1e6, "1000000"),
            (1e-7, "1e-7"),
            (1e21, "1e+21"),
            (0.000_001, "0.000001"),
            (12.5, "12.5"),
        ];
        for (value, text) in cases {
            assert_eq!(format_float_json(value), text);
        }
    }
}
