//! Executes templates.
//!
//! The order of visits, the checks of arguments and the words of errors follow Go's text/template,
//! because charts and scripts depend on all three.

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use super::advice::Scene;
use super::ast::{At, Callee, Command, Expr, ExprKind, Ids, NodeKind, Unit};
use super::fault::{Cause, Fault, TPL_NAME};
use super::number::Number;
use super::origin::{Call as Caller, Mark, NO_CALL, Origins};
use super::parser;
use super::quote::quote;
use super::set::{FOREIGN, Template, TemplateSet};
use crate::template::function::{Env, Failure, Function, Param};
use crate::template::method;
use crate::value::{
    Kind, List, ListType, Map, MapType, Object, Str, Value, has_cycle, is_true, print_to,
};

type Result<T> = std::result::Result<T, Box<Fault>>;

/// `{{template}}` nested deeper than this is an error, as in Go.
const MAX_TEMPLATE_DEPTH: u32 = 100_000;

/// `include` of one name nested deeper than this is an error, as in Helm.
const MAX_INCLUDE_DEPTH: u32 = 1000;

/// How deep `tpl` may run within `tpl`. Helm has no limit and dies of it.
const MAX_TPL_DEPTH: u32 = 200;

/// How many nodes one file may execute, those of its loops and partials included.
const MAX_STEPS: u64 = 50_000_000;

/// How long the text of one file may become, in bytes.
const MAX_OUTPUT: usize = 128 << 20;

/// How much text and list the functions called for one file may make, in bytes.
const MAX_PRODUCED: u64 = 256 << 20;

/// What is said of data that lies within itself, where Helm dies.
const CYCLE: &str = "encountered a cycle: a map lies within itself";

fn is_nested(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::List(_))
}

/// Text that Go prints for "no value" and that Helm deletes from results.
const NO_VALUE: &[u8] = b"<no value>";

/// A value and whether Go would hold it in an interface: only error texts can tell.
#[derive(Clone, Debug)]
struct Slot {
    value: Value,
    boxed: bool,
}

/// The template being executed.
struct Frame<'u> {
    unit: &'u Unit,
    unit_id: u32,
    name: &'u Str,
    /// Index of `$` among the slots.
    base: usize,
    depth: u32,
}

#[derive(PartialEq, Eq)]
enum Flow {
    Next,
    Break,
    Continue,
}

/// A text given to `tpl`, parsed.
struct Text {
    template: Template,
    /// What the text defines, beside itself.
    definitions: HashMap<Str, Template>,
}

/// What a command calls and with what.
struct Call<'u> {
    /// The node that a failure is reported at.
    at: At,
    name: &'u str,
    args: Ids,
    last: Option<Value>,
}

/// Executes templates of one set, one after the other.
pub struct Executor<'s> {
    set: &'s TemplateSet,
    env: &'s Env,
    files: Arc<[Str]>,
    slots: Vec<Option<Slot>>,
    args: Vec<Value>,
    out: Vec<u8>,
    marks: Vec<Mark>,
    /// Every call that was made, and the number of the one that is running.
    calls: Vec<Caller>,
    call: u32,
    at: At,
    included: HashMap<Str, u32>,
    /// How many `tpl` are running.
    tpl_depth: u32,
    texts: HashMap<Str, Rc<Text>>,
    overlays: Vec<Rc<Text>>,
    /// The data of the file that is rendered.
    root: Value,
    /// What the file has used of [`MAX_STEPS`] and of [`MAX_PRODUCED`].
    steps: u64,
    produced: u64,
}

/// What a template wrote.
#[derive(Debug)]
pub struct Output {
    /// The text, without any `<no value>`.
    pub text: Vec<u8>,
    /// Which part of the text came from where.
    pub origins: Origins,
}

/// Why there is no output.
#[derive(Debug)]
pub enum Stop {
    /// The template failed.
    Failed(Box<crate::diagnostic::Diagnostic>),
    /// A frozen map was written to: render again with thawed data.
    Frozen,
}

impl<'s> Executor<'s> {
    /// Makes an executor over the templates of `set`.
    #[must_use]
    pub fn new(set: &'s TemplateSet, env: &'s Env) -> Self {
        Executor {
            set,
            env,
            files: set.files.clone().into(),
            slots: Vec::new(),
            args: Vec::new(),
            out: Vec::new(),
            marks: Vec::new(),
            calls: Vec::new(),
            call: NO_CALL,
            at: At::Node(0),
            included: HashMap::new(),
            tpl_depth: 0,
            texts: HashMap::new(),
            overlays: Vec::new(),
            root: Value::Absent,
            steps: 0,
            produced: 0,
        }
    }

    /// Executes the template of that name with `data` as dot.
    ///
    /// # Errors
    /// The run-time error with Helm's text, or a write to frozen data.
    pub fn execute(&mut self, name: &str, data: Value) -> std::result::Result<Output, Stop> {
        self.out.clear();
        self.marks.clear();
        self.calls.clear();
        self.call = NO_CALL;
        self.slots.clear();
        self.args.clear();
        self.included.clear();
        self.tpl_depth = 0;
        self.overlays.clear();
        self.root = data.clone();
        (self.steps, self.produced) = (0, 0);
        let Some(template) = self.set.get(name.as_bytes()).cloned() else {
            let message = format!(
                "template: no template {} associated with template \"gotpl\"",
                quote(name.as_bytes())
            );
            let hint = self.nearest_template(&Str::from(name));
            let diagnostic = crate::diagnostic::Diagnostic::error(message).hinted(hint);
            return Err(Stop::Failed(Box::new(diagnostic)));
        };
        match self.run(&template, data, 0) {
            Ok(()) => {
                let mut text = std::mem::take(&mut self.out);
                let mut origins = Origins {
                    marks: std::mem::take(&mut self.marks),
                    calls: std::mem::take(&mut self.calls),
                    files: Arc::clone(&self.files),
                };
                delete_no_value(&mut text, Some(&mut origins));
                Ok(Output { text, origins })
            }
            Err(fault) if fault.is_frozen() => Err(Stop::Frozen),
            Err(fault) => Err(Stop::Failed(Box::new(fault.into_diagnostic()))),
        }
    }

    /// Executes a text as `tpl` does.
    ///
    /// # Errors
    /// As [`Executor::execute`].
    pub fn expand(&mut self, source: &Str, data: Value) -> std::result::Result<Str, Stop> {
        self.root = data.clone();
        self.tpl(source, data, 0).map_err(|cause| {
            Stop::Failed(Box::new(match cause {
                Cause::Nested { fault, .. } if fault.is_frozen() => return Stop::Frozen,
                Cause::Nested { fault, .. } => fault.into_diagnostic(),
                Cause::Text(text) | Cause::User(text) => crate::diagnostic::Diagnostic::error(text),
                Cause::Frozen => return Stop::Frozen,
            }))
        })
    }

    fn find(&self, name: &[u8]) -> Option<Template> {
        let mut blank = None;
        for text in self.overlays.iter().rev() {
            if let Some(template) = text.definitions.get(name) {
                if !template.definition().blank {
                    return Some(template.clone());
                }
                blank = blank.or(Some(template));
            }
        }
        self.set.get(name).or(blank).cloned()
    }

    /// Executes a template's body with its own variables; what it writes is appended to `out`.
    fn run(&mut self, template: &Template, data: Value, depth: u32) -> Result<()> {
        let definition = template.definition();
        let base = self.slots.len();
        let data = if data.is_nil() { Value::Absent } else { data };
        let dot = Slot { value: data, boxed: false };
        self.slots.push(Some(dot.clone()));
        self.slots.resize(base + definition.slots as usize, None);
        let frame = Frame {
            unit: &template.unit,
            unit_id: template.unit_id,
            name: &definition.name,
            base,
            depth,
        };
        let at = self.at;
        let result = stacker::maybe_grow(256 * 1024, 4 * 1024 * 1024, || {
            self.walk(&frame, template.body(), &dot)
        });
        self.at = at;
        self.slots.truncate(base);
        result.map(|_| ())
    }

    fn fault<T>(&self, frame: &Frame, message: impl Into<String>) -> Result<T> {
        Err(Fault::new(frame.unit, frame.name, self.at, message.into(), None))
    }

    /// Makes a fault and says what there is of the value that the expression at `about` names.
    fn fault_about<T>(
        &self,
        frame: &Frame,
        message: impl Into<String>,
        about: At,
        dot: &Slot,
    ) -> Result<T> {
        self.fault(frame, message)
            .map_err(|fault: Box<Fault>| self.advised(frame, fault, about, dot))
    }

    /// Adds to a fault what there is of the value that the expression at `about` names.
    fn advised(&self, frame: &Frame, mut fault: Box<Fault>, about: At, dot: &Slot) -> Box<Fault> {
        let scene = Scene {
            unit: frame.unit,
            root: &self.root,
            dot: &dot.value,
            variable: &|expr| self.variable(frame, expr).ok().map(|slot| slot.value),
        };
        if fault.hint.is_none() {
            fault.hint = scene.explain(about);
        }
        fault
    }

    /// Names the template that `name` may be a misspelling of.
    fn nearest_template(&self, name: &Str) -> Option<String> {
        let names =
            self.set.templates.keys().filter_map(|name| std::str::from_utf8(name.as_bytes()).ok());
        let mut names: Vec<_> =
            names.filter(|name| !self.set.files.iter().any(|f| f == name)).collect();
        names.sort_unstable();
        let name = name.to_str_lossy();
        if let Some(near) = crate::diagnostic::nearest(&name, names.iter().copied()) {
            let file = &self.set.get(near.as_bytes())?.unit.name;
            return Some(format!("did you mean `{near}`? It is defined in {file}"));
        }
        let chart = name.split('.').next().filter(|chart| chart.len() < name.len())?;
        let known = names.iter().any(|name| name.split('.').next() == Some(chart));
        (!known).then(|| {
            format!("no template begins with `{chart}.`; is the chart that has them in charts/?")
        })
    }

    fn mark(&mut self, frame: &Frame, position: u32, literal: bool) {
        if frame.unit_id != FOREIGN {
            let output = self.out.len() as u32;
            let (file, call) = (frame.unit_id, self.call);
            self.marks.push(Mark { output, file, position, call, indent: 0, literal });
        }
    }

    /// Executes a template on behalf of the node at `at`.
    fn run_from(
        &mut self,
        frame: &Frame,
        at: At,
        template: &Template,
        data: Value,
        depth: u32,
    ) -> Result<()> {
        let outer = self.call;
        let position = frame.unit.position(at);
        self.call = self.calls.len() as u32;
        self.calls.push(Caller { outer, file: frame.unit_id, position });
        let result = self.run(template, data, depth);
        self.call = outer;
        result
    }

    /// Counts a step and checks what the file has used so far.
    fn step(&mut self, frame: &Frame) -> Result<()> {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return self.fault(frame, format!("exceeded maximum number of steps ({MAX_STEPS})"));
        }
        if self.out.len() > MAX_OUTPUT {
            return self
                .fault(frame, format!("exceeded maximum size of output ({MAX_OUTPUT} bytes)"));
        }
        Ok(())
    }

    /// Counts what a function made.
    fn count(&mut self, frame: &Frame, value: &Value, item_size: usize) -> Result<()> {
        self.produced += match value {
            Value::Str(text) | Value::Bytes(text) => text.len() as u64,
            Value::List(list) => (list.items().len() * item_size) as u64,
            _ => return Ok(()),
        };
        if self.produced > MAX_PRODUCED {
            let message =
                format!("exceeded maximum size of texts and lists ({MAX_PRODUCED} bytes)");
            return self.fault(frame, message);
        }
        Ok(())
    }

    /// Executes nodes within a node, on a growing stack.
    fn walk_inner(&mut self, frame: &Frame, list: Ids, dot: &Slot) -> Result<Flow> {
        stacker::maybe_grow(256 * 1024, 4 * 1024 * 1024, || self.walk(frame, list, dot))
    }

    /// Evaluates a pipeline within an expression, on a growing stack.
    fn pipe_inner(&mut self, frame: &Frame, id: u32, dot: &Slot) -> Result<Value> {
        stacker::maybe_grow(256 * 1024, 4 * 1024 * 1024, || self.pipe(frame, id, dot))
    }

    fn walk(&mut self, frame: &Frame, list: Ids, dot: &Slot) -> Result<Flow> {
        for id in list.start..list.end {
            let node = frame.unit.nodes[id as usize];
            self.at = At::Node(id);
            self.step(frame)?;
            match node.kind {
                NodeKind::Text(range) => {
                    self.mark(frame, range.start, true);
                    self.out.extend_from_slice(range.of(frame.unit.text.as_bytes()));
                }
                NodeKind::Action(pipe) => {
                    if frame.unit.pipes[pipe as usize].declarations.is_empty() {
                        self.mark(frame, node.position, false);
                        self.write_pipe(frame, pipe, dot)?;
                    } else {
                        self.pipe(frame, pipe, dot)?;
                    }
                }
                NodeKind::If { pipe, then, otherwise } => {
                    let value = self.pipe(frame, pipe, dot)?;
                    let list = if is_true(&value) { Some(then) } else { otherwise };
                    if let Some(list) = list {
                        let flow = self.walk_inner(frame, list, dot)?;
                        if flow != Flow::Next {
                            return Ok(flow);
                        }
                    }
                }
                NodeKind::With { pipe, then, otherwise } => {
                    let value = self.pipe(frame, pipe, dot)?;
                    let flow = if is_true(&value) {
                        self.walk_inner(frame, then, &Slot { value, boxed: false })?
                    } else if let Some(list) = otherwise {
                        self.walk_inner(frame, list, dot)?
                    } else {
                        Flow::Next
                    };
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                NodeKind::Range { pipe, body, otherwise } => {
                    let flow = self.range(frame, pipe, body, otherwise, dot)?;
                    if flow != Flow::Next {
                        return Ok(flow);
                    }
                }
                NodeKind::Template { name, pipe } => {
                    let name = &frame.unit.fields[name as usize];
                    let Some(template) = self.find(name.as_bytes()) else {
                        let shown = quote(name.as_bytes());
                        let fault = self.fault(frame, format!("template {shown} not defined"));
                        return fault.map_err(|mut fault: Box<Fault>| {
                            fault.hint = self.nearest_template(name);
                            fault
                        });
                    };
                    if frame.depth == MAX_TEMPLATE_DEPTH {
                        let message =
                            format!("exceeded maximum template depth ({MAX_TEMPLATE_DEPTH})");
                        return self.fault(frame, message);
                    }
                    let data = match pipe {
                        Some(pipe) => self.pipe(frame, pipe, dot)?,
                        None => Value::Absent,
                    };
                    self.run_from(frame, At::Node(id), &template, data, frame.depth + 1)
                        .map_err(|fault| fault.called_at(frame.unit, At::Node(id)))?;
                }
                NodeKind::Break => return Ok(Flow::Break),
                NodeKind::Continue => return Ok(Flow::Continue),
            }
        }
        Ok(Flow::Next)
    }

    fn range(
        &mut self,
        frame: &Frame,
        pipe: u32,
        body: Ids,
        otherwise: Option<Ids>,
        dot: &Slot,
    ) -> Result<Flow> {
        let value = self.pipe(frame, pipe, dot)?;
        let declared = frame.unit.pipes[pipe as usize].declarations.len();
        let mut ran = false;
        // Yields whether the loop goes on.
        let mut turn = |this: &mut Self, key: Value, element: Value, boxed: bool| -> Result<bool> {
            ran = true;
            let element = Slot { value: element, boxed };
            if declared > 0 {
                let declarations = frame.unit.pipes[pipe as usize].declarations;
                let declarations = declarations.of(&frame.unit.declarations);
                let key = Slot { value: key, boxed: false };
                if declared > 1 {
                    this.bind(frame, declarations[0], key)?;
                    this.bind(frame, declarations[1], element.clone())?;
                } else {
                    this.bind(frame, declarations[0], element.clone())?;
                }
            }
            this.step(frame)?;
            Ok(this.walk_inner(frame, body, &element)? != Flow::Break)
        };
        let integer = match &value {
            Value::Int(n) | Value::Int64(n) | Value::Duration(n) => Some(*n),
            Value::Uint8(n) => Some(i64::from(*n)),
            Value::Uint64(n) => i64::try_from(*n).ok(),
            _ => None,
        };
        match &value {
            _ if integer.is_some() => {
                if declared > 1 {
                    let shown = crate::value::to_text(&value);
                    let message =
                        format!("can't use {shown} to iterate over more than one variable");
                    return self.fault(frame, message);
                }
                for i in 0..integer.unwrap_or_default() {
                    let element = match &value {
                        Value::Int64(_) => Value::Int64(i),
                        Value::Duration(_) => Value::Duration(i),
                        Value::Uint8(_) => Value::Uint8(i as u8),
                        Value::Uint64(_) => Value::Uint64(i as u64),
                        _ => Value::Int(i),
                    };
                    if !turn(self, Value::Absent, element, false)? {
                        break;
                    }
                }
            }
            Value::List(list) => {
                let boxed = list.list_type() == ListType::Any;
                for (i, element) in list.items().iter().enumerate() {
                    if !turn(self, Value::Int(i as i64), element.clone(), boxed)? {
                        break;
                    }
                }
            }
            Value::Bytes(bytes) => {
                for (i, byte) in bytes.as_bytes().iter().enumerate() {
                    if !turn(self, Value::Int(i as i64), Value::Uint8(*byte), false)? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                let boxed = is_boxing(map);
                for (key, element) in map.entries() {
                    if !turn(self, Value::Str(key), element, boxed)? {
                        break;
                    }
                }
            }
            Value::Absent | Value::Nil => {}
            _ => {
                // A pointer is shown as what it points to.
                let shown = crate::value::to_text(&value).to_string();
                let shown = shown.strip_prefix('&').unwrap_or(&shown);
                let message = format!("range can't iterate over {shown}");
                return self.fault_about(frame, message, At::Pipe(pipe), dot);
            }
        }
        if !ran && let Some(list) = otherwise {
            return self.walk_inner(frame, list, dot);
        }
        Ok(Flow::Next)
    }

    fn bind(
        &mut self,
        frame: &Frame,
        declaration: super::ast::Declaration,
        slot: Slot,
    ) -> Result<()> {
        let Some(index) = declaration.slot else {
            let name = String::from_utf8_lossy(declaration.name.of(frame.unit.text.as_bytes()))
                .into_owned();
            return self.fault(frame, format!("undefined variable: {name}"));
        };
        self.slots[frame.base + index as usize] = Some(slot);
        Ok(())
    }

    /// Evaluates a pipeline and binds its variables. Nil comes back as [`Value::Absent`].
    fn pipe(&mut self, frame: &Frame, id: u32, dot: &Slot) -> Result<Value> {
        let pipe = frame.unit.pipes[id as usize];
        self.at = At::Pipe(id);
        let mut last: Option<Value> = None;
        for command in pipe.commands.start..pipe.commands.end {
            let value = self.command(frame, command, dot, last.take())?;
            last = Some(if value.is_nil() { Value::Absent } else { value });
        }
        let value = last.unwrap_or(Value::Absent);
        for declaration in pipe.declarations.of(&frame.unit.declarations) {
            self.bind(frame, *declaration, Slot { value: value.clone(), boxed: false })?;
        }
        Ok(value)
    }

    /// Evaluates a pipeline and prints the result.
    fn write_pipe(&mut self, frame: &Frame, id: u32, dot: &Slot) -> Result<()> {
        let pipe = frame.unit.pipes[id as usize];
        let commands = pipe.commands.of(&frame.unit.commands);
        let first = commands[0];
        let fast = match commands {
            [_] => Some(None),
            [_, second] => indentation(frame.unit, second).map(Some),
            _ => None,
        };
        if let Some(indentation) = fast {
            let exprs = first.args.of(&frame.unit.exprs);
            match exprs[0].kind {
                ExprKind::Function(Callee::Include, _) if exprs.len() == 3 => {
                    let start = self.out.len();
                    let mark = self.marks.len();
                    self.at = At::Expr(first.args.start);
                    let args = Ids { start: first.args.start + 1, end: first.args.end };
                    let at = At::Command(pipe.commands.start);
                    self.include(frame, at, args, None, dot)?;
                    if let Some(Indentation { width, newline }) = indentation {
                        self.indent_tail(start, mark, width, newline);
                    }
                    return Ok(());
                }
                ExprKind::Function(Callee::Table(function), _)
                    if exprs.len() == 2 && function.name == "toYaml" && indentation.is_some() =>
                {
                    let value = self.argument(frame, dot, Param::Any, first.args.start + 1)?;
                    let start = self.out.len();
                    let mark = self.marks.len();
                    // Helm's toYaml gives the empty string for what it cannot write.
                    if let Ok(text) = crate::yaml::to_yaml(&value) {
                        self.out.extend_from_slice(&text);
                    }
                    if let Some(Indentation { width, newline }) = indentation {
                        self.indent_tail(start, mark, width, newline);
                    }
                    return Ok(());
                }
                _ => {}
            }
        }
        let value = self.pipe(frame, id, dot)?;
        if has_cycle(&value) {
            return self.fault(frame, CYCLE);
        }
        self.print(&value);
        Ok(())
    }

    fn print(&mut self, value: &Value) {
        match value {
            Value::Str(text) => self.out.extend_from_slice(text.as_bytes()),
            Value::Absent | Value::Nil => self.out.extend_from_slice(NO_VALUE),
            Value::Object(object) => {
                if let Some(text) = object.to_text_in_place() {
                    self.out.extend_from_slice(text.as_bytes());
                    return;
                }
                // A pointer is printed as what it points to.
                let start = self.out.len();
                print_to(&mut self.out, value);
                if object.kind() == Kind::Ptr && self.out.get(start) == Some(&b'&') {
                    self.out.remove(start);
                }
            }
            _ => print_to(&mut self.out, value),
        }
    }

    /// Indents the output from `start` on by `width` columns, marks from number `mark` on with it.
    fn indent_tail(&mut self, start: usize, mark: usize, width: usize, newline: bool) {
        let tail = &self.out[start..];
        let lines = 1 + memchr::memchr_iter(b'\n', tail).count();
        let mut indented = Vec::with_capacity(tail.len() + 1 + lines * width);
        let mut marks = self.marks[mark..].iter_mut().peekable();
        if newline {
            indented.push(b'\n');
        }
        let mut read = 0;
        for (i, line) in tail.split(|b| *b == b'\n').enumerate() {
            if i > 0 {
                indented.push(b'\n');
                read += 1;
            }
            indented.resize(indented.len() + width, b' ');
            while let Some(m) = marks.next_if(|m| m.output as usize <= start + read + line.len()) {
                let into_line = (m.output as usize - start).saturating_sub(read);
                m.output = (start + indented.len() + into_line) as u32;
                m.indent = m.indent.saturating_add(width as u16);
            }
            indented.extend_from_slice(line);
            read += line.len();
        }
        self.out.truncate(start);
        self.out.append(&mut indented);
    }

    fn command(
        &mut self,
        frame: &Frame,
        id: u32,
        dot: &Slot,
        last: Option<Value>,
    ) -> Result<Value> {
        let command = frame.unit.commands[id as usize];
        let first = &frame.unit.exprs[command.args.start as usize];
        let rest = Ids { start: command.args.start + 1, end: command.args.end };
        match &first.kind {
            ExprKind::Field(fields) => {
                self.at = At::Expr(command.args.start);
                self.fields(
                    frame,
                    dot.clone(),
                    *fields,
                    At::Expr(command.args.start),
                    rest,
                    last,
                    dot,
                )
            }
            ExprKind::Chain { base, fields } => {
                self.at = At::Expr(command.args.start);
                let slot = self.chain_base(frame, *base, dot, command.args.start)?;
                self.fields(frame, slot, *fields, At::Expr(command.args.start), rest, last, dot)
            }
            ExprKind::Function(callee, name) => {
                self.at = At::Expr(command.args.start);
                let name =
                    std::str::from_utf8(name.of(frame.unit.text.as_bytes())).unwrap_or_default();
                let call = Call { at: At::Command(id), name, args: rest, last };
                self.call(frame, *callee, call, dot)
            }
            ExprKind::Pipe(pipe) => {
                self.not_a_function(frame, &command, last.as_ref())?;
                self.pipe_inner(frame, *pipe, dot)
            }
            ExprKind::Variable { fields, .. } => {
                self.at = At::Expr(command.args.start);
                let slot = self.variable(frame, first)?;
                if fields.is_empty() {
                    self.not_a_function(frame, &command, last.as_ref())?;
                    return Ok(slot.value);
                }
                self.fields(frame, slot, *fields, At::Expr(command.args.start), rest, last, dot)
            }
            ExprKind::Dot
            | ExprKind::Nil
            | ExprKind::Bool(_)
            | ExprKind::Number(..)
            | ExprKind::Text(..) => {
                self.at = At::Expr(command.args.start);
                self.not_a_function(frame, &command, last.as_ref())?;
                match &first.kind {
                    ExprKind::Dot => Ok(dot.value.clone()),
                    ExprKind::Nil => self.fault(frame, "nil is not a command"),
                    _ => self.constant(frame, first),
                }
            }
        }
    }

    fn not_a_function(&self, frame: &Frame, command: &Command, last: Option<&Value>) -> Result<()> {
        if command.args.len() > 1 || last.is_some() {
            let shown = frame.unit.describe_bare(command.args.start);
            return self.fault(frame, format!("can't give argument to non-function {shown}"));
        }
        Ok(())
    }

    fn chain_base(&mut self, frame: &Frame, base: u32, dot: &Slot, chain: u32) -> Result<Slot> {
        let expr = &frame.unit.exprs[base as usize];
        if matches!(expr.kind, ExprKind::Nil) {
            let shown = frame.unit.describe(At::Expr(chain));
            return self.fault(frame, format!("indirection through explicit nil in {shown}"));
        }
        let value = self.argument_value(frame, dot, base)?;
        Ok(Slot { value, boxed: false })
    }

    fn variable(&self, frame: &Frame, expr: &Expr) -> Result<Slot> {
        let ExprKind::Variable { slot, name, .. } = &expr.kind else {
            return self.fault(frame, "not a variable");
        };
        let found = slot.and_then(|slot| self.slots[frame.base + slot as usize].clone());
        match found {
            Some(slot) => Ok(slot),
            None => {
                let name =
                    String::from_utf8_lossy(name.of(frame.unit.text.as_bytes())).into_owned();
                self.fault(frame, format!("undefined variable: {name}"))
            }
        }
    }

    fn constant(&self, frame: &Frame, expr: &Expr) -> Result<Value> {
        match &expr.kind {
            ExprKind::Bool(value) => Ok(Value::Bool(*value)),
            ExprKind::Text(text, _) => Ok(Value::Str(text.clone())),
            ExprKind::Number(number, range) => {
                let text = range.of(frame.unit.text.as_bytes());
                match ideal_constant(number, text) {
                    Some(value) => Ok(value),
                    None => {
                        let text = String::from_utf8_lossy(text).into_owned();
                        self.fault(frame, format!("{text} overflows int"))
                    }
                }
            }
            _ => Ok(Value::Nil),
        }
    }

    /// Follows `fields` from `receiver`; the last may be a method and gets the arguments.
    #[allow(clippy::too_many_arguments)]
    fn fields(
        &mut self,
        frame: &Frame,
        receiver: Slot,
        fields: Ids,
        at: At,
        args: Ids,
        last: Option<Value>,
        dot: &Slot,
    ) -> Result<Value> {
        let names = fields.of(&frame.unit.fields);
        let Slot { mut value, mut boxed } = receiver;
        let mut last = last;
        for (i, name) in names.iter().enumerate() {
            let final_name = i + 1 == names.len();
            let has_args = final_name && (!args.is_empty() || last.is_some());
            let next = match &value {
                Value::Absent => Value::Absent,
                Value::Nil => {
                    let message = format!("nil pointer evaluating interface {{}}.{name}");
                    return self.fault_about(frame, message, at, dot);
                }
                _ => {
                    if let Some(function) = method::find(&value, name.as_bytes()) {
                        let (args, last) =
                            if final_name { (args, last.take()) } else { (Ids::default(), None) };
                        let text = name.to_str_lossy();
                        let call = Call { at, name: &text, args, last };
                        let receiver = value.clone();
                        let result = self.call_table(frame, function, call, Some(receiver), dot)?;
                        boxed = true;
                        result
                    } else if let Value::Map(map) = &value {
                        if has_args {
                            return self
                                .fault(frame, format!("{name} is not a method but has arguments"));
                        }
                        let next = map.get(name);
                        boxed = is_boxing(map);
                        next.unwrap_or_else(|| zero_element(map))
                    } else if let Value::Object(object) = &value {
                        let object = Arc::clone(object);
                        let (args, last) =
                            if final_name { (args, last.take()) } else { (Ids::default(), None) };
                        let result = self.member(
                            frame,
                            object.as_ref(),
                            name,
                            (at, args, last),
                            boxed,
                            dot,
                        )?;
                        boxed = false;
                        result
                    } else {
                        let go_type = if boxed { "interface {}" } else { value.type_name() };
                        let message = format!("can't evaluate field {name} in type {go_type}");
                        return self.fault_about(frame, message, at, dot);
                    }
                }
            };
            value = next;
        }
        Ok(value)
    }

    /// Reads a field of an object or calls one of its methods.
    fn member(
        &mut self,
        frame: &Frame,
        object: &dyn Object,
        name: &Str,
        (at, args, last): (At, Ids, Option<Value>),
        boxed: bool,
        dot: &Slot,
    ) -> Result<Value> {
        let text = name.to_str_lossy();
        if object.has_method(&text) {
            let given = args.len() + usize::from(last.is_some());
            if let Some(want) = object.arity(&text).filter(|want| *want != given) {
                return self.wrong_count(frame, &text, want, given, false);
            }
            let base = self.args.len();
            for id in args.start..args.end {
                let value = self.argument(frame, dot, Param::Any, id)?;
                self.args.push(value);
            }
            self.args.extend(last.map(|value| if value.is_nil() { Value::Nil } else { value }));
            let result = object.call(&text, &self.args[base..]);
            self.args.truncate(base);
            return match result {
                Some(Ok(value)) => Ok(value),
                Some(Err(message)) => {
                    self.at = at;
                    self.failed(frame, &text, Failure::Message(message))
                }
                None => self.fault(
                    frame,
                    format!("can't evaluate field {name} in type {}", object.type_name()),
                ),
            };
        }
        let has_args = !args.is_empty() || last.is_some();
        match object.fields().into_iter().find(|(field, _)| *field == text) {
            Some(_) if has_args => {
                self.fault(frame, format!("{name} has arguments but cannot be invoked as function"))
            }
            Some((_, value)) => Ok(value),
            None => {
                let go_type = if boxed { "interface {}" } else { object.type_name() };
                self.fault(frame, format!("can't evaluate field {name} in type {go_type}"))
            }
        }
    }

    fn wrong_count<T>(
        &self,
        frame: &Frame,
        name: &str,
        want: usize,
        got: usize,
        rest: bool,
    ) -> Result<T> {
        let least = if rest { "at least " } else { "" };
        self.fault(frame, format!("wrong number of args for {name}: want {least}{want} got {got}"))
    }

    fn call(&mut self, frame: &Frame, callee: Callee, call: Call, dot: &Slot) -> Result<Value> {
        match callee {
            Callee::Table(function) => self.call_table(frame, function, call, None, dot),
            Callee::And | Callee::Or => self.and_or(frame, matches!(callee, Callee::Or), call, dot),
            Callee::Include => {
                let given = call.args.len() + usize::from(call.last.is_some());
                if given != 2 {
                    return self.wrong_count(frame, call.name, 2, given, false);
                }
                let start = self.out.len();
                let mark = self.marks.len();
                self.include(frame, call.at, call.args, call.last, dot)?;
                let text = Str::from(&self.out[start..]);
                self.out.truncate(start);
                self.marks.truncate(mark);
                let text = Value::Str(text);
                self.count(frame, &text, size_of::<Value>())?;
                Ok(text)
            }
            Callee::Tpl => {
                let given = call.args.len() + usize::from(call.last.is_some());
                if given != 2 {
                    return self.wrong_count(frame, call.name, 2, given, false);
                }
                let (text, data) = self.text_and_data(frame, call.args, call.last, dot)?;
                match self.tpl(&text, data, frame.depth) {
                    Ok(text) => {
                        let text = Value::Str(text);
                        self.count(frame, &text, size_of::<Value>())?;
                        Ok(text)
                    }
                    Err(cause) => {
                        let message = "error calling tpl".to_owned();
                        Err(Fault::new(frame.unit, frame.name, call.at, message, Some(cause)))
                    }
                }
            }
        }
    }

    fn and_or(&mut self, frame: &Frame, or: bool, call: Call, dot: &Slot) -> Result<Value> {
        let given = call.args.len() + usize::from(call.last.is_some());
        if given == 0 {
            return self.wrong_count(frame, call.name, 1, 0, true);
        }
        let mut value = Value::Absent;
        for id in call.args.start..call.args.end {
            value = self.argument(frame, dot, Param::Reflect, id)?;
            if is_true(&value) == or {
                return Ok(value);
            }
        }
        Ok(call.last.unwrap_or(value))
    }

    /// Evaluates the arguments of `include` and `tpl`: a string and anything.
    fn text_and_data(
        &mut self,
        frame: &Frame,
        args: Ids,
        last: Option<Value>,
        dot: &Slot,
    ) -> Result<(Str, Value)> {
        let mut given = [Value::Nil, Value::Nil];
        let params = [Param::Str, Param::Any];
        let mut count = 0;
        for id in args.start..args.end {
            given[count] = self.argument(frame, dot, params[count], id)?;
            count += 1;
        }
        if let Some(last) = last {
            given[count] = self.validate(frame, last, params[count])?;
        }
        let [text, data] = given;
        match text {
            Value::Str(text) => Ok((text, data)),
            _ => Ok((Str::default(), data)),
        }
    }

    /// Calls `include`; what the template writes is appended to `out`.
    fn include(
        &mut self,
        frame: &Frame,
        at: At,
        args: Ids,
        last: Option<Value>,
        dot: &Slot,
    ) -> Result<()> {
        let (name, data) = self.text_and_data(frame, args, last, dot)?;
        let failed = |cause, hint| {
            let message = "error calling include".to_owned();
            let mut fault = Fault::new(frame.unit, frame.name, at, message, Some(cause));
            fault.hint = hint;
            Err(fault)
        };
        let nested = self.included.entry(name.clone()).or_insert(0);
        if *nested > MAX_INCLUDE_DEPTH {
            return failed(
                Cause::Text(format!(
                    "rendering template has a nested reference name: {name}: unable to execute template"
                )),
                None,
            );
        }
        *nested += 1;
        let result = match self.find(name.as_bytes()) {
            Some(template) => self
                .run_from(frame, at, &template, data, 0)
                .map_err(|fault| Cause::Nested { prefix: String::new(), fault }),
            None => Err(Cause::Text(format!(
                "template: no template {} associated with template {}",
                quote(name.as_bytes()),
                quote(TPL_NAME.as_bytes())
            ))),
        };
        if let Some(nested) = self.included.get_mut(&name) {
            *nested -= 1;
        }
        let is_missing = matches!(result, Err(Cause::Text(_)));
        let hint = if is_missing { self.nearest_template(&name) } else { None };
        result.or_else(|cause| failed(cause, hint))
    }

    fn tpl(&mut self, source: &Str, data: Value, _depth: u32) -> std::result::Result<Str, Cause> {
        if memchr::memmem::find(source.as_bytes(), b"{{").is_none() {
            if memchr::memmem::find(source.as_bytes(), NO_VALUE).is_none() {
                return Ok(source.clone());
            }
            let mut text = source.as_bytes().to_vec();
            delete_no_value(&mut text, None);
            return Ok(Str::from(text));
        }
        let parsed = match self.texts.get(source) {
            Some(parsed) => Rc::clone(parsed),
            None => {
                let parsed = Rc::new(parse_text(source)?);
                self.texts.insert(source.clone(), Rc::clone(&parsed));
                parsed
            }
        };
        if self.tpl_depth == MAX_TPL_DEPTH {
            return Err(Cause::Text(format!(
                "exceeded maximum depth of tpl within tpl ({MAX_TPL_DEPTH})"
            )));
        }
        self.tpl_depth += 1;
        let start = self.out.len();
        let mark = self.marks.len();
        let defines = !parsed.definitions.is_empty();
        if defines {
            self.overlays.push(Rc::clone(&parsed));
        }
        let result = self.run(&parsed.template, data, 0);
        self.tpl_depth -= 1;
        if defines {
            self.overlays.pop();
        }
        match result {
            Ok(()) => {
                let mut text = self.out.split_off(start);
                self.marks.truncate(mark);
                delete_no_value(&mut text, None);
                Ok(Str::from(text))
            }
            Err(fault) => Err(Cause::Nested {
                prefix: format!(
                    "error during tpl function execution for {}: ",
                    quote(source.as_bytes())
                ),
                fault,
            }),
        }
    }

    /// Checks the arguments and calls a function of the table or, with `receiver`, a method.
    fn call_table(
        &mut self,
        frame: &Frame,
        function: &'static Function,
        call: Call,
        receiver: Option<Value>,
        dot: &Slot,
    ) -> Result<Value> {
        let params = function.params;
        let is_last = call.last.is_some();
        let given = call.args.len() + usize::from(is_last);
        if function.rest.is_some() {
            if given < params.len() {
                return self.wrong_count(frame, call.name, params.len(), call.args.len(), true);
            }
        } else if given != params.len() {
            return self.wrong_count(frame, call.name, params.len(), given, false);
        }
        let base = self.args.len();
        self.args.extend(receiver);
        let param = |i: usize| params.get(i).copied().or(function.rest).unwrap_or(Param::Any);
        for (i, id) in (call.args.start..call.args.end).enumerate() {
            let value = self.argument(frame, dot, param(i), id)?;
            self.args.push(value);
        }
        if let Some(last) = call.last {
            let value = self
                .validate(frame, last, param(call.args.len()))
                .map_err(|fault| self.advised(frame, fault, before(call.at), dot))?;
            self.args.push(value);
        }
        let args = &self.args[base..];
        let mut result =
            if args.iter().any(is_nested) && function.walks() && args.iter().any(has_cycle) {
                Err(Failure::Message(CYCLE.to_owned()))
            } else {
                (function.call)(self.env, args)
            };
        if let Err(Failure::Message(message)) = &mut result
            && function.name == "call"
            && message.starts_with("non-function ")
            && !call.args.is_empty()
        {
            // Go shows the callee's source, which only the engine knows.
            let shown = frame.unit.describe_bare(call.args.start);
            let go_type = self.args[base].type_name();
            *message = format!("non-function {shown} of type {go_type}");
        }
        self.args.truncate(base);
        match result {
            Ok(value) => {
                // Lists grow by one item at a time, and what they were before is dropped.
                let grows = matches!(
                    function.name,
                    "append" | "mustAppend" | "push" | "mustPush" | "prepend" | "mustPrepend"
                );
                self.count(frame, &value, if grows { 1 } else { size_of::<Value>() })?;
                Ok(value)
            }
            Err(failure) => {
                self.at = call.at;
                let about = match function.name {
                    "fail" => None,
                    "index" => Some(call.at),
                    _ if !is_last => culprit(frame.unit, call.args),
                    _ => Some(before(call.at)),
                };
                let failed = self.failed(frame, call.name, failure);
                match about {
                    Some(about) => failed.map_err(|fault| self.advised(frame, fault, about, dot)),
                    None => failed,
                }
            }
        }
    }

    fn failed<T>(&self, frame: &Frame, name: &str, failure: Failure) -> Result<T> {
        let cause = match failure {
            Failure::Message(text) => Cause::Text(text),
            Failure::User(words) => Cause::User(words),
            Failure::Frozen => Cause::Frozen,
        };
        let message = format!("error calling {name}");
        Err(Fault::new(frame.unit, frame.name, self.at, message, Some(cause)))
    }

    /// Evaluates an argument that is no constant, whatever its type.
    fn argument_value(&mut self, frame: &Frame, dot: &Slot, id: u32) -> Result<Value> {
        let expr = &frame.unit.exprs[id as usize];
        self.at = At::Expr(id);
        match &expr.kind {
            ExprKind::Dot => Ok(dot.value.clone()),
            ExprKind::Field(fields) => {
                self.fields(frame, dot.clone(), *fields, At::Expr(id), Ids::default(), None, dot)
            }
            ExprKind::Variable { fields, .. } => {
                let slot = self.variable(frame, expr)?;
                if fields.is_empty() {
                    return Ok(slot.value);
                }
                self.fields(frame, slot, *fields, At::Expr(id), Ids::default(), None, dot)
            }
            ExprKind::Pipe(pipe) => self.pipe_inner(frame, *pipe, dot),
            ExprKind::Chain { base, fields } => {
                let slot = self.chain_base(frame, *base, dot, id)?;
                self.fields(frame, slot, *fields, At::Expr(id), Ids::default(), None, dot)
            }
            ExprKind::Function(callee, name) => {
                let name =
                    std::str::from_utf8(name.of(frame.unit.text.as_bytes())).unwrap_or_default();
                let call = Call { at: At::Expr(id), name, args: Ids::default(), last: None };
                self.call(frame, *callee, call, dot)
            }
            _ => self.constant(frame, expr),
        }
    }

    /// Evaluates an argument for a parameter of the given type.
    fn argument(&mut self, frame: &Frame, dot: &Slot, param: Param, id: u32) -> Result<Value> {
        let expr = &frame.unit.exprs[id as usize];
        let is_constant =
            matches!(expr.kind, ExprKind::Bool(_) | ExprKind::Number(..) | ExprKind::Text(..));
        if !is_constant && !matches!(expr.kind, ExprKind::Nil) {
            let value = self.argument_value(frame, dot, id)?;
            return self
                .validate(frame, value, param)
                .map_err(|fault| self.advised(frame, fault, At::Expr(id), dot));
        }
        self.at = At::Expr(id);
        let shown = || frame.unit.describe(At::Expr(id));
        let number = match &expr.kind {
            ExprKind::Number(number, _) => Some(number.as_ref()),
            _ => None,
        };
        match (param, &expr.kind) {
            (Param::Any, ExprKind::Nil) => Ok(Value::Nil),
            (Param::Reflect, ExprKind::Nil) => Ok(Value::Absent),
            (Param::Map, ExprKind::Nil) => Ok(Value::Map(Map::nil(MapType::Any))),
            (Param::List, ExprKind::Nil) => Ok(Value::List(List::nil(ListType::Any))),
            (_, ExprKind::Nil) => {
                self.fault(frame, format!("cannot assign nil to {}", param.go_type()))
            }
            (Param::Any | Param::Reflect, _) => self.constant(frame, expr),
            (Param::Str, ExprKind::Text(text, _)) => Ok(Value::Str(text.clone())),
            (Param::Str, _) => self.fault(frame, format!("expected string; found {}", shown())),
            (Param::Bool, ExprKind::Bool(value)) => Ok(Value::Bool(*value)),
            (Param::Bool, _) => self.fault(frame, format!("expected bool; found {}", shown())),
            (Param::Int | Param::Int64 | Param::Duration, _) => match number.and_then(|n| n.int) {
                Some(int) if param == Param::Int => Ok(Value::Int(int)),
                Some(int) if param == Param::Int64 => Ok(Value::Int64(int)),
                Some(int) => Ok(Value::Duration(int)),
                None => self.fault(frame, format!("expected integer; found {}", shown())),
            },
            (Param::Uint32, _) => match number.and_then(|n| n.uint) {
                Some(uint) => Ok(Value::Uint64(uint)),
                None => self.fault(frame, format!("expected unsigned integer; found {}", shown())),
            },
            (Param::Float, _) => match number.and_then(|n| n.float) {
                Some(float) => Ok(Value::Float(float)),
                None => self.fault(frame, format!("expected float; found {}", shown())),
            },
            (Param::Map | Param::List | Param::Time | Param::Certificate, _) => {
                let message =
                    format!("can't handle {} for arg of type {}", shown(), param.go_type());
                self.fault(frame, message)
            }
        }
    }

    /// Checks that a value may be passed for a parameter of the given type.
    fn validate(&self, frame: &Frame, value: Value, param: Param) -> Result<Value> {
        let fits = match (param, &value) {
            (Param::Any, Value::Absent) => return Ok(Value::Nil),
            (Param::Map, Value::Absent) => return Ok(Value::Map(Map::nil(MapType::Any))),
            (Param::List, Value::Absent) => return Ok(Value::List(List::nil(ListType::Any))),
            (Param::Any | Param::Reflect, _)
            | (Param::Str, Value::Str(_))
            | (Param::Int, Value::Int(_))
            | (Param::Int64, Value::Int64(_))
            | (Param::Float, Value::Float(_))
            | (Param::Bool, Value::Bool(_))
            | (Param::Duration, Value::Duration(_)) => true,
            (Param::Map, Value::Map(map)) => {
                matches!(map.map_type(), MapType::Any | MapType::Values)
            }
            (Param::List, Value::List(list)) => list.list_type() == ListType::Any,
            (Param::Time | Param::Certificate, Value::Object(object)) => {
                object.type_name() == param.go_type()
            }
            _ => false,
        };
        if fits {
            return Ok(value);
        }
        let want = param.go_type();
        match value {
            Value::Absent => self.fault(frame, format!("invalid value; expected {want}")),
            Value::Nil => self
                .fault(frame, format!("wrong type for value; expected {want}; got interface {{}}")),
            _ => {
                let got = value.type_name();
                self.fault(frame, format!("wrong type for value; expected {want}; got {got}"))
            }
        }
    }
}

/// Returns the command that a command got its last argument from.
fn before(at: At) -> At {
    match at {
        At::Command(id) => At::Command(id.saturating_sub(1)),
        at => at,
    }
}

/// Returns the argument that a failing call most likely failed of: the last that is no constant.
fn culprit(unit: &Unit, args: Ids) -> Option<At> {
    (args.start..args.end)
        .rev()
        .find(|id| {
            let kind = &unit.exprs[*id as usize].kind;
            matches!(kind, ExprKind::Field(_) | ExprKind::Variable { .. } | ExprKind::Pipe(_))
        })
        .map(At::Expr)
}

struct Indentation {
    width: usize,
    newline: bool,
}

/// Recognises `nindent N` and `indent N` with a constant that cannot fail.
fn indentation(unit: &Unit, command: &Command) -> Option<Indentation> {
    let [callee, width] = command.args.of(&unit.exprs) else {
        return None;
    };
    let ExprKind::Function(Callee::Table(function), _) = callee.kind else {
        return None;
    };
    let newline = match function.name {
        "nindent" => true,
        "indent" => false,
        _ => return None,
    };
    let ExprKind::Number(number, _) = &width.kind else {
        return None;
    };
    let width = usize::try_from(number.int?).ok().filter(|width| *width <= 1000)?;
    Some(Indentation { width, newline })
}

/// Returns whether the map's elements sit in interfaces.
fn is_boxing(map: &Map) -> bool {
    matches!(map.map_type(), MapType::Any | MapType::Values)
}

fn zero_element(map: &Map) -> Value {
    match map.map_type() {
        MapType::Any | MapType::Values => Value::Nil,
        MapType::Strings => Value::Str(Str::default()),
        MapType::Files => Value::Bytes(Str::default()),
    }
}

/// Returns the value of a number literal without a type to guide it; `None` if it overflows.
fn ideal_constant(number: &Number, text: &[u8]) -> Option<Value> {
    if let Some((real, imaginary)) = number.complex {
        return Some(Value::object(Complex { real, imaginary }));
    }
    let is_hex = text.len() > 2
        && text[0] == b'0'
        && matches!(text[1], b'x' | b'X')
        && !text.iter().any(|b| matches!(b, b'p' | b'P'));
    let looks_float = text.iter().any(|b| matches!(b, b'.' | b'e' | b'E' | b'p' | b'P'));
    if looks_float
        && !is_hex
        && text.first() != Some(&b'\'')
        && let Some(float) = number.float
    {
        return Some(Value::Float(float));
    }
    number.int.map(Value::Int)
}

/// A `complex128`, which only a literal such as `1i` can make.
#[derive(Debug)]
struct Complex {
    real: f64,
    imaginary: f64,
}

impl Object for Complex {
    fn type_name(&self) -> &'static str {
        "complex128"
    }

    fn kind(&self) -> Kind {
        Kind::Complex128
    }

    fn to_text(&self) -> Option<Str> {
        let imaginary = crate::value::format_float(self.imaginary);
        let sign = if imaginary.starts_with(['+', '-']) { "" } else { "+" };
        Some(format!("({}{sign}{imaginary}i)", crate::value::format_float(self.real)).into())
    }

    fn is_falsy(&self) -> bool {
        self.real == 0.0 && self.imaginary == 0.0
    }

    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

fn parse_text(source: &Str) -> std::result::Result<Text, Cause> {
    let name = Str::from(TPL_NAME);
    let unit = parser::parse(name.clone(), source).map_err(|error| {
        Cause::Text(format!(
            "cannot parse template {}: {}",
            quote(source.as_bytes()),
            error.go_text()
        ))
    })?;
    let unit = Arc::new(unit);
    let mut main = 0;
    let mut definitions = HashMap::new();
    for (i, definition) in unit.definitions.iter().enumerate() {
        if definition.name == name {
            main = i as u32;
        } else {
            let template =
                Template { unit: Arc::clone(&unit), definition: i as u32, unit_id: FOREIGN };
            definitions.insert(definition.name.clone(), template);
        }
    }
    let template = Template { unit, definition: main, unit_id: FOREIGN };
    Ok(Text { template, definitions })
}

/// Deletes every `<no value>`, as Helm does with finished text.
fn delete_no_value(text: &mut Vec<u8>, mut origins: Option<&mut Origins>) {
    let mut from = 0;
    while let Some(found) = memchr::memmem::find(&text[from..], NO_VALUE) {
        let at = from + found;
        text.drain(at..at + NO_VALUE.len());
        if let Some(origins) = origins.as_deref_mut() {
            origins.delete(at, NO_VALUE.len());
        }
        from = at;
    }
}
