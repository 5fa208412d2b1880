use jiff::Timestamp;
use serde_json::{Value as Json, json};

use crate::chart::{Chart, File, Lock, Metadata};
use crate::json;
use crate::release::StoredChart;
use crate::value::{self, Str, Value};

/// Returns a chart in the form that release records keep.
///
/// Subcharts are not part of it: Helm does not store them.
pub(super) fn stored_chart(chart: &Chart) -> StoredChart {
    let bytes = |data: &Str| json::to_serde(&Value::Bytes(data.clone()));
    let files = |files: &[File]| -> Json {
        if files.is_empty() {
            return Json::Null;
        }
        files
            .iter()
            .map(|file| {
                json!({"name": file.name, "data": bytes(&file.data), "modtime": time(file.modified)})
            })
            .collect()
    };
    StoredChart::new(json!({
        "metadata": chart.metadata.to_json(),
        "lock": chart.lock.as_ref().map(Lock::to_json),
        "templates": files(&chart.templates),
        "values": json::to_serde(&Value::Map(chart.values.clone())),
        "schema": chart.schema.as_ref().map(bytes),
        "schemamodtime": time(chart.schema_modified),
        "files": files(&chart.files),
        "modtime": time(chart.modified),
    }))
}

/// Returns the default values of a stored chart in the form that values are merged in.
pub(super) fn restored_chart(stored: &StoredChart) -> Chart {
    let mut metadata = Metadata::default();
    stored.name().clone_into(&mut metadata.name);
    stored.version().clone_into(&mut metadata.version);
    let mut chart = Chart::new(metadata);
    chart.values = to_map(stored.values());
    chart
}

/// Returns a JSON object as values; an empty map for anything else.
pub(super) fn to_map(json: &Json) -> value::Map {
    match json::from_serde(json.clone()) {
        Value::Map(map) => map,
        _ => value::Map::new(),
    }
}

fn time(time: Option<Timestamp>) -> String {
    // Go's zero time.
    time.map_or_else(|| "0001-01-01T00:00:00Z".to_owned(), |time| time.to_string())
}
