use std::borrow::Cow;

use super::{Chart, Metadata, SaveFault, save};
use crate::value::Str;

/// What stands for the chart's name in the files of a scaffold or a starter.
const PLACEHOLDER: &str = "<CHARTNAME>";

/// The language of a new chart's templates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// Go's, which Helm reads.
    #[default]
    Go,
    /// Jinja, which only rhumb reads.
    Jinja,
}

/// The files of a scaffold but for its templates. The name of the chart is put in when one is made.
const FILES: [(&str, &str); 4] = [
    ("Chart.yaml", include_str!("scaffold/Chart.yaml")),
    ("values.yaml", include_str!("scaffold/values.yaml")),
    ("values.schema.json", include_str!("scaffold/values.schema.json")),
    // Under a plain name here, so that no tool takes it for its own.
    (".helmignore", include_str!("scaffold/helmignore")),
];

/// The templates in the order they are written.
const GO: [(&str, &str); 9] = [
    ("templates/ingress.yaml", include_str!("scaffold/templates/ingress.yaml")),
    ("templates/httproute.yaml", include_str!("scaffold/templates/httproute.yaml")),
    ("templates/deployment.yaml", include_str!("scaffold/templates/deployment.yaml")),
    ("templates/service.yaml", include_str!("scaffold/templates/service.yaml")),
    ("templates/serviceaccount.yaml", include_str!("scaffold/templates/serviceaccount.yaml")),
    ("templates/hpa.yaml", include_str!("scaffold/templates/hpa.yaml")),
    ("templates/NOTES.txt", include_str!("scaffold/templates/NOTES.txt")),
    ("templates/_helpers.tpl", include_str!("scaffold/templates/_helpers.tpl")),
    (
        "templates/tests/test-connection.yaml",
        include_str!("scaffold/templates/tests/test-connection.yaml"),
    ),
];

/// The same templates in Jinja.
const JINJA: [(&str, &str); 9] = [
    ("templates/ingress.yaml.j2", include_str!("scaffold/jinja/templates/ingress.yaml.j2")),
    ("templates/httproute.yaml.j2", include_str!("scaffold/jinja/templates/httproute.yaml.j2")),
    ("templates/deployment.yaml.j2", include_str!("scaffold/jinja/templates/deployment.yaml.j2")),
    ("templates/service.yaml.j2", include_str!("scaffold/jinja/templates/service.yaml.j2")),
    (
        "templates/serviceaccount.yaml.j2",
        include_str!("scaffold/jinja/templates/serviceaccount.yaml.j2"),
    ),
    ("templates/hpa.yaml.j2", include_str!("scaffold/jinja/templates/hpa.yaml.j2")),
    ("templates/NOTES.txt.j2", include_str!("scaffold/jinja/templates/NOTES.txt.j2")),
    ("templates/_helpers.j2", include_str!("scaffold/jinja/templates/_helpers.j2")),
    (
        "templates/tests/test-connection.yaml.j2",
        include_str!("scaffold/jinja/templates/tests/test-connection.yaml.j2"),
    ),
];

/// A file of a new chart: its path inside the chart, and its content.
pub type NewFile = (String, Vec<u8>);

/// Returns the files of a new chart called `name`: an application with a Deployment, a Service and
/// what one wants around them.
#[must_use]
pub fn scaffold(name: &str, language: Language) -> Vec<NewFile> {
    let templates = match language {
        Language::Go => &GO,
        Language::Jinja => &JINJA,
    };
    let files = FILES.iter().chain(templates);
    files.map(|(path, text)| ((*path).to_owned(), text.replace(PLACEHOLDER, name).into())).collect()
}

/// Returns the files of a new chart called `name` made after `starter`.
///
/// The placeholder `<CHARTNAME>` is replaced in templates and `values.yaml`. The metadata is new;
/// of the starter's it keeps the dependencies, which Helm drops, and their lock. Subcharts become
/// archives in `charts/`.
///
/// # Errors
/// [`SaveFault`] for a subchart that cannot be packed.
pub fn from_starter(starter: &Chart, name: &str) -> Result<Vec<NewFile>, SaveFault> {
    let mut chart = Chart::new(Metadata {
        name: name.to_owned(),
        // Helm's words, which tools may look for.
        description: "A Helm chart for Kubernetes".to_owned(),
        chart_type: "application".to_owned(),
        version: "0.1.0".to_owned(),
        app_version: "0.1.0".to_owned(),
        api_version: "v2".to_owned(),
        dependencies: starter.metadata.dependencies.clone(),
        ..Metadata::default()
    });
    chart.lock = starter.lock.clone().filter(|_| !chart.metadata.dependencies.is_empty());
    let mut files = save::heads(&chart, None)?;
    if let Some(values) = &starter.values_text {
        files.push(("values.yaml".to_owned(), named(values, name).into_owned()));
    }
    if let Some(schema) = &starter.schema {
        files.push(("values.schema.json".to_owned(), schema.as_bytes().to_vec()));
    }
    for file in &starter.templates {
        files.push((file.name.clone(), named(&file.data, name).into_owned()));
    }
    // A v1 starter's are part of its metadata by now.
    let is_own = |name: &str| !matches!(name, "requirements.yaml" | "requirements.lock");
    for file in starter.files.iter().filter(|file| is_own(&file.name)) {
        files.push((file.name.clone(), file.data.as_bytes().to_vec()));
    }
    for subchart in &starter.dependencies {
        let path = format!("charts/{}-{}.tgz", subchart.name(), subchart.metadata.version);
        files.push((path, save::pack(subchart, None)?));
    }
    Ok(files)
}

/// Replaces the placeholder; what is no text stays as it is.
fn named<'a>(data: &'a Str, name: &str) -> Cow<'a, [u8]> {
    match data.as_str() {
        Some(text) if text.contains(PLACEHOLDER) => {
            Cow::Owned(text.replace(PLACEHOLDER, name).into_bytes())
        }
        _ => Cow::Borrowed(data.as_bytes()),
    }
}
