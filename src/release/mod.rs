//! Releases and their records: what a revision is, how it is stored, which revisions are kept.

mod chart;
mod codec;
mod error;
mod head;
mod history;
mod hook;
mod large;
mod name;
mod status;
mod store;
mod time;

pub use chart::StoredChart;
pub use codec::{decode, decode_note, encode, encode_with_note, from_json, to_json};
pub use error::{DecodeError, NameError};
pub use head::{Head, decode_head};
pub use history::{Damage, History};
pub use hook::{HookPhase, HookRecord, HookRun};
pub use large::{Encoded, Pointer, encode_limited, join};
pub use name::ReleaseName;
pub use status::{ApplyMethod, Status};
pub use store::{Labels, Store, is_system_label, record_name};
pub use time::Time;

/// The number of a revision, counted from 1.
pub type Revision = u32;

/// One revision of a release, as its record keeps it.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// The name of the release.
    pub name: String,
    /// The namespace the release was installed into.
    pub namespace: String,
    /// The number of the revision.
    pub revision: Revision,
    /// What happened to the revision.
    pub info: Info,
    /// The chart, as far as Helm stores it: without subcharts.
    pub chart: StoredChart,
    /// The values the user gave; `None` when the record has none.
    pub config: Option<serde_json::Value>,
    /// The objects, as YAML with `# Source:` lines, without hooks, CRDs and notes.
    pub manifest: String,
    /// The hooks.
    pub hooks: Vec<HookRecord>,
    /// How the objects were written.
    pub apply_method: ApplyMethod,
    /// The user's labels on the record. They are not part of the record's bytes.
    pub labels: Labels,
}

/// What happened to a revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Info {
    /// When revision 1 was made.
    pub first_deployed: Option<Time>,
    /// When this revision was made.
    pub last_deployed: Option<Time>,
    /// When the release was uninstalled.
    pub deleted: Option<Time>,
    /// What happened last, for people.
    pub description: String,
    /// The state of the revision.
    pub status: Status,
    /// The rendered notes.
    pub notes: String,
    /// The revision that this one repeats; 0 when it is no rollback.
    pub rollback_revision: Revision,
}
