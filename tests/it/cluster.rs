//! Releases on a real control plane, side by side with Helm.

use std::path::Path;

use serde_json::Value as Json;

use super::control_plane::{Run, World, rhumb, steady};

/// Returns the world of a test with a small chart in it.
fn world(namespace: &str) -> Option<World> {
    let world = super::control_plane::world(namespace)?;
    world.write("Chart.yaml", "apiVersion: v2\nname: demo\nversion: 0.1.0\nappVersion: \"1.2\"\n");
    world.write("values.yaml", "color: blue\nreplicas: 1\n");
    world.write("templates/NOTES.txt", "{{ .Release.Name }} {{ .Release.Revision }}\n");
    world.write("templates/objects.yaml", OBJECTS);
    world.write("templates/hooks.yaml", HOOKS);
    Some(world)
}

const OBJECTS: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  color: {{ .Values.color }}
  namespaces: {{ len (lookup "v1" "Namespace" "" "kube-system").metadata.name | quote }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{port: 80}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata:
      labels: {app: {{ .Release.Name }}}
      annotations: {{ toYaml (.Values.pod | default dict) | nindent 8 }}
    spec:
      containers: [{name: web, image: "nginx:1"}]
"#;

const HOOKS: &str = r#"apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-pre
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-weight: "2"
    helm.sh/hook-delete-policy: hook-succeeded,before-hook-creation
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations: {{ toYaml (.Values.hook | default dict) | nindent 8 }}
    spec:
      restartPolicy: Never
      containers: [{name: a, image: busybox}]
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-hook
  annotations:
    helm.sh/hook: post-install
"#;

impl World {
    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join("demo").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Returns state and description of each revision.
    fn history(&self) -> Vec<(String, String)> {
        let rows = self.json("history web -o json");
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let rows = rows.as_array().unwrap().iter();
        rows.map(|row| (text(&row["status"]), text(&row["description"]))).collect()
    }

    /// Returns live objects of a release: `info.resources` of its status.
    fn resources(&self, program: &Path, namespace: &str) -> Json {
        let status = self.run_in(program, namespace, "status web -o json");
        assert!(status.success, "{}", status.stderr);
        let mut status: Json = serde_json::from_str(&status.stdout).unwrap();
        status["info"]["resources"].take()
    }
}

#[test]
fn an_install_makes_what_helm_makes() {
    let Some(world) = world("install") else { return };
    let other = format!("{}-helm", world.namespace);
    let install = "install web demo --create-namespace --labels team=a --set color=red";
    let ours = world.run_in(rhumb(), &world.namespace, install);
    let theirs = world.run_in(&world.helm_4, &other, install);
    assert!(ours.success && theirs.success, "{}{}", ours.stderr, theirs.stderr);
    let lines = |run: &Run, namespace: &str| -> Vec<String> {
        let lines = run.stdout.replace(namespace, "NAMESPACE");
        lines.lines().filter(|line| !line.starts_with("LAST")).map(str::to_owned).collect()
    };
    assert_eq!(lines(&ours, &world.namespace), lines(&theirs, &other));

    // The release object has all that the record has, chart and hooks included.
    let record = |namespace: &str| {
        let upgrade = "upgrade web demo --dry-run=server -o json";
        let run = world.run_in(&world.helm_4, namespace, upgrade);
        assert!(run.success, "{}", run.stderr);
        let mut json: Json = serde_json::from_str(&run.stdout).unwrap();
        steady(&mut json, namespace);
        json
    };
    assert_eq!(record(&world.namespace), record(&other));

    let mut ours = world.resources(&world.helm_4, &world.namespace);
    let mut theirs = world.resources(&world.helm_4, &other);
    for resources in [&mut ours, &mut theirs] {
        resources.as_object_mut().unwrap().shift_remove("v1/Pod(related)");
    }
    // Controllers write at a moment of their own.
    let keep_helm = |resources: &mut Json| {
        for objects in resources.as_object_mut().unwrap().values_mut() {
            for object in objects.as_array_mut().unwrap() {
                let metadata = &mut object["metadata"];
                let fields = metadata["managedFields"].as_array_mut().unwrap();
                fields.retain(|entry| entry["manager"] == "helm");
                assert_eq!(fields.len(), 1);
                metadata["annotations"]
                    .as_object_mut()
                    .unwrap()
                    .shift_remove("deployment.kubernetes.io/revision");
            }
        }
    };
    keep_helm(&mut ours);
    keep_helm(&mut theirs);
    steady(&mut ours, &world.namespace);
    steady(&mut theirs, &other);
    assert_eq!(ours, theirs);
}

#[test]
fn helm_and_rhumb_take_turns() {
    let Some(world) = world("turns") else { return };
    let (helm_3, helm_4) = (world.helm_3.clone(), world.helm_4.clone());
    world.rhumb("install web demo --create-namespace");
    for read in ["status web", "history web", "get all web", "list"] {
        world.ok(&helm_3, read);
    }
    for same in ["get values web --all", "get manifest web", "get hooks web", "get notes web"] {
        assert_eq!(world.rhumb(same), world.ok(&helm_4, same), "{same}");
    }
    world.ok(&helm_4, "upgrade web demo --set replicas=2");
    world.rhumb("upgrade web demo --set color=red --wait --timeout 60s");
    world.ok(&helm_3, "upgrade web demo --set color=green,replicas=3");
    world.rhumb("upgrade web demo --reuse-values --set color=black");
    world.ok(&helm_3, "rollback web 1");
    world.rhumb("rollback web 3");
    world.ok(&helm_4, "rollback web");
    for same in [
        "history web",
        "history web -o json",
        "history web --show-rollback-revision",
        "list",
        "list -o json",
        "list -o yaml",
        "list -q",
        "status web",
        "get all web",
        "get values web",
        "get values web -o yaml --revision 5",
    ] {
        // Ages of objects go on between two runs, and the order of kinds in Helm's status is random.
        let steady = |text: String| -> Vec<String> {
            let is_age = |c: char| c == 's' || c.is_ascii_digit();
            let lines = text.lines().map(|line| line.trim_end_matches(is_age).to_owned());
            let mut lines: Vec<_> = lines.collect();
            if same.starts_with("status") {
                lines.sort();
            }
            lines
        };
        assert_eq!(steady(world.rhumb(same)), steady(world.ok(&helm_4, same)), "{same}");
    }
    let statuses: Vec<_> = world.history().into_iter().map(|(status, _)| status).collect();
    assert_eq!(statuses[..7], ["superseded"; 7]);
    assert_eq!(statuses[7], "deployed");
    assert_eq!(world.rhumb("uninstall web"), "release \"web\" uninstalled\n");
    assert_eq!(world.refused(&helm_4, "status web"), "Error: release: not found");
}

#[test]
fn fields_that_left_the_chart_leave_a_helm_3_release() {
    let Some(world) = world("migrate") else { return };
    world.write(
        "templates/objects.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {old: x, kept: x}\n",
    );
    world.ok(&world.helm_3.clone(), "install web demo --create-namespace");
    world.write(
        "templates/objects.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {kept: b}\n",
    );
    world.rhumb("upgrade web demo --server-side=true");
    let resources = world.resources(rhumb(), &world.namespace);
    let object = &resources["v1/ConfigMap"][0];
    assert_eq!(object["data"], serde_json::json!({"kept": "b"}));
    let managers: Vec<_> = object["metadata"]["managedFields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["manager"].as_str(), entry["operation"].as_str()))
        .collect();
    assert_eq!(managers, [(Some("helm"), Some("Apply"))]);
}

#[test]
fn refusals_read_as_helms() {
    let Some(world) = world("refuse") else { return };
    let helm = world.helm_4.clone();
    world.rhumb("install web demo --create-namespace");
    for same in [
        "install web demo",
        "install X_y demo",
        "install demo",
        "upgrade nope demo",
        "rollback nope",
        "rollback web 7",
        "rollback web",
        "uninstall nope",
        "status nope",
        "history nope",
        "get manifest nope",
        "get values web --revision 9",
        "list --kube-context nope",
    ] {
        assert_eq!(world.refused(rhumb(), same), world.refused(&helm, same), "{same}");
    }
    world.write(
        "templates/objects.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 1}]}\n",
    );
    let same = "install other demo";
    assert_eq!(world.refused(rhumb(), same), world.refused(&helm, same));
    world.write("templates/objects.yaml", "apiVersion: foo/v1\nkind: Foo\nmetadata: {name: web}\n");
    assert_eq!(world.refused(rhumb(), same), world.refused(&helm, same));
    let same = "upgrade web demo";
    assert_eq!(world.refused(rhumb(), same), world.refused(&helm, same));
    world.write("templates/objects.yaml", "foo: bar\n");
    assert_eq!(world.refused(rhumb(), same), world.refused(&helm, same));
    assert_eq!(world.history().len(), 1);
}

#[test]
fn failures_are_recorded_and_leave_the_deployed_revision() {
    let Some(world) = world("fail") else { return };
    world.rhumb("install web demo --create-namespace");
    let failed = world.refused(rhumb(), "upgrade web demo --set hook.rhumb\\.test/pod=fail");
    let resource = format!("resource Job/{}/web-pre not ready.", world.namespace);
    let expected = format!(
        "UPGRADE FAILED: pre-upgrade hooks failed: {resource} status: Failed, message: Job Failed. failed: 1/1"
    );
    assert_eq!(failed, format!("Error: {expected}"));
    world.write("templates/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n");
    let begin = std::time::Instant::now();
    let late = world.refused(
        rhumb(),
        "upgrade web demo --no-hooks --wait --timeout 8s --set pod.rhumb\\.test/pod=never-ready,replicas=2",
    );
    // On a busy machine all takes longer; without the bound it would be five minutes.
    assert!(begin.elapsed().as_secs() < 60, "the bound holds");
    assert!(
        late.contains(&format!(
            "resource Deployment/{}/web not ready. status: InProgress, message: ",
            world.namespace
        )),
        "{late}"
    );
    assert!(late.ends_with("\ncontext deadline exceeded"), "{late}");
    let history = world.history();
    let statuses: Vec<_> = history.iter().map(|(status, _)| status.as_str()).collect();
    assert_eq!(statuses, ["deployed", "failed", "failed"]);
    assert!(history[2].1.starts_with("Upgrade \"web\" failed: "), "{history:?}");
    // What a failed upgrade has made belongs to the release still.
    std::fs::remove_file(world.folder.path().join("demo/templates/more.yaml")).unwrap();
    world.rhumb("upgrade web demo");
    let resources = world.run_in(&world.helm_4, &world.namespace, "status web").stdout;
    assert!(!resources.contains("more"), "{resources}");
    world.write("templates/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n");
    let plan = world.refused(rhumb(), "upgrade web demo --rollback-on-failure --timeout 90s --set pod.rhumb\\.test/pod=image-pull");
    assert!(plan.contains("has been rolled back due to rollback-on-failure being set"), "{plan}");
    assert_eq!(world.history().last().unwrap().0, "deployed");
}

#[test]
fn an_uninstall_leaves_what_it_must() {
    let Some(world) = world("uninstall") else { return };
    let helm = world.helm_4.clone();
    let keep = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: kept\n  annotations: {helm.sh/resource-policy: keep}\n";
    world.write("templates/keep.yaml", keep);
    world.rhumb("install web demo --create-namespace");
    assert_eq!(
        world.rhumb("uninstall web --keep-history --wait --timeout 60s"),
        "These resources were kept due to the resource policy:\n[ConfigMap] kept\n\nrelease \"web\" uninstalled\n"
    );
    assert_eq!(
        world.history()[0],
        ("uninstalled".to_owned(), "Uninstallation complete".to_owned())
    );
    let again = "uninstall web --keep-history";
    assert_eq!(world.refused(rhumb(), again), world.refused(&helm, again));
    let installed = world.rhumb("upgrade web demo --install");
    assert!(
        installed.starts_with("Release \"web\" does not exist. Installing it now.\nNAME: web\n")
    );
    assert_eq!(world.history().len(), 2);
    assert_eq!(
        world.rhumb("uninstall web --ignore-not-found --no-hooks"),
        world.rhumb("uninstall web --dry-run --ignore-not-found").replace(
            "release",
            "These resources were kept due to the resource policy:\n[ConfigMap] kept\n\nrelease"
        )
    );
    assert_eq!(world.rhumb("list -o json"), "[]\n");
}

/// Starts a command and returns once the release has a record in this state.
fn begin(world: &World, arguments: &str, state: &str) -> std::process::Child {
    let mut command = std::process::Command::new(rhumb());
    let mut child = command
        .args(arguments.split_whitespace())
        .args(["-n", &world.namespace])
        .current_dir(world.folder.path())
        .env("KUBECONFIG", &world.kubeconfig)
        .env("HOME", world.folder.path())
        .env("USER", "ann")
        .stderr(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let selector = format!("get secret -l status={state} -o name");
    for _ in 0..200 {
        if !world.ok(&world.kubectl, &selector).is_empty() {
            return child;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    panic!("{arguments} does not get to {state}");
}

const LONG: &str =
    "upgrade web demo --wait --timeout 90s --set pod.rhumb\\.test/pod=never-ready,color=red";

#[test]
fn of_two_at_once_one_is_told_who_the_other_is() {
    let Some(world) = world("lock") else { return };
    world.rhumb("install web demo --create-namespace");
    let mut first = begin(&world, LONG, "pending-upgrade");
    for second in ["upgrade web demo", "rollback web 1", "uninstall web", "install web demo"] {
        let run = world.run_in(rhumb(), &world.namespace, second);
        assert!(!run.success);
        assert!(
            run.stderr.contains("another operation (install/upgrade/rollback) is in progress"),
            "{}",
            run.stderr
        );
        assert!(run.stderr.contains("hint: ann@"), "{}", run.stderr);
        assert!(run.stderr.contains(" is at it since 20"), "{}", run.stderr);
    }
    // Helm sees its own protocol.
    let helm = world.refused(&world.helm_4, "upgrade web demo");
    assert!(
        helm.ends_with("another operation (install/upgrade/rollback) is in progress"),
        "{helm}"
    );

    // Whoever is interrupted leaves a release that others can go on with.
    let kill = std::process::Command::new("kill").arg(first.id().to_string()).status().unwrap();
    assert!(kill.success());
    let output = first.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("Error: UPGRADE FAILED: interrupted"), "{said}");
    assert_eq!(world.history()[1].0, "failed");
    assert_eq!(world.ok(&world.kubectl, "get lease -o name"), "");
    world.ok(&world.helm_4, "upgrade web demo");

    // Whoever is killed, too.
    first = begin(&world, LONG, "pending-upgrade");
    first.kill().unwrap();
    first.wait().unwrap();
    let run = world.run_in(rhumb(), &world.namespace, "upgrade web demo");
    assert!(run.success, "{}", run.stderr);
    assert!(run.stderr.contains("revision 4 was left pending-upgrade by ann@"), "{}", run.stderr);
    let states: Vec<_> = world.history().into_iter().map(|(state, _)| state).collect();
    assert_eq!(states, ["superseded", "failed", "superseded", "failed", "deployed"]);
    assert_eq!(world.ok(&world.kubectl, "get lease -o name"), "");
}

#[test]
fn without_leases_the_record_tells_who_is_at_work() {
    let Some(world) = world("leaseless") else { return };
    world.rhumb("install web demo --create-namespace");
    // A user who may do all but lock.
    let namespace = &world.namespace;
    let role = r#"{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "all-but-leases"}, "rules": [
        {"apiGroups": ["", "apps", "batch"], "resources": ["*"], "verbs": ["*"]}]}"#;
    std::fs::write(world.folder.path().join("role.json"), role).unwrap();
    world.ok(&world.kubectl, "apply -f role.json");
    world.ok(&world.kubectl, "create rolebinding ann --role=all-but-leases --user=ann");
    world.write("templates/objects.yaml", &OBJECTS.replace("kube-system", "default"));
    let cluster_role = format!("{namespace}-reader");
    for create in [
        format!("create clusterrole {cluster_role} --verb=get,list --resource=namespaces"),
        format!("create clusterrolebinding {cluster_role} --clusterrole={cluster_role} --user=ann"),
    ] {
        world.ok(&world.kubectl, &create);
    }
    let mut first = begin(&world, &format!("{LONG} --kube-as-user ann"), "pending-upgrade");
    let second = "upgrade web demo --kube-as-user ann";
    let run = world.run_in(rhumb(), namespace, second);
    assert!(!run.success && run.stderr.contains("hint: ann@"), "{}", run.stderr);
    first.kill().unwrap();
    first.wait().unwrap();
    let run = world.run_in(rhumb(), namespace, second);
    assert!(run.success, "{}", run.stderr);
    assert!(run.stderr.contains("revision 2 was left pending-upgrade by ann@"), "{}", run.stderr);
    for kind in ["clusterrolebinding", "clusterrole"] {
        world.ok(&world.kubectl, &format!("delete {kind} {cluster_role}"));
    }
}

#[test]
fn a_wait_tells_what_it_waits_for_and_why_it_ends() {
    let Some(world) = world("explain") else { return };
    // An image that does not exist never comes: the wait ends long before its time.
    let begin = std::time::Instant::now();
    let install = "install web demo --create-namespace --wait --timeout 100s \
                   --rollback-on-failure --set pod.rhumb\\.test/pod=image-pull";
    let run = world.run_in(rhumb(), &world.namespace, install);
    assert!(!run.success && begin.elapsed().as_secs() < 40, "{}", run.stderr);
    let namespace = &world.namespace;
    let pull = "container web: ImagePullBackOff: Back-off pulling image \"nginx:1\"";
    let (progress, error) = run.stderr.split_once("Error: ").unwrap();
    assert!(progress.contains(&format!("Deployment/{namespace}/web: ")), "{progress}");
    let (message, details) = error.split_once("\n\n").unwrap();
    assert!(message.contains("has been uninstalled due to rollback-on-failure"), "{message}");
    assert!(progress.contains(pull), "{progress}");
    // The Pods are gone now; they were asked before.
    assert!(details.starts_with(&format!("Deployment/{namespace}/web: ")), "{details}");
    assert!(details.contains(&format!(": {pull}")), "{details}");

    // What may pass is waited for, and the reason told meanwhile.
    let install = "install web demo --wait --timeout 6s --set pod.rhumb\\.test/pod=crash-loop";
    let run = world.run_in(rhumb(), namespace, install);
    assert!(!run.success && run.stderr.contains("context deadline exceeded"), "{}", run.stderr);
    let (progress, error) = run.stderr.split_once("Error: ").unwrap();
    assert!(progress.contains("; Pod web-"), "{progress}");
    assert!(progress.contains("container web: CrashLoopBackOff"), "{progress}");
    let details = error.split_once("\n\n").unwrap().1;
    assert!(details.contains("container web: CrashLoopBackOff"), "{details}");
    assert!(details.contains("\n    | rhumb test container, line 2"), "{details}");

    // Pods of an earlier revision do not stand for the next.
    let upgrade = "upgrade web demo --reset-values --wait --timeout 60s";
    let run = world.run_in(rhumb(), namespace, upgrade);
    assert!(run.success, "{}", run.stderr);
    assert!(run.stderr.contains(&format!("Deployment/{namespace}/web: ready")), "{}", run.stderr);
}
