//! Rewrites a chart's templates in Jinja as far as both can be shown to make the same objects.
//!
//! What is shown is shown by rendering: over the chart's defaults, its `ci/*-values.yaml`, files of
//! the user's, and values made from the defaults (switches turned, empty things filled, keys taken
//! away). A template that differs anywhere stays as it is.

mod cases;
mod outcome;
mod prove;

use std::collections::BTreeSet;

use super::Error;
use crate::chart::{Chart, Warned};
use crate::template::function::Env;
use crate::value::Map;

/// Which chart to rewrite, and what to try it with.
#[derive(Debug)]
pub struct ConvertRequest<'a> {
    /// The chart as loaded.
    pub chart: Chart,
    /// More values to render with, each with the name of its file.
    pub values: Vec<(String, Map)>,
    /// The world as functions see it.
    pub env: &'a Env,
}

/// What became of a chart's templates.
#[derive(Debug)]
pub struct Conversion {
    /// The chart with the new templates.
    pub chart: Chart,
    /// The templates of before, by name.
    pub files: Vec<FileReport>,
    /// With how many sets of values, given and made, both were rendered.
    pub cases: usize,
}

/// What became of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileReport {
    /// The name in the chart: `templates/web.yaml`.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It is in Jinja now, and writes the same objects.
    Converted {
        /// The new name.
        name: String,
        /// How many holes print the text that Go prints, without regard to YAML.
        raw: usize,
    },
    /// It was in Jinja before.
    Jinja,
    /// It stays.
    Kept {
        /// Why.
        reason: String,
        /// The line of the template that is the reason, from 1.
        line: Option<usize>,
    },
}

impl Conversion {
    /// Returns the names of the converted templates.
    #[must_use]
    pub fn converted(&self) -> BTreeSet<&str> {
        let is_converted = |file: &&FileReport| matches!(file.fate, Fate::Converted { .. });
        self.files.iter().filter(is_converted).map(|file| file.name.as_str()).collect()
    }
}

/// Rewrites a chart.
///
/// # Errors
/// [`Error::Values`] when the chart does not go together with its defaults or the given values.
pub fn convert(request: ConvertRequest<'_>) -> Result<Warned<Conversion>, Error> {
    prove::run(request)
}
