use tokio::runtime::Handle;
use tokio::time::Instant;

use super::Error;
use super::record::stored_chart;
use super::{
    ApplyOptions, DryRun, RenderRequest, RenderedChart, Session, UnreadValues, ValueCheck,
    render_chart,
};
use crate::chart::{Chart, Warned};
use crate::cluster::{Lookup, Records};
use crate::manifest::{self, Manifest, Notes};
use crate::plan::{Change, Method, Next, Operation, Plan, Rules, Until, Write};
use crate::postrender::PostRenderer;
use crate::release::{
    ApplyMethod, HookRecord, HookRun, Info, Labels, Release, Revision, Status, Time,
    is_system_label,
};
use crate::template::function::Env;
use crate::template::{Capabilities, ReleaseContext};
use crate::value::{Map, Value};
use crate::values::UserValues;
use crate::{cluster, json, plan};

/// How templates are rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
pub struct RenderOptions {
    /// Show the notes of subcharts, too
    #[cfg_attr(feature = "cli", arg(long = "render-subchart-notes"))]
    pub subchart_notes: bool,
    /// Let getHostByName ask the network
    #[cfg_attr(feature = "cli", arg(long))]
    pub enable_dns: bool,
    /// Do not check the values against values.schema.json
    #[cfg_attr(feature = "cli", arg(long))]
    pub skip_schema_validation: bool,
    /// What changes the rendered files before they are read; the command line finds it by its name.
    #[cfg_attr(feature = "cli", arg(skip))]
    pub post_renderer: Option<PostRenderer>,
    /// Fail when there are values from -f or --set that no template reads
    #[cfg_attr(feature = "cli", arg(long))]
    pub strict_values: bool,
    /// Whether there are warnings about such values.
    #[cfg_attr(feature = "cli", arg(skip))]
    pub warn_unread: bool,
}

/// What a revision is made of: a rendered chart and the user's values.
pub(super) struct Prepared {
    pub chart: Chart,
    pub manifest: Manifest,
    pub user: Map,
}

impl Session {
    /// Renders a chart for a release, with the capabilities of the cluster unless a dry run does
    /// without it.
    pub(super) async fn render(
        &self,
        chart: Chart,
        user: UserValues,
        given: &UserValues,
        release: ReleaseContext,
        options: RenderOptions,
        dry_run: Option<DryRun>,
    ) -> Result<Prepared, Error> {
        let online = dry_run != Some(DryRun::Client);
        let capabilities =
            if online { self.capabilities().await? } else { Capabilities::default() };
        let lookup = Lookup::new(self.cluster.clone(), Handle::current());
        let RenderOptions {
            subchart_notes,
            enable_dns,
            skip_schema_validation,
            post_renderer,
            strict_values,
            warn_unread,
        } = options;
        let unread = UnreadValues::of_command(strict_values, warn_unread);
        let given = unread.map(|unread| (unread, given.clone()));
        let user_values = user.clone();
        // Templates may run long, and `lookup` blocks.
        let rendered = tokio::task::spawn_blocking(move || {
            let mut env = Env::new();
            env.enable_dns = enable_dns;
            if online {
                env.lookup = std::rc::Rc::new(move |api_version, kind, namespace, name| {
                    lookup.lookup(api_version, kind, namespace, name)
                });
            }
            render_chart(RenderRequest {
                chart,
                user_values: &user_values,
                release,
                capabilities,
                env: &env,
                skip_schema_validation,
                notes: if subchart_notes { Notes::All } else { Notes::Root },
                post_renderer: post_renderer.as_ref(),
                check: given.as_ref().map(|(unread, given)| ValueCheck { given, unread: *unread }),
            })
        })
        .await
        .map_err(|_| Error::RenderThread)?;
        let Warned { value: rendered, warnings } = rendered;
        self.warn(warnings);
        let RenderedChart { chart, values: _, rendered: _, manifest, reads: _ } = rendered?;
        Ok(Prepared { chart, manifest, user: user.values })
    }

    /// Makes the new revision's objects of a manifest.
    pub(super) async fn next(
        &self,
        revision: Revision,
        manifest: &Manifest,
    ) -> Result<Next, cluster::Error> {
        let namespace = &self.namespace;
        let objects = self.cluster.resolve(&manifest.documents, namespace).await;
        let hooks = self.cluster.resolve_hooks(&manifest.hooks, namespace).await;
        Ok(Next { revision, objects: objects?, hooks: hooks?, repeats: None })
    }

    /// Puts the files of `crds/` into the cluster, one after the other, and waits until the
    /// server serves their kinds. They come before the render, which may ask for those kinds.
    ///
    /// Client-side, those that exist are left as they are.
    pub(super) async fn apply_crds(
        &self,
        chart: &Chart,
        method: ApplyMethod,
        deadline: Instant,
    ) -> Result<(), Error> {
        let mut applied = false;
        let mut kinds = Vec::new();
        for crd in chart.crds() {
            let error =
                |source| Error::Crd { path: crd.file.name.clone(), source: Box::new(source) };
            let documents = manifest::parse_crd(&crd.path, crd.file.data.as_bytes())?;
            let objects = self.cluster.resolve(&documents, &self.namespace).await.map_err(error)?;
            if objects.is_empty() {
                continue;
            }
            kinds.extend(objects.iter().flat_map(|object| defined_kinds(&object.body)));
            let ids: Vec<_> = objects.iter().map(|object| object.id.clone()).collect();
            let writes = if method == ApplyMethod::ServerSide {
                let method = Method::Apply { force: false, migrate: false };
                let write =
                    |object| Write { object, change: Change::Update, method: method.clone() };
                objects.into_iter().map(write).collect()
            } else {
                let observed = self.cluster.observe(&ids).await.map_err(error)?;
                let missing = objects.into_iter().filter(|o| !observed.contains_key(&o.id));
                let method = Method::Patch { previous: None };
                let write =
                    |object| Write { object, change: Change::Create, method: method.clone() };
                missing.map(write).collect()
            };
            let plan = Plan {
                operations: vec![
                    Operation::Apply { writes },
                    Operation::Wait {
                        ids,
                        until: Until::Ready { jobs: false, rules: Rules::Kstatus },
                    },
                ],
                ..Plan::default()
            };
            match self.execute(&plan, &mut Records::new(), deadline, None).await {
                Err(Error::Execute { source, .. }) => return Err(error(*source)),
                result => result?,
            }
            applied = true;
        }
        if applied {
            self.cluster.forget_discovery();
            self.cluster.await_kinds(&kinds, deadline).await?;
        }
        Ok(())
    }

    /// Makes the release of a rendered chart, before anything happened to it.
    pub(super) fn release(
        &self,
        name: &str,
        revision: Revision,
        prepared: &Prepared,
        apply_method: ApplyMethod,
        first_deployed: Option<Time>,
    ) -> Release {
        let now = self.clock.now();
        let manifest = &prepared.manifest;
        let mut text = Vec::new();
        manifest::print_documents(&mut text, &manifest.documents);
        let hooks = manifest.hooks.iter();
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
            config: Some(json::to_serde(&Value::Map(prepared.user.clone()))),
            manifest: String::from_utf8_lossy(&text).into_owned(),
            hooks: hooks
                .map(|hook| HookRecord { hook: hook.clone(), last_run: HookRun::default() })
                .collect(),
            apply_method,
            labels: Labels::new(),
        }
    }
}

/// Returns version and kind of what a definition defines.
fn defined_kinds(definition: &serde_json::Value) -> Vec<(String, String)> {
    let spec = &definition["spec"];
    let kind = spec["names"]["kind"].as_str().unwrap_or_default();
    let group = spec["group"].as_str().unwrap_or_default();
    let versions = spec["versions"].as_array().into_iter().flatten();
    let served = versions.filter(|version| version["served"] == true);
    let names = served.filter_map(|version| version["name"].as_str());
    names.map(|version| (format!("{group}/{version}"), kind.to_owned())).collect()
}

pub(super) fn check_labels(labels: &Labels) -> Result<(), Error> {
    if labels.keys().any(|key| is_system_label(key)) {
        return Err(Error::SystemLabel);
    }
    Ok(())
}

impl ApplyOptions {
    /// `method` is how objects are written, `migrate` whether they were written another way before.
    pub(super) fn to_plan(&self, method: ApplyMethod, migrate: bool) -> plan::Options {
        let ApplyOptions {
            wait,
            no_hooks,
            take_ownership,
            server_side: _,
            force_conflicts,
            force_replace,
            create_namespace,
            skip_crds: _,
            cleanup_on_fail,
            description,
            labels: _,
            dry_run: _,
            yield_replicas,
            rehearse: _,
            hide_secret: _,
        } = self;
        plan::Options {
            hooks: !no_hooks,
            take_ownership: *take_ownership,
            method,
            migrate,
            force_conflicts: *force_conflicts,
            yield_replicas: *yield_replicas && !force_conflicts,
            force_replace: *force_replace,
            create_namespace: *create_namespace,
            wait: wait.until(),
            cleanup_on_fail: *cleanup_on_fail,
            description: description.clone(),
            ..plan::Options::default()
        }
    }
}
