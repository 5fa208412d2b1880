//! What actions write, as holes.

use std::borrow::Cow;

use super::expression::{Level, Printer, Result};
use super::scene::{Scene, scene};
use super::tree::{Call, Tree};
use super::write::{DOUBLE, Writer, push_escaped};
use crate::value::Value;
use crate::yaml;

/// The printer of expressions within double quotes.
const SINGLE: Printer = Printer { quote: '\'' };

/// How a text comes into the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Indent {
    None,
    /// On lines of its own at that column.
    Lines(usize),
    /// Each line moved to the right by that many columns.
    Shift(usize),
}

/// Takes the indentation off an expression.
fn unindented(tree: &Tree) -> (Indent, Cow<'_, Tree>) {
    let none = (Indent::None, Cow::Borrowed(tree));
    let Tree::Call(Call { name, args, position }) = tree else { return none };
    match (name.as_str(), args.as_slice()) {
        ("nindent", [Tree::Number(width), inner]) => {
            let width = width.parse().unwrap_or(0);
            (Indent::Lines(width), unindented(inner).1)
        }
        ("indent", [Tree::Number(width), inner]) => {
            let (indent, inner) = unindented(inner);
            let width = width.parse().unwrap_or(0);
            (if indent == Indent::None { Indent::Shift(width) } else { indent }, inner)
        }
        ("trim", [inner]) => match unindented(inner) {
            (Indent::None, _) => none,
            found => found,
        },
        // What is indented before it is run is written as indented.
        ("tpl", [text, data]) => match unindented(text) {
            (Indent::None, _) => none,
            (indent, text) => {
                let args = vec![text.into_owned(), data.clone()];
                let call = Call { name: name.clone(), args, position: *position };
                (indent, Cow::Owned(Tree::Call(call)))
            }
        },
        _ => none,
    }
}

/// Returns what a text without quotes is to YAML, if it is not that text.
fn reading(text: &str) -> Option<Tree> {
    match yaml::read(text.as_bytes()).ok()? {
        Value::Str(found) if *found.to_str_lossy() == *text => None,
        Value::Str(found) => Some(Tree::Text(found.to_string())),
        Value::Nil => Some(Tree::Nil),
        Value::Bool(value) => Some(Tree::Bool(value)),
        value @ (Value::Int(_) | Value::Int64(_) | Value::Uint64(_) | Value::Float(_)) => {
            let text = yaml::to_yaml(&value).ok()?;
            Some(Tree::Number(String::from_utf8_lossy(&text).trim().to_owned()))
        }
        Value::List(list) if list.is_empty() => {
            Some(Tree::Call(Call { name: "list".to_owned(), args: Vec::new(), position: 0 }))
        }
        Value::Map(map) if map.is_empty() => {
            Some(Tree::Call(Call { name: "dict".to_owned(), args: Vec::new(), position: 0 }))
        }
        _ => None,
    }
}

/// Makes of the texts that an expression may print what they are to YAML without quotes.
fn read_literals(tree: &Tree) -> Tree {
    match tree {
        Tree::Text(text) => reading(text).unwrap_or_else(|| tree.clone()),
        Tree::Call(call) => {
            let mut call = call.clone();
            match (call.name.as_str(), call.args.as_mut_slice()) {
                ("default", [first, second]) | ("ternary", [first, second, _]) => {
                    *first = read_literals(first);
                    *second = read_literals(second);
                }
                ("coalesce" | "or", args) => {
                    for arg in args {
                        *arg = read_literals(arg);
                    }
                }
                ("required", [_, inner]) => *inner = read_literals(inner),
                ("toString" | "print", [inner]) => return read_literals(inner),
                ("printf", [Tree::Text(format), inner])
                    if matches!(format.as_str(), "%s" | "%v" | "%d") =>
                {
                    return read_literals(inner);
                }
                _ => {}
            }
            Tree::Call(call)
        }
        _ => tree.clone(),
    }
}

const WRITES_DATA: &[&str] = &[
    "toYaml",
    "toJson",
    "toRawJson",
    "toYamlPretty",
    "toPrettyJson",
    "mustToYaml",
    "mustToJson",
    "mustToRawJson",
    "mustToPrettyJson",
];

/// Functions that give text of a template, which is taken as it is.
const WRITES_TEXT: &[&str] = &["include", "tpl"];

impl Writer<'_> {
    /// Returns whether nothing but blanks follows on the line.
    fn ends_line(&self) -> bool {
        match self.pieces.get(self.at + 1) {
            None => true,
            Some(piece) => {
                let text = &self.source[piece.range.clone()];
                piece.kind == super::piece::Kind::Text
                    && text.lines().next().is_none_or(|line| line.trim().is_empty())
                    && (!self.pieces[self.at].trims.1 || text.trim_ascii().is_empty())
            }
        }
    }

    /// Writes the hole of the action at hand.
    pub(super) fn hole(&mut self, tree: &Tree) -> Result<()> {
        let number = self.next_hole;
        self.next_hole += 1;
        if let Tree::Text(text) = tree {
            self.seen.push_str(text);
            let mut out = std::mem::take(&mut self.out);
            push_escaped(&mut out, text);
            self.out = out;
            return Ok(());
        }
        let (indent, inner) = unindented(tree);
        let inner = inner.as_ref();
        let line = self.seen.rfind('\n').map_or(0, |at| at + 1);
        let before = &self.seen[line..];
        let is_blank = before.trim_ascii().is_empty();
        let column = match indent {
            Indent::Lines(width) => Some(width),
            Indent::Shift(width) if is_blank => Some(before.len() + width),
            _ => None,
        };
        if let Some(column) = column {
            self.begin_line(column, matches!(indent, Indent::Lines(_)));
        } else if indent != Indent::None && self.out.ends_with(':') {
            self.out.push(' ');
            self.seen.push(' ');
        }
        self.wrote_lines = self.is_yaml && indent != Indent::None;
        let here = if self.is_yaml { scene(&self.seen) } else { Scene::Text };
        let is_careful = self.wishes.careful.contains(&number);
        let text = match here {
            Scene::Plain { .. } | Scene::Flow { .. } => {
                self.plain(inner, here, column, number, is_careful)?
            }
            Scene::Block(start) => {
                let text = self.print(inner, DOUBLE)?;
                let extra = column.map_or(0, |column| column.saturating_sub(start));
                if extra > 0 {
                    format!("{{{{ {} | indent({extra}) }}}}", text.at(Level::Filter))
                } else {
                    format!("{{{{ {} }}}}", text.text)
                }
            }
            Scene::Text => {
                let text = self.print(inner, DOUBLE)?;
                match column {
                    Some(column) if column > 0 => {
                        format!("{{{{ {} | indent({column}) }}}}", text.at(Level::Filter))
                    }
                    _ => format!("{{{{ {} }}}}", text.text),
                }
            }
            Scene::Double => format!("{{{{ {} }}}}", self.print(inner, SINGLE)?.text),
            Scene::Single | Scene::Comment => {
                format!("{{{{ {} }}}}", self.print(inner, DOUBLE)?.text)
            }
        };
        self.out.push_str(&text);
        self.see_hole();
        Ok(())
    }

    /// Goes to a line of its own at a column.
    fn begin_line(&mut self, column: usize, is_new: bool) {
        for text in [&mut self.out, &mut self.seen] {
            let kept = text.trim_end_matches([' ', '\t']).len();
            text.truncate(kept);
            if is_new && !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.extend(std::iter::repeat_n(' ', column));
        }
    }

    /// Writes a hole where a value stands without quotes.
    fn plain(
        &mut self,
        tree: &Tree,
        here: Scene,
        column: Option<usize>,
        number: usize,
        is_careful: bool,
    ) -> Result<String> {
        let begins = matches!(here, Scene::Plain { begins: true } | Scene::Flow { begins: true });
        let is_whole = begins && (self.ends_line() || matches!(here, Scene::Flow { .. }));
        if let Some(call) = tree.call(&["quote", "squote"])
            && let [inner] = call.args.as_slice()
        {
            self.holes.insert(number);
            if is_careful && is_whole {
                let text = self.print(inner, DOUBLE)?.at(Level::Filter);
                return Ok(format!("{{{{ {text} | string }}}}"));
            }
            return if call.name == "quote" {
                Ok(format!("\"{{{{ {} }}}}\"", self.print(inner, SINGLE)?.text))
            } else {
                Ok(format!("'{{{{ {} }}}}'", self.print(inner, DOUBLE)?.text))
            };
        }
        if is_whole
            && let Some(call) = tree.call(WRITES_DATA)
            && let [inner] = call.args.as_slice()
        {
            let text = self.print(inner, DOUBLE)?.text;
            return Ok(format!("{{{{ {text} }}}}"));
        }
        if tree.call(WRITES_TEXT).is_some() {
            let text = self.print(tree, DOUBLE)?.text;
            return Ok(format!("{{{{ {text} }}}}"));
        }
        if column.is_some() {
            // Lines of text are taken for what they are.
            let text = self.print(tree, DOUBLE)?.at(Level::Filter);
            return Ok(format!("{{{{ {text} | raw }}}}"));
        }
        self.holes.insert(number);
        if is_careful {
            let text = self.print(tree, DOUBLE)?.at(Level::Filter);
            return Ok(format!("{{{{ {text} | raw }}}}"));
        }
        let tree = if is_whole { read_literals(tree) } else { tree.clone() };
        Ok(format!("{{{{ {} }}}}", self.print(&tree, DOUBLE)?.text))
    }
}
