//! Renders a chart's templates with its values.
//!
//! [`render`] takes a [`crate::chart::Chart`], its merged values and a [`Context`] and gives a
//! [`Rendered`]: the text of every template and where each stretch of it came from.
//!
#![doc = include_str!("../../docs/differences.md")]

mod capabilities;
mod context;
#[cfg(feature = "jinja")]
pub mod convert;
mod engine;
mod failure;
pub mod function;
pub mod gotmpl;
#[cfg(feature = "jinja")]
mod jinja;
pub mod method;
mod render;

pub use capabilities::{Capabilities, HELM_VERSION, HelmVersion, KubeVersion, KubeVersionError};
pub use context::{Context, ReleaseContext};
pub use engine::{is_jinja, output_name};
pub use failure::{Failed, Failures};
#[cfg(feature = "jinja")]
pub use jinja::context_schema;
pub use render::{Attempt, Rendered, RenderedFile, render, render_ahead, render_each, texts};
