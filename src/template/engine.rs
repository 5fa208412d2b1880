//! Which engine renders a template.

use std::rc::Rc;

use super::function::Env;
use super::gotmpl::{Executor, Origins, TemplateSet};
use crate::diagnostic::Diagnostic;
use crate::value::{Map, Str};

/// Returns whether a template of that name is written in Jinja.
#[allow(clippy::case_sensitive_file_extension_comparisons)]
#[must_use]
pub fn is_jinja(name: &str) -> bool {
    name.ends_with(".j2") || name.ends_with(".jinja")
}

/// Returns the name of what a template writes: without the ending that names the engine.
#[must_use]
pub fn output_name(name: &str) -> &str {
    name.strip_suffix(".j2").or_else(|| name.strip_suffix(".jinja")).unwrap_or(name)
}

/// Finds templates in Jinja that would write the same file as another template.
pub(super) fn clashes(jinja: &[(Str, Str)], others: &[(Str, Str)]) -> Vec<(String, Diagnostic)> {
    let mut names: std::collections::BTreeMap<String, String> =
        others.iter().map(|(path, _)| (path.to_string(), path.to_string())).collect();
    let mut found = Vec::new();
    for (path, _) in jinja {
        let path = path.to_string();
        let name = output_name(&path).to_owned();
        if let Some(other) = names.get(&name) {
            let message = format!("{path} and {other} write the same file");
            let hint = "give one of the templates another name".to_owned();
            found.push((path, Diagnostic::error(message).hinted(Some(hint))));
        } else {
            names.insert(name, path);
        }
    }
    found
}

/// The templates in Jinja of a chart, if it has any.
#[cfg(feature = "jinja")]
pub(super) struct Jinja(Option<super::jinja::Engine>);

#[cfg(feature = "jinja")]
impl Jinja {
    /// Prepares templates given by path and text; adds what is wrong with them to `failed`.
    pub(super) fn new(
        files: &[(Str, Str)],
        env: &Env,
        set: &Rc<TemplateSet>,
        failed: &mut Vec<(String, Diagnostic)>,
    ) -> Self {
        if files.is_empty() {
            return Jinja(None);
        }
        let (engine, mut errors) = super::jinja::Engine::new(files, env, Rc::clone(set));
        failed.append(&mut errors);
        Jinja(Some(engine))
    }

    /// Lets templates of Go include macros.
    pub(super) fn serve<'s>(&self, executor: Executor<'s>) -> Executor<'s> {
        match self.0 {
            Some(_) => executor.with_foreign(super::jinja::include_macro),
            None => executor,
        }
    }

    /// Says which template of Go is rendered next.
    pub(super) fn enter(&self, path: &str, root: &Map) {
        if let Some(engine) = &self.0 {
            engine.enter(path, root);
        }
    }

    /// Renders the template at `path`; `root` is what templates of Go get as dot.
    pub(super) fn render(&self, path: &str, root: &Map) -> Result<(Vec<u8>, Origins), Diagnostic> {
        match &self.0 {
            Some(engine) => engine.render(path, root),
            None => Err(Diagnostic::error(format!("{path}: no such template"))),
        }
    }

    /// Returns what `required` and `fail` would have stopped at, under `lint`.
    pub(super) fn log(&self) -> Vec<crate::chart::Warning> {
        self.0.as_ref().map(super::jinja::Engine::log).unwrap_or_default()
    }
}

/// Stands for the engine that this build lacks.
#[cfg(not(feature = "jinja"))]
pub(super) struct Jinja;

#[cfg(not(feature = "jinja"))]
impl Jinja {
    pub(super) fn new(
        files: &[(Str, Str)],
        _: &Env,
        _: &Rc<TemplateSet>,
        failed: &mut Vec<(String, Diagnostic)>,
    ) -> Self {
        failed.extend(files.iter().map(|(path, _)| (path.to_string(), Self::missing(path))));
        Jinja
    }

    fn missing(path: impl std::fmt::Display) -> Diagnostic {
        Diagnostic::error(format!("{path}: this build has no engine for Jinja templates"))
            .hinted(Some("build with the feature `jinja`".to_owned()))
    }

    #[allow(clippy::unused_self)]
    pub(super) fn serve<'s>(&self, executor: Executor<'s>) -> Executor<'s> {
        executor
    }

    #[allow(clippy::unused_self)]
    pub(super) fn enter(&self, _: &str, _: &Map) {}

    #[allow(clippy::unused_self)]
    pub(super) fn render(&self, path: &str, _: &Map) -> Result<(Vec<u8>, Origins), Diagnostic> {
        Err(Self::missing(path))
    }

    #[allow(clippy::unused_self)]
    pub(super) fn log(&self) -> Vec<crate::chart::Warning> {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_templates_of_one_file_clash() {
        let file = |path: &str| (Str::from(path), Str::default());
        let jinja = [file("c/a.yaml.j2"), file("c/b.yaml.j2"), file("c/b.yaml.jinja")];
        let found = clashes(&jinja, &[file("c/a.yaml")]);
        let messages: Vec<_> = found.iter().map(|(_, d)| d.message.as_str()).collect();
        assert_eq!(
            messages,
            [
                "c/a.yaml.j2 and c/a.yaml write the same file",
                "c/b.yaml.jinja and c/b.yaml.j2 write the same file"
            ]
        );
    }
}
