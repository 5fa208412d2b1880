use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use crate::chart::{Chart, Dependency, File, Lock, Metadata};
use crate::json;
use crate::release::StoredChart;
use crate::value::{self, Str, Value};

/// Returns a chart in the form that release records keep.
///
/// Subcharts are not part of it: Helm does not store them.
pub(super) fn stored_chart(chart: &Chart) -> StoredChart {
    let bytes = |data: &Str| json::to_serde(&Value::Bytes(data.clone()));
    let files = |files: &[File]| -> Json {
        files
            .iter()
            .map(|file| {
                json!({"name": file.name, "data": bytes(&file.data), "modtime": time(file.modified)})
            })
            .collect()
    };
    StoredChart::new(json!({
        "metadata": metadata(&chart.metadata),
        "lock": chart.lock.as_ref().map(lock),
        "templates": files(&chart.templates),
        "values": json::to_serde(&Value::Map(chart.values.clone())),
        "schema": chart.schema.as_ref().map(bytes),
        "schemamodtime": "0001-01-01T00:00:00Z",
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

fn put(fields: &mut Map<String, Json>, key: &str, value: Json) {
    let empty = match &value {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        _ => false,
    };
    if !empty {
        fields.insert(key.to_owned(), value);
    }
}

fn metadata(metadata: &Metadata) -> Json {
    let mut fields = Map::new();
    let maintainers = metadata.maintainers.iter().map(|maintainer| {
        let mut fields = Map::new();
        put(&mut fields, "name", maintainer.name.clone().into());
        put(&mut fields, "email", maintainer.email.clone().into());
        put(&mut fields, "url", maintainer.url.clone().into());
        Json::Object(fields)
    });
    put(&mut fields, "name", metadata.name.clone().into());
    put(&mut fields, "home", metadata.home.clone().into());
    put(&mut fields, "sources", metadata.sources.clone().into());
    put(&mut fields, "version", metadata.version.clone().into());
    put(&mut fields, "description", metadata.description.clone().into());
    put(&mut fields, "keywords", metadata.keywords.clone().into());
    put(&mut fields, "maintainers", maintainers.collect());
    put(&mut fields, "icon", metadata.icon.clone().into());
    put(&mut fields, "apiVersion", metadata.api_version.clone().into());
    put(&mut fields, "condition", metadata.condition.clone().into());
    put(&mut fields, "tags", metadata.tags.clone().into());
    put(&mut fields, "appVersion", metadata.app_version.clone().into());
    put(&mut fields, "deprecated", metadata.deprecated.into());
    let annotations = metadata.annotations.iter().flatten();
    let annotations: Map<_, _> =
        annotations.map(|(key, value)| (key.clone(), value.clone().into())).collect();
    put(&mut fields, "annotations", Json::Object(annotations));
    put(&mut fields, "kubeVersion", metadata.kube_version.clone().into());
    put(&mut fields, "dependencies", metadata.dependencies.iter().map(dependency).collect());
    put(&mut fields, "type", metadata.chart_type.clone().into());
    Json::Object(fields)
}

fn dependency(dependency: &Dependency) -> Json {
    let mut fields = Map::new();
    fields.insert("name".to_owned(), dependency.name.clone().into());
    put(&mut fields, "version", dependency.version.clone().into());
    fields.insert("repository".to_owned(), dependency.repository.clone().into());
    put(&mut fields, "condition", dependency.condition.clone().into());
    put(&mut fields, "tags", dependency.tags.clone().into());
    put(&mut fields, "enabled", dependency.enabled.into());
    let imports = dependency.import_values.0.iter().map(json::to_serde);
    put(&mut fields, "import-values", imports.collect());
    put(&mut fields, "alias", dependency.alias.clone().into());
    Json::Object(fields)
}

fn lock(lock: &Lock) -> Json {
    json!({
        "generated": lock.generated.to_str_lossy(),
        "digest": lock.digest.to_str_lossy(),
        "dependencies": lock.dependencies.iter().map(dependency).collect::<Json>(),
    })
}
