//! Scalars that read back as what they were, by YAML 1.1 and 1.2.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::value::{Value, format_float_json};
use crate::yaml::{self, Scalar};

/// Words that some reader takes for null or a boolean.
const WORDS: &[&str] = &["false", "n", "no", "null", "off", "on", "true", "y", "yes"];

/// Returns what stands for an object or for bytes in text.
pub(super) fn simple(value: &Value) -> Cow<'_, Value> {
    match value {
        Value::Object(object) => {
            Cow::Owned(object.to_text_in_place().map_or_else(|| object.to_plain(), Value::Str))
        }
        Value::Duration(_) => Cow::Owned(Value::Str(crate::value::to_text(value))),
        Value::Bytes(bytes) => Cow::Owned(Value::Str(bytes.clone())),
        _ => Cow::Borrowed(value),
    }
}

fn push_float(out: &mut String, value: f64) {
    if value.is_nan() {
        out.push_str(".nan");
    } else if value.is_infinite() {
        out.push_str(if value > 0.0 { ".inf" } else { "-.inf" });
    } else {
        let text = format_float_json(value);
        match text.split_once('e') {
            // YAML 1.1 wants the point.
            Some((digits, exponent)) => {
                out.push_str(digits);
                if !digits.contains('.') {
                    out.push_str(".0");
                }
                out.push('e');
                out.push_str(exponent);
            }
            None => out.push_str(&text),
        }
    }
}

/// Writes a value that is no map, no list and no string as YAML has it, which is also how it
/// looks in text. Returns whether it was one.
pub(super) fn push_word(out: &mut String, value: &Value) -> bool {
    match value {
        Value::Nil | Value::Absent => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(n) | Value::Int64(n) => write!(out, "{n}").unwrap_or_default(),
        Value::Uint8(n) => write!(out, "{n}").unwrap_or_default(),
        Value::Uint64(n) => write!(out, "{n}").unwrap_or_default(),
        Value::Float(x) => push_float(out, *x),
        _ => return false,
    }
    true
}

/// As [`push_word`], for the number of a template, where `1.0` and `1` are two things: those of
/// values files are floats all.
pub(super) fn push_own_word(out: &mut String, value: &Value) -> bool {
    let start = out.len();
    let is_word = push_word(out, value);
    if matches!(value, Value::Float(x) if x.is_finite()) && !out[start..].contains('.') {
        out.push_str(".0");
    }
    is_word
}

/// Returns whether every reader takes `text` for that string without quotes.
pub(super) fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { return false };
    if !(first.is_ascii_alphabetic() || matches!(first, b'_' | b'/')) {
        return false;
    }
    let is_fine = |b: &u8| {
        b.is_ascii_alphanumeric()
            || matches!(b, b' ' | b'-' | b'_' | b'.' | b'/' | b':' | b'@' | b'+' | b'=' | b'(')
            || matches!(b, b')' | b'$' | b';')
    };
    if bytes.len() > 1000 || matches!(last, b':' | b' ') || !bytes.iter().all(is_fine) {
        return false;
    }
    if memchr::memmem::find(bytes, b": ").is_some() {
        return false;
    }
    let is_word = bytes.len() <= 5 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(text));
    !is_word && matches!(yaml::resolve(text), Scalar::Str)
}

/// Returns whether a YAML file can hold the character as it is, in a block of text or in single
/// quotes: line ends and white space aside, what every reader leaves alone.
pub(super) fn is_printable(c: char) -> bool {
    match c {
        ' '..='~' | '\u{10000}'.. => true,
        '\u{A0}'..='\u{D7FF}' => !matches!(c, '\u{2028}' | '\u{2029}'),
        '\u{E000}'..='\u{FFFD}' => c != '\u{FEFF}',
        _ => false,
    }
}

/// Writes text for the inside of double quotes.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            _ if is_printable(c) => out.push(c),
            _ if u32::from(c) < 0x100 => {
                write!(out, "\\x{:02X}", u32::from(c)).unwrap_or_default();
            }
            _ => write!(out, "\\u{:04X}", u32::from(c)).unwrap_or_default(),
        }
    }
}

/// Writes a string in double quotes.
pub(super) fn push_double(out: &mut String, text: &str) {
    out.push('"');
    push_escaped(out, text);
    out.push('"');
}

/// Writes a string on one line, quoted where it must be.
pub(super) fn push_string(out: &mut String, text: &str) {
    if is_plain(text) {
        out.push_str(text);
    } else if text.contains(['"', '\\']) && !text.contains('\'') && text.chars().all(is_printable) {
        // Single quotes need no escapes.
        out.push('\'');
        out.push_str(text);
        out.push('\'');
    } else {
        push_double(out, text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_stay_strings() {
        for text in ["web", "nginx:1.27", "a b", "https://a.b/c?", "/etc/x", "v1", "_x", "y.z"] {
            let text = text.trim_end_matches('?');
            assert!(is_plain(text), "{text}");
        }
        for text in [
            "",
            "yes",
            "Y",
            "NULL",
            "1.0",
            "0x1",
            "-",
            "~",
            "a: b",
            "a #b",
            "a:",
            "x ",
            " x",
            "=",
            "<<",
            "é",
            "a\nb",
            "1:20",
            ".inf",
            "2001-01-01",
            "a,b",
            "[a",
            "*a",
            "&a",
            "!a",
            "%a",
        ] {
            assert!(!is_plain(text), "{text}");
        }
    }

    /// Returns whether the core schema of YAML 1.2 takes a plain scalar for a string.
    fn is_core_string(text: &str) -> bool {
        let words = ["", "~", "null", "Null", "NULL", "true", "True", "TRUE", "false", "False"];
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let infinities = [".inf", ".Inf", ".INF"];
        let is =
            |text: &str, digits: &str| !text.is_empty() && text.chars().all(|c| digits.contains(c));
        let decimal = "0123456789";
        let is_float = |text: &str| {
            let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
            let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let is_mantissa = (is(whole, decimal) && (part.is_empty() || is(part, decimal)))
                || (whole.is_empty() && is(part, decimal));
            is_mantissa && is(exponent, decimal)
        };
        let other = words.contains(&text)
            || text == "FALSE"
            || infinities.contains(&unsigned)
            || [".nan", ".NaN", ".NAN"].contains(&text)
            || text.strip_prefix("0o").is_some_and(|rest| is(rest, "01234567"))
            || text.strip_prefix("0x").is_some_and(|rest| is(rest, "0123456789abcdefABCDEF"))
            || is_float(unsigned);
        !other
    }

    #[test]
    fn strings_are_strings_in_yaml_1_2_too() {
        for text in ["0o7", "0x1F", "1e3", ".inf", "-.INF", "~", "NULL", "+12", "1.", "12.5e-3"] {
            assert!(!is_core_string(text), "{text}");
        }
        for text in ["yes", "1_000", "12:30:45", "=", "<<", "0b1", "1e", "e3", ".", "0o8"] {
            assert!(is_core_string(text), "{text}");
        }
        // Every short text of these characters.
        let alphabet: Vec<char> = "~=<.:-+_01eExonfltrua".chars().collect();
        let mut texts = vec![String::new()];
        for _ in 0..4 {
            let longer =
                texts.iter().flat_map(|text| alphabet.iter().map(move |c| format!("{text}{c}")));
            texts = longer.collect();
            for text in &texts {
                let mut out = String::new();
                push_string(&mut out, text);
                let is_quoted = out.starts_with(['"', '\'']);
                assert!(
                    is_quoted
                        || (is_core_string(text) && matches!(yaml::resolve(text), Scalar::Str)),
                    "{text}"
                );
            }
        }
        for text in ["yes", "0o7", "1_000", "12:30:45", ".inf", "=", "<<", "~", "null", "False"] {
            let mut out = String::new();
            push_string(&mut out, text);
            assert_eq!(out, format!("\"{text}\""));
        }
    }

    #[test]
    fn numbers_keep_their_kind() {
        for (value, expected) in [
            (Value::Int(3), "3"),
            (Value::Float(3.0), "3"),
            (Value::Float(1e100), "1.0e+100"),
            (Value::Float(-0.25), "-0.25"),
            (Value::Float(f64::INFINITY), ".inf"),
            (Value::Nil, "null"),
            (Value::Bool(true), "true"),
        ] {
            let mut out = String::new();
            assert!(push_word(&mut out, &value));
            assert_eq!(out, expected);
        }
    }

    #[test]
    fn escapes_are_those_of_yaml() {
        let mut out = String::new();
        push_double(&mut out, "a\"\\\n\u{0}\u{7F}\u{85}\u{2028}\u{FEFF}😀");
        assert_eq!(out, r#""a\"\\\n\x00\x7F\x85\u2028\uFEFF😀""#);
    }
}
