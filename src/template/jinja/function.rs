//! Functions of the table that Go's templates use, called from Jinja.

use minijinja::{Error, ErrorKind, Value as Jinja};

use super::convert::{from_jinja, to_jinja};
use super::error::UserError;
use super::object::Names;
use super::session;
use crate::template::function::{Failure, Function, Param};
use crate::value::{List, ListType, Map, MapType, Str, Value};

/// Says what a value is, for messages.
pub(super) fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil | Value::Absent => "null",
        Value::Bool(_) => "a boolean",
        Value::Int(_) | Value::Int64(_) | Value::Uint8(_) | Value::Uint64(_) => "an integer",
        Value::Float(_) => "a number",
        Value::Str(_) => "a string",
        Value::Bytes(_) => "bytes",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
        Value::Duration(_) => "a duration",
        Value::Object(_) => "an object",
    }
}

fn wanted(param: Param) -> &'static str {
    match param {
        Param::Str => "a string",
        Param::Int | Param::Int64 | Param::Uint32 => "an integer",
        Param::Float => "a number",
        Param::Bool => "a boolean",
        Param::Map => "a map",
        Param::List => "a list",
        Param::Time => "a time",
        Param::Duration => "a duration",
        Param::Certificate => "a certificate",
        Param::Any | Param::Reflect => "a value",
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Int(n) | Value::Int64(n) | Value::Duration(n) => Some(*n),
        Value::Uint8(n) => Some(i64::from(*n)),
        Value::Uint64(n) => i64::try_from(*n).ok(),
        Value::Float(x) if x.fract() == 0.0 && x.abs() < 9e15 => Some(*x as i64),
        _ => None,
    }
}

/// Makes of an argument what the parameter takes. `None` when there is no way.
fn fit(param: Param, value: Value) -> Option<Value> {
    Some(match (param, value) {
        (Param::Any | Param::Reflect, value) | (Param::Bool, value @ Value::Bool(_)) => value,
        (Param::Str, Value::Str(text) | Value::Bytes(text)) => Value::Str(text),
        (
            Param::Str,
            value @ (Value::Bool(_)
            | Value::Int(_)
            | Value::Int64(_)
            | Value::Uint64(_)
            | Value::Float(_)
            | Value::Object(_)
            | Value::Duration(_)),
        ) => {
            let mut text = String::new();
            super::place::plain_value(&mut text, &value);
            Value::from(text)
        }
        (Param::Int, value) => Value::Int(integer(&value)?),
        (Param::Int64, value) => Value::Int64(integer(&value)?),
        (Param::Uint32, value) => Value::Uint64(u32::try_from(integer(&value)?).ok()?.into()),
        (Param::Duration, value) => Value::Duration(integer(&value)?),
        (Param::Float, Value::Float(x)) => Value::Float(x),
        (Param::Float, value) => Value::Float(integer(&value)? as f64),
        (Param::Map, Value::Map(map)) => Value::Map(map.with_type(MapType::Any)),
        (Param::Map, Value::Nil) => Value::Map(Map::nil(MapType::Any)),
        (Param::List, Value::Nil) => Value::List(List::nil(ListType::Any)),
        (Param::List, Value::List(list)) => match list.list_type() {
            ListType::Any => Value::List(list),
            _ => Value::List(List::new(list.items().to_vec())),
        },
        (Param::Time | Param::Certificate, Value::Object(object))
            if object.type_name() == param.go_type() =>
        {
            Value::Object(object)
        }
        _ => return None,
    })
}

fn invalid(message: String) -> Error {
    Error::new(ErrorKind::InvalidOperation, message)
}

/// Calls a row of the table, or with `receiver` a method, with arguments in its own order.
pub(super) fn call_row(
    row: &'static Function,
    name: &str,
    receiver: Option<Value>,
    args: &[Jinja],
) -> Result<Jinja, Error> {
    let args = args.iter().map(from_jinja).collect::<Result<Vec<_>, _>>()?;
    call_values(row, name, receiver, args, Names::Keys)
}

/// As [`call_row`], with values of Go's; `names` are those of the result.
pub(super) fn call_values(
    row: &'static Function,
    name: &str,
    receiver: Option<Value>,
    args: Vec<Value>,
    names: Names,
) -> Result<Jinja, Error> {
    let (least, given) = (row.params.len(), args.len());
    if given < least {
        let message = format!("`{name}` takes {least} arguments, {given} given");
        return Err(Error::new(ErrorKind::MissingArgument, message));
    }
    if given > least && row.rest.is_none() {
        let message = format!("`{name}` takes {least} arguments, {given} given");
        return Err(Error::new(ErrorKind::TooManyArguments, message));
    }
    let mut values: Vec<Value> = receiver.into_iter().collect();
    for (i, value) in args.into_iter().enumerate() {
        let param = row.params.get(i).copied().or(row.rest).unwrap_or(Param::Any);
        let found = kind(&value);
        let Some(value) = fit(param, value) else {
            return Err(invalid(format!("`{name}` takes {}, not {found}", wanted(param))));
        };
        values.push(value);
    }
    if row.walks() && values.iter().any(crate::value::has_cycle) {
        return Err(invalid(format!("`{name}`: a map lies within itself")));
    }
    let env = session::with(|session| std::rc::Rc::clone(&session.env))?;
    let result = (row.call)(&env, &values);
    if name.starts_with("merge") {
        session::outdate()?;
    }
    match result {
        Ok(value) => Ok(to_jinja(&value, names)),
        Err(Failure::Message(message)) => Err(invalid(format!("`{name}`: {message}"))),
        Err(Failure::User(words)) => Err(invalid(words.clone()).with_source(UserError(words))),
        Err(Failure::Frozen) => Err(invalid(format!("`{name}`: the map cannot be changed"))),
    }
}

/// Returns the text of a string argument.
pub(super) fn text(value: &Jinja, name: &str) -> Result<Str, Error> {
    match from_jinja(value)? {
        Value::Str(text) => Ok(text),
        other => Err(invalid(format!("`{name}` takes a string, not {}", kind(&other)))),
    }
}
