//! `rhumb get`.

use serde_json::Value as Json;

use crate::action;
use crate::cli::cluster::{connect, read_on_this_thread};
use crate::cli::output::{Details, Format, OutputArgs, computed_values};
use crate::cli::{Failure, GlobalOptions, Ui};
use crate::release::{Release, Revision};

/// Show parts of a release
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct GetArgs {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, clap::Subcommand)]
enum Part {
    /// Show values, hooks, manifest and notes
    All(AllArgs),
    /// Show the hooks
    Hooks(Which),
    /// Show the manifest
    Manifest(Which),
    /// Show name, chart, labels, state and the like
    Metadata(MetadataArgs),
    /// Show the notes
    Notes(Which),
    /// Show the values
    Values(ValuesArgs),
}

#[derive(Debug, clap::Args)]
struct Which {
    /// Name of the release
    release: String,
    /// Revision to show; without it the last
    #[arg(long, value_name = "NUMBER")]
    revision: Option<Revision>,
}

#[derive(Debug, clap::Args)]
struct AllArgs {
    #[command(flatten)]
    which: Which,
    /// Go template for what is shown, such as {{.Release.Name}}
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
}

#[derive(Debug, clap::Args)]
struct MetadataArgs {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    output: OutputArgs,
}

#[derive(Debug, clap::Args)]
struct ValuesArgs {
    #[command(flatten)]
    which: Which,
    /// Show the chart's values, too
    #[arg(short, long)]
    all: bool,
    #[command(flatten)]
    output: OutputArgs,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: GetArgs,
) -> Result<(), Failure> {
    match args.part {
        Part::Metadata(MetadataArgs { which, output: OutputArgs { output } }) => {
            let Which { release, revision } = which;
            let (release, labels) = read_on_this_thread(async {
                let session = connect(global).await?;
                action::get_with_labels(&session, &release, revision).await
            })?;
            ui.metadata(&release, &labels, output)?;
        }
        Part::All(AllArgs { which, template }) => {
            let release = read(global, which)?;
            if let Some(template) = template.filter(|template| !template.is_empty()) {
                return ui.release_by(&release, &template);
            }
            let details =
                Details { manifest: true, chart: true, values: true, ..Details::default() };
            ui.release(&release, None, details)?;
        }
        Part::Hooks(which) => {
            let release = read(global, which)?;
            for record in &release.hooks {
                let (path, text) = (&record.hook.path, &record.hook.text);
                ui.out(format!("---\n# Source: {path}\n").as_bytes());
                ui.out(text.as_bytes());
                ui.out(b"\n");
            }
        }
        Part::Manifest(which) => {
            let release = read(global, which)?;
            ui.out(release.manifest.as_bytes());
            ui.out(b"\n");
        }
        Part::Notes(which) => {
            let release = read(global, which)?;
            if !release.info.notes.is_empty() {
                ui.out(format!("NOTES:\n{}\n", release.info.notes).as_bytes());
            }
        }
        Part::Values(ValuesArgs { which, all, output: OutputArgs { output } }) => {
            let release = read(global, which)?;
            let values = if all {
                computed_values(&release)?
            } else {
                release.config.clone().unwrap_or(Json::Null)
            };
            if output != Format::Table {
                return ui.structured(output, values);
            }
            let head = if all { "COMPUTED VALUES:\n" } else { "USER-SUPPLIED VALUES:\n" };
            ui.out(head.as_bytes());
            ui.yaml(values)?;
        }
    }
    Ok(())
}

fn read(global: &GlobalOptions, which: Which) -> Result<Release, Failure> {
    let Which { release, revision } = which;
    read_on_this_thread(async {
        let session = connect(global).await?;
        action::get(&session, &release, revision).await
    })
}
