//! Values of templates in Go's terms and in Jinja's, and back.

use minijinja::value::ValueKind;
use minijinja::{Error, ErrorKind, Value as Jinja};

use super::mark;
use super::object::{self, ListObject, MapObject, Missing, Names};
use super::session;
use crate::value::{List, Map, Str, Value};

/// The largest whole number that a float holds exactly.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Returns a string for Jinja: what looks like a mark is made unlike one.
pub(super) fn string(text: &str) -> Jinja {
    match mark::escaped(text) {
        Some(text) => Jinja::from(text),
        None => Jinja::from(text),
    }
}

/// Returns a value for Jinja. Maps and lists are not copied. Whole numbers, which YAML's reader
/// gives as floats, are integers.
pub(super) fn to_jinja(value: &Value, names: Names) -> Jinja {
    match value {
        Value::Absent | Value::Nil if names == Names::Optional => {
            Jinja::from_object(Missing::default())
        }
        Value::Absent | Value::Nil => Jinja::from(()),
        Value::Bool(value) => Jinja::from(*value),
        Value::Int(n) | Value::Int64(n) => Jinja::from(*n),
        Value::Uint8(n) => Jinja::from(*n),
        Value::Uint64(n) => Jinja::from(*n),
        Value::Float(x) if x.fract() == 0.0 && x.abs() < MAX_WHOLE && !is_minus_zero(*x) => {
            Jinja::from(*x as i64)
        }
        Value::Float(x) => Jinja::from(*x),
        Value::Str(text) => string(&text.to_str_lossy()),
        Value::Bytes(bytes) => match bytes.as_str() {
            Some(text) => string(text),
            None => Jinja::from_bytes(bytes.as_bytes().to_vec()),
        },
        Value::List(list) => Jinja::from_object(ListObject::new(list.clone(), names)),
        Value::Map(map) => Jinja::from_object(MapObject::new(map.clone(), names)),
        Value::Duration(_) => string(&crate::value::to_text(value).to_str_lossy()),
        Value::Object(object) => {
            Jinja::from_object(object::GoObject::new(std::sync::Arc::clone(object)))
        }
    }
}

fn is_minus_zero(x: f64) -> bool {
    x == 0.0 && x.is_sign_negative()
}

/// Returns a value in Go's terms; marks in strings are resolved.
///
/// # Errors
/// The value is undefined, or a function or the like.
pub(super) fn from_jinja(value: &Jinja) -> Result<Value, Error> {
    if let Some(go) = object::go_value(value) {
        return Ok(go);
    }
    match value.kind() {
        ValueKind::None => Ok(Value::Nil),
        ValueKind::Bool => Ok(Value::Bool(value.is_true())),
        ValueKind::Number => Ok(number(value)),
        ValueKind::String => {
            let text = value.as_str().unwrap_or_default();
            Ok(Value::Str(session::resolved(text).map_or_else(|| Str::from(text), Str::from)))
        }
        ValueKind::Bytes => Ok(Value::Bytes(value.as_bytes().unwrap_or_default().into())),
        ValueKind::Seq | ValueKind::Iterable => {
            let mut items = Vec::new();
            for item in value.try_iter()?.checked() {
                items.push(nested(&item?)?);
            }
            Ok(Value::List(List::new(items)))
        }
        ValueKind::Map => {
            let mut pairs = Vec::new();
            for key in value.try_iter()?.checked() {
                let key = key?;
                let item = nested(&value.get_item(&key)?)?;
                let key = match from_jinja(&key)? {
                    Value::Str(text) => text,
                    key => {
                        let mut text = String::new();
                        super::place::plain_value(&mut text, &key);
                        text.into()
                    }
                };
                pairs.push((key, item));
            }
            Ok(Value::Map(Map::from_pairs(pairs)))
        }
        // The engine knows what was undefined, but tells in errors of its own alone.
        ValueKind::Undefined => Err(match value.get_attr("") {
            Err(error) => error,
            Ok(_) => Error::from(ErrorKind::UndefinedError),
        }),
        _ => Err(Error::new(ErrorKind::InvalidOperation, format!("{value} is no data"))),
    }
}

fn nested(value: &Jinja) -> Result<Value, Error> {
    stacker::maybe_grow(64 << 10, 1 << 20, || from_jinja(value))
}

fn number(value: &Jinja) -> Value {
    if value.is_integer() {
        if let Some(n) = value.as_i64() {
            return Value::Int(n);
        }
        if let Ok(n) = u64::try_from(value.clone()) {
            return Value::Uint64(n);
        }
    }
    Value::Float(f64::try_from(value.clone()).unwrap_or(f64::NAN))
}
