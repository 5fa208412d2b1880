//! Go's text/template: source text to tokens, to a flat tree with resolved variables, to output.
//!
//! [`TemplateSet`] parses and holds the templates of a chart, [`Executor`] runs them.

mod advice;
mod ahead;
pub(super) mod ast;
mod eval;
mod fault;
mod hint;
mod lexer;
pub(super) mod number;
mod origin;
pub(super) mod parser;
pub(crate) mod quote;
mod set;

pub use ahead::Ahead;
pub use eval::{Executor, Output, Stop};
#[cfg(feature = "jinja")]
pub(super) use origin::Stretch;
pub use origin::{Origin, Origins};
pub use set::TemplateSet;
