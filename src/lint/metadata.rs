//! The rules of `Chart.yaml`.

use super::contact::{is_email, is_url};
use super::source::{Entry, Source};
use super::{Report, Severity, strict};
use crate::chart::{Error, Metadata};
use crate::json::Numbers;
use crate::template::function::is_request_url;
use crate::value::Value;
use crate::version::Version;
use crate::yaml;

const FILE: &str = "Chart.yaml";

type Rule = Result<(), String>;

pub(super) fn check(source: &Source, report: &mut Report) {
    let is_file = match source.entry(FILE) {
        Entry::Folder => Err("should be a file, not a directory"),
        Entry::File | Entry::Missing => Ok(()),
    };
    report.check(Severity::Error, FILE, is_file);
    let read = source.read(FILE).and_then(|text| match Metadata::read(&text) {
        Ok((metadata, null)) => Ok((text, metadata, null)),
        Err(error) => Err(match error {
            Error::Yaml { cause, .. } => cause.in_helm(),
            Error::Shape { message, .. } => {
                format!("error unmarshaling JSON: while decoding JSON: {message}")
            }
            other => other.to_string(),
        }),
    });
    let (text, metadata, null_maintainer) = match read {
        Ok(read) => read,
        Err(error) => {
            let text = format!("unable to parse YAML\n\t{error}");
            report.check(Severity::Error, FILE, Err(text));
            return;
        }
    };
    // What could be read once can be read again.
    let content = yaml::read_with(&text, Numbers::Exact).unwrap_or(Value::Nil);
    let is_strict = strict::check(&text, &content)
        .map_err(|error| format!("failed to strictly parse chart metadata file\n\t{error}"));
    report.check(Severity::Warning, FILE, is_strict);
    let mut error = |rule: Rule| report.check(Severity::Error, FILE, rule);
    error(name(&metadata.name));
    error(api_version(&metadata.api_version));
    error(is_text(&content, "version"));
    error(version(&metadata.version));
    error(is_text(&content, "appVersion"));
    error(maintainers(&metadata, null_maintainer));
    error(sources(&metadata.sources));
    let has_icon = if metadata.icon.is_empty() { Err("icon is recommended") } else { Ok(()) };
    report.check(Severity::Info, FILE, has_icon);
    let mut error = |rule: Rule| report.check(Severity::Error, FILE, rule);
    error(icon(&metadata.icon));
    error(chart_type(&metadata));
    error(dependencies(&metadata));
    report.check(Severity::Warning, FILE, strict_version(&metadata.version));
}

fn name(name: &str) -> Rule {
    if name.is_empty() {
        return Err("name is required".to_owned());
    }
    let base = match name.trim_end_matches('/').rsplit('/').next() {
        Some("") | None => "/",
        Some(base) => base,
    };
    if base == name { Ok(()) } else { Err(format!("chart name {name:?} is invalid")) }
}

fn api_version(version: &str) -> Rule {
    const ALLOWED: &str = r#"The value must be either "v1" or "v2""#;
    match version {
        "v1" | "v2" => Ok(()),
        "" => Err(format!("apiVersion is required. {ALLOWED}")),
        other => Err(format!("apiVersion '{other}' is not valid. {ALLOWED}")),
    }
}

/// Refuses what YAML reads as something other than text, although it becomes text.
fn is_text(content: &Value, key: &str) -> Rule {
    let found = match content.as_map().and_then(|map| map.get(key)) {
        None | Some(Value::Str(_)) => return Ok(()),
        Some(Value::Nil | Value::Absent) => "<nil>",
        Some(Value::Bool(_)) => "bool",
        Some(_) => "float64",
    };
    Err(format!("{key} should be of type string but it's of type {found}"))
}

fn version(version: &str) -> Rule {
    if version.is_empty() {
        return Err("version is required".to_owned());
    }
    let Ok(parsed) = Version::parse(version) else {
        return Err(format!("version '{version}' is not a valid SemVer"));
    };
    let least = Version::parse("0.0.0-0").map_err(|error| error.to_string())?;
    if parsed > least {
        return Ok(());
    }
    Err(format!(r#"version "{parsed}" is less than or equal to "0.0.0-0""#))
}

fn strict_version(version: &str) -> Rule {
    match Version::parse_strict(version) {
        Ok(_) => Ok(()),
        Err(_) => Err(format!("version '{version}' is not a valid SemVerV2")),
    }
}

fn maintainers(metadata: &Metadata, null: Option<usize>) -> Rule {
    let empty = || Err("a maintainer entry is empty".to_owned());
    for (index, maintainer) in metadata.maintainers.iter().enumerate() {
        let name = &maintainer.name;
        if null == Some(index) {
            return empty();
        }
        if name.is_empty() {
            return Err("each maintainer requires a name".to_owned());
        }
        if !maintainer.email.is_empty() && !is_email(&maintainer.email) {
            return Err(format!("invalid email '{}' for maintainer '{name}'", maintainer.email));
        }
        if !maintainer.url.is_empty() && !is_url(&maintainer.url) {
            return Err(format!("invalid url '{}' for maintainer '{name}'", maintainer.url));
        }
    }
    if null.is_some() { empty() } else { Ok(()) }
}

fn sources(sources: &[String]) -> Rule {
    match sources.iter().find(|source| !is_request_url(source)) {
        None => Ok(()),
        Some(source) => Err(format!("invalid source URL '{source}'")),
    }
}

fn icon(icon: &str) -> Rule {
    if icon.is_empty() || is_request_url(icon) {
        return Ok(());
    }
    Err(format!("invalid icon URL '{icon}'"))
}

fn chart_type(metadata: &Metadata) -> Rule {
    let version = &metadata.api_version;
    if metadata.chart_type.is_empty() || version == "v2" {
        return Ok(());
    }
    Err(format!(
        "chart type is not valid in apiVersion '{version}'. It is valid in apiVersion 'v2'"
    ))
}

fn dependencies(metadata: &Metadata) -> Rule {
    let version = &metadata.api_version;
    if metadata.dependencies.is_empty() || version == "v2" {
        return Ok(());
    }
    Err(format!(
        "dependencies are not valid in the Chart file with apiVersion '{version}'. They are valid \
         in apiVersion 'v2'"
    ))
}
