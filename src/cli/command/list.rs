//! `rhumb list`.

use serde_json::{Value as Json, json};

use crate::action::{self, ListRequest, ListSort};
use crate::cli::cluster::{connect, read_on_this_thread};
use crate::cli::output::{Format, OutputArgs, Table};
use crate::cli::{Failure, GlobalOptions, Ui};
use crate::release::{Head, Status};

/// List releases
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// List the releases of all namespaces
    #[arg(short = 'A', long)]
    all_namespaces: bool,
    /// Sort by the time of the last revision
    #[arg(short, long)]
    date: bool,
    /// Turn the order round
    #[arg(short, long)]
    reverse: bool,
    /// Print names alone
    #[arg(short = 'q', long)]
    short: bool,
    /// List releases whose names match this regular expression
    #[arg(short, long, value_name = "PATTERN")]
    filter: Option<String>,
    /// List at most this many; 0 lists all
    #[arg(short, long, value_name = "NUMBER", default_value_t = 256)]
    max: usize,
    /// Pass over this many
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    offset: usize,
    /// List releases whose records have these labels
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,
    /// List deployed releases
    #[arg(long)]
    deployed: bool,
    /// List failed releases
    #[arg(long)]
    failed: bool,
    /// List releases that an operation is under way for
    #[arg(long)]
    pending: bool,
    /// List superseded releases
    #[arg(long)]
    superseded: bool,
    /// List releases that were uninstalled and kept their history
    #[arg(long)]
    uninstalled: bool,
    /// List releases that are being uninstalled
    #[arg(long)]
    uninstalling: bool,
    /// Layout of the times, as Go writes them: "2006-01-02 15:04"
    #[arg(long, value_name = "LAYOUT", default_value = "", hide_default_value = true)]
    time_format: String,
    /// Do not print the head of the table
    #[arg(long)]
    no_headers: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: ListArgs,
) -> Result<(), Failure> {
    let ListArgs {
        all_namespaces,
        date,
        reverse,
        short,
        filter,
        max,
        offset,
        selector,
        deployed,
        failed,
        pending,
        superseded,
        uninstalled,
        uninstalling,
        time_format,
        no_headers,
        output: OutputArgs { output },
    } = args;
    let filter = match filter.filter(|filter| !filter.is_empty()) {
        Some(filter) => {
            let pattern = crate::go::Pattern::compile(filter.as_bytes());
            Some(pattern.map_err(Failure::new)?.regex)
        }
        None => None,
    };
    let statuses = [
        (deployed, &[Status::Deployed][..]),
        (failed, &[Status::Failed]),
        (pending, &[Status::PendingInstall, Status::PendingUpgrade, Status::PendingRollback]),
        (superseded, &[Status::Superseded]),
        (uninstalled, &[Status::Uninstalled]),
        (uninstalling, &[Status::Uninstalling]),
    ]
    .into_iter()
    .filter(|(wanted, _)| *wanted)
    .flat_map(|(_, statuses)| statuses.iter().copied())
    .collect();
    let request = ListRequest {
        all_namespaces,
        statuses,
        filter,
        selector: selector.unwrap_or_default(),
        sort: if date { ListSort::Date } else { ListSort::Name },
        reverse,
        offset,
        max,
    };
    let releases = read_on_this_thread(async {
        let session = connect(global).await?;
        action::list(&session, &request).await
    })?;
    if short {
        return show_names(ui, output, &releases);
    }
    if output != Format::Table {
        return ui.structured(
            output,
            releases.iter().map(|release| row_json(release, &time_format)).collect(),
        );
    }
    let mut table = Table::default();
    if !no_headers {
        let head = ["NAME", "NAMESPACE", "REVISION", "UPDATED", "STATUS", "CHART", "APP VERSION"];
        table.push(head.map(|name| ui.colors.head(name)));
    }
    for release in &releases {
        table.push([
            release.name.clone(),
            ui.colors.namespace(&release.namespace),
            release.revision.to_string(),
            updated(release, &time_format),
            ui.colors.status(release.info.status),
            release.chart.full_name(),
            release.chart.app_version().to_owned(),
        ]);
    }
    ui.out(table.to_text().as_bytes());
    if no_headers && releases.is_empty() {
        // A table without rows is an empty line.
        ui.out(b"\n");
    }
    Ok(())
}

fn show_names(ui: &mut Ui, format: Format, releases: &[Head]) -> Result<(), Failure> {
    if format != Format::Table {
        let names = releases.iter().map(|release| Json::from(release.name.as_str())).collect();
        return ui.structured(format, names);
    }
    for release in releases {
        ui.out(format!("{}\n", release.name).as_bytes());
    }
    Ok(())
}

fn updated(release: &Head, layout: &str) -> String {
    match release.info.last_deployed {
        // Helm prints a hyphen for a time it does not have.
        None => "-".to_owned(),
        Some(time) if layout.is_empty() => time.to_go_string(),
        Some(time) => time.format(layout),
    }
}

fn row_json(release: &Head, layout: &str) -> Json {
    json!({
        "name": release.name,
        "namespace": release.namespace,
        "revision": release.revision.to_string(),
        "updated": updated(release, layout),
        "status": release.info.status.as_str(),
        "chart": release.chart.full_name(),
        "app_version": release.chart.app_version(),
    })
}
