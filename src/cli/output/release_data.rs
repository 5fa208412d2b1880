use serde_json::{Value as Json, json};

use crate::cli::{Failure, Ui, report};
use crate::manifest::{DeletePolicy, Event};
use crate::release::{Release, Time, to_json};
use crate::template::function::Env;
use crate::template::gotmpl::{Executor, Stop, TemplateSet};
use crate::value::{Map, Str, Value};

impl Ui {
    /// Writes what a Go template makes of a release, which it finds as `.Release`.
    pub(in crate::cli) fn release_by(
        &mut self,
        release: &Release,
        template: &str,
    ) -> Result<(), Failure> {
        let name = Str::from("_");
        let mut set = TemplateSet::default();
        set.parse(&name, &Str::from(template)).map_err(|error| report::go_text(&error))?;
        let data = Map::from_pairs([("Release", data(release))]);
        let env = Env::new();
        match Executor::new(&set, &env).execute("_", Value::Map(data)) {
            Ok(output) => {
                self.out(&output.text);
                Ok(())
            }
            Err(Stop::Failed(diagnostic)) => Err(Failure::new(diagnostic.message)),
            Err(Stop::Frozen) => Err(Failure::new("the release cannot be changed")),
        }
    }
}

/// The release with the names of its fields in Go.
fn data(release: &Release) -> Value {
    let stored = to_json(release);
    let time = |time: Option<Time>| time.map(|time| time.to_go_string());
    let info = &release.info;
    let hooks: Vec<Json> = release
        .hooks
        .iter()
        .map(|record| {
            let (hook, run) = (&record.hook, &record.last_run);
            let words = |words: Vec<&str>| -> Json { words.into() };
            json!({
                "Name": hook.name,
                "Kind": hook.kind,
                "Path": hook.path.to_string(),
                "Manifest": hook.text.to_str_lossy(),
                "Events": words(hook.events.iter().map(Event::as_str).collect()),
                "LastRun": {
                    "StartedAt": time(run.started_at),
                    "CompletedAt": time(run.completed_at),
                    "Phase": run.phase.as_str(),
                },
                "Weight": hook.weight,
                "DeletePolicies":
                    words(hook.delete_policies.iter().map(DeletePolicy::as_str).collect()),
            })
        })
        .collect();
    let chart = &stored["chart"];
    let data = json!({
        "Name": release.name,
        "Namespace": release.namespace,
        "Version": release.revision,
        "Manifest": release.manifest,
        "Config": release.config.clone().unwrap_or_else(|| json!({})),
        "Labels": release.labels,
        "ApplyMethod": release.apply_method.as_str(),
        "Hooks": hooks,
        "Info": {
            "FirstDeployed": time(info.first_deployed),
            "LastDeployed": time(info.last_deployed),
            "Deleted": time(info.deleted),
            "Description": info.description,
            "Status": info.status.as_str(),
            "Notes": info.notes,
            "RollbackRevision": info.rollback_revision,
        },
        "Chart": {
            "Metadata": go_names(&chart["metadata"]),
            "Values": chart["values"],
        },
    });
    crate::json::from_serde(data)
}

/// Gives the fields of a chart's metadata the names that Go has for them.
fn go_names(metadata: &Json) -> Json {
    let fields = metadata.as_object().into_iter().flatten();
    fields
        .map(|(key, value)| {
            let mut name = key.clone();
            if let Some(first) = name.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            (name.replace("ApiVersion", "APIVersion"), value.clone())
        })
        .collect()
}
