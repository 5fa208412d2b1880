//! Scalars without quotes, and keys.

use super::layout::push_key;
use super::line::Placer;
use super::node::Scene;
use super::scalar::{push_own_word, push_string, simple};
use super::shape::{fold, is_separate, is_space, mark_length};
use super::text::{self, part, push_small, trimmed};
use super::{Entry, Result};
use crate::template::jinja::mark::{self, ESCAPE, HOLE_LENGTH, Piece};
use crate::value::Value;

/// What may help where a map or list is part of a text.
const NEEDS_JSON: &str = "give it a place of its own, or write it into the text with `| to_json`";

impl Placer<'_> {
    /// Places a scalar without quotes, or a key. Returns whether it was a key.
    pub(super) fn plain(&mut self, start: usize, scene: &mut Scene) -> Result<bool> {
        let bytes = self.current.as_bytes();
        let mut at = start;
        let mut has_hole = false;
        let mut key_end = None;
        while at < bytes.len() {
            match bytes[at] {
                b':' if key_end.is_none() && is_separate(bytes, at) => {
                    if scene.is_fresh {
                        key_end = Some(at);
                        break;
                    }
                    at += 1;
                }
                b'#' if at > start && is_space(bytes[at - 1]) => break,
                _ => match mark_length(&self.current, at) {
                    Some(length) => {
                        has_hole |= length == HOLE_LENGTH;
                        at += length;
                    }
                    None => at += 1,
                },
            }
        }
        let mut end = self.current[..at].trim_ascii_end().len();
        if key_end.is_some() {
            self.emit(start);
            if has_hole {
                let key = self.compose(start, end)?;
                let mut result = Ok(());
                self.replace(end - start, |out, _| result = push_key(out, &key));
                result.map_err(|refusal| self.misfit(start, refusal.to_owned(), ""))?;
            } else {
                self.emit(end);
            }
            return Ok(self.colon(scene, start));
        }
        let has_comment = at < self.current.len();
        while !has_comment && self.goes_on(scene.parent) {
            while self.load_more() {
                let last = self.current.rfind('\n').map_or(0, |at| at + 1);
                if !self.current[last..].trim_ascii().is_empty() {
                    break;
                }
            }
            has_hole |= self.holes_from(end);
            end = self.current.trim_ascii_end().len();
        }
        self.emit(start);
        if !has_hole {
            self.emit(end);
            return Ok(false);
        }
        if end - start == HOLE_LENGTH
            && let Some(number) = self.hole(start)
            && let Entry::Value(value) = self.entry(number)
        {
            let value = simple(value);
            if !matches!(*value, Value::Str(_)) {
                self.replace(HOLE_LENGTH, |out, _| {
                    if !push_own_word(out, &value) {
                        push_small(out, &value);
                    }
                });
                return Ok(false);
            }
        }
        let text = if self.current[start..end].contains('\n') {
            let folded = fold(&self.current[start..end]);
            self.compose_text(&folded, start)?
        } else {
            self.compose(start, end)?
        };
        self.replace(end - start, |out, _| push_string(out, &text));
        Ok(false)
    }

    fn holes_from(&self, start: usize) -> bool {
        mark::pieces(&self.current[start..]).any(|piece| matches!(piece, Piece::Hole(_)))
    }

    /// Returns the text that a stretch of the text at hand and its holes make.
    pub(super) fn compose(&self, start: usize, end: usize) -> Result<String> {
        self.compose_text(&self.current[start..end], start)
    }

    /// Returns the text that a marked text and its holes make. `at` is where it stands.
    pub(super) fn compose_text(&self, marked: &str, at: usize) -> Result<String> {
        let mut out = String::with_capacity(marked.len());
        for (passed, piece) in mark::pieces_at(marked) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Escape => out.push(ESCAPE),
                Piece::Place(_) => {}
                Piece::Hole(number) => {
                    let here = (at + passed).min(self.current.len());
                    self.part(&mut out, number, here)?;
                }
            }
        }
        Ok(out)
    }

    /// Writes what the hole at `at` has to say in a larger text.
    pub(super) fn part(&self, out: &mut String, number: u32, at: usize) -> Result<()> {
        match self.entry(number) {
            Entry::Value(value) => match part(value) {
                Ok(text) => out.push_str(&text.to_str_lossy()),
                Err(what) => {
                    let message = format!("{what} cannot be part of a text");
                    return Err(self.misfit(at, message, NEEDS_JSON));
                }
            },
            Entry::Text(text) => text::plain(out, trimmed(text), self.entries),
            Entry::Raw(text) => out.push_str(text),
        }
        Ok(())
    }
}
