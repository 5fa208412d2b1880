//! Charts that people use, through their whole life on a real control plane: by rhumb, by Helm, and
//! by both in turn. The objects that rhumb makes, and who owns their fields, are compared with those
//! of Helm's own run of the same steps in the same namespace.
//!
//! But for this repository's own chart, the charts are looked for in `../shared/corpus`, and passed
//! over where they are not at hand.
#![expect(clippy::print_stderr, reason = "a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value as Json;

use super::control_plane::{World, rhumb, steady};

/// The time that a wait may take.
const TIMEOUT: &str = "--wait --timeout 90s";

/// The kinds in a namespace that charts make, but for those whose objects come and go with others.
const NAMESPACED: &str = "configmap,secret,service,serviceaccount,persistentvolumeclaim,deployment,\
    statefulset,daemonset,job,cronjob,ingress,networkpolicy,role,rolebinding,\
    horizontalpodautoscaler,poddisruptionbudget,lease";
/// The same outside of namespaces.
const CLUSTER_WIDE: &str = "clusterrole,clusterrolebinding,ingressclass,priorityclass,\
    validatingwebhookconfiguration,mutatingwebhookconfiguration,apiservice,customresourcedefinition";

/// One chart, and what is asked of it.
struct Case {
    /// Part of the names of release and namespace. Objects outside of namespaces are named for the
    /// release, so it differs from chart to chart.
    name: &'static str,
    /// The chart.
    chart: PathBuf,
    /// Flags of the install and of all upgrades.
    values: &'static str,
    /// Further flags of upgrades.
    change: &'static str,
    /// The definitions in `crds/`. No program deletes them, so the test does.
    definitions: &'static [&'static str],
}

/// How many of these tests run at once: the control plane shares the machine with them.
static RUNNING: (Mutex<usize>, Condvar) = (Mutex::new(0), Condvar::new());

/// The right to run one of these tests.
struct Turn {
    /// Some charts make objects with names of their own choice outside of the namespace, so no other
    /// process may test the same chart.
    _lock: File,
}

impl Turn {
    fn take(name: &str) -> Turn {
        let path = std::env::temp_dir().join(format!("rhumb-test-{name}.lock"));
        let lock = File::create(path).unwrap();
        for tries in 0.. {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) => assert!(tries < 300, "{name} is still tested"),
                Err(TryLockError::Error(error)) => panic!("{error}"),
            }
            std::thread::sleep(Duration::from_secs(1));
        }
        let running = RUNNING.0.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |running: &mut usize| *running >= 3;
        let running = RUNNING.1.wait_while(running, full);
        *running.unwrap_or_else(PoisonError::into_inner) += 1;
        Turn { _lock: lock }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *RUNNING.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        RUNNING.1.notify_one();
    }
}

/// One release of a chart. Dropping it uninstalls it, should the test have failed in between:
/// objects outside of its namespace would be in the way of other tests.
struct Life {
    world: World,
    release: String,
    case: Case,
}

impl Drop for Life {
    fn drop(&mut self) {
        let uninstall = format!("uninstall {} --ignore-not-found --no-hooks", self.release);
        let run = self.world.run_in(rhumb(), &self.world.namespace, &uninstall);
        if !run.success {
            eprintln!("{}", run.stderr);
        }
    }
}

/// The objects of a release by kind and name.
type Objects = BTreeMap<String, Json>;

impl Life {
    fn new(case: Case) -> Option<Life> {
        let mut world = super::control_plane::world(case.name)?;
        let release = format!("{}-{}", case.name, std::process::id());
        // Charts also make objects in namespaces of others, which kubectl refuses to show beside a
        // `-n`.
        let kubeconfig = world.folder.path().join("kubeconfig");
        std::fs::copy(&world.kubeconfig, &kubeconfig).unwrap();
        world.kubeconfig = kubeconfig;
        world.ok(&world.kubectl, "config set-context --current");
        Some(Life { world, release, case })
    }

    fn run(&self, program: &Path, arguments: &str) -> String {
        let arguments = arguments.replace("RELEASE", &self.release);
        self.world.ok(program, &arguments)
    }

    fn install(&self, program: &Path, more: &str) {
        let (chart, values) = (self.case.chart.display(), self.case.values);
        self.run(program, &format!("install RELEASE {chart} --create-namespace {values} {more}"));
    }

    fn upgrade(&self, program: &Path, more: &str) {
        let Case { chart, values, change, .. } = &self.case;
        let chart = chart.display();
        self.run(program, &format!("upgrade RELEASE {chart} {values} {change} {more}"));
    }

    /// Installs, upgrades and rolls back; returns the objects after each step.
    fn steps(&self, program: &Path) -> Vec<Objects> {
        self.delete_definitions();
        let mut steps = Vec::new();
        self.install(program, TIMEOUT);
        steps.push(self.objects());
        self.upgrade(program, TIMEOUT);
        steps.push(self.objects());
        self.run(program, &format!("rollback RELEASE 1 {TIMEOUT}"));
        steps.push(self.objects());
        steps
    }

    fn delete_definitions(&self) {
        if !self.case.definitions.is_empty() {
            let names = self.case.definitions.join(" ");
            let delete = format!("delete crd --ignore-not-found --timeout 60s {names}");
            self.run(&self.world.kubectl, &delete);
        }
    }

    /// Reads the release's objects without what differs from run to run.
    fn objects(&self) -> Objects {
        let manifest = self.run(&self.world.helm_4, "get manifest RELEASE");
        std::fs::write(self.world.folder.path().join("manifest.yaml"), manifest).unwrap();
        let mut lists = vec![self.kubectl("get -f manifest.yaml")];
        if !self.case.definitions.is_empty() {
            let names = self.case.definitions.join(" ");
            lists.push(self.kubectl(&format!("get crd {names}")));
        }
        let mut objects = Objects::new();
        for list in &mut lists {
            let items = match list["items"].take() {
                Json::Array(items) => items,
                _ => vec![list.take()],
            };
            for mut object in items {
                let kind = object["kind"].as_str().unwrap().to_owned();
                let name = object["metadata"]["name"].as_str().unwrap().to_owned();
                steady(&mut object, &self.world.namespace);
                settle(&mut object);
                objects.insert(format!("{kind}/{name}"), object);
            }
        }
        assert!(!objects.is_empty());
        objects
    }

    fn kubectl(&self, arguments: &str) -> Json {
        let output = std::process::Command::new(&self.world.kubectl)
            .args(arguments.split_whitespace())
            .args(["-o", "json", "--show-managed-fields"])
            .current_dir(self.world.folder.path())
            .env("KUBECONFIG", &self.world.kubeconfig)
            .env("HOME", self.world.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Reads the release with both versions of Helm; what they say is what rhumb says.
    fn read(&self) {
        for read in ["status RELEASE", "history RELEASE", "list"] {
            let says = self.run(&self.world.helm_3, read);
            assert!(says.contains("deployed"), "{read}: {says}");
        }
        let says = self.run(&self.world.helm_3, "get all RELEASE");
        assert!(says.contains("MANIFEST:"), "{says}");
        for same in [
            "list -o json",
            "history RELEASE -o json",
            "get all RELEASE",
            "get values RELEASE --all",
            "get manifest RELEASE --revision 2",
        ] {
            assert_eq!(self.run(rhumb(), same), self.run(&self.world.helm_4, same), "{same}");
        }
        // The ages of objects go on, and Pods of before may linger. Helm's order of kinds is random,
        // and it leaves out the head of a table when the one before has the same columns.
        let status = |program: &Path| {
            let status = self.run(program, "status RELEASE");
            let age = |c: char| c.is_ascii_digit() || "smh ".contains(c);
            let mut lines = Vec::new();
            let mut in_pods = false;
            for line in status.lines() {
                in_pods = line == "==> v1/Pod(related)" || in_pods && !line.is_empty();
                if !in_pods && !line.starts_with("NAME ") {
                    lines.push(line.trim_end_matches(age).to_owned());
                }
            }
            lines.sort();
            lines
        };
        let (ours, theirs) = (status(rhumb()), status(&self.world.helm_4));
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours, theirs);
        }
        assert_eq!(ours.len(), theirs.len());
    }

    /// Takes away what an uninstall has left in the namespace; returns the names of that, and of what
    /// it has left outside.
    fn leftovers(&self) -> BTreeSet<String> {
        let namespace = &self.world.namespace;
        let left = |kinds: &str, more: &str| -> Vec<String> {
            let names = self.run(&self.world.kubectl, &format!("get {kinds} -o name {more}"));
            names.lines().map(str::to_owned).collect()
        };
        let mut inside = left(NAMESPACED, "");
        let ours = ["configmap/kube-root-ca.crt", "serviceaccount/default"];
        inside.retain(|name| !ours.contains(&name.as_str()));
        if !inside.is_empty() {
            let names = inside.join(" ");
            self.run(&self.world.kubectl, &format!("delete {names} --ignore-not-found"));
        }
        let mut outside = left(CLUSTER_WIDE, "");
        outside.retain(|name| name.contains(&self.release) || name.contains(namespace));
        inside.into_iter().chain(outside).collect()
    }

    /// Returns the states of all revisions.
    fn states(&self) -> Vec<String> {
        let history = self.run(rhumb(), "history RELEASE -o json");
        let history: Vec<Json> = serde_json::from_str(&history).unwrap();
        history.iter().map(|row| row["status"].as_str().unwrap().to_owned()).collect()
    }

    fn live(&self) {
        let (helm_4, helm_3) = (self.world.helm_4.clone(), self.world.helm_3.clone());

        let ours = self.steps(rhumb());
        assert_eq!(self.states(), ["superseded", "superseded", "deployed"]);
        self.read();
        for helm in [&helm_4, &helm_3] {
            self.upgrade(helm, "");
            self.run(helm, "rollback RELEASE 1");
        }
        self.upgrade(rhumb(), TIMEOUT);
        self.read();
        let states = self.states();
        assert_eq!(states.len(), 8);
        assert_eq!(states[..7], ["superseded"; 7]);
        assert_eq!(states[7], "deployed");
        self.run(rhumb(), &format!("uninstall RELEASE {TIMEOUT}"));
        let left = self.leftovers();

        let theirs = self.steps(&helm_4);
        for (step, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
            let ours_keys: Vec<_> = ours.keys().collect();
            assert_eq!(ours_keys, theirs.keys().collect::<Vec<_>>(), "step {step}");
            for (name, object) in ours {
                assert_eq!(object, &theirs[name], "{name} after step {step}");
            }
        }
        self.read();
        self.upgrade(rhumb(), "");
        self.run(rhumb(), "rollback RELEASE 1");
        self.run(&helm_4, &format!("uninstall RELEASE {TIMEOUT}"));
        assert_eq!(left, self.leftovers());

        self.install(&helm_3, "");
        self.upgrade(rhumb(), "");
        self.run(rhumb(), &format!("rollback RELEASE 1 {TIMEOUT}"));
        self.read();
        self.run(rhumb(), &format!("uninstall RELEASE {TIMEOUT}"));
        assert_eq!(self.run(&helm_4, "list -q"), "");
    }
}

/// Takes away what charts draw at random, what the cluster assigns, and what controllers write at
/// moments of their own.
fn settle(object: &mut Json) {
    if object["kind"] == "Secret" {
        for key in ["data", "stringData"] {
            if let Some(data) = object[key].as_object_mut() {
                data.values_mut().for_each(|value| *value = "RANDOM".into());
            }
        }
    }
    mask(object);
    let metadata = &mut object["metadata"];
    if let Some(annotations) = metadata["annotations"].as_object_mut() {
        annotations.shift_remove("deployment.kubernetes.io/revision");
    }
    let entries = metadata["managedFields"].as_array_mut().unwrap();
    entries.retain(|entry| entry["manager"] == "helm");
    assert!(!entries.is_empty());
}

fn mask(json: &mut Json) {
    match json {
        Json::Array(items) => items.iter_mut().for_each(mask),
        Json::Object(fields) => {
            for key in ["nodePort", "healthCheckNodePort", "volumeName"] {
                fields.shift_remove(key);
            }
            // A certificate made anew by each render, and the checksum of a random password.
            for key in ["caBundle", "checksum/secret"] {
                if let Some(value) = fields.get_mut(key)
                    && value.is_string()
                {
                    *value = "RANDOM".into();
                }
            }
            fields.values_mut().for_each(mask);
        }
        _ => {}
    }
}

fn corpus(package: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/charts");
    root.join(package)
}

fn check(case: Case) {
    if !case.chart.exists() {
        eprintln!("passed over: there is no {}", case.chart.display());
        return;
    }
    let turn = Turn::take(case.name);
    if let Some(life) = Life::new(case) {
        life.live();
    }
    drop(turn);
}

#[test]
fn hello() {
    check(Case {
        name: "hello",
        chart: Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/hello"),
        values: "--set ingress.enabled=true",
        change: "--set replicas=2,audience=all",
        definitions: &[],
    });
}

#[test]
fn kube_prometheus_stack() {
    check(Case {
        name: "kps",
        chart: corpus("kube-prometheus-stack-88.5.3.tgz"),
        values: "",
        change: "--set grafana.replicas=2,prometheus.prometheusSpec.retention=1d",
        definitions: &[],
    });
}

#[test]
fn prometheus() {
    check(Case {
        name: "prom",
        chart: corpus("prometheus-29.27.0.tgz"),
        // kube-prometheus-stack's node exporter wants the same host port of the one node.
        values: "--set prometheus-node-exporter.service.port=9101,\
                 prometheus-node-exporter.service.targetPort=9101",
        change: "--set server.retention=1d,alertmanager.enabled=false",
        definitions: &[],
    });
}

#[test]
fn grafana() {
    check(Case {
        name: "grafana",
        chart: corpus("grafana-12.11.1.tgz"),
        values: "",
        change: "--set replicas=2",
        definitions: &[],
    });
}

#[test]
fn fluent_bit() {
    check(Case {
        name: "fluent",
        chart: corpus("fluent-bit-0.58.1.tgz"),
        values: "",
        change: "--set logLevel=debug,labels.team=a",
        definitions: &[],
    });
}

#[test]
fn elasticsearch() {
    check(Case {
        name: "elastic",
        chart: corpus("elasticsearch-8.5.1.tgz"),
        // There is one node.
        values: "--set antiAffinity=soft",
        change: "--set replicas=4,labels.team=a",
        definitions: &[],
    });
}

#[test]
fn kibana() {
    check(Case {
        name: "kibana",
        chart: corpus("kibana-8.5.1.tgz"),
        values: "",
        change: "--set replicas=2",
        definitions: &[],
    });
}

#[test]
fn aws_load_balancer_controller() {
    check(Case {
        name: "albc",
        chart: corpus("aws-load-balancer-controller-3.5.0.tgz"),
        // Its webhook for Services would forbid those of all other tests, for nothing answers.
        values: "--set clusterName=test,enableServiceMutatorWebhook=false",
        change: "--set replicaCount=1,logLevel=debug",
        definitions: &[
            "albtargetcontrolconfigs.elbv2.k8s.aws",
            "globalaccelerators.aga.k8s.aws",
            "ingressclassparams.elbv2.k8s.aws",
            "targetgroupbindings.elbv2.k8s.aws",
        ],
    });
}

#[test]
fn cluster_autoscaler() {
    check(Case {
        name: "scaler",
        chart: corpus("cluster-autoscaler-9.59.0.tgz"),
        // It renders nothing to run without a group of nodes.
        values: "--set autoDiscovery.clusterName=test,awsRegion=eu-west-1",
        change: "--set replicaCount=2",
        definitions: &[],
    });
}

#[test]
fn metrics_server() {
    check(Case {
        name: "metrics",
        chart: corpus("metrics-server-3.13.1.tgz"),
        values: "",
        change: "--set replicas=2,podDisruptionBudget.enabled=true,podDisruptionBudget.minAvailable=1",
        definitions: &[],
    });
}

#[test]
fn ingress_nginx() {
    check(Case {
        name: "nginx",
        chart: corpus("ingress-nginx-4.15.1.tgz"),
        // Its webhook would forbid the Ingresses of all other tests, for nothing answers; so it is
        // asked about one namespace only. The Jobs that make its certificate run.
        values: "--set controller.admissionWebhooks.namespaceSelector.matchLabels.ingress=checked",
        change: "--set controller.replicaCount=2",
        definitions: &[],
    });
}
