//! Client-side apply on a real control plane: the same steps by rhumb and by Helm in two namespaces,
//! which end with the same objects, owned by the same managers.

use std::path::Path;

use serde_json::Value as Json;

use super::control_plane::{World, rhumb, steady};

const CHART: &str = "apiVersion: v2\nname: demo\nversion: 0.1.0\n";

/// `stage` is what changes from revision to revision.
const OBJECTS: &str = r#"{{- $stage := int .Values.stage }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: map
  finalizers: [{{ if eq $stage 1 }}"rhumb.test/one", {{ end }}"rhumb.test/two"]
data:
  stage: {{ $stage | quote }}
  {{- if eq $stage 1 }}
  gone: x
  {{- end }}
---
apiVersion: v1
kind: Secret
metadata: {name: secret}
stringData: {stage: {{ $stage | quote }}}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: account}
imagePullSecrets: [{name: a}{{ if ge $stage 2 }}, {name: b}{{ end }}]
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports:
  - {name: udp, port: 53, protocol: UDP}
  - {name: tcp, port: 53, protocol: TCP}
  {{- if eq $stage 1 }}
  - {name: http, port: 80}
  {{- else }}
  - {name: http, port: 8080}
  {{- end }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec:
  minAvailable: 1
  selector: {matchLabels: {app: web{{ if ge $stage 2 }}, tier: front{{ end }}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  {{- if eq $stage 2 }}
  strategy: {type: Recreate}
  {{- else }}
  strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 2}}
  {{- end }}
  template:
    metadata: {labels: {app: web, tier: front}}
    spec:
      {{- if eq $stage 1 }}
      initContainers: [{name: init, image: "busybox:1"}]
      nodeSelector: {kubernetes.io/os: linux}
      {{- end }}
      containers:
      {{- if ge $stage 3 }}
      - {name: late, image: "busybox:1"}
      {{- end }}
      - name: web
        image: nginx:{{ $stage }}
        ports:
        - {containerPort: 53, protocol: UDP}
        - {containerPort: 53, protocol: TCP, name: tcp}
        - {containerPort: {{ if eq $stage 1 }}80{{ else }}8080{{ end }}, name: http}
        env:
        {{- if lt $stage 3 }}
        - {name: A, value: a{{ $stage }}}
        {{- end }}
        - {name: B, value: b}
        {{- if ge $stage 2 }}
        - {name: A1, value: first}
        {{- end }}
        {{- if eq $stage 1 }}
        args: [one, two]
        {{- else }}
        args: [one]
        {{- end }}
        volumeMounts: [{name: data, mountPath: /data}]
      {{- if lt $stage 3 }}
      - {name: helper, image: "busybox:1"}
      {{- end }}
      volumes:
      - name: data
        {{- if eq $stage 1 }}
        configMap: {name: map, items: [{key: stage, path: stage}]}
        {{- else }}
        emptyDir: {}
        {{- end }}
      tolerations: [{key: a, operator: Exists}{{ if eq $stage 1 }}, {key: b, operator: Exists}{{ end }}]
---
apiVersion: {{ .Values.group }}/v1
kind: Widget
metadata: {name: widget}
spec:
  stage: {{ $stage }}
  fixed: {a: 1}
  list: [{name: a, value: {{ $stage }}}]
  {{- if eq $stage 1 }}
  gone: x
  {{- end }}
"#;

const HOOKS: &str = r#"apiVersion: v1
kind: ConfigMap
metadata:
  name: hook
  annotations: {"helm.sh/hook": "pre-install,pre-upgrade,pre-rollback"}
"#;

const DEFINITION: &str = r"apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.GROUP}
spec:
  group: GROUP
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
";

/// Two namespaces, and a definition of their own.
struct Pair {
    world: World,
    group: String,
}

impl Drop for Pair {
    fn drop(&mut self) {
        // Finalizers that nobody takes away would keep the namespaces for ever.
        for namespace in self.namespaces() {
            let free = "patch configmap map --type merge -p {\"metadata\":{\"finalizers\":null}}";
            self.world.run_in(&self.world.kubectl, &namespace, free);
        }
        let delete = format!("delete crd widgets.{} --wait=false --ignore-not-found", self.group);
        self.world.run_in(&self.world.kubectl, "default", &delete);
    }
}

impl Pair {
    fn new(name: &str) -> Option<Pair> {
        let world = super::control_plane::world(name)?;
        let group = format!("{name}-{}.rhumb.test", std::process::id());
        let chart = world.folder.path().join("demo");
        std::fs::create_dir_all(chart.join("templates")).unwrap();
        std::fs::create_dir_all(chart.join("crds")).unwrap();
        for (path, text) in [
            ("Chart.yaml", CHART.to_owned()),
            ("values.yaml", format!("stage: 1\ngroup: {group}\n")),
            ("templates/objects.yaml", OBJECTS.to_owned()),
            ("templates/hooks.yaml", HOOKS.to_owned()),
            ("crds/widgets.yaml", DEFINITION.replace("GROUP", &group)),
        ] {
            std::fs::write(chart.join(path), text).unwrap();
        }
        Some(Pair { world, group })
    }

    fn namespaces(&self) -> [String; 2] {
        [self.world.namespace.clone(), format!("{}-helm", self.world.namespace)]
    }

    /// Takes steps in both namespaces, one by rhumb and one by Helm 4, and compares after each.
    ///
    /// A step begins with who takes it: `helm`, which is rhumb in the one namespace; `helm3` and
    /// `kubectl`, which are themselves in both. `helm!` is refused.
    fn compare(&self, steps: &[&str]) {
        for step in steps {
            let (who, arguments) = step.split_once(' ').unwrap();
            let [ours, theirs] = self.namespaces().map(|namespace| {
                let program: &Path = match who {
                    "helm3" => &self.world.helm_3,
                    "kubectl" => &self.world.kubectl,
                    _ if namespace == self.world.namespace => rhumb(),
                    _ => &self.world.helm_4,
                };
                let run = self.world.run_in(program, &namespace, arguments);
                let error = run.stderr.find("Error: ").map(|at| run.stderr[at..].to_owned());
                let error = error.map(|error| error.replace(&namespace, "NAMESPACE"));
                (run.success, error, self.objects(&namespace), self.methods(&namespace))
            });
            let success = !who.ends_with('!');
            assert_eq!(
                (ours.0, theirs.0),
                (success, success),
                "{step}: {:?} {:?}",
                ours.1,
                theirs.1
            );
            assert_eq!(ours.1, theirs.1, "{step}");
            for (ours, theirs) in ours.2.iter().zip(&theirs.2) {
                assert_eq!(ours, theirs, "{step}");
            }
            let is_gone = step.contains("uninstall") || step.contains("finalizers");
            let count = if is_gone { 0 } else { 7 };
            assert!(ours.2.len() >= count && ours.2.len() == theirs.2.len(), "{step}");
            assert_eq!(ours.3, theirs.3, "{step}");
        }
    }

    /// Reads the objects without what differs from run to run, with who owns their fields.
    fn objects(&self, namespace: &str) -> Vec<Json> {
        let kinds = "configmap,secret,serviceaccount,service,poddisruptionbudget,deployment";
        let get = format!("get {kinds},widgets.{} -o json --show-managed-fields", self.group);
        let run = self.world.run_in(&self.world.kubectl, namespace, &get);
        assert!(run.success, "{}", run.stderr);
        let mut list: Json = serde_json::from_str(&run.stdout).unwrap();
        let mut objects = std::mem::take(list["items"].as_array_mut().unwrap());
        objects.retain(|object| {
            let name = object["metadata"]["name"].as_str().unwrap();
            !name.starts_with("sh.helm.") && name != "kube-root-ca.crt" && name != "default"
        });
        for object in &mut objects {
            let metadata = &mut object["metadata"];
            let managers = metadata["managedFields"].as_array_mut().unwrap();
            // Controllers write at a moment of their own.
            managers.retain(|entry| entry["manager"] != "kube-controller-manager");
            if let Some(annotations) = metadata["annotations"].as_object_mut() {
                annotations.shift_remove("deployment.kubernetes.io/revision");
            }
            steady(object, namespace);
            object["spec"].as_object_mut().map(|spec| spec.shift_remove("clusterIP"));
        }
        objects
    }

    /// Returns states and apply methods of the revisions.
    fn methods(&self, namespace: &str) -> Vec<(String, String)> {
        let history = self.world.run_in(&self.world.helm_4, namespace, "history web -o json");
        let rows: Json = serde_json::from_str(&history.stdout).unwrap_or_default();
        let rows = rows.as_array().into_iter().flatten();
        rows.map(|row| {
            let get = format!("get metadata web -o json --revision {}", row["revision"]);
            let metadata = self.world.run_in(&self.world.helm_4, namespace, &get);
            let metadata: Json = serde_json::from_str(&metadata.stdout).unwrap();
            (row["status"].to_string(), metadata["applyMethod"].to_string())
        })
        .collect()
    }
}

#[test]
fn patches_are_helms() {
    let Some(pair) = Pair::new("patch") else { return };
    let side = "kubectl patch deployment web --type json -p \
        [{\"op\":\"add\",\"path\":\"/spec/template/spec/containers/0\",\
        \"value\":{\"name\":\"side\",\"image\":\"busybox:1\"}}]";
    let widget = "kubectl patch WIDGET widget --type merge -p \
        {\"spec\":{\"extra\":1,\"fixed\":{\"a\":2},\"gone\":\"y\"}}"
        .replace("WIDGET", &format!("widgets.{}", pair.group));
    pair.compare(&[
        "helm install web demo --create-namespace --server-side=false",
        "kubectl scale deployment web --replicas 3",
        side,
        &widget,
        "kubectl annotate service web by=hand",
        "helm upgrade web demo",
        "helm upgrade web demo --set stage=2",
        "helm upgrade web demo --set stage=2",
        "kubectl scale deployment web --replicas 2",
        "helm rollback web 1",
        "helm upgrade web demo --set stage=3",
        "helm upgrade web demo --set stage=2 --force-replace",
        "helm upgrade web demo --set stage=3 --server-side=true",
        "helm upgrade web demo --set stage=1",
        "helm rollback web 2",
        "helm upgrade web demo --set stage=2 --server-side=false",
        "helm! upgrade web demo --set stage=2 --server-side=maybe",
        "helm! rollback web --server-side=maybe",
        "helm! upgrade web demo --force-replace --force-conflicts",
        "helm! install other demo --force --force-conflicts",
        "helm! install other demo --server-side=maybe",
        "helm uninstall web",
        "kubectl patch configmap map --type merge -p {\"metadata\":{\"finalizers\":null}}",
        "helm install web demo",
        "helm upgrade web demo --set stage=2",
    ]);
    // What Helm finds out in the middle is refused before anything is done.
    let namespace = &pair.world.namespace;
    for (arguments, refusal) in [
        (
            "upgrade web demo --server-side=true --force-replace",
            "invalid operation: cannot use server-side apply and force replace together",
        ),
        (
            "upgrade web demo --server-side=false --force-conflicts",
            "invalid client update option(s): forceConflicts enabled when serverSideApply disabled",
        ),
    ] {
        let before = pair.methods(namespace);
        let refused = pair.world.refused(rhumb(), arguments);
        assert_eq!(refused, format!("Error: UPGRADE FAILED: {refusal}"));
        assert_eq!(pair.methods(namespace), before);
    }
}

#[test]
fn helm_3_goes_on_where_rhumb_left_off() {
    let Some(pair) = Pair::new("three") else { return };
    pair.compare(&[
        "helm3 install web demo --create-namespace",
        "kubectl scale deployment web --replicas 3",
        "helm upgrade web demo --set stage=2",
        "helm3 upgrade web demo --set stage=3",
        "kubectl set env deployment web B=hand",
        "helm rollback web 1",
        "helm3 rollback web 2",
        "helm upgrade web demo --set stage=3 --server-side=true",
        "helm3 upgrade web demo --set stage=1",
        "helm upgrade web demo --set stage=2",
        "helm upgrade web demo --set stage=1 --force",
        "helm uninstall web",
    ]);
}
