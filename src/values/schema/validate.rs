use super::compile::Program;
use super::error::{ChartSchemaError, SchemaErrors, SchemaFault};
use super::evaluate::evaluate;
use super::tree::Json;
use crate::chart::{Chart, Warned, Warning};
use crate::value::{Map, Value};

/// Where Helm says that a chart's schema lies.
const LOCATION: &str = "file:///values.schema.json";

/// Checks merged values against the schemas of a chart and its subcharts.
///
/// Call it with the chart that [`crate::values::process_dependencies`] returned and the values
/// that [`crate::values::merge`] made. Every chart with a schema is checked, each with its section
/// of the values, and all failures are returned together. Failures of one map are in the order of
/// its keys, where Helm's order changes from run to run.
///
/// References to other files (`file://` and relative ones) are read from the root folder, as Helm
/// does. Schemas on servers are not fetched, which fails the chart; unknown `urn:` references
/// allow everything and give a warning.
///
/// # Errors
/// [`SchemaErrors`] within the result, with the charts that fail.
///
/// # Source
/// Helm v4 `pkg/chart/common/util/jsonschema.go`.
pub fn validate(chart: &Chart, values: &Map) -> Warned<Result<(), SchemaErrors>> {
    let mut charts = Vec::new();
    let mut warnings = Vec::new();
    check(chart, values, &mut charts, &mut warnings);
    let value = if charts.is_empty() { Ok(()) } else { Err(SchemaErrors { charts }) };
    Warned { value, warnings }
}

fn check(
    chart: &Chart,
    values: &Map,
    failed: &mut Vec<ChartSchemaError>,
    warnings: &mut Vec<Warning>,
) {
    if let Some(schema) = &chart.schema
        && let Err(fault) = check_one(schema.as_bytes(), values, warnings)
    {
        failed.push(ChartSchemaError { chart: chart.name().to_owned(), fault });
    }
    for child in &chart.dependencies {
        match values.get(child.name()) {
            None | Some(Value::Nil | Value::Absent) => {}
            Some(Value::Map(section)) => check(child, &section, failed, warnings),
            Some(other) => failed.push(ChartSchemaError {
                chart: child.name().to_owned(),
                fault: SchemaFault::NotMap(other.type_name()),
            }),
        }
    }
}

fn check_one(schema: &[u8], values: &Map, warnings: &mut Vec<Warning>) -> Result<(), SchemaFault> {
    let schema = Json::read(schema).map_err(SchemaFault::Schema)?;
    let (program, top) =
        Program::compile(LOCATION, schema, warnings).map_err(SchemaFault::Schema)?;
    let instance = if values.is_nil() {
        Json::Object(std::collections::BTreeMap::new())
    } else {
        Json::from(&Value::Map(values.clone()))
    };
    evaluate(&program, top, &instance, None)
        .map_err(|failures| SchemaFault::Values(super::failure::print(&failures)))
}
