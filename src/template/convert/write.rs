//! Goes through a template and writes it anew.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::expression::{Fault, Level, Printer, Result};
use super::name::{singular, variable};
use super::piece::{Kind, Piece, pieces};
use super::scene::HOLE;
use super::tree::{Base, Call, Path, Step, Tree};
use super::{Converted, Refusal, Wishes};
use crate::template::gotmpl::ast::{
    Callee, Command, Expr, ExprKind, Ids, Node, NodeKind, Pipe, Unit,
};
use crate::value::Value;

/// Writes a template in Jinja.
pub(super) struct Writer<'a> {
    pub(super) unit: &'a Unit,
    pub(super) source: &'a str,
    pub(super) wishes: Wishes<'a>,
    pub(super) pieces: Vec<Piece>,
    /// Whether a piece is a tag on a line with nothing but tags.
    pub(super) lone: Vec<bool>,
    /// The piece at hand.
    pub(super) at: usize,
    pub(super) out: String,
    /// What is written so far without tags, each hole one character.
    pub(super) seen: String,
    pub(super) is_yaml: bool,
    /// The number of the next hole.
    pub(super) next_hole: usize,
    pub(super) holes: BTreeSet<usize>,
    dot: Tree,
    variables: HashMap<u32, Tree>,
    names: HashSet<String>,
    /// The declarations whose variables are assigned within a loop further in.
    outlived: HashSet<u32>,
    has_values: bool,
    /// Whether the last hole wrote lines of its own.
    pub(super) wrote_lines: bool,
}

/// The printer of expressions in tags.
pub(super) const DOUBLE: Printer = Printer { quote: '"' };

fn is_yaml(name: &str) -> bool {
    let base = name.rsplit('/').next().unwrap_or(name);
    match base.rsplit_once('.') {
        Some((_, extension)) => matches!(extension, "yaml" | "yml" | "json"),
        None => true,
    }
}

impl<'a> Writer<'a> {
    pub(super) fn new(unit: &'a Unit, source: &'a str, wishes: Wishes<'a>) -> Self {
        let pieces = pieces(source);
        let lone = lone(source, &pieces);
        Writer {
            unit,
            source,
            wishes,
            pieces,
            lone,
            at: 0,
            out: String::with_capacity(source.len()),
            seen: String::with_capacity(source.len()),
            is_yaml: is_yaml(&unit.name.to_str_lossy()),
            next_hole: 0,
            holes: BTreeSet::new(),
            dot: Tree::root(),
            variables: HashMap::from([(0, Tree::root())]),
            names: HashSet::new(),
            outlived: HashSet::new(),
            has_values: false,
            wrote_lines: false,
        }
    }

    pub(super) fn run(mut self) -> std::result::Result<Converted, Refusal> {
        let file = self.unit.definitions.iter().find(|d| d.name == self.unit.name);
        let body = file.map_or(Ids::default(), |definition| definition.body);
        self.find_outlived(body, 0, &mut HashMap::new());
        match self.nodes(body) {
            Ok(()) if self.at == self.pieces.len() => {}
            Ok(()) => {
                let position = self.pieces[self.at].range.start as u32;
                return Err(
                    self.refuse(&Fault { position, reason: "unexpected action".to_owned() })
                );
            }
            Err(fault) => return Err(self.refuse(&fault)),
        }
        let mut text = self.out;
        if self.has_values {
            text.insert_str(0, "{% set values = optional(values) %}\n");
        }
        Ok(Converted { text, holes: self.holes })
    }

    fn refuse(&self, fault: &Fault) -> Refusal {
        let (line, _) = self.unit.line_column(fault.position);
        Refusal { line, reason: fault.reason.clone() }
    }

    fn fault<T>(&self, reason: impl Into<String>) -> Result<T> {
        let piece = self.pieces.get(self.at).or_else(|| self.pieces.last());
        let position = piece.map_or(0, |piece| piece.range.start) as u32;
        Err(Fault { position, reason: reason.into() })
    }

    /// Finds the variables that loops assign and that live longer than these.
    fn find_outlived(&mut self, nodes: Ids, depth: u32, known: &mut HashMap<u32, (u32, u32)>) {
        let unit = self.unit;
        let pipe =
            |writer: &mut Self, id: u32, depth: u32, known: &mut HashMap<u32, (u32, u32)>| {
                let pipe = unit.pipes[id as usize];
                for number in pipe.declarations.start..pipe.declarations.end {
                    let Some(slot) = unit.declarations[number as usize].slot else { continue };
                    if !pipe.assigns {
                        known.insert(slot, (number, depth));
                    } else if let Some((declared, outer)) = known.get(&slot)
                        && *outer < depth
                    {
                        writer.outlived.insert(*declared);
                    }
                }
            };
        for node in nodes.of(&unit.nodes) {
            match node.kind {
                NodeKind::Action(id) => pipe(self, id, depth, known),
                NodeKind::If { pipe: id, then, otherwise }
                | NodeKind::With { pipe: id, then, otherwise } => {
                    pipe(self, id, depth, known);
                    self.find_outlived(then, depth, known);
                    self.find_outlived(otherwise.unwrap_or_default(), depth, known);
                }
                NodeKind::Range { pipe: id, body, otherwise } => {
                    pipe(self, id, depth + 1, known);
                    self.find_outlived(body, depth + 1, known);
                    self.find_outlived(otherwise.unwrap_or_default(), depth, known);
                }
                _ => {}
            }
        }
    }

    /// Writes nodes up to the tag that ends them.
    fn nodes(&mut self, nodes: Ids) -> Result<()> {
        let unit = self.unit;
        let mut nodes =
            nodes.of(&unit.nodes).iter().filter(|node| !matches!(node.kind, NodeKind::Text(_)));
        while let Some(piece) = self.pieces.get(self.at) {
            match piece.kind {
                Kind::Text => {
                    self.text();
                    self.at += 1;
                }
                Kind::Comment => {
                    self.comment();
                    self.at += 1;
                }
                Kind::Block | Kind::Hole => match piece.word(self.source) {
                    "end" | "else" => return Ok(()),
                    "define" => return self.fault("defines a template"),
                    "block" => return self.fault("`block` has no counterpart"),
                    _ => match nodes.next() {
                        Some(node) => self.node(node)?,
                        None => return self.fault("unexpected action"),
                    },
                },
            }
        }
        Ok(())
    }

    /// Writes text of the template.
    fn text(&mut self) {
        let piece = &self.pieces[self.at];
        let mut text = &self.source[piece.range.clone()];
        let trims = |i: usize| self.pieces.get(i).filter(|_| !self.lone[i]).map(|p| p.trims);
        if self.at.checked_sub(1).and_then(trims).is_some_and(|trims| trims.1) {
            let head = text.find('\n').filter(|at| text[..*at].trim_ascii().is_empty());
            match head {
                // Lines that were written end there anyway.
                Some(at) if self.wrote_lines => text = &text[at..],
                _ => text = text.trim_ascii_start(),
            }
        }
        self.wrote_lines = false;
        if trims(self.at + 1).is_some_and(|trims| trims.0) {
            text = text.trim_ascii_end();
        }
        self.seen.push_str(text);
        push_escaped(&mut self.out, text);
    }

    fn comment(&mut self) {
        let piece = &self.pieces[self.at];
        let inner = self.source[piece.inner.clone()].trim();
        let inner = inner.strip_prefix("/*").unwrap_or(inner);
        let inner = inner.strip_suffix("*/").unwrap_or(inner);
        let inner = inner.replace("#}", "# }");
        self.out.push_str("{#");
        if !inner.starts_with([' ', '\n']) {
            self.out.push(' ');
        }
        self.out.push_str(&inner);
        if !inner.ends_with([' ', '\n']) {
            self.out.push(' ');
        }
        self.out.push_str("#}");
    }

    /// Writes a tag.
    fn tag(&mut self, inner: &str) {
        self.out.push_str("{% ");
        self.out.push_str(inner);
        self.out.push_str(" %}");
    }

    fn node(&mut self, node: &Node) -> Result<()> {
        match node.kind {
            NodeKind::Text(_) => {}
            NodeKind::Action(id) => {
                let pipe = self.unit.pipes[id as usize];
                if pipe.declarations.is_empty() {
                    let tree = self.pipe(id)?;
                    self.hole(&tree)?;
                } else {
                    self.assign(&pipe, id)?;
                }
                self.at += 1;
            }
            NodeKind::Template { name, pipe } => {
                let template = Tree::Text(self.unit.fields[name as usize].to_string());
                let data = pipe.map_or(Ok(Tree::Nil), |pipe| self.pipe(pipe))?;
                let args = vec![template, data];
                let call = Call { name: "include".to_owned(), args, position: node.position };
                self.hole(&Tree::Call(call))?;
                self.at += 1;
            }
            NodeKind::If { pipe, then, otherwise } => {
                self.condition(pipe, "if")?;
                self.branches(then, otherwise, None)?;
            }
            NodeKind::With { pipe, then, otherwise } => {
                let dot = self.with(pipe, "if")?;
                self.branches(then, otherwise, Some(dot))?;
            }
            NodeKind::Range { pipe, body, otherwise } => self.range(pipe, body, otherwise)?,
            NodeKind::Break => {
                self.tag("break");
                self.at += 1;
            }
            NodeKind::Continue => {
                self.tag("continue");
                self.at += 1;
            }
        }
        Ok(())
    }

    /// Writes the tag of a condition.
    fn condition(&mut self, id: u32, word: &str) -> Result<()> {
        let pipe = self.unit.pipes[id as usize];
        let tree = if pipe.declarations.is_empty() {
            self.pipe(id)?
        } else {
            if word == "elif" {
                return self.fault("`else if` with a variable has no counterpart");
            }
            self.assign(&pipe, id)?
        };
        let condition = self.print(&tree, DOUBLE)?.text;
        self.tag(&format!("{word} {condition}"));
        self.at += 1;
        Ok(())
    }

    /// Writes the tag of a `with` and returns what the dot is within.
    fn with(&mut self, id: u32, word: &str) -> Result<Tree> {
        let pipe = self.unit.pipes[id as usize];
        let mut tree =
            if pipe.declarations.is_empty() { self.pipe(id)? } else { self.assign(&pipe, id)? };
        if !tree.is_simple() {
            if word == "elif" {
                return self.fault("`else with` has no counterpart");
            }
            let wanted = match &tree {
                Tree::Path(path) => path.steps.last().and_then(|step| match step {
                    Step::Key(key) => Some(key.clone()),
                    _ => None,
                }),
                _ => None,
            };
            let name = self.fresh(&wanted.unwrap_or_else(|| "it".to_owned()));
            let value = self.print(&tree, DOUBLE)?.text;
            self.tag(&format!("set {name} = {value}"));
            tree = Tree::variable(name, tree.origin());
        }
        let condition = self.print(&tree, DOUBLE)?.text;
        self.tag(&format!("{word} {condition}"));
        self.at += 1;
        Ok(tree)
    }

    /// Writes what follows a condition, to the end.
    fn branches(&mut self, then: Ids, otherwise: Option<Ids>, dot: Option<Tree>) -> Result<()> {
        let outer = self.dot.clone();
        if let Some(dot) = dot {
            self.dot = dot;
        }
        self.nodes(then)?;
        self.dot = outer;
        let Some(piece) = self.pieces.get(self.at) else { return self.fault("no end") };
        if piece.word(self.source) == "else" {
            let second = piece.second_word(self.source);
            let node = otherwise.and_then(|nodes| nodes.of(&self.unit.nodes).first());
            match (second, node.map(|node| node.kind)) {
                ("if", Some(NodeKind::If { pipe, then, otherwise })) => {
                    self.condition(pipe, "elif")?;
                    return self.branches(then, otherwise, None);
                }
                ("with", Some(NodeKind::With { pipe, then, otherwise })) => {
                    let dot = self.with(pipe, "elif")?;
                    return self.branches(then, otherwise, Some(dot));
                }
                _ => {}
            }
            self.tag("else");
            self.at += 1;
            self.nodes(otherwise.unwrap_or_default())?;
        }
        if self.at >= self.pieces.len() {
            return self.fault("no end");
        }
        self.tag("endif");
        self.at += 1;
        Ok(())
    }

    fn range(&mut self, id: u32, body: Ids, otherwise: Option<Ids>) -> Result<()> {
        let pipe = self.unit.pipes[id as usize];
        if pipe.assigns {
            return self.fault("a loop that assigns variables of before has no counterpart");
        }
        let tree = self.pipe(id)?;
        let origin = tree.origin();
        let declared: Vec<_> = (pipe.declarations.start..pipe.declarations.end)
            .map(|i| (i, self.unit.declarations[i as usize]))
            .collect();
        let item_origin = origin.as_ref().map(|keys| [keys.as_slice(), &["*".to_owned()]].concat());
        let is_map = origin
            .as_ref()
            .is_some_and(|keys| matches!(self.default_of(keys), Some(Value::Map(_))));
        let mut names = Vec::new();
        for (_, declaration) in &declared {
            let name = self.source_of(declaration.name).trim_start_matches('$').to_owned();
            names.push(if name == "_" { "_".to_owned() } else { self.fresh(&name) });
        }
        if names.is_empty() {
            let plural = match &tree {
                Tree::Path(Path { steps, .. }) => match steps.last() {
                    Some(Step::Key(key)) => Some(key.clone()),
                    _ => None,
                },
                _ => None,
            };
            names.push(self.fresh(&plural.map_or_else(|| "item".to_owned(), |p| singular(&p))));
        }
        let count = tree.call(&["until"]).map(|call| call.args.clone());
        let target;
        let iterable = match (count, &tree, names.as_slice()) {
            (Some(args), _, [name]) => {
                target = name.clone();
                format!("range({})", self.list(&args)?)
            }
            (_, Tree::Number(_), [name]) => {
                target = name.clone();
                format!("range({})", self.print(&tree, DOUBLE)?.text)
            }
            (_, _, [name]) => {
                target = name.clone();
                let text = self.print(&tree, DOUBLE)?;
                if is_map { format!("{} | values_of", text.at(Level::Filter)) } else { text.text }
            }
            _ => {
                target = names.join(", ");
                format!("{} | entries", self.print(&tree, DOUBLE)?.at(Level::Filter))
            }
        };
        self.tag(&format!("for {target} in {iterable}"));
        self.at += 1;
        for (i, (_, declaration)) in declared.iter().enumerate() {
            if let Some(slot) = declaration.slot {
                let is_item = i + 1 == declared.len();
                let origin = item_origin.clone().filter(|_| is_item);
                self.variables.insert(slot, Tree::variable(names[i].clone(), origin));
            }
        }
        let item = Tree::variable(names.last().cloned().unwrap_or_default(), item_origin);
        let outer = std::mem::replace(&mut self.dot, item);
        self.nodes(body)?;
        self.dot = outer;
        for name in &names {
            self.names.remove(name);
        }
        let Some(piece) = self.pieces.get(self.at) else { return self.fault("no end") };
        if piece.word(self.source) == "else" {
            self.tag("else");
            self.at += 1;
            self.nodes(otherwise.unwrap_or_default())?;
        }
        if self.at >= self.pieces.len() {
            return self.fault("no end");
        }
        self.tag("endfor");
        self.at += 1;
        Ok(())
    }

    fn source_of(&self, range: Ids) -> &'a str {
        &self.source[range.start as usize..range.end as usize]
    }

    /// Returns a name that no other variable has.
    fn fresh(&mut self, wanted: &str) -> String {
        let name = variable(wanted);
        let mut found = name.clone();
        let mut count = 1;
        while !self.names.insert(found.clone()) {
            count += 1;
            found = format!("{name}{count}");
        }
        found
    }

    /// Writes the tag of an assignment; returns what the variable is.
    fn assign(&mut self, pipe: &Pipe, id: u32) -> Result<Tree> {
        let number = pipe.declarations.start;
        let declaration = self.unit.declarations[number as usize];
        let Some(slot) = declaration.slot else {
            return self.fault("assigns a variable that is not there");
        };
        let tree = self.pipe(id)?;
        let name = self.source_of(declaration.name).trim_start_matches('$');
        if pipe.assigns {
            let target = self.variables.get(&slot).cloned();
            let Some(target @ Tree::Path(Path { base: Base::Variable(_), .. })) = target else {
                return self.fault("assigns a variable that stands for something else");
            };
            let value = self.print(&tree, DOUBLE)?.text;
            let text = self.print(&target, DOUBLE)?.text;
            self.tag(&format!("set {text} = {value}"));
            return Ok(target);
        }
        if name == "_" || tree.call(&["set", "unset", "mustMerge"]).is_some() {
            return self.fault("changes a map in place");
        }
        if tree.is_root() {
            self.variables.insert(slot, tree.clone());
            return Ok(tree);
        }
        let origin = tree.origin();
        let mut value = self.print(&tree, DOUBLE)?;
        if tree.call(&["fromYaml", "fromJson", "lookup", "index", "mustFromJson"]).is_some() {
            value.text = format!("{} | optional", value.clone().at(Level::Filter));
            value.level = Level::Filter;
        }
        let name = self.fresh(name);
        let mut variable = Tree::variable(name.clone(), origin);
        if self.outlived.contains(&number) {
            self.tag(&format!("set {name} = namespace(value={})", value.text));
            variable = Tree::variable(name, None).step(Step::Key("value".to_owned()));
        } else {
            self.tag(&format!("set {name} = {}", value.text));
        }
        self.variables.insert(slot, variable.clone());
        Ok(variable)
    }

    /// Writes an expression and remembers whether it needs the chart's values.
    pub(super) fn print(
        &mut self,
        tree: &Tree,
        printer: Printer,
    ) -> Result<super::expression::Text> {
        let text = printer.print(tree)?;
        self.has_values |= text.text.contains("values");
        Ok(text)
    }

    fn list(&mut self, trees: &[Tree]) -> Result<String> {
        let text = DOUBLE.list(trees)?;
        self.has_values |= text.contains("values");
        Ok(text)
    }

    /// Returns what the chart's values have at a path.
    pub(super) fn default_of(&self, keys: &[String]) -> Option<Value> {
        let mut value = Value::Map(self.wishes.values.clone());
        for key in keys {
            value = match &value {
                Value::Map(map) => match map.get(key) {
                    Some(value) => value,
                    None if key == "*" => map.entries().iter().next()?.1.clone(),
                    None => return None,
                },
                Value::List(list) if key == "*" => list.get(0)?,
                _ => return None,
            };
        }
        Some(value)
    }

    /// Reads a pipeline.
    fn pipe(&mut self, id: u32) -> Result<Tree> {
        let pipe = self.unit.pipes[id as usize];
        let mut last = None;
        for command in pipe.commands.of(&self.unit.commands) {
            last = Some(self.command(command, last)?);
        }
        match last {
            Some(tree) => Ok(tree),
            None => self.fault("an empty pipeline"),
        }
    }

    fn command(&mut self, command: &Command, last: Option<Tree>) -> Result<Tree> {
        let exprs = command.args.of(&self.unit.exprs);
        let Some((first, rest)) = exprs.split_first() else {
            return self.fault("an empty command");
        };
        let mut args = rest.iter().map(|arg| self.expr(arg)).collect::<Result<Vec<_>>>()?;
        args.extend(last);
        if let ExprKind::Function(callee, range) = &first.kind {
            return Ok(self.function(*callee, *range, args, first.position));
        }
        let tree = self.expr(first)?;
        if args.is_empty() {
            return Ok(tree);
        }
        self.method(tree, args)
    }

    /// Makes of a path whose last step is a method the call of it.
    fn method(&self, tree: Tree, args: Vec<Tree>) -> Result<Tree> {
        match tree {
            Tree::Path(mut path) if path.steps.len() >= 2 => match path.steps.pop() {
                Some(Step::Key(name)) => {
                    Ok(Tree::Method { base: Box::new(Tree::Path(path)), name, args })
                }
                _ => self.fault("calls what is no function"),
            },
            _ => self.fault("calls what is no function"),
        }
    }

    fn function(&self, callee: Callee, range: Ids, args: Vec<Tree>, position: u32) -> Tree {
        let name = match callee {
            Callee::And | Callee::Or | Callee::Include | Callee::Tpl => self.source_of(range),
            Callee::Table(function) => function.name,
        };
        if matches!(name, "index" | "get") && !args.is_empty() {
            let mut args = args.into_iter();
            let base = args.next().unwrap_or(Tree::Nil);
            return args.fold(base, |base, key| match key {
                Tree::Text(key) => base.step(Step::Key(key)),
                key => base.step(Step::Index(Box::new(key))),
            });
        }
        Tree::Call(Call { name: name.to_owned(), args, position })
    }

    fn fields(&self, mut tree: Tree, fields: Ids) -> Tree {
        const METHODS: &[&str] = &["AsConfig", "AsSecrets", "AsStringMap"];
        for field in fields.of(&self.unit.fields) {
            let field = field.to_string();
            tree = if METHODS.contains(&field.as_str()) {
                Tree::Method { base: Box::new(tree), name: field, args: Vec::new() }
            } else {
                tree.step(Step::Key(field))
            };
        }
        tree
    }

    fn expr(&mut self, expr: &Expr) -> Result<Tree> {
        Ok(match &expr.kind {
            ExprKind::Dot => self.dot.clone(),
            ExprKind::Nil => Tree::Nil,
            ExprKind::Bool(value) => Tree::Bool(*value),
            ExprKind::Number(number, range) => match (number.int, number.float) {
                (Some(int), _) => Tree::Number(int.to_string()),
                (None, Some(_)) => Tree::Number(self.source_of(*range).to_owned()),
                _ => return self.fault("a complex number has no counterpart"),
            },
            ExprKind::Text(text, _) => Tree::Text(text.to_string()),
            ExprKind::Field(fields) => self.fields(self.dot.clone(), *fields),
            ExprKind::Variable { slot, fields, name } => {
                let name = self.source_of(*name);
                match slot.and_then(|slot| self.variables.get(&slot)) {
                    Some(tree) => self.fields(tree.clone(), *fields),
                    None => return self.fault(format!("the variable {name} is not there")),
                }
            }
            ExprKind::Chain { base, fields } => {
                let base = self.unit.exprs[*base as usize].clone();
                let mut base = self.expr(&base)?;
                if matches!(&base, Tree::Path(path) if !matches!(path.base, Base::Value(_))) {
                    // In parentheses nothing has fields, too.
                    base = base.step(Step::Optional);
                }
                self.fields(base, *fields)
            }
            ExprKind::Pipe(id) => {
                if !self.unit.pipes[*id as usize].declarations.is_empty() {
                    return self.fault("assigns a variable within an expression");
                }
                self.pipe(*id)?
            }
            ExprKind::Function(callee, range) => {
                self.function(*callee, *range, Vec::new(), expr.position)
            }
        })
    }

    /// Notes a hole in what was seen.
    pub(super) fn see_hole(&mut self) {
        self.seen.push(HOLE);
    }
}

/// Writes text; what would be taken for a tag is marked as text.
pub(super) fn push_escaped(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest
        .match_indices('{')
        .map(|(at, _)| at)
        .find(|at| rest[at + 1..].starts_with(['{', '%', '#']))
    {
        out.push_str(&rest[..at]);
        // A line is a good place to end.
        let line = rest[at..].find('\n').map_or(rest.len(), |end| at + end);
        let last = rest[at..line].rfind("}}").map_or(at + 2, |end| at + end + 2);
        out.push_str("{% raw %}");
        out.push_str(&rest[at..last]);
        out.push_str("{% endraw %}");
        rest = &rest[last..];
    }
    out.push_str(rest);
}

/// Tells which tags stand on lines with nothing but tags, where white space does not matter.
fn lone(source: &str, pieces: &[Piece]) -> Vec<bool> {
    let mut lone = vec![false; pieces.len()];
    let is_tag = |piece: &Piece| matches!(piece.kind, Kind::Block | Kind::Comment);
    let mut at = 0;
    while at < pieces.len() {
        // Tags and blanks in a row.
        let start = at;
        while at < pieces.len() {
            let piece = &pieces[at];
            let text = &source[piece.range.clone()];
            let is_blank =
                piece.kind == Kind::Text && text.bytes().all(|b| matches!(b, b' ' | b'\t'));
            if !is_tag(piece) && !is_blank {
                break;
            }
            at += 1;
        }
        let line_before = start.checked_sub(1).is_none_or(|i| {
            let text = &source[pieces[i].range.clone()];
            let tail = &text[text.rfind('\n').map_or(0, |at| at + 1)..];
            pieces[i].kind == Kind::Text
                && tail.trim_ascii().is_empty()
                && (text.contains('\n') || i == 0)
        });
        let line_after = pieces.get(at).is_none_or(|piece| {
            let text = &source[piece.range.clone()];
            let head = text.find('\n').map(|at| &text[..at]);
            piece.kind == Kind::Text
                && (head.is_some_and(|head| head.trim_ascii().is_empty())
                    || (at + 1 == pieces.len() && text.trim_ascii().is_empty()))
        });
        for (i, flag) in lone.iter_mut().enumerate().take(at).skip(start) {
            *flag = line_before && line_after && is_tag(&pieces[i]);
        }
        at = at.max(start + 1);
    }
    lone
}
