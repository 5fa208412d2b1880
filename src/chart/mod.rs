//! Turns bytes into a [`Chart`]: a folder or a packaged archive, its metadata, its subcharts. And
//! back: a chart into the bytes of an archive.

mod archive;
mod content;
mod directory;
mod error;
mod ignore;
mod json;
mod load;
mod lock;
mod metadata;
mod save;
mod scaffold;
mod tarball;
mod warning;

#[cfg(test)]
mod refusal_test;

pub use archive::{ArchiveFile, load_archive, read_archive};
pub use content::{Chart, Crd, File, Lock};
pub use directory::{load_directory, load_directory_as_v2, load_unpacked};
pub(crate) use error::io_text;
pub use error::{ArchiveFault, Error, IgnoreFault, Place, ValuesFault};
pub use ignore::IgnoreRules;
pub use load::{
    ValuesDocument, add_document, load, merge_maps, read_values, read_values_with_positions,
};
pub use lock::{lock_digest, old_lock_digest};
pub(crate) use metadata::json_kind;
pub use metadata::{Dependency, ImportValues, Maintainer, Metadata};
pub use save::{SaveFault, pack, save};
pub use scaffold::{Language, NewFile, from_starter, scaffold};
pub use warning::{Level, Warned, Warning};
