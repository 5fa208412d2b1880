use std::path::Path;

use super::source::Source;
use super::{Report, Request, crd, dependency, metadata, template, values};

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
    metadata::check(&source, &mut report);
    values::check(&source, request, &mut report);
    template::check(&source, request, &mut report);
    dependency::check(&source, &mut report);
    crd::check(&source, &mut report);
    report
}
