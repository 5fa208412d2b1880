use std::collections::{BTreeMap, HashSet};

use unicode_general_category::{GeneralCategory, get_general_category};

use super::Error;
use super::error::Place;
use crate::json::Numbers;
use crate::value::{Map, Value, format_float};
use crate::version::Version;
use crate::yaml;

/// The content of `Chart.yaml`, fields in Helm's order.
///
/// Absent strings are empty, absent lists are empty.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metadata {
    /// The name of the chart.
    pub name: String,
    /// The URL of the project's home page.
    pub home: String,
    /// URLs of the source code.
    pub sources: Vec<String>,
    /// The version of the chart, by lenient `SemVer` rules.
    pub version: String,
    /// One sentence about the chart.
    pub description: String,
    /// Keywords for searches.
    pub keywords: Vec<String>,
    /// Who maintains the chart.
    pub maintainers: Vec<Maintainer>,
    /// The URL of a picture.
    pub icon: String,
    /// The version of the chart format: `v1` or `v2`.
    pub api_version: String,
    /// A condition for the chart as a whole; Helm reads it and does nothing with it.
    pub condition: String,
    /// Tags for the chart as a whole; Helm reads them and does nothing with them.
    pub tags: String,
    /// The version of the application inside.
    pub app_version: String,
    /// Whether the chart is no longer maintained.
    pub deprecated: bool,
    /// Anything else; `None` when the file has no `annotations`.
    pub annotations: Option<BTreeMap<String, String>>,
    /// The Kubernetes versions the chart runs on, as a version constraint.
    pub kube_version: String,
    /// The charts this one needs.
    pub dependencies: Vec<Dependency>,
    /// Whether there is a list of dependencies, be it empty.
    pub has_dependency_list: bool,
    /// `application`, `library`, or empty for an application.
    pub chart_type: String,
}

/// Which lists of a `Chart.yaml` had a null entry, which is refused only after everything else
/// has been read.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NullEntries {
    /// The index of the first null, counted without nulls.
    maintainers: Option<usize>,
    dependencies: bool,
}

/// Someone who maintains a chart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Maintainer {
    /// The name of a person or organisation.
    pub name: String,
    /// An e-mail address.
    pub email: String,
    /// The URL of a page.
    pub url: String,
}

/// One entry of `dependencies` in `Chart.yaml`, `requirements.yaml` or a lock.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Dependency {
    /// The name of the chart; after [`crate::values::process_dependencies`] the alias, if there is one.
    pub name: String,
    /// A version constraint, or in a lock a version.
    pub version: String,
    /// Where the chart comes from: a URL, `@name`, `alias:name`, `file://…`, or empty.
    pub repository: String,
    /// Paths into the values, separated by commas; the first that is a bool switches the chart.
    pub condition: String,
    /// Tags that switch the chart together with others.
    pub tags: Vec<String>,
    /// Whether the chart is on; computed, and read from the file only for the record.
    pub enabled: bool,
    /// Values taken over into the parent; strings, or maps with `child` and `parent`.
    pub import_values: ImportValues,
    /// Another name for the chart inside the parent.
    pub alias: String,
}

/// The `import-values` of a dependency: strings, or maps with `child` and `parent`.
#[derive(Clone, Debug, Default)]
pub struct ImportValues(pub Vec<Value>);

impl PartialEq for ImportValues {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len()
            && self.0.iter().zip(&other.0).all(|(a, b)| crate::value::deep_equal(a, b))
    }
}

impl Dependency {
    /// Returns the name the chart goes by inside the parent: the alias, or else the name.
    #[must_use]
    pub fn local_name(&self) -> &str {
        if self.alias.is_empty() { &self.name } else { &self.alias }
    }
}

impl Metadata {
    /// Reads a `Chart.yaml` without checking what it says.
    ///
    /// The second result is the place of the first null among the maintainers, who come back
    /// without nulls.
    ///
    /// # Errors
    /// [`Error::Yaml`] or [`Error::Shape`].
    pub fn read(text: &[u8]) -> Result<(Metadata, Option<usize>), Error> {
        const FILE: &str = "Chart.yaml";
        let content = yaml::read_with(text, Numbers::Exact)
            .map_err(|cause| Error::Yaml { file: FILE, cause: cause.within(text, 0) })?;
        let (mut metadata, mut nulls) = (Metadata::default(), NullEntries::default());
        metadata.fill(&content, &mut nulls).map_err(|fault| fault.in_file(FILE, text))?;
        Ok((metadata, nulls.maintainers))
    }

    /// Takes the fields from the content of a YAML file over what is there already.
    ///
    /// Numbers and bools become text where text is expected; keys match in any case; unknown
    /// keys are ignored.
    ///
    /// # Errors
    /// The message of Go's JSON decoder for the first field, by key order, of a wrong type.
    pub(super) fn fill(
        &mut self,
        content: &Value,
        nulls: &mut NullEntries,
    ) -> Result<(), Mismatch> {
        let Some(map) = object(content, "v2.Metadata")? else { return Ok(()) };
        each_field(&map, |key, value| {
            let path = format!(".{key}");
            match key.to_ascii_lowercase().as_str() {
                "name" => text(value, &path, &mut self.name),
                "home" => text(value, &path, &mut self.home),
                "sources" => texts(value, &path, &mut self.sources),
                "version" => text(value, &path, &mut self.version),
                "description" => text(value, &path, &mut self.description),
                "keywords" => texts(value, &path, &mut self.keywords),
                "maintainers" => {
                    nulls.maintainers = self.fill_maintainers(value, &path)?;
                    Ok(())
                }
                "icon" => text(value, &path, &mut self.icon),
                "apiversion" => text(value, &path, &mut self.api_version),
                "condition" => text(value, &path, &mut self.condition),
                "tags" => text(value, &path, &mut self.tags),
                "appversion" => text(value, &path, &mut self.app_version),
                "deprecated" => flag(value, &path, &mut self.deprecated),
                "annotations" => self.fill_annotations(value, &path),
                "kubeversion" => text(value, &path, &mut self.kube_version),
                "dependencies" => {
                    (self.dependencies, nulls.dependencies) = parse_dependencies(value, &path)?;
                    self.has_dependency_list = !value.is_nil();
                    Ok(())
                }
                "type" => text(value, &path, &mut self.chart_type),
                _ => Ok(()),
            }
        })
    }

    /// Returns how many entries stand before the first null.
    fn fill_maintainers(&mut self, value: &Value, path: &str) -> Result<Option<usize>, Mismatch> {
        self.maintainers.clear();
        let mut null = None;
        for (index, item) in items(value, path, "[]*v2.Maintainer")?.iter().enumerate() {
            if item.is_nil() {
                null = null.or(Some(self.maintainers.len()));
                continue;
            }
            let path = format!("{path}.{index}");
            let mut maintainer = Maintainer::default();
            each_field(&element(item, &path, "v2.Maintainer")?, |key, value| {
                let path = format!("{path}.{key}");
                match key.to_ascii_lowercase().as_str() {
                    "name" => text(value, &path, &mut maintainer.name),
                    "email" => text(value, &path, &mut maintainer.email),
                    "url" => text(value, &path, &mut maintainer.url),
                    _ => Ok(()),
                }
            })?;
            self.maintainers.push(maintainer);
        }
        Ok(null)
    }

    fn fill_annotations(&mut self, value: &Value, path: &str) -> Result<(), Mismatch> {
        let map = match value {
            Value::Nil => {
                self.annotations = None;
                return Ok(());
            }
            Value::Map(map) => map,
            other => return Err(mismatch(other, path, "map[string]string")),
        };
        let annotations = self.annotations.get_or_insert_default();
        each_field(map, |key, value| {
            let mut content = String::new();
            text(value, &format!("{path}.{key}"), &mut content)?;
            annotations.insert(key.to_owned(), content);
            Ok(())
        })
    }

    /// Checks the fields, after replacing every kind of space by a plain one and dropping
    /// characters that cannot be printed.
    ///
    /// # Errors
    /// [`Error::Invalid`] with the first thing that is wrong.
    ///
    /// # Source
    /// Helm v4 `pkg/chart/v2/metadata.go`, `Validate`.
    pub fn validate(&mut self) -> Result<(), Error> {
        self.validate_with(NullEntries::default())
    }

    pub(super) fn validate_with(&mut self, nulls: NullEntries) -> Result<(), Error> {
        for text in [
            &mut self.name,
            &mut self.description,
            &mut self.home,
            &mut self.icon,
            &mut self.condition,
            &mut self.tags,
            &mut self.app_version,
            &mut self.kube_version,
        ] {
            sanitize(text);
        }
        self.sources.iter_mut().for_each(sanitize);
        self.keywords.iter_mut().for_each(sanitize);
        let invalid = |field: &str, message: String| {
            Err(Error::Invalid { message, field: field.to_owned(), place: None })
        };
        if self.api_version.is_empty() {
            return invalid("", "chart.metadata.apiVersion is required".to_owned());
        }
        if self.name.is_empty() {
            return invalid("", "chart.metadata.name is required".to_owned());
        }
        if self.name == "." || self.name == ".." {
            return invalid(".name", format!("chart.metadata.name {:?} is not allowed", self.name));
        }
        if self.name.contains('/') {
            return invalid(".name", format!("chart.metadata.name {:?} is invalid", self.name));
        }
        if self.version.is_empty() {
            return invalid("", "chart.metadata.version is required".to_owned());
        }
        if Version::parse(&self.version).is_err() {
            return invalid(
                ".version",
                format!("chart.metadata.version {:?} is invalid", self.version),
            );
        }
        if !matches!(self.chart_type.as_str(), "" | "application" | "library") {
            return invalid(
                ".type",
                "chart.metadata.type must be application or library".to_owned(),
            );
        }
        if nulls.maintainers.is_some() {
            return invalid(
                ".maintainers",
                "maintainers must not contain empty or null nodes".to_owned(),
            );
        }
        for maintainer in &mut self.maintainers {
            sanitize(&mut maintainer.name);
            sanitize(&mut maintainer.email);
            sanitize(&mut maintainer.url);
        }
        if nulls.dependencies {
            return invalid(
                ".dependencies",
                "dependencies must not contain empty or null nodes".to_owned(),
            );
        }
        let mut names = HashSet::new();
        for (index, dependency) in self.dependencies.iter_mut().enumerate() {
            dependency.validate(index)?;
            if !names.insert(dependency.local_name().to_owned()) {
                let key = if dependency.alias.is_empty() { "name" } else { "alias" };
                let name = dependency.local_name();
                let message = format!("more than one dependency with name or alias {name:?}");
                return invalid(&format!(".dependencies.{index}.{key}"), message);
            }
        }
        Ok(())
    }
}

impl Dependency {
    /// Checks the dependency at a place in its list.
    fn validate(&mut self, index: usize) -> Result<(), Error> {
        for text in [&mut self.name, &mut self.version, &mut self.repository, &mut self.condition] {
            sanitize(text);
        }
        self.tags.iter_mut().for_each(sanitize);
        let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if self.alias.chars().all(allowed) {
            return Ok(());
        }
        let message = format!("dependency {:?} has disallowed characters in the alias", self.name);
        Err(Error::Invalid { message, field: format!(".dependencies.{index}.alias"), place: None })
    }
}

/// Parses a list of dependencies; the second result tells of null entries, which are left out.
pub(super) fn parse_dependencies(
    value: &Value,
    path: &str,
) -> Result<(Vec<Dependency>, bool), Mismatch> {
    let mut dependencies = Vec::new();
    let mut has_null = false;
    for (index, item) in items(value, path, "[]*v2.Dependency")?.iter().enumerate() {
        if item.is_nil() {
            has_null = true;
            continue;
        }
        let path = format!("{path}.{index}");
        let mut dependency = Dependency::default();
        each_field(&element(item, &path, "v2.Dependency")?, |key, value| {
            let path = format!("{path}.{key}");
            match key.to_ascii_lowercase().as_str() {
                "name" => text(value, &path, &mut dependency.name),
                "version" => text(value, &path, &mut dependency.version),
                "repository" => text(value, &path, &mut dependency.repository),
                "condition" => text(value, &path, &mut dependency.condition),
                "tags" => texts(value, &path, &mut dependency.tags),
                "enabled" => flag(value, &path, &mut dependency.enabled),
                "import-values" => {
                    let list = items(value, &path, "[]interface {}")?;
                    dependency.import_values = ImportValues(list.iter().map(as_number).collect());
                    Ok(())
                }
                "alias" => text(value, &path, &mut dependency.alias),
                _ => Ok(()),
            }
        })?;
        dependencies.push(dependency);
    }
    Ok((dependencies, has_null))
}

/// Returns the map inside `value`, `None` for null.
pub(super) fn object(value: &Value, go_type: &str) -> Result<Option<Map>, Mismatch> {
    match value {
        Value::Nil => Ok(None),
        Value::Map(map) => Ok(Some(map.clone())),
        other => Err(Mismatch {
            message: format!(
                "json: cannot unmarshal {} into Go value of type {go_type}",
                json_kind(other)
            ),
            path: String::new(),
        }),
    }
}

fn element(value: &Value, path: &str, go_type: &str) -> Result<Map, Mismatch> {
    match value {
        Value::Map(map) => Ok(map.clone()),
        other => Err(Mismatch {
            message: format!(
                "json: cannot unmarshal {} into {path} of type {go_type}",
                json_kind(other)
            ),
            path: path.to_owned(),
        }),
    }
}

/// Calls `take` for each entry, in key order, until one fails.
pub(super) fn each_field(
    map: &Map,
    mut take: impl FnMut(&str, &Value) -> Result<(), Mismatch>,
) -> Result<(), Mismatch> {
    map.with(|entries| entries.iter().try_for_each(|(key, value)| take(&key.to_str_lossy(), value)))
}

fn items(value: &Value, path: &str, go_type: &str) -> Result<Vec<Value>, Mismatch> {
    match value {
        Value::Nil => Ok(Vec::new()),
        Value::List(list) => Ok(list.items().to_vec()),
        other => Err(mismatch(other, path, go_type)),
    }
}

/// Sets `field` to the text of a scalar; null leaves it as it is.
pub(super) fn text(value: &Value, path: &str, field: &mut String) -> Result<(), Mismatch> {
    *field = match value {
        Value::Nil => return Ok(()),
        Value::Str(text) => text.to_str_lossy().into_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Int(number) | Value::Int64(number) => number.to_string(),
        Value::Uint64(number) => number.to_string(),
        Value::Float(number) => float_text(*number),
        other => return Err(mismatch(other, path, "string")),
    };
    Ok(())
}

fn texts(value: &Value, path: &str, field: &mut Vec<String>) -> Result<(), Mismatch> {
    let mut list = Vec::new();
    for (index, item) in items(value, path, "[]string")?.iter().enumerate() {
        let mut content = String::new();
        text(item, &format!("{path}.{index}"), &mut content)?;
        list.push(content);
    }
    *field = list;
    Ok(())
}

fn flag(value: &Value, path: &str, field: &mut bool) -> Result<(), Mismatch> {
    match value {
        Value::Nil => Ok(()),
        Value::Bool(flag) => {
            *field = *flag;
            Ok(())
        }
        other => Err(mismatch(other, path, "bool")),
    }
}

/// Returns the text of a number as Helm's YAML reader gives it to a text field: Go's
/// `FormatFloat(x, 'g', -1, 32)`, so only the digits of a 32-bit number survive.
fn float_text(number: f64) -> String {
    let single = number as f32;
    format_float(format!("{single:e}").parse().unwrap_or(number))
}

/// Returns the value as the JSON step leaves it: every number a float.
fn as_number(value: &Value) -> Value {
    match value {
        Value::Int(number) | Value::Int64(number) => Value::Float(*number as f64),
        Value::Uint64(number) => Value::Float(*number as f64),
        Value::Map(map) => {
            let pairs = map.entries().into_iter().map(|(k, v)| (k, as_number(&v)));
            Value::Map(Map::from_pairs(pairs))
        }
        Value::List(list) => {
            Value::List(list.items().iter().map(as_number).collect::<Vec<_>>().into())
        }
        other => other.clone(),
    }
}

/// A value of a kind that its field cannot have.
#[derive(Debug)]
pub(super) struct Mismatch {
    /// The text of Go's JSON decoder.
    message: String,
    /// The path of the field, such as `.maintainers.0.name`; empty for the whole document.
    path: String,
}

impl Mismatch {
    /// Makes the error of a file, with the place of the field in its text.
    pub(super) fn in_file(self, file: &'static str, text: &[u8]) -> Error {
        let place = place_of(text, &self.path);
        Error::Shape { file, message: self.message, place }
    }
}

impl Error {
    /// Adds the place of the field that is invalid in the text of `Chart.yaml`.
    pub(super) fn placed_in(self, text: &[u8]) -> Error {
        match self {
            Error::Invalid { message, field, place: None } if !field.is_empty() => {
                let place = place_of(text, &field);
                Error::Invalid { message, field, place }
            }
            other => other,
        }
    }
}

/// Returns where a field such as `.dependencies.0.name` stands in a YAML text, or what is around it.
fn place_of(text: &[u8], field: &str) -> Option<Place> {
    let steps: Vec<_> = field
        .split('.')
        .skip(1)
        .map(|step| match step.parse() {
            Ok(index) => yaml::Step::Index(index),
            Err(_) => yaml::Step::Key(step.as_bytes()),
        })
        .collect();
    let (_, positions) = yaml::read_with_positions(text).ok()?;
    // The field may be one of another file, or be written with other capitals.
    positions.get(steps.get(..1).unwrap_or_default())?;
    let located = positions.nearest(&steps);
    let line = located.start.offset.min(text.len());
    let start = memchr::memrchr(b'\n', &text[..line]).map_or(0, |at| at + 1);
    let rest = &text[start..];
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let line_text = String::from_utf8_lossy(&rest[..end]).into_owned();
    Some(Place { line: located.start.line, column: located.start.column, line_text })
}

fn mismatch(value: &Value, path: &str, go_type: &str) -> Mismatch {
    let message = format!(
        "json: cannot unmarshal {} into Go struct field {path} of type {go_type}",
        json_kind(value)
    );
    Mismatch { message, path: path.to_owned() }
}

pub(crate) fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Str(_) | Value::Bytes(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) => "object",
        Value::Nil | Value::Absent => "null",
        _ => "number",
    }
}

fn sanitize(text: &mut String) {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return;
    }
    *text = text
        .chars()
        .filter_map(|c| if is_go_space(c) { Some(' ') } else { is_printable(c).then_some(c) })
        .collect();
}

fn is_go_space(c: char) -> bool {
    c.is_whitespace()
}

fn is_printable(c: char) -> bool {
    use GeneralCategory as G;
    !matches!(
        get_general_category(c),
        G::Control
            | G::Format
            | G::Surrogate
            | G::PrivateUse
            | G::Unassigned
            | G::LineSeparator
            | G::ParagraphSeparator
            | G::SpaceSeparator
    )
}
