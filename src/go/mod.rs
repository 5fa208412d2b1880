//! Reads and writes text as Go's standard library does: quoted strings, regular
//! expressions, paths.

pub(crate) mod path;
mod quoting;
mod re2;

pub(crate) use quoting::{
    Piece, can_backquote, is_print, next_piece, pieces, push_quoted, push_quoted_rune, rune_count,
};
pub(crate) use re2::Pattern;
