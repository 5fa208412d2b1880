use serde_json::{Number, Value as Json};

use crate::value::{Entries, List, Map, MapType, Str, Value};

/// 2⁶³, the first integral float that no `i64` holds.
const INT64_END: f64 = 9_223_372_036_854_775_808.0;
/// 2⁶⁴, the first integral float that no `u64` holds.
const UINT64_END: f64 = 18_446_744_073_709_551_616.0;

/// Returns the JSON that the Kubernetes API is sent for `value`.
///
/// Integral floats become JSON integers when an `i64` or `u64` holds them, because the API server
/// refuses `1e6` for an integer field. Bytes become base64, objects what Go's encoder sees, nil
/// lists and maps null, and floats that JSON lacks (NaN, infinities) null.
#[must_use]
pub fn to_serde(value: &Value) -> Json {
    match value {
        Value::Absent | Value::Nil => Json::Null,
        Value::Bool(b) => Json::Bool(*b),
        Value::Int(n) | Value::Int64(n) | Value::Duration(n) => Json::from(*n),
        Value::Uint8(n) => Json::from(*n),
        Value::Uint64(n) => Json::from(*n),
        Value::Float(x) => float_to_serde(*x),
        Value::Str(text) => Json::String(text.to_str_lossy().into_owned()),
        Value::Bytes(bytes) => Json::String(super::write::base64(bytes.as_bytes())),
        Value::List(list) if list.is_nil() => Json::Null,
        Value::List(list) => Json::Array(list.items().iter().map(to_serde).collect()),
        Value::Map(map) if map.is_nil() => Json::Null,
        Value::Map(map) => map.with(|entries| {
            Json::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.to_str_lossy().into_owned(), to_serde(value)))
                    .collect(),
            )
        }),
        Value::Object(object) => to_serde(&object.to_plain()),
    }
}

fn float_to_serde(x: f64) -> Json {
    if x.fract() == 0.0 {
        if (-INT64_END..INT64_END).contains(&x) {
            return Json::from(x as i64);
        }
        if (0.0..UINT64_END).contains(&x) {
            return Json::from(x as u64);
        }
    }
    Number::from_f64(x).map_or(Json::Null, Json::Number)
}

/// Returns the value that Go's JSON decoder would make: every number a `float64`.
#[must_use]
pub fn from_serde(json: Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(b) => Value::Bool(b),
        Json::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::Str(text.into()),
        Json::Array(items) => Value::List(List::new(items.into_iter().map(from_serde).collect())),
        Json::Object(fields) => {
            let entries: Entries = fields
                .into_iter()
                .map(|(key, value)| (Str::from(key), from_serde(value)))
                .collect();
            Value::Map(Map::open(MapType::Any, entries))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_for_kubernetes() {
        let cases = [
            (Value::Float(1e6), "1000000"),
            (Value::Float(-0.0), "0"),
            (Value::Float(1.5), "1.5"),
            (Value::Float(9_223_372_036_854_775_808.0), "9223372036854775808"),
            (Value::Float(f64::NAN), "null"),
            (Value::Int64(i64::MAX), "9223372036854775807"),
            (Value::Uint64(u64::MAX), "18446744073709551615"),
        ];
        for (value, text) in cases {
            assert_eq!(to_serde(&value).to_string(), text);
        }
    }

    #[test]
    fn there_and_back() {
        let json = serde_json::json!({"b": [1, "x", null, true], "a": {}});
        let value = from_serde(json.clone());
        assert!(matches!(
            value.as_map().and_then(|m| m.get("b")).and_then(|b| b.as_list()?.get(0)),
            Some(Value::Float(1.0))
        ));
        assert_eq!(to_serde(&value), json);
    }
}
