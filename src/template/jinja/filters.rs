//! Which filters templates use: an environment is made faster without the others.

use super::lex::{Kind, Token, names};
use super::library::{self, Row};

/// Filters by the names that templates use.
#[derive(Debug)]
pub(super) enum Filters {
    Named(Vec<(&'static Row, &'static str)>),
    /// Those that are named while templates run may be among them.
    All,
}

impl Default for Filters {
    fn default() -> Self {
        Filters::Named(Vec::new())
    }
}

impl Filters {
    /// Adds those that a source uses.
    pub(super) fn add(&mut self, source: &str, tokens: &[Token]) {
        let may_ask = memchr::memmem::find(source.as_bytes(), b"filter").is_some();
        for token in tokens.iter().filter(|token| matches!(token.kind, Kind::Hole | Kind::Tag)) {
            let Filters::Named(found) = self else { return };
            let inner = &source[token.inner.clone()];
            let is_tag = token.word(source) == "filter";
            if !may_ask && memchr::memchr2(b'|', b'(', inner.as_bytes()).is_none() {
                continue;
            }
            for (at, name) in names(inner) {
                let rest = inner[at + name.len()..].trim_ascii_start();
                let is_filter = is_tag || inner[..at].trim_ascii_end().ends_with('|');
                if names_others(name, rest, is_filter, may_ask) {
                    *self = Filters::All;
                    return;
                }
                if !is_filter || found.iter().any(|(_, known)| *known == name) {
                    continue;
                }
                found.extend(library::find_named(name));
            }
        }
    }
}

/// Returns whether a name may be that of something that uses filters which are not seen: texts of
/// templates, filters that are named by values, the test whether there is a filter. `may_ask` tells
/// whether the source names that test at all.
fn names_others(name: &str, rest: &str, is_filter: bool, may_ask: bool) -> bool {
    match name {
        "map" if is_filter => {
            let argument = rest.strip_prefix('(').map(str::trim_ascii_start);
            !argument.is_some_and(|argument| argument.starts_with("attribute"))
        }
        "filter" => !is_filter,
        "select" | "reject" | "selectattr" | "rejectattr" => {
            // A test may be named by a value.
            may_ask || names(rest.split(')').next().unwrap_or_default()).next().is_some()
        }
        "render" => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex::tokens;
    use super::*;

    #[test]
    fn filters_are_found_where_they_are_used() {
        for (source, expected) in [
            ("{{ a | b64encode }}{{ b|sha256 | upper }}", Some("b64encode sha256")),
            ("{% if a | has_key('b') %}{% endif %}{{ b64encode(c) }}", Some("has_key")),
            ("{% filter sha1 | b64encode %}{% endfilter %}", Some("sha1 b64encode")),
            ("{% set x | sha1 %}{% endset %}{{ a.keys | keys }}", Some("sha1 keys")),
            ("{{ a | map(attribute='x') | sort_alpha }}", Some("sort_alpha")),
            ("a | sha1 {{ 'b | sha1' }}{# c | sha1 #}", Some("")),
            ("{{ a | map('sha1') }}", None),
            ("{{ a | map(values.name) }}", None),
            ("{{ render(values.text) }}", None),
            ("{{ values.text | render }}", None),
            ("{{ a | select('filter') }}", None),
            ("{{ a | select(values.name) }}", None),
            ("{{ a | selectattr('b') | sha1 }}", Some("sha1")),
            ("{{ a is filter }}", None),
        ] {
            let mut filters = Filters::default();
            filters.add(source, &tokens(source));
            let names = match &filters {
                Filters::All => None,
                Filters::Named(found) => {
                    Some(found.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(" "))
                }
            };
            assert_eq!(names.as_deref(), expected, "{source}");
        }
    }
}
