//! Checks charts by the rules of `helm lint`: a path becomes messages.
//!
//! [`lint`] runs the groups of rules in Helm's order: `Chart.yaml`, `values.yaml`, templates,
//! dependencies, `crds/`. Each group is a file here. Messages, their order and which rule keeps
//! later ones from being tried are those of Helm 4.3.1.

mod contact;
mod crd;
mod dependency;
mod deprecation;
mod message;
mod metadata;
mod object;
mod object_name;
mod request;
mod run;
mod source;
mod strict;
mod template;
mod values;

pub use message::{Message, Report, Severity};
pub use request::Request;
pub use run::lint;
pub use source::is_archive_name;
