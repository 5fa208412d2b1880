//! The rules of `values.yaml`.

use super::request::Request;
use super::source::{Entry, Source};
use super::{Report, Severity};
use crate::chart::json_kind;
use crate::value::{Map, Value};
use crate::{values, yaml};

const FILE: &str = "values.yaml";

pub(super) fn check(source: &Source, request: &Request, report: &mut Report) {
    let exists = match source.entry(FILE) {
        Entry::Missing => Err("file does not exist"),
        Entry::File | Entry::Folder => Ok(()),
    };
    if report.check(Severity::Info, FILE, exists) {
        let rule = meets_schema(source, request, report);
        report.check(Severity::Error, FILE, rule);
    }
}

fn meets_schema(source: &Source, request: &Request, report: &mut Report) -> Result<(), String> {
    let unreadable = |error: String| format!("unable to parse YAML: {error}");
    let text = source.read(FILE).map_err(unreadable)?;
    let defaults = match yaml::read(&text) {
        Ok(Value::Map(map)) => map,
        Ok(Value::Nil | Value::Absent) => Map::new(),
        Ok(other) => {
            return Err(unreadable(format!(
                "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {} into Go \
                 value of type common.Values",
                json_kind(&other)
            )));
        }
        Err(error) => return Err(unreadable(error.in_helm())),
    };
    let merged = values::merge_file(&defaults, request.user_values);
    report.log.extend(merged.warnings);
    let schema = source.read("values.schema.json").unwrap_or_default();
    if schema.is_empty() || request.skip_schema_validation {
        return Ok(());
    }
    let checked = values::validate_alone(&schema, &merged.value, request.fetch_schema);
    report.log.extend(checked.warnings);
    checked.value.map_err(|fault| fault.to_string())
}
