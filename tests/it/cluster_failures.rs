//! What is left, and what is told, when a command on a real control plane fails or is killed.
//! `scripts/crash-test` goes through all points; here are those that it does not come to.

use super::control_plane::{World, rhumb};

/// Returns the world of a test with a chart of one `ConfigMap` and what else is given.
fn world(namespace: &str, files: &[(&str, &str)]) -> Option<World> {
    let world = super::control_plane::world(namespace)?;
    let chart = world.folder.path().join("demo");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: map}\ndata: {color: {{ .Values.color }}}\n";
    let small = [
        ("Chart.yaml", "apiVersion: v2\nname: demo\nversion: 0.1.0\n"),
        ("values.yaml", "color: blue\nreplicas: 2\n"),
        ("templates/map.yaml", map),
    ];
    for (path, text) in small.iter().chain(files) {
        let path = chart.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Some(world)
}

/// A hook that fails if the value `fails` is set.
const HOOK: &str = r"{{ if .Values.fails }}
apiVersion: v1
kind: Pod
metadata:
  name: hook
  annotations: {helm.sh/hook: pre-upgrade, rhumb.test/pod: fail}
spec:
  restartPolicy: Never
  containers: [{name: main, image: none.invalid/hook}]
{{ end }}";

const DEPLOYMENT: &str = r"apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
      annotations: {rhumb.test/pod: never-ready}
    spec: {containers: [{name: main, image: none.invalid/web}]}
";

impl World {
    fn states(&self) -> Vec<String> {
        let history = self.json("history web -o json");
        let states = history.as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap());
        states.map(str::to_owned).collect()
    }
}

#[test]
fn a_database_tells_whose_process_has_ended() {
    let Some(mut world) = world("sql-kill", &[("templates/web.yaml", DEPLOYMENT)]) else { return };
    let Ok(connection) = std::env::var("RHUMB_TEST_POSTGRES") else {
        assert!(std::env::var_os("CI").is_none(), "RHUMB_TEST_POSTGRES is not set");
        return;
    };
    world.variables = vec![
        ("HELM_DRIVER", "sql".to_owned()),
        ("HELM_DRIVER_SQL_CONNECTION_STRING", format!("{connection}?sslmode=disable")),
    ];
    world.rhumb("install web demo --create-namespace");
    let mut killed = std::process::Command::new(rhumb())
        .args(["upgrade", "web", "demo", "--wait", "--timeout=90s", "-n", &world.namespace])
        .envs(world.variables.iter().map(|(name, value)| (name, value)))
        .env("KUBECONFIG", &world.kubeconfig)
        .env("HOME", world.folder.path())
        .current_dir(world.folder.path())
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    for _ in 0..300 {
        if world.states() == ["deployed", "pending-upgrade"] {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    // Helm reads the record, of which it knows all but one field.
    let helm = world.ok(&world.helm_4, "status web");
    assert!(helm.contains("STATUS: pending-upgrade"), "{helm}");
    let second = world.refused(rhumb(), "upgrade web demo");
    assert!(second.contains("is in progress"), "{second}");
    killed.kill().unwrap();
    killed.wait().unwrap();
    let run = world.run_in(rhumb(), &world.namespace, "upgrade web demo");
    assert!(run.success, "{}", run.stderr);
    assert!(run.stderr.contains("revision 2 was left pending-upgrade by "), "{}", run.stderr);
    assert_eq!(world.states(), ["superseded", "failed", "deployed"]);
    world.rhumb("uninstall web");
}

#[test]
fn a_record_that_someone_else_has_made_stays_as_it_is() {
    let Some(world) = world("race", &[]) else { return };
    world.rhumb("install web demo --create-namespace");
    // Made after the history was read: without labels it is not found there.
    let record = "secret generic sh.helm.release.v1.web.v2";
    world.ok(&world.kubectl, &format!("create {record} --from-literal=release=theirs"));
    let refused = world.refused(rhumb(), "upgrade web demo");
    assert_eq!(refused, "Error: UPGRADE FAILED: release: already exists");
    let get = "get secret sh.helm.release.v1.web.v2 -o jsonpath={.data.release}";
    assert_eq!(world.ok(&world.kubectl, get), "dGhlaXJz");
    assert_eq!(world.states(), ["deployed"]);
}

#[test]
fn old_revisions_that_cannot_go_do_not_fail_the_new_one() {
    let Some(world) = world("unpruned", &[]) else { return };
    world.rhumb("install web demo --create-namespace");
    world.rhumb("upgrade web demo --set color=red");
    let role = r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "no-deletions"}, "rules": [
        {"apiGroups": ["", "apps", "coordination.k8s.io"], "resources": ["*"],
         "verbs": ["get", "list", "watch", "create", "update", "patch"]}]}"#;
    std::fs::write(world.folder.path().join("role.json"), role).unwrap();
    world.ok(&world.kubectl, "apply -f role.json");
    world.ok(&world.kubectl, "create rolebinding ann --role=no-deletions --user=ann");
    let upgrade = "upgrade web demo --history-max 1 --kube-as-user ann";
    let run = world.run_in(rhumb(), &world.namespace, upgrade);
    assert!(run.success, "{}", run.stderr);
    assert!(run.stderr.contains("an old revision is left"), "{}", run.stderr);
    assert_eq!(world.states(), ["superseded", "superseded", "deployed"]);
    world.rhumb("upgrade web demo --history-max 1");
    assert_eq!(world.states(), ["superseded", "deployed"]);
}

#[test]
fn a_rollback_to_the_oldest_revision_can_be_repeated() {
    let Some(world) = world("oldest", &[]) else { return };
    world.rhumb("install web demo --create-namespace");
    world.rhumb("upgrade web demo --set color=red");
    // Nobody may make what the first revision needs, until they may.
    let quota = "create quota maps --hard=count/configmaps=1";
    world.ok(&world.kubectl, "delete configmap map");
    world.ok(&world.kubectl, quota);
    let mut refused = String::new();
    for _ in 0..100 {
        // The quota is in force when its controller has counted.
        let status = "get quota maps -o jsonpath={.status.hard}";
        if !world.ok(&world.kubectl, status).is_empty() {
            refused = world.refused(rhumb(), "rollback web 1 --history-max 2");
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    assert!(refused.contains("exceeded quota"), "{refused}");
    assert_eq!(world.states(), ["superseded", "deployed", "failed"]);
    world.ok(&world.kubectl, "delete quota maps");
    world.rhumb("rollback web 1 --history-max 2");
    assert_eq!(world.states(), ["superseded", "deployed"]);
    let color = "get configmap map -o jsonpath={.data.color}";
    assert_eq!(world.ok(&world.kubectl, color), "blue");
}

#[test]
fn warnings_are_told_when_the_command_fails() {
    let autoscaler = r"apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  minReplicas: 4
  maxReplicas: 6
";
    let crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a.b.c}\n";
    let files = [
        ("templates/hook.yaml", HOOK),
        ("templates/web.yaml", DEPLOYMENT),
        ("templates/fail.yaml", "{{ if .Values.stops }}{{ fail \"no\" }}{{ end }}"),
        ("crds/crd.yaml", crd),
    ];
    let Some(world) = world("warn", &files) else { return };
    let told = |arguments: &str| {
        let run = world.run_in(rhumb(), &world.namespace, arguments);
        assert!(!run.success, "{arguments}: {}", run.stdout);
        run.stderr
    };
    let dry = told("install web demo --dry-run=server --set stops=true");
    assert!(dry.contains("This chart or one of its subcharts contains CRDs."), "{dry}");

    world.rhumb("install web demo --skip-crds --create-namespace");
    std::fs::write(world.folder.path().join("hpa.yaml"), autoscaler).unwrap();
    world.ok(&world.kubectl, "apply -f hpa.yaml");
    for _ in 0..600 {
        let replicas = "get deployment web -o jsonpath={.spec.replicas}";
        if world.ok(&world.kubectl, replicas) == "4" {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    let upgrade = told("upgrade web demo --set fails=true --timeout 10s");
    let expected = "an autoscaler has chosen 4 replicas; the chart's 2 are not applied";
    assert!(upgrade.contains(expected), "{upgrade}");
    assert!(upgrade.find(expected) < upgrade.find("Error: "), "{upgrade}");

    // What a rollback finds in its way it takes over.
    world.rhumb("upgrade web demo --set replicas=0");
    std::fs::remove_file(world.folder.path().join("demo/templates/map.yaml")).unwrap();
    world.rhumb("upgrade web demo");
    world.ok(&world.kubectl, "create configmap map --from-literal=color=green");
    let back = told("rollback web 1 --wait --timeout 5s");
    assert!(back.contains("resource exists on cluster but not in original release"), "{back}");
}
