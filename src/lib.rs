//! rhumb renders, packages and releases Helm charts.
pub mod template;
pub mod value;
