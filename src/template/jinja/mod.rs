//! Templates in Jinja that cannot write broken YAML.
//!
//! [`Engine`] renders in two steps. First the engine runs a template whose holes write marks and
//! keep their values aside; then `place` goes through the text, loops and conditions being over,
//! and puts each value where its mark is, as that place in the YAML demands.

mod call;
mod caught;
mod compiled;
mod context;
mod convert;
mod engine;
mod environment;
mod error;
mod fault;
mod filters;
mod function;
mod imports;
mod lex;
pub(super) mod library;
mod mark;
mod module;
mod names;
mod object;
mod operator;
mod optional;
mod place;
mod prepare;
mod pure;
mod schema;
mod session;
mod word;
mod wrap;

pub(super) use call::include_macro;
pub(super) use engine::Engine;
pub(super) use object::snake_case;
pub use schema::context_schema;
