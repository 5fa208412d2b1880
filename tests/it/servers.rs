//! Charts and values from servers: rhumb beside Helm, against a web server of our own and the
//! registry that `scripts/registry` builds.
//!
//! `RHUMB_TEST_HELM_4` and `RHUMB_TEST_REGISTRY` name the binaries. Without them the tests pass
//! over, except under CI, where they fail.
#![expect(clippy::print_stderr, reason = "a test")]

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::control_plane::rhumb;

pub(super) fn variable(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os(name).map(PathBuf::from);
    if path.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{name} is not set");
        eprintln!("passed over: {name} is not set");
    }
    path
}

/// Serves the files of a folder and remembers what it was asked: path and `Authorization`.
pub(super) struct Web {
    pub(super) address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    pub(super) fn start(folder: &Path) -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let (folder, log) = (folder.to_owned(), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (folder, log) = (folder.clone(), Arc::clone(&log));
                std::thread::spawn(move || answer(stream, &folder, &log));
            }
        });
        Web { address, asked }
    }

    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, folder: &Path, log: &Mutex<Vec<String>>) {
    let mut request = Vec::new();
    let mut buffer = [0; 4096];
    while !request.windows(4).any(|window| window == b"\r\n\r\n") {
        match stream.read(&mut buffer) {
            Ok(count) if count > 0 => request.extend_from_slice(&buffer[..count]),
            _ => return,
        }
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    let path = request.split(' ').nth(1).unwrap_or("/").to_owned();
    let login = request
        .lines()
        .find_map(|line| line.to_lowercase().starts_with("authorization:").then(|| &line[14..]));
    log.lock().unwrap().push(format!("{path}{}", login.unwrap_or_default()));
    let file = folder.join(path.split('?').next().unwrap_or_default().trim_start_matches('/'));
    let (status, body) = match fs::read(file) {
        Ok(body) => ("200 OK", body),
        Err(_) => ("404 Not Found", b"nothing here".to_vec()),
    };
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    drop(stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)));
}

pub(super) struct Registry {
    pub(super) address: String,
    process: Child,
}

impl Registry {
    fn start(binary: &Path, folder: &Path, login: Option<(&str, &str)>) -> Registry {
        let Some((name, password)) = login else { return Registry::with(binary, folder, "", "") };
        let hash = bcrypt::hash(password, 4).unwrap();
        let logins = folder.join("logins");
        fs::write(&logins, format!("{name}:{hash}\n")).unwrap();
        let auth = format!("{{htpasswd: {{realm: test, path: {}}}}}", logins.display());
        Registry::with(binary, folder, "", &auth)
    }

    /// Starts a registry with these settings of its server and of who may come in, if any.
    pub(super) fn with(binary: &Path, folder: &Path, tls: &str, auth: &str) -> Registry {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let folder = folder.join(port.to_string());
        fs::create_dir(&folder).unwrap();
        let mut config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: \
             {{filesystem: {{rootdirectory: {0}/data}}}}\nhttp: {{addr: \"{address}\"{1}}}\n",
            folder.display(),
            if tls.is_empty() { String::new() } else { format!(", tls: {tls}") }
        );
        if !auth.is_empty() {
            config.extend(["auth: ", auth, "\n"]);
        }
        fs::write(folder.join("config.yml"), config).unwrap();
        let process = Command::new(binary)
            .arg("serve")
            .arg(folder.join("config.yml"))
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let registry = Registry { address, process };
        let answers = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            TcpStream::connect(&registry.address).is_ok()
        });
        assert!(answers, "the registry does not answer");
        registry
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A folder with packed charts, a home for each of the two programs.
pub(super) struct World {
    helm: PathBuf,
    pub(super) folder: tempfile::TempDir,
}

impl World {
    pub(super) fn new() -> Option<World> {
        let helm = variable("RHUMB_TEST_HELM_4")?;
        let world = World { helm, folder: tempfile::tempdir().unwrap() };
        let web = world.path("web");
        for version in ["0.1.0", "0.2.0", "0.3.0-rc.1", "1.0.0+build.1"] {
            world.write(
                "src/Chart.yaml",
                &format!("apiVersion: v2\nname: web\nversion: {version}\n"),
            );
            world.write("src/values.yaml", "color: blue\n");
            world.write(
                "src/templates/a.yaml",
                "kind: A\nv: {{ .Chart.Version }}\ncolor: {{ .Values.color }}\n",
            );
            world.ok(
                "helm",
                &format!("package {} -d {}", world.path("src").display(), web.display()),
            );
        }
        world.ok("helm", &format!("repo index {}", web.display()));
        world.write("web/my.yaml", "color: red\n");
        world.write("web/broken.yaml", "color: [\n");
        Some(world)
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn run(&self, program: &str, arguments: &str) -> (bool, String, String) {
        let binary = if program == "helm" { &self.helm } else { rhumb() };
        let home = self.path(program);
        fs::create_dir_all(home.join("empty")).unwrap();
        let output = Command::new(binary)
            .args(arguments.split_whitespace())
            .current_dir(home.join("empty"))
            .env_clear()
            .env("HOME", &home)
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let stderr = text(output.stderr).replace(home.to_str().unwrap(), "[HOME]");
        (output.status.success(), text(output.stdout), stderr)
    }

    pub(super) fn ok(&self, program: &str, arguments: &str) -> String {
        let (success, stdout, stderr) = self.run(program, arguments);
        assert!(success, "{program} {arguments}: {stderr}");
        stdout
    }

    /// Runs both programs and holds the one against the other; rhumb may add a hint.
    pub(super) fn compare(&self, arguments: &str) {
        let helm = self.run("helm", arguments);
        let ours = self.run("rhumb", arguments);
        assert_eq!((helm.0, &helm.1), (ours.0, &ours.1), "{arguments}\n{}\n{}", helm.2, ours.2);
        let shown = ours.2.split("\n\nhint: ").next().unwrap_or_default();
        let shown = shown.split("\n\n  --> ").next().unwrap_or_default();
        assert!(shown.contains(helm.2.trim_end()), "{arguments}\n- {}\n+ {}", helm.2, ours.2);
    }
}

#[test]
fn charts_and_values_from_a_web_server() {
    let Some(world) = World::new() else { return };
    let web = Web::start(&world.path("web"));
    let url = &web.address;
    for program in ["helm", "rhumb"] {
        // Both read the list that Helm has made.
        world.write(
            &format!("{program}/.config/helm/repositories.yaml"),
            &format!("repositories:\n- name: r\n  url: {url}\n"),
        );
        let index = fs::read(world.path("web/index.yaml")).unwrap();
        let index = String::from_utf8(index).unwrap();
        world.write(&format!("{program}/.cache/helm/repository/r-index.yaml"), &index);
    }
    for arguments in [
        "x r/web",
        "x r/web --debug",
        "x r/web --version 0.1.0",
        "x r/web --version ~0.1",
        "x r/web --version 0.2",
        "x r/web --version <0.5-0 --devel",
        "x r/web --devel",
        "x r/web --version 7",
        "x r/none",
        "x web --repo URL",
        "x web --repo URL/",
        "x web --repo URL --version 0.2.0 --debug",
        "x web --repo URL --version 7",
        "x none --repo URL",
        "x web --repo URL/none",
        "x URL/web-0.1.0.tgz",
        "x URL/web-7.tgz",
        "x URL/web-0.1.0.tgz -f URL/my.yaml",
        "x r/web -f URL/my.yaml --set-file color=URL/my.yaml",
        "x r/web -f URL/none.yaml",
        "x r/web -f URL/broken.yaml",
        "x r/web --set-file color=URL/none",
    ] {
        world.compare(&format!("template {}", arguments.replace("URL", url)));
    }
}

#[test]
fn credentials_stay_with_their_server() {
    let Some(world) = World::new() else { return };
    let files = Web::start(&world.path("web"));
    let index = fs::read_to_string(world.path("web/index.yaml")).unwrap();
    world.write("front/index.yaml", &index.replace("- web-", &format!("- {}/web-", files.address)));
    let front = Web::start(&world.path("front"));
    let arguments = format!("template x web --repo {} --username bob --password pw", front.address);
    world.ok("rhumb", &arguments);
    assert_eq!(front.asked(), ["/index.yaml Basic Ym9iOnB3"]);
    assert_eq!(files.asked(), ["/web-1.0.0+build.1.tgz"]);
    world.ok("rhumb", &format!("{arguments} --pass-credentials"));
    assert_eq!(files.asked(), ["/web-1.0.0+build.1.tgz Basic Ym9iOnB3"]);
}

#[test]
fn a_file_with_another_digest_is_refused() {
    let Some(world) = World::new() else { return };
    let web = Web::start(&world.path("web"));
    fs::copy(world.path("web/web-0.1.0.tgz"), world.path("web/web-0.2.0.tgz")).unwrap();
    let (success, stdout, stderr) =
        world.run("rhumb", &format!("template x web --repo {} --version 0.2.0", web.address));
    assert!(!success && stdout.is_empty());
    assert!(stderr.contains("but its index says"), "{stderr}");
    assert!(!world.path("rhumb/.cache/helm/content").exists());
}

#[test]
fn charts_from_a_registry() {
    let Some(world) = World::new() else { return };
    let Some(binary) = variable("RHUMB_TEST_REGISTRY") else { return };
    let registry = Registry::start(&binary, world.folder.path(), None);
    let address = &registry.address;
    for version in ["0.1.0", "0.2.0", "0.3.0-rc.1", "1.0.0+build.1"] {
        let file = world.path(&format!("web/web-{version}.tgz"));
        let push = format!("push {} oci://{address}/charts --plain-http", file.display());
        world.ok("helm", &push);
    }
    let (_, _, pulled) =
        world.run("helm", &format!("template x oci://{address}/charts/web:0.1.0 --plain-http"));
    let digest = pulled.split("Digest: ").nth(1).unwrap().trim();
    for arguments in [
        "",
        " --version 0.1.0",
        " --version 0.1",
        " --version ^0.1",
        " --version 1.0.0+build.1",
        " --version 7.0.0",
        " --version >7",
        " --version nonsense",
        " --devel",
        ":0.2.0",
        ":0.2.0 --version 0.2.0",
        ":0.2.0 --version 0.1.0",
        ":none",
        "@DIGEST",
        ":0.1.0@DIGEST",
        ":0.2.0@DIGEST",
        "none",
        "none:0.1.0",
    ] {
        let arguments = arguments.replace("DIGEST", digest);
        world.compare(&format!("template x oci://{address}/charts/web{arguments} --plain-http"));
    }
}

#[test]
fn charts_from_a_registry_with_logins() {
    let Some(world) = World::new() else { return };
    let Some(binary) = variable("RHUMB_TEST_REGISTRY") else { return };
    let registry = Registry::start(&binary, world.folder.path(), Some(("bob", "secret")));
    let address = &registry.address;
    let chart = format!("oci://{address}/charts/web");
    let file = world.path("web/web-0.1.0.tgz");
    let login = "--plain-http --username bob --password";
    world.ok("helm", &format!("push {} oci://{address}/charts {login} secret", file.display()));
    world.compare(&format!("template x {chart} {login} secret"));
    world.compare(&format!("template x {chart}:0.1.0 {login} secret"));
    world.compare(&format!("template x {chart}:0.1.0 {login} wrong"));
    world.compare(&format!("template x {chart} --plain-http"));
    world.compare(&format!("template x {chart}:0.1.0 --plain-http"));
    for program in ["helm", "rhumb"] {
        let config = format!("{{\"auths\":{{\"{address}\":{{\"auth\":\"Ym9iOnNlY3JldA==\"}}}}}}");
        world.write(&format!("{program}/.config/helm/registry/config.json"), &config);
    }
    world.compare(&format!("template x {chart} --plain-http"));
    world.compare(&format!("template x {chart} --plain-http --registry-config /nowhere"));
}

#[test]
fn the_program_answers_to_the_name_helm() {
    let folder = tempfile::tempdir().unwrap();
    let helm = folder.path().join("helm");
    std::os::unix::fs::symlink(rhumb(), &helm).unwrap();
    let run = |arguments: &[&str]| {
        let output =
            Command::new(&helm).args(arguments).env("HOME", folder.path()).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (text(output.stdout), text(output.stderr))
    };
    assert_eq!(
        run(&["tempalte"]).1,
        "Error: unknown command \"tempalte\" for \"helm\"\n\nDid you mean this?\n\ttemplate\n\nRun \
         'helm --help' for usage.\n"
    );
    assert!(run(&["template", "--help"]).0.contains("Usage: helm template"));
    assert!(run(&["version", "--short"]).0.starts_with("v4.3.1+g"));
    assert!(run(&["env", "HELM_BIN"]).0.ends_with("/helm\n"));
    let lacking = run(&["plugin", "list"]).1;
    assert!(lacking.contains("unknown command \"plugin\" for \"helm\""));
    assert!(lacking.contains("Helm has the command `plugin`, rhumb does not have it"));
}
