//! Executes templates.
//!
//! The order of visits, the checks of arguments and the words of errors follow Go's text/template,
//! because charts and scripts depend on all three.

mod argument;
mod call;
mod executor;
mod include;
mod literal;
mod operand;
mod pipeline;
mod walk;

pub use executor::{Executor, Output, Stop};
