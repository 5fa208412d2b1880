//! Checks values against the `values.schema.json` of charts, with Helm's messages.
//!
//! A schema is read into a [`tree::Json`], checked against the metaschema of its draft, compiled
//! with everything it refers to, and then walked along with the values. All but the reading is
//! spared where a quick look tells that the values keep to the schema.

mod budget;
mod builder;
mod compile;
mod error;
mod evaluate;
mod failure;
mod format;
mod metaschema;
mod quick;
#[cfg(test)]
mod recorded;
mod rules;
mod sound;
mod tree;
mod url;
mod validate;

pub use compile::FetchSchema;
pub use error::{Breach, ChartSchemaError, Rule, SchemaErrors, SchemaFault};
pub use validate::{validate, validate_alone};
