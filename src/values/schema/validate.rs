use super::compile::{FetchSchema, Program};
use super::error::{Breach, ChartSchemaError, Rule, SchemaErrors, SchemaFault};
use super::evaluate::evaluate;
use super::failure;
use super::rules::SchemaId;
use super::tree::{Json, offset_of};
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
/// does. `fetch` gets those of servers; without it they fail the chart. Unknown `urn:` references
/// allow everything and give a warning.
///
/// # Errors
/// [`SchemaErrors`] within the result, with the charts that fail.
///
/// # Source
/// Helm v4 `pkg/chart/common/util/jsonschema.go`.
pub fn validate(
    chart: &Chart,
    values: &Map,
    fetch: Option<FetchSchema>,
) -> Warned<Result<(), SchemaErrors>> {
    let mut places = Vec::new();
    collect(chart, values, &mut Vec::new(), &mut places);
    let checked = crate::parallel::map(&places, Place::work, |place| place.check(fetch));
    let mut charts = Vec::new();
    let mut warnings = Vec::new();
    for (place, Warned { value, warnings: more }) in places.into_iter().zip(checked) {
        warnings.extend(more);
        if let Err((fault, breaches)) = value {
            let (chart, section) = (place.chart.to_owned(), place.section);
            charts.push(ChartSchemaError { chart, section, breaches, fault });
        }
    }
    let value = if charts.is_empty() { Ok(()) } else { Err(SchemaErrors { charts }) };
    Warned { value, warnings }
}

/// Checks values against one schema.
///
/// # Errors
/// [`SchemaFault`] within the result.
pub fn validate_alone(
    schema: &[u8],
    values: &Map,
    fetch: Option<FetchSchema>,
) -> Warned<Result<(), SchemaFault>> {
    let mut warnings = Vec::new();
    let value = check_one(schema, values, fetch, &mut warnings).map_err(|(fault, _)| fault);
    Warned { value, warnings }
}

/// A byte of a schema is about so much more work than a byte that is only read.
const WEIGHT: usize = 8;

/// A chart whose values have something to meet.
struct Place<'a> {
    chart: &'a str,
    /// The keys that lead to where `values` stand; of what is no map, to the map around it.
    section: Vec<String>,
    schema: &'a [u8],
    /// The type of what stands where a map belongs, if one does not.
    values: Result<Map, &'static str>,
}

/// Collects the charts that have a schema, or values that are no map.
fn collect<'a>(
    chart: &'a Chart,
    values: &Map,
    section: &mut Vec<String>,
    places: &mut Vec<Place<'a>>,
) {
    if let Some(schema) = &chart.schema {
        places.push(Place {
            chart: chart.name(),
            section: section.clone(),
            schema: schema.as_bytes(),
            values: Ok(values.clone()),
        });
    }
    for child in &chart.dependencies {
        match values.get(child.name()) {
            None | Some(Value::Nil | Value::Absent) => {}
            Some(Value::Map(inner)) => {
                section.push(child.name().to_owned());
                collect(child, &inner, section, places);
                section.pop();
            }
            Some(other) => places.push(Place {
                chart: child.name(),
                section: section.clone(),
                schema: b"",
                values: Err(other.type_name()),
            }),
        }
    }
}

/// Why one chart fails, and the values that do not fit.
type Failed = (SchemaFault, Vec<Breach>);

impl Place<'_> {
    fn work(&self) -> usize {
        self.schema.len() * WEIGHT
    }

    fn check(&self, fetch: Option<FetchSchema>) -> Warned<Result<(), Failed>> {
        let mut warnings = Vec::new();
        let value = match &self.values {
            Ok(values) => check_one(self.schema, values, fetch, &mut warnings),
            Err(found) => {
                let breach = Breach { pointer: format!("/{}", self.chart), rule: None };
                Err((SchemaFault::NotMap(found), vec![breach]))
            }
        };
        Warned { value, warnings }
    }
}

fn check_one(
    schema: &[u8],
    values: &Map,
    fetch: Option<FetchSchema>,
    warnings: &mut Vec<Warning>,
) -> Result<(), Failed> {
    let unusable = |message| (SchemaFault::Schema(message), Vec::new());
    let text = schema;
    let schema = Json::read(text).map_err(unusable)?;
    if super::quick::holds(&schema, values) {
        return Ok(());
    }
    let (program, top) = Program::compile(LOCATION, schema, fetch, warnings).map_err(unusable)?;
    let instance = if values.is_nil() {
        Json::Object(std::collections::BTreeMap::new())
    } else {
        Json::from(&Value::Map(values.clone()))
    };
    evaluate(&program, top, &instance, None).map_err(|failures| {
        let breaches = failure::pointers(&failures).into_iter().map(|(pointer, schema)| Breach {
            pointer: pointer.to_owned(),
            rule: schema.map(|schema| rule(&program, schema, text)),
        });
        let breaches = breaches.collect();
        (SchemaFault::Values(failure::print(&failures)), breaches)
    })
}

/// Returns where a schema stands. `text` is the chart's own.
fn rule(program: &Program, schema: SchemaId, text: &[u8]) -> Rule {
    let (file, pointer) = program.place(schema);
    let is_own = file == LOCATION;
    let line = is_own.then(|| offset_of(text, pointer)).flatten().map(|offset| {
        1 + memchr::memchr_iter(b'\n', text.get(..offset).unwrap_or_default()).count()
    });
    let (file, pointer) = ((!is_own).then(|| file.to_owned()), pointer.to_owned());
    Rule { file, line, pointer, wants_text: program.wants_text(schema) }
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
        let text = validate(&top, &values, None).value.map_err(|errors| errors.to_string());
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
            let checked = validate(&chart, &values, None);
            let text = checked.value.err().map(|errors| errors.charts[0].to_string());
            assert_eq!(text.as_deref(), message);
            assert_eq!(checked.warnings.len(), usize::from(reference.starts_with("urn:")));
        }
    }
}
