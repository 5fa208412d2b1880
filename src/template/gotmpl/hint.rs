//! What may help with a template that does not parse.

use crate::diagnostic::nearest;
use crate::template::function;

/// The functions that are the engine's own, and the words of the language.
const WORDS: &[&str] = &[
    "and", "block", "define", "else", "end", "if", "include", "or", "range", "template", "tpl",
    "with",
];

/// For a function that does not exist.
pub(super) fn function(name: &[u8]) -> Option<String> {
    let name = String::from_utf8_lossy(name);
    if matches!(&*name, "env" | "expandenv") {
        return Some("charts cannot read the environment; pass the value with `--set`".to_owned());
    }
    let near = nearest(&name, WORDS.iter().copied().chain(function::names()))?;
    Some(format!("did you mean `{near}`?"))
}

/// For a variable that is not declared where it is used.
pub(super) fn variable<'a>(name: &[u8], visible: impl Iterator<Item = &'a [u8]>) -> Option<String> {
    let name = String::from_utf8_lossy(name);
    let near = nearest(&name, visible.filter_map(|name| std::str::from_utf8(name).ok()))?;
    Some(format!("did you mean `{near}`?"))
}

/// For a key with a hyphen that is read as a field. `start` is where the field begins, in bytes.
pub(super) fn hyphen(text: &[u8], start: usize, message: &str) -> Option<String> {
    if !message.starts_with("bad character U+002D") {
        return None;
    }
    let in_path = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.' | b'$' | b'-');
    let before = text[..start].iter().rev().take_while(|b| in_path(b) && **b != b'-').count();
    let after = text[start..].iter().take_while(|b| in_path(b)).count();
    let path = std::str::from_utf8(&text[start - before..start + after]).ok()?;
    let hyphen = path.find('-')?;
    let (base, keys) = path.split_at(path[..hyphen].rfind('.')?);
    let keys: Vec<_> = keys[1..].split('.').map(|key| format!("{key:?}")).collect();
    let base = if base.is_empty() { "." } else { base };
    Some(format!("a key with a hyphen needs `index {base} {}`", keys.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_with_hyphens_become_calls_of_index() {
        let bad = "bad character U+002D '-'";
        for (text, field, expected) in [
            ("{{ .Values.my-color }}", ".my", "index .Values \"my-color\""),
            ("{{ $.Values.a.my-color.x }}", ".my", "index $.Values.a \"my-color\" \"x\""),
            ("{{ .my-color }}", ".my", "index . \"my-color\""),
        ] {
            let hint = hyphen(text.as_bytes(), text.find(field).unwrap(), bad).unwrap();
            assert_eq!(hint, format!("a key with a hyphen needs `{expected}`"));
        }
        assert_eq!(hyphen(b"{{ foo-bar }}", 3, bad), None);
        assert_eq!(hyphen(b"{{ .a@b }}", 3, "bad character U+0040 '@'"), None);
    }

    #[test]
    fn functions_are_corrected() {
        assert_eq!(function(b"quoet").as_deref(), Some("did you mean `quote`?"));
        assert_eq!(function(b"toyaml").as_deref(), Some("did you mean `toYaml`?"));
        assert_eq!(function(b"incldue").as_deref(), Some("did you mean `include`?"));
        assert_eq!(function(b"frobnicate"), None);
        let visible = [b"$".as_slice(), b"$name", b"$root"];
        assert_eq!(
            variable(b"$nmae", visible.into_iter()).as_deref(),
            Some("did you mean `$name`?")
        );
    }
}
