use super::error::Error;
use super::read::read;
use crate::value::{Map, Str, Value};

/// What Helm looks at in a rendered document before it sorts and prints it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// `apiVersion`, empty if missing.
    pub api_version: Str,
    /// `kind`, empty if missing.
    pub kind: Str,
    /// `metadata.name`; `None` when there is no `metadata`.
    pub name: Option<Str>,
    /// `metadata.namespace`, if there is one.
    pub namespace: Option<Str>,
    /// `metadata.annotations`, sorted by key.
    pub annotations: Vec<(Str, Str)>,
}

/// Reads the whole of one rendered document, for its errors, and returns its head.
///
/// # Errors
/// Helm's messages, complete: `error converting YAML to JSON: yaml: …` or
/// `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go value …`.
pub fn scan_head(text: &[u8]) -> Result<Head, Error> {
    let value = read(text).map_err(|error| Error {
        message: format!("error converting YAML to JSON: {error}"),
        yaml_prefix: false,
        printed_line: 0,
        ..error
    })?;
    let mut head = Head::default();
    match &value {
        Value::Nil => {}
        Value::Map(map) => fill(&mut head, map)?,
        other => return Err(mismatch(other, "value of type util.SimpleHead")),
    }
    Ok(head)
}

fn mismatch(value: &Value, target: &str) -> Error {
    let found = match value {
        Value::List(_) => "array",
        Value::Map(_) => "object",
        Value::Bool(_) => "bool",
        Value::Float(_) => "number",
        _ => "string",
    };
    Error::conversion(format!(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go {target}"
    ))
}

fn field(map: &Map, name: &str, target: &str) -> Result<Option<Str>, Error> {
    match map.get(name) {
        None | Some(Value::Nil) => Ok(None),
        Some(Value::Str(text)) => Ok(Some(text)),
        Some(other) => Err(mismatch(&other, target)),
    }
}

fn fill(head: &mut Head, map: &Map) -> Result<(), Error> {
    let target = |name: &str| format!("struct field SimpleHead.{name} of type string");
    head.api_version = field(map, "apiVersion", &target("apiVersion"))?.unwrap_or_default();
    head.kind = field(map, "kind", &target("kind"))?.unwrap_or_default();
    match map.get("metadata") {
        None | Some(Value::Nil) => {}
        Some(Value::Map(metadata)) => {
            head.name =
                Some(field(&metadata, "name", &target("metadata.name"))?.unwrap_or_default());
            head.namespace = match metadata.get("namespace") {
                Some(Value::Str(text)) => Some(text),
                _ => None,
            };
            match metadata.get("annotations") {
                None | Some(Value::Nil) => {}
                Some(Value::Map(annotations)) => {
                    for (key, _) in &annotations.entries() {
                        let text = field(
                            &annotations,
                            &key.to_str_lossy(),
                            &target("metadata.annotations"),
                        )?;
                        head.annotations.push((key.clone(), text.unwrap_or_default()));
                    }
                }
                Some(other) => {
                    return Err(mismatch(
                        &other,
                        "struct field SimpleHead.metadata.annotations of type map[string]string",
                    ));
                }
            }
        }
        Some(other) => {
            return Err(mismatch(&other, "struct field SimpleHead.metadata of type struct"));
        }
    }
    Ok(())
}
