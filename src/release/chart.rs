use serde_json::Value as Json;

const SCHEMA_TIME: &str = "schemamodtime";
const NO_TIME: &str = "0001-01-01T00:00:00Z";

/// A chart as release records keep it: metadata, lock, templates, values, schema and files of the
/// root chart, in Helm's JSON. Fields that rhumb does not know survive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredChart(Json);

impl StoredChart {
    /// Wraps a chart in Helm's JSON.
    ///
    /// Helm 3 knows no `schemamodtime`; Helm 4 adds Go's zero time whenever it writes the record.
    #[must_use]
    pub fn new(mut json: Json) -> Self {
        if let Some(fields) = json.as_object_mut()
            && !fields.contains_key(SCHEMA_TIME)
        {
            let after =
                fields.keys().position(|key| key == "schema").map_or(fields.len(), |i| i + 1);
            fields.shift_insert(after, SCHEMA_TIME.to_owned(), NO_TIME.into());
        }
        StoredChart(json)
    }

    /// Returns Helm's JSON.
    #[must_use]
    pub fn as_json(&self) -> &Json {
        &self.0
    }

    fn metadata(&self, field: &str) -> &str {
        self.0["metadata"][field].as_str().unwrap_or("")
    }

    /// Returns whether the record has a chart with metadata.
    #[must_use]
    pub fn has_metadata(&self) -> bool {
        self.0["metadata"].is_object()
    }

    /// Returns the name of the chart.
    #[must_use]
    pub fn name(&self) -> &str {
        self.metadata("name")
    }

    /// Returns the version of the chart.
    #[must_use]
    pub fn version(&self) -> &str {
        self.metadata("version")
    }

    /// Returns the version of the application.
    #[must_use]
    pub fn app_version(&self) -> &str {
        self.metadata("appVersion")
    }

    /// Returns `name-version` as lists show it; `MISSING` when the record has no chart.
    #[must_use]
    pub fn full_name(&self) -> String {
        if self.has_metadata() {
            format!("{}-{}", self.name(), self.version())
        } else {
            // Helm prints this word for records without a chart.
            "MISSING".to_owned()
        }
    }

    /// Returns the default values of the chart, after its dependencies were processed.
    #[must_use]
    pub fn values(&self) -> &Json {
        &self.0["values"]
    }
}
