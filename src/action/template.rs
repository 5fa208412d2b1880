use super::Error;
use super::render::{RenderRequest, RenderedChart, ValueCheck, render_chart};
use crate::chart::{Chart, Warning};
use crate::manifest::Notes;
use crate::postrender::PostRenderer;
use crate::release::ReleaseName;
use crate::template::function::Env;
use crate::template::{Capabilities, ReleaseContext};
use crate::values::UserValues;

/// What to render.
#[derive(Debug)]
pub struct TemplateRequest<'a> {
    /// The name of the release.
    pub name: String,
    /// Its namespace.
    pub namespace: String,
    /// The chart as loaded.
    pub chart: Chart,
    /// The user's values.
    pub user_values: &'a UserValues,
    /// What `.Capabilities` says.
    pub capabilities: Capabilities,
    /// The world as functions see it.
    pub env: &'a Env,
    /// Whether `.Release.IsUpgrade` holds (`--is-upgrade`).
    pub is_upgrade: bool,
    /// Whether `values.schema.json` is passed over (`--skip-schema-validation`).
    pub skip_schema_validation: bool,
    /// What changes the rendered files before they are read (`--post-renderer`).
    pub post_renderer: Option<&'a PostRenderer>,
    /// The values to look for among those that no template reads.
    pub check: Option<ValueCheck<'a>>,
}

/// What `template` has to show.
#[derive(Debug)]
pub struct TemplateReport {
    /// The chart rendered.
    pub chart: RenderedChart,
}

/// Renders a chart without a release.
///
/// `warn` gets each warning as soon as it is known, so that those before an error are not lost.
///
/// # Errors
/// [`Error`] with Helm's text.
pub fn template(
    request: TemplateRequest,
    warn: &mut dyn FnMut(&Warning),
) -> Result<TemplateReport, Error> {
    let TemplateRequest {
        name,
        namespace,
        chart,
        user_values,
        capabilities,
        env,
        is_upgrade,
        skip_schema_validation,
        post_renderer,
        check,
    } = request;
    let name = ReleaseName::new(&name).map_err(|_| Error::Name { name })?;
    let rendered = render_chart(RenderRequest {
        chart,
        user_values,
        release: ReleaseContext {
            name: name.as_str().to_owned(),
            namespace,
            revision: 1,
            is_upgrade,
        },
        capabilities,
        env,
        skip_schema_validation,
        notes: Notes::Root,
        post_renderer,
        check,
    });
    rendered.warnings.iter().for_each(warn);
    Ok(TemplateReport { chart: rendered.value? })
}
