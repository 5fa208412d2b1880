//! What rendering asks a real control plane for, beside Helm; and releases that go through a
//! post-renderer.

use super::control_plane::{World, rhumb, world};

impl World {
    fn chart(&self, name: &str, files: &[(&str, &str)]) {
        let folder = self.folder.path().join(name);
        let metadata = format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n");
        for (path, text) in std::iter::once(&("Chart.yaml", metadata.as_str())).chain(files) {
            let path = folder.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
    }

    /// Runs a command of both programs and holds stdout, exit code and message against each other.
    fn compare(&self, arguments: &str) {
        let [theirs, ours] = [self.helm_4.as_path(), rhumb()]
            .map(|program| self.run_in(program, &self.namespace, arguments));
        assert_eq!(theirs.stdout, ours.stdout, "{arguments}\n{}\n{}", theirs.stderr, ours.stderr);
        assert_eq!(theirs.success, ours.success, "{arguments}\n{}", ours.stderr);
        let error = |text: &str| {
            let at = text.find("Error: ").unwrap_or(text.len());
            text[at..].split("\n\n").next().unwrap_or_default().trim_end().to_owned()
        };
        assert_eq!(error(&theirs.stderr), error(&ours.stderr), "{arguments}");
    }
}

const MAP: &str = "apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
  version: {{ .Capabilities.KubeVersion.Version }}
  apps: {{ .Capabilities.APIVersions.Has \"apps/v1/Deployment\" | quote }}
  mine: {{ .Capabilities.APIVersions.Has \"example.org/v1\" | quote }}
  known: {{ len .Capabilities.APIVersions | lt 20 | quote }}
  namespace: {{ (lookup \"v1\" \"Namespace\" \"\" \"kube-system\").metadata.name | quote }}
  none: {{ lookup \"v1\" \"ConfigMap\" \"kube-system\" \"rhumb-none\" | toJson | quote }}
  map: {{ (lookup \"v1\" \"ConfigMap\" .Release.Namespace \"known\").data | toJson | quote }}
  listed: {{ (lookup \"v1\" \"ConfigMap\" .Release.Namespace \"\").kind | quote }}
  unserved: {{ lookup \"example.org/v1\" \"Thing\" \"\" \"\" | toJson | quote }}
";

#[test]
fn templates_see_the_cluster_as_with_helm() {
    let Some(world) = world("render") else { return };
    world.ok(&world.kubectl, &format!("create namespace {}", world.namespace));
    world.ok(&world.kubectl, "create configmap known --from-literal=a=1");
    world.chart("seen", &[("templates/map.yaml", MAP)]);
    for arguments in [
        "",
        "--validate",
        "--dry-run=server",
        "--dry-run=server --api-versions example.org/v1",
        "--dry-run=server --kube-version 1.20.0",
        "--dry-run=client",
        "--validate --is-upgrade",
    ] {
        world.compare(&format!("template a seen {arguments}"));
    }
    for (name, text) in [
        ("unserved", "apiVersion: example.org/v1\nkind: Thing\nmetadata: {name: a}\n"),
        ("wrong", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: [1]\n"),
        ("unknown", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ncolor: blue\n"),
        ("taken", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: known}\n"),
        ("asks", "a: {{ lookup \"v1\" \"ConfigMap\" }}\n"),
    ] {
        world.chart(name, &[("templates/object.yaml", text)]);
        world.compare(&format!("template a {name} --validate"));
        world.compare(&format!("template a {name} --dry-run=server"));
    }
    world.compare("template a taken --dry-run=server --take-ownership");
}

#[test]
fn releases_go_through_a_post_renderer() {
    let Some(world) = world("postrender") else { return };
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {color: {{ .Values.color }}}\n";
    let hook = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: hook\n  annotations: {helm.sh/hook: \"pre-install,pre-upgrade\"}\ndata: {color: {{ .Values.color }}}\n";
    world.chart(
        "web",
        &[
            ("values.yaml", "color: blue\n"),
            ("templates/map.yaml", map),
            ("templates/hook.yaml", hook),
            ("templates/NOTES.txt", "the color is {{ .Values.color }}\n"),
        ],
    );
    // Helm takes plugins alone, rhumb a program as well.
    let plugin = world.folder.path().join("plugins/dye");
    std::fs::create_dir_all(&plugin).unwrap();
    std::fs::write(
        plugin.join("plugin.yaml"),
        "apiVersion: v1\ntype: postrenderer/v1\nname: dye\nversion: 0.1.0\nruntime: subprocess\n\
         runtimeConfig:\n  platformCommand:\n  - command: sh\n    args: [\"$HELM_PLUGIN_DIR/dye.sh\"]\n",
    )
    .unwrap();
    std::fs::write(plugin.join("dye.sh"), "exec sed \"s/color: /color: ${1:-dark}-/\"\n").unwrap();
    let flags = "--post-renderer dye";
    let other = format!("{}-helm", world.namespace);
    let run = |arguments: &str| {
        let [theirs, ours] = [(world.helm_4.as_path(), &other), (rhumb(), &world.namespace)].map(
            |(program, namespace)| {
                let plugins = world.folder.path().join("plugins");
                let run = std::process::Command::new(program)
                    .args(arguments.split_whitespace())
                    .args(["-n", namespace])
                    .current_dir(world.folder.path())
                    .env("KUBECONFIG", &world.kubeconfig)
                    .env("HOME", world.folder.path())
                    .env("HELM_PLUGINS", plugins)
                    .output()
                    .unwrap();
                let text =
                    |bytes| String::from_utf8(bytes).unwrap().replace(namespace, "NAMESPACE");
                let stdout: Vec<String> = text(run.stdout)
                    .lines()
                    .filter(|line| !line.starts_with("LAST DEPLOYED"))
                    .map(str::to_owned)
                    .collect();
                (run.status.success(), stdout, text(run.stderr))
            },
        );
        assert_eq!(
            (theirs.0, &theirs.1),
            (ours.0, &ours.1),
            "{arguments}\n{}\n{}",
            theirs.2,
            ours.2
        );
        assert!(ours.0, "{arguments}: {}", ours.2);
        ours.1.join("\n")
    };
    run(&format!("install a web --create-namespace {flags}"));
    let manifest = run("get manifest a");
    assert!(manifest.contains("color: dark-blue"), "{manifest}");
    assert!(run("get hooks a").contains("color: dark-blue"));
    run(&format!("upgrade a web --set color=red {flags} --post-renderer-args light"));
    assert!(run("get manifest a").contains("color: light-red"));
    assert!(run("get notes a").contains("the color is red"));
    let live = world.ok(&world.kubectl, "get configmap web -o jsonpath={.data.color}");
    assert_eq!(live, "light-red");
    // What the post-renderer did is in the record, so that a rollback needs it no more.
    run("rollback a 1");
    let live = world.ok(&world.kubectl, "get configmap web -o jsonpath={.data.color}");
    assert_eq!(live, "dark-blue");
}
