//! Scenarios that Helm 4.3.1 and rhumb, called as `helm`, play on namespaces of their own; what
//! they print and leave behind has to be the same. `tests/parity/README.md` says how they are
//! written.
#![expect(clippy::print_stderr, reason = "a test")]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value as Json;

use super::control_plane::{World, rhumb, world};

/// How many scenarios are played at once.
const AT_ONCE: usize = 6;

/// A script, and how rhumb may differ.
struct Scenario {
    file: String,
    title: String,
    steps: Vec<String>,
    /// What differs, by the beginning of its path, and why: a sentence of `docs/differences.md`.
    differs: Vec<(String, String)>,
}

fn scenarios() -> Vec<Scenario> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let known = std::fs::read_to_string(root.join("docs/differences.md")).unwrap();
    let known = known.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut files: Vec<PathBuf> = std::fs::read_dir(root.join("tests/parity"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    let mut scenarios: Vec<Scenario> = Vec::new();
    for path in files {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            if let Some(title) = line.strip_prefix("## ") {
                scenarios.push(Scenario {
                    file: file.clone(),
                    title: title.to_owned(),
                    steps: Vec::new(),
                    differs: Vec::new(),
                });
            } else if let Some(rest) = line.strip_prefix("differs ") {
                let (what, why) = rest.split_once(": ").unwrap();
                assert!(known.contains(why), "docs/differences.md does not say: {why}");
                let scenario = scenarios.last_mut().unwrap();
                scenario.differs.push((what.to_owned(), why.to_owned()));
            } else if !line.trim().is_empty() && !line.starts_with('#') {
                scenarios.last_mut().unwrap().steps.push(line.to_owned());
            }
        }
    }
    scenarios
}

/// What one tool made of a scenario: paths and texts.
type Result = BTreeMap<String, String>;

struct Side<'a> {
    world: &'a World,
    namespace: String,
    /// Holds the charts, and a folder with the tool as `helm` in front of `PATH`.
    folder: PathBuf,
    home: PathBuf,
}

impl Side<'_> {
    fn prepare(&self, tool: &Path) {
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/parity");
        copy(&fixtures, &self.folder, &self.namespace);
        let programs = self.folder.join(".bin");
        std::fs::create_dir_all(&programs).unwrap();
        std::os::unix::fs::symlink(tool, programs.join("helm")).unwrap();
        let kubectl = self.world.kubectl.display();
        let script = format!("#!/bin/sh\nexec {kubectl} -n \"$HELM_NAMESPACE\" \"$@\"\n");
        std::fs::write(programs.join("k"), script).unwrap();
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(programs.join("k"), mode).unwrap();
    }

    fn sh(&self, step: &str) -> (i32, String, String) {
        let programs = self.folder.join(".bin");
        let output = Command::new("sh")
            .args(["-c", step])
            .current_dir(&self.folder)
            .env_clear()
            .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
            .env("KUBECONFIG", &self.world.kubeconfig)
            .env("HOME", &self.home)
            .env("HELM_NAMESPACE", &self.namespace)
            .env("TZ", "UTC")
            .output()
            .unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
    }

    fn play(&self, scenario: &Scenario) -> Result {
        let mut result = Result::new();
        for (at, step) in scenario.steps.iter().enumerate() {
            let (exit, stdout, stderr) = self.sh(step);
            let at = at + 1;
            result.insert(format!("{at} exit"), exit.to_string());
            result.insert(format!("{at} stdout"), self.printed(step, &stdout));
            result.insert(format!("{at} stderr"), self.steady(&errors(&stderr)));
        }
        self.note_records(&mut result);
        self.note_objects(&mut result);
        result
    }

    fn printed(&self, step: &str, stdout: &str) -> String {
        if let Ok(mut json @ (Json::Object(_) | Json::Array(_))) = serde_json::from_str(stdout) {
            self.steady_json(&mut json);
            return json.to_string();
        }
        let mut text = self.steady(stdout);
        if step.contains("helm status") && !step.contains("-o ") {
            // Ages go on, and Helm prints the kinds in an order by chance.
            let mut lines: Vec<String> = text
                .lines()
                .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
                .map(|line| AGE.replace(&line, "AGE").into_owned())
                .collect();
            lines.sort();
            text = lines.join("\n");
        }
        text
    }

    /// Takes away what differs from run to run.
    fn steady(&self, text: &str) -> String {
        let mut text = text.replace(&self.namespace, "NAMESPACE");
        let home = self.folder.to_string_lossy().into_owned();
        text = text.replace(&home, "FOLDER");
        if GO_TIME.is_match(&text) {
            // Their width varies, and with it that of the column.
            text = PADDING.replace_all(&text, "$1").into_owned();
        }
        for (pattern, with) in STEADY.iter() {
            text = pattern.replace_all(&text, *with).into_owned();
        }
        text
    }

    fn steady_json(&self, json: &mut Json) {
        match json {
            Json::String(text) => *text = self.steady(text),
            Json::Array(items) => items.iter_mut().for_each(|item| self.steady_json(item)),
            Json::Object(fields) => {
                if let Some(Json::Array(entries)) = fields.get_mut("managedFields") {
                    // Controllers write at a moment of their own.
                    entries.retain(|entry| {
                        let manager = entry["manager"].as_str().unwrap_or_default();
                        entry["subresource"] != "status" && manager != "kube-controller-manager"
                    });
                }
                for key in UNSTEADY {
                    fields.shift_remove(key);
                }
                if fields.get("status").is_some_and(Json::is_object) {
                    fields.shift_remove("status");
                }
                fields.values_mut().for_each(|value| self.steady_json(value));
            }
            _ => {}
        }
    }

    fn listed(&self, what: &str) -> Vec<Json> {
        let (exit, stdout, stderr) =
            self.sh(&format!("k get {what} -o json --show-managed-fields"));
        assert_eq!(exit, 0, "{stderr}");
        let list: Json = serde_json::from_str(&stdout).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    fn note_records(&self, result: &mut Result) {
        for record in self.listed("secret -l owner=helm") {
            let metadata = &record["metadata"];
            let name = metadata["name"].as_str().unwrap().replace("sh.helm.release.v1.", "");
            let data = STANDARD.decode(record["data"]["release"].as_str().unwrap()).unwrap();
            let data = STANDARD.decode(data).unwrap();
            let mut json = Vec::new();
            flate2::read::GzDecoder::new(&data[..]).read_to_end(&mut json).unwrap();
            let mut json: Json = serde_json::from_slice(&json).unwrap();
            json["type"] = record["type"].clone();
            json["labels"] = metadata["labels"].clone();
            json["annotations"] = metadata["annotations"].clone();
            json["managedFields"] = metadata["managedFields"].clone();
            for time in ["createdAt", "modifiedAt"] {
                if json["labels"][time].is_string() {
                    json["labels"][time] = "TIME".into();
                }
            }
            for key in ["templates", "files"] {
                for file in json["chart"][key].as_array_mut().into_iter().flatten() {
                    let data = STANDARD.decode(file["data"].as_str().unwrap()).unwrap();
                    file["data"] = String::from_utf8(data).unwrap().into();
                }
            }
            self.steady_json(&mut json);
            result.insert(format!("record {name}"), "there".to_owned());
            flatten(&format!("record {name}"), &json, result);
        }
    }

    fn note_objects(&self, result: &mut Result) {
        let mut objects = self.listed(KINDS);
        for (kind, cluster_wide) in [("widgets", false), ("customresourcedefinitions", true)] {
            let group = format!("{}.rhumb.test", self.namespace);
            let (_, stdout, _) = if cluster_wide {
                self.sh(&format!(
                    "k get {kind} widgets.{group} -o json --show-managed-fields --ignore-not-found"
                ))
            } else if self.folder.join("crd.used").exists() {
                self.sh(&format!(
                    "k get {kind}.{group} -o json --show-managed-fields --ignore-not-found"
                ))
            } else {
                continue;
            };
            if let Ok(json) = serde_json::from_str::<Json>(&stdout) {
                match json["items"].as_array() {
                    Some(items) => objects.extend(items.iter().cloned()),
                    None => objects.push(json),
                }
            }
        }
        for mut object in objects {
            let metadata = &object["metadata"];
            let name = metadata["name"].as_str().unwrap();
            let is_record = object["type"] == "helm.sh/release.v1";
            let is_owned = !metadata["ownerReferences"].is_null();
            let is_given = matches!(name, "kube-root-ca.crt" | "default");
            if is_record || is_owned || is_given || !metadata["deletionTimestamp"].is_null() {
                continue;
            }
            let path = format!("object {}/{name}", object["kind"].as_str().unwrap());
            let path = self.steady(&path);
            if object["kind"] == "Job" {
                for field in ["selector", "template"] {
                    object["spec"].as_object_mut().unwrap().shift_remove(field);
                }
            }
            self.steady_json(&mut object);
            result.insert(path.clone(), "there".to_owned());
            flatten(&path, &object, result);
        }
    }
}

const KINDS: &str = "configmap,secret,service,serviceaccount,deployment,statefulset,job,pod,\
                     role,lease,persistentvolumeclaim,horizontalpodautoscaler,networkpolicy";

/// Fields of objects that differ from run to run.
const UNSTEADY: [&str; 10] = [
    "uid",
    "resourceVersion",
    "clusterIP",
    "clusterIPs",
    "modtime",
    "schemamodtime",
    "deployment.kubernetes.io/revision",
    "generation",
    "nodePort",
    "volumeName",
];

fn pattern(text: &str) -> Regex {
    Regex::new(text).unwrap()
}

static AGE: LazyLock<Regex> = LazyLock::new(|| pattern(r"\b\d+s$"));
static PADDING: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m) +(\t|$)"));
static GO_TIME: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? \+0000 UTC"));
static STEADY: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    let days = "(Mon|Tue|Wed|Thu|Fri|Sat|Sun)";
    let months = "(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)";
    vec![
        (GO_TIME.clone(), "TIME"),
        (pattern(&format!(r"{days} {months} [ \d]\d \d\d:\d\d:\d\d \d{{4}}")), "TIME"),
        (pattern(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)"), "TIME"),
        (pattern(r"\b1[78]\d{8}\b"), "UNIX"),
        (pattern(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "UID"),
        (pattern(r#"resourceVersion: "\d+""#), "resourceVersion: VERSION"),
        (pattern(r"kube-api-access-[a-z0-9]{5}"), "kube-api-access-POD"),
        (pattern(r"\b10\.\d+\.\d+\.\d+\b"), "IP"),
        (pattern(r"\b(web|hook)-([a-z]+-)*[0-9a-f]{8,10}-[a-z0-9]{5}\b"), "$1-POD"),
        (pattern(r"\b(web-[a-z]+)-[bcdfghjklmnpqrstvwxz2456789]{5}\b"), "$1-POD"),
    ]
});

/// Returns warnings and the error, without what rhumb adds after an empty line.
fn errors(stderr: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    let mut in_error = false;
    for line in stderr.lines() {
        in_error |= line.starts_with("Error: ") || line.starts_with("Flag --");
        if in_error && line.is_empty() {
            break;
        }
        if in_error || line.starts_with("level=WARN") {
            lines.push(line);
        }
    }
    lines.join("\n")
}

fn flatten(path: &str, json: &Json, result: &mut Result) {
    match json {
        Json::Object(fields) if !fields.is_empty() => {
            for (key, value) in fields {
                flatten(&format!("{path}.{key}"), value, result);
            }
        }
        Json::Null => {}
        // The order of managers is that of their names.
        other => drop(result.insert(path.to_owned(), other.to_string())),
    }
}

/// Copies a folder; the word SIDE in its files becomes the name of the namespace.
fn copy(from: &Path, to: &Path, side: &str) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (path, name) = (entry.as_ref().unwrap().path(), entry.unwrap().file_name());
        if path.is_dir() {
            copy(&path, &to.join(name), side);
        } else {
            let text = std::fs::read_to_string(&path).unwrap().replace("SIDE", side);
            std::fs::write(to.join(name), text).unwrap();
        }
    }
}

/// Plays a scenario with both tools and returns what is wrong.
fn compare(world: &World, at: usize, scenario: &Scenario) -> String {
    let play = |letter: &str, tool: &Path| {
        let namespace = format!("{}-{at:03}{letter}", world.namespace);
        let folder = world.folder.path().join(format!("{at:03}{letter}"));
        let home = world.folder.path().join(format!("home-{letter}"));
        let side = Side { world, namespace, folder, home };
        side.prepare(tool);
        side.play(scenario)
    };
    let as_helm = world.folder.path().join("rhumb/helm");
    let (theirs, ours) = std::thread::scope(|scope| {
        let theirs = scope.spawn(|| play("h", &world.helm_4));
        let ours = play("r", &as_helm);
        (theirs.join().unwrap(), ours)
    });
    let mut paths: Vec<&String> = theirs.keys().chain(ours.keys()).collect();
    paths.sort();
    paths.dedup();
    let differing: Vec<_> =
        paths.into_iter().filter(|path| theirs.get(*path) != ours.get(*path)).collect();
    let mut problems = String::new();
    // Of what one side does not have at all, one line is enough.
    let lone: Vec<_> = differing
        .iter()
        .filter(|path| theirs.contains_key(**path) != ours.contains_key(**path))
        .map(|path| format!("{path}."))
        .collect();
    for path in &differing {
        if lone.iter().any(|lone| path.starts_with(lone.as_str())) {
            continue;
        }
        if scenario.differs.iter().any(|(what, _)| path.starts_with(what.as_str())) {
            continue;
        }
        let shown = |result: &Result| result.get(*path).cloned().unwrap_or("(none)".to_owned());
        let (theirs, ours) = (shown(&theirs), shown(&ours));
        writeln!(problems, "  {path}\n    helm:  {theirs}\n    rhumb: {ours}").unwrap();
    }
    for (what, why) in &scenario.differs {
        if !differing.iter().any(|path| path.starts_with(what.as_str())) {
            writeln!(problems, "  no longer differs: {what}: {why}").unwrap();
        }
    }
    problems
}

#[test]
fn rhumb_does_what_helm_does() {
    let Some(world) = world("par") else { return };
    let wanted = std::env::var("RHUMB_TEST_PARITY").unwrap_or_default();
    let mut scenarios = scenarios();
    assert!(scenarios.len() >= 60, "{} scenarios", scenarios.len());
    scenarios.retain(|scenario| {
        format!("{}: {}", scenario.file, scenario.title).contains(wanted.as_str())
    });
    let folder = world.folder.path().join("rhumb");
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(rhumb(), folder.join("helm")).unwrap();
    let names: Vec<String> = (0..scenarios.len())
        .flat_map(|at| ["h", "r"].map(|letter| format!("{}-{at:03}{letter}", world.namespace)))
        .collect();
    let namespaces: Vec<Json> = names
        .iter()
        .map(|name| serde_json::json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}))
        .collect();
    let list = serde_json::json!({"apiVersion": "v1", "kind": "List", "items": namespaces});
    let file = world.folder.path().join("namespaces.json");
    std::fs::write(&file, list.to_string()).unwrap();
    let made = world.run_in(&world.kubectl, "default", &format!("create -f {}", file.display()));
    assert!(made.success, "{}", made.stderr);

    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(scenario) = scenarios.get(at) else { return };
                    let problems = compare(&world, at, scenario);
                    if !problems.is_empty() {
                        let title = format!("{}: {}", scenario.file, scenario.title);
                        failures.lock().unwrap().insert(title, problems);
                    }
                }
            });
        }
    });
    let delete = format!("delete --wait=false --ignore-not-found -f {}", file.display());
    let deleted = world.run_in(&world.kubectl, "default", &delete);
    let crds = names.iter().map(|name| format!("widgets.{name}.rhumb.test"));
    let crds = crds.collect::<Vec<_>>().join(" ");
    let delete = format!("delete crd --wait=false --ignore-not-found {crds}");
    let crds_deleted = world.run_in(&world.kubectl, "default", &delete);
    for run in [deleted, crds_deleted] {
        if !run.success {
            eprintln!("{}", run.stderr);
        }
    }
    let failures = failures.into_inner().unwrap();
    let text: Vec<String> =
        failures.iter().map(|(title, problems)| format!("{title}\n{problems}")).collect();
    let text = text.concat();
    assert!(failures.is_empty(), "{} of {} differ:\n{text}", failures.len(), scenarios.len());
}
