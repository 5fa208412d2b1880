//! `rhumb dependency` and signatures of charts on servers: rhumb beside Helm, against a web server of
//! our own and the registry that `scripts/registry` builds.
//!
//! `RHUMB_TEST_HELM_4` and `RHUMB_TEST_REGISTRY` name the binaries. Without them the tests pass
//! over, except under CI, where they fail.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::servers::{Registry, Web, World, variable};

const KEYS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/commands/keyrings");

/// Files of a chart with what they hold; archives by name alone, times masked.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for name in ["Chart.lock", "requirements.lock"] {
        if let Ok(text) = fs::read_to_string(folder.join(name)) {
            let text = text.split("generated:").next().unwrap().to_owned();
            found.insert(name.to_owned(), text);
        }
    }
    for entry in fs::read_dir(folder.join("charts")).into_iter().flatten() {
        found.insert(entry.unwrap().file_name().into_string().unwrap(), String::new());
    }
    found
}

/// Runs a command line in a fresh chart with both programs, and holds all against each other.
/// `CHART` is the chart.
fn compare(world: &World, dependencies: &str, lines: &[&str]) {
    let mut results = Vec::new();
    for program in ["helm", "rhumb"] {
        // A folder of the same name for both, so that their messages agree.
        let chart = world.path("app");
        drop(fs::remove_dir_all(&chart));
        let head = "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n";
        world.write("app/Chart.yaml", &format!("{head}{dependencies}"));
        for line in lines {
            let line = line.replace("CHART", chart.to_str().unwrap());
            let (success, stdout, stderr) = world.run(program, &line);
            // Helm tells of its own temporary files.
            let talk = stdout.split("Could not verify ").next().unwrap().to_owned()
                + stdout.split("(Skipping)").nth(1).unwrap_or_default();
            let stderr = stderr.split("\n\nhint: ").next().unwrap().trim_end().to_owned();
            results.push((program, line, success, talk, stderr, files(&chart)));
        }
    }
    let ours = results.split_off(lines.len());
    for (helm, ours) in results.into_iter().zip(ours) {
        let text = |r: &(&str, String, bool, String, String, BTreeMap<String, String>)| {
            format!("{}: {}\n{}\n{}\n{:#?}", r.1, r.2, r.3, r.4, r.5)
        };
        assert_eq!(text(&helm), text(&ours), "{dependencies}");
    }
}

/// A world with a repository `r` that both programs know, and in it a signed chart beside the others.
fn world_with_web() -> Option<(World, Web)> {
    let world = World::new()?;
    world.write("signed/Chart.yaml", "apiVersion: v2\nname: signed\nversion: 0.1.0\n");
    let (web, key) = (world.path("web"), format!("{KEYS}/secret.gpg"));
    let arguments = format!(
        "package {} -d {} --sign --key test@example.com --keyring {key}",
        world.path("signed").display(),
        web.display()
    );
    world.ok("helm", &arguments);
    world.ok("helm", &format!("repo index {}", web.display()));
    let server = Web::start(&web);
    for program in ["helm", "rhumb"] {
        world.write(
            &format!("{program}/.config/helm/repositories.yaml"),
            &format!("repositories:\n- name: r\n  url: {}\n", server.address),
        );
    }
    Some((world, server))
}

#[test]
fn dependencies_from_a_web_server() {
    let Some((world, web)) = world_with_web() else { return };
    let url = &web.address;
    let all = ["dep up CHART", "dep ls CHART", "dep up CHART --skip-refresh", "dep build CHART"];
    for list in [
        "- {name: web, version: ^0.1, repository: '@r'}\n",
        "- {name: web, version: '>0.0.0-0', repository: 'alias:r'}\n",
        "- {name: web, version: '*', repository: URL/}\n",
        "- {name: web, version: 0.1.0, repository: '@r'}\n- {name: web, alias: b, version: 0.2.x, \
         repository: URL}\n- {name: web, alias: c, version: 0.1.0, repository: URL}\n",
        "- {name: web, version: 7, repository: '@r'}\n- {name: web, alias: b, version: 8, \
         repository: '@r'}\n",
        "- {name: none, version: 7, repository: '@r'}\n",
        "- {name: web, version: 0.1.0, repository: '@none'}\n",
    ] {
        compare(&world, &list.replace("URL", url), &all);
    }
    compare(
        &world,
        "- {name: web, version: ^0.1, repository: '@r'}\n",
        &[
            "template CHART --dependency-update",
            "template CHART",
            "package CHART -u -d /tmp/none/x",
        ],
    );
}

#[test]
fn dependencies_of_repositories_that_were_not_added() {
    let Some((world, web)) = world_with_web() else { return };
    for program in ["helm", "rhumb"] {
        fs::remove_file(world.path(&format!("{program}/.config/helm/repositories.yaml"))).unwrap();
    }
    let list = format!("- {{name: web, version: ^0.1, repository: {}}}\n", web.address);
    compare(&world, &list, &["dep up CHART --skip-refresh"]);
    let lines = ["dep up CHART --username bob --password pw", "dep build CHART"];
    compare(&world, &list, &lines);
    assert!(web.asked().iter().all(|line| !line.contains("Basic")));
    let dead = "- {name: web, version: ^0.1, repository: 'http://127.0.0.1:9'}\n";
    compare(&world, dead, &["dep up CHART", "dep build CHART"]);
}

#[test]
fn a_failed_fetch_changes_nothing() {
    let Some((world, web)) = world_with_web() else { return };
    let list = "- {name: web, version: 0.1.0, repository: '@r'}\n- {name: signed, version: 0.1.0, \
                repository: '@r'}\n";
    compare(&world, list, &["dep up CHART"]);
    let before = files(&world.path("app"));
    assert_eq!(before.len(), 3);
    fs::remove_file(world.path("web/signed-0.1.0.tgz")).unwrap();
    world.write("app/charts/web-0.0.1.tgz.txt", "");
    fs::remove_file(world.path("app/charts/web-0.0.1.tgz.txt")).unwrap();
    let app = world.path("app");
    let (success, stdout, stderr) = world.run("rhumb", &format!("dep up {}", app.display()));
    assert!(!success, "{stdout}");
    assert!(stderr.starts_with("Error: could not download "), "{stderr}");
    assert!(stdout.contains("Save error occurred:  could not download "), "{stdout}");
    assert_eq!(files(&app), before);
    drop(web);
}

#[test]
fn signatures_on_servers() {
    let Some((world, web)) = world_with_web() else { return };
    let url = &web.address;
    for program in ["helm", "rhumb"] {
        let index = fs::read_to_string(world.path("web/index.yaml")).unwrap();
        world.write(&format!("{program}/.cache/helm/repository/r-index.yaml"), &index);
    }
    let (good, other) = (format!("{KEYS}/one.gpg"), format!("{KEYS}/none.gpg"));
    for chart in ["r/signed", "r/web", "URL/signed-0.1.0.tgz", "URL/web-0.1.0.tgz"] {
        let chart = chart.replace("URL", url);
        world.compare(&format!("template x {chart} --verify --keyring {good}"));
        world.compare(&format!("template x {chart} --verify --keyring {other}"));
    }
    world.compare(&format!("show chart signed --repo {url} --verify --keyring {good}"));
    let up = format!("dep up CHART --verify --keyring {good}");
    let build = format!("dep build CHART --verify --keyring {other}");
    let signed = "- {name: signed, version: 0.1.0, repository: '@r'}\n";
    compare(&world, signed, &[&up, &build]);
    compare(&world, "- {name: web, version: 0.1.0, repository: '@r'}\n", &[&up]);

    let Some(binary) = variable("RHUMB_TEST_REGISTRY") else { return };
    let registry = Registry::with(&binary, world.folder.path(), "", "");
    let charts = format!("oci://{}/charts", registry.address);
    for name in ["signed-0.1.0", "web-0.1.0", "web-0.2.0", "web-1.0.0+build.1"] {
        let file = world.path(&format!("web/{name}.tgz"));
        world.ok("helm", &format!("push {} {charts} --plain-http", file.display()));
    }
    for name in ["signed", "web"] {
        let line = format!("template x {charts}/{name} --plain-http --verify --keyring {good}");
        world.compare(&line);
    }
    for list in [
        "web, version: ^0.1",
        "web, version: '>0'",
        "web, version: 0.2.0",
        "web, version: 7",
        "web, version: 7.0.0",
        "none, version: ^1",
        "signed, version: 0.1.0",
    ] {
        let list = format!("- {{name: {list}, repository: '{charts}'}}\n");
        compare(&world, &list, &["dep up CHART --plain-http", "dep build CHART --plain-http"]);
    }
    let list = format!("- {{name: web, version: 0.2.0, repository: '{charts}'}}\n");
    compare(&world, &list, &[&format!("{up} --plain-http")]);
}

/// What the one signs, the other verifies.
#[test]
fn signatures_are_good_to_both() {
    let Some(world) = World::new() else { return };
    world.write("s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 0.1.0\nkeywords: [-a, b]\n");
    let chart = world.path("s");
    for program in ["helm", "rhumb"] {
        for (key, passphrase) in [
            ("test@example.com", String::new()),
            ("Edwards", String::new()),
            ("locked@example.com", format!("--passphrase-file {KEYS}/passphrase")),
        ] {
            let line = format!(
                "package {} -d {} --sign --key {key} --keyring {KEYS}/secret.gpg {passphrase}",
                chart.display(),
                world.path("out").display()
            );
            world.ok(program, &line);
            let archive = world.path("out/s-0.1.0.tgz");
            for ring in ["public.gpg", "box.kbx", "armored.asc"] {
                let line = format!("verify {} --keyring {KEYS}/{ring}", archive.display());
                world.compare(&line);
                assert!(world.ok("helm", &line).contains(key));
            }
        }
    }
}
