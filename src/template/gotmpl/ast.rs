//! Parsed templates: one flat store of nodes for each source text.
//!
//! Children of a node stand next to each other in the store, so a list is a range of indices.
//! Positions are byte offsets; line, column and the source form of a node are worked out only when
//! an error is printed.

use std::fmt::Write as _;

use super::number::Number;
use super::quote::quote;
use crate::template::function::Function;
use crate::value::Str;

/// Indices `start..end` into one of the stores of a [`Unit`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::template) struct Ids {
    pub(in crate::template) start: u32,
    pub(in crate::template) end: u32,
}

impl Ids {
    pub(in crate::template) fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    pub(in crate::template) fn is_empty(self) -> bool {
        self.start == self.end
    }

    pub(in crate::template) fn of<T>(self, store: &[T]) -> &[T] {
        &store[self.start as usize..self.end as usize]
    }
}

/// A source text and everything parsed from it.
#[derive(Debug)]
pub(in crate::template) struct Unit {
    /// The name in error positions: the path of the file, or `gotpl`.
    pub(in crate::template) name: Str,
    pub(in crate::template) text: Str,
    pub(in crate::template) nodes: Vec<Node>,
    pub(in crate::template) pipes: Vec<Pipe>,
    pub(in crate::template) commands: Vec<Command>,
    pub(in crate::template) exprs: Vec<Expr>,
    pub(in crate::template) fields: Vec<Str>,
    pub(in crate::template) declarations: Vec<Declaration>,
    pub(in crate::template) definitions: Vec<Definition>,
}

/// A named template within a [`Unit`].
#[derive(Clone, Debug)]
pub(in crate::template) struct Definition {
    pub(in crate::template) name: Str,
    pub(in crate::template) body: Ids,
    /// How many variables the body needs at most at a time, `$` included.
    pub(in crate::template) slots: u32,
    /// Whether the body holds nothing but white space.
    pub(in crate::template) blank: bool,
}

/// A variable that a pipeline declares or assigns.
#[derive(Clone, Copy, Debug)]
pub(in crate::template) struct Declaration {
    /// The slot, or `None` when it is assigned but declared nowhere in scope.
    pub(in crate::template) slot: Option<u32>,
    /// The name in the source, `$` included.
    pub(in crate::template) name: Ids,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::template) struct Node {
    pub(in crate::template) position: u32,
    pub(in crate::template) kind: NodeKind,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::template) enum NodeKind {
    /// The source range of literal text.
    Text(Ids),
    Action(u32),
    If {
        pipe: u32,
        then: Ids,
        otherwise: Option<Ids>,
    },
    With {
        pipe: u32,
        then: Ids,
        otherwise: Option<Ids>,
    },
    Range {
        pipe: u32,
        body: Ids,
        otherwise: Option<Ids>,
    },
    /// `name` indexes [`Unit::fields`].
    Template {
        name: u32,
        pipe: Option<u32>,
    },
    Break,
    Continue,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::template) struct Pipe {
    pub(in crate::template) position: u32,
    pub(in crate::template) assigns: bool,
    pub(in crate::template) declarations: Ids,
    pub(in crate::template) commands: Ids,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::template) struct Command {
    pub(in crate::template) position: u32,
    pub(in crate::template) args: Ids,
}

#[derive(Clone, Debug)]
pub(in crate::template) struct Expr {
    pub(in crate::template) position: u32,
    pub(in crate::template) kind: ExprKind,
}

/// What an identifier calls.
#[derive(Clone, Copy, Debug)]
pub(in crate::template) enum Callee {
    And,
    Or,
    Include,
    Tpl,
    Table(&'static Function),
}

#[derive(Clone, Debug)]
pub(in crate::template) enum ExprKind {
    Dot,
    Nil,
    Bool(bool),
    /// The readings and the source range.
    Number(Box<Number>, Ids),
    /// The text and the source range of the literal.
    Text(Str, Ids),
    /// Fields of dot.
    Field(Ids),
    /// A variable and fields of it.
    Variable {
        slot: Option<u32>,
        name: Ids,
        fields: Ids,
    },
    /// Fields of another expression; `base` indexes [`Unit::exprs`].
    Chain {
        base: u32,
        fields: Ids,
    },
    /// A parenthesised pipeline.
    Pipe(u32),
    Function(Callee, Ids),
}

/// Something an error can point at.
#[derive(Clone, Copy, Debug)]
pub(in crate::template) enum At {
    Node(u32),
    Pipe(u32),
    Command(u32),
    Expr(u32),
}

impl Unit {
    /// Gives back the memory that growing stores took ahead.
    pub(super) fn shrink(&mut self) {
        self.nodes.shrink_to_fit();
        self.pipes.shrink_to_fit();
        self.commands.shrink_to_fit();
        self.exprs.shrink_to_fit();
        self.fields.shrink_to_fit();
    }

    /// Returns whether nodes write nothing but white space.
    pub(in crate::template) fn is_blank(&self, nodes: Ids) -> bool {
        nodes.of(&self.nodes).iter().all(|node| match node.kind {
            NodeKind::Text(text) => self.source(text).iter().all(u8::is_ascii_whitespace),
            _ => false,
        })
    }

    fn source(&self, range: Ids) -> &[u8] {
        range.of(self.text.as_bytes())
    }

    fn push_source(&self, out: &mut String, range: Ids) {
        out.push_str(&String::from_utf8_lossy(self.source(range)));
    }

    fn push_fields(&self, out: &mut String, fields: Ids) {
        for field in fields.of(&self.fields) {
            out.push('.');
            out.push_str(&field.to_str_lossy());
        }
    }

    /// Returns the line (from 1) and the column (bytes from 0) of an offset.
    pub(in crate::template) fn line_column(&self, position: u32) -> (usize, usize) {
        let before = &self.text.as_bytes()[..(position as usize).min(self.text.len())];
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let column =
            memchr::memrchr(b'\n', before).map_or(before.len(), |at| before.len() - at - 1);
        (line, column)
    }

    pub(in crate::template) fn position(&self, at: At) -> u32 {
        match at {
            At::Node(id) => self.nodes[id as usize].position,
            At::Pipe(id) => self.pipes[id as usize].position,
            At::Command(id) => self.commands[id as usize].position,
            At::Expr(id) => self.exprs[id as usize].position,
        }
    }

    /// Returns the source form of a node, as Go's parser prints it back.
    pub(in crate::template) fn describe(&self, at: At) -> String {
        let mut out = String::new();
        match at {
            At::Node(id) => self.push_node(&mut out, &self.nodes[id as usize]),
            At::Pipe(id) => self.push_pipe(&mut out, id),
            At::Command(id) => self.push_command(&mut out, &self.commands[id as usize]),
            At::Expr(id) => self.push_expr(&mut out, &self.exprs[id as usize]),
        }
        out
    }

    /// Returns the source form of an expression, a parenthesised pipeline without parentheses.
    pub(in crate::template) fn describe_bare(&self, id: u32) -> String {
        match self.exprs[id as usize].kind {
            ExprKind::Pipe(pipe) => self.describe(At::Pipe(pipe)),
            _ => self.describe(At::Expr(id)),
        }
    }

    fn push_list(&self, out: &mut String, list: Ids) {
        for node in list.of(&self.nodes) {
            stacker::maybe_grow(64 << 10, 1 << 20, || self.push_node(out, node));
        }
    }

    fn push_branch(
        &self,
        out: &mut String,
        word: &str,
        pipe: u32,
        then: Ids,
        otherwise: Option<Ids>,
    ) {
        write!(out, "{{{{{word} ").unwrap_or_default();
        self.push_pipe(out, pipe);
        out.push_str("}}");
        self.push_list(out, then);
        if let Some(otherwise) = otherwise {
            out.push_str("{{else}}");
            self.push_list(out, otherwise);
        }
        out.push_str("{{end}}");
    }

    fn push_node(&self, out: &mut String, node: &Node) {
        match node.kind {
            NodeKind::Text(range) => self.push_source(out, range),
            NodeKind::Action(pipe) => {
                out.push_str("{{");
                self.push_pipe(out, pipe);
                out.push_str("}}");
            }
            NodeKind::If { pipe, then, otherwise } => {
                self.push_branch(out, "if", pipe, then, otherwise);
            }
            NodeKind::With { pipe, then, otherwise } => {
                self.push_branch(out, "with", pipe, then, otherwise);
            }
            NodeKind::Range { pipe, body, otherwise } => {
                self.push_branch(out, "range", pipe, body, otherwise);
            }
            NodeKind::Template { name, pipe } => {
                out.push_str("{{template ");
                out.push_str(&quote(self.fields[name as usize].as_bytes()));
                if let Some(pipe) = pipe {
                    out.push(' ');
                    self.push_pipe(out, pipe);
                }
                out.push_str("}}");
            }
            NodeKind::Break => out.push_str("{{break}}"),
            NodeKind::Continue => out.push_str("{{continue}}"),
        }
    }

    fn push_pipe(&self, out: &mut String, id: u32) {
        let pipe = &self.pipes[id as usize];
        for (i, declaration) in pipe.declarations.of(&self.declarations).iter().enumerate() {
            if i > 0 {
                out.push_str(", ");
            }
            self.push_source(out, declaration.name);
        }
        if !pipe.declarations.is_empty() {
            out.push_str(if pipe.assigns { " = " } else { " := " });
        }
        for (i, command) in pipe.commands.of(&self.commands).iter().enumerate() {
            if i > 0 {
                out.push_str(" | ");
            }
            self.push_command(out, command);
        }
    }

    fn push_command(&self, out: &mut String, command: &Command) {
        for (i, arg) in command.args.of(&self.exprs).iter().enumerate() {
            if i > 0 {
                out.push(' ');
            }
            self.push_expr(out, arg);
        }
    }

    fn push_expr(&self, out: &mut String, expr: &Expr) {
        match &expr.kind {
            ExprKind::Dot => out.push('.'),
            ExprKind::Nil => out.push_str("nil"),
            ExprKind::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            ExprKind::Number(_, range)
            | ExprKind::Text(_, range)
            | ExprKind::Function(_, range) => {
                self.push_source(out, *range);
            }
            ExprKind::Field(fields) => self.push_fields(out, *fields),
            ExprKind::Variable { name, fields, .. } => {
                self.push_source(out, *name);
                self.push_fields(out, *fields);
            }
            ExprKind::Chain { base, fields } => {
                self.push_expr(out, &self.exprs[*base as usize]);
                self.push_fields(out, *fields);
            }
            ExprKind::Pipe(pipe) => {
                out.push('(');
                stacker::maybe_grow(64 << 10, 1 << 20, || self.push_pipe(out, *pipe));
                out.push(')');
            }
        }
    }
}
