//! Access to checked arguments: the kinds a row names are there, so a miss yields an empty value.

use std::sync::LazyLock;

use crate::value::{List, ListType, Map, MapType, Str, Value};

static EMPTY: LazyLock<Str> = LazyLock::new(Str::default);
static NO_MAP: LazyLock<Map> = LazyLock::new(|| Map::nil(MapType::Any));
static NO_LIST: LazyLock<List> = LazyLock::new(|| List::nil(ListType::Any));

/// Returns argument `index`, nil when there is none.
pub(super) fn any_arg(args: &[Value], index: usize) -> &Value {
    args.get(index).unwrap_or(&Value::Nil)
}

/// Returns argument `index` of a `string` parameter.
pub(super) fn str_arg(args: &[Value], index: usize) -> &Str {
    match args.get(index) {
        Some(Value::Str(text)) => text,
        _ => &EMPTY,
    }
}

/// Returns argument `index` of an integer parameter.
pub(super) fn int_arg(args: &[Value], index: usize) -> i64 {
    match args.get(index) {
        Some(Value::Int(n) | Value::Int64(n) | Value::Duration(n)) => *n,
        Some(Value::Uint64(n)) => *n as i64,
        Some(Value::Uint8(n)) => i64::from(*n),
        _ => 0,
    }
}

/// Returns argument `index` of a `float64` parameter.
pub(super) fn float_arg(args: &[Value], index: usize) -> f64 {
    match args.get(index) {
        Some(Value::Float(x)) => *x,
        _ => 0.0,
    }
}

/// Returns argument `index` of a `bool` parameter.
pub(super) fn bool_arg(args: &[Value], index: usize) -> bool {
    matches!(args.get(index), Some(Value::Bool(true)))
}

/// Returns argument `index` of a map parameter; a nil map when it is nil.
pub(super) fn map_arg(args: &[Value], index: usize) -> &Map {
    match args.get(index) {
        Some(Value::Map(map)) => map,
        _ => &NO_MAP,
    }
}

/// Returns argument `index` of a list parameter; a nil list when it is nil.
pub(super) fn list_arg(args: &[Value], index: usize) -> &List {
    match args.get(index) {
        Some(Value::List(list)) => list,
        _ => &NO_LIST,
    }
}
