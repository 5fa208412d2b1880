//! `rhumb status`.

use serde_json::{Map, Value as Json};

use crate::action::{self, StatusReport};
use crate::cli::cluster::{connect, read_on_this_thread};
use crate::cli::output::{Details, Format, OutputArgs};
use crate::cli::{Failure, GlobalOptions, Ui};
use crate::release::{Revision, to_json};

/// Show the state of a release
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Name of the release
    release: String,
    /// Revision to show; without it the last
    #[arg(long, value_name = "NUMBER")]
    revision: Option<Revision>,
    #[command(flatten)]
    output: OutputArgs,
}

pub(in crate::cli) fn run(
    ui: &mut Ui,
    global: &GlobalOptions,
    args: StatusArgs,
) -> Result<(), Failure> {
    let StatusArgs { release, revision, output: OutputArgs { output } } = args;
    let report = read_on_this_thread(async {
        let session = connect(global).await?;
        action::status(&session, &release, revision, output == Format::Table).await
    })?;
    if output == Format::Table {
        let details = Details { manifest: global.is_debug(), ..Details::default() };
        return ui.release(&report.release, Some(&report), details);
    }
    ui.structured(output, status_json(&report))
}

/// An object with its fields by name, as Go prints maps.
fn sorted(json: &Json) -> Json {
    match json {
        Json::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(key, _)| *key);
            fields.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect()
        }
        Json::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

/// The release without its chart, and its objects by kind.
fn status_json(report: &StatusReport) -> Json {
    let mut json = to_json(&report.release);
    drop(json.as_object_mut().and_then(|fields| fields.shift_remove("chart")));
    let mut resources: Map<String, Json> = Map::new();
    let mut titles: Vec<_> = report.objects.iter().map(|object| &object.title).collect();
    titles.sort();
    titles.dedup();
    for title in titles {
        let objects = report.objects.iter().filter(|object| object.title == *title);
        resources.insert(title.clone(), objects.map(|object| sorted(&object.live)).collect());
    }
    if !resources.is_empty() {
        json["info"]["resources"] = Json::Object(resources);
    }
    json
}
