use std::ops::Range;

use super::error::Error;
use super::read::read;
use crate::value::Value;

/// Reads every document of a values file, in order. Each is [`read()`] on its own.
///
/// # Errors
/// The error of the first document that fails, or of the first separator that is none.
pub fn read_all(text: &[u8]) -> Result<Vec<Value>, Error> {
    documents(text).into_iter().map(|range| read(&text[range?])).collect()
}

/// Returns the byte ranges of the documents of a values file.
///
/// They are parted by lines of `---`, which may carry white space and a comment. This is a split
/// of lines: a `%YAML` line is a document of its own, and a `---` line inside a literal block
/// parts, too. Anything else behind `---` ends the list with an error,
/// `invalid Yaml document separator: x`, which counts after the errors of earlier documents.
///
/// # Source
/// The YAML reader of `k8s.io/apimachinery`.
#[must_use]
pub fn documents(text: &[u8]) -> Vec<Result<Range<usize>, Error>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut at = 0;
    let mut line = 0;
    while at < text.len() {
        line += 1;
        let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |i| at + i + 1);
        if let Some(rest) = text[at..end].strip_prefix(b"---") {
            let rest = rest.trim_ascii();
            if !(rest.is_empty() || rest[0] == b'#') {
                let rest = String::from_utf8_lossy(rest);
                let mut error =
                    Error::conversion(format!("invalid Yaml document separator: {rest}"))
                        .at(line, 4);
                error.offset = at + 3;
                found.push(Err(error));
                return found;
            }
            if at > start {
                found.push(Ok(start..at));
                start = end;
            }
        }
        at = end;
    }
    if start < text.len() {
        found.push(Ok(start..text.len()));
    }
    found
}

/// Splits rendered text into manifests: at every line start matching `---[ \t]*`, so that what
/// follows on that line belongs to the next one.
///
/// Blank pieces are dropped; each piece loses leading white space and keeps trailing.
///
/// # Source
/// Helm 4 `SplitManifests`.
#[must_use]
pub fn split_documents(text: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    // Go trims Unicode white space.
    let first = text.len() - trim_start(text).len();
    let mut start = first;
    let mut push = |range: Range<usize>| {
        let piece = trim_start(&text[range.clone()]);
        if !piece.is_empty() {
            found.push(range.end - piece.len()..range.end);
        }
    };
    let mut from = start;
    while let Some(i) = memchr::memmem::find(&text[from..], b"---") {
        let at = from + i;
        from = at + 3;
        if at == first || text[at - 1] == b'\n' {
            push(start..at);
            while matches!(text.get(from), Some(b' ' | b'\t')) {
                from += 1;
            }
            start = from;
        }
    }
    push(start..text.len());
    found
}

fn trim_start(text: &[u8]) -> &[u8] {
    match text.first() {
        Some(byte) if byte.is_ascii_graphic() => text,
        _ => match std::str::from_utf8(text) {
            Ok(text) => text.trim_start().as_bytes(),
            Err(error) => {
                let valid = std::str::from_utf8(&text[..error.valid_up_to()]).unwrap_or_default();
                &text[valid.len() - valid.trim_start().len()..]
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<&str> {
        split_documents(text.as_bytes()).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn manifests() {
        let cases: &[(&str, &[&str])] = &[
            ("", &[]),
            (" \n\t\n", &[]),
            ("a: 1\n", &["a: 1\n"]),
            ("\n\n---\na: 1\n---\n\n---\nb: 2\n\n", &["a: 1\n", "b: 2\n\n"]),
            ("a: 1\n---b: 1\n--- # c\nd: 1", &["a: 1\n", "b: 1\n", "# c\nd: 1"]),
            ("a: |\n  ---\nb: x---\n", &["a: |\n  ---\nb: x---\n"]),
            ("---- a\n", &["- a\n"]),
            ("------\na: 1", &["---\na: 1"]),
        ];
        for (text, expected) in cases {
            assert_eq!(pieces(text), *expected, "{text:?}");
        }
    }

    #[test]
    fn values() {
        let cases: &[(&str, &[&str])] = &[
            ("a: 1\n--- # c\nb: 2\n", &["a: 1\n", "b: 2\n"]),
            ("---\na: 1\n", &["---\na: 1\n"]),
            ("a: 1\r\n---\r\nb: 2", &["a: 1\r\n", "b: 2"]),
            ("%YAML 1.1\n---\na: 1\n", &["%YAML 1.1\n", "a: 1\n"]),
            ("a: |\n---\nb: 1\n", &["a: |\n", "b: 1\n"]),
            ("a: 1\n ---\n", &["a: 1\n ---\n"]),
        ];
        for (text, expected) in cases {
            let found: Vec<&str> = documents(text.as_bytes())
                .into_iter()
                .flatten()
                .map(|range| &text[range])
                .collect();
            assert_eq!(found, *expected, "{text:?}");
        }
        let error = read_all(b"a: 1\n--- {b: 1}\n").err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), Some("invalid Yaml document separator: {b: 1}"));
    }
}
