//! Durations in Go's notation.

use std::time::Duration;

/// Reads a duration such as `5m0s`, `1.5h` or `300ms`.
///
/// # Errors
/// Go's text, when it is none.
pub(super) fn parse(text: &str) -> Result<Duration, String> {
    let invalid = || format!("time: invalid duration {text:?}");
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .ok_or_else(|| format!("time: missing unit in duration {text:?}"))?;
        let (number, after) = rest.split_at(end);
        let number: f64 = number.parse().map_err(|_| invalid())?;
        let end = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        total += number
            * match unit {
                "ns" => 1e-9,
                "us" | "µs" | "μs" => 1e-6,
                "ms" => 1e-3,
                "s" => 1.0,
                "m" => 60.0,
                "h" => 3600.0,
                _ => return Err(format!("time: unknown unit {unit:?} in duration {text:?}")),
            };
        rest = after;
    }
    Duration::try_from_secs_f64(total).map_err(|_| invalid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let cases = [
            ("5m0s", Ok(300.0)),
            ("1.5h", Ok(5400.0)),
            ("300ms", Ok(0.3)),
            ("0", Ok(0.0)),
            ("5", Err("time: missing unit in duration \"5\"")),
            ("", Err("time: invalid duration \"\"")),
            ("5x", Err("time: unknown unit \"x\" in duration \"5x\"")),
            ("-5s", Err("time: invalid duration \"-5s\"")),
        ];
        for (text, expected) in cases {
            let found = parse(text).map(|duration| duration.as_secs_f64());
            assert_eq!(found, expected.map_err(str::to_owned), "{text}");
        }
    }
}
