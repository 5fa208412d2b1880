use std::cmp::Reverse;
use std::rc::Rc;

use super::context::{self, Context, Scope};
use super::engine::{Jinja, clashes, is_jinja, output_name};
use super::failure::Failures;
use super::function::Env;
use super::gotmpl::{Ahead, Executor, Origins, Stop, TemplateSet};
use crate::chart::Chart;
use crate::diagnostic::Diagnostic;
use crate::value::{Map, MapType, Str, Value};

/// One rendered template.
#[derive(Debug)]
pub struct RenderedFile {
    /// The path in template names: `web/charts/db/templates/service.yaml`.
    pub path: String,
    /// What the template wrote.
    pub text: Vec<u8>,
    /// Which part of the text came from where.
    pub origins: Origins,
}

/// What the templates of a chart came to.
#[derive(Debug, Default)]
pub struct Rendered {
    /// The files by path; partials (`_*`) are not among them.
    pub files: Vec<RenderedFile>,
}

impl Rendered {
    /// Returns path and text of every file.
    pub fn texts(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.files.iter().map(|file| (file.path.as_str(), file.text.as_slice()))
    }
}

/// A template and the scope it is rendered in.
struct Source {
    path: Str,
    text: Str,
    scope: usize,
    is_partial: bool,
}

/// Renders the templates of a chart and its subcharts.
///
/// `chart` has its dependencies processed, `values` are the merged values of the whole tree.
/// Templates run in Helm's order, deepest path first, then in descending byte order, because a
/// write to a shared map is seen by the templates that run later. `values` are not changed.
///
/// # Errors
/// The parse errors, or the run-time errors: a failing template does not keep the others from being
/// tried. Each has Helm's text and a place in a template; Helm would have stopped at the first.
pub fn render(
    chart: &Chart,
    values: &Map,
    context: &Context,
    env: &Env,
) -> Result<Rendered, Failures> {
    render_ahead(chart, values, context, env, None)
}

/// Renders as [`render`] does; `ahead` holds [`texts`] of the chart, parsed or being parsed.
///
/// # Errors
/// As [`render`].
pub fn render_ahead(
    chart: &Chart,
    values: &Map,
    context: &Context,
    env: &Env,
    ahead: Option<&Ahead>,
) -> Result<Rendered, Failures> {
    let mut rendered = Rendered::default();
    let mut failed = Vec::new();
    render_files(
        chart,
        values,
        context,
        env,
        ahead,
        |_| true,
        |path, result| match result {
            Ok(file) => rendered.files.push(file),
            Err(diagnostic) => failed.push((path.to_owned(), diagnostic)),
        },
    )?;
    if let Some(failures) = Failures::collect(failed) {
        return Err(failures);
    }
    rendered.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(rendered)
}

/// The path of a template, and what it wrote or what is wrong with it.
pub type Attempt = (String, Result<RenderedFile, Diagnostic>);

/// Renders those templates whose paths are `wanted`, each for itself: path of the template, and
/// what it wrote or what is wrong with it, in Helm's order.
///
/// # Errors
/// The parse errors.
pub fn render_each(
    chart: &Chart,
    values: &Map,
    context: &Context,
    env: &Env,
    wanted: impl Fn(&str) -> bool,
) -> Result<Vec<Attempt>, Failures> {
    let mut found = Vec::new();
    render_files(chart, values, context, env, None, wanted, |path, result| {
        found.push((path.to_owned(), result));
    })?;
    Ok(found)
}

fn render_files(
    chart: &Chart,
    values: &Map,
    context: &Context,
    env: &Env,
    ahead: Option<&Ahead>,
    wanted: impl Fn(&str) -> bool,
    mut take: impl FnMut(&str, Result<RenderedFile, Diagnostic>),
) -> Result<(), Failures> {
    let values = match crate::value::thaw(&Value::Map(values.clone())) {
        Value::Map(values) => values,
        _ => Map::new(),
    };
    let scopes = context::scopes(chart, &values, context);
    let sources = sources(&scopes);
    let mut set = TemplateSet::default();
    let (jinja, files): (Vec<_>, Vec<_>) = sources
        .iter()
        .map(|source| (source.path.clone(), source.text.clone()))
        .partition(|(path, _)| path.as_str().is_some_and(is_jinja));
    let failed = set.parse_all(&files, ahead);
    let failed = failed.into_iter().map(|(i, diagnostic)| (files[i].0.to_string(), diagnostic));
    let mut failed: Vec<_> = failed.chain(clashes(&jinja, &files)).collect();
    let set = Rc::new(set);
    let jinja = Jinja::new(&jinja, env, &set, &mut failed);
    if let Some(failures) = Failures::collect(failed) {
        return Err(failures);
    }
    let mut has_failed = false;
    let mut executor = jinja.serve(Executor::new(&set, env));
    for source in sources.iter().filter(|source| !source.is_partial) {
        let path = source.path.to_string();
        if !wanted(&path) {
            continue;
        }
        let scope = &scopes[source.scope];
        let template = Map::open(
            MapType::Values,
            [
                ("Name".into(), Value::Str(source.path.clone())),
                ("BasePath".into(), Value::from(format!("{}/templates", scope.path))),
            ]
            .into_iter()
            .collect(),
        );
        // The scope's root is always writable: it was made above.
        let root = scope.root.clone();
        let result = if root.set("Template", Value::Map(template)).is_err() {
            Err(Diagnostic::error("the root object cannot be changed"))
        } else if is_jinja(&path) {
            let result = jinja.render(&path, &root);
            env.log.borrow_mut().extend(jinja.log());
            result.map(|(text, origins)| RenderedFile {
                path: output_name(&path).to_owned(),
                text,
                origins,
            })
        } else {
            jinja.enter(&path, &root);
            match executor.execute(&path, Value::Map(root)) {
                Ok(output) => Ok(RenderedFile {
                    path: path.clone(),
                    text: output.text,
                    origins: output.origins,
                }),
                Err(Stop::Failed(diagnostic)) => Err(*diagnostic),
                Err(Stop::Frozen) => {
                    Err(Diagnostic::error(format!("{path}: a value cannot be changed")))
                }
            }
        };
        has_failed |= result.is_err();
        take(&path, result);
        // What `required` and `fail` log under lint shows how far Helm came.
        if env.lint && has_failed {
            break;
        }
    }
    Ok(())
}

/// Returns the texts of the Go templates of a chart and of all its subcharts, switched on or not.
#[must_use]
pub fn texts(chart: &Chart) -> Vec<Str> {
    let mut texts = Vec::new();
    let mut charts = vec![chart];
    while let Some(chart) = charts.pop() {
        let files = chart.templates.iter().filter(|file| !is_jinja(&file.name));
        texts.extend(files.map(|file| file.data.clone()));
        charts.extend(&chart.dependencies);
    }
    texts
}

/// Collects the templates in Helm's order of parsing and rendering.
fn sources(scopes: &[Scope]) -> Vec<Source> {
    let mut sources = Vec::new();
    for (index, scope) in scopes.iter().enumerate() {
        for file in &scope.chart.templates {
            let base = file.name.rsplit('/').next().unwrap_or(&file.name);
            let is_partial = base.starts_with('_');
            if scope.chart.is_library() && !is_partial {
                continue;
            }
            sources.push(Source {
                path: format!("{}/{}", scope.path, file.name).into(),
                text: file.data.clone(),
                scope: index,
                is_partial,
            });
        }
    }
    let depth = |path: &Str| path.as_bytes().iter().filter(|b| **b == b'/').count();
    sources.sort_by_cached_key(|source| Reverse((depth(&source.path), source.path.clone())));
    sources
}
