//! Tokens to a [`Unit`], by the grammar of Go's text/template.
//!
//! Variables are resolved to slots here. What Go finds out only at run time (a variable of a
//! sibling branch, an assignment to an undeclared name) keeps an empty slot and fails there.

use std::borrow::Cow;

use super::ast::{
    Callee, Command, Declaration, Definition, Expr, ExprKind, Ids, Node, NodeKind, Pipe, Unit,
};
use super::hint;
use super::lexer::{Lexer, Token, TokenKind};
use super::number::Number;
use super::quote::{quote, unquote, unquote_char};
use crate::template::function;
use crate::value::Str;

/// A template that does not parse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::template) struct ParseError {
    /// The name of the source text.
    pub(in crate::template) name: Str,
    /// From 1.
    pub(in crate::template) line: usize,
    pub(in crate::template) message: String,
    /// The byte offset of the token at which the parser gave up.
    pub(in crate::template) position: u32,
    /// What may help the user.
    pub(in crate::template) hint: Option<String>,
}

impl ParseError {
    /// Returns the text of Go's error.
    pub(in crate::template) fn go_text(&self) -> String {
        format!("template: {}:{}: {}", self.name, self.line, self.message)
    }
}

type Result<T> = std::result::Result<T, ParseError>;

/// Parentheses and blocks deeper than this are refused, as Go refuses parentheses.
const MAX_DEPTH: u32 = 10_000;

/// How many names of fields are remembered.
const RECENT: usize = 61;

/// Parses a source text.
///
/// # Errors
/// The first error, as Go words it.
pub(in crate::template) fn parse(name: Str, text: &Str) -> Result<Unit> {
    let mut parser = Parser::new(name.clone(), text);
    let (body, slots) = parser.file()?;
    parser.add(name, body, slots)?;
    parser.unit.shrink();
    Ok(parser.unit)
}

/// A source text parsed without a name.
#[derive(Debug)]
pub(super) struct Unnamed {
    unit: Unit,
    body: Ids,
    slots: u32,
}

/// Parses a source text that is to be named later; `None` if it has an error.
pub(super) fn parse_unnamed(text: &Str) -> Option<Unnamed> {
    let mut parser = Parser::new(Str::default(), text);
    let (body, slots) = parser.file().ok()?;
    parser.unit.shrink();
    Some(Unnamed { unit: parser.unit, body, slots })
}

impl Unnamed {
    /// Gives the text its name; `None` if it defines a template of that name itself.
    pub(super) fn named(self, name: &Str) -> Option<Unit> {
        let Unnamed { mut unit, body, slots } = self;
        if unit.definitions.iter().any(|definition| definition.name == *name) {
            return None;
        }
        let blank = unit.is_blank(body);
        unit.definitions.push(Definition { name: name.clone(), body, slots, blank });
        unit.name = name.clone();
        Some(unit)
    }
}

/// The variables of the template being parsed.
struct Frame {
    /// Variables in scope: name range, slot; `hidden` ones have left their branch but Go's parser
    /// still knows them.
    visible: Vec<(Ids, u32)>,
    /// Every name that Go's parser holds to be declared at this point.
    known: Vec<Ids>,
    next_slot: u32,
    max_slots: u32,
    range_depth: u32,
}

impl Frame {
    fn new() -> Self {
        Frame { visible: Vec::new(), known: Vec::new(), next_slot: 1, max_slots: 1, range_depth: 0 }
    }
}

/// How a list of nodes ended.
enum Ending {
    End,
    Else,
}

/// Children of nodes still being parsed: a stack for each kind, so that a list moves into the unit
/// as one piece and needs no memory of its own.
#[derive(Default)]
struct Pending {
    nodes: Vec<Node>,
    commands: Vec<Command>,
    exprs: Vec<Expr>,
    names: Vec<Ids>,
}

struct Parser<'a> {
    unit: Unit,
    text: &'a [u8],
    lexer: Lexer<'a>,
    tokens: [Token; 3],
    peeked: usize,
    frame: Frame,
    /// Where the current action began.
    action: Option<u32>,
    depth: u32,
    pending: Pending,
    /// Names of fields met before, by a simple hash.
    recent: [Str; RECENT],
}

/// Moves what is pending from `begin` on into a store.
fn settle<T>(store: &mut Vec<T>, pending: &mut Vec<T>, begin: usize) -> Ids {
    let start = store.len() as u32;
    if pending.len() == begin + 1 {
        store.extend(pending.pop());
    } else {
        store.extend(pending.drain(begin..));
    }
    Ids { start, end: store.len() as u32 }
}

fn append<T>(store: &mut Vec<T>, items: impl IntoIterator<Item = T>) -> Ids {
    let start = store.len() as u32;
    store.extend(items);
    Ids { start, end: store.len() as u32 }
}

fn range(token: Token) -> Ids {
    Ids { start: token.start, end: token.end }
}

impl<'a> Parser<'a> {
    fn new(name: Str, text: &'a Str) -> Self {
        let unit = Unit {
            name,
            text: text.clone(),
            nodes: Vec::new(),
            pipes: Vec::new(),
            commands: Vec::new(),
            exprs: Vec::new(),
            fields: Vec::new(),
            declarations: Vec::new(),
            definitions: Vec::new(),
        };
        let end = Token { kind: TokenKind::Eof, start: 0, end: 0 };
        let none = Str::default();
        Parser {
            unit,
            text: text.as_bytes(),
            lexer: Lexer::new(text.as_bytes()),
            tokens: [end; 3],
            peeked: 0,
            frame: Frame::new(),
            action: None,
            depth: 0,
            pending: Pending::default(),
            recent: std::array::from_fn(|_| none.clone()),
        }
    }

    fn next(&mut self) -> Token {
        if self.peeked > 0 {
            self.peeked -= 1;
        } else {
            self.tokens[0] = self.lexer.next();
        }
        self.tokens[self.peeked]
    }

    fn backup(&mut self) {
        self.peeked += 1;
    }

    fn backup2(&mut self, first: Token) {
        self.tokens[1] = first;
        self.peeked = 2;
    }

    fn backup3(&mut self, second: Token, first: Token) {
        self.tokens[1] = first;
        self.tokens[2] = second;
        self.peeked = 3;
    }

    fn peek(&mut self) -> Token {
        if self.peeked > 0 {
            return self.tokens[self.peeked - 1];
        }
        self.peeked = 1;
        self.tokens[0] = self.lexer.next();
        self.tokens[0]
    }

    fn next_non_space(&mut self) -> Token {
        loop {
            let token = self.next();
            if token.kind != TokenKind::Space {
                return token;
            }
        }
    }

    fn peek_non_space(&mut self) -> Token {
        let token = self.next_non_space();
        self.backup();
        token
    }

    fn source(&self, token: Token) -> &[u8] {
        range(token).of(self.text)
    }

    fn line_of(&self, position: u32) -> usize {
        1 + memchr::memchr_iter(b'\n', &self.text[..position as usize]).count()
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T> {
        self.error_with(message, None)
    }

    fn error_with<T>(&self, message: impl Into<String>, hint: Option<String>) -> Result<T> {
        let position = self.tokens[0].start;
        Err(ParseError {
            name: self.unit.name.clone(),
            line: self.line_of(position),
            message: message.into(),
            position,
            hint,
        })
    }

    fn describe(&self, token: Token) -> String {
        let text = self.source(token);
        match token.kind {
            TokenKind::Eof => "EOF".to_owned(),
            TokenKind::Error => self.lexer.error.clone(),
            kind if kind.is_keyword() => format!("<{}>", String::from_utf8_lossy(text)),
            _ if text.len() > 10 => {
                let shown: String = String::from_utf8_lossy(text).chars().take(10).collect();
                format!("{}...", quote(shown.as_bytes()))
            }
            _ => quote(text),
        }
    }

    fn unexpected<T>(&self, token: Token, context: &str) -> Result<T> {
        if token.kind == TokenKind::Error {
            let message = &self.lexer.error;
            let mut extra = String::new();
            let begun = self.action.map(|position| self.line_of(position));
            if let Some(line) = begun.filter(|line| *line != self.line_of(token.start)) {
                extra = format!(" in action started at {}:{line}", self.unit.name);
                if message.ends_with(" action") {
                    // Not "action in action".
                    extra = extra[" in action".len()..].to_owned();
                }
            }
            let hint = hint::hyphen(self.text, token.start as usize, message);
            return self.error_with(format!("{message}{extra}"), hint);
        }
        self.error(format!("unexpected {} in {context}", self.describe(token)))
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Result<Token> {
        let token = self.next_non_space();
        if token.kind != kind {
            return self.unexpected(token, context);
        }
        Ok(token)
    }

    /// Parses the whole text; returns the body and how many variables it needs.
    fn file(&mut self) -> Result<(Ids, u32)> {
        while self.peek().kind != TokenKind::Eof {
            if self.peek().kind == TokenKind::LeftDelim {
                let delim = self.next();
                if self.next_non_space().kind == TokenKind::Define {
                    self.definition()?;
                    continue;
                }
                self.backup2(delim);
            }
            match self.text_or_action()? {
                Parsed::Node(node) => self.pending.nodes.push(node),
                Parsed::Ending(Ending::End) => return self.error("unexpected {{end}}"),
                Parsed::Ending(Ending::Else) => return self.error("unexpected {{else}}"),
            }
        }
        let body = settle(&mut self.unit.nodes, &mut self.pending.nodes, 0);
        Ok((body, self.frame.max_slots))
    }

    /// Enters a definition. Of two in one file, one must be blank.
    fn add(&mut self, name: Str, body: Ids, slots: u32) -> Result<()> {
        let blank = self.unit.is_blank(body);
        let definition = Definition { name, body, slots, blank };
        match self.unit.definitions.iter().position(|d| d.name == definition.name) {
            None => self.unit.definitions.push(definition),
            Some(old) if self.unit.definitions[old].blank => {
                self.unit.definitions[old] = definition;
            }
            Some(_) if !blank => {
                let name = quote(definition.name.as_bytes());
                return self.error(format!("template: multiple definition of template {name}"));
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn definition(&mut self) -> Result<()> {
        const CONTEXT: &str = "define clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        self.expect(TokenKind::RightDelim, CONTEXT)?;
        self.named_body(name, CONTEXT)
    }

    /// Parses the body of a `define` or `block`, whose variables are its own.
    fn named_body(&mut self, name: Str, context: &str) -> Result<()> {
        let outer = std::mem::replace(&mut self.frame, Frame::new());
        let (body, ending) = self.item_list()?;
        if let Ending::Else = ending {
            return self.error(format!("unexpected {{{{else}}}} in {context}"));
        }
        let slots = self.frame.max_slots;
        self.frame = outer;
        self.add(name, body, slots)
    }

    fn template_name(&mut self, token: Token, context: &str) -> Result<Str> {
        match token.kind {
            TokenKind::String | TokenKind::RawString => match unquote(self.source(token)) {
                Some(name) => Ok(Str::from(name.as_ref())),
                None => self.error("invalid syntax"),
            },
            _ => self.unexpected(token, context),
        }
    }

    fn item_list(&mut self) -> Result<(Ids, Ending)> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.error("max expression depth exceeded");
        }
        let begin = self.pending.nodes.len();
        while self.peek_non_space().kind != TokenKind::Eof {
            let parsed =
                stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.text_or_action())?;
            match parsed {
                Parsed::Node(node) => self.pending.nodes.push(node),
                Parsed::Ending(ending) => {
                    self.depth -= 1;
                    let nodes = settle(&mut self.unit.nodes, &mut self.pending.nodes, begin);
                    return Ok((nodes, ending));
                }
            }
        }
        self.error("unexpected EOF")
    }

    fn text_or_action(&mut self) -> Result<Parsed> {
        let token = self.next_non_space();
        match token.kind {
            TokenKind::Text => {
                Ok(Parsed::Node(Node { position: token.start, kind: NodeKind::Text(range(token)) }))
            }
            TokenKind::LeftDelim => {
                self.action = Some(token.start);
                let parsed = self.action()?;
                self.action = None;
                Ok(parsed)
            }
            _ => self.unexpected(token, "input"),
        }
    }

    fn action(&mut self) -> Result<Parsed> {
        let token = self.next_non_space();
        let node = match token.kind {
            TokenKind::Block => self.block()?,
            TokenKind::Break => self.loop_control(token, "{{break}}", NodeKind::Break)?,
            TokenKind::Continue => self.loop_control(token, "{{continue}}", NodeKind::Continue)?,
            TokenKind::Else => {
                let next = self.peek_non_space();
                if matches!(next.kind, TokenKind::If | TokenKind::With) {
                    return Ok(Parsed::Ending(Ending::Else));
                }
                self.expect(TokenKind::RightDelim, "else")?;
                return Ok(Parsed::Ending(Ending::Else));
            }
            TokenKind::End => {
                self.expect(TokenKind::RightDelim, "end")?;
                return Ok(Parsed::Ending(Ending::End));
            }
            TokenKind::If => self.control(Control::If)?,
            TokenKind::With => self.control(Control::With)?,
            TokenKind::Range => self.control(Control::Range)?,
            TokenKind::Template => self.template_call()?,
            _ => {
                self.backup();
                let position = self.peek().start;
                let pipe = self.pipeline("command", TokenKind::RightDelim)?;
                Node { position, kind: NodeKind::Action(pipe) }
            }
        };
        Ok(Parsed::Node(node))
    }

    fn loop_control(&mut self, token: Token, shown: &str, kind: NodeKind) -> Result<Node> {
        let next = self.next_non_space();
        if next.kind != TokenKind::RightDelim {
            return self.unexpected(next, shown);
        }
        if self.frame.range_depth == 0 {
            return self.error(format!("{shown} outside {{{{range}}}}"));
        }
        Ok(Node { position: token.start, kind })
    }

    fn block(&mut self) -> Result<Node> {
        const CONTEXT: &str = "block clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, TokenKind::RightDelim)?;
        self.named_body(name.clone(), CONTEXT)?;
        let name = append(&mut self.unit.fields, [name]).start;
        Ok(Node { position: token.start, kind: NodeKind::Template { name, pipe: Some(pipe) } })
    }

    fn template_call(&mut self) -> Result<Node> {
        const CONTEXT: &str = "template clause";
        let token = self.next_non_space();
        let name = self.template_name(token, CONTEXT)?;
        let mut pipe = None;
        if self.next_non_space().kind != TokenKind::RightDelim {
            self.backup();
            pipe = Some(self.pipeline(CONTEXT, TokenKind::RightDelim)?);
        }
        let name = append(&mut self.unit.fields, [name]).start;
        Ok(Node { position: token.start, kind: NodeKind::Template { name, pipe } })
    }

    fn control(&mut self, control: Control) -> Result<Node> {
        let known = self.frame.known.len();
        let visible = self.frame.visible.len();
        let slots = self.frame.next_slot;
        let context = control.word();
        let pipe = self.pipeline(context, TokenKind::RightDelim)?;
        let in_pipe = (self.frame.visible.len(), self.frame.next_slot);

        if control == Control::Range {
            self.frame.range_depth += 1;
        }
        let (body, ending) = self.item_list()?;
        if control == Control::Range {
            self.frame.range_depth -= 1;
        }
        // What the body declared does not run when the other branch does.
        self.frame.visible.truncate(in_pipe.0);
        self.frame.next_slot = in_pipe.1;

        let mut otherwise = None;
        if let Ending::Else = ending {
            let chained = match (control, self.peek().kind) {
                (Control::If, TokenKind::If) => Some(Control::If),
                (Control::With, TokenKind::With) => Some(Control::With),
                _ => None,
            };
            if let Some(chained) = chained {
                self.next();
                self.depth += 1;
                if self.depth > MAX_DEPTH {
                    return self.error("max expression depth exceeded");
                }
                let node =
                    stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || self.control(chained))?;
                self.depth -= 1;
                otherwise = Some(append(&mut self.unit.nodes, [node]));
            } else {
                let (list, ending) = self.item_list()?;
                if let Ending::Else = ending {
                    return self.error("expected end; found {{else}}");
                }
                otherwise = Some(list);
            }
        }
        self.frame.known.truncate(known);
        self.frame.visible.truncate(visible);
        self.frame.next_slot = slots;
        let position = self.unit.pipes[pipe as usize].position;
        let kind = match control {
            Control::If => NodeKind::If { pipe, then: body, otherwise },
            Control::With => NodeKind::With { pipe, then: body, otherwise },
            Control::Range => NodeKind::Range { pipe, body, otherwise },
        };
        Ok(Node { position, kind })
    }

    fn declare(&mut self, name: Ids) -> u32 {
        let slot = self.frame.next_slot;
        self.frame.next_slot += 1;
        self.frame.max_slots = self.frame.max_slots.max(self.frame.next_slot);
        self.frame.visible.push((name, slot));
        slot
    }

    fn slot_of(&self, name: &[u8]) -> Option<u32> {
        let found = self.frame.visible.iter().rev().find(|(n, _)| n.of(self.text) == name);
        found.map(|(_, slot)| *slot).or_else(|| (name == b"$").then_some(0))
    }

    fn pipeline(&mut self, context: &str, end: TokenKind) -> Result<u32> {
        let position = self.peek_non_space().start;
        let mut assigns = false;
        let first_name = self.pending.names.len();
        loop {
            let variable = self.peek_non_space();
            if variable.kind != TokenKind::Variable {
                break;
            }
            self.next();
            let after = self.peek();
            let next = self.peek_non_space();
            if matches!(next.kind, TokenKind::Assign | TokenKind::Declare) {
                assigns = next.kind == TokenKind::Assign;
                self.next_non_space();
                self.pending.names.push(range(variable));
                self.frame.known.push(range(variable));
            } else if next.kind == TokenKind::Char && self.source(next) == b"," {
                self.next_non_space();
                self.pending.names.push(range(variable));
                self.frame.known.push(range(variable));
                if context == "range" && self.pending.names.len() - first_name < 2 {
                    match self.peek_non_space().kind {
                        TokenKind::Variable | TokenKind::RightDelim | TokenKind::RightParen => {
                            continue;
                        }
                        _ => return self.error("range can only initialize variables"),
                    }
                }
                return self.error(format!("too many declarations in {context}"));
            } else if after.kind == TokenKind::Space {
                self.backup3(variable, after);
            } else {
                self.backup2(variable);
            }
            break;
        }
        let first_command = self.pending.commands.len();
        loop {
            let token = self.next_non_space();
            match token.kind {
                kind if kind == end => break,
                TokenKind::Bool
                | TokenKind::CharConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParen => {
                    self.backup();
                    let command = self.command()?;
                    self.pending.commands.push(command);
                }
                _ => return self.unexpected(token, context),
            }
        }
        self.check_pipeline(&self.pending.commands[first_command..], context)?;
        // The value is computed before the names are bound, so `$x := $x` reads the outer one.
        let first_declaration = self.unit.declarations.len() as u32;
        for i in first_name..self.pending.names.len() {
            let name = self.pending.names[i];
            let slot =
                if assigns { self.slot_of(name.of(self.text)) } else { Some(self.declare(name)) };
            self.unit.declarations.push(Declaration { slot, name });
        }
        self.pending.names.truncate(first_name);
        let declarations =
            Ids { start: first_declaration, end: self.unit.declarations.len() as u32 };
        let commands = settle(&mut self.unit.commands, &mut self.pending.commands, first_command);
        self.unit.pipes.push(Pipe { position, assigns, declarations, commands });
        Ok(self.unit.pipes.len() as u32 - 1)
    }

    fn check_pipeline(&self, commands: &[Command], context: &str) -> Result<()> {
        if commands.is_empty() {
            return self.error(format!("missing value for {context}"));
        }
        for (i, command) in commands.iter().enumerate().skip(1) {
            let first = &self.unit.exprs[command.args.start as usize].kind;
            if matches!(
                first,
                ExprKind::Bool(_)
                    | ExprKind::Dot
                    | ExprKind::Nil
                    | ExprKind::Number(..)
                    | ExprKind::Text(..)
            ) {
                return self.error(format!("non executable command in pipeline stage {}", i + 1));
            }
        }
        Ok(())
    }

    fn command(&mut self) -> Result<Command> {
        let position = self.peek_non_space().start;
        let first_arg = self.pending.exprs.len();
        loop {
            self.peek_non_space();
            if let Some(operand) = self.operand()? {
                self.pending.exprs.push(operand);
            }
            let token = self.next();
            match token.kind {
                TokenKind::Space => continue,
                TokenKind::RightDelim | TokenKind::RightParen => self.backup(),
                TokenKind::Pipe => {}
                _ => return self.unexpected(token, "operand"),
            }
            break;
        }
        if self.pending.exprs.len() == first_arg {
            return self.error("empty command");
        }
        let args = settle(&mut self.unit.exprs, &mut self.pending.exprs, first_arg);
        Ok(Command { position, args })
    }

    fn operand(&mut self) -> Result<Option<Expr>> {
        let Some(mut node) = self.term()? else {
            return Ok(None);
        };
        let next = self.peek();
        if next.kind != TokenKind::Field {
            return Ok(Some(node));
        }
        // Fields already there and the new ones have to stand side by side.
        let end = self.unit.fields.len() as u32;
        let start = match &node.kind {
            ExprKind::Field(ids) | ExprKind::Variable { fields: ids, .. } if ids.end == end => {
                ids.start
            }
            ExprKind::Field(ids) | ExprKind::Variable { fields: ids, .. } => {
                let ids = ids.start as usize..ids.end as usize;
                self.unit.fields.extend_from_within(ids);
                end
            }
            _ => end,
        };
        while self.peek().kind == TokenKind::Field {
            let token = self.next();
            let name = self.field_name(token);
            self.unit.fields.push(name);
        }
        let position = next.start;
        let fields = Ids { start, end: self.unit.fields.len() as u32 };
        match node.kind {
            ExprKind::Field(_) => node.kind = ExprKind::Field(fields),
            ExprKind::Variable { slot, name, .. } => {
                node.kind = ExprKind::Variable { slot, name, fields };
            }
            ExprKind::Bool(_)
            | ExprKind::Text(..)
            | ExprKind::Number(..)
            | ExprKind::Nil
            | ExprKind::Dot => {
                self.unit.exprs.push(node);
                let id = self.unit.exprs.len() as u32 - 1;
                let shown = self.unit.describe(super::ast::At::Expr(id));
                return self.error(format!("unexpected . after term {}", quote(shown.as_bytes())));
            }
            _ => {
                let base = append(&mut self.unit.exprs, [node]).start;
                return Ok(Some(Expr { position, kind: ExprKind::Chain { base, fields } }));
            }
        }
        node.position = position;
        Ok(Some(node))
    }

    /// Returns the name of a field, shared with other uses of it in the file.
    fn field_name(&mut self, token: Token) -> Str {
        let name = &self.text[token.start as usize + 1..token.end as usize];
        let (first, last) = (name.first(), name.last());
        let hash = [first, last]
            .into_iter()
            .flatten()
            .fold(name.len(), |hash, byte| hash.wrapping_mul(31).wrapping_add(usize::from(*byte)));
        let recent = &mut self.recent[hash % RECENT];
        if recent.as_bytes() != name {
            *recent = Str::from(name);
        }
        recent.clone()
    }

    fn term(&mut self) -> Result<Option<Expr>> {
        let token = self.next_non_space();
        let kind = match token.kind {
            TokenKind::Identifier => {
                let name = self.source(token);
                match callee(name) {
                    Some(callee) => ExprKind::Function(callee, range(token)),
                    None => {
                        let message = format!("function {} not defined", quote(name));
                        return self.error_with(message, hint::function(name));
                    }
                }
            }
            TokenKind::Dot => ExprKind::Dot,
            TokenKind::Nil => ExprKind::Nil,
            TokenKind::Variable => {
                let name = self.source(token);
                let slot = self.slot_of(name);
                if slot.is_none() && !self.frame.known.iter().any(|n| n.of(self.text) == name) {
                    let message = format!("undefined variable {}", quote(name));
                    let visible = self.frame.visible.iter().map(|(name, _)| name.of(self.text));
                    let hint = hint::variable(name, visible);
                    return self.error_with(message, hint).map_err(|error| error.at(token.start));
                }
                ExprKind::Variable { slot, name: range(token), fields: Ids::default() }
            }
            TokenKind::Field => {
                let name = self.field_name(token);
                ExprKind::Field(append(&mut self.unit.fields, [name]))
            }
            TokenKind::Bool => ExprKind::Bool(self.source(token) == b"true"),
            TokenKind::CharConstant => match unquote_char(self.source(token)) {
                Some(Some(code)) => {
                    ExprKind::Number(Box::new(Number::from_char(code)), range(token))
                }
                None => return self.error("invalid syntax"),
                Some(None) => {
                    let text = String::from_utf8_lossy(self.source(token)).into_owned();
                    return self.error(format!("malformed character constant: {text}"));
                }
            },
            TokenKind::Complex | TokenKind::Number => {
                let text = String::from_utf8_lossy(self.source(token)).into_owned();
                match Number::parse(&text) {
                    Ok(number) => ExprKind::Number(Box::new(number), range(token)),
                    Err(message) => return self.error(message),
                }
            }
            TokenKind::LeftParen => {
                if self.depth >= MAX_DEPTH {
                    return self.error("max expression depth exceeded");
                }
                self.depth += 1;
                let pipe = stacker::maybe_grow(128 * 1024, 2 * 1024 * 1024, || {
                    self.pipeline("parenthesized pipeline", TokenKind::RightParen)
                })?;
                self.depth -= 1;
                ExprKind::Pipe(pipe)
            }
            TokenKind::String | TokenKind::RawString => match unquote(self.source(token)) {
                Some(Cow::Borrowed(_)) => {
                    let inner = token.start as usize + 1..token.end as usize - 1;
                    ExprKind::Text(self.unit.text.slice(inner), range(token))
                }
                Some(Cow::Owned(text)) => ExprKind::Text(Str::from(text), range(token)),
                None => return self.error("invalid syntax"),
            },
            _ => {
                self.backup();
                return Ok(None);
            }
        };
        Ok(Some(Expr { position: token.start, kind }))
    }
}

enum Parsed {
    Node(Node),
    Ending(Ending),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Control {
    If,
    With,
    Range,
}

impl Control {
    fn word(self) -> &'static str {
        match self {
            Control::If => "if",
            Control::With => "with",
            Control::Range => "range",
        }
    }
}

fn callee(name: &[u8]) -> Option<Callee> {
    Some(match name {
        b"and" => Callee::And,
        b"or" => Callee::Or,
        b"include" => Callee::Include,
        b"tpl" => Callee::Tpl,
        _ => Callee::Table(function::find(std::str::from_utf8(name).ok()?)?),
    })
}
