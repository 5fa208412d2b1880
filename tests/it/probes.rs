//! Replays `tests/probes`: what the real Helm made of each template, rhumb has to make of it, too.
//!
//! `tests/probes/README.md` tells the format. `PROBES=TEXT` replays only the probes whose
//! `SUBJECT: NAME` contains the text.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhumb::action::{self, RenderRequest};
use rhumb::chart::{self, Chart, File};
use rhumb::manifest::{self, Notes, PrintOptions};
use rhumb::template::function::Env;
use rhumb::template::{Capabilities, KubeVersion, ReleaseContext};
use rhumb::values::ValueSources;
use serde_json::Value as Json;

const CHART: &str = "apiVersion: v2\nname: c\nversion: 0.1.0\nappVersion: 1.0.0\n";
const WRAPPER: &str = r#"out: {{ include (print .Template.BasePath "/_case.tpl") . | b64enc }}"#;

/// One section of a probe file.
#[derive(Clone, PartialEq, Eq)]
struct Section {
    kind: String,
    argument: String,
    data: Vec<u8>,
}

struct Probe {
    subject: String,
    name: String,
    sections: Vec<Section>,
    expected: Answer,
}

#[derive(Clone, PartialEq, Eq)]
enum Answer {
    Bytes(Vec<u8>),
    Printed(Vec<u8>),
    Error(String),
    Panic(String),
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/probes")
}

/// Reads a marker line: kind, encoding, argument.
fn marker(line: &str) -> Option<(&str, &str, &str)> {
    let (word, argument) = match line.strip_prefix("--- ")?.split_once(' ') {
        Some((word, argument)) if !argument.contains(char::is_whitespace) => (word, argument),
        Some(_) => return None,
        None => (&line[4..], ""),
    };
    let (kind, encoding) = word.split_once('-').unwrap_or((word, ""));
    let known = ["template", "manifest", "values", "user", "args", "file"].contains(&kind);
    (known && ["", "json", "base64"].contains(&encoding)).then_some((kind, encoding, argument))
}

fn decode(encoding: &str, body: &str) -> Vec<u8> {
    match encoding {
        "json" => serde_json::from_str::<String>(body).expect("a JSON string").into_bytes(),
        "base64" => STANDARD.decode(body).expect("base64"),
        _ => body.as_bytes().to_vec(),
    }
}

/// Reads the probes of a file: names and sections, the defaults included.
fn parse(text: &str) -> Vec<(String, Vec<Section>)> {
    type Open<'a> = ((&'a str, &'a str, &'a str), Vec<&'a str>);
    let mut blocks: Vec<(String, Vec<Section>)> = vec![(String::new(), Vec::new())];
    let mut open: Option<Open> = None;
    let close = |open: Option<Open>, blocks: &mut Vec<(String, Vec<Section>)>| {
        if let (Some(((kind, encoding, argument), lines)), Some((_, sections))) =
            (open, blocks.last_mut())
        {
            let data = decode(encoding, &lines.join("\n"));
            sections.push(Section { kind: kind.into(), argument: argument.into(), data });
        }
    };
    // The template that a name line opens gives way to a marker directly below.
    let mut implicit = false;
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if let Some(name) = line.strip_prefix("=== ") {
            close(open.take(), &mut blocks);
            blocks.push((name.to_owned(), Vec::new()));
            open = Some((("template", "", ""), Vec::new()));
            implicit = true;
        } else if let Some(head) = marker(line) {
            let replaced = implicit && open.as_ref().is_some_and(|(_, lines)| lines.is_empty());
            let closed = open.take().filter(|_| !replaced);
            close(closed, &mut blocks);
            open = Some((head, Vec::new()));
            implicit = false;
        } else if let Some((_, lines)) = &mut open {
            lines.push(line);
        }
    }
    close(open, &mut blocks);
    let (_, defaults) = blocks.remove(0);
    for (_, own) in &mut blocks {
        let mut sections: Vec<_> = defaults
            .iter()
            .filter(|default| {
                !own.iter().any(|section| {
                    section.kind == default.kind
                        && (default.kind != "file" || section.argument == default.argument)
                })
            })
            .cloned()
            .collect();
        sections.append(own);
        *own = sections;
    }
    blocks
}

fn recorded(subject: &str) -> HashMap<String, Answer> {
    let path = folder().join(format!("recorded/{subject}.jsonl"));
    let text = fs::read_to_string(&path).unwrap_or_default();
    let answer = |line: &str| {
        let record: Json = serde_json::from_str(line).expect("a JSON object");
        let text = |key: &str| record[key].as_str().map(str::to_owned);
        let answer = if let Some(ok) = text("ok") {
            Answer::Bytes(ok.into_bytes())
        } else if let Some(bytes) = text("base64") {
            Answer::Bytes(STANDARD.decode(bytes).expect("base64"))
        } else if let Some(printed) = text("stdout") {
            Answer::Printed(printed.into_bytes())
        } else {
            Answer::Error(text("error").expect("an answer"))
        };
        (text("name").expect("a name"), answer)
    };
    text.lines().map(answer).collect()
}

/// Reads all probes, and the names of those without a recording.
fn probes() -> (Vec<Probe>, Vec<String>) {
    let mut probes = Vec::new();
    let mut missing = Vec::new();
    let mut paths: Vec<_> = fs::read_dir(folder())
        .expect("tests/probes")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .filter(|path| !path.ends_with("functions.txt"))
        .collect();
    paths.sort();
    for path in paths {
        let subject = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let mut answers = recorded(&subject);
        for (name, sections) in parse(&fs::read_to_string(&path).expect("a probe file")) {
            match answers.remove(&name) {
                Some(expected) => {
                    probes.push(Probe { subject: subject.clone(), name, sections, expected });
                }
                None => missing.push(format!("{subject}: {name}")),
            }
        }
        missing.extend(answers.into_keys().map(|name| format!("{subject}: {name} (no source)")));
    }
    (probes, missing)
}

/// The flags of `helm template` that probes use.
#[derive(Default)]
struct Flags {
    sources: ValueSources,
    namespace: Option<String>,
    kube_version: Option<String>,
    api_versions: Vec<String>,
    is_upgrade: bool,
    show_only: Vec<String>,
    print: PrintOptions,
}

impl Flags {
    fn parse(text: &str) -> Self {
        let mut flags = Flags::default();
        let mut lines = text.split('\n');
        while let Some(flag) = lines.next() {
            let mut value = || lines.next().expect("a value").to_owned();
            match flag {
                "--set" => flags.sources.set.push(value()),
                "--set-string" => flags.sources.set_string.push(value()),
                "--set-json" => flags.sources.set_json.push(value()),
                "--set-literal" => flags.sources.set_literal.push(value()),
                "--namespace" => flags.namespace = Some(value()),
                "--kube-version" => flags.kube_version = Some(value()),
                "--api-versions" => {
                    flags.api_versions.extend(value().split(',').map(str::to_owned));
                }
                "--show-only" => flags.show_only.push(value()),
                "--is-upgrade" => flags.is_upgrade = true,
                "--no-hooks" => flags.print.no_hooks = true,
                "--skip-tests" => flags.print.skip_tests = true,
                "" => {}
                other => panic!("a flag that the replay does not know: {other}"),
            }
        }
        flags
    }
}

/// A chart without the body of a probe; most probes share theirs with the probe before.
struct Loaded {
    context: Vec<Section>,
    root: tempfile::TempDir,
    chart: Result<Chart, String>,
}

impl Loaded {
    fn new(context: Vec<Section>) -> Self {
        let root = tempfile::tempdir().expect("a scratch folder");
        let home = root.path().join("c");
        let write = |path: PathBuf, data: &[u8]| {
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, data).expect("a file");
        };
        write(home.join("Chart.yaml"), CHART.as_bytes());
        let mut users = 0;
        for section in &context {
            match section.kind.as_str() {
                "values" => write(home.join("values.yaml"), &section.data),
                "file" => write(home.join(&section.argument), &section.data),
                "user" => {
                    write(root.path().join(format!("user{users}.yaml")), &section.data);
                    users += 1;
                }
                _ => {}
            }
        }
        let chart = chart::load(&home).map(|loaded| loaded.value).map_err(|e| e.to_string());
        Loaded { context, root, chart }
    }
}

/// Renders one probe as the recorder did.
fn answer(probe: &Probe, loaded: &mut Option<Loaded>) -> Result<Answer, String> {
    let context: Vec<_> = probe
        .sections
        .iter()
        .filter(|section| ["values", "file", "user"].contains(&section.kind.as_str()))
        .cloned()
        .collect();
    let loaded = match loaded {
        Some(loaded) if loaded.context == context => loaded,
        _ => loaded.insert(Loaded::new(context)),
    };
    let prefix = format!("{}/", loaded.root.path().display());
    render(probe, loaded).map_err(|message| message.replace(&prefix, ""))
}

fn render(probe: &Probe, loaded: &Loaded) -> Result<Answer, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let mut flags = Flags::default();
    let mut body = &probe.sections[0];
    for section in &probe.sections {
        match section.kind.as_str() {
            "args" => flags = Flags::parse(std::str::from_utf8(&section.data).expect("UTF-8")),
            "template" | "manifest" => body = section,
            _ => {}
        }
    }
    for number in 0..loaded.context.iter().filter(|section| section.kind == "user").count() {
        let path = loaded.root.path().join(format!("user{number}.yaml"));
        flags.sources.values.push(path.display().to_string());
    }
    let user = flags.sources.read(&mut std::io::empty()).map_err(|e| text(&e))?;
    let mut chart = loaded.chart.clone()?;
    let file = |name: &str, data: &[u8]| File {
        name: format!("templates/{name}"),
        data: data.strip_prefix("\u{feff}".as_bytes()).unwrap_or(data).into(),
        modified: None,
    };
    let included = matches!(probe.expected, Answer::Bytes(_));
    if included {
        chart.templates.push(file("_case.tpl", &body.data));
        chart.templates.push(file("x.yaml", WRAPPER.as_bytes()));
    } else {
        chart.templates.push(file("x.yaml", &body.data));
    }
    chart.validate().map_err(|e| text(&e))?;
    chart.check_dependencies().map_err(|e| text(&action::Error::Dependencies(e)))?;
    let mut capabilities = Capabilities::default();
    if let Some(version) = &flags.kube_version {
        capabilities.kube_version = KubeVersion::parse(version)
            .map_err(|error| format!("invalid kube version '{version}': {error}"))?;
    }
    capabilities.api_versions.extend(flags.api_versions.iter().cloned());
    let mut env = Env::new();
    env.zone = Some(jiff::tz::TimeZone::UTC);
    let rendered = action::render_chart(RenderRequest {
        chart,
        user_values: &rhumb::values::UserValues { values: user, sources: Vec::new() },
        release: ReleaseContext {
            name: "r".to_owned(),
            namespace: flags.namespace.clone().unwrap_or_else(|| "ns".to_owned()),
            revision: 1,
            is_upgrade: flags.is_upgrade,
        },
        capabilities,
        env: &env,
        skip_schema_validation: false,
        notes: Notes::Root,
        post_renderer: None,
        check: None,
    })
    .value
    .map_err(|e| text(&e).trim_end_matches('\n').to_owned())?;
    if included {
        let (_, out) = rendered
            .rendered
            .texts()
            .find(|(path, _)| *path == "c/templates/x.yaml")
            .ok_or("the wrapper is not among the rendered files")?;
        let out = out.strip_prefix(b"out: ").ok_or("the wrapper's text is gone")?;
        return Ok(Answer::Bytes(STANDARD.decode(out).map_err(|e| text(&e))?));
    }
    let printed = manifest::print_template(&rendered.manifest, &[], flags.print);
    if flags.show_only.is_empty() {
        return Ok(Answer::Printed(printed));
    }
    let matches = |pattern: &str, path: &str| pattern == path;
    manifest::select(&printed, flags.show_only.iter().map(String::as_str), matches)
        .map(Answer::Printed)
        .map_err(|e| text(&e))
}

/// Shows the lines in which two answers differ.
fn difference(expected: &Answer, found: &Answer) -> String {
    let lines = |answer: &Answer| -> Vec<String> {
        let (head, body) = match answer {
            Answer::Bytes(bytes) | Answer::Printed(bytes) => {
                ("", String::from_utf8_lossy(bytes).into_owned())
            }
            Answer::Error(message) => ("Error: ", message.clone()),
            Answer::Panic(message) => ("PANIC: ", message.clone()),
        };
        format!("{head}{body}").split('\n').map(|line| format!("{line:?}")).collect()
    };
    let (expected, found) = (lines(expected), lines(found));
    let same = |pairs: &mut dyn Iterator<Item = (&String, &String)>| {
        pairs.take_while(|(a, b)| a == b).count()
    };
    let before = same(&mut expected.iter().zip(&found));
    let rest = expected.len().min(found.len()) - before;
    let after = same(&mut expected.iter().rev().zip(found.iter().rev()).take(rest));
    let mut out = String::new();
    for (sign, lines) in [('-', &expected), ('+', &found)] {
        for line in lines[before..lines.len() - after].iter().take(8) {
            let line: String = line.chars().take(500).collect();
            writeln!(out, "    {sign} {line}").expect("memory");
        }
    }
    out
}

/// Reads the names of probes that are known to differ: every line that is no comment and not blank.
fn known_differences() -> BTreeSet<String> {
    include_str!("../probes/known-differences.txt")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}

#[test]
fn probes_answer_as_helm_does() {
    let filter = std::env::var("PROBES").unwrap_or_default();
    let (probes, missing) = probes();
    let probes: Vec<_> = probes
        .into_iter()
        .filter(|probe| format!("{}: {}", probe.subject, probe.name).contains(&filter))
        .collect();
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(Vec::new());
    let work = || {
        let mut loaded = None;
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(probe) = probes.get(index) else { return };
            let found = match catch_unwind(AssertUnwindSafe(|| answer(probe, &mut loaded))) {
                Ok(Ok(found)) => found,
                Ok(Err(message)) => Answer::Error(message),
                Err(panic) => {
                    Answer::Panic(panic.downcast_ref::<String>().cloned().unwrap_or_else(|| {
                        panic.downcast_ref::<&str>().copied().unwrap_or_default().to_owned()
                    }))
                }
            };
            if found != probe.expected {
                let difference = difference(&probe.expected, &found);
                failures.lock().expect("no panic").push((index, difference));
            }
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            std::thread::Builder::new()
                .stack_size(64 << 20)
                .spawn_scoped(scope, work)
                .expect("a thread");
        }
    });

    let mut failures = failures.into_inner().expect("no panic");
    failures.sort();
    let mut report = String::new();
    let mut counts: Vec<(&str, usize)> = Vec::new();
    let mut known = known_differences();
    known.retain(|name| name.contains(&filter));
    failures.retain(|(index, _)| {
        let name = format!("{}: {}", probes[*index].subject, probes[*index].name);
        !known.remove(&name)
    });
    for (index, difference) in &failures {
        let probe = &probes[*index];
        writeln!(report, "{}: {}\n{difference}", probe.subject, probe.name).expect("memory");
        match counts.last_mut() {
            Some((subject, count)) if *subject == probe.subject => *count += 1,
            _ => counts.push((&probe.subject, 1)),
        }
    }
    for (subject, count) in counts {
        writeln!(report, "{count:5} of {subject}").expect("memory");
    }
    if !missing.is_empty() {
        writeln!(report, "not recorded (run scripts/record-probes): {missing:?}").expect("memory");
    }
    assert!(probes.len() > 1 || !filter.is_empty(), "the probes are gone");
    assert!(
        known.is_empty(),
        "now answered as Helm does; take them out of tests/probes/known-differences.txt: {known:#?}"
    );
    assert!(
        failures.is_empty() && missing.is_empty(),
        "{} of {} probes differ; - Helm, + rhumb\n\n{report}",
        failures.len(),
        probes.len()
    );
}
