//! Text for people and scripts: results on stdout, talk on stderr.

pub(super) mod excerpt;
mod ui;

pub use ui::Ui;
