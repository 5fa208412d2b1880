//! rhumb renders, packages and releases Helm charts.
pub mod action;
pub mod chart;
#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cluster")]
pub mod cluster;
pub mod diagnostic;
pub mod glob;
mod go;
pub mod json;
pub mod manifest;
pub mod plan;
pub mod release;
pub mod template;
pub mod value;
pub mod values;
pub mod version;
pub mod yaml;
