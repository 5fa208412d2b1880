//! Turns rendered files into a [`Manifest`]: documents with their origin and identity in the order
//! of installation, hooks, notes; and a manifest into text.

mod document;
mod error;
mod head;
mod hook;
mod order;
mod parse;
mod print;

pub use document::{Crd, Document};
pub use error::{Error, HeadError};
pub use head::Head;
pub use hook::{DeletePolicy, Event, Hook, OutputLogPolicy};
pub use order::{Order, rank, sort_by_kind};
pub use parse::{Manifest, Notes, SkippedHook, parse, parse_crd, parse_stored};
pub use print::{
    OutputFile, PrintOptions, ShowOnlyError, print_documents, print_files, print_hooks,
    print_template, select, source_files,
};
