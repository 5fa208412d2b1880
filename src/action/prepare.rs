use std::path::PathBuf;

use tokio::runtime::Handle;

use super::record::stored_chart;
use super::release_error::Error;
use super::{ApplyOptions, DryRun, Session};
use crate::chart::{self, Chart, Level, Warning};
use crate::cluster::Lookup;
use crate::manifest::{self, Manifest, Notes};
use crate::plan::{Next, Operation, Plan, Until, Write};
use crate::release::{
    ApplyMethod, HookRecord, HookRun, Info, Labels, Release, Revision, Status, Time,
    is_system_label,
};
use crate::template::function::Env;
use crate::template::{Capabilities, Context, KubeVersion, ReleaseContext};
use crate::value::Map;
use crate::version::{Constraint, Version};
use crate::{json, template, values};

/// Where a chart comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChartSource {
    /// A folder or an archive.
    Path(PathBuf),
}

/// How templates are rendered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RenderOptions {
    /// Whether the notes of subcharts are shown, too.
    pub subchart_notes: bool,
    /// Whether `getHostByName` may ask the network.
    pub enable_dns: bool,
}

/// A chart and its values, ready to be rendered.
pub(super) struct Prepared {
    pub chart: Chart,
    pub values: Map,
    pub user: Map,
    pub warnings: Vec<Warning>,
}

pub(super) fn load(source: &ChartSource, warnings: &mut Vec<Warning>) -> Result<Chart, Error> {
    let ChartSource::Path(path) = source;
    let loaded = chart::load(path)?;
    warnings.extend(loaded.warnings);
    let mut chart = loaded.value;
    chart.validate()?;
    if !matches!(chart.metadata.chart_type.as_str(), "" | "application") {
        let chart_type = chart.metadata.chart_type.clone();
        return Err(Error::NotInstallable { chart_type });
    }
    chart.check_dependencies()?;
    Ok(chart)
}

/// Merges the user's values with the chart's.
pub(super) fn prepare(
    chart: Chart,
    user: Map,
    mut warnings: Vec<Warning>,
) -> Result<Prepared, Error> {
    if chart.metadata.deprecated {
        warnings.push(Warning::warn("this chart is deprecated", Vec::new()));
    }
    let processed = values::process_dependencies(chart, &user)?;
    warnings.extend(processed.warnings);
    let merged = values::merge(&processed.value, &user)?;
    warnings.extend(merged.warnings);
    Ok(Prepared { chart: processed.value, values: merged.value, user, warnings })
}

impl Session {
    /// Renders a chart for a release, with the capabilities of the cluster unless a dry run does
    /// without it.
    pub(super) async fn render(
        &self,
        prepared: &mut Prepared,
        release: ReleaseContext,
        options: RenderOptions,
        dry_run: Option<DryRun>,
    ) -> Result<Manifest, Error> {
        let online = dry_run != Some(DryRun::Client);
        let capabilities = if online {
            let server = self.cluster.version().await?;
            Capabilities {
                kube_version: KubeVersion::parse(&server.git_version)?,
                api_versions: self.cluster.discovery().await?.api_versions(),
            }
        } else {
            Capabilities::default()
        };
        check_kube_version(&prepared.chart, &capabilities)?;
        let context = Context { release, capabilities };
        let lookup = Lookup::new(self.cluster.clone(), Handle::current());
        let (chart, values) = (prepared.chart.clone(), prepared.values.clone());
        let root = chart.name().to_owned();
        // Templates may run long, and `lookup` blocks.
        let rendered = tokio::task::spawn_blocking(move || {
            let mut env = Env::new();
            env.enable_dns = options.enable_dns;
            if online {
                env.lookup = Box::new(move |api_version, kind, namespace, name| {
                    lookup.lookup(api_version, kind, namespace, name)
                });
            }
            template::render(&chart, &values, &context, &env)
        })
        .await
        .map_err(|_| Error::Render)?
        .map_err(|diagnostic| Error::Template(Box::new(diagnostic)))?;
        let notes = if options.subchart_notes { Notes::All } else { Notes::Root };
        let manifest = manifest::parse(rendered.texts(), &root, notes)?;
        prepared.warnings.extend(manifest.skipped.iter().map(|skipped| Warning {
            level: Level::Info,
            message: "skipping unknown hooks".to_owned(),
            attributes: vec![("hookTypes", skipped.events.clone())],
        }));
        Ok(manifest)
    }

    /// Makes the new revision's objects of a manifest.
    pub(super) async fn next(
        &self,
        revision: Revision,
        manifest: &Manifest,
    ) -> Result<Next, Error> {
        let namespace = &self.namespace;
        Ok(Next {
            revision,
            objects: self
                .cluster
                .resolve(&manifest.documents, namespace)
                .await
                .map_err(Error::Build)?,
            hooks: self
                .cluster
                .resolve_hooks(&manifest.hooks, namespace)
                .await
                .map_err(Error::Build)?,
            repeats: None,
        })
    }

    /// Puts the files of `crds/` into the cluster, one after the other, and waits until the
    /// server serves their kinds. They come before the render, which may ask for those kinds.
    pub(super) async fn apply_crds(
        &self,
        chart: &Chart,
        deadline: tokio::time::Instant,
    ) -> Result<(), Error> {
        let mut applied = false;
        for crd in chart.crds() {
            let error = |source| Error::Crd { path: crd.file.name.clone(), source };
            let documents = manifest::parse_crd(&crd.path, crd.file.data.as_bytes())?;
            let objects = self.cluster.resolve(&documents, &self.namespace).await.map_err(error)?;
            if objects.is_empty() {
                continue;
            }
            let ids = objects.iter().map(|object| object.id.clone()).collect();
            let change = crate::plan::Change::Update;
            let writes =
                objects.into_iter().map(|object| Write { object, change, force: false }).collect();
            let plan = Plan {
                operations: vec![
                    Operation::Apply { writes },
                    Operation::Wait { ids, until: Until::Ready { jobs: false } },
                ],
                ..Plan::default()
            };
            let mut records = crate::cluster::Records::new();
            match self.execute(&plan, &mut records, deadline).await {
                Err(Error::Execute { source, .. }) => return Err(error(source)),
                result => result?,
            }
            applied = true;
        }
        if applied {
            self.cluster.forget_discovery();
        }
        Ok(())
    }

    /// Makes the release of a manifest, before anything happened to it.
    pub(super) fn release(
        &self,
        name: &str,
        revision: Revision,
        prepared: &Prepared,
        manifest: &Manifest,
        first_deployed: Option<Time>,
    ) -> Release {
        let now = self.clock.now();
        let mut text = Vec::new();
        manifest::print_documents(&mut text, &manifest.documents);
        let config = json::to_serde(&crate::value::Value::Map(prepared.user.clone()));
        Release {
            name: name.to_owned(),
            namespace: self.namespace.clone(),
            revision,
            info: Info {
                first_deployed: first_deployed.or(Some(now)),
                last_deployed: Some(now),
                status: Status::Unknown,
                notes: manifest.notes.clone(),
                ..Info::default()
            },
            chart: stored_chart(&prepared.chart),
            config: Some(config),
            manifest: String::from_utf8_lossy(&text).into_owned(),
            hooks: manifest
                .hooks
                .iter()
                .map(|hook| HookRecord { hook: hook.clone(), last_run: HookRun::default() })
                .collect(),
            apply_method: ApplyMethod::ServerSide,
            labels: Labels::new(),
        }
    }
}

pub(super) fn check_labels(labels: &Labels) -> Result<(), Error> {
    if labels.keys().any(|key| is_system_label(key)) {
        return Err(Error::SystemLabel);
    }
    Ok(())
}

fn check_kube_version(chart: &Chart, capabilities: &Capabilities) -> Result<(), Error> {
    let wanted = &chart.metadata.kube_version;
    let found = &capabilities.kube_version.version;
    let compatible = || {
        let constraint = Constraint::parse(wanted).ok()?;
        Some(constraint.matches(&Version::parse(found).ok()?))
    };
    if wanted.is_empty() || compatible() == Some(true) {
        return Ok(());
    }
    Err(Error::KubeVersion { wanted: wanted.clone(), found: found.clone() })
}

impl ApplyOptions {
    pub(super) fn to_plan(&self) -> crate::plan::Options {
        let ApplyOptions {
            wait,
            no_hooks,
            take_ownership,
            force_conflicts,
            create_namespace,
            skip_crds: _,
            cleanup_on_fail,
            description,
            labels: _,
            dry_run: _,
        } = self;
        crate::plan::Options {
            hooks: !no_hooks,
            take_ownership: *take_ownership,
            force_conflicts: *force_conflicts,
            create_namespace: *create_namespace,
            wait: wait.until(),
            cleanup_on_fail: *cleanup_on_fail,
            description: description.clone(),
            ..crate::plan::Options::default()
        }
    }
}
