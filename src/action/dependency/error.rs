use std::path::{Path, PathBuf};

use crate::{chart, fetch};

/// Why the charts that a chart needs could not be brought into `charts/`.
///
/// `Display` gives the text Helm 4.3.1 prints after `Error: `.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DependencyError {
    /// The chart is not there.
    #[error("could not find {0}: stat {0}: {reason}", path.display())]
    NoChart {
        /// Where it should be.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The chart is an archive.
    #[error("only unpacked charts can be updated")]
    Packed,
    /// Repositories that nobody has added, or that are none.
    #[error("no repository definition for {}. Please add them via 'helm repo add'{}",
        .names.join(", "), note(.names))]
    NoRepositories {
        /// What the dependencies say.
        names: Vec<String>,
    },
    /// Repositories of a lock that nobody has added.
    #[error("no repository definition for {}. Please add the missing repos via 'helm repo add'",
        .names.join(", "))]
    NoLockedRepositories {
        /// Their URLs.
        names: Vec<String>,
    },
    /// A folder that a dependency names.
    #[error("directory {} not found", .0.display())]
    NoFolder(PathBuf),
    /// A version that is no constraint.
    #[error("dependency {name:?} has an invalid version/constraint format: {reason}")]
    Constraint {
        /// The dependency.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A repository does not have a chart.
    #[error("{name} chart not found in repo {url}")]
    NoSuchChart {
        /// The chart.
        name: String,
        /// The repository.
        url: String,
    },
    /// No version fits.
    #[error("can't get a valid version for {} subchart(s): {}. Make sure a matching chart version \
        exists in the repo, or change the version constraint in Chart.yaml",
        .wanted.len(), .wanted.join(", "))]
    NoVersions {
        /// What was asked for: chart, repository, version.
        wanted: Vec<String>,
    },
    /// A registry does not tell what it has.
    #[error("could not retrieve list of tags for repository {url}: {cause}")]
    Tags {
        /// The repository.
        url: String,
        /// Why.
        cause: fetch::Error,
    },
    /// A lock was made for other dependencies.
    #[error("the lock file ({lock}) is out of sync with the dependencies file ({list}). Please \
        update the dependencies{}", if *.lock == "Chart.lock" { " with 'helm dependency update'" } else { "" })]
    OutOfSync {
        /// The file of the lock.
        lock: &'static str,
        /// The file of the dependencies.
        list: &'static str,
    },
    /// A chart that lies in `charts/` does not fit.
    #[error("dependency {name} at version {found} does not satisfy the constraint {wanted}")]
    WrongVersion {
        /// The chart.
        name: String,
        /// Its version.
        found: String,
        /// What is declared.
        wanted: String,
    },
    /// A folder has another version than the lock.
    #[error("can't get a valid version for dependency {0}")]
    MovedOn(String),
    /// An archive cannot be found.
    #[error("could not find {url}: {cause}")]
    NotFound {
        /// What was looked for.
        url: String,
        /// Why.
        cause: fetch::Error,
    },
    /// An archive cannot be fetched.
    #[error("could not download {url}: {cause}")]
    Download {
        /// The archive.
        url: String,
        /// Why.
        cause: fetch::Error,
    },
    /// An archive is not signed as it should be.
    #[cfg(feature = "provenance")]
    #[error("could not download {url}: {cause}")]
    Unverified {
        /// The archive.
        url: String,
        /// Why.
        cause: crate::provenance::Error,
    },
    /// A repository cannot be spoken to at all.
    #[error(transparent)]
    Fetch(#[from] fetch::Error),
    /// A chart on the disk cannot be read.
    #[error(transparent)]
    Chart(#[from] chart::Error),
    /// A chart on the disk, or the lock, cannot be written.
    #[error(transparent)]
    Save(#[from] chart::SaveFault),
    /// `charts` is no folder.
    #[error("{:?} is not a directory", .0.to_string_lossy())]
    NotDirectory(PathBuf),
    /// A file cannot be written, moved or deleted.
    #[error("{call} {}: {reason}", path.display())]
    File {
        /// `open`, `rename`, …
        call: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The lock is a symbolic link, which could lead anywhere.
    #[error("the {file} file is a symlink to {:?}", target.to_string_lossy())]
    LinkedLock {
        /// The name of the file.
        file: &'static str,
        /// Where the link leads.
        target: PathBuf,
    },
}

impl DependencyError {
    pub(super) fn file(call: &'static str, path: &Path, error: &std::io::Error) -> Self {
        DependencyError::File { call, path: path.to_owned(), reason: chart::io_text(error) }
    }
}

/// What Helm adds when something cannot be meant as a repository.
fn note(names: &[String]) -> &'static str {
    let is_alias = |name: &String| name.starts_with('@') || name.starts_with("alias:");
    if names.iter().all(is_alias) {
        return "";
    }
    "\nNote that repositories must be URLs or aliases. For example, to refer to the \"example\"\n\
     repository, use \"https://charts.example.com/\" or \"@example\" instead of\n\"example\". Don't \
     forget to add the repo, too ('helm repo add')."
}
