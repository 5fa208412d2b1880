use std::path::{Path, PathBuf};

use super::Error;
use super::manifest_failure::manifest_error;
use super::schema_failure::schema_error;
use super::template_failure::template_error;
use crate::chart::{self, Chart, Warned, Warning};
use crate::manifest::{self, Crd, Manifest, Notes};
use crate::postrender::{self, PostRenderer};
use crate::template::function::Env;
use crate::template::gotmpl::Ahead;
use crate::template::{self, Capabilities, Context, ReleaseContext, Rendered};
use crate::value::Map;
use crate::values::unread::Tracked;
pub use crate::values::unread::{UnreadValues, ValueCheck};
use crate::values::{self, FetchSchema, UserValues};
use crate::version::{Constraint, Version};

#[cfg(feature = "fetch")]
const FETCH_SCHEMA: Option<FetchSchema> = Some(crate::fetch::fetch_schema);
#[cfg(not(feature = "fetch"))]
const FETCH_SCHEMA: Option<FetchSchema> = None;

/// A chart on its way to a manifest.
#[derive(Debug)]
pub struct RenderRequest<'a> {
    /// The chart as loaded.
    pub chart: Chart,
    /// The user's values.
    pub user_values: &'a UserValues,
    /// What `.Release` says.
    pub release: ReleaseContext,
    /// What `.Capabilities` says.
    pub capabilities: Capabilities,
    /// The world as functions see it.
    pub env: &'a Env,
    /// Whether `values.schema.json` is passed over (`--skip-schema-validation`).
    pub skip_schema_validation: bool,
    /// Whose notes are wanted.
    pub notes: Notes,
    /// What changes the rendered files before they are read (`--post-renderer`).
    pub post_renderer: Option<&'a PostRenderer>,
    /// The values to look for among those that no template reads.
    pub check: Option<ValueCheck<'a>>,
}

/// A chart's manifest with everything a release record keeps of its making.
#[derive(Debug)]
pub struct RenderedChart {
    /// The chart with its dependencies processed.
    pub chart: Chart,
    /// The merged values.
    pub values: Map,
    /// The rendered files.
    pub rendered: Rendered,
    /// What they came to.
    pub manifest: Manifest,
    /// Which values templates looked at, if that was asked for.
    pub reads: Option<Tracked>,
}

impl RenderedChart {
    /// Returns the files of the `crds/` folders, own ones first.
    #[must_use]
    pub fn crds(&self) -> Vec<Crd> {
        let crds = self.chart.crds();
        crds.into_iter().map(|crd| Crd { path: crd.path, text: crd.file.data.clone() }).collect()
    }
}

/// Loads the chart a reference names and checks that it can be installed.
///
/// A reference is a path to a folder or archive.
///
/// # Errors
/// [`Error::Reference`] when there is nothing at the path; [`Error::Chart`],
/// [`Error::NotInstallable`] or [`Error::Dependencies`] for what is there.
pub fn load_chart(reference: &str) -> Result<Warned<Chart>, Error> {
    let path = find_chart(reference)?;
    let Warned { value: chart, mut warnings } = chart::load(&path)?;
    if !matches!(chart.metadata.chart_type.as_str(), "" | "application") {
        return Err(Error::NotInstallable { chart_type: chart.metadata.chart_type.clone() });
    }
    if chart.metadata.deprecated {
        warnings.push(Warning::warn("this chart is deprecated", Vec::new()));
    }
    chart.check_dependencies().map_err(Error::Dependencies)?;
    Ok(Warned { value: chart, warnings })
}

/// Finds the chart a reference names, before anything is read.
///
/// # Errors
/// [`Error::Reference`] when there is nothing at the path.
pub fn find_chart(reference: &str) -> Result<PathBuf, Error> {
    let path = Path::new(reference);
    if path.exists() {
        return Ok(path.to_owned());
    }
    Err(Error::Reference { message: missing_reference(reference) })
}

fn missing_reference(reference: &str) -> String {
    if reference.starts_with(['/', '.']) {
        return format!("path {reference:?} not found");
    }
    match reference.split_once('/') {
        Some((repository, name)) if !repository.is_empty() && !name.is_empty() => {
            format!("repo {repository} not found")
        }
        _ => format!(
            "non-absolute URLs should be in form of repo_name/path_to_chart, got: {reference}"
        ),
    }
}

/// Takes a chart and the user's values to a manifest.
///
/// # Errors
/// [`Error`] for the first step that fails; rendering stops at the first failing template.
pub fn render_chart(request: RenderRequest) -> Warned<Result<RenderedChart, Error>> {
    let mut warnings = Vec::new();
    // The templates can be parsed before it is known with which values they are wanted.
    let ahead = Ahead::new(template::texts(&request.chart));
    let value = crate::parallel::beside(
        ahead.size(),
        || ahead.work(),
        || {
            let value = render_warned(request, &ahead, &mut warnings);
            ahead.give_up();
            value
        },
    );
    Warned { value, warnings }
}

fn render_warned(
    request: RenderRequest,
    ahead: &Ahead,
    warnings: &mut Vec<Warning>,
) -> Result<RenderedChart, Error> {
    let RenderRequest {
        chart,
        user_values,
        release,
        capabilities,
        env,
        skip_schema_validation,
        notes,
        post_renderer,
        check,
    } = request;
    let processed = values::switch_dependencies(chart, &user_values.values);
    warnings.extend(processed.warnings);
    let (chart, switches) = processed.value?;
    let merged = values::merge(&chart, &user_values.values);
    warnings.extend(merged.warnings);
    let merged = merged.value?;
    if !skip_schema_validation {
        let checked = values::validate(&chart, &merged, FETCH_SCHEMA);
        warnings.extend(checked.warnings);
        checked.value.map_err(|errors| schema_error(&chart, user_values, &merged, errors))?;
    }
    check_kube_version(&chart, &capabilities)?;

    let context = Context { release, capabilities };
    let tracked = check.and_then(|check| check.start(&merged, switches, warnings));
    let seen = tracked.as_ref().map_or(&merged, Tracked::values);
    let rendered = template::render_ahead(&chart, seen, &context, env, Some(ahead))
        .map_err(|failures| template_error(&chart, failures))?;
    let manifest = match post_renderer {
        Some(program) => post_rendered(&rendered, program, chart.name(), notes)?,
        None => match manifest::parse(rendered.texts(), chart.name(), notes) {
            Ok(manifest) => manifest,
            Err(error) => return Err(manifest_error(&chart, rendered, error)),
        },
    };
    warnings.extend(manifest.skipped.iter().map(|skipped| {
        let mut warning = Warning::info("skipping unknown hooks");
        warning.attributes = vec![("hookTypes", skipped.events.clone())];
        warning
    }));
    if let (Some(check), Some(tracked)) = (check, &tracked) {
        let lines = check.lines(tracked, &chart);
        if check.unread == UnreadValues::Refuse && !lines.is_empty() {
            return Err(Error::UnreadValues { lines });
        }
        warnings.extend(lines.into_iter().map(Warning::advice));
    }
    Ok(RenderedChart { chart, values: merged, rendered, manifest, reads: tracked })
}

/// Makes a manifest of what a program makes of the rendered files. Notes do not pass through it.
fn post_rendered(
    rendered: &Rendered,
    program: &PostRenderer,
    root: &str,
    notes: Notes,
) -> Result<Manifest, Error> {
    let output = program.run(&postrender::combine(rendered.texts())?)?;
    let files = postrender::split(&output, &program.name)?;
    let files = files.iter().map(|(path, text)| (path.as_str(), text.as_slice()));
    let kept = rendered.texts().filter(|(path, _)| path.ends_with("NOTES.txt"));
    let manifest = manifest::parse(files.chain(kept), root, notes);
    manifest.map_err(|error| Error::PostRendered { error, program: program.name.clone() })
}

fn check_kube_version(chart: &Chart, capabilities: &Capabilities) -> Result<(), Error> {
    let wanted = &chart.metadata.kube_version;
    if wanted.is_empty() {
        return Ok(());
    }
    let found = &capabilities.kube_version;
    let compatible = Constraint::parse(wanted)
        .ok()
        .zip(Version::parse(&found.version).ok())
        .is_some_and(|(constraint, version)| constraint.matches(&version));
    if compatible {
        return Ok(());
    }
    Err(Error::KubeVersion { wanted: wanted.clone(), found: found.normalized.clone() })
}
