//! Makes of a template's source what the engine gets: lines that hold only tags leave no line
//! behind, marks tell which place writes what, and what macros and blocks make is caught.

use std::fmt::Write as _;
use std::ops::Range;

use super::imports::Imports;
use super::lex::{Kind, Token};
use super::{mark, operator};

/// The function that takes what a macro is called with and makes.
pub(super) const WRAP_MACRO: &str = "__macro";

/// The function that takes what a `set` block makes.
pub(super) const WRAP_TEXT: &str = "__text";

/// The filter that makes plain text of what a block holds, before the filters of its tag.
pub(super) const PLAIN: &str = "__plain";

/// A stretch of a template that writes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The number of the file.
    pub(super) file: u32,
    /// In bytes from the start of the file.
    pub(super) offset: usize,
    /// In bytes; 0 for text, which is written as it is.
    pub(super) length: usize,
}

/// A source for the engine.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    pub(super) text: String,
    /// Where a stretch of `text` begins and where it begins in the source, in bytes.
    map: Vec<(usize, usize)>,
}

impl Prepared {
    /// Returns the place in the source of an offset in the text.
    pub(super) fn source_offset(&self, offset: usize) -> usize {
        let after = self.map.partition_point(|(at, _)| *at <= offset);
        match after.checked_sub(1).and_then(|i| self.map.get(i)) {
            Some((at, source)) => source + (offset - at),
            None => 0,
        }
    }

    fn copy(&mut self, source: &str, range: Range<usize>) {
        self.map.push((self.text.len(), range.start));
        self.text.push_str(&source[range]);
    }

    /// Writes what stands nowhere in the source, but belongs to `offset`.
    fn insert(&mut self, offset: usize, write: impl FnOnce(&mut String)) {
        self.map.push((self.text.len(), offset));
        write(&mut self.text);
    }
}

/// Tags whose block writes text where it begins: the white space before the first tag and the line
/// end after the last stay.
const BLOCK_WRITERS: &[&str] = &["call", "filter"];

/// How much of each text stays: `(start, end)` in bytes of the source.
fn kept(source: &str, tokens: &[Token]) -> Vec<Range<usize>> {
    let mut kept: Vec<Range<usize>> = tokens.iter().map(|token| token.range.clone()).collect();
    // The stretches of white space on the line so far, as token and range.
    let mut blanks: Vec<(usize, Range<usize>)> = Vec::new();
    let mut is_bare = true;
    let mut has_tag = false;
    let cut = |kept: &mut Vec<Range<usize>>, blanks: &mut Vec<(usize, Range<usize>)>| {
        for (token, range) in blanks.drain(..) {
            let text = &mut kept[token];
            if range.start <= text.start {
                text.start = text.start.max(range.end);
            } else {
                text.end = text.end.min(range.start);
            }
        }
    };
    // Macros and blocks that are kept write nothing: whether the line was bare before each.
    let mut caught: Vec<bool> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        if token.kind == Kind::Tag {
            match token.word(source) {
                "macro" => caught.push(is_bare),
                "set" if is_block(token, &source[token.inner.clone()]) => caught.push(is_bare),
                "endmacro" | "endset" => is_bare = caught.pop().unwrap_or(is_bare),
                _ => {}
            }
        }
        match token.kind {
            Kind::Comment => has_tag = true,
            Kind::Tag if BLOCK_WRITERS.contains(&token.word(source)) => {
                blanks.clear();
                has_tag = true;
            }
            Kind::Tag if matches!(token.word(source), "endcall" | "endfilter") => {
                if is_bare {
                    cut(&mut kept, &mut blanks);
                }
                is_bare = false;
            }
            Kind::Tag if token.word(source) != "include" => has_tag = true,
            Kind::Tag | Kind::Hole => is_bare = false,
            Kind::Text => {
                let range = token.range.clone();
                let text = &source[range.clone()];
                let is_blank = |text: &str| text.bytes().all(|b| matches!(b, b' ' | b'\t' | b'\r'));
                let Some(first) = text.find('\n') else {
                    is_bare &= is_blank(text);
                    if caught.is_empty() && is_blank(text) {
                        blanks.push((i, range));
                    }
                    continue;
                };
                if is_bare && has_tag && is_blank(&text[..first]) {
                    blanks.push((i, range.start..range.start + first + 1));
                    cut(&mut kept, &mut blanks);
                }
                let last = text.rfind('\n').map_or(0, |at| at + 1);
                blanks.clear();
                blanks.push((i, range.start + last..range.end));
                is_bare = is_blank(&text[last..]);
                has_tag = false;
            }
        }
    }
    if is_bare && has_tag {
        cut(&mut kept, &mut blanks);
    }
    for (i, token) in tokens.iter().enumerate() {
        if token.kind != Kind::Text {
            continue;
        }
        let range = kept[i].clone();
        let text = source.get(range.clone()).unwrap_or_default();
        if i.checked_sub(1).is_some_and(|before| tokens[before].trims.1) {
            kept[i].start = range.start + (text.len() - text.trim_start().len());
        }
        if tokens.get(i + 1).is_some_and(|after| after.trims.0) {
            kept[i].end = (range.start + text.trim_end().len()).max(kept[i].start);
        }
    }
    kept
}

/// Returns the name that a `set` block without filters sets.
fn block_target(inner: &str) -> Option<&str> {
    let target = inner.strip_prefix("set")?.trim_ascii();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    target.chars().all(is_name).then_some(target)
}

/// Returns where the first filter of a `set` block or of a `filter` tag begins.
fn filters_of_block(token: &Token, inner: &str) -> Option<usize> {
    if token.kind != Kind::Tag {
        return None;
    }
    if inner.strip_prefix("filter").is_some_and(|rest| rest.starts_with([' ', '\n', '\t'])) {
        return Some("filter ".len());
    }
    let target = inner.strip_prefix("set")?.trim_ascii_start();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
    let rest = target.trim_start_matches(is_name).trim_ascii_start();
    rest.starts_with('|').then(|| inner.len() - rest.len() + 1)
}

/// Returns whether a `set` tag begins a block.
fn is_block(token: &Token, inner: &str) -> bool {
    block_target(inner).is_some() || filters_of_block(token, inner).is_some()
}

/// Returns the name of a macro.
fn macro_name(inner: &str) -> Option<&str> {
    let rest = inner.strip_prefix("macro")?.trim_ascii_start();
    let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    Some(&rest[..end])
}

/// Returns the names of the macros that a source defines.
pub(super) fn macro_names(source: &str, tokens: &[Token]) -> Vec<String> {
    let tags = tokens.iter().filter(|token| token.kind == Kind::Tag);
    tags.filter_map(|token| macro_name(&source[token.inner.clone()]).map(str::to_owned)).collect()
}

/// Prepares the source of the file with the number `file`, taken apart into `tokens`; adds its
/// places to `places`. Without these the text has no marks.
pub(super) fn prepare(
    source: &str,
    tokens: &[Token],
    file: u32,
    imports: &Imports,
    mut places: Option<&mut Vec<Place>>,
) -> Prepared {
    let kept = kept(source, tokens);
    let mut prepared = Prepared::default();
    prepared.text.reserve(source.len() * 2);
    prepared.insert(0, |out| out.push_str(&imports.head));
    let mut mark_place = |prepared: &mut Prepared, offset: usize, length: usize| {
        if let Some(places) = places.as_mut().filter(|places| places.len() < mark::MAX_NUMBER) {
            prepared.insert(offset, |out| mark::push_place(out, places.len() as u32));
            places.push(Place { file, offset, length });
        }
    };
    let mut macros: Vec<&str> = Vec::new();
    let mut targets: Vec<Option<&str>> = Vec::new();
    for (token, kept) in tokens.iter().zip(kept) {
        let inner = &source[token.inner.clone()];
        match token.kind {
            Kind::Text => {
                if !kept.is_empty() && kept.start < kept.end {
                    mark_place(&mut prepared, kept.start, 0);
                    prepared.copy(source, kept);
                }
                continue;
            }
            Kind::Comment => continue,
            Kind::Hole => mark_place(&mut prepared, token.inner.start, token.inner.len().max(1)),
            Kind::Tag => {
                if BLOCK_WRITERS.contains(&token.word(source)) {
                    mark_place(&mut prepared, token.inner.start, token.inner.len());
                }
                if let Some(import) = imports.tags.iter().find(|tag| tag.at == token.range.start) {
                    prepared.insert(token.range.start, |out| out.push_str(&import.text));
                    continue;
                }
            }
        }
        match filters_of_block(token, inner) {
            Some(at) => {
                prepared.copy(source, token.range.start..token.inner.start + at);
                let at = token.inner.start + at;
                prepared.insert(at, |out| write!(out, " {PLAIN} | ").unwrap_or_default());
                prepared.copy(source, at..token.range.end);
            }
            None => {
                let mut from = token.range.start;
                for (at, filter) in operator::filters(inner) {
                    let at = token.inner.start + at;
                    prepared.copy(source, from..at);
                    prepared.insert(at, |out| write!(out, " | {filter}").unwrap_or_default());
                    from = at;
                }
                prepared.copy(source, from..token.range.end);
            }
        }
        if token.kind == Kind::Hole {
            continue;
        }
        match token.word(source) {
            "macro" => macros.push(macro_name(inner).unwrap_or_default()),
            "endmacro" => {
                if let Some(name) = macros.pop().filter(|name| !name.is_empty()) {
                    prepared.insert(token.range.end, |out| {
                        write!(out, "{{% set {name} = {WRAP_MACRO}({name}) %}}")
                            .unwrap_or_default();
                    });
                }
            }
            "set" if block_target(inner).is_some() => targets.push(block_target(inner)),
            "set" if filters_of_block(token, inner).is_some() => targets.push(None),
            "endset" => {
                if let Some(name) = targets.pop().flatten() {
                    prepared.insert(token.range.end, |out| {
                        write!(out, "{{% set {name} = {WRAP_TEXT}({name}) %}}").unwrap_or_default();
                    });
                }
            }
            _ => {}
        }
    }
    prepared
}

#[cfg(test)]
mod tests {
    use super::super::lex::tokens;
    use super::*;
    use crate::template::jinja::mark::{Piece, pieces};

    fn shown(source: &str) -> String {
        let mut places = Vec::new();
        let prepared = prepare(source, &tokens(source), 0, &Imports::default(), Some(&mut places));
        pieces(&prepared.text)
            .filter_map(|piece| match piece {
                Piece::Text(text) => Some(text),
                _ => None,
            })
            .collect()
    }

    #[test]
    fn lines_with_nothing_but_tags_go() {
        for (source, expected) in [
            ("a\n  {% if x %}\nb\n  {% endif %}\nc\n", "a\n{% if x %}b\n{% endif %}c\n"),
            ("a\n {% if x %} {# why #} \nb", "a\n{% if x %}b"),
            ("{# one\n two #}\nb\n", "b\n"),
            (
                "a: {% if x %}1{% else %}2{% endif %}\nb\n",
                "a: {% if x %}1{% else %}2{% endif %}\nb\n",
            ),
            ("a\n{% if x %}b{% endif %}\nc", "a\n{% if x %}b{% endif %}\nc"),
            (
                "a\n  {% call f() %}\n  b\n  {% endcall %}\nc\n",
                "a\n  {% call f() %}  b\n{% endcall %}\nc\n",
            ),
            ("a\n  {% endif %}", "a\n{% endif %}"),
            ("a\n  {{ x }}\n", "a\n  {{ x }}\n"),
            ("a\n  {% include 'x' %}\nb", "a\n  {% include 'x' %}\nb"),
            ("a \n {%- if x -%} \n b", "a{%- if x -%}b"),
            ("a {{- x -}} b", "a{{- x -}}b"),
            ("{% raw %}\n{{ x }}\n{% endraw %}\nc", "{% raw %}{{ x }}\n{% endraw %}c"),
            ("{% if x %}{% endif %}\n\na", "{% if x %}{% endif %}\na"),
            (
                "{% set x %}a b{% endset %}\nc\n",
                "{% set x %}a b{% endset %}{% set x = __text(x) %}c\n",
            ),
            (
                "{% macro f() %}a{% endmacro %}\nc",
                "{% macro f() %}a{% endmacro %}{% set f = __macro(f) %}c",
            ),
            ("{% set x = [\n  1,\n] %}\na", "{% set x = [\n  1,\n] %}a"),
        ] {
            assert_eq!(shown(source), expected, "{source:?}");
        }
    }

    #[test]
    fn macros_and_blocks_are_caught() {
        assert_eq!(
            shown("{% macro f(a) %}x{% endmacro %}"),
            "{% macro f(a) %}x{% endmacro %}{% set f = __macro(f) %}"
        );
        assert_eq!(
            shown("{% set a %}x{% endset %}{% set b | upper %}y{% endset %}"),
            "{% set a %}x{% endset %}{% set a = __text(a) %}{% set b | __plain |  upper %}y{% endset %}"
        );
    }

    #[test]
    fn offsets_lead_back_to_the_source() {
        let source = "a\n  {% if x %}\nb {{ value }}\n{% endif %}\n";
        let mut places = Vec::new();
        let prepared = prepare(source, &tokens(source), 7, &Imports::default(), Some(&mut places));
        let at = prepared.text.find("value").unwrap();
        assert_eq!(prepared.source_offset(at), source.find("value").unwrap());
        let place = places.iter().find(|place| place.length > 0).unwrap();
        assert_eq!(*place, Place { file: 7, offset: source.find("value").unwrap(), length: 5 });
    }
}
