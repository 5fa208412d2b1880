use std::path::Path;

use super::source::Source;
use super::{Report, Request, crd, dependency, metadata, template, values};
use crate::chart::Warning;
use crate::values::unread::{UnreadValues, ValueCheck};
use crate::yaml;

/// Checks the chart in a folder or an archive; what ends in `.tgz` or `.tar.gz` is an archive.
///
/// # Source
/// Helm v4 `pkg/action/lint.go`, `pkg/chart/v2/lint`.
#[must_use]
pub fn lint(path: &Path, request: &Request) -> Report {
    let mut report = Report::default();
    let source = match Source::open(path) {
        Ok(source) => source,
        Err(fault) => {
            report.fault = Some(fault);
            return report;
        }
    };
    if let Some(check) = request.check {
        note_traps(&source, check, &mut report);
    }
    metadata::check(&source, &mut report);
    values::check(&source, request, &mut report);
    template::check(&source, request, &mut report);
    dependency::check(&source, &mut report);
    crd::check(&source, &mut report);
    report
}

/// Notes where YAML reads something else than was meant, which Helm does not tell.
fn note_traps(source: &Source, check: ValueCheck, report: &mut Report) {
    if check.unread == UnreadValues::Keep {
        return;
    }
    let mut note = |file: &str, text: &[u8]| {
        report.log.extend(yaml::traps(text).into_iter().take(MAX_TRAPS).map(|trap| {
            let yaml::Trap { line, advice } = trap;
            Warning::advice(format!("{file}:{line}: {advice}"))
        }));
    };
    for file in ["Chart.yaml", "values.yaml"] {
        if let Ok(text) = source.read(file) {
            note(file, &text);
        }
    }
    for given in &check.given.sources {
        if let Some(text) = &given.text {
            note(&given.argument, text.as_bytes());
        }
    }
}

/// How many traps of one file are told.
const MAX_TRAPS: usize = 10;
