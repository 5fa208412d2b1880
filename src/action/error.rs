use super::{ManifestFailure, SetValue};
use std::collections::BTreeMap;

use jiff::Timestamp;

#[cfg(feature = "cluster")]
use crate::cluster;
#[cfg(feature = "fetch")]
use crate::fetch;
use crate::release::Revision;
use crate::template::{Failures, KubeVersionError};
use crate::value::Str;
use crate::{chart, manifest, plan, postrender, values};

/// Why a verb failed.
///
/// `Display` gives the text Helm 4.3.1 prints after `Error: `, without the verb's own prefix.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The chart is not there and its reference names no repository that is known.
    #[error("{message}")]
    Reference {
        /// What is wrong with the reference, in Helm's words.
        message: String,
    },
    /// The chart cannot be found or fetched.
    #[cfg(feature = "fetch")]
    #[error(transparent)]
    Fetch(#[from] fetch::Error),
    /// The charts that a chart needs cannot be brought into `charts/`.
    #[cfg(feature = "fetch")]
    #[error(transparent)]
    Dependency(#[from] super::DependencyError),
    /// The chart cannot be signed, or its signature is not good.
    #[cfg(feature = "provenance")]
    #[error(transparent)]
    Provenance(#[from] crate::provenance::Error),
    /// The archive of a chart that is to be verified is not there or none.
    #[error("{message}")]
    Unverifiable {
        /// What is wrong, in Helm's words.
        message: String,
    },
    /// The chart cannot be loaded.
    #[error(transparent)]
    Chart(#[from] chart::Error),
    /// The chart cannot be written as an archive.
    #[error("failed to save: {0}")]
    Save(#[from] chart::SaveFault),
    /// A new chart cannot be made.
    #[error("{message}")]
    Create {
        /// What is in the way, in Helm's words.
        message: String,
    },
    /// A version that is none was asked for.
    #[error("invalid semantic version")]
    Version,
    /// The values cannot be read or merged.
    #[error(transparent)]
    Values(#[from] values::Error),
    /// The values do not meet a chart's schema.
    #[error("{errors}")]
    Schema {
        /// What does not fit, for each chart.
        errors: values::SchemaErrors,
        /// The values that do not fit and where they were set.
        places: Vec<SetValue>,
    },
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
    /// A `JSONPath` template cannot be read.
    #[error("error parsing jsonpath {template}: {reason}")]
    JsonPath {
        /// The template.
        template: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The content of `Chart.yaml` cannot be written.
    #[error("{0}")]
    Metadata(crate::yaml::WriteError),
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
    /// Rendered files are no manifest.
    #[error("{}", .failures.first().map(|failure| failure.error.to_string()).unwrap_or_default())]
    Manifest {
        /// What and where, the failure that Helm tells first; at least one.
        failures: Vec<ManifestFailure>,
        /// The texts of the templates that wrote the files, by path.
        sources: BTreeMap<String, Str>,
        /// All rendered files, sound ones too: path and text.
        texts: Vec<(String, Vec<u8>)>,
    },
    /// The rendered files could not be taken through the post-renderer.
    #[error(transparent)]
    PostRender(#[from] postrender::Error),
    /// What the post-renderer wrote is no manifest.
    #[error("{error}")]
    PostRendered {
        /// What and where in its output.
        error: manifest::Error,
        /// The post-renderer.
        program: String,
    },
    /// No template reads some of the values given, under `--strict-values`.
    #[error("values that no template reads:\n- {}", lines.join("\n- "))]
    UnreadValues {
        /// What is said of each.
        lines: Vec<String>,
    },
    /// `--show-only` named a template that wrote nothing.
    #[error(transparent)]
    ShowOnly(#[from] manifest::ShowOnlyError),
    /// The cluster cannot be reached.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Connect(#[from] cluster::ConnectError),
    /// No name was given.
    #[error("must either provide a name or specify --generate-name")]
    NoName,
    /// The name is taken.
    #[error("release name check failed: cannot reuse a name that is still in use")]
    NameInUse,
    /// The release does not exist.
    #[error("release: not found")]
    NotFound,
    /// The release to uninstall does not exist.
    #[error("uninstall: Release not loaded: {name}: release: not found")]
    NotLoaded {
        /// Its name.
        name: String,
    },
    /// The release was uninstalled already.
    #[error("the release named {name:?} is already deleted")]
    Deleted {
        /// Its name.
        name: String,
    },
    /// There is nothing to upgrade.
    #[error("{name:?} has no deployed releases")]
    NoDeployed {
        /// The name of the release.
        name: String,
    },
    /// There is no such revision to go back to.
    #[error("release has no {revision} version")]
    NoRevision {
        /// The revision.
        revision: Revision,
    },
    /// The record of a revision that is needed is damaged.
    #[error("revision {revision} cannot be read: {reason}")]
    Damaged {
        /// The revision.
        revision: Revision,
        /// What is wrong with it.
        reason: String,
    },
    /// Someone else works on the release.
    #[error("another operation (install/upgrade/rollback) is in progress")]
    InProgress {
        /// The revision that is being made, if there is a record of it yet.
        revision: Option<Revision>,
        /// Who is at it; `None` when that is Helm.
        holder: Option<String>,
        /// Since when.
        since: Option<Timestamp>,
    },
    /// The release could not be locked.
    #[cfg(feature = "cluster")]
    #[error("could not lock the release: {source}")]
    Lock {
        /// Why.
        source: cluster::ApiError,
    },
    /// Labels that belong to the storage were given.
    #[error(
        "user supplied labels contains system reserved label name. System labels: [name owner status version createdAt modifiedAt]"
    )]
    SystemLabel,
    /// The server's version makes no sense.
    #[error(transparent)]
    ServerVersion(#[from] KubeVersionError),
    /// The manifest of a record or a file of definitions is damaged.
    #[error(transparent)]
    Stored(#[from] manifest::Error),
    /// What the templates came to cannot be put into the cluster.
    #[cfg(feature = "cluster")]
    #[error("unable to build kubernetes objects from release manifest: {0}")]
    Build(#[source] cluster::Error),
    /// Definitions could not be put into the cluster.
    #[cfg(feature = "cluster")]
    #[error("failed to install CRD {path}: {source}")]
    Crd {
        /// The file.
        path: String,
        /// Why.
        source: Box<cluster::Error>,
    },
    /// No plan can be made.
    #[error("{}", plan_text(doing, source))]
    Plan {
        /// `install` or `update`.
        doing: &'static str,
        /// Why.
        source: plan::Error,
    },
    /// What the cluster holds could not be read before anything was done.
    #[cfg(feature = "cluster")]
    #[error("unable to continue with {doing}: {source}")]
    Observe {
        /// `install` or `update`.
        doing: &'static str,
        /// Why.
        source: cluster::Error,
    },
    /// The server would refuse what a dry run had it try.
    #[cfg(feature = "cluster")]
    #[error("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Refused {
        /// What it said.
        errors: Vec<cluster::Error>,
    },
    /// There is no such place to keep records.
    #[error("unknown driver {name:?}")]
    Driver {
        /// The name given.
        name: String,
    },
    /// The releases that the memory driver begins with cannot be read.
    #[error("unable to read memory driver data from {path:?}: {reason}")]
    MemoryData {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Something could not be read from the cluster.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// Records could not be read.
    #[cfg(feature = "cluster")]
    #[error(transparent)]
    Store(#[from] cluster::StoreError),
    /// The plan failed.
    #[cfg(feature = "cluster")]
    #[error("{source}")]
    Execute {
        /// What ended it.
        source: Box<cluster::Error>,
        /// Why the objects were not ready that ended it.
        explanations: Vec<cluster::Explanation>,
        /// What went wrong afterwards.
        aftermath: Vec<cluster::Error>,
    },
    /// The plan failed and so did the way back.
    #[error("{error}; the way back failed, too: {way_back}")]
    WayBack {
        /// What ended the plan.
        error: Box<Error>,
        /// What ended the way back.
        way_back: Box<Error>,
    },
    /// The plan failed; the release is as it was before.
    #[error(
        "release {name} failed, and has been {done} due to rollback-on-failure being set: {error}"
    )]
    RolledBack {
        /// The release.
        name: String,
        /// `uninstalled` or `rolled back`.
        done: &'static str,
        /// What ended the plan.
        error: Box<Error>,
    },
    /// The thread that rendered the templates died.
    #[error("rendering was cut short")]
    RenderThread,
}

impl Error {
    #[cfg(feature = "cluster")]
    pub(super) fn name(name: &str) -> Self {
        Error::Name { name: name.to_owned() }
    }

    /// Says what could not be gone on with, as the cluster could not be read.
    #[cfg(feature = "cluster")]
    pub(super) fn before(self, doing: &'static str) -> Self {
        match self {
            Error::Cluster(source) => Error::Observe { doing, source },
            other => other,
        }
    }

    /// Returns the objects that others have set fields of, if that is the error, and which.
    #[cfg(feature = "cluster")]
    #[must_use]
    pub fn contested(&self) -> Vec<(&plan::ResourceId, &[cluster::Contest])> {
        match self {
            Error::Refused { errors } => {
                errors.iter().flat_map(cluster::Error::contested).collect()
            }
            other => other.cause().map(cluster::Error::contested).unwrap_or_default(),
        }
    }

    /// Returns what ended a plan that had begun, if that is the error.
    #[cfg(feature = "cluster")]
    #[must_use]
    pub fn cause(&self) -> Option<&cluster::Error> {
        match self {
            Error::Execute { source, .. } => Some(source),
            Error::WayBack { error, .. } | Error::RolledBack { error, .. } => error.cause(),
            _ => None,
        }
    }

    /// Returns what went wrong while a failure was recorded and cleaned up.
    #[cfg(feature = "cluster")]
    #[must_use]
    pub fn aftermath(&self) -> &[cluster::Error] {
        match self {
            Error::Execute { aftermath, .. } => aftermath,
            Error::WayBack { error, .. } | Error::RolledBack { error, .. } => error.aftermath(),
            _ => &[],
        }
    }

    /// Returns why objects were not ready, if that is the error.
    #[cfg(feature = "cluster")]
    #[must_use]
    pub fn explanations(&self) -> &[cluster::Explanation] {
        match self {
            Error::Execute { explanations, .. } => explanations,
            Error::WayBack { error, .. } | Error::RolledBack { error, .. } => error.explanations(),
            _ => &[],
        }
    }

    /// Returns whether the error came after rendering had begun, where Helm points at `--debug`.
    #[must_use]
    pub fn is_rendering(&self) -> bool {
        matches!(
            self,
            Error::KubeVersion { .. }
                | Error::Template { .. }
                | Error::Manifest { .. }
                | Error::PostRender(_)
                | Error::PostRendered { .. }
        )
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

fn plan_text(doing: &str, source: &plan::Error) -> String {
    match source {
        plan::Error::Clash { .. } => source.to_string(),
        _ => format!("unable to continue with {doing}: {source}"),
    }
}
