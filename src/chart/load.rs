use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use super::archive::{self, ArchiveFile};
use super::directory::load_directory;
use super::metadata::{
    Mismatch, NullEntries, each_field, json_kind, object, parse_dependencies, text,
};
use super::{Chart, Error, File, Lock, Metadata, ValuesFault, Warned, Warning};
use crate::json::Numbers;
use crate::value::{Map, Str, Value};
use crate::yaml::{self, Positions};

/// The deprecation notice for a `requirements.lock` beside a v2 `Chart.yaml`.
const MIGRATE_LOCK: &str = "Warning: Dependency locking is handled in Chart.lock since \
     apiVersion \"v2\". We recommend migrating to Chart.lock.";

/// How deep charts may lie within charts. Helm has no limit; no real chart comes near.
const MAX_DEPTH: usize = 32;

/// The deprecation notice for a `requirements.yaml` beside a v2 `Chart.yaml`.
const MIGRATE_DEPENDENCIES: &str = "Warning: Dependencies are handled in Chart.yaml since \
     apiVersion \"v2\". We recommend migrating dependencies to Chart.yaml.";

/// Loads a chart from a folder or a packaged archive.
///
/// # Errors
/// [`Error`], worded as Helm words it; for an archive see [`Error::is_archive_fault`].
pub fn load(path: &Path) -> Result<Warned<Chart>, Error> {
    let status =
        fs::metadata(path).map_err(|cause| Error::NotFound { path: path.to_owned(), cause })?;
    if status.is_dir() {
        return load_directory(path);
    }
    let read = |cause| Error::Read { path: path.to_owned(), cause };
    let mut bytes = Vec::with_capacity(usize::try_from(status.len()).unwrap_or(0));
    fs::File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).map_err(read)?;
    if !bytes.starts_with(b"\x1f\x8b\x08") {
        let name = path.to_string_lossy();
        if name.ends_with(".yml") || name.ends_with(".yaml") {
            return Err(Error::YamlArchive { path: path.to_owned() });
        }
        let content_type = archive::content_type(&bytes);
        let path = std::path::absolute(path).map_err(read)?;
        return Err(Error::NotArchive { path, content_type });
    }
    archive::load_archive(&bytes).map_err(|error| match error {
        Error::MissingMetadata => Error::UndetectedVersion,
        error => error,
    })
}

/// Makes a chart of the files of a folder or archive, names relative to the chart.
///
/// # Errors
/// [`Error`] for the first file that is wrong, in Helm's order of reading.
pub(super) fn build(files: Vec<ArchiveFile>) -> Result<Warned<Chart>, Error> {
    check_api_version(&files)?;
    build_as_v2(files)
}

/// Does as [`build`] without asking whether there is a loader for the API version.
pub(super) fn build_as_v2(files: Vec<ArchiveFile>) -> Result<Warned<Chart>, Error> {
    let mut warnings = Vec::new();
    let room = AtomicU64::new(archive::MAX_INNER);
    let chart = build_at(files, 0, &room, &mut warnings)?;
    Ok(Warned { value: chart, warnings })
}

/// Takes the bytes of unpacked files, and one header for each, off what archives may still have.
fn take_room(files: &[ArchiveFile], room: &AtomicU64) -> Result<(), Error> {
    let size = |file: &ArchiveFile| (512 + file.name.len() + file.data.len()) as u64;
    let size: u64 = files.iter().map(size).sum();
    room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| room.checked_sub(size))
        .map(|_| ())
        .map_err(|_| {
            // The others are not unpacked any more.
            room.store(0, Ordering::Relaxed);
            Error::InnerArchives { limit: archive::MAX_INNER }
        })
}

/// Refuses the API versions that Helm has no loader for, before anything else is looked at.
fn check_api_version(files: &[ArchiveFile]) -> Result<(), Error> {
    let Some(file) = files.iter().find(|file| file.name == "Chart.yaml") else {
        return Err(Error::MissingMetadata);
    };
    let content = read_yaml("Chart.yaml", file.data.as_bytes())?;
    let mut version = String::new();
    let shape = |fault: Mismatch| fault.in_file("Chart.yaml", file.data.as_bytes());
    if let Some(map) = object(&content, "loader.chartBase").map_err(shape)? {
        each_field(&map, |key, value| {
            if key.eq_ignore_ascii_case("apiVersion") {
                return text(value, &format!(".{key}"), &mut version);
            }
            Ok(())
        })
        .map_err(shape)?;
    }
    match version.as_str() {
        "" | "v1" | "v2" => Ok(()),
        "v3" => Err(Error::InvalidVersion),
        _ => Err(Error::UnsupportedVersion),
    }
}

fn build_at(
    files: Vec<ArchiveFile>,
    depth: usize,
    room: &AtomicU64,
    warnings: &mut Vec<Warning>,
) -> Result<Chart, Error> {
    if depth > MAX_DEPTH {
        return Err(Error::TooDeep { limit: MAX_DEPTH });
    }
    let mut chart = Chart::new(Metadata::default());
    let mut has_metadata = false;
    let mut metadata_text = None;
    let mut nulls = NullEntries::default();
    for file in files.iter().filter(|file| file.name == "Chart.yaml") {
        fill_metadata(&mut chart.metadata, "Chart.yaml", &file.data, &mut nulls)?;
        chart.modified = file.modified;
        has_metadata = true;
        metadata_text = Some(file.data.clone());
        if chart.metadata.api_version.is_empty() {
            "v1".clone_into(&mut chart.metadata.api_version);
        }
    }
    let mut subcharts: BTreeMap<String, Vec<ArchiveFile>> = BTreeMap::new();
    for file in files {
        let ArchiveFile { name, data, modified } = file;
        let keep = |name| File { name, data: data.clone(), modified };
        match name.as_str() {
            "Chart.yaml" => {}
            "Chart.lock" => chart.lock = Some(read_lock("Chart.lock", &data)?),
            "values.yaml" => {
                chart.values = read_values(data.as_bytes()).map_err(Error::Values)?;
                chart.values_text = Some(data);
            }
            "values.schema.json" => {
                chart.schema = Some(data);
                chart.schema_modified = modified;
            }
            "requirements.yaml" => {
                has_metadata = true;
                fill_metadata(&mut chart.metadata, "requirements.yaml", &data, &mut nulls)?;
                if chart.metadata.api_version == "v1" {
                    chart.files.push(keep(name));
                } else {
                    warnings.push(Warning::info(MIGRATE_DEPENDENCIES));
                }
            }
            "requirements.lock" => {
                chart.lock = Some(read_lock("requirements.lock", &data)?);
                if chart.metadata.api_version == "v1" {
                    chart.files.push(keep(name));
                } else {
                    warnings.push(Warning::info(MIGRATE_LOCK));
                }
            }
            _ if name.starts_with("templates/") => chart.templates.push(keep(name)),
            _ => match name.strip_prefix("charts/") {
                Some(rest) if !has_suffix(&name, ".prov") => {
                    let entry = rest.split('/').next().unwrap_or(rest).to_owned();
                    let name = rest.to_owned();
                    subcharts.entry(entry).or_default().push(ArchiveFile { name, data, modified });
                }
                _ => chart.files.push(keep(name)),
            },
        }
    }
    if !has_metadata {
        return Err(Error::MissingMetadata);
    }
    if let Err(error) = chart.metadata.validate_with(nulls) {
        return Err(match metadata_text {
            Some(text) => error.placed_in(text.as_bytes()),
            None => error,
        });
    }
    let subcharts: Vec<(String, Vec<ArchiveFile>)> =
        subcharts.into_iter().filter(|(entry, _)| !entry.starts_with(['.', '_'])).collect();
    let loaded = crate::parallel::map(
        &subcharts,
        |(_, files)| files.iter().map(weight).sum(),
        |(entry, files)| {
            let mut warnings = Vec::new();
            let subchart =
                load_subchart(entry, files, chart.name(), depth + 1, room, &mut warnings);
            (subchart, warnings)
        },
    );
    for (subchart, more) in loaded {
        warnings.extend(more);
        chart.dependencies.push(subchart?);
    }
    sort_subcharts(&mut chart);
    Ok(chart)
}

/// About how many bytes have to be read to load a file of a subchart: of most only the name.
fn weight(file: &ArchiveFile) -> usize {
    let base = file.name.rsplit('/').next().unwrap_or_default();
    if base == "values.yaml" || has_suffix(base, ".tgz") { 2 * file.data.len() } else { 64 }
}

fn load_subchart(
    entry: &str,
    files: &[ArchiveFile],
    parent: &str,
    depth: usize,
    room: &AtomicU64,
    warnings: &mut Vec<Warning>,
) -> Result<Chart, Error> {
    let loaded = if has_suffix(entry, ".tgz") {
        match files.first() {
            Some(file) if file.name == entry && room.load(Ordering::Relaxed) == 0 => {
                Err(Error::InnerArchives { limit: archive::MAX_INNER })
            }
            Some(file) if file.name == entry => archive::read_archive(file.data.as_bytes())
                .map_err(Error::from)
                .and_then(|files| take_room(&files, room).map(|()| files))
                .and_then(|files| build_at(files, depth, room, warnings)),
            first => {
                return Err(Error::SubchartName {
                    name: entry.to_owned(),
                    parent: parent.to_owned(),
                    found: first.map(|file| file.name.clone()).unwrap_or_default(),
                });
            }
        }
    } else {
        let inner = files
            .iter()
            .filter_map(|file| {
                let (_, name) = file.name.split_once('/')?;
                let ArchiveFile { data, modified, .. } = file.clone();
                Some(ArchiveFile { name: name.to_owned(), data, modified })
            })
            .collect();
        build_at(inner, depth, room, warnings)
    };
    loaded.map_err(|cause| match cause {
        // Which of them came too late depends on chance.
        cause @ Error::InnerArchives { .. } => cause,
        cause => Error::Subchart {
            name: entry.to_owned(),
            parent: parent.to_owned(),
            cause: Box::new(cause),
        },
    })
}

/// Tells endings apart by case, as Helm does.
fn has_suffix(name: &str, suffix: &str) -> bool {
    name.ends_with(suffix)
}

/// Puts the subcharts in declared order, then by name, then by version.
fn sort_subcharts(chart: &mut Chart) {
    let Chart { metadata, dependencies, .. } = chart;
    dependencies.sort_by(|a, b| {
        let place = |chart: &Chart| {
            let declared = metadata.dependencies.iter();
            declared.clone().position(|d| d.name == chart.name()).unwrap_or(declared.len())
        };
        place(a)
            .cmp(&place(b))
            .then_with(|| a.name().cmp(b.name()))
            .then_with(|| a.metadata.version.cmp(&b.metadata.version))
    });
}

fn read_yaml(file: &'static str, data: &[u8]) -> Result<Value, Error> {
    yaml::read_with(data, Numbers::Exact).map_err(|cause| {
        let cause = cause.within(data, 0);
        Error::Yaml { file, cause }
    })
}

/// Reads the text of a values file into one writable map: the maps of its documents merged,
/// later ones over earlier ones, nulls kept.
///
/// # Errors
/// [`ValuesFault`] for the first document that is wrong.
pub fn read_values(text: &[u8]) -> Result<Map, ValuesFault> {
    let merged = Map::new();
    each_document(text, |document, _| {
        let value = yaml::read(document)?;
        add_document(&merged, &value);
        Ok(value)
    })?;
    Ok(merged)
}

/// One document of a values file and where its parts stand.
#[derive(Clone, Debug)]
pub struct ValuesDocument {
    /// The content.
    pub values: Map,
    /// Where its parts stand within the document.
    pub positions: Positions,
    /// How many lines of the file come before the document.
    pub lines_before: usize,
}

/// Reads the text of a values file document by document, with positions. [`add_document`] makes
/// of them what [`read_values`] returns.
///
/// # Errors
/// As [`read_values`].
pub fn read_values_with_positions(text: &[u8]) -> Result<Vec<ValuesDocument>, ValuesFault> {
    let mut documents = Vec::new();
    each_document(text, |document, lines_before| {
        let (value, positions) = yaml::read_with_positions(document)?;
        if let Value::Map(values) = &value {
            documents.push(ValuesDocument { values: values.clone(), positions, lines_before });
        }
        Ok(value)
    })?;
    Ok(documents)
}

/// Adds a document of a values file to those before it.
pub fn add_document(merged: &Map, document: &Value) {
    let Value::Map(map) = document else { return };
    if merged.is_empty() {
        for (key, value) in map.entries() {
            set(merged, key, value);
        }
    } else {
        merge_maps(merged, map);
    }
}

/// Calls `read` with every document of a values file and the number of lines before it.
fn each_document(
    text: &[u8],
    mut read: impl FnMut(&[u8], usize) -> Result<Value, yaml::Error>,
) -> Result<(), ValuesFault> {
    // Helm reads the documents line by line and ends each line anew, which the value of a block
    // scalar at the end of the file shows.
    let ended: Vec<u8>;
    let text = if text.ends_with(b"\n") || text.is_empty() {
        text
    } else {
        ended = [text, b"\n"].concat();
        &ended
    };
    for range in yaml::documents(text) {
        let range = range.map_err(|cause| ValuesFault::Separator(cause.within(text, 0)))?;
        let start = range.start;
        let lines_before = memchr::memchr_iter(b'\n', &text[..start]).count();
        let value = read(&text[range], lines_before).map_err(|cause| cause.within(text, start))?;
        if !matches!(value, Value::Nil | Value::Map(_)) {
            return Err(ValuesFault::Shape { found: json_kind(&value) });
        }
    }
    Ok(())
}

/// Merges `over` into `base`, which must be writable: maps at every level, all else is replaced,
/// nulls are values.
pub fn merge_maps(base: &Map, over: &Map) {
    for (key, value) in over.entries() {
        match (base.get(&key), &value) {
            (Some(Value::Map(old)), Value::Map(new)) if !old.is_frozen() => merge_maps(&old, new),
            _ => set(base, key, value),
        }
    }
}

fn set(map: &Map, key: Str, value: Value) {
    let done = map.set(key, value);
    debug_assert!(done.is_ok());
}

fn fill_metadata(
    metadata: &mut Metadata,
    file: &'static str,
    data: &Str,
    nulls: &mut NullEntries,
) -> Result<(), Error> {
    let content = read_yaml(file, data.as_bytes())?;
    metadata.fill(&content, nulls).map_err(|fault| fault.in_file(file, data.as_bytes()))
}

fn read_lock(file: &'static str, data: &Str) -> Result<Lock, Error> {
    let content = read_yaml(file, data.as_bytes())?;
    let shape = |fault: Mismatch| fault.in_file(file, data.as_bytes());
    let mut lock = Lock::default();
    let Some(map) = object(&content, "v2.Lock").map_err(shape)? else { return Ok(lock) };
    each_field(&map, |key, value| {
        let path = format!(".{key}");
        let mut content = String::new();
        match key.to_ascii_lowercase().as_str() {
            "generated" => {
                text(value, &path, &mut content)?;
                lock.generated = content.into();
            }
            "digest" => {
                text(value, &path, &mut content)?;
                lock.digest = content.into();
            }
            "dependencies" => lock.dependencies = parse_dependencies(value, &path)?.0,
            _ => {}
        }
        Ok(())
    })
    .map_err(shape)?;
    Ok(lock)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_values_file_without_a_final_line_feed_reads_as_if_it_had_one() {
        // Helm 4.3.1 gives "x\n" for this file.
        let values = read_values(b"a: |\n  x").unwrap();
        assert_eq!(values.get("a").unwrap().as_string().unwrap(), &"x\n");
    }
}
