//! Turns a chart and the user's sources into the values that templates see.
//!
//! The order is [`ValueSources::read`], then [`process_dependencies`], then [`merge`]. For an
//! upgrade [`reuse`] stands between the first two.

mod coalesce;
mod dependency;
mod error;
mod path;
pub mod provenance;
mod reuse;
mod schema;
mod set;
mod sources;
mod table;
pub mod unread;

#[cfg(test)]
mod fixture_test;

pub use coalesce::{merge, merge_file};
pub use dependency::{
    SwitchedBy, SwitchedOff, Switches, process_dependencies, switch_dependencies,
};
pub use error::{Error, SetError};
pub use path::{PathError, PathStep, ValuePath};
pub use reuse::{Reuse, Reused, reuse};
pub use schema::{
    Breach, ChartSchemaError, FetchSchema, Rule, SchemaErrors, SchemaFault, validate,
    validate_alone,
};
pub use set::{
    parse_set_file_into, parse_set_into, parse_set_json_into, parse_set_literal_into,
    parse_set_string_into,
};
pub use sources::{Fetch, Inputs, SourceFlag, UserSource, UserValues, ValueSources, split_list};
