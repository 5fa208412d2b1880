use super::name_text;
use crate::cluster;
use crate::release::Revision;
use crate::{manifest, plan, values};

/// Why a verb did not succeed. The texts are Helm's where scripts may read them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The cluster cannot be reached.
    #[error(transparent)]
    Connect(#[from] cluster::ConnectError),
    /// The name is not valid.
    #[error("release name check failed: {}", name_text(.name))]
    Name {
        /// The name.
        name: String,
    },
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
    /// Someone else works on the release, or did when their process died.
    #[error("another operation (install/upgrade/rollback) is in progress")]
    InProgress {
        /// The revision that is being made.
        revision: Revision,
    },
    /// Labels that belong to the storage were given.
    #[error(
        "user supplied labels contains system reserved label name. System labels: [name owner status version createdAt modifiedAt]"
    )]
    SystemLabel,
    /// The chart cannot be loaded or rendered.
    #[error(transparent)]
    Render(Box<super::Error>),
    /// The server's version makes no sense.
    #[error(transparent)]
    ServerVersion(#[from] crate::template::KubeVersionError),
    /// The values cannot be read or merged.
    #[error(transparent)]
    Values(#[from] values::Error),
    /// The manifest of a record or a file of definitions is damaged.
    #[error(transparent)]
    Manifest(#[from] manifest::Error),
    /// What the templates came to cannot be put into the cluster.
    #[error("unable to build kubernetes objects from release manifest: {0}")]
    Build(#[source] cluster::Error),
    /// Definitions could not be put into the cluster.
    #[error("failed to install CRD {path}: {source}")]
    Crd {
        /// The file.
        path: String,
        /// Why.
        source: Box<cluster::Error>,
    },
    /// No plan can be made.
    #[error("unable to continue with {doing}: {source}")]
    Plan {
        /// `install` or `update`.
        doing: &'static str,
        /// Why.
        source: plan::Error,
    },
    /// Something could not be read from the cluster.
    #[error(transparent)]
    Cluster(#[from] cluster::Error),
    /// Records could not be read.
    #[error(transparent)]
    Store(#[from] cluster::StoreError),
    /// The plan failed.
    #[error("{source}{}", also(.aftermath))]
    Execute {
        /// What ended it.
        source: Box<cluster::Error>,
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

fn also(aftermath: &[cluster::Error]) -> String {
    aftermath.iter().fold(String::new(), |text, error| text + "\nafterwards: " + &error.to_string())
}

impl Error {
    pub(super) fn name(name: &str) -> Self {
        Error::Name { name: name.to_owned() }
    }
}

impl From<super::Error> for Error {
    fn from(error: super::Error) -> Self {
        Error::Render(Box::new(error))
    }
}
