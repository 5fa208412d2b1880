use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::Format;
use crate::cli::{Failure, Ui};
use crate::release::{ApplyMethod, Labels, Release};

impl Ui {
    /// Writes what is known about a revision of a release; `labels` are those of its record.
    pub(in crate::cli) fn metadata(
        &mut self,
        release: &Release,
        labels: &Labels,
        format: Format,
    ) -> Result<(), Failure> {
        if format == Format::Table {
            self.out(table(release, labels).as_bytes());
            return Ok(());
        }
        self.structured(format, structured(release, labels))
    }
}

fn deployed_at(release: &Release) -> String {
    release.info.last_deployed.map(|t| t.format("2006-01-02T15:04:05Z07:00")).unwrap_or_default()
}

fn table(release: &Release, labels: &Labels) -> String {
    let metadata = &release.chart.as_json()["metadata"];
    let pairs = |pairs: BTreeMap<String, String>| -> String {
        let pairs: Vec<_> = pairs.iter().map(|(key, value)| format!("{key}={value}")).collect();
        pairs.join(",")
    };
    let annotations = metadata["annotations"].as_object().into_iter().flatten();
    let annotations = annotations
        .map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect();
    let dependencies = metadata["dependencies"].as_array().into_iter().flatten();
    let mut dependencies: Vec<_> = dependencies.filter_map(|d| d["name"].as_str()).collect();
    dependencies.sort_unstable();
    let chart = &release.chart;
    let method = match release.apply_method {
        ApplyMethod::ServerSide => "server-side apply",
        ApplyMethod::ClientSide => "client-side apply",
        ApplyMethod::Unsaid => "client-side apply (defaulted)",
    };
    format!(
        "NAME: {}\nCHART: {}\nVERSION: {}\nAPP_VERSION: {}\nANNOTATIONS: {}\nLABELS: {}\n\
         DEPENDENCIES: {}\nNAMESPACE: {}\nREVISION: {}\nSTATUS: {}\nDEPLOYED_AT: {}\n\
         APPLY_METHOD: {method}\n",
        release.name,
        chart.name(),
        chart.version(),
        chart.app_version(),
        pairs(annotations),
        pairs(labels.clone()),
        dependencies.join(","),
        release.namespace,
        release.revision,
        release.info.status,
        deployed_at(release),
    )
}

fn structured(release: &Release, labels: &Labels) -> Json {
    let chart = &release.chart;
    let mut fields = Map::new();
    let mut put = |key: &str, value: Json| drop(fields.insert(key.to_owned(), value));
    put("name", release.name.clone().into());
    put("chart", chart.name().into());
    put("version", chart.version().into());
    put("appVersion", chart.app_version().into());
    for key in ["annotations", "dependencies"] {
        if key == "dependencies" && !labels.is_empty() {
            put("labels", json!(labels));
        }
        let value = &chart.as_json()["metadata"][key];
        let is_empty = value.as_object().is_none_or(Map::is_empty)
            && value.as_array().is_none_or(Vec::is_empty);
        if !is_empty {
            put(key, value.clone());
        }
    }
    put("namespace", release.namespace.clone().into());
    put("revision", release.revision.into());
    put("status", release.info.status.as_str().into());
    put("deployedAt", deployed_at(release).into());
    if release.apply_method != ApplyMethod::Unsaid {
        put("applyMethod", release.apply_method.as_str().into());
    }
    Json::Object(fields)
}
