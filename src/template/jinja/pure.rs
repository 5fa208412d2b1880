//! Macros that write the same wherever a chart calls them.
//!
//! Such a macro takes no arguments and looks at nothing but the chart's data, through macros of the
//! same kind at most: it is run once, and what it wrote is used again. [`pure_macros`] finds them
//! without running anything.

use super::lex::{Kind, Token, names};
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

/// Returns whether a name is one that a macro may use.
fn is_steady_name(name: &str) -> bool {
    DATA.contains(&name)
        || KEYWORDS.contains(&name)
        || matches!(name, "dict" | "namespace" | "range")
        || (known::FILTERS.contains(&name) && !INDIRECT.contains(&name))
        || known::TESTS.contains(&name)
        || library::find(name).is_some_and(|row| is_steady(row.go))
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    names(text).map(|(_, name)| name)
}

/// Returns the names that a tag gives a value.
fn bound<'s>(word: &str, inner: &'s str) -> Vec<&'s str> {
    let rest = inner.strip_prefix(word).unwrap_or_default();
    match word {
        "for" => words(rest.split(" in ").next().unwrap_or_default()).collect(),
        "set" => words(rest.split('=').next().unwrap_or_default()).collect(),
        "with" => {
            rest.split(',').filter_map(|pair| words(pair.split_once('=')?.0).next()).collect()
        }
        _ => Vec::new(),
    }
}

/// A macro and the names it uses that are not its own.
struct Candidate<'s> {
    name: &'s str,
    has_arguments: bool,
    uses: Vec<&'s str>,
}

/// Returns the macros of a source, none if it does more than define macros.
fn candidates<'s>(source: &'s str, tokens: &[Token]) -> Vec<Candidate<'s>> {
    let mut found = Vec::new();
    let mut open: Option<(Candidate, Vec<&str>)> = None;
    for token in tokens {
        if !matches!(token.kind, Kind::Hole | Kind::Tag) {
            continue;
        }
        let inner = &source[token.inner.clone()];
        let word = token.word(source);
        match (word, &mut open) {
            ("macro", None) => match signature(token, source) {
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
                candidate.uses.extend(words(inner));
            }
        }
    }
    found
}

/// Returns the macro that a tag begins, with the names that its defaults use, and the names of its
/// arguments.
fn signature<'s>(token: &Token, source: &'s str) -> Option<(Candidate<'s>, Vec<&'s str>)> {
    let inner = source[token.inner.clone()].strip_prefix("macro")?.trim_ascii();
    let (name, arguments) = inner.split_once('(')?;
    let arguments = arguments.strip_suffix(')')?;
    let mut own = Vec::new();
    let mut uses = Vec::new();
    for argument in arguments.split(',') {
        let mut names = words(argument);
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
pub(super) fn pure_macros(source: &str, tokens: &[Token]) -> Vec<String> {
    let mut found = candidates(source, tokens);
    found.retain(|candidate| !is_steady_name(candidate.name));
    for candidate in &mut found {
        candidate.uses.retain(|name| !is_steady_name(name));
    }
    // What is left are macros of the same file, or names that spoil those that use them.
    loop {
        let names: Vec<&str> = found.iter().map(|candidate| candidate.name).collect();
        let before = found.len();
        found.retain(|candidate| candidate.uses.iter().all(|name| names.contains(name)));
        if found.len() == before {
            let simple = found.iter().filter(|candidate| !candidate.has_arguments);
            return simple.map(|candidate| candidate.name.to_owned()).collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex::tokens;
    use super::*;

    fn pure(source: &str) -> String {
        pure_macros(source, &tokens(source)).join(" ")
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
