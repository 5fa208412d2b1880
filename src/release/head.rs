use std::fmt;
use std::io::{BufReader, Read};

use base64::engine::general_purpose::STANDARD;
use base64::read::DecoderReader;
use flate2::read::GzDecoder;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::{Value as Json, json};

use super::codec::{MAX_BYTES, info_from_json};
use super::{DecodeError, Info, Release, Revision, StoredChart};

/// What lists and histories show of a revision.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The name of the release.
    pub name: String,
    /// The namespace the release was installed into.
    pub namespace: String,
    /// The number of the revision.
    pub revision: Revision,
    /// What happened to the revision; without the notes.
    pub info: Info,
    /// The metadata of the chart.
    pub chart: StoredChart,
}

impl Head {
    /// Takes the head of a release.
    #[must_use]
    pub fn of(release: &Release) -> Self {
        let metadata = &release.chart.as_json()["metadata"];
        Head {
            name: release.name.clone(),
            namespace: release.namespace.clone(),
            revision: release.revision,
            info: Info { notes: String::new(), ..release.info.clone() },
            chart: StoredChart::new(json!({"metadata": metadata})),
        }
    }
}

/// Reads the head of a release record, in the form that [`super::decode`] takes, and no more of it
/// than that needs: what lies behind the metadata of the chart is not even decompressed.
///
/// `namespace` and `revision` are those of the object that holds the record: the record itself says
/// them at its end.
///
/// # Errors
/// [`DecodeError`] for damage in what is read.
pub fn decode_head(
    record: impl Read,
    namespace: &str,
    revision: Revision,
) -> Result<Head, DecodeError> {
    let mut bytes = DecoderReader::new(record, &STANDARD);
    let mut magic = Vec::with_capacity(MAGIC.len());
    let read = bytes.by_ref().take(MAGIC.len() as u64).read_to_end(&mut magic);
    read.map_err(DecodeError::Gzip)?;
    let is_packed = magic == MAGIC;
    let bytes = magic.as_slice().chain(bytes);
    let mut found = Found::default();
    let result = if is_packed {
        let packed = BufReader::with_capacity(BUFFER, bytes);
        read_fields(GzDecoder::new(packed).take(MAX_BYTES), &mut found)
    } else {
        read_fields(bytes, &mut found)
    };
    if !found.is_all() {
        result.map_err(DecodeError::Json)?;
    }
    let Found { name, info, metadata } = found;
    let name = match name {
        None | Some(Json::Null) => String::new(),
        Some(Json::String(name)) => name,
        Some(_) => return Err(DecodeError::Field { field: "name" }),
    };
    let info = Info { notes: String::new(), ..info_from_json(&info.unwrap_or_default())? };
    let chart = metadata.map_or(Json::Null, |metadata| json!({"metadata": metadata}));
    let (namespace, chart) = (namespace.to_owned(), StoredChart::new(chart));
    Ok(Head { name, namespace, revision, info, chart })
}

/// How gzip begins.
const MAGIC: [u8; 3] = [0x1f, 0x8b, 0x08];
/// How many bytes are looked at at once: a head is rarely larger.
const BUFFER: usize = 2048;

/// What was found of a head so far.
#[derive(Debug, Default)]
struct Found {
    name: Option<Json>,
    info: Option<Json>,
    metadata: Option<Json>,
}

impl Found {
    fn is_all(&self) -> bool {
        self.name.is_some() && self.info.is_some() && self.metadata.is_some()
    }

    /// Ends the reading when there is nothing left to look for.
    fn go_on<E: serde::de::Error>(&self) -> Result<(), E> {
        if self.is_all() { Err(E::custom("no more is needed")) } else { Ok(()) }
    }
}

/// Reads the fields of a record until all that is looked for is found: that is an error, too.
fn read_fields(json: impl Read, found: &mut Found) -> Result<(), serde_json::Error> {
    let json = BufReader::with_capacity(BUFFER, json);
    let mut json = serde_json::Deserializer::from_reader(json);
    Fields(found).deserialize(&mut json)?;
    json.end()
}

/// The record.
struct Fields<'a>(&'a mut Found);
/// Its chart.
struct ChartFields<'a>(&'a mut Found);

impl<'de> DeserializeSeed<'de> for Fields<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a release")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(field) = fields.next_key::<String>()? {
            match field.as_str() {
                "name" => self.0.name = Some(fields.next_value()?),
                "info" => self.0.info = Some(fields.next_value()?),
                "chart" => fields.next_value_seed(ChartFields(self.0))?,
                _ => {
                    fields.next_value::<IgnoredAny>()?;
                }
            }
            self.0.go_on()?;
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for ChartFields<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ChartFields<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a chart")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while let Some(field) = fields.next_key::<String>()? {
            if field == "metadata" {
                self.0.metadata = Some(fields.next_value()?);
                self.0.go_on()?;
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::super::history::tests::release;
    use super::super::{Status, encode};
    use super::*;

    #[test]
    fn heads_are_read_without_the_rest() {
        let mut release = release(7, Status::Failed);
        release.chart = StoredChart::new(json!({
            "metadata": {"name": "demo", "version": "1.0.0", "appVersion": "2"}, "values": {"a": 1},
        }));
        release.info.notes = "hello".to_owned();
        release.info.description = "done".to_owned();
        release.manifest = (0..20_000).map(|n: u32| n.to_string()).collect();
        let record = encode(&release);
        let head = decode_head(record.as_slice(), "prod", 7).unwrap();
        assert_eq!(head, Head::of(&release));
        assert_eq!(head.chart.full_name(), "demo-1.0.0");
        // What is behind it may be damaged.
        assert_eq!(decode_head(&record[..record.len() / 2], "prod", 7).unwrap(), head);
    }

    #[test]
    fn records_in_other_orders_and_without_a_chart_are_read_to_the_end() {
        let read = |text: &str| {
            let record = STANDARD.encode(text);
            decode_head(record.as_bytes(), "n", 1)
        };
        let head =
            read(r#"{"chart":{"values":1,"metadata":{"name":"a"}},"manifest":"x","name":"w"}"#);
        assert_eq!(head.unwrap().chart.name(), "a");
        for text in [r#"{"name":"w","info":{"status":"failed"}}"#, r#"{"name":"w","chart":null}"#] {
            assert_eq!(read(text).unwrap().chart.full_name(), "MISSING");
        }
        assert!(matches!(read(r#"{"name":1}"#), Err(DecodeError::Field { field: "name" })));
        for text in ["", "[1]", r#"{"name":"w""#, r#"{"chart":1}"#] {
            assert!(matches!(read(text), Err(DecodeError::Json(_))), "{text}");
        }
        let field = read(r#"{"name":"w","info":{"status":1},"chart":{"metadata":{}}}"#);
        assert!(matches!(field, Err(DecodeError::Field { field: "info.status" })));
        assert!(decode_head(&b"%%%%"[..], "n", 1).is_err());
    }
}
