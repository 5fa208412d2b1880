//! Macros that write the same wherever a chart calls them.
//!
//! Such a macro takes no arguments and looks at nothing but the chart's data, through macros of the
//! same kind at most: it is run once, and what it wrote is used again. [`pure_macros`] finds them
//! without running anything.

use std::collections::BTreeSet;

use super::lex::{Kind, Token, tokens};
use super::{library, names as known};

/// The data that is one for all templates of a chart.
const DATA: &[&str] = &["values", "release", "chart", "capabilities", "files", "subcharts"];

/// The words of the language itself.
const KEYWORDS: &[&str] = &[
    "and", "elif", "else", "endfor", "endif", "endset", "endwith", "false", "False", "for", "if",
    "in", "is", "loop", "none", "None", "not", "or", "set", "true", "True", "with",
];

/// Functions of Go's whose results differ from call to call, that write into what they are given,
/// or that are noticed outside.
fn is_steady(go: &str) -> bool {
    let changes = ["merge", "rand", "gen", "now", "date", "ago", "toDate", "uuid", "getHost"];
    let others = ["bcrypt", "encryptAES", "fail", "htpasswd", "required", "shuffle"];
    !changes.iter().any(|start| go.starts_with(start)) && !others.contains(&go)
}

/// Filters that name others in strings.
const INDIRECT: &[&str] = &["map", "reject", "select"];

/// The names that a macro may use.
fn steady_names() -> BTreeSet<&'static str> {
    let rows = library::rows().filter(|row| is_steady(row.go));
    let own = known::FILTERS.iter().filter(|name| !INDIRECT.contains(name));
    rows.flat_map(library::Row::names)
        .chain(own.copied())
        .chain(known::TESTS.iter().copied())
        .chain(DATA.iter().copied())
        .chain(KEYWORDS.iter().copied())
        .chain(["dict", "namespace", "range"])
        .collect()
}

/// Returns the names in an expression, those after a dot and those within strings left out.
fn names(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b >= 0x80;
    let mut names = Vec::new();
    let mut at = 0;
    let mut after_dot = false;
    while at < bytes.len() {
        match bytes[at] {
            quote @ (b'"' | b'\'') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
                after_dot = false;
            }
            b if is_word(b) => {
                let length = bytes[at..].iter().take_while(|b| is_word(**b)).count();
                let word = &text[at..at + length];
                if !after_dot && !b.is_ascii_digit() {
                    names.push(word);
                }
                at += length;
                after_dot = false;
            }
            b => {
                after_dot = b == b'.' || (after_dot && b.is_ascii_whitespace());
                at += 1;
            }
        }
    }
    names
}

/// Returns the names that a tag gives a value.
fn bound<'s>(word: &str, inner: &'s str) -> Vec<&'s str> {
    let rest = inner.strip_prefix(word).unwrap_or_default();
    match word {
        "for" => names(rest.split(" in ").next().unwrap_or_default()),
        "set" => names(rest.split('=').next().unwrap_or_default()),
        "with" => rest
            .split(',')
            .filter_map(|pair| names(pair.split_once('=')?.0).first().copied())
            .collect(),
        _ => Vec::new(),
    }
}

/// A macro and the names it uses that are not its own.
struct Candidate<'s> {
    name: &'s str,
    has_arguments: bool,
    uses: BTreeSet<&'s str>,
}

/// Returns the macros of a source, none if it does more than define macros.
fn candidates(source: &str) -> Vec<Candidate<'_>> {
    let mut found = Vec::new();
    let mut open: Option<(Candidate, BTreeSet<&str>)> = None;
    for token in tokens(source) {
        if !matches!(token.kind, Kind::Hole | Kind::Tag) {
            continue;
        }
        let inner = &source[token.inner.clone()];
        let word = if token.kind == Kind::Tag { token.word(source) } else { "" };
        match (word, &mut open) {
            ("macro", None) => match signature(&token, source) {
                Some(begun) => open = Some(begun),
                None => return Vec::new(),
            },
            ("endmacro", Some(_)) => {
                if let Some((mut candidate, own)) = open.take() {
                    candidate.uses.retain(|name| !own.contains(name));
                    found.push(candidate);
                }
            }
            ("macro" | "endmacro", _) | (_, None) => return Vec::new(),
            (_, Some((candidate, own))) => {
                own.extend(bound(word, inner));
                candidate.uses.extend(names(inner));
            }
        }
    }
    found
}

/// Returns the macro that a tag begins, with the names that its defaults use, and the names of its
/// arguments.
fn signature<'s>(token: &Token, source: &'s str) -> Option<(Candidate<'s>, BTreeSet<&'s str>)> {
    let inner = source[token.inner.clone()].strip_prefix("macro")?.trim_ascii();
    let (name, arguments) = inner.split_once('(')?;
    let arguments = arguments.strip_suffix(')')?;
    let mut own = BTreeSet::new();
    let mut uses = BTreeSet::new();
    for argument in arguments.split(',') {
        let mut names = names(argument).into_iter();
        own.extend(names.next());
        uses.extend(names);
    }
    // A default may have commas of its own.
    if arguments.contains(['(', '[', '{', '"', '\'']) {
        uses.extend(std::mem::take(&mut own));
    }
    let has_arguments = !arguments.trim_ascii().is_empty();
    Some((Candidate { name: name.trim_ascii(), has_arguments, uses }, own))
}

/// Returns the names of the macros of a file that write the same at each call, as long as the
/// chart's data stays as it is.
pub(super) fn pure_macros(source: &str) -> BTreeSet<String> {
    let mut found = candidates(source);
    if found.is_empty() {
        return BTreeSet::new();
    }
    let steady = steady_names();
    loop {
        let names: BTreeSet<&str> = found.iter().map(|candidate| candidate.name).collect();
        let is_pure = |candidate: &Candidate| {
            !steady.contains(candidate.name)
                && candidate.uses.iter().all(|name| steady.contains(name) || names.contains(name))
        };
        let before = found.len();
        found.retain(is_pure);
        if found.len() == before {
            let simple = found.iter().filter(|candidate| !candidate.has_arguments);
            return simple.map(|candidate| candidate.name.to_owned()).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pure(source: &str) -> String {
        pure_macros(source).into_iter().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn macros_that_look_at_data_alone_are_pure() {
        for (source, expected) in [
            (
                "{% macro a() %}{{ release.name }}-{{ chart.name | truncate(63) }}{% endmacro %}",
                "a",
            ),
            ("{% macro a() %}x{% endmacro %}\n{% macro b() %}{{ a() }}{% endmacro %}", "a b"),
            ("{# why #}\n{% macro a() %}{% set n = values.x %}{{ n }}{% endmacro %}", "a"),
            (
                "{% macro a() %}{% for k, v in values | items %}{{ k }}{% endfor %}{% endmacro %}",
                "a",
            ),
            ("{% macro a() %}{{ values.now }}{{ 'random_string(3)' }}{% endmacro %}", "a"),
            ("{% macro a() %}{% with n = 1 %}{{ n }}{% endwith %}{% endmacro %}", "a"),
            (
                "{% macro t(n, m=2) %}{{ n }}{% endmacro %}{% macro a() %}{{ t(1) }}{% endmacro %}",
                "a",
            ),
            // What may differ from call to call.
            ("{% macro a(n) %}{{ n }}{% endmacro %}", ""),
            ("{% macro a() %}{{ random_string(3) }}{% endmacro %}", ""),
            ("{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ now() }}{% endmacro %}", ""),
            (
                "{% macro t(n=now()) %}{{ n }}{% endmacro %}{% macro a() %}{{ t() }}{% endmacro %}",
                "",
            ),
            ("{% macro a() %}{{ template.name }}{% endmacro %}", ""),
            ("{% macro a() %}{{ root.Template.Name }}{% endmacro %}", ""),
            ("{% macro a() %}{{ caller() }}{% endmacro %}", ""),
            ("{% macro a() %}{{ include('x') }}{% endmacro %}", ""),
            ("{% macro a() %}{{ values.m | merge_overwrite({}) }}{% endmacro %}", ""),
            ("{% macro a() %}{{ [1] | map('random_string') }}{% endmacro %}", ""),
            ("{% set values = 1 %}{% macro a() %}{{ values }}{% endmacro %}", ""),
            ("{{ x }}{% macro a() %}1{% endmacro %}", ""),
            ("{% macro a() %}{% macro b() %}{% endmacro %}{% endmacro %}", ""),
        ] {
            assert_eq!(pure(source), expected, "{source}");
        }
    }
}
