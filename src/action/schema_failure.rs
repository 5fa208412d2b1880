use super::Error;
use crate::chart::Chart;
use crate::json;
use crate::value::{Map, Value};
use crate::values::provenance::Provenance;
use crate::values::{PathStep, SchemaErrors, UserValues, ValuePath};

/// The longest text of a value that is shown, in characters.
const MAX_TEXT: usize = 60;

/// A value that breaks a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetValue {
    /// Its path from the top chart's values.
    pub path: String,
    /// The value as JSON, its start if it is long.
    pub value: String,
    /// Where it was set, such as `prod.yaml:12` or `--set 'a=1'`.
    pub place: String,
}

/// Makes the error of values that break a schema: looks for where they were set.
pub(super) fn schema_error(
    chart: &Chart,
    user: &UserValues,
    merged: &Map,
    errors: SchemaErrors,
) -> Error {
    let mut places = Vec::new();
    if let Ok(provenance) = Provenance::trace(chart, user) {
        for failed in &errors.charts {
            for pointer in &failed.pointers {
                let path = path(merged, &failed.section, pointer);
                // Of a map something is missing, or one of its values is told of.
                let Some(value) = path.find(merged).filter(|value| !matches!(value, Value::Map(_)))
                else {
                    continue;
                };
                let Some(origin) = provenance.origin_of(&path) else { continue };
                places.push(SetValue {
                    path: path.to_string(),
                    value: shown(&value),
                    place: origin.place(),
                });
            }
        }
    }
    Error::Schema { errors, places }
}

/// Makes a path of the keys of a chart's section and a JSON pointer into it.
fn path(values: &Map, section: &[String], pointer: &str) -> ValuePath {
    let mut path = ValuePath::of_keys(section.iter().map(String::as_str));
    for token in pointer.split('/').skip(1) {
        let key = token.replace("~1", "/").replace("~0", "~");
        let is_list = matches!(path.find(values), Some(Value::List(_)));
        path.0.push(match key.parse() {
            Ok(index) if is_list => PathStep::Index(index),
            _ => PathStep::Key(key.into()),
        });
    }
    path
}

fn shown(value: &Value) -> String {
    match value {
        Value::List(list) => format!("a list of {}", list.items().len()),
        _ => {
            let text = json::to_serde(value).to_string();
            match text.char_indices().nth(MAX_TEXT) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    }
}
