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

/// The failure of one chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChartSchemaError {
    /// The name of the chart; for an aliased subchart the alias.
    pub chart: String,
    /// The keys that lead from the top chart's values to this chart's.
    pub section: Vec<String>,
    /// The JSON pointers, from this chart's values, of the values that break the schema.
    pub pointers: Vec<String>,
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
