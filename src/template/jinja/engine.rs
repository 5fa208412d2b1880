//! Renders the Jinja templates of a chart.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::rc::Rc;
use std::sync::Arc;

use minijinja::Value as Jinja;

use super::compiled::{Library, Template, chart_of, module_name};
use super::context::Scope;
use super::fault;
use super::filters::Filters;
use super::imports::{Imports, Module};
use super::lex::{Token, tokens};
use super::module::Module as Shared;
use super::place::{self, Placed, Source};
use super::prepare::{macro_names, prepare};
use super::{environment, mark, pure, session};
use crate::diagnostic::Diagnostic;
use crate::template::engine::output_name;
use crate::template::function::Env;
use crate::template::gotmpl::{Origins, Stretch, TemplateSet};
use crate::value::{Map, Str, Value};

/// Longer output, in bytes, is refused.
const MAX_OUTPUT: usize = 256 << 20;

/// Returns whether a template writes YAML.
fn is_yaml(path: &str) -> bool {
    let base = output_name(path).rsplit('/').next().unwrap_or(path);
    match base.rsplit_once('.') {
        Some((_, extension)) => matches!(extension, "yaml" | "yml" | "json"),
        None => true,
    }
}

/// Finds the file that a template at `parent` names: by its path, beside it, in the chart's
/// templates, or as `CHART/FILE` in another chart's.
fn resolve<'n>(name: &'n str, parent: &str, known: &'n BTreeSet<String>) -> Option<&'n str> {
    if known.contains(name) {
        return Some(name);
    }
    let folder = parent.rsplit_once('/').map_or("", |(folder, _)| folder);
    let chart = chart_of(parent);
    for path in [format!("{folder}/{name}"), format!("{chart}/templates/{name}")] {
        if let Some(path) = known.get(&path) {
            return Some(path);
        }
    }
    let (other, file) = name.split_once('/')?;
    let end = format!("{other}/templates/{file}");
    known.iter().map(String::as_str).find(|path| {
        path.strip_suffix(&end).is_some_and(|before| before.is_empty() || before.ends_with('/'))
    })
}

/// Renders them.
pub(in crate::template) struct Engine {
    library: Rc<Library>,
    shared: Rc<Env>,
    _session: session::Guard,
}

/// Takes what a template writes, up to a limit.
struct Limited {
    source: Source,
    /// In bytes.
    written: usize,
}

impl io::Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.written += bytes.len();
        if self.written > MAX_OUTPUT {
            return Err(io::Error::other("the output is too large"));
        }
        self.source.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The templates of a chart by path and text, and what was made of them.
type Compiled = (Vec<(Str, Str)>, Rc<Library>);

thread_local! {
    /// What was compiled last: charts are often rendered several times, with other values.
    static LAST: RefCell<Option<Compiled>> = const { RefCell::new(None) };
}

/// Prepares and compiles templates, or takes what was made of the same ones before.
fn library(sources: &[(Str, Str)]) -> (Rc<Library>, Vec<(String, Diagnostic)>) {
    let known = LAST.with_borrow(|last| {
        let (known, library) = last.as_ref()?;
        (known == sources).then(|| Rc::clone(library))
    });
    if let Some(library) = known {
        return (library, Vec::new());
    }
    let (library, failed) = compile(sources);
    let library = Rc::new(library);
    if failed.is_empty() {
        LAST.with_borrow_mut(|last| *last = Some((sources.to_vec(), Rc::clone(&library))));
    }
    (library, failed)
}

/// Prepares and compiles templates. Returns the errors, each with the path of its file, beside
/// what was made.
fn compile(sources: &[(Str, Str)]) -> (Library, Vec<(String, Diagnostic)>) {
    let mut failed = Vec::new();
    let mut texts = Vec::new();
    for (path, text) in sources {
        let path = path.to_string();
        match text.as_str() {
            Some(text) if mark::find(text).is_none() => texts.push((path, text.to_owned())),
            Some(text) => {
                let at = mark::find(text).unwrap_or_default();
                let message = format!("{path}: a template cannot hold the character U+F0000");
                let hint = "write it as \"\\U000F0000\" within a hole".to_owned();
                let diagnostic = Diagnostic::error(message).at(&path, at, 4);
                failed.push((path, diagnostic.hinted(Some(hint))));
            }
            None => {
                let message = format!("{path}: the template is not UTF-8");
                failed.push((path, Diagnostic::error(message)));
            }
        }
    }
    let known: Arc<BTreeSet<String>> =
        Arc::new(texts.iter().map(|(path, _)| path.clone()).collect());
    let tokens: Vec<Vec<Token>> = texts.iter().map(|(_, text)| tokens(text)).collect();
    let modules: Vec<Module> = (texts.iter().zip(&tokens))
        .filter_map(|((path, text), tokens)| {
            let pure = |name| Module::new(name, path.clone(), pure::pure_macros(text, tokens));
            module_name(path).map(pure)
        })
        .collect();
    let mut places = Vec::new();
    let mut templates = Vec::new();
    let mut filters = Filters::default();
    for (number, ((path, source), tokens)) in texts.into_iter().zip(tokens).enumerate() {
        let chart = chart_of(&path);
        let near = modules.iter().filter(|module| {
            module.path.starts_with(chart) && chart_of(&module.path) == chart && module.path != path
        });
        let find = |name: &str| {
            let found = resolve(name, &path, &known)?;
            modules.iter().find(|module| module.path == found && module.path != path)
        };
        let imports = Imports::new(&source, &tokens, near, find);
        let prepared = prepare(&source, &tokens, number as u32, &imports, Some(&mut places));
        let macros = macro_names(&source, &tokens);
        filters.add(&source, &tokens);
        templates.push(Template { path, source, prepared, macros });
    }
    let mut jinja = environment::environment(&filters);
    jinja.set_path_join_callback(move |name, parent| match resolve(name, parent, &known) {
        Some(path) => path.to_owned().into(),
        None => name.into(),
    });
    let files = templates.iter().map(|template| Str::from(template.path.as_str())).collect();
    let shared = modules.iter().filter(|module| !module.pure.is_empty());
    let shared =
        shared.map(|Module { path, .. }| (path.clone(), Jinja::from_object(Shared::new(path))));
    let shared = shared.collect();
    let modules = modules.into_iter().map(|module| (module.name, module.path)).collect();
    let mut library = Library { env: jinja, templates, places, modules, shared, files };
    for i in 0..library.templates.len() {
        let template = &library.templates[i];
        let (path, text) = (template.path.clone(), template.prepared.text.clone());
        if let Err(error) = library.env.add_template_owned(path.clone(), text) {
            let diagnostic = fault::tell(&library, None, |scene| scene.diagnostic(&error));
            failed.push((path, diagnostic));
        }
    }
    (library, failed)
}

impl Engine {
    /// Prepares and compiles templates, given by path and text. `set` has the templates of Go that
    /// these may include.
    ///
    /// Returns the errors, each with the path of its file, beside the engine.
    pub(in crate::template) fn new(
        sources: &[(Str, Str)],
        env: &Env,
        set: Rc<TemplateSet>,
    ) -> (Self, Vec<(String, Diagnostic)>) {
        let env = Rc::new(env.share());
        let (library, failed) = library(sources);
        let session = session::begin(Rc::clone(&env), set, Rc::clone(&library));
        (Engine { library, shared: env, _session: session }, failed)
    }

    /// Says which template of Go is rendered next; it may write into the chart's data.
    #[expect(clippy::unused_self, reason = "there is a session while there is an engine")]
    pub(in crate::template) fn enter(&self, path: &str, root: &Map) {
        session::start_file(Value::Map(root.clone()), chart_of(path));
        session::outdate().unwrap_or_default();
    }

    /// Renders the template at `path`; `root` is what templates of Go get as dot.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub(in crate::template) fn render(
        &self,
        path: &str,
        root: &Map,
    ) -> Result<(Vec<u8>, Origins), Diagnostic> {
        session::start_file(Value::Map(root.clone()), chart_of(path));
        let scope = Jinja::from_object(Scope::new(root));
        let marked = self.marked(path, &scope).map_err(|error| {
            fault::tell(&self.library, Some(&scope), |scene| scene.diagnostic(&error))
        })?;
        let place = if is_yaml(path) { place::place } else { place::print };
        let placed = match session::with_entries(|entries| place(&marked, entries)) {
            Ok(Ok(placed)) => placed,
            Ok(Err(misfit)) => {
                return Err(fault::tell(&self.library, None, |scene| scene.misfit(&misfit)));
            }
            Err(error) => return Err(Diagnostic::error(error.to_string())),
        };
        let origins = self.origins(&placed);
        Ok((placed.text.into_bytes(), origins))
    }

    fn marked(&self, path: &str, scope: &Jinja) -> Result<Source, minijinja::Error> {
        let template = self.library.env.get_template(path)?;
        let room = template.source().len();
        let mut out = Limited { source: Source::with_capacity(room), written: 0 };
        template.render_captured_to(scope.clone(), &mut out)?;
        Ok(out.source)
    }

    fn origins(&self, placed: &Placed) -> Origins {
        let place = |number: u32| self.library.places.get(number as usize).copied();
        let stretches = placed.spots.iter().filter_map(|spot| {
            let place = place(spot.place)?;
            Some(Stretch {
                output: spot.output,
                file: place.file,
                position: place.offset + if place.length == 0 { spot.skipped } else { 0 },
                call: spot.call,
                literal: place.length == 0,
            })
        });
        let calls = placed.calls.iter().map(|(outer, number)| {
            place(*number).map_or((*outer, u32::MAX, 0), |place| (*outer, place.file, place.offset))
        });
        Origins::new(stretches, calls, Arc::clone(&self.library.files))
    }

    /// Returns what `required` and `fail` would have stopped at, under `lint`.
    pub(in crate::template) fn log(&self) -> Vec<crate::chart::Warning> {
        std::mem::take(&mut *self.shared.log.borrow_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_the_engine_and_the_kind() {
        assert!(is_yaml("c/templates/a.yaml.j2") && is_yaml("a.j2") && !is_yaml("NOTES.txt.j2"));
        assert_eq!(module_name("c/templates/_pod-spec.yaml.j2").as_deref(), Some("pod_spec"));
        assert_eq!(module_name("c/templates/a.j2"), None);
    }

    #[test]
    fn files_are_found_from_where_they_are_named() {
        let paths = ["w/templates/_h.j2", "w/charts/common/templates/_l.j2", "w/templates/x/_h.j2"];
        let known: BTreeSet<String> = paths.iter().map(|path| (*path).to_owned()).collect();
        for (name, parent, expected) in [
            ("_h.j2", "w/templates/a.j2", Some("w/templates/_h.j2")),
            ("_h.j2", "w/templates/x/a.j2", Some("w/templates/x/_h.j2")),
            ("_h.j2", "w/templates/y/a.j2", Some("w/templates/_h.j2")),
            ("common/_l.j2", "w/templates/a.j2", Some("w/charts/common/templates/_l.j2")),
            ("other/_l.j2", "w/templates/a.j2", None),
        ] {
            assert_eq!(resolve(name, parent, &known), expected, "{name} from {parent}");
        }
    }
}
