//! `rhumb dependency`.

use crate::action::{self, DependencyReport};
use crate::cli::output::Table;
use crate::cli::{Failure, Ui};

/// Manage the charts that a chart needs
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct DependencyArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// List the dependencies of a chart and whether they are there
    #[command(visible_aliases = ["ls"])]
    List(ListArgs),
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Folder or archive of the chart; the current folder without it
    chart: Option<String>,
    /// Longest cell of the table; 0 for no limit
    #[arg(long, value_name = "CHARACTERS", default_value = "80")]
    max_col_width: u64,
}

pub(in crate::cli) fn run(ui: &mut Ui, args: DependencyArgs) -> Result<(), Failure> {
    let Verb::List(ListArgs { chart, max_col_width }) = args.verb;
    let DependencyReport { rows, folder, strays, warnings } =
        action::dependency_list(chart.as_deref().unwrap_or("."))?;
    for warning in &warnings {
        ui.warn(warning);
    }
    let Some(rows) = rows else {
        ui.out(format!("WARNING: no dependencies at {folder}\n").as_bytes());
        return Ok(());
    };
    let mut table = Table::limited(usize::try_from(max_col_width).unwrap_or(0));
    table.push(["NAME", "VERSION", "REPOSITORY", "STATUS"]);
    for row in &rows {
        table.push([row.name.as_str(), &row.version, &row.repository, row.status]);
    }
    ui.out(table.to_text().as_bytes());
    ui.out(b"\n");
    for stray in &strays {
        ui.out(format!("{stray}\n").as_bytes());
    }
    Ok(())
}
