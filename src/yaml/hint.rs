use super::Error;

/// Returns what most likely makes a line unreadable, as advice. `line` is the text of the line
/// that the error is at.
#[must_use]
pub fn hint(error: &Error, line: &str) -> Option<&'static str> {
    let indentation = &line[..line.len() - line.trim_start().len()];
    if indentation.contains('\t') {
        return Some("the line is indented with a tab; YAML takes spaces only");
    }
    let value = value_of(line);
    if value.starts_with("{{") || value.starts_with("- {{") {
        return Some(
            "`{{` begins a map in YAML; where templates are not rendered, quote the value, and \
             where the value is used, render it with `tpl`",
        );
    }
    match value.chars().next() {
        Some('\t') => return Some("a tab stands before the value; YAML takes spaces only"),
        Some('@' | '`' | '%') => {
            return Some("a value cannot begin with `@`, `%` or a backquote; quote it");
        }
        Some('*') if error.message.contains("anchor") => {
            return Some("`*` begins an alias; quote a value that begins with it");
        }
        Some('&' | '!') => {
            return Some("`&` and `!` at the start of a value mean something in YAML; quote it");
        }
        _ => {}
    }
    if value.contains(": ") && error.message.starts_with("mapping values") {
        return Some("a value with `: ` in it has to be quoted");
    }
    None
}

/// Returns what follows the key or the dashes of a line.
fn value_of(line: &str) -> &str {
    let mut rest = line.trim_start();
    while let Some(item) = rest.strip_prefix("- ") {
        rest = item.trim_start();
    }
    if rest.starts_with(['"', '\'', '{', '[']) {
        return rest;
    }
    rest.split_once(": ").map_or(rest, |(_, value)| value.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use crate::yaml;

    #[test]
    fn each_trap_has_its_hint() {
        for (text, word) in [
            ("a:\n\tb: 1\n", "indented with a tab"),
            ("a: {{ .Values.b }}\n", "`tpl`"),
            ("a: @b\n", "backquote"),
            ("a: `b`\n", "backquote"),
            ("- a: %b\n", "backquote"),
            ("a: *b\n", "alias"),
            ("a: b: c\n", "has to be quoted"),
        ] {
            let error = yaml::read(text.as_bytes()).unwrap_err().within(text.as_bytes(), 0);
            let hint = super::hint(&error, &error.line_text);
            assert!(hint.is_some_and(|hint| hint.contains(word)), "{text}: {error} {hint:?}");
        }
        let text = "a: [1, 2\nb: 1\n";
        let error = yaml::read(text.as_bytes()).unwrap_err().within(text.as_bytes(), 0);
        assert_eq!(super::hint(&error, &error.line_text), None);
    }
}
