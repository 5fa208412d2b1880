use super::event::{Data, Events};
use super::resolve::{Scalar, resolve};
use crate::value::format_float_shortest;

/// A place where YAML most likely reads something else than was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trap {
    /// The line, counted from 1.
    pub line: usize,
    /// What is read, and what to do.
    pub advice: String,
}

/// Words in keys of versions and identifiers, whose digits are no number.
const NAMES: [&str; 10] =
    ["version", "tag", "release", "revision", "commit", "digest", "sha", "hash", "build", "id"];

/// Words in keys whose numbers are octal on purpose.
const MODES: [&str; 3] = ["mode", "umask", "permission"];

/// Returns the traps of a text, document by document, up to the first error: numbers without quotes
/// that lose digits, and keys that are there twice.
#[must_use]
pub fn traps(text: &[u8]) -> Vec<Trap> {
    enum Frame {
        List,
        /// The keys so far with their lines, and the one whose value comes next.
        Map(Vec<(String, usize)>, Option<String>),
    }
    let mut events = Events::new(text);
    let mut frames = Vec::new();
    let mut found = Vec::new();
    while let Ok(event) = events.next() {
        let line = event.start.line + 1;
        let (text, plain) = match event.data {
            Data::StreamEnd => break,
            Data::DocumentStart | Data::DocumentEnd => continue,
            Data::SequenceStart(_) => {
                frames.push(Frame::List);
                continue;
            }
            Data::MappingStart(_) => {
                frames.push(Frame::Map(Vec::new(), None));
                continue;
            }
            Data::SequenceEnd | Data::MappingEnd => {
                frames.pop();
                (String::new(), false)
            }
            Data::Alias(_) => (String::new(), false),
            Data::Scalar { value, plain, tag, .. } => (value.into_owned(), plain && tag.is_none()),
        };
        let Some(Frame::Map(keys, current)) = frames.last_mut() else { continue };
        if let Some(key) = current.take() {
            if let Some(advice) = Some(&text).filter(|_| plain).and_then(|text| number(&key, text))
            {
                found.push(Trap { line, advice });
            }
            continue;
        }
        // Merge keys may stand side by side.
        if let Some((_, first)) = keys.iter().find(|(key, _)| *key == text && key != "<<") {
            let advice = format!("`{text}` is in line {first} too; the last one counts");
            found.push(Trap { line, advice });
        }
        keys.push((text.clone(), line));
        *current = Some(text);
    }
    found
}

/// Returns what becomes of a number without quotes, if it is not what it looks like. `key` tells
/// what it is for.
#[must_use]
fn number(key: &str, text: &str) -> Option<String> {
    let key = key.to_lowercase();
    let is_name = NAMES.iter().any(|name| match *name {
        // Not the end of `valid` or `grid`.
        "id" => key == "id" || key.ends_with("_id") || key.ends_with("-id"),
        name => key.contains(name),
    });
    let is_mode = MODES.iter().any(|name| key.contains(name));
    let digits = text.trim_start_matches(['-', '+']);
    let leads = digits.len() > 1
        && digits.starts_with('0')
        && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'o' || byte == b'_');
    match resolve(text) {
        Scalar::Int(number) if leads && !is_mode => Some(format!(
            "`{text}` without quotes is the octal number {number}; quote it, or write it without \
             the 0"
        )),
        Scalar::Float(number) if is_name || leads => {
            let read = format_float_shortest(number);
            let advice =
                || format!("`{text}` without quotes is the number {read}; quote it to keep it");
            (read != text).then(advice)
        }
        Scalar::Int(number) if is_name && number.to_string() != text => {
            Some(format!("`{text}` without quotes is the number {number}; quote it to keep it"))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_lose_digits() {
        for (key, text, read) in [
            ("tag", "1.10", Some("the number 1.1;")),
            ("appVersion", "2.0", Some("the number 2;")),
            ("commit", "1e3", Some("the number 1000;")),
            ("gitSha", "12345e6", Some("the number 12345000000;")),
            ("build_id", "1_000", Some("the number 1000;")),
            ("runAsUser", "0123", Some("octal number 83;")),
            ("phone", "0129", Some("the number 129;")),
            ("defaultMode", "0755", None),
            ("tag", "1.1", None),
            ("tag", "1.10.0", None),
            ("tag", "12", None),
            ("cpu", "1.50", None),
            ("valid", "1.50", None),
            ("runAsUser", "1000", None),
            ("version", "v1.10", None),
        ] {
            let advice = number(key, text);
            match read {
                None => assert_eq!(advice, None, "{key}: {text}"),
                Some(read) => {
                    assert!(
                        advice.as_ref().is_some_and(|advice| advice.contains(read)),
                        "{advice:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn traps_of_a_text() {
        let text = b"tag: 1.10\nl:\n- {id: 0129, a: 1}\n- uid: 010\na: 'x'\nb: {a: 1}\na: &x\n  tag: \"1.10\"\n\
            <<: *x\n<<: *x\n---\na: 1\nversion: !!str 1.10\n: [";
        let found: Vec<(usize, String)> =
            traps(text).into_iter().map(|trap| (trap.line, trap.advice)).collect();
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 3, 4, 7], "{found:?}");
        assert_eq!(found[3].1, "`a` is in line 5 too; the last one counts");
    }
}
