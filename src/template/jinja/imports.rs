//! How a template gets at files of macros: from an object that keeps what macros wrote if it calls
//! such alone as are run once for all files, from the file itself, which is imported, otherwise.

use std::fmt::Write as _;

use memchr::memmem::Finder;

use super::lex::{Kind, Token, names};

/// The function that returns a file of macros that are run once.
pub(super) const MODULE: &str = "__module";

/// A file of macros that is imported under its own name where that is used.
#[derive(Clone, Debug)]
pub(super) struct Module {
    /// The name in templates: `helpers` for `_helpers.j2`.
    pub(super) name: String,
    /// The path of the file.
    pub(super) path: String,
    /// The macros that are run once for all files.
    pub(super) pure: Vec<String>,
    finder: Finder<'static>,
}

/// What takes the place of an `import` tag.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ImportTag {
    /// Where it begins, in bytes.
    pub(super) at: usize,
    pub(super) text: String,
}

/// What is added to a template.
#[derive(Debug, Default)]
pub(super) struct Imports {
    /// What comes before all else.
    pub(super) head: String,
    pub(super) tags: Vec<ImportTag>,
}

/// How the name of a file of macros is used.
#[derive(Debug, Default)]
struct Uses {
    /// Whether macros are called that are run once.
    has_shared: bool,
    /// Whether there are other macros.
    has_others: bool,
    /// Whether the name stands for itself somewhere.
    is_bare: bool,
}

impl Module {
    /// Makes the module of a file.
    pub(super) fn new(name: String, path: String, pure: Vec<String>) -> Self {
        let finder = Finder::new(&name).into_owned();
        Module { name, path, pure, finder }
    }

    /// Returns whether what follows the module's name is a call of a macro that is run once.
    fn is_shared(&self, after: &str) -> bool {
        let called = after.strip_prefix('.').and_then(|rest| rest.split_once('('));
        called.is_some_and(|(name, rest)| {
            let name = name.trim_ascii_end();
            self.pure.iter().any(|pure| pure == name) && rest.trim_ascii_start().starts_with(')')
        })
    }

    /// Returns how a template uses the module under a name, the tag that begins at `except` aside.
    fn uses(
        &self,
        name: &str,
        finder: &Finder,
        source: &str,
        tokens: &[Token],
        except: Option<usize>,
    ) -> Uses {
        let mut uses = Uses::default();
        for token in tokens.iter().filter(|token| matches!(token.kind, Kind::Hole | Kind::Tag)) {
            let inner = &source[token.inner.clone()];
            if Some(token.range.start) == except || finder.find(inner.as_bytes()).is_none() {
                continue;
            }
            for (at, _) in names(inner).filter(|(_, word)| *word == name) {
                let after = inner[at + name.len()..].trim_ascii_start();
                if !after.starts_with('.') {
                    uses.is_bare = true;
                } else if self.is_shared(after) {
                    uses.has_shared = true;
                } else {
                    uses.has_others = true;
                }
            }
        }
        uses
    }
}

/// Takes `import "PATH" as NAME` apart.
fn imported<'s>(token: &Token, source: &'s str) -> Option<(&'s str, &'s str)> {
    if token.word(source) != "import" {
        return None;
    }
    let rest = source[token.inner.clone()].strip_prefix("import")?.trim_ascii_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (path, rest) = rest[1..].split_once(quote)?;
    let name = rest.trim_ascii_start().strip_prefix("as ")?.trim_ascii_start();
    let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    (is_name && !path.contains('\\')).then_some((path, name))
}

impl Imports {
    /// Returns what a template needs of the modules `near` it, under their own names, and of those
    /// that its tags import, which `find` finds.
    pub(super) fn new<'m>(
        source: &str,
        tokens: &[Token],
        near: impl Iterator<Item = &'m Module>,
        find: impl Fn(&str) -> Option<&'m Module>,
    ) -> Self {
        let mut imports = Imports::default();
        // Tags with others before them may be passed over.
        let is_code = |token: &&Token| matches!(token.kind, Kind::Hole | Kind::Tag);
        let first = tokens.iter().filter(is_code).take_while(|token| {
            token.kind == Kind::Tag && matches!(token.word(source), "import" | "from")
        });
        let tags: Vec<(usize, &str, &str)> = first
            .filter_map(|token| {
                imported(token, source).map(|(path, name)| (token.range.start, path, name))
            })
            .collect();
        for module in near {
            imports.add_near(module, source, tokens);
        }
        for (i, (at, path, name)) in tags.iter().enumerate() {
            let is_once = tags.iter().enumerate().all(|(j, tag)| i == j || tag.2 != *name);
            if let Some(module) = find(path).filter(|module| is_once && !module.pure.is_empty()) {
                imports.add_tag(module, *at, name, source, tokens);
            }
        }
        imports
    }

    fn add_near(&mut self, module: &Module, source: &str, tokens: &[Token]) {
        let Module { name, path, finder, .. } = module;
        if finder.find(source.as_bytes()).is_none() {
            return;
        }
        let is_imported = |token: &Token| {
            let imported = source[token.inner.clone()].strip_prefix("import ");
            let rest = imported.and_then(|rest| rest.strip_suffix(name.as_str()));
            rest.is_some_and(|rest| rest.ends_with(" as "))
        };
        if tokens.iter().any(|token| token.kind == Kind::Tag && is_imported(token)) {
            return;
        }
        let uses = module.uses(name, finder, source, tokens, None);
        let head = &mut self.head;
        if uses.has_others {
            write!(head, "{{% import {path:?} as {name} %}}").unwrap_or_default();
        } else if uses.has_shared {
            write!(head, "{{% set {name} = {MODULE}({path:?}) %}}").unwrap_or_default();
        }
    }

    fn add_tag(&mut self, module: &Module, at: usize, name: &str, source: &str, tokens: &[Token]) {
        let uses = module.uses(name, &Finder::new(name), source, tokens, Some(at));
        if uses.has_shared && !uses.has_others && !uses.is_bare {
            let text = format!("{{% set {name} = {MODULE}({:?}) %}}", module.path);
            self.tags.push(ImportTag { at, text });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::lex::tokens;
    use super::super::prepare::prepare;
    use super::*;

    fn prepared(source: &str) -> String {
        let path = "c/templates/_helpers.j2".to_owned();
        let module = Module::new("helpers".to_owned(), path, vec!["same".to_owned()]);
        let tokens = tokens(source);
        let find = |path: &str| (path == "_helpers.j2").then_some(&module);
        let imports = Imports::new(source, &tokens, [&module].into_iter(), find);
        prepare(source, &tokens, 0, &imports, None).text
    }

    #[test]
    fn modules_are_imported_where_they_are_used() {
        for (source, is_shared) in [
            ("{{ helpers.same() }}{{ helpers.same ( ) }}", true),
            ("{{ helpers.same() }}{{ helpers.same() | upper }}", true),
            ("{{ helpers.same() }}{{ helpers.other() }}", false),
            ("{{ helpers.same(1) }}", false),
            ("{{ helpers.same }}", false),
        ] {
            let text = prepared(source);
            assert_eq!(text.starts_with("{% set helpers ="), is_shared, "{source}");
            assert_eq!(text.starts_with("{% import \"c/"), !is_shared, "{source}");
        }
        for (source, is_used) in [
            ("{{ helpers.name() }}", true),
            ("{% call helpers.box() %}{% endcall %}", true),
            ("helpers.name()", false),
            ("{{ 'helpers.name()' }}", false),
            ("{{ values.helpers.x }}", false),
            ("{{ my_helpers.x }}", false),
            ("{% import 'x' as helpers %}{{ helpers.x() }}", false),
        ] {
            assert_eq!(prepared(source).starts_with("{% import \"c/"), is_used, "{source}");
        }
    }

    #[test]
    fn macros_that_are_run_once_are_told_from_others() {
        assert_eq!(
            prepared("{% import '_helpers.j2' as h %}{{ h.same() }}"),
            "{% set h = __module(\"c/templates/_helpers.j2\") %}{{ h.same() }}"
        );
        for source in [
            "{% import '_helpers.j2' as h %}{{ h.same() }}{{ f(h) }}",
            "{% import '_helpers.j2' as h %}{{ h.other() }}",
            "{% import '_helpers.j2' as h %}{{ h.same() }}{{ h.other() }}",
            "{% import '_other.j2' as h %}{{ h.same() }}",
            "{% if x %}{% import '_helpers.j2' as h %}{% endif %}{{ h.same() }}",
        ] {
            assert_eq!(prepared(source), source);
        }
    }
}
