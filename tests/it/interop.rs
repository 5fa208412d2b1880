//! One release that changes hands. Each pair of rhumb, Helm 4 and Helm 3 takes turns at the same
//! steps; wherever rhumb has its hands in it, objects, owners of fields and records are after each
//! step what they are when Helm 4 does rhumb's part.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value as Json;

use super::control_plane::{World, rhumb, steady};

/// Who does a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Tool {
    Rhumb,
    Helm4,
    Helm3,
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Tool::Rhumb => "rhumb",
            Tool::Helm4 => "helm4",
            Tool::Helm3 => "helm3",
        }
    }

    fn program(self, world: &World) -> &Path {
        match self {
            Tool::Rhumb => rhumb(),
            Tool::Helm4 => &world.helm_4,
            Tool::Helm3 => &world.helm_3,
        }
    }

    /// Who does the same in Helm's run.
    fn reference(self) -> Tool {
        if self == Tool::Rhumb { Tool::Helm4 } else { self }
    }
}

const CHART: [(&str, &str); 5] = [
    ("Chart.yaml", "apiVersion: v2\nname: demo\nversion: 0.1.0\nappVersion: \"1.2\"\n"),
    ("values.yaml", "color: blue\nreplicas: 1\nextra: false\nport: 80\n"),
    ("values.schema.json", "{\"type\": \"object\"}"),
    ("templates/NOTES.txt", "{{ .Release.Name }} {{ .Release.Revision }} {{ .Values.color }}\n"),
    (
        "templates/objects.yaml",
        r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  labels: {color: {{ .Values.color }}}
data:
  color: {{ .Values.color }}
  revision: {{ .Release.Revision | quote }}
  {{- if .Values.extra }}
  extra: "yes"
  {{- end }}
{{- if .Values.extra }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}-extra
{{- end }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ .Release.Name }}
spec:
  selector: {app: {{ .Release.Name }}}
  ports: [{name: http, port: {{ .Values.port }}}]
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ .Release.Name }}
spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Values.selector | default .Release.Name }}}}
  template:
    metadata:
      labels: {app: {{ .Values.selector | default .Release.Name }}}
    spec:
      containers:
        - name: web
          image: nginx:1
          env: [{name: COLOR, value: {{ .Values.color }}}]
        {{- if .Values.extra }}
        - name: side
          image: busybox:1
        {{- end }}
---
apiVersion: batch/v1
kind: Job
metadata:
  name: {{ .Release.Name }}-hook
  annotations:
    helm.sh/hook: pre-install,pre-upgrade
    helm.sh/hook-delete-policy: hook-succeeded,before-hook-creation
spec:
  backoffLimit: 0
  template:
    metadata:
      annotations: { {{ with .Values.hook }}rhumb.test/pod: {{ . }}{{ end }} }
    spec:
      restartPolicy: Never
      containers: [{name: a, image: busybox}]
"#,
    ),
];

/// The first of the pair does the even steps, the second the odd ones. `!` before a step says that
/// it fails.
const STEPS: [&str; 11] = [
    "install web demo --create-namespace --labels team=a --set color=red",
    "upgrade web demo --set color=green,replicas=2 --description second",
    "rollback web 1",
    "!upgrade web demo --reuse-values --set hook=fail,color=black",
    "upgrade web demo --set extra=true,port=81",
    "rollback web 2",
    "!upgrade web demo --set selector=other,color=white",
    "upgrade web demo --reuse-values --set replicas=3 --history-max 5",
    "uninstall web --keep-history",
    "rollback web 8",
    "uninstall web",
];

/// What is there after a step, by name.
type State = BTreeMap<String, Json>;

/// Takes a release through all steps; returns what is there after each.
fn play(first: Tool, second: Tool) -> Option<Vec<State>> {
    let name = format!("interop-{}-{}", first.name(), second.name());
    let world = super::control_plane::world(&name)?;
    for (path, text) in CHART {
        let path = world.folder.path().join("demo").join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let mut states = Vec::new();
    for (index, step) in STEPS.iter().enumerate() {
        let tool = if index % 2 == 0 { first } else { second };
        let (fails, step) = match step.strip_prefix('!') {
            Some(step) => (true, step),
            None => (false, *step),
        };
        let run = world.run_in(tool.program(&world), &world.namespace, step);
        assert_eq!(run.success, !fails, "{name}: {step}: {}{}", run.stdout, run.stderr);
        let other = if index % 2 == 0 { second } else { first };
        read(&world, other, index + 1 == STEPS.len());
        states.push(state(&world));
    }
    Some(states)
}

/// Lets the one whose turn it was not read the release.
fn read(world: &World, tool: Tool, is_gone: bool) {
    let program = tool.program(world);
    let list = world.ok(program, "list -q --all-namespaces=false");
    if is_gone {
        assert_eq!(list, "");
        return;
    }
    let reads = [
        "history web -o json",
        "get manifest web",
        "get hooks web",
        "get notes web",
        "get values web --all",
        "get values web -o json",
    ];
    for read in reads {
        let theirs = world.ok(program, read);
        // Helm 3 writes times and histories in its own way.
        if tool != Tool::Helm3 {
            assert_eq!(theirs, world.ok(&world.helm_4, read), "{read}");
        }
    }
    assert!(world.ok(program, "status web").contains("NAME: web"));
}

/// Returns objects and records without what differs from run to run.
fn state(world: &World) -> State {
    let kinds = "get configmaps,services,deployments,jobs,secrets,leases -o json \
                 --show-managed-fields";
    let mut list: Json = serde_json::from_str(&world.ok(&world.kubectl, kinds)).unwrap();
    let mut state = State::new();
    for object in list["items"].as_array_mut().unwrap() {
        let kind = object["kind"].as_str().unwrap().to_owned();
        let name = object["metadata"]["name"].as_str().unwrap().to_owned();
        if name == "kube-root-ca.crt" {
            continue;
        }
        if kind == "Secret" {
            state.insert(name, record(object, &world.namespace));
            continue;
        }
        steady(object, &world.namespace);
        forget_uids(object);
        let metadata = &mut object["metadata"];
        if let Some(annotations) = metadata["annotations"].as_object_mut() {
            annotations.shift_remove("deployment.kubernetes.io/revision");
        }
        let entries = metadata["managedFields"].as_array_mut().unwrap();
        entries.retain(|entry| entry["manager"] != "kube-controller-manager");
        state.insert(format!("{kind}/{name}"), object.take());
    }
    state
}

/// Takes away the labels by which a Job finds its Pods.
fn forget_uids(json: &mut Json) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(forget_uids),
        Json::Object(fields) => {
            fields.retain(|key, value| !(key.ends_with("controller-uid") && value.is_string()));
            fields.values_mut().for_each(forget_uids);
        }
        _ => {}
    }
}

/// Returns a record's labels and release.
fn record(secret: &mut Json, namespace: &str) -> Json {
    let data = secret["data"]["release"].as_str().unwrap();
    let outer = BASE64_STANDARD.decode(data).unwrap();
    let packed = BASE64_STANDARD.decode(outer).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_string(&mut text).unwrap();
    let mut release: Json = serde_json::from_str(&text).unwrap();
    let mut labels = secret["metadata"]["labels"].take();
    for (label, value) in labels.as_object_mut().unwrap() {
        if label.ends_with("At") {
            *value = "TIME".into();
        }
    }
    let annotations = secret["metadata"]["annotations"].take();
    // Helm 3 writes the one and not the other; Helm 4 the opposite whenever it touches a record.
    if release["info"]["deleted"] == "" {
        release["info"].as_object_mut().unwrap().shift_remove("deleted");
    }
    release["chart"].as_object_mut().unwrap().entry("schemamodtime").or_insert("TIME".into());
    times(&mut release, namespace);
    serde_json::json!({
        "labels": labels, "annotations": annotations, "type": secret["type"], "release": release,
    })
}

/// Takes times, and the order of keys, out of a record.
fn times(json: &mut Json, namespace: &str) {
    match json {
        Json::String(text) => {
            *text = text.replace(namespace, "NAMESPACE");
            let bytes = text.as_bytes();
            if bytes.len() >= 20 && bytes[4] == b'-' && bytes[10] == b'T' && bytes[13] == b':' {
                "TIME".clone_into(text);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| times(item, namespace)),
        Json::Object(fields) => {
            fields.values_mut().for_each(|value| times(value, namespace));
            fields.sort_keys();
        }
        _ => {}
    }
}

#[test]
fn a_release_changes_hands() {
    let tools = [Tool::Helm4, Tool::Helm3, Tool::Rhumb];
    let mut ends = BTreeMap::new();
    // One thread for each first: the control plane shares the machine.
    std::thread::scope(|scope| {
        let threads = tools.map(|first| {
            scope.spawn(move || tools.map(|second| ((first, second), play(first, second))))
        });
        for thread in threads {
            ends.extend(thread.join().unwrap());
        }
    });
    let mut differences = Vec::new();
    for ((first, second), states) in &ends {
        let reference = (first.reference(), second.reference());
        let (Some(states), Some(expected)) = (states, &ends[&reference]) else { return };
        for ((step, ours), theirs) in STEPS.iter().zip(states).zip(expected) {
            let place = format!("{first:?} and {second:?} after {step}: ");
            let mut found = Vec::new();
            compare(&serde_json::json!(ours), &serde_json::json!(theirs), "", &mut found);
            differences.extend(found.into_iter().map(|line| place.clone() + &line));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Lists where two trees differ.
fn compare(ours: &Json, theirs: &Json, path: &str, found: &mut Vec<String>) {
    match (ours, theirs) {
        (Json::Object(ours), Json::Object(theirs)) => {
            for (key, value) in ours {
                let path = format!("{path}/{key}");
                compare(value, theirs.get(key).unwrap_or(&Json::Null), &path, found);
            }
            for (key, value) in theirs.iter().filter(|(key, _)| !ours.contains_key(*key)) {
                found.push(format!("{path}/{key}: only Helm has {value}"));
            }
        }
        (Json::Array(ours), Json::Array(theirs)) if ours.len() == theirs.len() => {
            for (index, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
                compare(ours, theirs, &format!("{path}/{index}"), found);
            }
        }
        _ if ours == theirs => {}
        _ => found.push(format!("{path}: {ours} and not {theirs}")),
    }
}
