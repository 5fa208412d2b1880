use std::path::Path;

use jiff::Timestamp;

use super::{Dependency, Error, Metadata};
use crate::value::{Map, Str};

/// One file of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// The path inside the chart, with `/` between its parts.
    pub name: String,
    /// The content, without a byte order mark at its start.
    pub data: Str,
    /// When the file was last changed; `None` when the source does not say.
    pub modified: Option<Timestamp>,
}

/// The content of `Chart.lock` or `requirements.lock`: what the dependencies were resolved to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lock {
    /// When the lock was made, as written in the file; empty when it does not say.
    pub generated: Str,
    /// The hash over the requested and the locked dependencies, `sha256:…`.
    pub digest: Str,
    /// The resolved dependencies.
    pub dependencies: Vec<Dependency>,
}

/// A chart in memory, with its subcharts.
///
/// The maps in `values` are shared between clones of a chart; nothing in this crate writes to
/// them after loading.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The content of `Chart.yaml`, and for a v1 chart of `requirements.yaml`.
    pub metadata: Metadata,
    /// When `Chart.yaml` was last changed.
    pub modified: Option<Timestamp>,
    /// The content of `Chart.lock` or `requirements.lock`.
    pub lock: Option<Lock>,
    /// The default values; a nil map when there is no `values.yaml`.
    pub values: Map,
    /// `values.yaml` as it stands; `None` when there is none.
    pub values_text: Option<Str>,
    /// `values.schema.json` as it stands.
    pub schema: Option<Str>,
    /// When `values.schema.json` was last changed.
    pub schema_modified: Option<Timestamp>,
    /// The files under `templates/`, in the order they were read.
    pub templates: Vec<File>,
    /// Every other file that is not part of a subchart, in the order they were read.
    pub files: Vec<File>,
    /// The subcharts: declared ones in the order of `Chart.yaml`, then the others by name.
    ///
    /// Helm's own order changes from run to run where it comes from the `charts/` folder.
    pub dependencies: Vec<Chart>,
}

impl Chart {
    /// Makes a chart of nothing but metadata.
    #[must_use]
    pub fn new(metadata: Metadata) -> Self {
        Chart {
            metadata,
            modified: None,
            lock: None,
            values: Map::nil(crate::value::MapType::Any),
            values_text: None,
            schema: None,
            schema_modified: None,
            templates: Vec::new(),
            files: Vec::new(),
            dependencies: Vec::new(),
        }
    }

    /// Returns the name from the metadata; for an aliased subchart this is the alias.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Returns whether the chart is a library: it defines templates for others and renders none.
    #[must_use]
    pub fn is_library(&self) -> bool {
        self.metadata.chart_type == "library"
    }

    /// Returns the path of the chart in template names: its own name for the top chart,
    /// `<parent>/charts/<name>` below `parent`, which is the parent's full path.
    #[must_use]
    pub fn full_path(&self, parent: Option<&str>) -> String {
        match parent {
            None => self.name().to_owned(),
            Some(parent) => format!("{parent}/charts/{}", self.name()),
        }
    }

    /// Returns the custom resource definitions: own files under `crds/` that end in `.yaml`,
    /// `.yml` or `.json`, then those of the subcharts, each with its full path in template names.
    #[must_use]
    pub fn crds(&self) -> Vec<Crd<'_>> {
        let mut found = Vec::new();
        self.collect_crds(&self.full_path(None), &mut found);
        found
    }

    fn collect_crds<'a>(&'a self, path: &str, found: &mut Vec<Crd<'a>>) {
        for file in &self.files {
            if file.name.starts_with("crds/") && has_manifest_extension(&file.name) {
                found.push(Crd { path: format!("{path}/{}", file.name), file });
            }
        }
        for chart in &self.dependencies {
            chart.collect_crds(&chart.full_path(Some(path)), found);
        }
    }

    /// Checks that every declared dependency is there, by name alone.
    ///
    /// # Errors
    /// [`Error::MissingDependencies`] with the names that are not.
    pub fn check_dependencies(&self) -> Result<(), Error> {
        let declared = self.metadata.dependencies.iter().map(|dependency| &dependency.name);
        let names: Vec<String> = declared
            .filter(|name| self.dependencies.iter().all(|chart| chart.name() != name.as_str()))
            .cloned()
            .collect();
        if names.is_empty() { Ok(()) } else { Err(Error::MissingDependencies { names }) }
    }

    /// Checks the metadata, and cleans its strings.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the first thing that is wrong.
    pub fn validate(&mut self) -> Result<(), Error> {
        self.metadata.validate()
    }
}

/// A custom resource definition file and where it stands.
#[derive(Clone, Debug)]
pub struct Crd<'a> {
    /// The full path: `<chart>/charts/<subchart>/crds/<file>`.
    pub path: String,
    /// The file.
    pub file: &'a File,
}

fn has_manifest_extension(name: &str) -> bool {
    Path::new(name)
        .extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| matches!(extension, "yaml" | "yml" | "json"))
}
