//! Marked texts made ready to be placed: the marks of places aside, it known where the others are.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Deref;
use std::rc::Rc;

use crate::template::jinja::mark::{self, Piece};

/// A text without the marks of places.
#[derive(Clone, Debug, Default)]
pub(in crate::template::jinja) struct Source {
    pub(super) text: String,
    /// Where a place begins to write, in bytes, and its number.
    pub(super) marks: Vec<(usize, u32)>,
    /// Where the other marks begin, in bytes.
    pub(super) holes: Vec<usize>,
    /// Whether some of these mean the character that begins marks.
    pub(super) has_escapes: bool,
}

impl From<&str> for Source {
    fn from(marked: &str) -> Self {
        let mut source = Source::default();
        source.push(marked.as_bytes());
        source
    }
}

impl Source {
    /// Makes room for about so many bytes.
    pub(in crate::template::jinja) fn with_capacity(bytes: usize) -> Self {
        Source {
            text: String::with_capacity(bytes),
            marks: Vec::with_capacity(bytes / 32),
            holes: Vec::with_capacity(bytes / 64),
            has_escapes: false,
        }
    }

    /// Appends a text in UTF-8, which has each mark whole.
    pub(in crate::template::jinja) fn push(&mut self, marked: &[u8]) {
        let mut rest = marked;
        loop {
            let at = mark::find_bytes(rest).unwrap_or(rest.len());
            match std::str::from_utf8(&rest[..at]) {
                Ok(text) => self.text.push_str(text),
                Err(_) => self.text.push_str(&String::from_utf8_lossy(&rest[..at])),
            }
            rest = &rest[at..];
            if rest.is_empty() {
                return;
            }
            let (piece, length) = mark::piece(rest);
            match piece {
                Piece::Place(place) => self.marks.push((self.text.len(), place)),
                Piece::Hole(number) => {
                    self.holes.push(self.text.len());
                    mark::push_hole(&mut self.text, number);
                }
                Piece::Text(_) | Piece::Escape => {
                    self.has_escapes = true;
                    self.holes.push(self.text.len());
                    self.text.push_str("\u{F0000}\u{F0001}");
                }
            }
            rest = &rest[length..];
        }
    }

    fn is_blank(&self, line: &(usize, usize)) -> bool {
        self.text.as_bytes()[line.0..line.1].trim_ascii().is_empty()
    }

    fn width(&self, line: &(usize, usize)) -> usize {
        self.text.as_bytes()[line.0..line.1].iter().take_while(|b| **b == b' ').count()
    }

    /// Returns where the lines begin and end, without the indentation that they have in common,
    /// without blank lines around them.
    fn lines(&self) -> Vec<(usize, usize)> {
        let mut lines = Vec::new();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', self.text.as_bytes()).chain([self.text.len()]) {
            lines.push((start, end));
            start = end + 1;
        }
        while lines.last().is_some_and(|line| self.is_blank(line)) {
            lines.pop();
        }
        let blank = lines.iter().take_while(|line| self.is_blank(line)).count();
        lines.drain(..blank);
        let widths = lines.iter().filter(|line| !self.is_blank(line)).map(|line| self.width(line));
        let common = widths.min().unwrap_or(0);
        for line in &mut lines {
            line.0 += common.min(self.width(line));
        }
        lines
    }
}

/// What a [`Marked`] is when it takes the place of a hole.
pub(super) struct Spliced {
    pub(super) source: Source,
    /// Where its lines begin and end, in bytes.
    pub(super) lines: Vec<(usize, usize)>,
}

/// A text with marks that may be placed many times.
pub(in crate::template::jinja) struct Marked {
    text: Box<str>,
    spliced: OnceCell<Spliced>,
}

impl Marked {
    /// Takes the text.
    pub(in crate::template::jinja) fn new(text: impl Into<Box<str>>) -> Rc<Self> {
        Rc::new(Marked { text: text.into(), spliced: OnceCell::new() })
    }

    pub(super) fn spliced(&self) -> &Spliced {
        self.spliced.get_or_init(|| {
            let source = Source::from(&*self.text);
            Spliced { lines: source.lines(), source }
        })
    }
}

impl Deref for Marked {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

impl fmt::Debug for Marked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}
