use serde_json::Value as Json;

use super::{Object, ResourceId};
use crate::manifest::{Event, Hook};
use crate::release::{ApplyMethod, Revision, Status};

/// The ordered operations of one verb.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// What is done, one after the other.
    pub operations: Vec<Operation>,
    /// What is done after the first operation that fails.
    pub on_failure: Vec<Operation>,
    /// Objects that are left alone although the release lets go of them.
    pub kept: Vec<Kept>,
    /// Numbers of replicas that are left to autoscalers.
    pub yielded: Vec<Yielded>,
}

/// A number of replicas that is left to an autoscaler.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Yielded {
    /// The object.
    pub id: ResourceId,
    /// How many there are.
    pub live: i64,
    /// How many the chart wants.
    pub wanted: i64,
}

/// An object that is left alone although the release lets go of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The object.
    pub id: ResourceId,
    /// What its metadata lacks to belong to the release; `None` when it asked to be kept.
    pub foreign: Option<String>,
}

/// One step of a plan.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Makes a namespace unless it exists.
    CreateNamespace {
        /// Its name.
        name: String,
    },
    /// Writes the record of a revision.
    WriteRecord {
        /// The revision.
        revision: Revision,
        /// Whether the record is new. A new record must not exist yet.
        new: bool,
        /// The state from now on.
        status: Status,
        /// The description from now on; `None` leaves the old one.
        description: Option<Description>,
    },
    /// Deletes the record of a revision.
    DeleteRecord {
        /// The revision.
        revision: Revision,
    },
    /// Runs hooks, one after the other.
    RunHooks {
        /// The moment.
        event: Event,
        /// The hooks, in their order, with the objects they make.
        hooks: Vec<(Hook, Object)>,
        /// How their objects are written.
        method: ApplyMethod,
    },
    /// Writes objects that do not depend on each other.
    Apply {
        /// The objects.
        writes: Vec<Write>,
    },
    /// Deletes objects that do not depend on each other.
    Delete {
        /// The objects.
        deletions: Vec<Deletion>,
    },
    /// Deletes the objects that this plan has made so far.
    DeleteCreated,
    /// Waits for objects.
    Wait {
        /// The objects.
        ids: Vec<ResourceId>,
        /// What to wait for.
        until: Until,
    },
}

/// The description of a revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Description {
    /// This text.
    Text(String),
    /// This text and the error that ended the operation.
    Failure(String),
}

/// The writing of one object.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// The object, with the metadata of ownership.
    pub object: Object,
    /// How the object comes about.
    pub change: Change,
    /// By which request it is written.
    pub method: Method,
}

/// By which request an object is written.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// By server-side apply.
    Apply {
        /// Whether fields of other managers are taken over.
        force: bool,
        /// Whether fields that the manager owns by other requests are turned into applied ones first.
        migrate: bool,
    },
    /// By a patch that the client computes; a new object by a plain creation.
    Patch {
        /// The object as the manifest had it before; `None` for one that is new or taken in.
        previous: Option<Json>,
    },
    /// In place of the live object.
    Replace,
}

/// How an object comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It does not exist yet.
    Create,
    /// It exists and belongs to the release.
    Update,
    /// It exists and is taken into the release.
    Adopt,
}

/// The deletion of one object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deletion {
    /// The object.
    pub id: ResourceId,
    /// What happens to its dependents.
    pub propagation: Propagation,
}

/// What happens to the dependents of a deleted object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Propagation {
    /// The server deletes them afterwards.
    #[default]
    Background,
    /// They lose their owner and stay.
    Orphan,
    /// The server deletes them first.
    Foreground,
}

impl Propagation {
    /// Returns the word in requests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Propagation::Background => "Background",
            Propagation::Orphan => "Orphan",
            Propagation::Foreground => "Foreground",
        }
    }
}

/// What makes an object ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// The rules of kstatus.
    Kstatus,
    /// Those of Helm 3.
    Legacy,
}

/// What a wait is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// The objects are ready; `jobs` tells whether that includes the completion of Jobs.
    Ready {
        /// Whether Jobs must have completed.
        jobs: bool,
        /// What makes an object ready.
        rules: Rules,
    },
    /// The objects are gone.
    Gone,
}
