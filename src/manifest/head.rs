use super::HeadError;
use crate::value::{Map, Str, Value, format_float_shortest};

/// What a document says about the object it describes. Fields that are missing are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The field `apiVersion`.
    pub api_version: String,
    /// The field `kind`.
    pub kind: String,
    /// The field `metadata.name`.
    pub name: String,
    /// The field `metadata.annotations`, sorted by key.
    pub annotations: Vec<(String, String)>,
}

const METADATA: &str = r#"struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#;

impl Head {
    /// Reads the head of a parsed document.
    ///
    /// As Go's JSON decoder does: names of fields match in any letter case, of two spellings the
    /// later in byte order wins, null leaves a field as it is; and as sigs.k8s.io/yaml does, numbers
    /// and booleans become strings where a string is wanted.
    ///
    /// # Errors
    /// [`HeadError`] for the first field, in byte order of the keys, whose kind is wrong.
    pub fn from_value(document: &Value) -> Result<Self, HeadError> {
        let mut head = Head::default();
        let fields = match document {
            Value::Map(map) => map,
            Value::Nil | Value::Absent => return Ok(head),
            other => return Err(HeadError::Document { found: json_kind(other) }),
        };
        each_field(fields, |key, value| {
            if is_field(key, b"apiVersion") {
                set_text(&mut head.api_version, value, ".apiVersion")
            } else if is_field(key, b"kind") {
                set_text(&mut head.kind, value, ".kind")
            } else if is_field(key, b"metadata") {
                match value {
                    Value::Map(metadata) => head.read_metadata(metadata),
                    Value::Nil | Value::Absent => Ok(()),
                    other => Err(wrong_kind(other, ".metadata".to_owned(), METADATA)),
                }
            } else {
                Ok(())
            }
        })?;
        Ok(head)
    }

    fn read_metadata(&mut self, metadata: &Map) -> Result<(), HeadError> {
        each_field(metadata, |key, value| {
            if is_field(key, b"name") {
                return set_text(&mut self.name, value, ".metadata.name");
            }
            if !is_field(key, b"annotations") {
                return Ok(());
            }
            match value {
                Value::Map(annotations) => each_field(annotations, |key, value| {
                    let name = key.to_str_lossy().into_owned();
                    let mut text = String::new();
                    let pointer = name.replace('~', "~0").replace('/', "~1");
                    set_text(&mut text, value, &format!(".metadata.annotations.{pointer}"))?;
                    self.annotations.push((name, text));
                    Ok(())
                }),
                Value::Nil | Value::Absent => Ok(()),
                other => {
                    Err(wrong_kind(other, ".metadata.annotations".to_owned(), "map[string]string"))
                }
            }
        })
    }

    /// Returns the annotation `key`.
    #[must_use]
    pub fn annotation(&self, key: &str) -> Option<&str> {
        self.annotations.iter().rev().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }
}

fn each_field(
    map: &Map,
    mut read: impl FnMut(&Str, &Value) -> Result<(), HeadError>,
) -> Result<(), HeadError> {
    map.with(|entries| entries.iter().try_for_each(|(key, value)| read(key, value)))
}

fn is_field(key: &Str, name: &[u8]) -> bool {
    key.as_bytes().eq_ignore_ascii_case(name)
}

fn set_text(field: &mut String, value: &Value, path: &str) -> Result<(), HeadError> {
    match value {
        Value::Nil | Value::Absent => {}
        Value::Str(text) => *field = text.to_str_lossy().into_owned(),
        Value::Bool(flag) => *field = flag.to_string(),
        Value::Float(number) => *field = format_float_shortest(*number),
        Value::Int(number) | Value::Int64(number) => *field = number.to_string(),
        Value::Uint64(number) => *field = number.to_string(),
        other => return Err(wrong_kind(other, path.to_owned(), "string")),
    }
    Ok(())
}

fn wrong_kind(value: &Value, field: String, expected: &'static str) -> HeadError {
    HeadError::Field { found: json_kind(value), field, expected }
}

fn json_kind(value: &Value) -> &'static str {
    match value {
        Value::Absent | Value::Nil => "null",
        Value::Bool(_) => "bool",
        Value::Str(_) | Value::Bytes(_) => "string",
        Value::List(_) => "array",
        Value::Map(_) | Value::Object(_) => "object",
        _ => "number",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::List;

    fn map(pairs: Vec<(&str, Value)>) -> Value {
        Value::Map(Map::from_pairs(pairs))
    }

    #[test]
    fn scalars_become_strings() {
        let document = map(vec![
            ("Kind", "ConfigMap".into()),
            ("apiVersion", Value::Float(1.0)),
            (
                "metadata",
                map(vec![
                    ("Name", Value::Bool(true)),
                    ("annotations", map(vec![("a", Value::Float(2.5)), ("b", Value::Nil)])),
                ]),
            ),
        ]);
        let head = Head::from_value(&document).unwrap();
        assert_eq!(head.kind, "ConfigMap");
        assert_eq!(head.api_version, "1");
        assert_eq!(head.name, "true");
        assert_eq!(head.annotation("a"), Some("2.5"));
        assert_eq!(head.annotation("b"), Some(""));
        assert_eq!(head.annotation("c"), None);
    }

    #[test]
    fn wrong_kinds() {
        let list = || Value::List(List::new(vec![]));
        let cases = [
            (list(), "json: cannot unmarshal array into Go value of type util.SimpleHead"),
            (
                Value::Float(1.0),
                "json: cannot unmarshal number into Go value of type util.SimpleHead",
            ),
            (
                map(vec![("kind", map(vec![])), ("metadata", Value::Bool(true))]),
                "json: cannot unmarshal object into Go struct field .kind of type string",
            ),
            (
                map(vec![("metadata", "x".into())]),
                r#"json: cannot unmarshal string into Go struct field .metadata of type struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#,
            ),
            (
                map(vec![(
                    "metadata",
                    map(vec![
                        ("annotations", map(vec![("helm.sh/hook", list())])),
                        ("name", list()),
                    ]),
                )]),
                "json: cannot unmarshal array into Go struct field .metadata.annotations.helm.sh~1hook of type string",
            ),
        ];
        for (document, message) in cases {
            assert_eq!(Head::from_value(&document).unwrap_err().to_string(), message);
        }
    }
}
