//! Servers with certificates of their own, and a registry that asks for tokens: rhumb beside Helm.
//!
//! `openssl` makes the keys and serves a repository; see `servers` for the rest.
#![expect(clippy::print_stderr, reason = "a test")]

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::servers::{Registry, Web, World, variable};

fn openssl(folder: &Path, arguments: &str) -> bool {
    let run = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    run.is_ok_and(|status| status.success())
}

/// Makes a key and a certificate that vouches for itself, `NAME.key` and `NAME.crt`.
fn certificate(folder: &Path, name: &str, host: &str) -> bool {
    let made = openssl(
        folder,
        &format!(
            "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN={name} -addext \
             subjectAltName={host} -addext basicConstraints=critical,CA:FALSE -keyout {name}.key -out {name}.crt"
        ),
    );
    if !made {
        assert!(std::env::var_os("CI").is_none(), "openssl does not make certificates");
        eprintln!("passed over: openssl does not make certificates");
    }
    made
}

/// A web server with TLS.
struct Files {
    address: String,
    process: Child,
}

impl Files {
    fn start(folder: &Path, certificates: &Path, name: &str, more: &str) -> Files {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let certificates = certificates.display();
        let process = Command::new("openssl")
            .args(["s_server", "-WWW", "-quiet", "-accept", &port.to_string()])
            .args(["-cert", &format!("{certificates}/{name}.crt")])
            .args(["-key", &format!("{certificates}/{name}.key")])
            .args(more.split_whitespace())
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let files = Files { address: format!("127.0.0.1:{port}"), process };
        let answers = (0..200).any(|_| {
            std::thread::sleep(Duration::from_millis(50));
            TcpStream::connect(&files.address).is_ok()
        });
        assert!(answers, "openssl does not serve");
        files
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn world() -> Option<(World, PathBuf)> {
    let world = World::new()?;
    let folder = world.path("certificates");
    fs::create_dir(&folder).unwrap();
    let made = certificate(&folder, "server", "IP:127.0.0.1")
        && certificate(&folder, "other", "DNS:elsewhere.example")
        && certificate(&folder, "client", "DNS:client.example");
    made.then_some((world, folder))
}

#[test]
fn certificates_of_a_repository() {
    let Some((world, keys)) = world() else { return };
    let web = world.path("web");
    let keys = keys.display();
    let server = Files::start(&web, &world.path("certificates"), "server", "");
    let url = format!("https://{}", server.address);
    for arguments in [
        "",
        "--ca-file KEYS/server.crt",
        "--ca-file KEYS/other.crt",
        "--ca-file KEYS/none.crt",
        "--ca-file KEYS/server.key",
        "--insecure-skip-tls-verify",
        "--cert-file KEYS/client.crt",
    ] {
        let arguments = arguments.replace("KEYS", &keys.to_string());
        world.compare(&format!("template x web --repo {url} --version 0.1.0 {arguments}"));
        world.compare(&format!("template x {url}/web-0.1.0.tgz {arguments}"));
    }
    world.compare(&format!("template x {} -f {url}/my.yaml", world.path("src").display()));

    let other = Files::start(&web, &world.path("certificates"), "other", "");
    let url = format!("https://{}", other.address);
    world.compare(&format!("template x web --repo {url} --ca-file {keys}/other.crt"));

    let demand = format!("-Verify 1 -CAfile {keys}/client.crt -verify_return_error");
    let strict = Files::start(&web, &world.path("certificates"), "server", &demand);
    let url = format!("https://{}", strict.address);
    let known = format!("--version 0.1.0 --ca-file {keys}/server.crt");
    let client = format!("--cert-file {keys}/client.crt --key-file {keys}/client.key");
    world.compare(&format!("template x web --repo {url} {known} {client}"));
    let (success, stdout, stderr) =
        world.run("rhumb", &format!("template x web --repo {url} {known}"));
    assert!(!success && stdout.is_empty() && stderr.contains("looks like"), "{stderr}");
}

#[test]
fn certificates_of_a_registry() {
    let Some((world, keys)) = world() else { return };
    let Some(binary) = variable("RHUMB_TEST_REGISTRY") else { return };
    let keys = keys.display();
    let tls = format!("{{certificate: {keys}/server.crt, key: {keys}/server.key}}");
    let registry = Registry::with(&binary, world.folder.path(), &tls, "");
    let chart = format!("oci://{}/charts/web", registry.address);
    let file = world.path("web/web-0.1.0.tgz");
    let push = format!("push {} oci://{}/charts", file.display(), registry.address);
    world.ok("helm", &format!("{push} --ca-file {keys}/server.crt"));
    for arguments in [
        "--ca-file KEYS/server.crt",
        "--ca-file KEYS/other.crt",
        "--insecure-skip-tls-verify",
        "--plain-http",
        "",
    ] {
        let arguments = arguments.replace("KEYS", &keys.to_string());
        world.compare(&format!("template x {chart}:0.1.0 {arguments}"));
    }
}

/// A registry's token for the chart that the tests push and pull, signed with a key.
fn token(folder: &Path, name: &str) -> String {
    let certificate = fs::read_to_string(folder.join(format!("{name}.crt"))).unwrap();
    let certificate: String = certificate.lines().filter(|line| !line.starts_with('-')).collect();
    let head = format!(r#"{{"typ":"JWT","alg":"RS256","x5c":["{certificate}"]}}"#);
    let claims = r#"{"iss":"issuer","sub":"bob","aud":"registry","exp":9999999999,"nbf":0,"iat":0,
        "jti":"1","access":[{"type":"repository","name":"charts/web","actions":["pull","push"]}]}"#;
    let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(head), URL_SAFE_NO_PAD.encode(claims));
    fs::write(folder.join("claims"), &signed).unwrap();
    assert!(openssl(folder, &format!("dgst -sha256 -sign {name}.key -out signature claims")));
    let signature = fs::read(folder.join("signature")).unwrap();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

#[test]
fn tokens_of_a_registry() {
    let Some((world, keys)) = world() else { return };
    let Some(binary) = variable("RHUMB_TEST_REGISTRY") else { return };
    world.write("tokens/token", &format!(r#"{{"token":"{}"}}"#, token(&keys, "server")));
    let tokens = Web::start(&world.path("tokens"));
    let auth = format!(
        "{{token: {{realm: \"{}/token\", service: registry, issuer: issuer, rootcertbundle: \
         {}/server.crt}}}}",
        tokens.address,
        keys.display()
    );
    let registry = Registry::with(&binary, world.folder.path(), "", &auth);
    let chart = format!("oci://{}/charts/web", registry.address);
    let file = world.path("web/web-0.1.0.tgz");
    let push = format!("push {} oci://{}/charts", file.display(), registry.address);
    world.ok("helm", &format!("{push} --plain-http"));
    let login = STANDARD.encode("bob:secret");
    for arguments in ["", "--username bob --password secret"] {
        tokens.asked();
        world.compare(&format!("template x {chart}:0.1.0 --plain-http {arguments}"));
        let asked = tokens.asked();
        let with_login = asked.iter().filter(|line| line.ends_with(&format!(" Basic {login}")));
        let expected = if arguments.is_empty() { 0 } else { asked.len() };
        assert_eq!(with_login.count(), expected, "{asked:?}");
        assert!(asked.iter().all(|line| line.starts_with("/token?")), "{asked:?}");
        assert!(asked.len() > 1, "both ask for a token: {asked:?}");
    }

    // A token that the registry does not take, and a server that gives none.
    world.write("tokens/token", &format!(r#"{{"token":"{}"}}"#, token(&keys, "other")));
    world.compare(&format!("template x {chart}:0.1.0 --plain-http"));
    fs::remove_file(world.path("tokens/token")).unwrap();
    world.compare(&format!("template x {chart}:0.1.0 --plain-http"));
}
