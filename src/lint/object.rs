//! Objects as the rules see them, read from a stream of YAML or JSON.

use crate::chart::json_kind;
use crate::json;
use crate::value::{Map, Value, format_float_shortest};
use crate::yaml;

/// How far Helm looks for the brace that makes a stream JSON.
const GUESS: usize = 4096;

/// What the rules know of an object; what is missing is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Object {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// The objects of a stream, `None` for an empty document. After an error nothing follows.
///
/// # Source
/// The `YAMLOrJSONDecoder` of `k8s.io/apimachinery`, as the binary behaves: a stream that begins
/// with a brace is JSON as long as that goes well, then YAML.
pub(super) struct Objects<'a> {
    text: &'a [u8],
    /// Where the JSON is read; `None` once the stream is YAML.
    json: Option<usize>,
    documents: std::vec::IntoIter<Result<&'a [u8], yaml::Error>>,
    failed: bool,
}

impl<'a> Objects<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        let start = &text[..text.len().min(GUESS)];
        let is_json = String::from_utf8_lossy(start).trim_start().starts_with('{');
        let json = is_json.then_some(0);
        let mut objects = Objects { text, json, documents: Vec::new().into_iter(), failed: false };
        if !is_json {
            objects.split(text);
        }
        objects
    }

    fn split(&mut self, text: &'a [u8]) {
        let ranges = yaml::documents(text).into_iter();
        let documents: Vec<_> = ranges.map(|range| range.map(|range| &text[range])).collect();
        self.documents = documents.into_iter();
    }

    fn next_json(&mut self, at: usize) -> Option<Result<Option<Object>, String>> {
        let rest = &self.text[at..];
        if rest.trim_ascii_start().is_empty() {
            return None;
        }
        let error = match json::read_prefix(rest) {
            Ok((value, length)) => match Object::read(&value) {
                Ok(object) => {
                    self.json = Some(at + length);
                    return Some(Ok(object));
                }
                Err(error) => error,
            },
            Err(error) if error.message == "unexpected end of JSON input" => {
                "unexpected EOF".to_owned()
            }
            Err(error) => {
                format!("json: offset {}: {}", at + error.offset + 1, error.message)
            }
        };
        self.json = None;
        self.split(rest);
        Some(self.next_yaml()?.map_err(|_| error))
    }

    fn next_yaml(&mut self) -> Option<Result<Option<Object>, String>> {
        Some(match self.documents.next()? {
            Err(error) => Err(error.to_string()),
            Ok(text) => match yaml::skim(text, &["apiVersion", "kind", "metadata"]) {
                Err(error) => Err(error.in_helm()),
                Ok(value) => Object::read(&value).map_err(|error| {
                    format!("error unmarshaling JSON: while decoding JSON: {error}")
                }),
            },
        })
    }
}

impl Iterator for Objects<'_> {
    type Item = Result<Option<Object>, String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let next = match self.json {
            Some(at) => self.next_json(at),
            None => self.next_yaml(),
        };
        self.failed = matches!(next, Some(Err(_)));
        next.map(|next| next.map_err(|error| format!("unable to parse YAML: {error}")))
    }
}

impl Object {
    fn read(value: &Value) -> Result<Option<Object>, String> {
        let map = match value {
            Value::Nil | Value::Absent => return Ok(None),
            Value::Map(map) => map,
            other => {
                let found = json_kind(other);
                return Err(format!(
                    "json: cannot unmarshal {found} into Go value of type rules.k8sYamlStruct"
                ));
            }
        };
        let mut object = Object::default();
        for (key, value) in map.entries() {
            let path = format!(".{}", key.to_str_lossy());
            match path.to_ascii_lowercase().as_str() {
                ".apiversion" => set(&mut object.api_version, &value, &path)?,
                ".kind" => set(&mut object.kind, &value, &path)?,
                ".metadata" => {
                    let Some(metadata) = inner(&value, &path, "rules.k8sYamlMetadata")? else {
                        continue;
                    };
                    for (key, value) in metadata.entries() {
                        let path = format!("{path}.{}", key.to_str_lossy());
                        match key.to_str_lossy().to_ascii_lowercase().as_str() {
                            "name" => set(&mut object.name, &value, &path)?,
                            "namespace" => set(&mut String::new(), &value, &path)?,
                            _ => {}
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(Some(object))
    }
}

/// Returns the annotations of the entries of a `List`, for each entry a map.
///
/// # Errors
/// What does not fit, as Go's decoder tells it.
pub(super) fn list_annotations(text: &[u8]) -> Result<Vec<Map>, String> {
    let value = yaml::skim(text, &["items"]).map_err(|error| error.in_helm())?;
    let read = || -> Result<Vec<Map>, String> {
        const ITEM: &str = "struct { Metadata struct { Annotations map[string]string } }";
        let mut found = Vec::new();
        let Some(map) = value.as_map() else { return Ok(found) };
        for (key, value) in map.entries() {
            let path = format!(".{}", key.to_str_lossy());
            let items = match &value {
                _ if !path.eq_ignore_ascii_case(".items") => continue,
                Value::Nil => continue,
                Value::List(items) => items,
                other => return Err(mismatch(other, &path, &format!("[]{ITEM}"))),
            };
            for (index, item) in items.items().iter().enumerate() {
                let path = format!("{path}.{index}");
                let item = match item {
                    Value::Map(map) => map,
                    Value::Nil => continue,
                    other => {
                        let found = json_kind(other);
                        return Err(format!(
                            "json: cannot unmarshal {found} into {path} of type {ITEM}"
                        ));
                    }
                };
                for (path, metadata) in fields(item, &path, "metadata") {
                    let metadata =
                        inner(&metadata, &path, "struct { Annotations map[string]string }")?;
                    for (path, annotations) in
                        metadata.iter().flat_map(|map| fields(map, &path, "annotations"))
                    {
                        let Some(annotations) = inner(&annotations, &path, "map[string]string")?
                        else {
                            continue;
                        };
                        for (key, value) in annotations.entries() {
                            let path = format!("{path}.{}", key.to_str_lossy());
                            set(&mut String::new(), &value, &path)?;
                        }
                        found.push(annotations);
                    }
                }
            }
        }
        Ok(found)
    };
    read().map_err(|error| format!("error unmarshaling JSON: while decoding JSON: {error}"))
}

/// Returns the values whose key is `name` in any letter case, with their paths.
fn fields(map: &Map, path: &str, name: &str) -> Vec<(String, Value)> {
    let entries = map.entries().into_iter();
    entries
        .filter(|(key, _)| key.as_bytes().eq_ignore_ascii_case(name.as_bytes()))
        .map(|(key, value)| (format!("{path}.{}", key.to_str_lossy()), value))
        .collect()
}

fn inner(value: &Value, path: &str, go_type: &str) -> Result<Option<Map>, String> {
    match value {
        Value::Nil | Value::Absent => Ok(None),
        Value::Map(map) => Ok(Some(map.clone())),
        other => Err(mismatch(other, path, go_type)),
    }
}

fn set(field: &mut String, value: &Value, path: &str) -> Result<(), String> {
    *field = match value {
        Value::Nil | Value::Absent => return Ok(()),
        Value::Str(text) => text.to_str_lossy().into_owned(),
        Value::Bool(flag) => flag.to_string(),
        Value::Float(number) => format_float_shortest(*number),
        Value::Int(number) | Value::Int64(number) => number.to_string(),
        Value::Uint64(number) => number.to_string(),
        other => return Err(mismatch(other, path, "string")),
    };
    Ok(())
}

fn mismatch(value: &Value, path: &str, go_type: &str) -> String {
    let found = json_kind(value);
    format!("json: cannot unmarshal {found} into Go struct field {path} of type {go_type}")
}
