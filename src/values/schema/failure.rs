use std::fmt::Write as _;

use super::rules::SchemaId;
use super::tree::Json;
use crate::go::push_quoted;

/// One thing that is wrong with an instance.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// The JSON pointer of the value.
    pub(super) at: String,
    /// What failed.
    pub(super) kind: Kind,
    /// The schema that asks for what is not there.
    pub(super) rule: Option<SchemaId>,
    /// What led to it.
    pub(super) causes: Vec<Failure>,
}

/// What failed.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// Several keywords of one schema; a reference takes its causes over.
    Group,
    /// A schema that was referred to.
    Reference,
    /// One keyword, with its message.
    Keyword(String),
}

/// Returns the lines for the failures of a whole instance, without a line feed at the end.
pub(super) fn print(failure: &Failure) -> String {
    let mut out = String::new();
    match failure.kind {
        Kind::Group => {
            for cause in &failure.causes {
                print_to(&mut out, cause, 0);
            }
        }
        _ => print_to(&mut out, failure, 0),
    }
    out.pop();
    out
}

/// Returns the JSON pointers of the values that do not fit, each once, in the order of the lines,
/// with the schema that is the first to say so.
pub(super) fn pointers(failure: &Failure) -> Vec<(&str, Option<SchemaId>)> {
    let mut found: Vec<(&str, Option<SchemaId>)> = Vec::new();
    let mut open = vec![failure];
    while let Some(failure) = open.pop() {
        if failure.causes.is_empty() && !found.iter().any(|(at, _)| *at == failure.at) {
            found.push((&failure.at, failure.rule));
        }
        open.extend(failure.causes.iter().rev());
        if found.len() == MAX_POINTERS {
            break;
        }
    }
    found
}

/// How many values that do not fit are told of.
const MAX_POINTERS: usize = 20;

fn print_to(out: &mut String, failure: &Failure, depth: usize) {
    let message = match (&failure.kind, failure.causes.as_slice()) {
        (Kind::Group | Kind::Reference, [cause]) => return print_to(out, cause, depth),
        (Kind::Group | Kind::Reference, _) => "validation failed",
        (Kind::Keyword(message), _) => message,
    };
    let pad = 2 * depth;
    writeln!(out, "{:pad$}- at {}: {message}", "", quote(&failure.at)).unwrap_or_default();
    for cause in &failure.causes {
        print_to(out, cause, depth + 1);
    }
}

/// Quotes a text in single quotes.
///
/// A backslash before the closing quote comes out single, as it does in Helm.
pub(super) fn quote(text: &str) -> String {
    let mut out = Vec::new();
    push_quoted(&mut out, text.as_bytes(), false);
    let quoted = String::from_utf8_lossy(&out).replace("\\\"", "\"").replace('\'', "\\'");
    let inner = quoted.strip_prefix('"').unwrap_or(&quoted);
    format!("'{}'", inner.strip_suffix('"').unwrap_or(inner))
}

/// Quotes texts and joins them with commas.
pub(super) fn quote_all<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = texts.into_iter().map(quote).collect();
    quoted.join(", ")
}

/// Returns a scalar as messages show it; `None` for lists and maps.
pub(super) fn scalar(value: &Json) -> Option<String> {
    match value {
        Json::Null => Some("<nil>".to_owned()),
        Json::Bool(b) => Some(b.to_string()),
        Json::Number(text) => Some(text.clone()),
        Json::Text(text) => Some(quote(text)),
        Json::List(_) | Json::Object(_) => None,
    }
}

/// Returns a count with a comma between groups of three digits.
pub(super) fn count(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let sign = if n < 0 { "-" } else { "" };
    format!("{sign}{}", grouped(&digits))
}

fn grouped(digits: &str) -> String {
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a JSON number as the English locale of Go's `x/text` prints a float.
pub(super) fn number(text: &str) -> String {
    let value: f64 = text.parse().unwrap_or_default();
    if value == 0.0 {
        return if value.is_sign_negative() { "-0".to_owned() } else { "0".to_owned() };
    }
    if value.is_infinite() {
        return if value < 0.0 { "-∞".to_owned() } else { "∞".to_owned() };
    }
    let shortest = format!("{value:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..6).contains(&exponent) {
        let plain = format!("{value}");
        let (sign, plain) = plain.strip_prefix('-').map_or(("", plain.as_str()), |p| ("-", p));
        let (whole, fraction) = plain.split_once('.').unwrap_or((plain, ""));
        let point = if fraction.is_empty() { "" } else { "." };
        return format!("{sign}{}{point}{fraction}", grouped(whole));
    }
    let sign = if exponent < 0 { "⁻" } else { "" };
    let raised: String = format!("{:02}", exponent.unsigned_abs())
        .chars()
        .map(|digit| match digit {
            '0' => '⁰',
            '1' => '¹',
            '2' => '²',
            '3' => '³',
            '4' => '⁴',
            '5' => '⁵',
            '6' => '⁶',
            '7' => '⁷',
            '8' => '⁸',
            _ => '⁹',
        })
        .collect();
    format!("{mantissa}×10{sign}{raised}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        let cases = [
            ("-12345.678901234567", "-12,345.678901234567"),
            ("100000", "100,000"),
            ("1000000", "1×10⁰⁶"),
            ("1.2345e100", "1.2345×10¹⁰⁰"),
            ("0.0001", "0.0001"),
            ("-1.5e-10", "-1.5×10⁻¹⁰"),
            ("0.00001", "1×10⁻⁰⁵"),
            ("9007199254740993", "9.007199254740992×10¹⁵"),
        ];
        for (text, shown) in cases {
            assert_eq!(number(text), shown);
        }
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(-12), "-12");
    }

    #[test]
    fn quotes() {
        assert_eq!(quote("it's \"q\" \n"), "'it\\'s \"q\" \\n'");
        assert_eq!(quote("x\\"), "'x\\'");
        assert_eq!(quote("^\\w$"), "'^\\\\w$'");
    }
}
