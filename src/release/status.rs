use std::fmt;

/// The state of a revision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Not known, or a word that rhumb does not know.
    #[default]
    Unknown,
    /// The revision is what runs.
    Deployed,
    /// The release was uninstalled and its history kept.
    Uninstalled,
    /// A later revision took over.
    Superseded,
    /// The operation that made the revision failed.
    Failed,
    /// The release is being uninstalled.
    Uninstalling,
    /// The first revision is being installed.
    PendingInstall,
    /// The revision is being applied by an upgrade.
    PendingUpgrade,
    /// The revision is being applied by a rollback.
    PendingRollback,
}

impl Status {
    /// All states, in the order Helm declares them.
    pub const ALL: [Status; 9] = [
        Status::Unknown,
        Status::Deployed,
        Status::Uninstalled,
        Status::Superseded,
        Status::Failed,
        Status::Uninstalling,
        Status::PendingInstall,
        Status::PendingUpgrade,
        Status::PendingRollback,
    ];

    /// Returns the word in records and labels.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Unknown => "unknown",
            Status::Deployed => "deployed",
            Status::Uninstalled => "uninstalled",
            Status::Superseded => "superseded",
            Status::Failed => "failed",
            Status::Uninstalling => "uninstalling",
            Status::PendingInstall => "pending-install",
            Status::PendingUpgrade => "pending-upgrade",
            Status::PendingRollback => "pending-rollback",
        }
    }

    /// Reads the word of a record; [`Status::Unknown`] for any other.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        Status::ALL.into_iter().find(|status| status.as_str() == word).unwrap_or_default()
    }

    /// Returns whether an operation is under way, or was when its process died.
    #[must_use]
    pub fn is_unfinished(self) -> bool {
        self.is_pending() || self == Status::Uninstalling
    }

    /// Returns whether the revision is being made, or was when its process died. That locks the
    /// release for Helm.
    #[must_use]
    pub fn is_pending(self) -> bool {
        matches!(self, Status::PendingInstall | Status::PendingUpgrade | Status::PendingRollback)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How the objects of a revision were written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApplyMethod {
    /// By server-side apply.
    ServerSide,
    /// By requests the client computed.
    ClientSide,
    /// The record does not say; so do those of Helm 3, which knows client-side writes only.
    #[default]
    Unsaid,
}

impl ApplyMethod {
    /// Returns the word in records, empty for [`ApplyMethod::Unsaid`].
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ApplyMethod::ServerSide => "ssa",
            ApplyMethod::ClientSide => "csa",
            ApplyMethod::Unsaid => "",
        }
    }

    /// Reads the word of a record; any other counts as unsaid.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        match word {
            "ssa" => ApplyMethod::ServerSide,
            "csa" => ApplyMethod::ClientSide,
            _ => ApplyMethod::Unsaid,
        }
    }
}
