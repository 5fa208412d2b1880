//! The rules of the chart as a whole and its `charts/`.

use super::source::Source;
use super::{Report, Severity};
use crate::chart::Chart;

pub(super) fn check(source: &Source, report: &mut Report) {
    let chart = match source.load(report) {
        Ok(chart) => chart,
        Err(error) => {
            let text = format!("unable to load chart\n\t{error}");
            report.check(Severity::Error, "", Err(text));
            return;
        }
    };
    report.check(Severity::Error, &source.path(), all_declared(chart));
    report.check(Severity::Warning, &source.path(), all_there(chart));
}

fn all_declared(chart: &Chart) -> Result<(), String> {
    let is_declared =
        |name: &str| chart.metadata.dependencies.iter().any(|declared| declared.name == name);
    let there = chart.dependencies.iter().map(Chart::name);
    let missing: Vec<&str> = there.filter(|name| !is_declared(name)).collect();
    none_of("metadata", &missing)
}

fn all_there(chart: &Chart) -> Result<(), String> {
    let is_there = |name: &str| chart.dependencies.iter().any(|chart| chart.name() == name);
    let declared = chart.metadata.dependencies.iter().map(|declared| declared.name.as_str());
    let missing: Vec<&str> = declared.filter(|name| !is_there(name)).collect();
    none_of("directory", &missing)
}

fn none_of(place: &str, missing: &[&str]) -> Result<(), String> {
    if missing.is_empty() {
        return Ok(());
    }
    Err(format!("chart {place} is missing these dependencies: {}", missing.join(",")))
}
