//! `rhumb dependency`.

use clap::ValueHint;

use crate::action::{self, DependencyReport, DependencyRequest};
#[cfg(feature = "provenance")]
use crate::cli::VerifyArgs;
use crate::cli::output::Table;
use crate::cli::{Failure, GlobalOptions, Ui, env};
use crate::fetch::Access;

/// Manage the charts that a chart needs
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct DependencyArgs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    /// Fetch the charts that a chart needs, in the versions of its lock
    ///
    /// Fills charts/ with what Chart.lock names, so that every machine has the same. A chart without
    /// a lock is updated, as by `dependency update`
    Build(FetchArgs),
    /// List the dependencies of a chart and whether they are there
    #[command(visible_aliases = ["ls"])]
    List(ListArgs),
    /// Fetch the newest versions of the charts that a chart needs, and write its lock
    ///
    /// Resolves the ranges in Chart.yaml to versions, fetches these into charts/, deletes archives
    /// that are no longer needed, and writes Chart.lock. Nothing changes unless all can be fetched.
    ///
    /// A `repository` is the URL of a repository or registry (https://…, oci://…), a repository that was
    /// added (@NAME or alias:NAME), or a folder beside the chart (`file://../NAME`); without one the chart
    /// has to be in charts/ already
    #[command(visible_aliases = ["up"])]
    Update(FetchArgs),
}

#[derive(Debug, clap::Args)]
struct FetchArgs {
    /// Folder of the chart; the current folder without it
    #[arg(value_hint = ValueHint::DirPath)]
    chart: Option<String>,
    /// Do not fetch the indexes of repositories anew
    #[arg(long)]
    skip_refresh: bool,
    #[command(flatten)]
    access: Access,
    #[cfg(feature = "provenance")]
    #[command(flatten)]
    verify: VerifyArgs,
}

#[derive(Debug, clap::Args)]
struct ListArgs {
    /// Folder or archive of the chart; the current folder without it
    chart: Option<String>,
    /// Longest cell of the table; 0 for no limit
    #[arg(long, value_name = "CHARACTERS", default_value = "80")]
    max_col_width: u64,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: DependencyArgs,
) -> Result<(), Failure> {
    match args.verb {
        Verb::Build(args) => {
            let request = args.request(global)?;
            Ok(action::dependency_build(&request, &mut |told| ui.tell(&told))?)
        }
        Verb::List(args) => list(ui, args),
        Verb::Update(args) => {
            let request = args.request(global)?;
            Ok(action::dependency_update(&request, &mut |told| ui.tell(&told))?)
        }
    }
}

impl FetchArgs {
    fn request(self, global: &GlobalOptions) -> Result<DependencyRequest, Failure> {
        let FetchArgs { chart, skip_refresh, access, .. } = self;
        Ok(DependencyRequest {
            chart: chart.unwrap_or_else(|| ".".to_owned()),
            places: global.places(),
            access,
            skip_refresh,
            #[cfg(feature = "provenance")]
            keyring: self.verify.wanted(),
            epoch: env::source_date_epoch().map_err(Failure::new)?,
        })
    }
}

fn list(ui: &mut Ui, args: ListArgs) -> Result<(), Failure> {
    let ListArgs { chart, max_col_width } = args;
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
