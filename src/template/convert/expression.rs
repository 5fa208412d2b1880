//! Expressions as Jinja has them.

use std::fmt::Write as _;

use super::call;
use super::name::is_attribute;
use super::tree::{Base, Path, Step, Tree};
use crate::template::jinja::snake_case;

/// How tightly an expression holds together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Ternary,
    Or,
    And,
    Not,
    Compare,
    Sum,
    Concat,
    Product,
    Filter,
    Atom,
}

/// An expression in Jinja.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text {
    pub(super) text: String,
    pub(super) level: Level,
}

/// Why there is no such expression, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) position: u32,
    pub(super) reason: String,
}

pub(super) type Result<T> = std::result::Result<T, Fault>;

impl Text {
    pub(super) fn new(text: impl Into<String>, level: Level) -> Self {
        Text { text: text.into(), level }
    }

    /// Returns the text, in parentheses where something of `level` is wanted.
    pub(super) fn at(self, level: Level) -> String {
        if self.level >= level { self.text } else { format!("({})", self.text) }
    }
}

/// Writes expressions; texts in quotes of one kind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Printer {
    pub(super) quote: char,
}

/// Groups of the root whose keys are named as in Jinja.
const FIELDS: &[&str] = &["Release", "Chart", "Capabilities", "Template"];

impl Printer {
    pub(super) fn print(self, tree: &Tree) -> Result<Text> {
        Ok(match tree {
            Tree::Nil => Text::new("none", Level::Atom),
            Tree::Bool(value) => Text::new(if *value { "true" } else { "false" }, Level::Atom),
            Tree::Number(text) if text.starts_with('-') => Text::new(text.clone(), Level::Product),
            Tree::Number(text) => Text::new(text.clone(), Level::Atom),
            Tree::Text(text) => Text::new(self.literal(text), Level::Atom),
            Tree::Path(path) => self.path(path)?,
            Tree::Method { base, name, args } => {
                let base = self.print(base)?.at(Level::Atom);
                let args = self.list(args)?;
                Text::new(format!("{base}.{}({args})", snake_case(name)), Level::Atom)
            }
            Tree::Call(call) => call::print(self, call)?,
        })
    }

    /// Writes expressions with commas between them.
    pub(super) fn list(self, trees: &[Tree]) -> Result<String> {
        let texts = trees.iter().map(|tree| Ok(self.print(tree)?.text));
        Ok(texts.collect::<Result<Vec<_>>>()?.join(", "))
    }

    /// Writes a text in quotes.
    pub(super) fn literal(self, text: &str) -> String {
        let mut out = String::with_capacity(text.len() + 2);
        out.push(self.quote);
        for c in text.chars() {
            match c {
                '\\' => out.push_str("\\\\"),
                '\n' => out.push_str("\\n"),
                '\t' => out.push_str("\\t"),
                '\r' => out.push_str("\\r"),
                c if c == self.quote => {
                    out.push('\\');
                    out.push(c);
                }
                c if c.is_control() => {
                    write!(out, "\\u{:04x}", u32::from(c)).unwrap_or_default();
                }
                c => out.push(c),
            }
        }
        out.push(self.quote);
        out
    }

    fn path(self, path: &Path) -> Result<Text> {
        let mut steps = path.steps.as_slice();
        let mut has_fields = false;
        let mut text = match &path.base {
            Base::Variable(name) => name.clone(),
            Base::Value(tree) => {
                let text = self.print(tree)?.at(Level::Filter);
                format!("({text} | optional)")
            }
            Base::Root => match steps.split_first() {
                Some((Step::Key(key), rest)) => {
                    steps = rest;
                    match key.as_str() {
                        "Values" => "values".to_owned(),
                        "Files" => "files".to_owned(),
                        "Subcharts" => "subcharts".to_owned(),
                        key if FIELDS.contains(&key) => {
                            has_fields = true;
                            key.to_ascii_lowercase()
                        }
                        key => format!("root.{key}"),
                    }
                }
                _ => "root".to_owned(),
            },
        };
        for step in steps {
            match step {
                Step::Key(key) if has_fields => {
                    // Annotations are data.
                    has_fields = key != "Annotations";
                    text.push('.');
                    text.push_str(&snake_case(key));
                }
                Step::Key(key) if is_attribute(key) => {
                    text.push('.');
                    text.push_str(key);
                }
                Step::Key(key) => {
                    text.push('[');
                    text.push_str(&self.literal(key));
                    text.push(']');
                }
                Step::Optional => text = format!("({text} | optional)"),
                Step::Index(tree) => {
                    text.push('[');
                    text.push_str(&self.print(tree)?.text);
                    text.push(']');
                }
            }
        }
        Ok(Text::new(text, Level::Atom))
    }
}
