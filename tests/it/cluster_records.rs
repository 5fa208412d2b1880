//! Where release records are kept: in parts when they are large, and by other drivers.

use std::path::Path;

use serde_json::Value as Json;

use super::control_plane::{World, rhumb};

/// Returns the world of a test with a chart whose manifest is as large as `size` says, in kilobytes,
/// and does not get smaller.
fn world(namespace: &str) -> Option<World> {
    let world = super::control_plane::world(namespace)?;
    let chart = world.folder.path().join("demo");
    std::fs::create_dir_all(chart.join("templates")).unwrap();
    for (path, text) in [
        ("Chart.yaml", "apiVersion: v2\nname: demo\nversion: 0.1.0\n"),
        ("values.yaml", "size: 0\ncolor: blue\n"),
        ("templates/NOTES.txt", "hello\n"),
        ("templates/objects.yaml", OBJECTS),
    ] {
        std::fs::write(chart.join(path), text).unwrap();
    }
    Some(world)
}

const OBJECTS: &str = r"{{- range $i := until (div (int .Values.size) 300 | int) }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: noise-{{ $i }}
data:
  noise: {{ randAlphaNum 300000 }}
{{- end }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: color
data:
  color: {{ .Values.color }}
";

/// A hook that does not end.
const SLOW_HOOK: &str = r#"apiVersion: v1
kind: Pod
metadata: {name: slow, annotations: {helm.sh/hook: pre-install}}
spec:
  nodeSelector: {nowhere: "true"}
  containers: [{name: a, image: busybox}]
"#;

impl World {
    /// Begins a command.
    fn start(&self, arguments: &str) -> std::process::Child {
        std::process::Command::new(rhumb())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .args(arguments.split_whitespace())
            .args(["-n", &self.namespace])
            .current_dir(self.folder.path())
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", self.folder.path())
            .stderr(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap()
    }

    /// Returns the names of the Secrets of a release that a selector picks.
    fn secrets(&self, selector: &str) -> Vec<String> {
        let names = format!("get secrets -l {selector} -o name --sort-by .metadata.name");
        self.ok(&self.kubectl, &names).lines().map(str::to_owned).collect()
    }

    fn maps(&self) -> usize {
        self.ok(&self.kubectl, "get configmaps -o name").lines().count()
    }

    fn tool(&self, arguments: &str, program: &Path) -> String {
        self.ok(program, arguments)
    }
}

#[test]
fn a_release_of_three_mebibytes_lives() {
    let Some(world) = world("large") else { return };
    world.rhumb("install web demo --create-namespace --set size=4500");
    let parts = world.secrets("owner=rhumb");
    assert!(parts.len() > 3, "{parts:?}");
    let manifest = world.rhumb("get manifest web");
    assert!(manifest.len() > 4_500_000 && manifest.contains("name: noise-14"));
    let before = world.maps();
    assert!(before > 15);

    world.rhumb("upgrade web demo --set size=5100,color=red");
    assert_eq!(world.maps(), before + 2);
    world.rhumb("rollback web 1");
    assert_eq!(world.maps(), before);
    assert_eq!(world.secrets("owner=rhumb,version=3").len(), 0, "they are those of revision 1");
    assert_eq!(world.rhumb("get manifest web"), manifest);
    let live = world.ok(&world.kubectl, "get configmap color -o jsonpath={.data.color}");
    assert_eq!(live, "blue");

    // What Helm sees: the release and its state, and nothing it could change.
    let helm = world.helm_4.clone();
    for same in ["list", "history web", "get values web"] {
        assert_eq!(world.rhumb(same), world.tool(same, &helm), "{same}");
    }
    let refused = world.refused(&helm, "upgrade web demo");
    assert!(refused.contains("too-large-for-helm-use-rhumb"), "{refused}");
    assert!(!world.run_in(&helm, &world.namespace, "rollback web 2").success);
    assert!(!world.run_in(&helm, &world.namespace, "uninstall web").success);
    assert_eq!(world.maps(), before);
    // Helm has left a revision that is unfinished, and repeats the record of another one.
    world.rhumb("rollback web 3");

    // A small revision is a plain record again, and pruning takes parts along.
    world.rhumb("upgrade web demo --set color=black --history-max 2");
    let heads = world.secrets("owner=helm");
    assert_eq!(heads.len(), 2, "{heads:?}");
    let left = world.secrets("owner=rhumb");
    assert!(left.len() == parts.len(), "{left:?}");
    world.tool("upgrade web demo --set color=green", &helm);
    world.rhumb("uninstall web");
    assert_eq!(world.secrets("owner").len(), 0);
}

#[test]
fn a_part_that_nobody_points_to_goes_and_one_that_is_missing_is_told_of() {
    let Some(world) = world("parts") else { return };
    world.rhumb("install web demo --create-namespace --set size=1800");
    let parts = world.secrets("owner=rhumb");
    // As a client leaves it that dies between the parts and the record.
    let part = "create secret generic sh.helm.release.v1.web.v2.0123456789.0";
    world.ok(&world.kubectl, part);
    let label =
        "label secret sh.helm.release.v1.web.v2.0123456789.0 owner=rhumb name=web version=2";
    world.ok(&world.kubectl, label);
    assert_eq!(world.secrets("owner=rhumb").len(), parts.len() + 1);
    world.rhumb("upgrade web demo --set color=red");
    assert_eq!(world.secrets("owner=rhumb"), parts);

    world.ok(&world.kubectl, &format!("delete {}", parts[1]));
    let lost = world.refused(rhumb(), "get manifest web --revision 1");
    let count = parts.len();
    assert_eq!(
        lost,
        format!(
            "Error: release record \"sh.helm.release.v1.web.v1\" has lost a part: {} of {count} are left",
            count - 1
        )
    );
}

#[test]
fn a_release_with_a_damaged_record_lives_on() {
    let Some(world) = world("damaged") else { return };
    world.rhumb("install web demo --create-namespace --set size=1200");
    world.rhumb("upgrade web demo --set size=1800");
    let lost = world.secrets("owner=rhumb,version=2").remove(0);
    world.ok(&world.kubectl, &format!("delete {lost}"));
    // What lists and histories show is not in the parts.
    let helm = world.helm_4.clone();
    for same in ["list", "history web"] {
        assert_eq!(world.rhumb(same), world.tool(same, &helm), "{same}");
    }
    let of_parts = "release record \"sh.helm.release.v1.web.v2\" has lost a part";
    for needs in ["status web", "get manifest web", "get values web --revision 2"] {
        assert!(world.refused(rhumb(), needs).contains(of_parts), "{needs}");
    }
    assert!(world.rhumb("get manifest web --revision 1").len() > 1_200_000);
    let refused = world.refused(rhumb(), "rollback web 2");
    assert!(refused.contains("revision 2 cannot be read: release record"), "{refused}");
    let upgraded = world.run_in(rhumb(), &world.namespace, "upgrade web demo --set size=300");
    assert!(upgraded.success, "{}", upgraded.stderr);
    assert!(upgraded.stderr.contains("it starts from revision 1"), "{}", upgraded.stderr);
    let rows = world.json("history web -o json");
    let statuses: Vec<_> = rows.as_array().unwrap().iter().map(|row| &row["status"]).collect();
    assert_eq!(statuses, ["superseded", "superseded", "deployed"]);

    // A record of which nothing can be read.
    let nothing = "patch secret sh.helm.release.v1.web.v3 -p {\"data\":{\"release\":\"JSUlJQ==\"}}";
    world.ok(&world.kubectl, nothing);
    let listed = world.run_in(rhumb(), &world.namespace, "list");
    assert!(listed.stderr.contains("web, revision 3 (deployed) is left out"), "{}", listed.stderr);
    assert_eq!(listed.stdout, world.tool("list", &helm));
    let rows = world.run_in(rhumb(), &world.namespace, "history web");
    assert!(rows.success && rows.stderr.contains("revision 3 (deployed) is left out"));
    assert_eq!(rows.stdout, world.tool("history web", &helm));
    world.rhumb("upgrade web demo --set color=red");
    world.ok(&world.kubectl, &nothing.replace("v3", "v4"));
    let gone = world.run_in(rhumb(), &world.namespace, "uninstall web");
    assert!(gone.success, "{}", gone.stderr);
    assert!(gone.stderr.contains("the objects of revision 1 are deleted"), "{}", gone.stderr);
    assert_eq!(world.secrets("owner").len(), 0);
}

#[test]
fn files_of_the_chart_leave_a_record_that_is_too_large() {
    let Some(world) = world("lean") else { return };
    let mut state = 1_u64;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        char::from(b'0' + ((state >> 33) % 64) as u8)
    });
    let noise: String = noise.take(2_000_000).collect();
    std::fs::write(world.folder.path().join("demo/noise.txt"), noise).unwrap();
    let helm = world.helm_4.clone();
    let install = world.refused(&helm, "install web demo --create-namespace");
    assert!(install.contains("Too long"), "{install}");
    world.rhumb("install web demo --create-namespace");
    assert_eq!(world.secrets("owner=rhumb").len(), 0);
    // It is a record of Helm's like any other.
    std::fs::remove_file(world.folder.path().join("demo/noise.txt")).unwrap();
    world.tool("upgrade web demo --reuse-values --set color=red", &helm);
    world.tool("rollback web 1", &helm);
    let status: Json = world.json("status web -o json");
    assert_eq!(status["version"], 3);
}

/// Lets Helm and rhumb take turns on a release whose records a driver keeps.
fn take_turns(world: &World) {
    let helm = world.helm_4.clone();
    world.rhumb("install web demo --create-namespace --labels team=a");
    world.tool("upgrade web demo --set color=red", &helm);
    world.rhumb("upgrade web demo --set color=green --labels tier=front");
    world.tool("rollback web 1", &helm);
    world.rhumb("rollback web 3");
    world.tool("upgrade web demo --set color=black --history-max 3", &helm);
    world.tool("install other demo --take-ownership", &helm);
    for same in [
        "list",
        "list -o json",
        "list -l team=a --filter web",
        "list -l tier=front,team!=b -q",
        "list -l tier=back",
        "history web -o json",
        "get values web",
        "get manifest web --revision 5",
    ] {
        assert_eq!(world.rhumb(same), world.tool(same, &helm), "{same}");
    }
    let again = "install web demo";
    assert_eq!(world.refused(rhumb(), again), world.refused(&helm, again));
    world.rhumb("upgrade web demo --history-max 2");
    let rows: Json = world.json("history web -o json");
    assert_eq!(rows.as_array().unwrap().len(), 2);
    assert!(world.secrets("owner=helm").is_empty());
    world.rhumb("uninstall web");
    world.tool("uninstall other", &helm);
    assert_eq!(world.tool("list -q", &helm), "");
}

#[test]
fn config_maps_keep_records() {
    let Some(mut world) = world("maps") else { return };
    world.variables = vec![("HELM_DRIVER", "configmap".to_owned())];
    take_turns(&world);
    world.rhumb("install web demo --set size=1800");
    assert!(world.maps() > 6 + 1);
    world.ok(&world.kubectl, "get configmap -l owner=rhumb,name=web");
    world.rhumb("upgrade web demo --set size=2100");
    world.rhumb("uninstall web");
    let left = world.ok(&world.kubectl, "get configmap -l name=web -o name");
    assert_eq!(left, "");
}

/// `RHUMB_TEST_POSTGRES` is the connection string that `scripts/postgres start` prints.
#[test]
fn a_database_keeps_records() {
    let Some(mut world) = world("sql") else { return };
    let Ok(connection) = std::env::var("RHUMB_TEST_POSTGRES") else {
        assert!(std::env::var_os("CI").is_none(), "RHUMB_TEST_POSTGRES is not set");
        return;
    };
    // A connection with TLS, whatever the certificate, as is the default; and one without.
    for mode in ["", "?sslmode=disable"] {
        world.variables = vec![
            ("HELM_DRIVER", "sql".to_owned()),
            ("HELM_DRIVER_SQL_CONNECTION_STRING", format!("{connection}{mode}")),
        ];
        take_turns(&world);
    }
    // Whoever died at work has left a sign, so that the next command goes on at once.
    std::fs::write(world.folder.path().join("demo/templates/hook.yaml"), SLOW_HOOK).unwrap();
    let mut killed = world.start("install slow demo");
    while world.run_in(&world.helm_4, &world.namespace, "list --pending -q").stdout != "slow\n" {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    killed.kill().unwrap();
    killed.wait().unwrap();
    std::fs::remove_file(world.folder.path().join("demo/templates/hook.yaml")).unwrap();
    let again = world.run_in(rhumb(), &world.namespace, "upgrade slow demo --install");
    assert!(again.success, "{}", again.stderr);
    assert!(again.stderr.contains("revision 1 was left pending-install by "), "{}", again.stderr);
    world.rhumb("uninstall slow");
    // The limit of Secrets is none of a database's.
    world.rhumb("install web demo --set size=1800");
    assert!(world.tool("get manifest web", &world.helm_4).len() > 1_800_000);
    world.rhumb("uninstall web");

    for (mode, expected) in [
        ("?sslmode=verify-full", "unable to instantiate SQL driver: "),
        ("?sslmode=maybe", "unable to instantiate SQL driver: sslmode \"maybe\" is none of"),
    ] {
        world.variables[1].1 = format!("{connection}{mode}");
        let refused = world.refused(rhumb(), "list");
        assert!(refused.starts_with(&format!("Error: {expected}")), "{refused}");
    }
    world.variables[1].1 = "postgres://helm@127.0.0.1:1/postgres".to_owned();
    let refused = world.refused(rhumb(), "list");
    assert!(refused.contains("Connection refused"), "{refused}");
}

#[test]
fn other_drivers() {
    let Some(mut world) = world("drivers") else { return };
    world.variables = vec![("HELM_DRIVER", "tape".to_owned())];
    assert_eq!(world.refused(rhumb(), "list"), "Error: unknown driver \"tape\"");
    let data = world.folder.path().join("releases.yaml");
    let text = format!(
        "- name: web\n  namespace: {}\n  version: 2\n  info: {{status: deployed, \
         last_deployed: 2026-01-02T03:04:05Z}}\n  chart: {{metadata: {{name: demo, version: 0.1.0}}}}\n",
        world.namespace
    );
    std::fs::write(&data, text).unwrap();
    world.variables = vec![
        ("HELM_DRIVER", "memory".to_owned()),
        ("HELM_MEMORY_DRIVER_DATA", data.to_string_lossy().into_owned()),
    ];
    for same in ["list", "list -A -o json", "history web", "list -q -f w.b"] {
        assert_eq!(world.rhumb(same), world.tool(same, &world.helm_4), "{same}");
    }
}
