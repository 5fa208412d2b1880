use std::io::Read;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::GzDecoder;
use libdeflater::{CompressionLvl, Compressor};
use serde_json::{Map, Value as Json};

use super::{
    ApplyMethod, DecodeError, HookPhase, HookRecord, HookRun, Info, Labels, Release, Revision,
    Status, StoredChart, Time,
};
use crate::manifest::{DeletePolicy, Event, Hook, OutputLogPolicy};
use crate::value::Str;

/// More than any record in a Secret can unfold to without being an attack.
pub(super) const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// Decodes a release record taken from a Secret's `release` key.
///
/// `data` is base64 over gzip over JSON; records without the gzip magic are plain JSON. The
/// Secret's own base64 is already removed. Labels are not in the bytes and come back empty.
///
/// # Errors
/// [`DecodeError`]; never panics on damaged bytes.
///
/// # Source
/// Helm's records of versions 3.17 and 4.3.
pub fn decode(data: &[u8]) -> Result<Release, DecodeError> {
    from_json(decode_json(data)?)
}

fn decode_json(data: &[u8]) -> Result<Json, DecodeError> {
    let bytes = STANDARD.decode(data.trim_ascii()).map_err(DecodeError::Base64)?;
    let json = if bytes.starts_with(&[0x1f, 0x8b, 0x08]) {
        let mut text = Vec::with_capacity(bytes.len() * 4);
        let limit = MAX_BYTES + 1;
        GzDecoder::new(&bytes[..]).take(limit).read_to_end(&mut text).map_err(DecodeError::Gzip)?;
        if text.len() as u64 == limit {
            return Err(DecodeError::Large { limit: MAX_BYTES });
        }
        text
    } else {
        bytes
    };
    serde_json::from_slice(&json).map_err(DecodeError::Json)
}

/// Encodes a release record for a Secret's `release` key: the opposite of [`decode`].
#[must_use]
pub fn encode(release: &Release) -> Vec<u8> {
    encode_json(&to_json(release))
}

/// The field of a record for what Helm does not know.
const NOTE: &str = "rhumb";

/// Encodes a release record with a note beside the release, which Helm passes over when it reads the
/// record and drops when it writes it.
#[must_use]
pub fn encode_with_note(release: &Release, note: Json) -> Vec<u8> {
    let mut json = to_json(release);
    json[NOTE] = note;
    encode_json(&json)
}

/// Reads the note of a record; `Json::Null` when it has none.
///
/// # Errors
/// As [`decode`].
pub fn decode_note(data: &[u8]) -> Result<Json, DecodeError> {
    Ok(decode_json(data)?[NOTE].take())
}

fn encode_json(json: &Json) -> Vec<u8> {
    STANDARD.encode(pack(json.to_string().as_bytes())).into_bytes()
}

/// Packs as tight as Helm does, to one byte in a hundred.
const LEVEL: i32 = 9;

/// Compresses the text of a record, with Helm's header of gzip: no time, best compression, unknown
/// system.
pub(super) fn pack(text: &[u8]) -> Vec<u8> {
    let mut compressor = Compressor::new(CompressionLvl::new(LEVEL).unwrap_or_default());
    let mut bytes = vec![0; compressor.gzip_compress_bound(text.len())];
    // It fails for want of space alone, and the bound is enough.
    let length = compressor.gzip_compress(text, &mut bytes).unwrap_or_default();
    bytes.truncate(length);
    bytes
}

/// Returns a release in Helm's JSON: the content of its record, and what `-o json` prints.
#[must_use]
pub fn to_json(release: &Release) -> Json {
    let mut json = Map::new();
    put_text(&mut json, "name", &release.name);
    json.insert("info".to_owned(), info_to_json(&release.info));
    if !release.chart.as_json().is_null() {
        json.insert("chart".to_owned(), release.chart.as_json().clone());
    }
    match &release.config {
        Some(Json::Object(config)) if !config.is_empty() => {
            json.insert("config".to_owned(), Json::Object(config.clone()));
        }
        _ => {}
    }
    put_text(&mut json, "manifest", &release.manifest);
    if !release.hooks.is_empty() {
        json.insert("hooks".to_owned(), release.hooks.iter().map(hook_to_json).collect());
    }
    if release.revision != 0 {
        json.insert("version".to_owned(), release.revision.into());
    }
    put_text(&mut json, "namespace", &release.namespace);
    put_text(&mut json, "apply_method", release.apply_method.as_str());
    Json::Object(json)
}

fn put_text(json: &mut Map<String, Json>, field: &str, text: &str) {
    if !text.is_empty() {
        json.insert(field.to_owned(), text.into());
    }
}

fn put_time(json: &mut Map<String, Json>, field: &str, time: Option<Time>) {
    if let Some(time) = time {
        json.insert(field.to_owned(), time.to_rfc3339().into());
    }
}

fn info_to_json(info: &Info) -> Json {
    let mut json = Map::new();
    put_time(&mut json, "first_deployed", info.first_deployed);
    put_time(&mut json, "last_deployed", info.last_deployed);
    put_time(&mut json, "deleted", info.deleted);
    put_text(&mut json, "description", &info.description);
    put_text(&mut json, "status", info.status.as_str());
    if info.rollback_revision != 0 {
        json.insert("rollback_revision".to_owned(), info.rollback_revision.into());
    }
    put_text(&mut json, "notes", &info.notes);
    Json::Object(json)
}

fn hook_to_json(record: &HookRecord) -> Json {
    let hook = &record.hook;
    let mut json = Map::new();
    put_text(&mut json, "name", &hook.name);
    put_text(&mut json, "kind", &hook.kind);
    put_text(&mut json, "path", &hook.path);
    put_text(&mut json, "manifest", &hook.text.to_str_lossy());
    put_words(&mut json, "events", hook.events.iter().map(Event::as_str));
    let mut run = Map::new();
    put_time(&mut run, "started_at", record.last_run.started_at);
    put_time(&mut run, "completed_at", record.last_run.completed_at);
    run.insert("phase".to_owned(), record.last_run.phase.as_str().into());
    json.insert("last_run".to_owned(), Json::Object(run));
    if hook.weight != 0 {
        json.insert("weight".to_owned(), hook.weight.into());
    }
    put_words(&mut json, "delete_policies", hook.delete_policies.iter().map(DeletePolicy::as_str));
    put_words(
        &mut json,
        "output_log_policies",
        hook.output_log_policies.iter().map(OutputLogPolicy::as_str),
    );
    Json::Object(json)
}

fn put_words<'a>(
    json: &mut Map<String, Json>,
    field: &str,
    words: impl ExactSizeIterator<Item = &'a str>,
) {
    if words.len() > 0 {
        json.insert(field.to_owned(), words.map(Json::from).collect());
    }
}

/// Reads a release from Helm's JSON: the opposite of [`to_json`].
///
/// # Errors
/// [`DecodeError::Field`]
pub fn from_json(mut json: Json) -> Result<Release, DecodeError> {
    let Json::Object(fields) = &mut json else {
        return Err(DecodeError::Field { field: "." });
    };
    let config = match fields.remove("config") {
        None | Some(Json::Null) => None,
        Some(config @ Json::Object(_)) => Some(config),
        Some(_) => return Err(DecodeError::Field { field: "config" }),
    };
    let chart = fields.remove("chart").unwrap_or_default();
    let hooks = match fields.remove("hooks") {
        None | Some(Json::Null) => Vec::new(),
        Some(Json::Array(hooks)) => {
            hooks.iter().map(hook_from_json).collect::<Result<_, DecodeError>>()?
        }
        Some(_) => return Err(DecodeError::Field { field: "hooks" }),
    };
    Ok(Release {
        name: text(&json, "name", "name")?,
        namespace: text(&json, "namespace", "namespace")?,
        revision: revision(&json, "version", "version")?,
        info: info_from_json(&json["info"])?,
        chart: StoredChart::new(chart),
        config,
        manifest: text(&json, "manifest", "manifest")?,
        hooks,
        apply_method: ApplyMethod::from_word(&text(&json, "apply_method", "apply_method")?),
        labels: Labels::new(),
    })
}

fn text(json: &Json, key: &str, field: &'static str) -> Result<String, DecodeError> {
    match &json[key] {
        Json::Null => Ok(String::new()),
        Json::String(text) => Ok(text.clone()),
        _ => Err(DecodeError::Field { field }),
    }
}

fn revision(json: &Json, key: &str, field: &'static str) -> Result<Revision, DecodeError> {
    match &json[key] {
        Json::Null => Ok(0),
        number => number
            .as_u64()
            .and_then(|number| Revision::try_from(number).ok())
            .ok_or(DecodeError::Field { field }),
    }
}

fn time(json: &Json, key: &str, field: &'static str) -> Result<Option<Time>, DecodeError> {
    match &json[key] {
        Json::Null => Ok(None),
        Json::String(text) => Time::parse(text).map_err(|_| DecodeError::Field { field }),
        _ => Err(DecodeError::Field { field }),
    }
}

fn words<T>(
    json: &Json,
    key: &str,
    field: &'static str,
    read: fn(&str) -> T,
) -> Result<Vec<T>, DecodeError> {
    match &json[key] {
        Json::Null => Ok(Vec::new()),
        Json::Array(words) => words
            .iter()
            .map(|word| word.as_str().map(read).ok_or(DecodeError::Field { field }))
            .collect(),
        _ => Err(DecodeError::Field { field }),
    }
}

pub(super) fn info_from_json(json: &Json) -> Result<Info, DecodeError> {
    Ok(Info {
        first_deployed: time(json, "first_deployed", "info.first_deployed")?,
        last_deployed: time(json, "last_deployed", "info.last_deployed")?,
        deleted: time(json, "deleted", "info.deleted")?,
        description: text(json, "description", "info.description")?,
        status: Status::from_word(&text(json, "status", "info.status")?),
        notes: text(json, "notes", "info.notes")?,
        rollback_revision: revision(json, "rollback_revision", "info.rollback_revision")?,
    })
}

fn hook_from_json(json: &Json) -> Result<HookRecord, DecodeError> {
    let run = &json["last_run"];
    Ok(HookRecord {
        hook: Hook {
            name: text(json, "name", "hooks.name")?,
            kind: text(json, "kind", "hooks.kind")?,
            path: Arc::from(text(json, "path", "hooks.path")?),
            text: Str::from(text(json, "manifest", "hooks.manifest")?),
            events: words(json, "events", "hooks.events", Event::from_word)?,
            weight: match &json["weight"] {
                Json::Null => 0,
                number => number.as_i64().ok_or(DecodeError::Field { field: "hooks.weight" })?,
            },
            delete_policies: words(
                json,
                "delete_policies",
                "hooks.delete_policies",
                DeletePolicy::from_word,
            )?,
            output_log_policies: words(
                json,
                "output_log_policies",
                "hooks.output_log_policies",
                OutputLogPolicy::from_word,
            )?,
        },
        last_run: HookRun {
            started_at: time(run, "started_at", "hooks.last_run.started_at")?,
            completed_at: time(run, "completed_at", "hooks.last_run.completed_at")?,
            phase: HookPhase::from_word(&text(run, "phase", "hooks.last_run.phase")?),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of Helm 4.3.1, shortened.
    const HELM_4: &str = r#"{"name":"x","info":{"first_deployed":"2026-11-21T13:27:54.223976582Z","last_deployed":"2026-11-21T13:27:54.223976582Z","description":"Install complete","status":"deployed","notes":"Hello\n"},"chart":{"metadata":{"name":"demo","version":"0.1.0","apiVersion":"v2","appVersion":"1.2.3"},"lock":null,"templates":[{"name":"templates/NOTES.txt","data":"SGVsbG8K","modtime":"2026-11-21T13:27:54.085992792Z"}],"values":{"b":[1,2.5,"x"],"nul":null},"schema":null,"schemamodtime":"0001-01-01T00:00:00Z","files":[],"modtime":"2026-11-21T13:27:54.074035894Z"},"config":{"a":1},"manifest":"---\n# Source: demo/templates/cm.yaml\nkind: ConfigMap\n","hooks":[{"name":"x-pre","kind":"Job","path":"demo/templates/hooks.yaml","manifest":"kind: Job\n","events":["pre-install","pre-upgrade"],"last_run":{"started_at":"2026-11-21T13:27:54.499892989Z","completed_at":"2026-11-21T13:27:55.543846333Z","phase":"Succeeded"},"weight":2,"delete_policies":["hook-succeeded","before-hook-creation"]},{"name":"x-test","kind":"Pod","path":"demo/templates/hooks.yaml","manifest":"kind: Pod\n","events":["test"],"last_run":{"phase":""}}],"version":1,"namespace":"relprobe","apply_method":"ssa"}"#;

    /// A record of Helm 3.17.3, shortened.
    const HELM_3: &str = r#"{"name":"y","info":{"first_deployed":"2026-11-21T15:28:24.273816332+02:00","last_deployed":"2026-11-21T15:28:24.273816332+02:00","deleted":"","description":"Install complete","status":"superseded"},"chart":{"metadata":{"name":"demo","version":"0.1.0"},"lock":null,"templates":[],"values":{},"schema":null,"files":[]},"manifest":"","hooks":[{"name":"h","kind":"ConfigMap","path":"p","manifest":"kind: ConfigMap","events":["post-install"],"last_run":{"started_at":"","completed_at":"","phase":""}}],"version":3,"namespace":"n"}"#;

    fn wrap(json: &str) -> Vec<u8> {
        STANDARD.encode(json).into_bytes()
    }

    #[test]
    fn helm_4_records_survive() {
        let release = decode(&wrap(HELM_4)).unwrap();
        assert_eq!(release.info.status, Status::Deployed);
        assert_eq!(release.apply_method, ApplyMethod::ServerSide);
        assert_eq!(release.chart.full_name(), "demo-0.1.0");
        assert_eq!(to_json(&release).to_string(), HELM_4);
        assert_eq!(decode(&encode(&release)).unwrap(), release);
    }

    #[test]
    fn helm_3_records_are_read() {
        let release = decode(&wrap(HELM_3)).unwrap();
        assert_eq!(release.revision, 3);
        assert_eq!(release.info.deleted, None);
        assert_eq!(release.apply_method, ApplyMethod::Unsaid);
        assert_eq!(release.hooks[0].last_run, HookRun::default());
        assert_eq!(
            release.info.last_deployed.unwrap().to_rfc3339(),
            "2026-11-21T15:28:24.273816332+02:00"
        );
    }

    #[test]
    fn the_gzip_header_is_helms() {
        let release = decode(&wrap(HELM_4)).unwrap();
        let bytes = STANDARD.decode(encode(&release)).unwrap();
        assert_eq!(bytes[..10], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff]);
    }

    #[test]
    fn damaged_bytes_are_errors() {
        assert!(matches!(decode(b"%%%"), Err(DecodeError::Base64(_))));
        assert!(matches!(decode(b""), Err(DecodeError::Json(_))));
        assert!(matches!(decode(&wrap("[1]")), Err(DecodeError::Field { field: "." })));
        assert!(matches!(
            decode(&wrap(r#"{"info":{"status":1}}"#)),
            Err(DecodeError::Field { field: "info.status" })
        ));
        let good = STANDARD.decode(encode(&decode(&wrap(HELM_4)).unwrap())).unwrap();
        for cut in 3..good.len() {
            let data = STANDARD.encode(&good[..cut]);
            assert!(decode(data.as_bytes()).is_err(), "cut at {cut}");
        }
        for at in 0..good.len() {
            let mut bytes = good.clone();
            bytes[at] ^= 0x10;
            // Some flips are harmless; none may panic.
            drop(decode(STANDARD.encode(&bytes).as_bytes()));
        }
    }
}
