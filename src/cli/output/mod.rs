//! Text for people and scripts: results on stdout, talk on stderr.

pub(super) mod annotated;
#[cfg(feature = "cluster")]
mod board;
mod color;
pub(super) mod excerpt;
mod format;
#[cfg(feature = "cluster")]
mod metadata;
#[cfg(feature = "cluster")]
mod release;
#[cfg(feature = "cluster")]
mod release_data;
pub(super) mod rendered;
mod table;
pub(super) mod template_failure;
mod ui;

pub(in crate::cli) use color::Colors;
pub(in crate::cli) use format::{Format, OutputArgs};
pub(in crate::cli) use table::Table;
pub use ui::Ui;
#[cfg(feature = "cluster")]
pub(in crate::cli) use {
    board::Board,
    release::{Details, computed_values},
};
