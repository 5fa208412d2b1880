use serde_json::Value as Json;

use super::format::Format;
use crate::action::{LiveTable, Report, StatusReport};
use crate::cli::{Failure, Ui};
use crate::manifest::Event;
use crate::release::{HookPhase, Release, to_json};

/// What is shown of a release besides its state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::cli) struct Details {
    /// Whether hooks and manifest are shown, as after a dry run.
    pub manifest: bool,
    /// Whether notes are left out.
    pub hide_notes: bool,
    /// Whether chart and version are shown.
    pub chart: bool,
    /// Whether values are shown.
    pub values: bool,
}

impl Ui {
    /// Writes what became of an install or upgrade.
    pub(in crate::cli) fn report(
        &mut self,
        report: &Report,
        format: Format,
        details: Details,
    ) -> Result<(), Failure> {
        if format == Format::Table {
            self.release(&report.release, None, details)?;
        } else {
            self.structured(format, to_json(&report.release))?;
        }
        self.preview(report);
        Ok(())
    }

    /// Tells what the server would change, by a dry run that had it try.
    pub(in crate::cli) fn preview(&mut self, report: &Report) {
        if !report.preview.is_empty() {
            self.say("would change in the cluster:");
        }
        for change in &report.preview {
            self.say(&change.to_string());
        }
    }

    /// Writes the state of a release for people.
    pub(in crate::cli) fn release(
        &mut self,
        release: &Release,
        status: Option<&StatusReport>,
        details: Details,
    ) -> Result<(), Failure> {
        let info = &release.info;
        let mut text = format!("NAME: {}\n", release.name);
        if let Some(time) = info.last_deployed {
            text.extend([format!("LAST DEPLOYED: {}\n", time.to_ansic())]);
        }
        text.extend([format!(
            "NAMESPACE: {}\nSTATUS: {}\nREVISION: {}\n",
            self.colors.namespace(&release.namespace),
            self.colors.status(info.status),
            release.revision
        )]);
        if details.chart {
            text.extend([format!(
                "CHART: {}\nVERSION: {}\nAPP_VERSION: {}\n",
                release.chart.name(),
                release.chart.version(),
                release.chart.app_version()
            )]);
        }
        text.extend([format!("DESCRIPTION: {}\n", info.description)]);
        if let Some(status) = status.filter(|status| !status.tables.is_empty()) {
            text.push_str("RESOURCES:\n");
            for table in &status.tables {
                push_table(&mut text, table);
            }
            text.push('\n');
        }
        push_tests(&mut text, release);
        self.out(text.as_bytes());
        if details.values {
            self.out(b"USER-SUPPLIED VALUES:\n");
            self.yaml(release.config.clone().unwrap_or(Json::Null))?;
            self.out(b"\nCOMPUTED VALUES:\n");
            self.yaml(computed_values(release)?)?;
            self.out(b"\n");
        }
        if details.manifest {
            let mut text = b"HOOKS:\n".to_vec();
            crate::manifest::print_hooks(&mut text, release.hooks.iter().map(|h| &h.hook));
            text.extend_from_slice(b"MANIFEST:\n");
            text.extend_from_slice(release.manifest.as_bytes());
            text.push(b'\n');
            self.out(&text);
        }
        if !info.notes.is_empty() && !details.hide_notes {
            self.out(format!("NOTES:\n{}\n", info.notes.trim()).as_bytes());
        }
        Ok(())
    }
}

/// Returns the values that the templates of a stored release saw.
pub(in crate::cli) fn computed_values(release: &Release) -> Result<Json, Failure> {
    let values = crate::action::computed_values(release)?;
    Ok(crate::json::to_serde(&crate::value::Value::Map(values)))
}

fn push_tests(text: &mut String, release: &Release) {
    let tests: Vec<_> =
        release.hooks.iter().filter(|record| record.hook.runs_at(&Event::Test)).collect();
    if tests.is_empty() {
        text.push_str("TEST SUITE: None\n");
    }
    for record in tests.iter().filter(|record| record.last_run.phase != HookPhase::Never) {
        let time = |time: Option<crate::release::Time>| {
            time.map_or_else(|| "Mon Jan  1 00:00:00 0001".to_owned(), |time| time.to_ansic())
        };
        text.extend([format!(
            "TEST SUITE:     {}\nLast Started:   {}\nLast Completed: {}\nPhase:          {}\n",
            record.hook.name,
            time(record.last_run.started_at),
            time(record.last_run.completed_at),
            record.last_run.phase.as_str()
        )]);
    }
}

/// Appends a table as kubectl prints it: columns three spaces apart and at least six wide.
fn push_table(text: &mut String, table: &LiveTable) {
    text.extend([format!("==> {}\n", table.title)]);
    for rows in &table.blocks {
        let columns = rows.first().map_or(0, Vec::len);
        let width = |column: usize| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count() + 3).max().unwrap_or(0).max(6)
        };
        let widths: Vec<_> = (0..columns).map(width).collect();
        for row in rows {
            for (column, cell) in row.iter().enumerate() {
                text.push_str(cell);
                if column + 1 < row.len() {
                    let width = widths.get(column).copied().unwrap_or(0);
                    let missing = width.saturating_sub(cell.chars().count());
                    text.extend(std::iter::repeat_n(' ', missing));
                }
            }
            text.push('\n');
        }
    }
    text.push('\n');
}
