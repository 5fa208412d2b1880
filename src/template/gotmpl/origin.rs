//! Where each stretch of output came from.

use crate::value::Str;

/// The start of a stretch of output and the template position that wrote it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Offset in the output, in bytes.
    pub(super) output: u32,
    /// Number of the file in the template set.
    pub(super) file: u32,
    /// Offset in the file, in bytes.
    pub(super) position: u32,
    /// Whether the output is the file's own text, so that offsets run in step.
    pub(super) literal: bool,
}

/// A map from output offsets to template positions, sorted by output offset.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    pub(super) marks: Vec<Mark>,
    pub(super) files: std::sync::Arc<[Str]>,
}

/// A position in a template file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The path of the template file, such as `web/templates/_helpers.tpl`.
    pub file: Str,
    /// In bytes from the start of the file.
    pub offset: usize,
}

impl Origins {
    /// Returns the template position that wrote the output at `offset` (bytes).
    #[must_use]
    pub fn at(&self, offset: usize) -> Option<Origin> {
        let after = self.marks.partition_point(|mark| mark.output as usize <= offset);
        let mark = self.marks.get(after.checked_sub(1)?)?;
        let run = if mark.literal { offset - mark.output as usize } else { 0 };
        let file = self.files.get(mark.file as usize)?.clone();
        Some(Origin { file, offset: mark.position as usize + run })
    }

    /// Takes account of `length` bytes of output having been deleted at `offset`.
    pub(super) fn delete(&mut self, offset: usize, length: usize) {
        for mark in &mut self.marks {
            let output = mark.output as usize;
            if output >= offset + length {
                mark.output -= length as u32;
            } else if output > offset {
                mark.output = offset as u32;
            }
        }
    }
}
