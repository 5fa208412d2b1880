use std::collections::BTreeMap;

use crate::template::{Failures, RenderedFile};
use crate::value::Str;
use crate::{chart, manifest, values};

/// Why a verb failed.
///
/// `Display` gives the text Helm 4.3.1 prints after `Error: `.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The chart is not there and its reference names no repository that is known.
    #[error("{message}")]
    Reference {
        /// What is wrong with the reference, in Helm's words.
        message: String,
    },
    /// The chart cannot be loaded.
    #[error(transparent)]
    Chart(#[from] chart::Error),
    /// The chart cannot be written as an archive.
    #[error("failed to save: {0}")]
    Save(#[from] chart::SaveFault),
    /// A version that is none was asked for.
    #[error("invalid semantic version")]
    Version,
    /// The values cannot be read or merged.
    #[error(transparent)]
    Values(#[from] values::Error),
    /// The values do not meet a chart's schema.
    #[error(transparent)]
    Schema(#[from] values::SchemaErrors),
    /// The release name is not allowed.
    #[error("release name check failed: {}", name_text(.name))]
    Name {
        /// The name given.
        name: String,
    },
    /// A chart of a type that cannot be installed.
    #[error("{chart_type} charts are not installable")]
    NotInstallable {
        /// The type in `Chart.yaml`.
        chart_type: String,
    },
    /// Declared dependencies are not in `charts/`.
    #[error(
        "an error occurred while checking for chart dependencies. You may need to run 'helm \
         dependency build' to fetch missing dependencies: {0}"
    )]
    Dependencies(chart::Error),
    /// The chart asks for another version of Kubernetes.
    #[error("chart requires kubeVersion: {wanted} which is incompatible with Kubernetes {found}")]
    KubeVersion {
        /// The constraint in `Chart.yaml`.
        wanted: String,
        /// The version of the cluster.
        found: String,
    },
    /// Templates failed.
    #[error("{failures}")]
    Template {
        /// What and where, the failure that Helm tells first.
        failures: Box<Failures>,
        /// The texts of the files they point into, by path.
        sources: BTreeMap<String, Str>,
    },
    /// A rendered file is no manifest.
    #[error("{error}")]
    Manifest {
        /// What and where in the rendered text.
        error: manifest::Error,
        /// The rendered file, with the origin of its parts.
        file: Option<Box<RenderedFile>>,
        /// The text of the template that wrote the file.
        source_text: Option<Str>,
    },
    /// `--show-only` named a template that wrote nothing.
    #[error(transparent)]
    ShowOnly(#[from] manifest::ShowOnlyError),
}

impl Error {
    /// Returns whether the error came after rendering had begun, where Helm points at `--debug`.
    #[must_use]
    pub fn is_rendering(&self) -> bool {
        matches!(self, Error::KubeVersion { .. } | Error::Template { .. } | Error::Manifest { .. })
    }
}

/// Returns what Helm says of a release name that is not allowed.
#[must_use]
pub fn name_text(name: &str) -> String {
    format!(
        "release name {name:?}: invalid release name, must match regex \
         ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the length must not \
         be longer than 53"
    )
}
