//! rhumb renders, packages and releases Helm charts.
pub mod chart;
pub mod glob;
pub mod diagnostic;
pub mod json;
pub mod manifest;
pub mod plan;
pub mod release;
pub mod template;
pub mod value;
pub mod values;
pub mod version;
pub mod yaml;
