//! Paths into values: `a.b.c`.

use crate::value::{Map, Value};

/// Returns the map at a dotted path.
///
/// # Errors
/// The text of Helm's error, which names the first part that is no map.
pub(super) fn find_table(values: &Map, path: &str) -> Result<Map, String> {
    let mut table = values.clone();
    for part in path.split('.') {
        match table.get(part) {
            Some(Value::Map(inner)) => table = inner,
            _ => return Err(format!("{part:?} is not a table")),
        }
    }
    Ok(table)
}

/// Returns the value at a dotted path, unless it is a map or not there.
pub(super) fn find_value(values: &Map, path: &str) -> Option<Value> {
    let found = match path.rsplit_once('.') {
        Some((tables, key)) => find_table(values, tables).ok()?.get(key),
        None => values.get(path),
    };
    found.filter(|value| !matches!(value, Value::Map(_)))
}
