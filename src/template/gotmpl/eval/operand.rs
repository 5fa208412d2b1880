use std::sync::Arc;

use super::executor::{Call, Executor, Frame, Result, Slot};
use super::literal::ideal_constant;
use crate::template::function::{Failure, Param};
use crate::template::gotmpl::ast::{At, Expr, ExprKind, Ids};
use crate::template::method;
use crate::value::{Map, MapType, Object, Str, Value};

impl Executor<'_> {
    pub(super) fn chain_base(
        &mut self,
        frame: &Frame,
        base: u32,
        dot: &Slot,
        chain: u32,
    ) -> Result<Slot> {
        let expr = &frame.unit.exprs[base as usize];
        if matches!(expr.kind, ExprKind::Nil) {
            let shown = frame.unit.describe(At::Expr(chain));
            return self.fault(frame, format!("indirection through explicit nil in {shown}"));
        }
        let value = self.argument_value(frame, dot, base)?;
        Ok(Slot { value, boxed: false })
    }

    pub(super) fn variable(&self, frame: &Frame, expr: &Expr) -> Result<Slot> {
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

    pub(super) fn constant(&self, frame: &Frame, expr: &Expr) -> Result<Value> {
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
    pub(super) fn fields(
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
                        let call = Call { at, name: name.as_bytes(), args, last };
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
    pub(super) fn member(
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
                return self.wrong_count(frame, name.as_bytes(), want, given, false);
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
                    self.failed(frame, name.as_bytes(), Failure::Message(message))
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
}

/// Returns whether the map's elements sit in interfaces.
pub(super) fn is_boxing(map: &Map) -> bool {
    matches!(map.map_type(), MapType::Any | MapType::Values)
}

fn zero_element(map: &Map) -> Value {
    match map.map_type() {
        MapType::Any | MapType::Values => Value::Nil,
        MapType::Strings => Value::Str(Str::default()),
        MapType::Files => Value::Bytes(Str::default()),
    }
}
