//! `rhumb package` and `rhumb create`: archives are the same bytes from any copy of a chart, and
//! Helm takes what they make as it takes its own.
//!
//! `RHUMB_TEST_HELM_4` names Helm. Without it the tests that ask Helm pass over, except under CI,
//! where they fail.
#![expect(clippy::print_stderr, reason = "a test")]

use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, UNIX_EPOCH};

use super::control_plane::rhumb;

fn helm() -> Option<PathBuf> {
    let path = std::env::var_os("RHUMB_TEST_HELM_4").map(PathBuf::from);
    if path.is_none() {
        assert!(std::env::var_os("CI").is_none(), "RHUMB_TEST_HELM_4 is not set");
        eprintln!("passed over: RHUMB_TEST_HELM_4 is not set");
    }
    path
}

fn charts() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("charts");
    let mut charts: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    // Helm cannot render those in Jinja, which lie in a folder of their own.
    charts.retain(|chart| chart.join("Chart.yaml").exists());
    charts.sort();
    assert!(charts.len() > 1);
    charts
}

fn command(program: &Path, folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder).env_clear();
    command.env("HOME", folder).env("KUBECONFIG", "/dev/null").env("TZ", "UTC");
    command
}

fn ok(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

fn run(program: &Path, folder: &Path, arguments: &[&str]) -> String {
    String::from_utf8(ok(&mut command(program, folder, arguments)).stdout).unwrap()
}

/// Packs with `umask 0` or whatever `setup` says, and returns the only file of the new folder.
fn packed(chart: &Path, folder: &Path, to: &str, setup: &str) -> PathBuf {
    let script = format!("{setup}; exec \"$0\" package \"$1\" -d \"$2\"");
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", &script]).arg(rhumb()).arg(chart).arg(to).current_dir(folder);
    ok(shell.env_remove("SOURCE_DATE_EPOCH"));
    let entries = fs::read_dir(folder.join(to)).unwrap();
    let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.into_iter().next().unwrap()
}

/// Copies a folder in the reverse order of names, with other times and modes.
fn copy(source: &Path, target: &Path) {
    fs::create_dir_all(target).unwrap();
    let mut entries: Vec<_> =
        fs::read_dir(source).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    entries.sort();
    for name in entries.into_iter().rev() {
        let (source, target) = (source.join(&name), target.join(&name));
        if source.is_dir() {
            copy(&source, &target);
            continue;
        }
        fs::write(&target, fs::read(&source).unwrap()).unwrap();
        fs::set_permissions(&target, fs::Permissions::from_mode(0o700)).unwrap();
        let file = fs::File::options().write(true).open(&target).unwrap();
        file.set_modified(UNIX_EPOCH + Duration::from_hours(24)).unwrap();
    }
}

#[test]
fn a_chart_packs_to_the_same_bytes_from_any_copy() {
    for chart in charts() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("copy").join(chart.file_name().unwrap());
        copy(&chart, &place);
        let one = packed(&chart, folder.path(), "one", "umask 0");
        let two = packed(&place, folder.path(), "two", "umask 077");
        assert_eq!(one.file_name(), two.file_name());
        assert!(fs::read(&one).unwrap() == fs::read(&two).unwrap(), "{}", chart.display());
    }
}

fn unzipped(path: &Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let file = std::io::BufReader::new(fs::File::open(path).unwrap());
    flate2::bufread::GzDecoder::new(file).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn the_tar_stream_is_that_of_helm() {
    let Some(helm) = helm() else { return };
    for chart in charts() {
        // Helm's order of several subcharts changes from run to run.
        if chart.join("charts").exists() {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        for (program, to) in [(rhumb(), "rhumb"), (helm.as_path(), "helm")] {
            let arguments = ["package", chart.to_str().unwrap(), "-d", to];
            let mut command = command(program, folder.path(), &arguments);
            ok(command.env("SOURCE_DATE_EPOCH", "1000000000"));
        }
        let name = fs::read_dir(folder.path().join("helm")).unwrap().next().unwrap().unwrap();
        let [ours, theirs] =
            ["rhumb", "helm"].map(|to| unzipped(&folder.path().join(to).join(name.file_name())));
        assert!(ours == theirs, "{}", chart.display());
    }
}

/// Puts documents into one order: with Helm that of equal kinds of several subcharts is chance.
fn documents(text: &str) -> Vec<&str> {
    let mut documents: Vec<&str> = text.split("\n---\n").map(str::trim).collect();
    documents.sort_unstable();
    documents
}

#[test]
fn helm_renders_an_archive_as_its_folder() {
    let Some(helm) = helm() else { return };
    let mut rendered = 0;
    for chart in charts() {
        if fs::read_to_string(chart.join("Chart.yaml")).unwrap().contains("type: library") {
            continue;
        }
        let folder = tempfile::tempdir().unwrap();
        let archive = packed(&chart, folder.path(), "packed", "umask 022");
        let mut values = vec![None];
        values
            .extend(fs::read_dir(chart.join("ci")).unwrap().map(|file| Some(file.unwrap().path())));
        for values in values {
            let text = |place: &Path| {
                let mut arguments = vec!["template", "web", place.to_str().unwrap()];
                if let Some(file) = &values {
                    arguments.extend(["-f", file.to_str().unwrap()]);
                }
                run(&helm, folder.path(), &arguments)
            };
            let (unpacked, packed) = (text(&chart), text(&archive));
            assert_eq!(documents(&unpacked), documents(&packed), "{} {values:?}", chart.display());
            rendered += 1;
        }
    }
    assert!(rendered > 2);
}

/// The switches of the scaffold and what each brings.
const SWITCHES: [(&str, &[&str]); 6] = [
    ("", &["Deployment", "Pod", "Service", "ServiceAccount"]),
    ("serviceAccount.create=false", &["Deployment", "Pod", "Service"]),
    ("ingress.enabled=true", &["Deployment", "Ingress", "Pod", "Service", "ServiceAccount"]),
    ("httpRoute.enabled=true", &["Deployment", "HTTPRoute", "Pod", "Service", "ServiceAccount"]),
    (
        "autoscaling.enabled=true",
        &["Deployment", "HorizontalPodAutoscaler", "Pod", "Service", "ServiceAccount"],
    ),
    (
        "startupProbe=null,podLabels.a=b,service.type=NodePort,nameOverride=n,image.tag=x",
        &["Deployment", "Pod", "Service", "ServiceAccount"],
    ),
];

fn kinds(manifest: &str) -> Vec<&str> {
    let mut kinds: Vec<&str> =
        manifest.lines().filter_map(|line| line.strip_prefix("kind: ")).collect();
    kinds.sort_unstable();
    kinds
}

#[test]
fn a_new_chart_has_the_objects_that_its_switches_name() {
    for name in ["web", "A_B", "1.x"] {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(run(rhumb(), folder.path(), &["create", name]), format!("Creating {name}\n"));
        for (switch, expected) in SWITCHES {
            let arguments = ["template", "shop", name, "--set", switch];
            let text = run(rhumb(), folder.path(), &arguments);
            assert_eq!(kinds(&text), expected, "{name} {switch}");
            // Names that Kubernetes takes.
            for line in text.lines().filter(|line| line.starts_with("  name: ")) {
                let name = line.trim_start_matches("  name: ");
                let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
                assert!(name.chars().all(allowed), "{line}");
            }
        }
    }
}

#[test]
fn helm_takes_a_new_chart() {
    let Some(helm) = helm() else { return };
    let folder = tempfile::tempdir().unwrap();
    run(rhumb(), folder.path(), &["create", "web"]);
    run(&helm, folder.path(), &["lint", "--strict", "web"]);
    for (switch, expected) in SWITCHES {
        let arguments = ["template", "shop", "web", "--set", switch];
        let theirs = run(&helm, folder.path(), &arguments);
        assert_eq!(theirs, run(rhumb(), folder.path(), &arguments), "{switch}");
        assert_eq!(kinds(&theirs), expected, "{switch}");
        let lint = run(&helm, folder.path(), &["lint", "--strict", "web", "--set", switch]);
        assert!(lint.contains("0 chart(s) failed"), "{lint}");
    }
}

#[test]
fn the_schema_of_a_new_chart_finds_typing_errors() {
    let folder = tempfile::tempdir().unwrap();
    run(rhumb(), folder.path(), &["create", "web"]);
    for wrong in ["image.repo=x", "service.port=http", "replicaCount=-1", "ingress.hosts[0].host=1"]
    {
        let arguments = ["template", "shop", "web", "--set", wrong];
        let output = command(rhumb(), folder.path(), &arguments).output().unwrap();
        assert!(!output.status.success(), "{wrong}");
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.contains("values don't meet the specifications of the schema"), "{text}");
    }
    // Values that a parent chart hands down are welcome.
    let arguments = ["template", "shop", "web", "--set", "global.a=b,enabled=true"];
    run(rhumb(), folder.path(), &arguments);
}
