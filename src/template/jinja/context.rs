//! What a template sees: `values`, `release`, `chart` and the others.

use std::fmt;
use std::sync::Arc;

use minijinja::Value as Jinja;
use minijinja::value::{Enumerator, Object};

use super::convert::to_jinja;
use super::library;
use super::object::Names;
use crate::value::{Map, Value};

/// The names of a chart's data in Jinja and in Go, and how the keys below are called.
const NAMES: &[(&str, &str, Names)] = &[
    ("values", "Values", Names::Keys),
    ("release", "Release", Names::Fields),
    ("chart", "Chart", Names::Fields),
    ("capabilities", "Capabilities", Names::Fields),
    ("files", "Files", Names::Keys),
    ("template", "Template", Names::Fields),
];

/// The data of a chart.
pub(super) struct Scope {
    fields: Vec<(&'static str, Jinja)>,
    /// What templates of Go get as dot.
    root: Map,
    /// Whether it has the functions of the library besides, as the outermost scope of templates.
    has_functions: bool,
}

impl Scope {
    /// Makes the data of the chart whose templates of Go get `root` as dot.
    pub(super) fn new(root: &Map) -> Self {
        let mut fields: Vec<(&'static str, Jinja)> = NAMES
            .iter()
            .filter_map(|(name, go, names)| Some((*name, to_jinja(&root.get(go)?, *names))))
            .collect();
        if let Some(Value::Map(subcharts)) = root.get("Subcharts") {
            fields.push(("subcharts", Jinja::from_object(Subcharts { map: subcharts })));
        }
        fields.push(("root", to_jinja(&Value::Map(root.clone()), Names::Keys)));
        Scope { fields, root: root.clone(), has_functions: true }
    }

    /// Makes the data of a chart for templates of another.
    fn of_subchart(root: &Map) -> Self {
        Scope { has_functions: false, ..Scope::new(root) }
    }

    /// Returns what templates of Go get as dot.
    pub(super) fn root(&self) -> &Map {
        &self.root
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.fields.iter().map(|(name, value)| (name, value))).finish()
    }
}

impl Object for Scope {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Jinja> {
        let field = self.fields.iter().find(|(name, _)| *name == key);
        match field {
            Some((_, value)) => Some(value.clone()),
            None if self.has_functions => library::function(key),
            None => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.fields.iter().map(|(name, _)| Jinja::from(*name)).collect())
    }
}

/// The charts below, by name.
struct Subcharts {
    map: Map,
}

impl fmt::Debug for Subcharts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.map.keys()).finish()
    }
}

impl Object for Subcharts {
    fn get_value(self: &Arc<Self>, key: &Jinja) -> Option<Jinja> {
        match self.map.get(key.as_str()?)? {
            Value::Map(root) => Some(Jinja::from_object(Scope::of_subchart(&root))),
            _ => None,
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let keys = self.map.keys().into_iter();
        Enumerator::Values(keys.map(|key| Jinja::from(&*key.to_str_lossy())).collect())
    }
}
