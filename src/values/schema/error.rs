use std::fmt;

/// Why the values of one chart do not pass, in Helm's words.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SchemaFault {
    /// The schema cannot be used: no JSON, against its metaschema, or with a bad reference.
    Schema(String),
    /// The values break the schema: one line per failure, nested ones indented.
    Values(String),
    /// There is something other than a map where the chart's values should be, of this Go type.
    NotMap(&'static str),
}

/// A value that breaks a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Breach {
    /// The JSON pointer of the value, from its chart's values.
    pub pointer: String,
    /// What asks for something else.
    pub rule: Option<Rule>,
}

/// The part of a schema that asks for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The address of the file, if it is not the chart's own schema.
    pub file: Option<String>,
    /// The line in the chart's own schema, from 1.
    pub line: Option<usize>,
    /// The JSON pointer in the file.
    pub pointer: String,
    /// Whether it wants a text.
    pub wants_text: bool,
}

/// The failure of one chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartSchemaError {
    /// The name of the chart; for an aliased subchart the alias.
    pub chart: String,
    /// The keys that lead from the top chart's values to this chart's.
    pub section: Vec<String>,
    /// The values that break the schema.
    pub breaches: Vec<Breach>,
    /// What is wrong.
    pub fault: SchemaFault,
}

impl fmt::Display for ChartSchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}:", self.chart)?;
        self.fault.fmt(f)
    }
}

impl fmt::Display for SchemaFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SchemaFault::Schema(message) => f.write_str(message),
            SchemaFault::Values(lines) => writeln!(f, "{lines}"),
            SchemaFault::NotMap(found) => {
                writeln!(f, "invalid type for values: expected object (map), got {found}")
            }
        }
    }
}

/// The failures of all charts, the top chart's first.
///
/// `Display` gives the whole text that Helm prints after `Error: `, which ends in a line feed of
/// its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "values don't meet the specifications of the schema(s) in the following chart(s):\n{}",
    joined(.charts)
)]
pub struct SchemaErrors {
    /// One entry per chart that failed.
    pub charts: Vec<ChartSchemaError>,
}

fn joined(charts: &[ChartSchemaError]) -> String {
    charts.iter().map(ToString::to_string).collect()
}
