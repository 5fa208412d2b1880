use super::executor::{CYCLE, Call, Executor, Frame, Result, Slot};
use crate::template::function::{Failure, Function, Param};
use crate::template::gotmpl::ast::{At, Callee, ExprKind, Ids, Unit};
use crate::template::gotmpl::fault::{Cause, Fault};
use crate::value::{Str, Value, has_cycle, is_true};

impl Executor<'_> {
    pub(super) fn wrong_count<T>(
        &self,
        frame: &Frame,
        name: &[u8],
        want: usize,
        got: usize,
        rest: bool,
    ) -> Result<T> {
        let name = String::from_utf8_lossy(name);
        let least = if rest { "at least " } else { "" };
        self.fault(frame, format!("wrong number of args for {name}: want {least}{want} got {got}"))
    }

    pub(super) fn call(
        &mut self,
        frame: &Frame,
        callee: Callee,
        call: Call,
        dot: &Slot,
    ) -> Result<Value> {
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

    pub(super) fn and_or(
        &mut self,
        frame: &Frame,
        or: bool,
        call: Call,
        dot: &Slot,
    ) -> Result<Value> {
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

    /// Checks the arguments and calls a function of the table or, with `receiver`, a method.
    pub(super) fn call_table(
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
                let grows = matches!(value, Value::List(_))
                    && matches!(
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

    pub(super) fn failed<T>(&self, frame: &Frame, name: &[u8], failure: Failure) -> Result<T> {
        let name = String::from_utf8_lossy(name);
        let cause = match failure {
            Failure::Message(text) => Cause::Text(text),
            Failure::User(words) => Cause::User(words),
            Failure::Frozen => Cause::Frozen,
        };
        let message = format!("error calling {name}");
        Err(Fault::new(frame.unit, frame.name, self.at, message, Some(cause)))
    }
}

fn is_nested(value: &Value) -> bool {
    matches!(value, Value::Map(_) | Value::List(_))
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
