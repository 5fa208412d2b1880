//! Everything that talks to a Kubernetes API server: connecting, discovery, reading what is there,
//! carrying out plans, waiting, and keeping release records.

mod client;
mod connect;
mod contest;
mod discovery;
mod discovery_cache;
mod error;
mod execute;
mod explain;
mod holder;
mod hook;
mod hook_log;
mod hook_wait;
mod interrupt;
mod items;
mod legacy;
mod lock;
mod lookup;
mod managed_fields;
mod observe;
mod observe_metadata;
mod progress;
mod ready;
mod rehearse;
mod resource;
mod retry;
mod store;
mod throttle;
mod wait;
mod write;

pub use connect::{Cluster, ConnectOptions, merged_kubeconfig};
pub use contest::Contest;
pub use discovery::{Discovery, Resource, ServerVersion};
pub use error::{ApiError, ConnectError, Error, NoMatch, Unanswered, Unready};
pub use execute::{Clock, Execution, KeptLogs, Outcome, Records};
pub use explain::{Explanation, PodTrouble};
pub use holder::Holder;
pub use hook_log::{ContainerLog, LogReader};
pub use interrupt::{Cause, Interrupt};
pub use lock::{Lock, Locked};
pub use lookup::Lookup;
pub use progress::{Observer, Progress, Standing};
pub use ready::{Readiness, readiness};
pub use rehearse::Rehearsal;
pub use store::{Entry, Mark, RecordKind, RecordStore, StoreError};
