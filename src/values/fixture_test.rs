//! Replays what Helm 4.3.1 answered to charts, values files and flags.

use std::fs;
use std::path::{Path, PathBuf};

use super::{ValueSources, merge, process_dependencies};
use crate::chart::{self, Chart, Metadata};
use crate::json;
use crate::value::{Map, Value};

fn cases(file: &str) -> Vec<Map> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/values").join(file);
    let text = fs::read_to_string(path).unwrap();
    let case = |line: &str| {
        let case = json::read_with(line.as_bytes(), json::Numbers::Exact).unwrap();
        case.as_map().unwrap().clone()
    };
    text.lines().map(case).collect()
}

fn text(case: &Map, key: &str) -> Option<String> {
    case.get(key).map(|value| value.as_string().unwrap().to_string())
}

fn texts(case: &Map, key: &str) -> Vec<String> {
    let list = case.get(key).unwrap();
    list.as_list().unwrap().items().iter().map(|v| v.as_string().unwrap().to_string()).collect()
}

fn sources(args: &[String], folder: Option<&Path>) -> ValueSources {
    let mut sources = ValueSources::default();
    for pair in args.chunks(2) {
        let list = match pair[0].as_str() {
            "-f" => &mut sources.values,
            "--set" => &mut sources.set,
            "--set-string" => &mut sources.set_string,
            "--set-json" => &mut sources.set_json,
            "--set-file" => &mut sources.set_file,
            "--set-literal" => &mut sources.set_literal,
            other => panic!("unknown flag {other}"),
        };
        list.push(match folder {
            Some(folder) if pair[0] == "-f" => folder.join(&pair[1]).display().to_string(),
            _ => pair[1].clone(),
        });
    }
    sources
}

fn to_json(value: &Value) -> String {
    let mut out = Vec::new();
    json::write(&mut out, value, json::Escape::Raw).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn flags() {
    let chart = Chart::new(Metadata::default());
    let cases = cases("set.jsonl");
    assert!(cases.len() > 400);
    for case in cases {
        let args = texts(&case, "args");
        let result = sources(&args, None)
            .read(&mut std::io::empty())
            .and_then(|user| merge(&chart, &user).value)
            .map(|merged| to_json(&Value::Map(merged)))
            .map_err(|error| error.to_string());
        let expected = match text(&case, "error") {
            Some(error) => Err(error),
            None => Ok(to_json(&case.get("values").unwrap())),
        };
        assert_eq!(result, expected, "{args:?}");
    }
}

fn write_files(folder: &Path, files: &Map) {
    for (name, content) in files.entries() {
        let path: PathBuf = folder.join(name.as_str().unwrap());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content.as_string().unwrap().as_bytes()).unwrap();
    }
}

/// Adds what each chart sees as `.Values`, under the path of its template in the recording.
fn collect(chart: &Chart, path: &str, values: &Map, out: &mut Vec<(String, Value)>) {
    if !chart.is_library() {
        out.push((format!("{path}/templates/t.yaml"), Value::Map(values.clone())));
    }
    for child in &chart.dependencies {
        let section = values.get(child.name()).unwrap();
        collect(child, &child.full_path(Some(path)), section.as_map().unwrap(), out);
    }
}

fn compute(folder: &Path, args: &[String]) -> Result<(Map, Vec<String>), String> {
    let user = sources(args, Some(folder))
        .read(&mut std::io::empty())
        .map_err(|error| error.to_string())?;
    let loaded = chart::load(&folder.join("c")).map_err(|error| error.to_string())?;
    loaded.value.check_dependencies().map_err(|error| {
        format!(
            "an error occurred while checking for chart dependencies. You may need to run \
             'helm dependency build' to fetch missing dependencies: {error}"
        )
    })?;
    let processed = process_dependencies(loaded.value, &user);
    let chart = processed.value.map_err(|error| error.to_string())?;
    let merged = merge(&chart, &user);
    let values = merged.value.map_err(|error| error.to_string())?;
    let mut out = Vec::new();
    collect(&chart, chart.name(), &values, &mut out);
    let warnings = loaded.warnings.iter().chain(&processed.warnings).chain(&merged.warnings);
    let mut log: Vec<String> = warnings.map(chart::Warning::log_line).collect();
    log.sort();
    Ok((Map::from_pairs(out), log))
}

#[test]
fn charts() {
    let cases = cases("coalesce.jsonl");
    assert!(cases.len() > 200);
    for case in cases {
        let name = text(&case, "name").unwrap();
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), case.get("files").unwrap().as_map().unwrap());
        let result = compute(folder.path(), &texts(&case, "args"))
            .map(|(values, log)| (to_json(&Value::Map(values)), log));
        let expected = match text(&case, "error") {
            Some(error) => Err(error),
            None => Ok((to_json(&case.get("values").unwrap()), texts(&case, "log"))),
        };
        assert_eq!(result, expected, "{name}");
    }
}
