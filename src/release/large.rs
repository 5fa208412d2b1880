use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::codec::{MAX_BYTES, encode, from_json, pack, to_json};
use super::{DecodeError, Release, StoredChart};

/// How many bytes an object of Kubernetes holds: 1 MiB, of which the rest is left to other keys.
const LIMIT: usize = 1_048_576 - 1024;
/// More values than this are not repeated in the head of a record in parts.
const MAX_CONFIG: usize = 128 * 1024;
/// How the manifest in the head of a record in parts begins. The manifest of a chart begins with
/// `---`. Helm cannot make an object of this, so that it leaves the release alone.
const POINTER: &str = "apiVersion: rhumb.sh/v1\nkind: ReleaseInParts\n";

/// The bytes of a record that fit into objects of Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Encoded {
    /// One object holds them.
    Whole(Vec<u8>),
    /// Several objects hold them.
    Parted {
        /// A record that tells where the parts are, and holds what lists and histories show.
        head: Vec<u8>,
        /// What the parts are called together: letters and digits.
        digest: String,
        /// The parts, in order.
        parts: Vec<Vec<u8>>,
    },
}

/// Where the parts of a record are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    /// What they are called together.
    pub digest: String,
    /// How many there are.
    pub count: usize,
}

/// Encodes a record for objects of limited size.
///
/// A record that is too large loses what nobody reads back (templates, files and the schema of the
/// chart) and is a plain record of Helm's still. If that is not enough, it is cut into parts.
#[must_use]
pub fn encode_limited(release: &Release) -> Encoded {
    let whole = encode(release);
    if whole.len() <= LIMIT {
        return Encoded::Whole(whole);
    }
    let lean = Release { chart: without_sources(&release.chart), ..release.clone() };
    let whole = encode(&lean);
    if whole.len() <= LIMIT {
        return Encoded::Whole(whole);
    }
    let text = to_json(&lean);
    // What changes with the state of a revision is in the head alone.
    let body = json!({
        "chart": text["chart"], "config": text["config"], "hooks": text["hooks"],
        "manifest": text["manifest"], "notes": text["info"]["notes"],
    })
    .to_string();
    let digest = digest(body.as_bytes());
    let packed = pack(body.as_bytes());
    let parts: Vec<Vec<u8>> = packed.chunks(LIMIT).map(<[u8]>::to_vec).collect();
    let mut head = lean;
    let config = head.config.take().filter(|config| config.to_string().len() <= MAX_CONFIG);
    head.config = config;
    head.hooks = Vec::new();
    head.info.notes = String::new();
    head.chart = StoredChart::new(json!({"metadata": release.chart.as_json()["metadata"]}));
    head.manifest = format!(
        "{POINTER}metadata:\n  name: too-large-for-helm-use-rhumb\n  namespace: {}\ndigest: {digest}\ncount: {}\n",
        release.namespace,
        parts.len()
    );
    Encoded::Parted { head: encode(&head), digest, parts }
}

/// Returns what the parts are called that hold some bytes.
fn digest(body: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(body)[..5])
}

/// Returns a chart without what nobody reads back from a record.
fn without_sources(chart: &StoredChart) -> StoredChart {
    let mut json = chart.as_json().clone();
    for (field, nothing) in [("templates", json!([])), ("files", json!([])), ("schema", Json::Null)]
    {
        if json.get(field).is_some() {
            json[field] = nothing;
        }
    }
    StoredChart::new(json)
}

impl Pointer {
    /// Returns where the parts of a record are; `None` for one that is whole.
    #[must_use]
    pub fn of(release: &Release) -> Option<Pointer> {
        let rest = release.manifest.strip_prefix(POINTER)?;
        let field = |name: &str| rest.lines().find_map(|line| line.strip_prefix(name));
        Some(Pointer {
            digest: field("digest: ")?.to_owned(),
            count: field("count: ")?.parse().ok()?,
        })
    }
}

/// Puts a record together of its head and its parts.
///
/// # Errors
/// [`DecodeError`] when the parts are damaged or those of another record.
pub fn join(head: Release, pointer: &Pointer, parts: &[u8]) -> Result<Release, DecodeError> {
    let mut body = Vec::new();
    let limit = MAX_BYTES + 1;
    GzDecoder::new(parts).take(limit).read_to_end(&mut body).map_err(DecodeError::Gzip)?;
    if body.len() as u64 == limit {
        return Err(DecodeError::Large { limit: MAX_BYTES });
    }
    if digest(&body) != pointer.digest {
        return Err(DecodeError::Parts);
    }
    let body = serde_json::from_slice(&body).map_err(DecodeError::Json)?;
    let notes = body_text(&body, "notes");
    let body = from_json(body)?;
    let mut info = head.info.clone();
    info.notes = notes;
    Ok(Release {
        info,
        chart: body.chart,
        config: body.config,
        manifest: body.manifest,
        hooks: body.hooks,
        ..head
    })
}

fn body_text(body: &Json, field: &str) -> String {
    body[field].as_str().unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::super::history::tests::release;
    use super::super::{Status, decode};
    use super::*;

    /// Returns text that does not get smaller.
    fn noise(bytes: usize) -> String {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            char::from(b'!' + ((state >> 33) % 90) as u8)
        };
        (0..bytes).map(|_| next()).collect()
    }

    #[test]
    fn small_records_are_plain() {
        let release = release(1, Status::Deployed);
        assert_eq!(encode_limited(&release), Encoded::Whole(encode(&release)));
    }

    #[test]
    fn sources_of_the_chart_go_first() {
        let mut release = release(1, Status::Deployed);
        let metadata = json!({"name": "a", "version": "1.0.0"});
        let files = json!([{"name": "f", "data": noise(2_000_000)}]);
        release.chart = StoredChart::new(
            json!({"metadata": metadata, "templates": [], "values": {"a": 1}, "schema": "x", "files": files}),
        );
        let Encoded::Whole(bytes) = encode_limited(&release) else { panic!() };
        let read = decode(&bytes).unwrap();
        assert_eq!(
            *read.chart.as_json(),
            json!({
                "metadata": metadata, "templates": [], "values": {"a": 1}, "schema": null,
                "schemamodtime": "0001-01-01T00:00:00Z", "files": [],
            })
        );
        assert_eq!(Pointer::of(&read), None);
    }

    #[test]
    fn what_is_still_too_large_comes_in_parts() {
        let mut release = release(3, Status::Deployed);
        release.manifest = noise(3_000_000);
        release.info.notes = "hello".to_owned();
        release.config = Some(json!({"a": 1}));
        let Encoded::Parted { head, digest, parts } = encode_limited(&release) else { panic!() };
        assert!(parts.len() > 1 && parts.iter().all(|part| part.len() <= LIMIT));
        let head = decode(&head).unwrap();
        assert_eq!(head.config, release.config);
        let pointer = Pointer::of(&head).unwrap();
        assert_eq!((pointer.digest.as_str(), pointer.count), (digest.as_str(), parts.len()));
        let joined = join(head.clone(), &pointer, &parts.concat()).unwrap();
        assert_eq!(joined, release);
        // The state may change without the parts.
        let mut superseded = head.clone();
        superseded.info.status = Status::Superseded;
        let joined = join(superseded, &pointer, &parts.concat()).unwrap();
        assert_eq!(joined.info.status, Status::Superseded);
        let other = Pointer { digest: "x".to_owned(), ..pointer.clone() };
        assert!(matches!(join(head.clone(), &other, &parts.concat()), Err(DecodeError::Parts)));
        assert!(matches!(join(head, &pointer, &parts[0]), Err(DecodeError::Gzip(_))));
    }
}
