use super::executor::{Call, Executor, Frame, Result, Slot};
use crate::template::function::Param;
use crate::template::gotmpl::ast::{At, ExprKind, Ids};
use crate::value::{List, ListType, Map, MapType, Value};

impl Executor<'_> {
    /// Evaluates an argument that is no constant, whatever its type.
    pub(super) fn argument_value(&mut self, frame: &Frame, dot: &Slot, id: u32) -> Result<Value> {
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
                let name = name.of(frame.unit.text.as_bytes());
                let call = Call { at: At::Expr(id), name, args: Ids::default(), last: None };
                self.call(frame, *callee, call, dot)
            }
            _ => self.constant(frame, expr),
        }
    }

    /// Evaluates an argument for a parameter of the given type.
    pub(super) fn argument(
        &mut self,
        frame: &Frame,
        dot: &Slot,
        param: Param,
        id: u32,
    ) -> Result<Value> {
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
    pub(super) fn validate(&self, frame: &Frame, value: Value, param: Param) -> Result<Value> {
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
