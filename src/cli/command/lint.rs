//! `rhumb lint`.

use std::fs;

use crate::action::{self, UnreadValues, ValueCheck};
use crate::chart::Level;
use crate::cli::{Failure, GlobalOptions, Ui, read_values};
use crate::fetch::fetch_schema;
use crate::go::path::clean;
use crate::lint::{Report, Request, Severity, is_archive_name};
use crate::template::KubeVersion;
use crate::values::ValueSources;

/// Check charts for mistakes
///
/// Takes folders and archives, and prints for each what is wrong with its Chart.yaml, its values,
/// its templates, its dependencies and its CRDs. Errors fail the command; warnings do under
/// --strict.
#[derive(Debug, clap::Args)]
pub struct LintArgs {
    /// Folders and archives of charts
    #[arg(value_name = "PATH", num_args = 0..)]
    paths: Vec<String>,
    #[command(flatten)]
    values: ValueSources,
    /// Version of Kubernetes for templates and deprecations
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    kube_version: String,
    /// Print warnings and errors only
    #[arg(long)]
    quiet: bool,
    /// Do not check the values against values.schema.json
    #[arg(long)]
    skip_schema_validation: bool,
    /// Fail on warnings too
    #[arg(long)]
    strict: bool,
    /// Fail when there are values from -f or --set that no template reads
    #[arg(long)]
    strict_values: bool,
    /// Check the charts below charts/ too
    #[arg(long)]
    with_subcharts: bool,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: LintArgs,
) -> Result<(), Failure> {
    let LintArgs {
        mut paths,
        values,
        kube_version,
        quiet,
        skip_schema_validation,
        strict,
        strict_values,
        with_subcharts,
    } = args;
    if paths.is_empty() {
        return Err(Failure::new("\"helm lint\" requires at least 1 argument")
            .with_hint("usage: rhumb lint PATH... [flags]"));
    }
    let kube_version = match kube_version.as_str() {
        "" => None,
        text => Some(
            KubeVersion::parse(text)
                .map_err(|error| Failure::new(format!("invalid kube version '{text}': {error}")))?,
        ),
    };
    if with_subcharts {
        for path in paths.clone() {
            collect_charts(&joined(&path, "charts"), &mut paths);
        }
    }
    let user = read_values(ui, &values)?;
    let namespace = global.namespace();
    let request = Request {
        user_values: &user.values,
        check: UnreadValues::of_command(strict_values, !global.as_helm)
            .map(|unread| ValueCheck { given: &user, unread }),
        namespace: &namespace,
        kube_version: kube_version.as_ref(),
        skip_schema_validation,
        fetch_schema: Some(fetch_schema),
    };
    let lowest = if strict { Severity::Warning } else { Severity::Error };
    let (mut failed, mut noteworthy) = (0, 0);
    let mut text = String::new();
    for (path, report) in paths.iter().zip(action::lint(&paths, &request)) {
        for line in &report.log {
            let mut line = line.clone();
            if line.level == Level::Advice && paths.len() > 1 {
                line.message = format!("{path}: {}", line.message);
            }
            ui.warn(&line);
        }
        let is_noteworthy = report.fails_at(Severity::Warning);
        noteworthy += usize::from(is_noteworthy);
        if quiet && !is_noteworthy {
            continue;
        }
        failed += usize::from(report.fails_at(lowest));
        print(&mut text, path, &report, quiet);
    }
    ui.out(text.as_bytes());
    let summary = format!("{} chart(s) linted, {failed} chart(s) failed", paths.len());
    if failed > 0 {
        return Err(Failure::new(summary));
    }
    if !quiet || noteworthy > 0 {
        ui.out(format!("{summary}\n").as_bytes());
    }
    Ok(())
}

fn print(text: &mut String, path: &str, report: &Report, quiet: bool) {
    let Report { messages, fault, log: _ } = report;
    let mut line = |line: String| {
        text.push_str(&line);
        text.push('\n');
    };
    line(format!("==> Linting {path}"));
    if let Some(fault) = fault {
        line(format!("Error {fault}"));
    }
    for message in messages.iter().filter(|message| !quiet || message.severity > Severity::Info) {
        line(message.to_string());
    }
    line(String::new());
}

/// Adds the folders with a `Chart.yaml` and the archives below a folder, in Helm's order.
fn collect_charts(folder: &str, found: &mut Vec<String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut entries: Vec<_> = entries
        .flatten()
        .map(|entry| {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            (entry.file_name().to_string_lossy().into_owned(), is_folder)
        })
        .collect();
    entries.sort();
    for (name, is_folder) in entries {
        let path = joined(folder, &name);
        if name == "Chart.yaml" {
            found.push(folder.to_owned());
        } else if is_archive_name(&path) {
            found.push(path.clone());
        }
        if is_folder {
            collect_charts(&path, found);
        }
    }
}

/// Joins paths as Go's `filepath.Join` does.
fn joined(folder: &str, name: &str) -> String {
    String::from_utf8_lossy(&clean(format!("{folder}/{name}").as_bytes())).into_owned()
}
