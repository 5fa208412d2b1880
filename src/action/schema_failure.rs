use super::Error;
use crate::chart::Chart;
use crate::json;
use crate::value::{Map, Value};
use crate::values::provenance::Provenance;
use crate::values::{Breach, PathStep, Rule, SchemaErrors, UserValues, ValuePath};

/// The longest text of a value that is shown, in characters.
const MAX_TEXT: usize = 60;

/// A value that breaks a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetValue {
    /// Its path from the top chart's values.
    pub path: String,
    /// The value as JSON, its start if it is long.
    pub value: String,
    /// Where it was set, such as `prod.yaml:12` or `--set 'a=1'`; `None` for a map, which may have
    /// come together from many places.
    pub place: Option<String>,
    /// What asks for something else, such as `web/values.schema.json:12 (/properties/a)`.
    pub rule: Option<String>,
    /// Whether it is a number or boolean where a text is asked for: it may lack its quotes.
    pub lacks_quotes: bool,
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
            for Breach { pointer, rule } in &failed.breaches {
                let path = path(merged, &failed.section, pointer);
                let Some(value) = path.find(merged) else { continue };
                let is_map = matches!(value, Value::Map(_));
                let origin = provenance.origin_of(&path).filter(|_| !is_map);
                let lacks_quotes = rule.as_ref().is_some_and(|rule| rule.wants_text)
                    && matches!(value, Value::Bool(_) | Value::Float(_) | Value::Int64(_));
                let rule = rule.as_ref().map(|rule| shown_rule(chart, &failed.section, rule));
                if origin.is_some() || is_map && rule.is_some() {
                    places.push(SetValue {
                        path: path.to_string(),
                        value: shown(&value),
                        place: origin.map(|origin| origin.place()),
                        rule,
                        lacks_quotes,
                    });
                }
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

fn shown_rule(chart: &Chart, section: &[String], rule: &Rule) -> String {
    let Rule { file, line, pointer, wants_text: _ } = rule;
    let file = file.clone().unwrap_or_else(|| {
        let mut path = vec![chart.name()];
        for name in section {
            path.extend(["charts", name]);
        }
        path.push("values.schema.json");
        path.join("/")
    });
    let line = line.map(|line| format!(":{line}")).unwrap_or_default();
    let pointer = if pointer.is_empty() { String::new() } else { format!(" ({pointer})") };
    format!("{file}{line}{pointer}")
}

fn shown(value: &Value) -> String {
    match value {
        Value::List(list) => format!("a list of {}", list.items().len()),
        Value::Map(map) => format!("a map of {}", map.len()),
        _ => {
            let text = json::to_serde(value).to_string();
            match text.char_indices().nth(MAX_TEXT) {
                Some((end, _)) => format!("{}…", &text[..end]),
                None => text,
            }
        }
    }
}
