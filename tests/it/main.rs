//! Tests of rhumb as a whole; one module for each subject.
#![expect(clippy::disallowed_methods, reason = "tests learn from the environment what there is")]

#[cfg(all(feature = "cli", feature = "cluster"))]
mod broken;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod certificates;
mod charts;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod cluster;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod cluster_apply;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod cluster_charts;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod cluster_failures;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod cluster_lists;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod cluster_records;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod cluster_render;
#[cfg(feature = "cli")]
mod commands;
#[cfg(all(unix, feature = "cli", feature = "cluster"))]
mod conflicts;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod control_plane;
#[cfg(all(feature = "cli", feature = "jinja"))]
mod convert;
#[cfg(all(unix, feature = "cli", feature = "cluster"))]
mod credentials;
#[cfg(all(feature = "cli", feature = "cluster", feature = "provenance"))]
mod dependencies;
mod examples;
mod files;
#[cfg(all(feature = "cli", feature = "cluster", feature = "provenance"))]
mod flags;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod interop;
#[cfg(feature = "jinja")]
mod jinja;
#[cfg(all(feature = "cli", feature = "cluster", feature = "jinja"))]
mod jinja_errors;
#[cfg(feature = "jinja")]
mod jinja_twins;
mod layers;
#[cfg(feature = "cli")]
mod limits;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod packages;
#[cfg(all(unix, feature = "cli", feature = "cluster"))]
mod parity;
mod probes;
#[cfg(all(feature = "cli", target_os = "linux", target_env = "gnu", target_arch = "x86_64"))]
mod program;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod servers;
#[cfg(feature = "cli")]
mod values;
