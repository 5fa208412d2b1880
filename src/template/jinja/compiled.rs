//! The templates of a chart, ready to be rendered.

use std::sync::Arc;

use minijinja::{Environment, Value as Jinja};

use super::prepare::{Place, Prepared};
use crate::template::engine::output_name;
use crate::value::Str;

/// Returns the name under which a file of macros is imported by itself.
pub(super) fn module_name(path: &str) -> Option<String> {
    let base = output_name(path.rsplit('/').next()?);
    let base = base.strip_prefix('_')?;
    let base = base.split('.').next()?;
    Some(base.replace('-', "_"))
}

/// Returns the path of the chart that a template belongs to.
pub(super) fn chart_of(path: &str) -> &str {
    path.find("/templates/").map_or(path, |at| &path[..at])
}

/// A template in Jinja.
pub(super) struct Template {
    pub(super) path: String,
    pub(super) source: String,
    pub(super) prepared: Prepared,
    /// The names of the macros it has.
    pub(super) macros: Vec<String>,
}

/// The Jinja templates of a chart and its subcharts.
pub(super) struct Library {
    pub(super) env: Environment<'static>,
    pub(super) templates: Vec<Template>,
    pub(super) places: Vec<Place>,
    pub(super) modules: Vec<(String, String)>,
    /// Modules whose macros are run once for all files, by path.
    pub(super) shared: Vec<(String, Jinja)>,
    pub(super) files: Arc<[Str]>,
}

impl Library {
    /// Returns the path of the file that defines a macro, named alone or as `FILE.MACRO`, and the
    /// macro's own name. Of several with one name that of `chart` is taken.
    pub(super) fn find_macro<'n>(&self, name: &'n str, chart: &str) -> Option<(&str, &'n str)> {
        let (module, name) = match name.split_once('.') {
            Some((module, name)) => (Some(module), name),
            None => (None, name),
        };
        let fits = |template: &&Template| {
            let own = module_name(&template.path);
            own.is_some()
                && module.is_none_or(|module| own.as_deref() == Some(module))
                && template.macros.iter().any(|known| known == name)
        };
        let near = self.templates.iter().filter(fits).find(|t| chart_of(&t.path) == chart);
        let found = near.or_else(|| self.templates.iter().find(fits))?;
        Some((&found.path, name))
    }
}
