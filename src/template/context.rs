use super::capabilities::Capabilities;
use crate::chart::{Chart, Metadata};
use crate::value::{Entries, List, Map, MapType, Value};

/// What `.Release` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseContext {
    /// The name of the release.
    pub name: String,
    /// The namespace it goes to.
    pub namespace: String,
    /// The revision being made, from 1.
    pub revision: i64,
    /// Whether the revision is an upgrade or rollback rather than an install.
    pub is_upgrade: bool,
}

/// What templates see besides the chart and its values.
#[derive(Clone, Debug)]
pub struct Context {
    /// `.Release`
    pub release: ReleaseContext,
    /// `.Capabilities`
    pub capabilities: Capabilities,
}

/// One chart of the tree with the root object of its templates.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    pub(super) chart: &'a Chart,
    /// The chart's path in template names, such as `web/charts/db`.
    pub(super) path: String,
    /// `.` of its templates, without `.Template`.
    pub(super) root: Map,
}

fn map(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Value {
    Value::Map(Map::from_pairs(pairs))
}

impl ReleaseContext {
    fn to_value(&self) -> Value {
        map([
            ("Name", Value::str(self.name.as_str())),
            ("Namespace", Value::str(self.namespace.as_str())),
            ("IsUpgrade", Value::Bool(self.is_upgrade)),
            ("IsInstall", Value::Bool(!self.is_upgrade)),
            ("Revision", Value::Int(self.revision)),
            ("Service", Value::str("Helm")),
        ])
    }
}

/// Makes the scopes of a chart and its subcharts, the chart's own first.
///
/// `values` are the merged values of the root chart. A subchart's `.Values` is the same map as its
/// section in its parent's values, so that a write in one is seen in the other.
pub(super) fn scopes<'a>(chart: &'a Chart, values: &Map, context: &Context) -> Vec<Scope<'a>> {
    let shared = Shared {
        release: context.release.to_value(),
        capabilities: context.capabilities.to_value(),
    };
    let mut scopes = Vec::new();
    shared.add(chart, None, values.with_type(MapType::Values), &mut scopes);
    scopes
}

struct Shared {
    release: Value,
    capabilities: Value,
}

impl Shared {
    fn add<'a>(
        &self,
        chart: &'a Chart,
        parent: Option<&str>,
        values: Map,
        scopes: &mut Vec<Scope<'a>>,
    ) -> Map {
        let path = chart.full_path(parent);
        let index = scopes.len();
        let root = Map::open(MapType::Values, Entries::default());
        scopes.push(Scope { chart, path: path.clone(), root });

        let mut subcharts = Vec::new();
        for subchart in &chart.dependencies {
            let section = match values.get(subchart.name()) {
                Some(Value::Map(section)) => section.with_type(MapType::Values),
                _ => Map::open(MapType::Values, Entries::default()),
            };
            let root = self.add(subchart, Some(&path), section, scopes);
            subcharts.push((subchart.name(), Value::Map(root.with_type(MapType::Any))));
        }
        let files = chart
            .files
            .iter()
            .map(|file| (file.name.as_str().into(), Value::Bytes(file.data.clone())));
        let entries = [
            ("Capabilities", self.capabilities.clone()),
            ("Chart", chart_value(&chart.metadata, parent.is_none())),
            ("Files", Value::Map(Map::open(MapType::Files, files.collect()))),
            ("Release", self.release.clone()),
            ("Subcharts", Value::Map(Map::from_pairs(subcharts))),
            ("Values", Value::Map(values)),
        ];
        let root = Map::open(
            MapType::Values,
            entries.into_iter().map(|(key, value)| (key.into(), value)).collect(),
        );
        scopes[index].root = root.clone();
        root
    }
}

fn texts(items: &[String]) -> Value {
    Value::List(List::new(items.iter().map(|item| Value::str(item.as_str())).collect()))
}

/// Returns `.Chart`: a map with Go's field names.
fn chart_value(metadata: &Metadata, is_root: bool) -> Value {
    let text = |field: &String| Value::str(field.as_str());
    let maintainers = metadata.maintainers.iter().map(|maintainer| {
        map([
            ("Name", text(&maintainer.name)),
            ("Email", text(&maintainer.email)),
            ("URL", text(&maintainer.url)),
        ])
    });
    let dependencies = metadata.dependencies.iter().map(|dependency| {
        map([
            ("Name", text(&dependency.name)),
            ("Version", text(&dependency.version)),
            ("Repository", text(&dependency.repository)),
            ("Condition", text(&dependency.condition)),
            ("Tags", texts(&dependency.tags)),
            ("Enabled", Value::Bool(dependency.enabled)),
            ("ImportValues", Value::List(List::new(dependency.import_values.0.clone()))),
            ("Alias", text(&dependency.alias)),
        ])
    });
    let annotations = match &metadata.annotations {
        Some(annotations) => Map::open(
            MapType::Strings,
            annotations.iter().map(|(k, v)| (k.as_str().into(), text(v))).collect(),
        ),
        None => Map::nil(MapType::Strings),
    };
    map([
        ("Name", text(&metadata.name)),
        ("Home", text(&metadata.home)),
        ("Sources", texts(&metadata.sources)),
        ("Version", text(&metadata.version)),
        ("Description", text(&metadata.description)),
        ("Keywords", texts(&metadata.keywords)),
        ("Maintainers", Value::List(List::new(maintainers.collect()))),
        ("Icon", text(&metadata.icon)),
        ("APIVersion", text(&metadata.api_version)),
        ("Condition", text(&metadata.condition)),
        ("Tags", text(&metadata.tags)),
        ("AppVersion", text(&metadata.app_version)),
        ("Deprecated", Value::Bool(metadata.deprecated)),
        ("Annotations", Value::Map(annotations)),
        ("KubeVersion", text(&metadata.kube_version)),
        ("Dependencies", Value::List(List::new(dependencies.collect()))),
        ("Type", text(&metadata.chart_type)),
        ("IsRoot", Value::Bool(is_root)),
    ])
}
