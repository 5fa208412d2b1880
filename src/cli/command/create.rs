//! `rhumb create`.

use std::path::{Path, PathBuf};

use crate::action::{self, CreateRequest};
use crate::chart::Language;
use crate::cli::{Failure, Ui, env};

/// The language of templates.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Engine {
    /// Go templates, as Helm has them
    Go,
    /// Jinja, which only rhumb renders (docs/jinja.md)
    Jinja,
}

/// Make the folder of a new chart
///
/// NAME is the path of the folder; its last part is the name of the chart. The new chart is a web
/// application that can be installed as it is: a Deployment, a Service and an account, with an
/// Ingress, a Gateway route and an autoscaler to switch on, a test, and a schema for the values.
/// The comments in values.yaml say what can be set.
///
/// Files of the same names are overwritten; other files in the folder stay.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// Path of the folder to make
    #[arg(value_name = "NAME")]
    name: String,
    /// Chart to copy instead: a name below starters/ in the data folder, or an absolute path;
    /// `<CHARTNAME>` in its templates and values becomes the new name
    #[arg(short = 'p', long, value_name = "CHART", default_value = "", hide_default_value = true)]
    starter: String,
    /// Language of the templates
    #[arg(
        long,
        value_name = "ENGINE",
        value_enum,
        default_value = "go",
        conflicts_with = "starter"
    )]
    engine: Engine,
    /// Version of the chart format
    #[arg(long, hide = true, value_name = "VERSION", default_value = "v2")]
    chart_api_version: String,
}

pub(in crate::cli) fn run(ui: &mut Ui, args: CreateArgs) -> Result<(), Failure> {
    let CreateArgs { name, starter, engine, chart_api_version } = args;
    ui.out(format!("Creating {name}\n").as_bytes());
    if chart_api_version != "v2" {
        return Err(Failure::new(format!(
            "unsupported chart API version: {chart_api_version} (supported: v2)"
        )));
    }
    let starter = (!starter.is_empty()).then(|| starter_path(&starter));
    let language = match engine {
        Engine::Go => Language::Go,
        Engine::Jinja => Language::Jinja,
    };
    let request = CreateRequest { path: name, starter, language };
    let mut replacing = |file: &Path| {
        ui.say(&format!(
            "WARNING: File {:?} already exists. Overwriting.",
            file.display().to_string()
        ));
    };
    action::create(&request, &mut replacing)?;
    Ok(())
}

/// Starters have names below the data folder; an absolute path is taken as it is.
fn starter_path(starter: &str) -> PathBuf {
    // `join` with an absolute path gives that path.
    let path = Path::new(&env::data_home()).join("starters").join(starter);
    let clean = crate::go::path::clean(path.to_string_lossy().as_bytes());
    PathBuf::from(String::from_utf8_lossy(&clean).into_owned())
}
