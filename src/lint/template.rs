//! The rules of the templates and of what they render.

use super::object::{Object, Objects, list_annotations};
use super::request::Request;
use super::source::{Entry, Source};
use super::{Report, Severity, deprecation, object_name};
use crate::chart::{Chart, Warned, Warning};
use crate::template::function::Env;
use crate::template::{self, Capabilities, Context, KubeVersion, ReleaseContext, Rendered};
use crate::values;
use crate::values::unread::{Tracked, UnreadValues, ValueCheck};

const FOLDER: &str = "templates/";

/// The longest line that Helm reads, in bytes.
const MAX_LINE: usize = 64 * 1024;

pub(super) fn check(source: &Source, request: &Request, report: &mut Report) {
    match source.entry("templates") {
        Entry::Missing => {
            report.check(Severity::Warning, FOLDER, Err("directory does not exist"));
            return;
        }
        Entry::File => {
            report.check(Severity::Error, FOLDER, Err("not a directory"));
            return;
        }
        Entry::Folder => {}
    }
    let chart = match source.load(report) {
        Ok(chart) => chart,
        Err(error) => {
            report.check(Severity::Error, FOLDER, Err(error));
            return;
        }
    };
    let mut capabilities = Capabilities::default();
    if let Some(version) = request.kube_version {
        capabilities.kube_version = version.clone();
    }
    let version = capabilities.kube_version.clone();
    let Some((chart, rendered)) = render(chart.clone(), capabilities, request, report) else {
        return;
    };
    for file in &chart.templates {
        let name = template::output_name(&file.name);
        let extension = extension(name);
        let base = name.rsplit('/').next().unwrap_or(name);
        let is_macros = base.starts_with('_') && template::is_jinja(&file.name);
        let allowed = if is_macros || matches!(extension, ".yaml" | ".yml" | ".tpl" | ".txt") {
            Ok(())
        } else {
            Err(format!(
                "file extension '{extension}' not valid. Valid extensions are .yaml, .yml, .tpl, or \
                 .txt"
            ))
        };
        report.check(Severity::Error, &file.name, allowed);
        if !matches!(extension.to_lowercase().as_str(), ".yaml" | ".yml") {
            continue;
        }
        let path = format!("{}/{name}", chart.name());
        let text = rendered.texts().find(|(rendered, _)| *rendered == path);
        if let Some((_, text)) = text
            && !check_text(&file.name, text, &version, report)
        {
            return;
        }
    }
}

/// Renders the chart as Helm's linter does, which merges the values twice, passes over charts
/// whose dependencies or values it cannot process, and lets `required` and `fail` pass.
fn render(
    chart: Chart,
    capabilities: Capabilities,
    request: &Request,
    report: &mut Report,
) -> Option<(Chart, Rendered)> {
    let Warned { value, warnings } = values::switch_dependencies(chart, request.user_values);
    report.log.extend(warnings);
    let (chart, switches) = value.ok()?;
    let Warned { value, warnings } = values::merge(&chart, request.user_values);
    report.log.extend(warnings);
    let once = value.ok()?;
    let Warned { value, warnings } = values::merge(&chart, &once);
    report.log.extend(warnings);
    let merged = match value {
        Ok(merged) => merged,
        Err(error) => {
            report.check(Severity::Error, FOLDER, Err(error.to_string()));
            return None;
        }
    };
    if !request.skip_schema_validation {
        let checked = values::validate(&chart, &merged, request.fetch_schema);
        report.log.extend(checked.warnings);
        let rule = checked.value.map_err(|errors| errors.to_string());
        if !report.check(Severity::Error, FOLDER, rule) {
            return None;
        }
    }
    let release = ReleaseContext {
        name: "test-release".to_owned(),
        namespace: request.namespace.to_owned(),
        revision: 0,
        is_upgrade: false,
    };
    let mut env = Env::new();
    env.lint = true;
    let tracked = request.check.and_then(|check| check.start(&merged, switches, &mut report.log));
    let seen = tracked.as_ref().map_or(&merged, Tracked::values);
    let rendered = template::render(&chart, seen, &Context { release, capabilities }, &env);
    report.log.extend(env.log.take());
    match rendered {
        Ok(rendered) => {
            if let (Some(check), Some(tracked)) = (request.check, &tracked) {
                tell_unread(check, &check.lines(tracked, &chart), report);
            }
            Some((chart, rendered))
        }
        Err(failures) => {
            report.check(Severity::Error, FOLDER, Err(failures.to_string()));
            None
        }
    }
}

fn tell_unread(check: ValueCheck, lines: &[String], report: &mut Report) {
    for line in lines {
        if check.unread == UnreadValues::Refuse {
            report.check(Severity::Error, FOLDER, Err(line.as_str()));
        } else {
            report.log.push(Warning::advice(line.as_str()));
        }
    }
}

/// Checks what a template rendered and returns whether it is worth going on.
fn check_text(path: &str, text: &[u8], version: &KubeVersion, report: &mut Report) -> bool {
    if String::from_utf8_lossy(text).trim().is_empty() {
        return true;
    }
    report.check(Severity::Warning, path, begins_at_margin(text));
    for object in Objects::new(text) {
        let object = match object {
            Ok(None) => continue,
            Ok(Some(object)) => object,
            Err(error) => {
                report.check(Severity::Error, path, Err(error));
                return false;
            }
        };
        report.check(Severity::Warning, path, object_name::check(&object.kind, &object.name));
        report.check(Severity::Warning, path, deprecation::check(&object, version));
        report.check(Severity::Error, path, has_selector(&object, text));
        report.check(Severity::Error, path, has_no_list_policy(&object, text));
    }
    true
}

/// Refuses a text whose first line that says something is indented.
fn begins_at_margin(text: &[u8]) -> Result<(), String> {
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.len() > MAX_LINE {
            return Err("bufio.Scanner: token too long".to_owned());
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if String::from_utf8_lossy(line).trim().is_empty() {
            continue;
        }
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            return Ok(());
        }
        let mut quoted = Vec::new();
        crate::go::push_quoted(&mut quoted, line, false);
        return Err(format!(
            "document starts with an illegal indent: {}, which may cause parsing problems",
            String::from_utf8_lossy(&quoted)
        ));
    }
    Ok(())
}

/// Looks for a selector anywhere in the text, as Helm does.
fn has_selector(object: &Object, text: &[u8]) -> Result<(), String> {
    let Object { kind, name, .. } = object;
    let needs_one =
        matches!(kind.as_str(), "Deployment" | "ReplicaSet" | "DaemonSet" | "StatefulSet");
    let contains = |word: &[u8]| memchr::memmem::find(text, word).is_some();
    if !needs_one || contains(b"matchLabels") || contains(b"matchExpressions") {
        return Ok(());
    }
    Err(format!("a {kind} must contain matchLabels or matchExpressions, and {name:?} does not"))
}

fn has_no_list_policy(object: &Object, text: &[u8]) -> Result<(), String> {
    if object.kind != "List" {
        return Ok(());
    }
    let entries =
        list_annotations(text).map_err(|error| format!("unable to parse YAML: {error}"))?;
    if entries.iter().any(|annotations| annotations.contains("helm.sh/resource-policy")) {
        return Err(
            "annotation 'helm.sh/resource-policy' within List objects are ignored".to_owned()
        );
    }
    Ok(())
}

/// Returns the ending of a file name from its last dot on.
fn extension(path: &str) -> &str {
    let base = path.rsplit('/').next().unwrap_or(path);
    base.rfind('.').map_or("", |at| &base[at..])
}
