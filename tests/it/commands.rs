//! Replays `tests/commands`: what the real Helm did with each command line, rhumb has to do, too.
//!
//! `tests/commands/README.md` tells the format. `COMMANDS=TEXT` replays only the cases whose
//! `SUBJECT: COMMAND` contains the text.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::{Value as Json, json};
use sha2::{Digest as _, Sha256};

/// When the fixtures were modified, in seconds since 1970.
const FIXED: u64 = 1_704_067_200;
/// The longest output that is recorded as text, in characters.
const LONGEST: usize = 16 << 10;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The lines of one case.
struct Case {
    subject: String,
    lines: Vec<String>,
}

impl Case {
    fn title(&self) -> String {
        let command = self.lines.iter().rfind(|line| line.starts_with("$ "));
        format!("{}: {}", self.subject, command.map_or("", |line| &line[2..]))
    }
}

fn parse(subject: &str, text: &str) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut current: Vec<String> = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let complete = current.iter().any(|line| line.starts_with("$ "));
        if complete && (line.starts_with("$ ") || line.starts_with('@')) {
            let lines = std::mem::take(&mut current);
            cases.push(Case { subject: subject.to_owned(), lines });
        }
        current.push(line.to_owned());
    }
    cases.push(Case { subject: subject.to_owned(), lines: current });
    cases
}

/// Parts a command line into words as a POSIX shell does.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word) = (Vec::new(), None::<String>);
    let mut characters = line.chars();
    let mut quote = None;
    while let Some(character) = characters.next() {
        match (quote, character) {
            (None, ' ') => words.extend(word.take()),
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (Some(open), _) if open == character => quote = None,
            (None, '\\') => word.get_or_insert_default().extend(characters.next()),
            (Some('"'), '\\') => {
                let next = characters.next().expect("a character after the backslash");
                let word = word.get_or_insert_default();
                if !matches!(next, '"' | '\\') {
                    word.push('\\');
                }
                word.push(next);
            }
            _ => word.get_or_insert_default().push(character),
        }
    }
    words.extend(word);
    words
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

/// Returns the paths of all files and links below a folder, sorted by their parts.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                walk(&entry.path(), found);
            } else {
                found.push(entry.path());
            }
        }
    }
    let mut found = Vec::new();
    walk(folder, &mut found);
    found.sort();
    found
}

fn pack(folder: &Path, archive: &Path) {
    let mut tar = tar::Builder::new(Vec::new());
    for path in files_below(folder) {
        let data = fs::read(&path).unwrap();
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_mtime(FIXED);
        header.set_size(data.len() as u64);
        let name = path.strip_prefix(folder.parent().unwrap()).unwrap();
        tar.append_data(&mut header, name, &data[..]).unwrap();
    }
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar.into_inner().unwrap()).unwrap();
    fs::write(archive, gzip.finish().unwrap()).unwrap();
}

/// What the directives of a case ask for.
#[derive(Default)]
struct Setup {
    commands: Vec<Vec<String>>,
    stdin: Vec<u8>,
    environment: Vec<(String, String)>,
    masks: Vec<Regex>,
    sorted: bool,
    differs: bool,
}

impl Setup {
    /// Fills the folder of a case.
    fn new(lines: &[String], folder: &Path) -> Setup {
        let mut setup = Setup::default();
        let text = lines.join("\n");
        for entry in fs::read_dir(root().join("tests/fixtures/commands")).unwrap() {
            let entry = entry.unwrap();
            if text.contains(entry.file_name().to_str().unwrap()) {
                copy(&entry.path(), &folder.join(entry.file_name()));
            }
        }
        let mut lines = lines.iter().peekable();
        while let Some(line) = lines.next() {
            let mut data = String::new();
            while let Some(body) = lines.next_if(|line| line.starts_with('|')) {
                data.push_str(body.get(2..).unwrap_or_default());
                data.push('\n');
            }
            if let Some(command) = line.strip_prefix("$ ").or_else(|| line.strip_prefix("& ")) {
                let place = folder.to_str().unwrap();
                let command = words(command).into_iter().map(|word| word.replace("[DIR]", place));
                setup.commands.push(command.collect());
                continue;
            }
            let (word, argument) = line.split_once(' ').unwrap_or((line, ""));
            let (first, second) = argument.split_once(' ').unwrap_or((argument, ""));
            let path = folder.join(first);
            let with_parent = |path: &Path| fs::create_dir_all(path.parent().unwrap()).unwrap();
            match word {
                "@file" => {
                    with_parent(&path);
                    fs::write(path, data).unwrap();
                }
                "@append" => {
                    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
                    file.write_all(data.as_bytes()).unwrap();
                }
                "@base64" => {
                    with_parent(&path);
                    fs::write(path, STANDARD.decode(data.replace('\n', "")).unwrap()).unwrap();
                }
                "@remove" if path.is_dir() => fs::remove_dir_all(path).unwrap(),
                "@remove" => fs::remove_file(path).unwrap(),
                "@link" => {
                    with_parent(&path);
                    link(Path::new(second), &path);
                }
                "@pack" => {
                    with_parent(&folder.join(second));
                    pack(&path, &folder.join(second));
                }
                "@stdin" => setup.stdin = data.into_bytes(),
                "@env" => {
                    let (name, value) = argument.split_once('=').unwrap();
                    let value = value.replace("[DIR]", folder.to_str().unwrap());
                    setup.environment.push((name.to_owned(), value));
                }
                "@mask" => setup.masks.push(Regex::new(argument).unwrap()),
                "@sorted" => setup.sorted = true,
                "@differs" => setup.differs = true,
                _ => panic!("unknown directive {line:?}"),
            }
        }
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(FIXED);
        for path in files_below(folder).iter().filter(|path| !path.is_symlink()) {
            fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
        }
        setup
    }

    /// Takes out of a text what changes from run to run.
    fn strip(&self, text: &str, folder: &Path) -> String {
        let mut text = text.replace(folder.to_str().unwrap(), "[DIR]");
        for mask in &self.masks {
            text = mask.replace_all(&text, "[MASK]").into_owned();
        }
        if self.sorted {
            let mut lines: Vec<_> = text.lines().collect();
            lines.sort_unstable();
            text = lines.iter().flat_map(|line| [line, "\n"]).collect();
        }
        text
    }

    /// Returns a text as it is recorded.
    fn shown(&self, data: &[u8], folder: &Path) -> String {
        let Ok(text) = std::str::from_utf8(data) else { return sha256(data) };
        let text = self.strip(text, folder);
        if text.chars().count() > LONGEST { sha256(text.as_bytes()) } else { text }
    }

    /// Describes every file below the folder.
    fn snapshot(&self, folder: &Path) -> BTreeMap<String, Json> {
        let mut found = BTreeMap::new();
        for path in files_below(folder) {
            let name = path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
            if [".cache/", ".config/", ".local/"].iter().any(|hidden| name.starts_with(hidden)) {
                continue;
            }
            let described = if let Ok(target) = fs::read_link(&path) {
                json!(format!("-> {}", target.display()))
            } else {
                let data = fs::read(&path).unwrap();
                let listed = Path::new(&name)
                    .extension()
                    .is_some_and(|e| e == "tgz")
                    .then(|| entries(&data))
                    .flatten();
                listed.map_or_else(|| json!(self.shown(&data, folder)), |listed| json!(listed))
            };
            found.insert(name, described);
        }
        found
    }
}

#[cfg(unix)]
fn link(target: &Path, path: &Path) {
    std::os::unix::fs::symlink(target, path).unwrap();
}

#[cfg(not(unix))]
fn link(_: &Path, path: &Path) {
    panic!("no symbolic link at {}", path.display());
}

fn hex(data: &[u8]) -> String {
    Sha256::digest(data).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn sha256(data: &[u8]) -> String {
    format!("sha256 {}", hex(data))
}

/// Lists the entries of a chart archive; nothing for what is none.
fn entries(data: &[u8]) -> Option<Vec<String>> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(data));
    let mut lines = Vec::new();
    for entry in tar.entries().ok()? {
        let mut entry = entry.ok()?;
        let header = entry.header();
        let (mode, size) = (header.mode().ok()?, header.size().ok()?);
        let when = match header.mtime().ok()? {
            FIXED => "fixed".to_owned(),
            time if time > now - 86400 => "now".to_owned(),
            time => time.to_string(),
        };
        let name = entry.path().ok()?.to_str()?.to_owned();
        let mut content = Vec::new();
        entry.read_to_end(&mut content).ok()?;
        lines.push(format!("{name} {mode:o} {size} {when} {}", hex(&content)));
    }
    Some(lines)
}

/// Appends what differs between two texts.
fn differ(report: &mut String, title: &str, helm: &str, rhumb: &str) {
    if helm == rhumb {
        return;
    }
    let (helm, rhumb): (Vec<_>, Vec<_>) = (helm.split('\n').collect(), rhumb.split('\n').collect());
    let before = helm.iter().zip(&rhumb).take_while(|(a, b)| a == b).count();
    let rest = helm.len().min(rhumb.len()) - before;
    let after =
        helm.iter().rev().zip(rhumb.iter().rev()).take(rest).take_while(|(a, b)| a == b).count();
    writeln!(report, "  {title}, line {}:", before + 1).unwrap();
    for (sign, lines) in [('-', &helm), ('+', &rhumb)] {
        for line in lines[before..lines.len() - after].iter().take(8) {
            writeln!(report, "    {sign} {line:?}").unwrap();
        }
    }
}

/// Appends what of Helm's stderr is missing in that of rhumb, and log lines that differ.
fn differ_stderr(report: &mut String, helm: &str, rhumb: &str) {
    let counts = |line: &&str| !line.trim().is_empty() && !line.starts_with("Usage:");
    let mut found = rhumb.lines();
    for line in helm.lines().filter(counts) {
        if !found.any(|candidate| candidate == line) {
            writeln!(report, "  stderr lacks, or has elsewhere: {line:?}\n    of: {rhumb:?}")
                .unwrap();
            return;
        }
    }
    let log = |text: &str| {
        let lines: Vec<_> = text.lines().filter(|line| line.starts_with("level=")).collect();
        lines.join("\n")
    };
    let (helm, rhumb): (String, String) = (log(helm), log(rhumb));
    differ(report, "log on stderr", &helm, &rhumb);
}

/// Runs a case and tells what differs from its recording.
fn replay(case: &Case, record: &Json) -> (String, bool) {
    let scratch = tempfile::Builder::new().prefix("commands-").rand_bytes(8).tempdir().unwrap();
    let folder = scratch.path().canonicalize().unwrap();
    let setup = Setup::new(&case.lines, &folder);
    let before = setup.snapshot(&folder);
    let mut report = String::new();
    for (command, run) in setup.commands.iter().zip(record["runs"].as_array().unwrap()) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_rhumb"))
            .args(command)
            .current_dir(&folder)
            .env_clear()
            .envs([("PATH", "/usr/bin:/bin"), ("TZ", "UTC"), ("LC_ALL", "C.UTF-8")])
            .env("HOME", &folder)
            .envs(setup.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A command that reads nothing closes its end.
        drop(child.stdin.take().unwrap().write_all(&setup.stdin));
        let output = child.wait_with_output().unwrap();
        let text = |stream: &str| run[stream].as_str().unwrap().to_owned();
        let stderr = setup.shown(&output.stderr, &folder);
        if output.status.code().map(i64::from) != run["exit"].as_i64() {
            let status = output.status;
            writeln!(report, "  exit {}, but {status}: {stderr}", run["exit"]).unwrap();
        }
        differ(&mut report, "stdout", &text("stdout"), &setup.shown(&output.stdout, &folder));
        differ_stderr(&mut report, &text("stderr"), &stderr);
    }
    let after = setup.snapshot(&folder);
    let mut made: BTreeMap<_, _> = record["files"].as_object().unwrap().iter().collect();
    for name in before.keys().chain(after.keys().filter(|name| !before.contains_key(*name))) {
        let (old, new) = (before.get(name), after.get(name));
        let expected = made.remove(name);
        let null = Json::Null;
        let found = if old == new { None } else { Some(new.unwrap_or(&null)) };
        if expected != found {
            let text = |json: Option<&Json>| match json {
                None => "unchanged".to_owned(),
                Some(Json::String(text)) => text.clone(),
                Some(Json::Array(lines)) => {
                    lines.iter().flat_map(|line| [line.as_str().unwrap(), "\n"]).collect()
                }
                Some(_) => "removed".to_owned(),
            };
            differ(&mut report, &format!("file {name}"), &text(expected), &text(found));
        }
    }
    for name in made.keys() {
        writeln!(report, "  file {name} was not made").unwrap();
    }
    (report, setup.differs)
}

/// Reads all cases with their recordings.
fn cases() -> (Vec<(Case, Json)>, Vec<String>) {
    let folder = root().join("tests/commands");
    let mut found = Vec::new();
    let mut missing = Vec::new();
    let mut subjects: Vec<_> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    subjects.sort();
    for path in subjects {
        let subject = path.file_stem().unwrap().to_str().unwrap();
        let recorded = folder.join(format!("recorded/{subject}.jsonl"));
        let recorded = fs::read_to_string(recorded).unwrap_or_default();
        let mut records: BTreeMap<String, Json> = BTreeMap::new();
        for line in recorded.lines() {
            let record: Json = serde_json::from_str(line).unwrap();
            records.insert(record["case"].to_string(), record);
        }
        for case in parse(subject, &fs::read_to_string(&path).unwrap()) {
            match records.remove(&json!(case.lines).to_string()) {
                Some(record) => found.push((case, record)),
                None => missing.push(case.title()),
            }
        }
        missing.extend(records.into_keys().map(|case| format!("{subject}: gone: {case}")));
    }
    (found, missing)
}

#[test]
fn commands_do_what_helm_does() {
    let filter = std::env::var("COMMANDS").unwrap_or_default();
    let (mut cases, missing) = cases();
    cases.retain(|(case, _)| case.title().contains(&filter));
    assert!(!cases.is_empty(), "the command lines are gone");
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..2 * std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((case, record)) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (report, differs) = replay(case, record);
                    let report = match (report.is_empty(), differs) {
                        (true, true) => "  agrees now: take its @differs away\n".to_owned(),
                        (false, true) => continue,
                        _ => report,
                    };
                    if !report.is_empty() {
                        let title = format!("{}\n{}", case.title(), case.lines.join("\n"));
                        failures.lock().unwrap().insert(title, report);
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    let texts = failures.iter().map(|(title, report)| format!("{title}\n{report}"));
    let text = texts.collect::<Vec<_>>().join("\n");
    assert!(
        failures.is_empty() && missing.is_empty(),
        "{} of {} command lines differ; - Helm, + rhumb\n\n{text}\nnot recorded (run \
         scripts/record-commands): {missing:#?}",
        failures.len(),
        cases.len()
    );
}

#[test]
fn command_lines_are_parted_as_a_shell_does() {
    for (line, expected) in [
        ("template  a", vec!["template", "a"]),
        ("a 'b c' \"d\\\"e\\n\"f g\\ h ''", vec!["a", "b c", "d\"e\\nf", "g h", ""]),
    ] {
        assert_eq!(words(line), expected, "{line}");
    }
}
