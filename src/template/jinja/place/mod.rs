//! Puts what holes printed into rendered text, each as its place in the YAML demands.
//!
//! The text comes with marks where holes were; loops and conditions are over. [`place`] goes
//! through it once, knowing at each hole what a reader of the file would: whether it stands for a
//! value or a key, within quotes, brackets, a block of text or a comment, and at which column.

mod block;
mod compound;
mod entry;
mod layout;
mod line;
mod node;
mod plain;
#[cfg(test)]
mod property;
mod scalar;
mod shape;
mod source;
mod text;

pub(super) use entry::{Entries, Entry};
pub(super) use line::Placed;
pub(super) use source::{Marked, Source};
pub(super) use text::{plain, plain_value};

/// Longer files, in bytes, are refused.
const MAX_OUTPUT: usize = 128 << 20;

type Result<T> = std::result::Result<T, Misfit>;

/// A hole whose value its place cannot hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    /// The number of the place of the hole.
    pub(super) place: Option<u32>,
    /// The places of the calls that led there, innermost first.
    pub(super) calls: Vec<u32>,
    /// What is wrong.
    pub(super) message: String,
    /// What may help.
    pub(super) hint: &'static str,
}

/// Puts the entries into a marked text that shall be YAML.
///
/// # Errors
/// The first hole whose value its place cannot hold.
pub(super) fn place(marked: &Source, entries: &Entries) -> Result<Placed> {
    let mut placer = line::Placer::new(marked, entries);
    placer.run()?;
    Ok(placer.finish())
}

/// Puts the entries into a marked text of another kind, as plain text.
///
/// # Errors
/// Text of more than [`MAX_OUTPUT`] bytes.
pub(super) fn print(marked: &Source, entries: &Entries) -> Result<Placed> {
    let mut placer = line::Placer::new(marked, entries);
    placer.print()?;
    Ok(placer.finish())
}
