//! Turns what a release was, what it shall be and what the cluster holds into a [`Plan`]: the
//! ordered operations of an install, upgrade, rollback or uninstall. Pure: nothing here reads the
//! cluster or writes to it.

mod autoscale;
mod build;
mod difference;
mod error;
mod object;
mod operation;
mod ownership;
pub mod patch;
mod show;

pub use autoscale::is_scaled;
pub use build::{Input, Next, Options, Verb, build};
pub use difference::{FieldChange, at_path, differences};
pub use error::{BodyError, Error};
pub use object::{Object, ResourceId};
pub use operation::{
    Change, Deletion, Description, Kept, Method, Operation, Plan, Propagation, Rules, Until, Write,
    Yielded,
};
pub use ownership::Owner;

/// What the cluster holds: the live objects among those asked for.
pub type Observed = std::collections::BTreeMap<ResourceId, serde_json::Value>;
