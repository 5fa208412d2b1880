//! Checks values against the `values.schema.json` of charts, with Helm's messages.
//!
//! A schema is read into a [`tree::Json`], checked against the metaschema of its draft, compiled
//! with everything it refers to, and then walked along with the values.

mod compile;
mod error;
mod evaluate;
mod failure;
mod format;
mod metaschema;
#[cfg(test)]
mod recorded;
mod sound;
mod tree;
mod url;
mod validate;

pub use error::{ChartSchemaError, SchemaErrors, SchemaFault};
pub use validate::{validate, validate_alone};
