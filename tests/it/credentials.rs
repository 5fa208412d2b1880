//! Ways to log in to a cluster and to reach it, and what must never be told of them.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::control_plane::{World, rhumb, world};

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/parity/web");

/// What a user with a token needs.
struct Login {
    server: String,
    authority: String,
    token: String,
}

impl World {
    /// Makes a service account that may do anything in the namespace.
    fn login(&self) -> Login {
        let namespace = &self.namespace;
        self.ok(&self.kubectl, &format!("create namespace {namespace}"));
        self.ok(&self.kubectl, "create serviceaccount robot");
        self.ok(
            &self.kubectl,
            &format!(
                "create rolebinding robot --clusterrole=admin --serviceaccount={namespace}:robot"
            ),
        );
        let token = self.ok(&self.kubectl, "create token robot").trim().to_owned();
        let config = |path: &str| {
            self.ok(&self.kubectl, &format!("config view --raw --minify -o jsonpath={path}"))
        };
        let server = config("{.clusters[0].cluster.server}");
        let mut authority = config("{.clusters[0].cluster.certificate-authority-data}");
        if authority.is_empty() {
            let file = config("{.clusters[0].cluster.certificate-authority}");
            let bytes = std::fs::read(self.kubeconfig.parent().unwrap().join(file)).unwrap();
            authority = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes);
        }
        Login { server, authority, token }
    }

    /// Writes a kubeconfig; `cluster` and `user` are lines of theirs.
    fn kubeconfig(&self, name: &str, login: &Login, cluster: &str, user: &str) -> String {
        let Login { server, authority, .. } = login;
        let text = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\n\
             contexts: [{{name: c, context: {{cluster: c, user: u}}}}]\n\
             clusters:\n- name: c\n  cluster:\n    server: {server}\n    \
             certificate-authority-data: {authority}\n{cluster}\
             users:\n- name: u\n  user:\n{user}"
        );
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    fn run(&self, kubeconfig: &str, variables: &[(&str, &str)], arguments: &str) -> Output {
        Command::new(rhumb())
            .args(arguments.split_whitespace())
            .args(["-n", &self.namespace])
            .env_clear()
            .env("HOME", self.folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("KUBECONFIG", kubeconfig)
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::write(path, format!("#!/bin/sh\n{text}")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn plugins_and_flags_log_in() {
    let Some(world) = world("login") else { return };
    let login = world.login();
    let token = &login.token;

    // A plugin gets arguments and variables, and is told about the cluster if it wants to know.
    let plugin = world.folder.path().join("plugin");
    script(
        &plugin,
        &format!(
            "[ \"$1\" = get-token ] && [ \"$STAGE\" = test ] || {{ echo 'log in first' >&2; exit 3; }}\n\
             echo \"$KUBERNETES_EXEC_INFO\" > {0}/info\n\
             echo '{{\"kind\": \"ExecCredential\", \"apiVersion\": \"client.authentication.k8s.io/v1\", \
             \"status\": {{\"token\": \"{token}\"}}}}'\n",
            world.folder.path().display()
        ),
    );
    let user = |argument: &str| {
        format!(
            "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: {}\n      \
             args: [{argument}]\n      env: [{{name: STAGE, value: test}}]\n      \
             interactiveMode: Never\n      provideClusterInfo: true\n",
            plugin.display()
        )
    };
    let config = world.kubeconfig("exec", &login, "", &user("get-token"));
    let installed = world.run(&config, &[], &format!("install web {CHART}"));
    assert!(installed.status.success(), "{}", stderr(&installed));
    let info = std::fs::read_to_string(world.folder.path().join("info")).unwrap();
    assert!(info.contains(&login.server), "{info}");

    let config = world.kubeconfig("exec-fails", &login, "", &user("nonsense"));
    let failed = world.run(&config, &[], "list");
    let expected = format!(
        "getting credentials: exec: executable {} failed with exit code 3: log in first",
        plugin.display()
    );
    assert!(stderr(&failed).contains(&expected), "{}", stderr(&failed));

    // Nobody without a token, and whoever has one by flag or variable.
    let config = world.kubeconfig("nobody", &login, "", "    {}\n");
    let failed = world.run(&config, &[], "list");
    assert!(!failed.status.success());
    for run in [
        world.run(&config, &[], &format!("list -q --kube-token {token}")),
        world.run(&config, &[("HELM_KUBETOKEN", token)], "list -q"),
    ] {
        assert_eq!(String::from_utf8_lossy(&run.stdout), "web\n", "{}", stderr(&run));
    }

    // The rights are those of whom one acts as.
    let admin = world.kubeconfig.display().to_string();
    let robot = format!("system:serviceaccount:{}:robot", world.namespace);
    let listed = world.run(&admin, &[], &format!("list -q --kube-as-user {robot}"));
    assert_eq!(String::from_utf8_lossy(&listed.stdout), "web\n", "{}", stderr(&listed));
    for refused in [
        world.run(&admin, &[], "list --kube-as-user eve"),
        world.run(&admin, &[("HELM_KUBEASUSER", "eve")], "list"),
    ] {
        assert!(stderr(&refused).contains("User \"eve\" cannot list"), "{}", stderr(&refused));
    }
    let member =
        world.run(&admin, &[], "list -q --kube-as-user eve --kube-as-group system:masters");
    assert!(member.status.success(), "{}", stderr(&member));
    let viewer = world.run(&admin, &[], "list --kube-context rhumb-view");
    assert!(stderr(&viewer).contains("secrets is forbidden"), "{}", stderr(&viewer));
}

/// A proxy that passes on whatever `CONNECT` asks for, and counts.
fn proxy() -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, counted) = (client.unwrap(), Arc::clone(&counted));
            std::thread::spawn(move || {
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && client.read(&mut byte).unwrap_or(0) == 1 {
                    head.push(byte[0]);
                }
                let head = String::from_utf8_lossy(&head).into_owned();
                let mut words = head.split_whitespace();
                if words.next() != Some("CONNECT") {
                    return;
                }
                let mut server = TcpStream::connect(words.next().unwrap()).unwrap();
                counted.fetch_add(1, Ordering::SeqCst);
                client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
                let (mut from, mut to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                std::thread::spawn(move || drop(std::io::copy(&mut from, &mut to)));
                drop(std::io::copy(&mut server, &mut client));
            });
        }
    });
    (address, count)
}

#[test]
fn proxies_are_used_and_passed_over() {
    let Some(world) = world("proxy") else { return };
    let login = world.login();
    let user = format!("    token: {}\n", login.token);
    let plain = world.kubeconfig("plain", &login, "", &user);
    let (address, count) = proxy();
    let listed = |config: &str, variables: &[(&str, &str)]| {
        let before = count.load(Ordering::SeqCst);
        let output = world.run(config, variables, "list");
        assert!(output.status.success(), "{}", stderr(&output));
        count.load(Ordering::SeqCst) > before
    };
    assert!(!listed(&plain, &[]));
    assert!(listed(&plain, &[("HTTPS_PROXY", &address)]));
    assert!(listed(&plain, &[("https_proxy", &address)]));
    let named = world.kubeconfig("named", &login, &format!("    proxy-url: {address}\n"), &user);
    assert!(listed(&named, &[]));
    // One that is not there is told of.
    let gone = world.kubeconfig("gone", &login, "    proxy-url: http://127.0.0.1:1\n", &user);
    let failed = world.run(&gone, &[], "list");
    assert!(!failed.status.success());
    assert!(stderr(&failed).contains("connection refused"), "{}", stderr(&failed));
}

#[test]
fn certificates_are_checked() {
    use base64::Engine as _;
    let Some(world) = world("certificate") else { return };
    let login = world.login();
    let user = format!("    token: {}\n", login.token);
    let authority = world.folder.path().join("ca.crt");
    let bytes = base64::engine::general_purpose::STANDARD.decode(&login.authority).unwrap();
    std::fs::write(&authority, bytes).unwrap();
    let authority = authority.display();
    let trusting = world.kubeconfig("trusting", &login, "", &user);
    let server = login.server.clone();
    let elsewhere = Login { server: "https://127.0.0.1:1".to_owned(), ..login };
    let elsewhere = world.kubeconfig("elsewhere", &elsewhere, "", &user);
    let login = Login { server, authority: String::new(), token: String::new() };
    let doubting = world.kubeconfig("doubting", &login, "", &user);
    let server = &login.server;
    for (config, flags, works) in [
        (&trusting, String::new(), true),
        (&doubting, String::new(), false),
        (&doubting, format!("--kube-ca-file {authority}"), true),
        (&doubting, "--kube-insecure-skip-tls-verify".to_owned(), true),
        (&trusting, "--kube-tls-server-name elsewhere.test".to_owned(), false),
        (&trusting, "--kube-tls-server-name kubernetes.default.svc".to_owned(), true),
        (&elsewhere, String::new(), false),
        (&elsewhere, format!("--kube-apiserver {server}"), true),
        (&doubting, "--kube-ca-file /does/not/exist".to_owned(), false),
    ] {
        let output = world.run(config, &[], &format!("list {flags}"));
        let said = stderr(&output);
        assert_eq!(output.status.success(), works, "{config} {flags}: {said}");
        if !works {
            assert!(said.starts_with("Error: kubernetes cluster unreachable: "), "{flags}: {said}");
        }
    }
}

#[test]
fn secrets_are_not_told() {
    let Some(world) = world("leak") else { return };
    let login = world.login();
    let token = login.token.clone();
    let user = format!("    token: {token}\n");
    let config = world.kubeconfig("config", &login, "", &user);
    let secret = "--set secret=true,color=hunter2";
    let bad = r#"extra=[{"apiVersion":"v1","kind":"Service","metadata":{"name":"bad"},"spec":{"ports":[{"port":0}]}}]"#;
    let hooks = r#"hooks=[{"name":"t","on":"test","kind":"Pod"},{"name":"a","on":"pre-upgrade"}]"#;
    // Commands, and whether what they print on stdout shows Secrets because that is asked for.
    let commands = [
        (format!("install web {CHART} {secret} --set-json {hooks}"), true),
        (format!("install web {CHART} {secret}"), true),
        (format!("upgrade web {CHART} {secret},count=2 --set-json {hooks}"), true),
        (format!("upgrade web {CHART} {secret} --set-json {bad}"), true),
        (format!("upgrade web {CHART} --set secret=true,color=b --dry-run=server"), false),
        (format!("install other {CHART} {secret} --dry-run=client --hide-secret"), false),
        (format!("install other {CHART} {secret} --dry-run=server"), false),
        ("rollback web 1".to_owned(), true),
        ("test web --logs".to_owned(), true),
        ("status web".to_owned(), true),
        ("history web".to_owned(), true),
        ("list --kube-token wrong-token-12345".to_owned(), true),
        ("list --kube-apiserver https://127.0.0.1:1".to_owned(), true),
        ("get metadata web".to_owned(), true),
        ("uninstall web".to_owned(), true),
    ];
    for (arguments, whole) in commands {
        for debug in ["", " --debug"] {
            let arguments = format!("{arguments}{debug}");
            let output = world.run(&config, &[], &arguments);
            let mut text = stderr(&output);
            // Under --debug Helm prints manifests, which is what the flag is for.
            if whole && debug.is_empty() {
                text.push_str(&String::from_utf8_lossy(&output.stdout));
            }
            // The notes of the chart tell the color.
            let text = text.replace(" is hunter2", "");
            for told in [&token[..], "hunter2-secret", "aHVudGVyMi1zZWNyZXQ", "wrong-token-12345"] {
                assert!(!text.contains(told), "{arguments} tells {told}:\n{text}");
            }
        }
    }
}
