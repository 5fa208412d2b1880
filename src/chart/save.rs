use std::collections::HashSet;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::scaffold::NewFile;
use super::tarball::Tarball;
use super::{Chart, File, Lock, Metadata, io_text};
use crate::{json, yaml};

/// What archives say of the age of their files unless told a time: 1980-01-01, the oldest that all
/// formats and tools know.
///
/// Helm takes the times of the files, so that each checkout packs to other bytes.
const FIXED_TIME: u64 = 315_532_800;

/// Why a chart could not be written as an archive.
///
/// `Display` gives the text that Helm 4.3.1 has for it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SaveFault {
    /// `values.schema.json` of the chart or of a subchart is no JSON.
    #[error("invalid JSON in values.schema.json")]
    Schema,
    /// A time in the lock that is none, or out of range.
    #[error("{0}")]
    Time(String),
    /// Metadata or lock hold something that YAML cannot.
    #[error(transparent)]
    Yaml(#[from] yaml::WriteError),
    /// The destination is no folder.
    #[error("is not a directory: {}", .0.display())]
    NotDirectory(PathBuf),
    /// The destination cannot be looked at.
    #[error("stat {0}: stat {0}: {cause}", path.display(), cause = io_text(cause))]
    Destination {
        /// The destination.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The destination cannot be made.
    #[error("mkdir {}: {}", path.display(), io_text(cause))]
    MakeDirectory {
        /// The destination.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The archive cannot be written.
    #[error("open {}: {}", path.display(), io_text(cause))]
    Write {
        /// The archive.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
}

/// Returns the bytes of the chart's archive: the same for the same chart, wherever and whenever.
///
/// `epoch` is the time of all files in seconds since 1970, and of the lock (`SOURCE_DATE_EPOCH`);
/// without it files bear one fixed time and the lock its own.
///
/// Two subcharts of one name, which Helm writes over each other, get folders of their own. A v1
/// chart that declares its dependencies in `Chart.yaml` keeps them, where Helm drops them.
///
/// # Errors
/// [`SaveFault`] with Helm's text; never about files.
///
/// # Source
/// Helm v4 `pkg/chart/v2/util/save.go`: order, names, modes, `Chart.yaml` written anew.
pub fn pack(chart: &Chart, epoch: Option<u64>) -> Result<Vec<u8>, SaveFault> {
    let mut tarball = Tarball::new(epoch.unwrap_or(FIXED_TIME));
    add_chart(&mut tarball, chart, chart.name(), epoch)?;
    Ok(tarball.finish())
}

/// Writes the chart as `NAME-VERSION.tgz` into `folder`, which is made if missing, and returns the
/// path. The archive appears under its name when it is whole; one of before is replaced.
///
/// For `epoch` see [`pack`].
///
/// # Errors
/// [`SaveFault`] with Helm's text.
pub fn save(chart: &Chart, folder: &Path, epoch: Option<u64>) -> Result<PathBuf, SaveFault> {
    let path = folder.join(format!("{}-{}.tgz", chart.name(), chart.metadata.version));
    // An empty path is the folder we are in.
    if !folder.as_os_str().is_empty() {
        make_folder(folder)?;
    }
    let bytes = pack(chart, epoch)?;
    write_whole(&path, &bytes).map_err(|cause| SaveFault::Write { path: path.clone(), cause })?;
    Ok(path)
}

fn make_folder(folder: &Path) -> Result<(), SaveFault> {
    match fs::metadata(folder) {
        Ok(status) if status.is_dir() => Ok(()),
        Ok(_) => Err(SaveFault::NotDirectory(folder.to_owned())),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => fs::create_dir_all(folder)
            .map_err(|cause| SaveFault::MakeDirectory { path: folder.to_owned(), cause }),
        Err(cause) => Err(SaveFault::Destination { path: folder.to_owned(), cause }),
    }
}

/// Writes a file beside its place and moves it there, so that no reader sees half of it.
fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = fs::File::create(&draft).and_then(|mut file| file.write_all(bytes));
    let done = written.and_then(|()| fs::rename(&draft, path));
    if done.is_err() {
        // The first error is the one to tell; there may be no draft at all.
        drop(fs::remove_file(&draft));
    }
    done
}

fn add_chart(
    tarball: &mut Tarball,
    chart: &Chart,
    folder: &str,
    epoch: Option<u64>,
) -> Result<(), SaveFault> {
    let mut add = |name: &str, data: &[u8]| tarball.add(&format!("{folder}/{name}"), data);
    for (name, text) in heads(chart, epoch)? {
        add(&name, &text);
    }
    if let Some(values) = &chart.values_text {
        add("values.yaml", values.as_bytes());
    }
    if let Some(schema) = &chart.schema {
        json::read(schema.as_bytes()).map_err(|_| SaveFault::Schema)?;
        add("values.schema.json", schema.as_bytes());
    }
    for File { name, data, .. } in chart.templates.iter().chain(&chart.files) {
        add(name, data.as_bytes());
    }
    let mut taken = HashSet::new();
    for subchart in &chart.dependencies {
        let Metadata { name, version, .. } = &subchart.metadata;
        let mut place = name.clone();
        if !taken.insert(place.clone()) {
            place = format!("{name}-{version}");
            let mut count = 1;
            while !taken.insert(place.clone()) {
                count += 1;
                place = format!("{name}-{version}-{count}");
            }
        }
        add_chart(tarball, subchart, &format!("{folder}/charts/{place}"), epoch)?;
    }
    Ok(())
}

/// Returns `Chart.yaml` and, where a v2 chart has one, `Chart.lock`, both written anew.
pub(super) fn heads(chart: &Chart, epoch: Option<u64>) -> Result<Vec<NewFile>, SaveFault> {
    let mut files = vec![("Chart.yaml".to_owned(), metadata_yaml(chart)?)];
    if let Some(lock) = chart.lock.as_ref().filter(|_| chart.metadata.api_version == "v2") {
        files.push(("Chart.lock".to_owned(), lock_yaml(lock, epoch)?));
    }
    Ok(files)
}

fn metadata_yaml(chart: &Chart) -> Result<Vec<u8>, yaml::WriteError> {
    let mut fields = chart.metadata.to_json();
    let is_declared_apart = chart.files.iter().any(|file| file.name == "requirements.yaml");
    if chart.metadata.api_version == "v1"
        && is_declared_apart
        && let Some(fields) = fields.as_object_mut()
    {
        fields.remove("dependencies");
    }
    yaml::encode(&json::from_serde(fields))
}

fn lock_yaml(lock: &Lock, epoch: Option<u64>) -> Result<Vec<u8>, SaveFault> {
    let time = match epoch {
        Some(seconds) => i64::try_from(seconds)
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
            .map(|time| time.to_string())
            .ok_or_else(|| {
                SaveFault::Time(
                    "error marshaling into JSON: json: error calling MarshalJSON for type \
                     *time.Time: year outside of range [0,9999]"
                        .to_owned(),
                )
            })?,
        None if lock.generated.is_empty() => "0001-01-01T00:00:00Z".to_owned(),
        None => {
            let text = lock.generated.to_str_lossy().into_owned();
            text.parse::<Timestamp>().map_err(|error| {
                SaveFault::Time(format!("Chart.lock: generated {text:?} is no time: {error}"))
            })?;
            text
        }
    };
    let lock = Lock { generated: time.into(), ..lock.clone() };
    Ok(yaml::encode(&json::from_serde(lock.to_json()))?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{load_archive, load_directory};

    const METADATA: &str = "apiVersion: v2\nname: c\nversion: 0.1.0\n";

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn chart(files: &[(&str, &str)]) -> Chart {
        load_directory(folder(files).path()).unwrap().value
    }

    fn files(chart: &Chart) -> Vec<(&str, &[u8])> {
        let all = chart.templates.iter().chain(&chart.files);
        all.map(|file| (file.name.as_str(), file.data.as_bytes())).collect()
    }

    fn assert_same(packed: &Chart, chart: &Chart) {
        assert_eq!(packed.metadata, chart.metadata);
        assert_eq!(packed.lock, chart.lock);
        assert_eq!(packed.values_text, chart.values_text);
        assert_eq!(packed.schema, chart.schema);
        assert_eq!(files(packed), files(chart));
        assert_eq!(packed.dependencies.len(), chart.dependencies.len());
        for (packed, chart) in packed.dependencies.iter().zip(&chart.dependencies) {
            assert_same(packed, chart);
        }
    }

    #[test]
    fn a_packed_chart_is_the_chart() {
        let chart = chart(&[
            ("Chart.yaml", &format!("{METADATA}dependencies:\n- name: d\n  version: '*'\n")),
            ("Chart.lock", "dependencies:\n- name: d\ngenerated: \"2020-01-01T00:00:00Z\"\n"),
            ("values.yaml", "\u{feff}a: 1 # text\n"),
            ("values.schema.json", "{\"type\": \"object\"}"),
            ("templates/a.yaml", "a: 1\n"),
            ("templates/NOTES.txt", ""),
            ("crds/b.yaml", "b: 1\n"),
            ("README.md", "text"),
            ("charts/d/Chart.yaml", "apiVersion: v2\nname: d\nversion: 1.0.0\n"),
            ("charts/d/templates/x.yaml", "x: 1\n"),
            ("charts/d-2/Chart.yaml", "apiVersion: v2\nname: d\nversion: 2.0.0\n"),
            ("charts/v1/Chart.yaml", "apiVersion: v1\nname: v1\nversion: 2.0.0\n"),
            ("charts/v1/requirements.yaml", "dependencies: []\n"),
        ]);
        let packed = load_archive(&pack(&chart, None).unwrap()).unwrap();
        assert!(packed.warnings.is_empty());
        assert_same(&packed.value, &chart);
    }

    #[test]
    fn times_and_modes_of_files_do_not_show() {
        let texts = [("Chart.yaml", METADATA), ("values.yaml", "a: 1\n"), ("templates/a", "")];
        let mut reversed = texts;
        reversed.reverse();
        let (one, two) = (folder(&texts), folder(&reversed));
        let old = fs::File::options().write(true).open(two.path().join("values.yaml")).unwrap();
        old.set_modified(std::time::UNIX_EPOCH).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            old.set_permissions(fs::Permissions::from_mode(0o755)).unwrap();
        }
        let bytes = |folder: &Path| pack(&load_directory(folder).unwrap().value, None).unwrap();
        assert_eq!(bytes(one.path()), bytes(two.path()));
    }

    #[test]
    fn an_epoch_dates_files_and_lock() {
        let lock = ("Chart.lock", "generated: \"2020-01-01T00:00:00Z\"\n");
        let chart = chart(&[("Chart.yaml", METADATA), lock]);
        for (epoch, seconds, generated) in [
            (None, 315_532_800, "2020-01-01T00:00:00Z"),
            (Some(0), 0, "1970-01-01T00:00:00Z"),
            (Some(1_000_000_000), 1_000_000_000, "2001-09-09T01:46:40Z"),
        ] {
            let packed = load_archive(&pack(&chart, epoch).unwrap()).unwrap().value;
            assert_eq!(packed.modified.unwrap().as_second(), seconds);
            assert_eq!(packed.lock.unwrap().generated, generated);
        }
        let error = pack(&chart, Some(253_402_300_800)).unwrap_err().to_string();
        assert!(error.ends_with("year outside of range [0,9999]"), "{error}");
    }

    #[test]
    fn what_cannot_be_packed() {
        let cases = [
            ("values.schema.json", "{", "invalid JSON in values.schema.json"),
            ("charts/s/values.schema.json", "# x", "invalid JSON in values.schema.json"),
            ("Chart.lock", "generated: now", "Chart.lock: generated \"now\" is no time"),
        ];
        for (name, text, expected) in cases {
            let subchart = ("charts/s/Chart.yaml", "name: s\nversion: 1.0.0\n");
            let chart = chart(&[("Chart.yaml", METADATA), subchart, (name, text)]);
            let error = pack(&chart, None).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn an_archive_appears_whole_or_not_at_all() {
        let place = tempfile::tempdir().unwrap();
        let listed = |folder: &Path| -> Vec<_> {
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect()
        };
        let chart = chart(&[("Chart.yaml", METADATA)]);
        let folder = place.path().join("a/b");
        let path = save(&chart, &folder, None).unwrap();
        assert_eq!(path, folder.join("c-0.1.0.tgz"));
        fs::write(&path, "damaged").unwrap();
        save(&chart, &folder, None).unwrap();
        assert_eq!(fs::read(&path).unwrap(), pack(&chart, None).unwrap());
        assert_eq!(listed(&folder), ["c-0.1.0.tgz"]);
        let taken = place.path().join("taken");
        fs::create_dir_all(taken.join("c-0.1.0.tgz")).unwrap();
        let error = save(&chart, &taken, None).unwrap_err().to_string();
        assert!(error.ends_with("c-0.1.0.tgz: is a directory"), "{error}");
        assert_eq!(listed(&taken), ["c-0.1.0.tgz"]);
        let error = save(&chart, &path, None).unwrap_err().to_string();
        assert_eq!(error, format!("is not a directory: {}", path.display()));
    }

    #[test]
    fn v1_charts_declare_dependencies_in_one_place() {
        let declared = "dependencies:\n- name: s\n  version: '*'\n";
        let metadata = "apiVersion: v1\nname: c\nversion: 0.1.0\n";
        let whole = format!("{metadata}{declared}");
        let subchart = ("charts/s/Chart.yaml", "name: s\nversion: 1.0.0\n");
        let apart = chart(&[("Chart.yaml", metadata), ("requirements.yaml", declared), subchart]);
        let inside = chart(&[("Chart.yaml", &whole), subchart]);
        let has_field = |chart| {
            let text = String::from_utf8(metadata_yaml(chart).unwrap()).unwrap();
            text.contains("dependencies:")
        };
        assert!(!has_field(&apart));
        assert!(has_field(&inside));
    }
}
