use std::cmp::Ordering;

use super::{Node, Slice};
use crate::json::{Escape, write};
use crate::value::{Value, print_to};

type Found = Result<Vec<Value>, String>;

/// Runs a template: everything is found before anything is printed.
pub(super) fn evaluate(nodes: &[Node], value: &Value) -> Result<Vec<u8>, String> {
    let mut run = Run::default();
    let (results, _) = run.find(nodes, value)?;
    let mut out = Vec::new();
    for results in results {
        for (index, value) in results.iter().enumerate() {
            if index > 0 {
                out.push(b' ');
            }
            match value {
                Value::Map(_) | Value::List(_) => write(&mut out, value, Escape::Html)?,
                Value::Nil | Value::Absent => out.extend_from_slice(b"null"),
                other => print_to(&mut out, other),
            }
        }
    }
    Ok(out)
}

/// What `range` and `end` have asked for.
#[derive(Default)]
struct Run {
    begun: usize,
    inside: usize,
    ended: usize,
}

impl Run {
    /// Finds the results of each node. The second result is the index of the `end` that stopped
    /// the search.
    fn find(
        &mut self,
        nodes: &[Node],
        value: &Value,
    ) -> Result<(Vec<Vec<Value>>, Option<usize>), String> {
        let mut all = Vec::new();
        let mut index = 0;
        while let Some(node) = nodes.get(index) {
            let results = self.walk(vec![value.clone()], node)?;
            if self.ended > 0 && self.ended <= self.inside {
                self.ended -= 1;
                return Ok((all, Some(index)));
            }
            if self.begun > 0 {
                self.begun -= 1;
                self.inside += 1;
                let rest = &nodes[index + 1..];
                let mut end = None;
                for value in &results {
                    let (found, stop) = self.find(rest, value)?;
                    all.extend(found);
                    end = stop.or(end);
                }
                if results.is_empty() {
                    end = self.find(rest, &Value::Absent)?.1;
                }
                self.inside -= 1;
                index += end.map_or(0, |end| end + 1);
            } else {
                all.push(results);
            }
            index += 1;
        }
        Ok((all, None))
    }

    fn list(&mut self, mut values: Vec<Value>, nodes: &[Node]) -> Found {
        for node in nodes {
            values = self.walk(values, node)?;
        }
        Ok(values)
    }

    fn walk(&mut self, values: Vec<Value>, node: &Node) -> Found {
        let each = |value: Value| vec![value; values.len()];
        match node {
            Node::Text(text) => Ok(vec![Value::str(text.as_str())]),
            Node::Bool(flag) => Ok(each(Value::Bool(*flag))),
            Node::Int(number) => Ok(each(Value::Int(*number))),
            Node::Float(number) => Ok(each(Value::Float(*number))),
            Node::List(nodes) => self.list(values, nodes),
            Node::Identifier(name) => {
                match name.as_str() {
                    "range" => self.begun += 1,
                    "end" if self.inside > 0 => self.ended += 1,
                    "end" => return Err("not in range, nothing to end".to_owned()),
                    _ => return Err(format!("unrecognized identifier {name}")),
                }
                Ok(values)
            }
            Node::Field(name) => {
                let found: Vec<Value> =
                    values.iter().filter_map(|value| value.as_map()?.get(name)).collect();
                if found.is_empty() { Err(format!("{name} is not found")) } else { Ok(found) }
            }
            Node::Wildcard => Ok(values.iter().flat_map(children).collect()),
            Node::Recursive => Ok(values.iter().flat_map(descendants).collect()),
            Node::Slice(slice) => {
                let mut found = Vec::new();
                for value in values.iter().filter(|value| !value.is_nil()) {
                    match value {
                        Value::List(list) => found.extend(cut(&list.items(), *slice)?),
                        other => {
                            return Err(format!("{} is not array or slice", other.type_name()));
                        }
                    }
                }
                Ok(found)
            }
            Node::Union(parts) => {
                let mut found = Vec::new();
                for nodes in parts {
                    found.extend(self.list(values.clone(), nodes)?);
                }
                Ok(found)
            }
            Node::Filter { left, right, operator } => self.filter(&values, left, right, operator),
        }
    }

    fn filter(&mut self, values: &[Value], left: &[Node], right: &[Node], operator: &str) -> Found {
        let mut found = Vec::new();
        for value in values {
            let Value::List(list) = value else {
                return Err(format!(
                    "{} is not array or slice and cannot be filtered",
                    value.type_name()
                ));
            };
            for item in list.items().iter() {
                let lefts = self.list(vec![item.clone()], left);
                if operator == "exists" {
                    if lefts.is_ok_and(|lefts| !lefts.is_empty()) {
                        found.push(item.clone());
                    }
                    continue;
                }
                let Some(left) = single(lefts?)? else { continue };
                let Some(right) = single(self.list(vec![item.clone()], right)?)? else { continue };
                if compare(&left, &right, operator)? {
                    found.push(item.clone());
                }
            }
        }
        Ok(found)
    }
}

fn single(values: Vec<Value>) -> Result<Option<Value>, String> {
    if values.len() > 1 {
        return Err("can only compare one element at a time".to_owned());
    }
    Ok(values.into_iter().next())
}

fn children(value: &Value) -> Vec<Value> {
    match value {
        Value::Map(map) => map.entries().into_iter().map(|(_, value)| value).collect(),
        Value::List(list) => list.items().to_vec(),
        _ => Vec::new(),
    }
}

/// Returns a value that holds others and all such values in it.
fn descendants(value: &Value) -> Vec<Value> {
    // Go goes through the bytes of a text, too, and keeps the text.
    let is_text = value.as_string().is_some_and(|text| !text.is_empty());
    let children = children(value);
    if children.is_empty() && !is_text {
        return Vec::new();
    }
    let inner = children.iter().flat_map(descendants);
    std::iter::once(value.clone()).chain(inner).collect()
}

fn cut(items: &[Value], slice: Slice) -> Found {
    let Slice { start, end, step, is_index } = slice;
    let length = items.len() as i64;
    let mut start = start.unwrap_or(0);
    if start < 0 {
        start += length;
    }
    let mut end = end.unwrap_or(length);
    if end < 0 || end == 0 && is_index {
        end += length;
    }
    if start == end {
        return Ok(Vec::new());
    }
    let out =
        |index: i64| Err(format!("array index out of bounds: index {index}, length {length}"));
    if start >= length || start < 0 {
        return out(start);
    }
    if end > length || end < 0 {
        return out(end - 1);
    }
    if start > end {
        return Err(format!("starting index {start} is greater than ending index {end}"));
    }
    let step = step.unwrap_or(1);
    if step <= 0 {
        return Err("step must be > 0".to_owned());
    }
    Ok(items[start as usize..end as usize].iter().step_by(step as usize).cloned().collect())
}

/// Compares as Go templates did: only values of one kind go together.
fn compare(left: &Value, right: &Value, operator: &str) -> Result<bool, String> {
    let order = match (left, right) {
        (Value::Bool(a), Value::Bool(b)) => match operator {
            "==" | "!=" => a.cmp(b),
            _ => return Err("invalid type for comparison".to_owned()),
        },
        (Value::Str(a), Value::Str(b)) => a.as_bytes().cmp(b.as_bytes()),
        (Value::Int(a) | Value::Int64(a), Value::Int(b) | Value::Int64(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Greater),
        (Value::Map(_) | Value::List(_) | Value::Nil | Value::Absent, _)
        | (_, Value::Map(_) | Value::List(_) | Value::Nil | Value::Absent) => {
            return Err("invalid type for comparison".to_owned());
        }
        _ => return Err("incompatible types for comparison".to_owned()),
    };
    Ok(match operator {
        "<" => order.is_lt(),
        ">" => order.is_gt(),
        "==" => order.is_eq(),
        "!=" => order.is_ne(),
        "<=" => order.is_le(),
        ">=" => order.is_ge(),
        _ => return Err(format!("unrecognized filter operator {operator}")),
    })
}
