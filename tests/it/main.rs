//! Tests of rhumb as a whole; one module for each subject.

mod charts;
#[cfg(all(feature = "cli", feature = "cluster"))]
mod cluster;
mod examples;
mod files;
mod layers;
mod probes;
