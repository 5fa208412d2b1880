//! `rhumb history`.

use serde_json::{Map, Value as Json};

use crate::action::{self, HistoryRow};
use crate::cli::cluster::{connect, read_on_this_thread};
use crate::cli::output::{Format, OutputArgs, Table};
use crate::cli::{Failure, GlobalOptions, Ui};

/// Show the history of a release
#[derive(Debug, clap::Args)]
pub struct HistoryArgs {
    /// Name of the release
    release: String,
    /// Show at most this many revisions
    #[arg(long, value_name = "NUMBER", default_value_t = 256)]
    max: usize,
    /// Show which revision a rollback went back to
    #[arg(long)]
    show_rollback_revision: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: HistoryArgs,
) -> Result<(), Failure> {
    let HistoryArgs { release, max, show_rollback_revision, output: OutputArgs { output } } = args;
    let rows = read_on_this_thread(async {
        let session = connect(global).await?;
        action::history(&session, &release, max).await
    })?;
    if output != Format::Table {
        return ui.structured(output, rows.iter().map(row_json).collect());
    }
    let mut table = Table::default();
    let cells = |row: [String; 6], rollback: String| {
        let [revision, updated, status, chart, app_version, description] = row;
        let mut cells = vec![revision, updated, status, chart, app_version];
        if show_rollback_revision {
            cells.push(rollback);
        }
        cells.push(description);
        cells
    };
    let head = ["REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION", "DESCRIPTION"];
    table.push(cells(head.map(str::to_owned), "ROLLBACK".to_owned()));
    for row in rows {
        let rollback = match row.rollback_revision {
            0 => String::new(),
            revision => revision.to_string(),
        };
        table.push(cells(
            [
                row.revision.to_string(),
                row.updated.map(|time| time.to_ansic()).unwrap_or_default(),
                row.status.to_string(),
                row.chart,
                row.app_version,
                row.description,
            ],
            rollback,
        ));
    }
    ui.out(table.to_text().as_bytes());
    Ok(())
}

fn row_json(row: &HistoryRow) -> Json {
    let mut json = Map::new();
    json.insert("revision".to_owned(), row.revision.into());
    if let Some(time) = row.updated {
        json.insert("updated".to_owned(), time.to_rfc3339().into());
    }
    json.insert("status".to_owned(), row.status.as_str().into());
    json.insert("chart".to_owned(), row.chart.clone().into());
    json.insert("app_version".to_owned(), row.app_version.clone().into());
    if row.rollback_revision != 0 {
        json.insert("rollback_revision".to_owned(), row.rollback_revision.into());
    }
    json.insert("description".to_owned(), row.description.clone().into());
    Json::Object(json)
}
