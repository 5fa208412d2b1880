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
    check(chart, values, &mut Vec::new(), &mut charts, &mut warnings);
    let value = if charts.is_empty() { Ok(()) } else { Err(SchemaErrors { charts }) };
    Warned { value, warnings }
}

fn check(
    chart: &Chart,
    values: &Map,
    section: &mut Vec<String>,
    failed: &mut Vec<ChartSchemaError>,
    warnings: &mut Vec<Warning>,
) {
    if let Some(schema) = &chart.schema
        && let Err((fault, pointers)) = check_one(schema.as_bytes(), values, warnings)
    {
        let (chart, section) = (chart.name().to_owned(), section.clone());
        failed.push(ChartSchemaError { chart, section, pointers, fault });
    }
    for child in &chart.dependencies {
        match values.get(child.name()) {
            None | Some(Value::Nil | Value::Absent) => {}
            Some(Value::Map(inner)) => {
                section.push(child.name().to_owned());
                check(child, &inner, section, failed, warnings);
                section.pop();
            }
            Some(other) => failed.push(ChartSchemaError {
                chart: child.name().to_owned(),
                section: section.clone(),
                pointers: vec![format!("/{}", child.name())],
                fault: SchemaFault::NotMap(other.type_name()),
            }),
        }
    }
}

/// Why one chart fails, and the JSON pointers of the values that do not fit.
type Failed = (SchemaFault, Vec<String>);

fn check_one(schema: &[u8], values: &Map, warnings: &mut Vec<Warning>) -> Result<(), Failed> {
    let unusable = |message| (SchemaFault::Schema(message), Vec::new());
    let schema = Json::read(schema).map_err(unusable)?;
    let (program, top) = Program::compile(LOCATION, schema, warnings).map_err(unusable)?;
    let instance = if values.is_nil() {
        Json::Object(std::collections::BTreeMap::new())
    } else {
        Json::from(&Value::Map(values.clone()))
    };
    evaluate(&program, top, &instance, None).map_err(|failures| {
        (SchemaFault::Values(super::failure::print(&failures)), super::failure::pointers(&failures))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Metadata;
    use crate::value::Str;

    fn chart(name: &str, schema: &str) -> Chart {
        let mut chart = Chart::new(Metadata { name: name.to_owned(), ..Metadata::default() });
        chart.schema = Some(Str::from(schema));
        chart
    }

    #[test]
    fn joins_the_failures_of_all_charts() {
        let mut top = chart("top", "{");
        top.dependencies.push(chart("a", r#"{"required":["q"]}"#));
        top.dependencies.push(chart("b", r##"{"$ref":"#/no"}"##));
        top.dependencies.push(chart("c", "false"));
        top.dependencies.push(chart("d", "false"));
        let values = Map::from_pairs([
            ("a", Value::Map(Map::new())),
            ("b", Value::Map(Map::new())),
            ("c", Value::Nil),
            ("d", Value::Int64(5)),
        ]);
        let text = validate(&top, &values).value.map_err(|errors| errors.to_string());
        // Helm 4.3.1 puts no line feed after a schema it cannot use either.
        let helm = "values don't meet the specifications of the schema(s) in the following \
            chart(s):\ntop:\nunexpected EOFa:\n- at '': missing property 'q'\nb:\n\
            json-pointer in \"file:///values.schema.json#/no\" not foundd:\n\
            invalid type for values: expected object (map), got int64\n";
        assert_eq!(text, Err(helm.to_owned()));
    }

    #[test]
    fn what_is_not_fetched() {
        let cases = [
            (
                "http://example.com/a.json#/b",
                Some(
                    "t:\nfailing loading \"http://example.com/a.json\": \
                    schemas are not fetched from servers",
                ),
            ),
            ("urn:example:x", None),
            ("http://json-schema.org/draft-07/schema#", None),
        ];
        for (reference, message) in cases {
            let chart =
                chart("t", &format!(r#"{{"properties":{{"a":{{"$ref":"{reference}"}}}}}}"#));
            let values = Map::from_pairs([("a", Value::Map(Map::new()))]);
            let checked = validate(&chart, &values);
            let text = checked.value.err().map(|errors| errors.charts[0].to_string());
            assert_eq!(text.as_deref(), message);
            assert_eq!(checked.warnings.len(), usize::from(reference.starts_with("urn:")));
        }
    }
}
