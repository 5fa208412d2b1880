//! `rhumb show`.

use std::fs;

use crate::action::{self, Part};
use crate::chart::{self, Warned};
use crate::cli::{ChartArgs, Failure, GlobalOptions, Ui};

/// Show what a chart says of itself
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct ShowArgs {
    #[command(subcommand)]
    part: ShowPart,
}

#[derive(Debug, clap::Subcommand)]
enum ShowPart {
    /// Show Chart.yaml, the values, the README and the CRDs
    All(Which),
    /// Show Chart.yaml
    Chart(Which),
    /// Show the custom resource definitions
    Crds(Which),
    /// Show the README
    Readme(Which),
    /// Show a JSON schema of what templates in Jinja see, for editors
    #[cfg(feature = "jinja")]
    Schema(Which),
    /// Show the values
    Values(ValuesArgs),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Folder, archive, or reference of the chart
    chart: String,
    #[command(flatten)]
    source: ChartArgs,
}

#[derive(Debug, clap::Args)]
struct ValuesArgs {
    #[command(flatten)]
    which: Which,
    /// `JSONPath` template for what is shown of the values, such as {.image.tag}
    #[arg(long, value_name = "TEMPLATE", default_value = "", hide_default_value = true)]
    jsonpath: String,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: ShowArgs,
) -> Result<(), Failure> {
    let (Which { chart, source }, part) = match args.part {
        ShowPart::All(which) => (which, Part::All),
        ShowPart::Chart(which) => (which, Part::Chart),
        ShowPart::Crds(which) => (which, Part::Crds),
        ShowPart::Readme(which) => (which, Part::Readme),
        #[cfg(feature = "jinja")]
        ShowPart::Schema(which) => (which, Part::Schema),
        ShowPart::Values(ValuesArgs { which, jsonpath }) => {
            (which, Part::Values { json_path: jsonpath })
        }
    };
    let path = source.locate(ui, global, &chart)?;
    // Helm finds the folder by its absolute path, but names archives as they were given.
    let path = if fs::metadata(&path).is_ok_and(|status| status.is_dir()) {
        std::path::absolute(&path)?
    } else {
        path
    };
    let Warned { value: chart, warnings } = chart::load(&path).map_err(action::Error::from)?;
    for warning in &warnings {
        ui.warn(warning);
    }
    ui.out(&action::show(&chart, &part)?);
    Ok(())
}
