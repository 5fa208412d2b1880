//! `rhumb package`.

use clap::ValueHint;

use crate::action::{self, PackageRequest};
use crate::cli::{Failure, Ui, env};

/// Pack chart folders into versioned archives
///
/// Each archive is named NAME-VERSION.tgz after the chart's Chart.yaml. What .helmignore lists is
/// left out; everything else is packed, with the charts in charts/ unpacked beside it.
///
/// The same chart packs to the same bytes, whatever the machine and the times of its files. The
/// variable `SOURCE_DATE_EPOCH` gives the files inside another time (in seconds since 1970)
#[derive(Debug, clap::Args)]
pub struct PackageArgs {
    /// Folders of charts
    #[arg(value_name = "PATH", num_args = 0.., value_hint = ValueHint::DirPath)]
    paths: Vec<String>,
    /// Version of the application to set in Chart.yaml
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    app_version: String,
    /// Folder to write the archives to; made if missing
    #[arg(short, long, value_name = "DIR", default_value = ".", value_hint = ValueHint::DirPath)]
    destination: String,
    /// Warn of templates that Helm cannot render
    #[arg(long)]
    helm_compat: bool,
    /// Version of the chart to set in Chart.yaml (a semantic version)
    #[arg(long, value_name = "VERSION", default_value = "", hide_default_value = true)]
    version: String,
}

pub(in crate::cli) fn run(ui: &mut Ui, args: PackageArgs) -> Result<(), Failure> {
    let PackageArgs { paths, app_version, destination, helm_compat, version } = args;
    if paths.is_empty() {
        return Err(Failure::new("need at least one argument, the path to the chart")
            .with_hint("usage: rhumb package PATH... [flags]"));
    }
    let epoch = env::source_date_epoch().map_err(Failure::new)?;
    // Helm prints the whole path where none was asked for.
    let destination = if destination == "." { env::working_folder() } else { destination };
    for chart in paths {
        let request = PackageRequest {
            chart,
            version: version.clone(),
            app_version: app_version.clone(),
            destination: destination.clone(),
            epoch,
            helm_compat,
        };
        let path = action::package(&request, &mut |warning| ui.warn(warning))?;
        let path = path.display();
        ui.out(format!("Successfully packaged chart and saved it to: {path}\n").as_bytes());
    }
    Ok(())
}
