use super::executor::{CYCLE, Call, Executor, Frame, NO_VALUE, Result, Slot};
use crate::template::function::Param;
use crate::template::gotmpl::ast::{At, Callee, Command, ExprKind, Ids, Unit};
use crate::value::{Kind, Value, has_cycle, print_to};

impl Executor<'_> {
    /// Evaluates a pipeline within an expression, on a growing stack.
    pub(super) fn pipe_inner(&mut self, frame: &Frame, id: u32, dot: &Slot) -> Result<Value> {
        stacker::maybe_grow(256 * 1024, 4 * 1024 * 1024, || self.pipe(frame, id, dot))
    }

    /// Evaluates a pipeline and binds its variables. Nil comes back as [`Value::Absent`].
    pub(super) fn pipe(&mut self, frame: &Frame, id: u32, dot: &Slot) -> Result<Value> {
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
    pub(super) fn write_pipe(&mut self, frame: &Frame, id: u32, dot: &Slot) -> Result<()> {
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

    pub(super) fn print(&mut self, value: &Value) {
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
    pub(super) fn indent_tail(&mut self, start: usize, mark: usize, width: usize, newline: bool) {
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

    pub(super) fn command(
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
                let name = name.of(frame.unit.text.as_bytes());
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

    pub(super) fn not_a_function(
        &self,
        frame: &Frame,
        command: &Command,
        last: Option<&Value>,
    ) -> Result<()> {
        if command.args.len() > 1 || last.is_some() {
            let shown = frame.unit.describe_bare(command.args.start);
            return self.fault(frame, format!("can't give argument to non-function {shown}"));
        }
        Ok(())
    }
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
