use super::Error;
use crate::chart::Chart;
use crate::json::path::PathTemplate;
use crate::value::Value;
use crate::{json, yaml};

/// Which part of a chart is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Every part.
    All,
    /// `Chart.yaml`, written anew.
    Chart,
    /// The custom resource definitions.
    Crds,
    /// The README.
    Readme,
    /// `values.yaml` as it stands, or what a `JSONPath` template makes of it.
    Values {
        /// The template; empty for none.
        json_path: String,
    },
    /// A JSON schema of what templates in Jinja see.
    #[cfg(feature = "jinja")]
    Schema,
}

#[cfg(feature = "jinja")]
fn schema(chart: &Chart) -> Result<Vec<u8>, Error> {
    use crate::template::{Capabilities, Context, ReleaseContext, context_schema};
    let release = ReleaseContext {
        name: String::new(),
        namespace: String::new(),
        revision: 1,
        is_upgrade: false,
    };
    let context = Context { release, capabilities: Capabilities::default() };
    let merged = crate::values::merge(chart, &crate::value::Map::new()).value?;
    let mut out = Vec::new();
    let schema = context_schema(chart, &merged, &context);
    // It comes from JSON and from names, so JSON can hold it.
    json::write_pretty(&mut out, &schema).unwrap_or_default();
    out.push(b'\n');
    Ok(out)
}

/// Returns the text of a part of a chart.
///
/// # Errors
/// [`Error::JsonPath`], [`Error::Metadata`].
///
/// # Source
/// Helm v4 `pkg/action/show.go`.
pub fn show(chart: &Chart, part: &Part) -> Result<Vec<u8>, Error> {
    let mut out = Vec::new();
    let is_all = *part == Part::All;
    if is_all || *part == Part::Chart {
        let fields = json::from_serde(chart.metadata.to_json());
        out.extend(yaml::encode(&fields).map_err(Error::Metadata)?);
        out.push(b'\n');
    }
    if !chart.values.is_nil() {
        match part {
            Part::Values { json_path } if !json_path.is_empty() => {
                let template = PathTemplate::parse(json_path)
                    .map_err(|reason| Error::JsonPath { template: json_path.clone(), reason })?;
                // Helm prints nothing for what is not found, and says nothing of it.
                let found = template.evaluate(&Value::Map(chart.values.clone()));
                out.extend(found.unwrap_or_default());
            }
            Part::All | Part::Values { .. } => {
                if is_all {
                    out.extend(b"---\n");
                }
                if let Some(text) = &chart.values_text {
                    out.extend(text.as_bytes());
                    out.push(b'\n');
                }
            }
            _ => {}
        }
    }
    #[cfg(feature = "jinja")]
    if *part == Part::Schema {
        out.extend(schema(chart)?);
    }
    if is_all || *part == Part::Readme {
        let is_readme = |name: &str| {
            ["readme.md", "readme.txt", "readme"]
                .iter()
                .any(|known| known.eq_ignore_ascii_case(name))
        };
        if let Some(readme) = chart.files.iter().find(|file| is_readme(&file.name)) {
            if is_all {
                out.extend(b"---\n");
            }
            out.extend(readme.data.as_bytes());
            out.push(b'\n');
        }
    }
    if is_all || *part == Part::Crds {
        for crd in chart.crds() {
            let text = crd.file.data.as_bytes();
            if !text.starts_with(b"---") {
                out.extend(b"---\n");
            }
            out.extend(text);
            out.push(b'\n');
        }
    }
    Ok(out)
}
