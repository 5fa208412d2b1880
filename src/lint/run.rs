use std::path::Path;

use super::source::Source;
use super::{Report, crd, dependency, metadata, template, values};
use crate::template::KubeVersion;
use crate::value::Map;

/// What charts are checked with.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The user's values.
    pub user_values: &'a Map,
    /// The namespace templates see.
    pub namespace: &'a str,
    /// The version of Kubernetes that templates see and that deprecations are told for; `None`
    /// for the one built in.
    pub kube_version: Option<&'a KubeVersion>,
    /// Whether `values.schema.json` is passed over.
    pub skip_schema_validation: bool,
}

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
