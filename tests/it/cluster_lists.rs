//! What `list` says of releases in every state, beside Helm.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rhumb::release::{encode, from_json};
use serde_json::{Value as Json, json};

use super::control_plane::{World, rhumb, world};

/// Returns a record as its Secret; each was made a minute after the one before.
fn record(world: &World, name: &str, revision: u32, status: &str, minute: usize) -> Json {
    let namespace = &world.namespace;
    let time = format!("2026-01-02T{:02}:{:02}:05.000000006Z", minute / 60, minute % 60);
    let release = from_json(json!({
        "name": name, "namespace": namespace, "version": revision,
        "info": {
            "first_deployed": "2026-01-01T01:02:03Z", "last_deployed": time, "status": status,
            "description": "Written by a test",
        },
        "chart": {"metadata": {
            "name": "demo", "version": format!("0.{revision}.0"), "appVersion": "2", "apiVersion": "v2",
        }},
        "manifest": "",
    }));
    let data = STANDARD.encode(encode(&release.unwrap()));
    json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {
            "name": format!("sh.helm.release.v1.{name}.v{revision}"), "namespace": namespace,
            "labels": {
                "name": name, "owner": "helm", "status": status, "version": revision.to_string(),
                "team": if revision.is_multiple_of(2) { "even" } else { "odd" },
            },
        },
        "data": {"release": data},
    })
}

#[test]
fn lists_of_every_state_are_those_of_helm() {
    let Some(world) = world("lists") else { return };
    let names: Vec<_> = (0..12).map(|number| format!("web-{number}")).collect();
    let mut releases = vec![
        ("broken", vec!["superseded", "failed"]),
        ("first-failed", vec!["failed"]),
        ("gone", vec!["superseded", "uninstalled"]),
        ("going", vec!["uninstalling"]),
        // As a rollback leaves it that was cut short.
        ("left", vec!["deployed", "superseded"]),
        ("started", vec!["pending-install"]),
        ("upgraded", vec!["superseded", "deployed", "pending-upgrade"]),
        ("rolled-back", vec!["deployed", "failed", "pending-rollback"]),
    ];
    releases.extend(
        names.iter().map(|name| (name.as_str(), vec!["superseded", "superseded", "deployed"])),
    );
    let mut records = Vec::new();
    for (name, states) in releases {
        for (revision, status) in (1..).zip(states) {
            // Their order in time is not that of their names.
            let minute = (records.len() * 7 + 3) % 101;
            records.push(record(&world, name, revision, status, minute));
        }
    }
    let list = json!({"apiVersion": "v1", "kind": "List", "items": records});
    std::fs::write(world.folder.path().join("records.json"), list.to_string()).unwrap();
    world.ok(&world.kubectl, &format!("create namespace {}", world.namespace));
    world.ok(&world.kubectl, "create -f records.json");
    let mut seen = 0;
    for flags in [
        "",
        "-a",
        "--deployed",
        "--failed",
        "--pending",
        "--uninstalled",
        "--uninstalling",
        "--superseded",
        "--superseded -q",
        "--superseded -r -o json",
        "--superseded --date --max 5",
        "--superseded --max 7 --offset 4",
        "--superseded --deployed --max 100",
        "--superseded --filter ^web-1",
        "--superseded -l team=even",
        "--superseded -l team!=even,name=gone",
        "--failed --pending -o yaml",
        "-l team=odd",
        "-l team=even,status!=failed -q",
        "-l version=2",
        "-l name=nobody",
        "--filter e[bd]-? --deployed",
        "--filter 1$",
        "--date",
        "--date --reverse --max 6",
        "--date --offset 3 -o json",
        "--reverse --max 4",
        "--reverse --offset 17",
        "--max 3 --offset 2",
        "--offset 50",
        "--max 0 -q",
        "--time-format 2006-01-02 --max 3",
    ] {
        let command = format!("list {flags}");
        let helm = world.run_in(&world.helm_4, &world.namespace, &command);
        let ours = world.run_in(rhumb(), &world.namespace, &command);
        assert_eq!((&ours.stdout, ours.success), (&helm.stdout, helm.success), "{command}");
        seen += helm.stdout.lines().count();
    }
    assert!(seen > 200, "{seen}");
    let pattern = "list -A --filter ^(broken|web-1.)$ -o json";
    let here = |program| -> Vec<Json> {
        let listed: Json = serde_json::from_str(&world.ok(program, pattern)).unwrap();
        let mut listed = listed.as_array().unwrap().clone();
        listed.retain(|release| release["namespace"] == world.namespace);
        listed
    };
    assert_eq!(here(rhumb()), here(&world.helm_4));
    assert_eq!(here(rhumb()).len(), 3);
}
