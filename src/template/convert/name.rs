//! Names of variables.

/// Words that mean something else in a template.
const TAKEN: &[&str] = &[
    "and",
    "caller",
    "capabilities",
    "chart",
    "dict",
    "else",
    "false",
    "False",
    "files",
    "for",
    "if",
    "in",
    "include",
    "is",
    "lookup",
    "loop",
    "namespace",
    "none",
    "None",
    "not",
    "optional",
    "or",
    "range",
    "raw",
    "recursive",
    "release",
    "render",
    "root",
    "self",
    "subcharts",
    "template",
    "tpl",
    "true",
    "True",
    "values",
];

/// Makes of any text the name of a variable.
pub(super) fn variable(text: &str) -> String {
    let mut name: String =
        text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert(0, '_');
    }
    if TAKEN.contains(&name.as_str()) || super::call::is_function(&name) {
        name.push('_');
    }
    name
}

/// Returns the name of one of many: `host` for `hosts`.
pub(super) fn singular(plural: &str) -> String {
    let lower = plural.to_ascii_lowercase();
    if let Some(stem) = plural.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    for (end, kept) in [("sses", 2), ("ches", 2), ("shes", 2), ("xes", 1)] {
        if lower.ends_with(end) {
            return plural[..plural.len() - end.len() + kept].to_owned();
        }
    }
    match plural.strip_suffix('s') {
        Some(stem) if stem.len() > 1 && !stem.ends_with('s') => stem.to_owned(),
        _ => "item".to_owned(),
    }
}

/// Returns whether a key can follow a dot.
pub(super) fn is_attribute(key: &str) -> bool {
    let mut chars = key.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_many() {
        for (plural, expected) in [
            ("hosts", "host"),
            ("policies", "policy"),
            ("addresses", "address"),
            ("boxes", "box"),
            ("env", "item"),
            ("tls", "tl"),
            ("ingress", "item"),
        ] {
            assert_eq!(singular(plural), expected);
        }
        assert_eq!(variable("values"), "values_");
        assert_eq!(variable("a-b"), "a_b");
    }
}
