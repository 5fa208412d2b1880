//! Renders a chart's templates with its values.
pub mod function;
