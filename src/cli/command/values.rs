//! `rhumb values`.

use serde_json::{Value as Json, json};

use crate::action::{self, UnreadRequest, UnreadScope};
use crate::chart::Warned;
use crate::cli::output::{Format, OutputArgs, annotated, excerpt};
use crate::cli::{ChartArgs, Failure, GlobalOptions, Ui, read_values};
use crate::template::function::Env;
use crate::template::{Capabilities, KubeVersion, ReleaseContext};
use crate::value::Value;
use crate::values::provenance::{Leaf, Origin, Provenance, Source, Via};
use crate::values::unread::{Reason, Unread, ranked};
use crate::values::{ValuePath, ValueSources};

/// Print a chart's merged values and say where each comes from
#[derive(Debug, clap::Args)]
pub struct ValuesArgs {
    /// The folder or archive of the chart
    #[arg(value_name = "CHART")]
    chart: String,
    #[command(flatten)]
    values: ValueSources,
    #[command(flatten)]
    chart_args: ChartArgs,
    /// Explain one value: all that is said of it and what holds. Written as for --set: a.b[0].c,
    /// with a backslash before a dot that is part of a key
    #[arg(long, value_name = "PATH", conflicts_with = "unread")]
    why: Option<String>,
    /// Render the chart and print the given values that no template reads
    #[arg(long)]
    unread: bool,
    /// With --unread: the defaults of the chart and its subcharts, too
    #[arg(long, requires = "unread")]
    defaults: bool,
    /// Name of the release, for --unread
    #[arg(long, value_name = "NAME", default_value = "release-name", requires = "unread")]
    release_name: String,
    /// Kubernetes API versions that .Capabilities.APIVersions has besides the default ones, for
    /// --unread
    #[arg(short, long, value_name = "VERSIONS", value_delimiter = ',', requires = "unread")]
    api_versions: Vec<String>,
    /// Kubernetes version that .Capabilities.KubeVersion has, for --unread
    #[arg(long, value_name = "VERSION", requires = "unread")]
    kube_version: Option<String>,
    /// Set .Release.IsUpgrade instead of .Release.IsInstall, for --unread
    #[arg(long, requires = "unread")]
    is_upgrade: bool,
    /// Do not check the values against values.schema.json, for --unread
    #[arg(long, requires = "unread")]
    skip_schema_validation: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: ValuesArgs,
) -> Result<(), Failure> {
    let ValuesArgs {
        chart,
        values,
        chart_args,
        why,
        unread,
        defaults,
        release_name,
        api_versions,
        kube_version,
        is_upgrade,
        skip_schema_validation,
        output: OutputArgs { output },
    } = args;
    let path = why.as_deref().map(ValuePath::parse).transpose();
    let path = path.map_err(|error| Failure::new(error.to_string()))?;
    let path_of_chart = chart_args.locate(ui, global, &chart)?;
    let given = read_values(ui, &values)?;
    let Warned { value: chart, warnings } = action::load_chart(&path_of_chart.to_string_lossy())?;
    for warning in &warnings {
        ui.warn(warning);
    }
    if unread {
        let mut capabilities = Capabilities::default();
        if let Some(version) = &kube_version {
            capabilities.kube_version = KubeVersion::parse(version).map_err(|error| {
                Failure::new(format!("invalid kube version '{version}': {error}"))
            })?;
        }
        capabilities.api_versions.extend(api_versions);
        let env = Env::new();
        let found = action::unread_values(UnreadRequest {
            chart,
            given: &given,
            release: ReleaseContext {
                name: release_name,
                namespace: global.namespace(),
                revision: 1,
                is_upgrade,
            },
            capabilities,
            env: &env,
            skip_schema_validation,
            scope: if defaults { UnreadScope::All } else { UnreadScope::Given },
        });
        found.warnings.iter().for_each(|warning| ui.warn(warning));
        return print_unread(ui, output, &found.value?);
    }
    let traced = action::trace_values(chart, &given);
    traced.warnings.iter().for_each(|warning| ui.warn(warning));
    let provenance = traced.value?;
    match path {
        Some(path) => explain(ui, output, &provenance, &path),
        None => print_all(ui, output, &provenance),
    }
}

fn print_all(ui: &mut Ui, format: Format, provenance: &Provenance) -> Result<(), Failure> {
    let leaves = provenance.leaves();
    if format == Format::Table {
        let comments = leaves.iter().map(|leaf| (leaf.path.clone(), comment(leaf))).collect();
        let values = Value::Map(provenance.values().clone());
        ui.out(&annotated::write(&values, &ValuePath::default(), &comments));
        return Ok(());
    }
    ui.structured(format, json!({ "values": leaves.iter().map(leaf_json).collect::<Vec<_>>() }))
}

/// Returns where a leaf comes from in a few words.
fn comment(leaf: &Leaf) -> String {
    let Some(origin) = &leaf.origin else { return String::new() };
    let mut text = source_text(origin);
    if let Some(first) = leaf.overridden.first() {
        text.push_str("; over ");
        text.push_str(&first.place());
        match leaf.overridden.len() - 1 {
            0 => {}
            more => text = format!("{text} and {more} more"),
        }
    }
    text
}

fn source_text(origin: &Origin) -> String {
    let place = origin.place();
    match origin.via {
        Via::Direct => place,
        Via::Parent => format!("{place} (from the chart above)"),
        Via::Global => format!("{place} (as {})", origin.path),
        Via::Import => format!("{place} (imported from {})", origin.path),
    }
}

fn leaf_json(leaf: &Leaf) -> Json {
    let Leaf { path, value, origin, overridden } = leaf;
    json!({
        "path": path.to_string(),
        "value": crate::json::to_serde(value),
        "origin": origin.as_ref().map(origin_json),
        "overridden": overridden.iter().map(origin_json).collect::<Vec<_>>(),
    })
}

fn origin_json(origin: &Origin) -> Json {
    let Origin { source, path, line, value, via } = origin;
    let via = match via {
        Via::Direct => "direct",
        Via::Parent => "parent",
        Via::Global => "global",
        Via::Import => "import",
    };
    let mut json = json!({
        "path": path.to_string(),
        "value": crate::json::to_serde(value),
        "via": via,
    });
    let object = match source {
        Source::File { path } => json!({ "source": "file", "file": path, "line": line }),
        Source::Defaults { file } => json!({ "source": "defaults", "file": file, "line": line }),
        Source::Argument { flag, number, argument } => json!({
            "source": "argument", "flag": flag.name(), "number": number, "argument": argument,
        }),
        Source::Given => json!({ "source": "given" }),
    };
    if let (Json::Object(json), Json::Object(object)) = (&mut json, object) {
        json.extend(object);
    }
    json
}

/// How many names of a missing value's neighbours are told.
const MAX_NEAR: usize = 5;

fn explain(
    ui: &mut Ui,
    format: Format,
    provenance: &Provenance,
    path: &ValuePath,
) -> Result<(), Failure> {
    let history = provenance.history(path);
    let value = path.find(provenance.values());
    if value.is_none() && history.overridden.is_empty() {
        let failure = Failure::new(format!("there is no value at {path}"));
        return Err(match near(provenance, path).as_slice() {
            [] => failure,
            near => failure.with_hint(&format!("near it: {}", near.join(", "))),
        });
    }
    if format != Format::Table {
        return ui.structured(
            format,
            json!({
                "path": path.to_string(),
                "value": value.as_ref().map(crate::json::to_serde),
                "origin": history.winner.as_ref().map(origin_json),
                "overridden": history.overridden.iter().map(origin_json).collect::<Vec<_>>(),
            }),
        );
    }
    let mut text = match (&value, &history.winner) {
        (None, _) => format!("{path} is not there: a null deletes it\n"),
        (Some(Value::Map(_) | Value::List(_)), _) => format!("{path}:\n"),
        (Some(value), _) => format!("{path}: {}\n", one_line(value)),
    };
    if let Some(value @ (Value::Map(_) | Value::List(_))) = &value {
        let inside = provenance.leaves().into_iter();
        let inside = inside.filter(|leaf| leaf.path.0.starts_with(&path.0));
        let comments = inside.map(|leaf| (leaf.path.clone(), comment(&leaf))).collect();
        let tree = annotated::write(value, path, &comments);
        for line in String::from_utf8_lossy(&tree).lines() {
            text.push_str("  ");
            text.push_str(line);
            text.push('\n');
        }
    }
    let is_map = matches!(value, Some(Value::Map(_)));
    let all = history.winner.iter().chain(&history.overridden);
    for (i, origin) in all.enumerate() {
        let role = match (i, &history.winner) {
            (0, Some(_)) if is_map => "wins",
            (0, Some(_)) => "in force",
            (0, None) if origin.value.is_nil() => "deletes",
            _ if is_map && matches!(origin.value, Value::Map(_)) => "adds what is not above",
            _ => "overridden",
        };
        let value = one_line(&origin.value);
        let heading = format!("\n{}. {}: {value} [{role}]\n", i + 1, source_text(origin));
        text.push_str(&heading);
        if let (Some(line), Some(file)) = (origin.line, provenance.text_of(origin)) {
            text.push_str(&excerpt::lines(&file, line));
        }
    }
    ui.out(text.as_bytes());
    Ok(())
}

/// Returns the value in YAML if that is short, else its kind and size.
fn one_line(value: &Value) -> String {
    match value {
        Value::Map(map) if !map.is_empty() => match map.len() {
            1 => "a map of 1 key".to_owned(),
            count => format!("a map of {count} keys"),
        },
        Value::List(list) if !list.is_empty() => match list.len() {
            1 => "a list of 1 item".to_owned(),
            count => format!("a list of {count} items"),
        },
        _ => {
            let text = crate::yaml::to_yaml(value).unwrap_or_default();
            let text = String::from_utf8_lossy(&text);
            let mut lines = text.lines();
            let first = lines.next().unwrap_or_default();
            match lines.next() {
                Some(next) => format!("{} …", next.trim()),
                None if first.chars().count() > 60 => {
                    format!("{}…", first.chars().take(60).collect::<String>())
                }
                None => first.to_owned(),
            }
        }
    }
}

/// Returns paths that look like one that is not there, or its neighbours.
fn near(provenance: &Provenance, path: &ValuePath) -> Vec<String> {
    let above = ValuePath(path.0[..path.0.len().saturating_sub(1)].to_vec());
    if let (false, Some(Value::Map(map))) = (above.0.is_empty(), above.find(provenance.values())) {
        let beside: Vec<String> =
            map.keys().into_iter().map(|key| above.key(key).to_string()).collect();
        let wanted = path.to_string();
        let alike = ranked(&wanted, beside.iter().map(String::as_str));
        let alike: Vec<String> = alike.into_iter().map(str::to_owned).collect();
        return if alike.is_empty() { beside } else { alike }.into_iter().take(MAX_NEAR).collect();
    }
    let mut paths: Vec<String> = Vec::new();
    for leaf in provenance.leaves() {
        for length in 1..=leaf.path.0.len() {
            let part = ValuePath(leaf.path.0[..length].to_vec()).to_string();
            if paths.last() != Some(&part) {
                paths.push(part);
            }
        }
    }
    paths.sort_unstable();
    paths.dedup();
    let wanted = path.to_string();
    let alike = ranked(&wanted, paths.iter().map(String::as_str));
    alike.into_iter().take(MAX_NEAR).map(str::to_owned).collect()
}

fn print_unread(ui: &mut Ui, format: Format, unread: &[Unread]) -> Result<(), Failure> {
    if format == Format::Table {
        for one in unread {
            ui.out(format!("{}\n", one.message()).as_bytes());
        }
        return Ok(());
    }
    let rows: Vec<Json> = unread
        .iter()
        .map(|one| {
            let Unread { path, count, origin, reason, near } = one;
            let off = match reason {
                Reason::NoTemplate => None,
                Reason::Off(off) => Some(off.path.to_string()),
            };
            json!({
                "path": path.to_string(),
                "count": count,
                "origin": origin.as_ref().map(origin_json),
                "disabledSubchart": off,
                "didYouMean": near,
                "message": one.message(),
            })
        })
        .collect();
    ui.structured(format, json!({ "unread": rows }))
}
