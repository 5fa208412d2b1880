//! rhumb renders, packages and releases Helm charts.
pub mod json;
pub mod template;
pub mod value;
pub mod yaml;
