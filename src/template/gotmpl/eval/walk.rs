use super::executor::{Executor, Flow, Frame, Result, Slot};
use super::operand::is_boxing;
use crate::template::gotmpl::ast::{At, Declaration, Ids, NodeKind};
use crate::template::gotmpl::fault::Fault;
use crate::template::gotmpl::quote::quote;
use crate::value::{ListType, Value, is_true};

/// `{{template}}` nested deeper than this is an error, as in Go.
const MAX_TEMPLATE_DEPTH: u32 = 100_000;

impl Executor<'_> {
    /// Executes nodes within a node, on a growing stack.
    pub(super) fn walk_inner(&mut self, frame: &Frame, list: Ids, dot: &Slot) -> Result<Flow> {
        stacker::maybe_grow(256 * 1024, 4 * 1024 * 1024, || self.walk(frame, list, dot))
    }

    pub(super) fn walk(&mut self, frame: &Frame, list: Ids, dot: &Slot) -> Result<Flow> {
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

    pub(super) fn range(
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

    pub(super) fn bind(
        &mut self,
        frame: &Frame,
        declaration: Declaration,
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
}
