//! `rhumb convert`: what it writes, what it leaves alone, what it refuses.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const VALUES: &str = "replicas: 2\n\
image: {repository: nginx, tag: \"\"}\n\
service: {type: ClusterIP, port: 80}\n\
ingress: {enabled: false, hosts: [{host: a.example, paths: [/]}]}\n\
annotations: {}\n\
resources: {}\n\
config: |\n  a=1\n  b=2\n\
word: \"yes\"\n";

const HELPERS: &str = "{{- define \"web.name\" -}}\n{{ .Release.Name }}-web\n{{- end }}\n\
{{- define \"web.labels\" -}}\napp: {{ include \"web.name\" . }}\n\
version: {{ .Chart.AppVersion | quote }}\n{{- end }}\n";

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include \"web.name\" . }}
  labels:
    {{- include \"web.labels\" . | nindent 4 }}
  {{- with .Values.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{/* how many */}}
  replicas: {{ .Values.replicas }}
  template:
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: \"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}\"
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
";

const INGRESS: &str = "{{- if .Values.ingress.enabled -}}
{{- $name := include \"web.name\" . -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $name }}
spec:
  rules:
    {{- range .Values.ingress.hosts }}
    - host: {{ .host | quote }}
      http:
        paths:
          {{- range .paths }}
          - path: {{ . }}
            backend:
              service:
                name: {{ $name }}
                port:
                  number: {{ $.Values.service.port }}
          {{- end }}
    {{- end }}
{{- end }}
";

/// Go's text is read as a boolean; Jinja would keep it a text.
const WORD: &str = "kind: A\nk: {{ .Values.word }}\n";

fn write(folder: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn chart(folder: &Path, templates: &[(&str, &str)]) {
    let head = "apiVersion: v2\nname: web\nversion: 0.1.0\nappVersion: \"1.10\"\n";
    write(folder, &[("Chart.yaml", head), ("values.yaml", VALUES)]);
    write(folder, templates);
}

fn rhumb(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rhumb"));
    command.args(arguments).current_dir(folder).env("HOME", folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_chart_is_written_anew_and_renders_to_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let templates = [
        ("templates/_helpers.tpl", HELPERS),
        ("templates/deployment.yaml", DEPLOYMENT),
        ("templates/ingress.yaml", INGRESS),
        ("templates/NOTES.txt", "Port {{ .Values.service.port }}\n"),
        ("notes/more.md", "kept"),
    ];
    chart(&folder.path().join("web"), &templates);
    let output = rhumb(folder.path(), &["convert", "web"]);
    let said = text(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("3 of 4 templates converted"), "{said}");
    let new = folder.path().join("web-jinja");
    let read = |name: &str| fs::read_to_string(new.join(name)).unwrap();
    assert_eq!(
        read("templates/deployment.yaml.j2"),
        "{% set values = optional(values) %}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include(\"web.name\") }}
  labels:
    {{ include(\"web.labels\") }}
  {% if values.annotations %}
  annotations:
    {{ values.annotations }}
  {% endif %}
spec:
  {# how many #}
  replicas: {{ values.replicas }}
  template:
    spec:
      containers:
        - name: {{ chart.name }}
          image: \"{{ values.image.repository }}:{{ values.image.tag | if_empty(chart.app_version) }}\"
          resources:
            {{ values.resources }}
"
    );
    assert!(read("templates/ingress.yaml.j2").contains("{% for host in values.ingress.hosts %}"));
    assert_eq!(read("notes/more.md"), "kept");
    assert!(!new.join("templates/ingress.yaml").exists());
    assert_eq!(read("templates/_helpers.tpl"), HELPERS);
    for flags in [&[][..], &["--set", "ingress.enabled=true"][..]] {
        let render = |chart: &str| {
            let arguments = [&["template", "x", chart][..], flags].concat();
            let output = rhumb(folder.path(), &arguments);
            assert!(output.status.success(), "{}", text(&output.stderr));
            let text = text(&output.stdout);
            let documents = text.split("---\n").map(|part| rhumb::yaml::read(part.as_bytes()));
            documents.map(|document| rhumb::json::to_serde(&document.unwrap())).collect::<Vec<_>>()
        };
        assert_eq!(render("web"), render("web-jinja"));
    }
}

#[test]
fn what_would_differ_is_printed_as_go_does_or_stays() {
    let folder = tempfile::tempdir().unwrap();
    let templates = [
        ("templates/word.yaml", WORD),
        (
            "templates/sum.yaml",
            "sum: {{ include (print $.Template.BasePath \"/word.yaml\") . | sha256sum }}\n",
        ),
        ("templates/set.yaml", "a: 1\n{{- $_ := set .Values \"x\" 1 }}\n"),
        ("templates/random.yaml", "a: {{ randAlpha 9 }}\n"),
        ("templates/never.yaml", "{{ if eq 1 2 }}\na: 1\n{{ end }}\n"),
        ("templates/other.yaml", "kind: B\nk: {{ .Values.word }}\n"),
    ];
    chart(&folder.path().join("web"), &templates);
    let output = rhumb(folder.path(), &["convert", "web", "--dry-run", "--output", "json"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(!folder.path().join("web-jinja").exists());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let rows = report["files"].as_array().unwrap().iter().map(|row| {
        let line = row["line"].as_u64().map_or(String::new(), |line| format!(":{line}"));
        let what =
            row["reason"].as_str().map_or_else(|| row["rawHoles"].to_string(), str::to_owned);
        format!("{}{line} {what}", row["name"].as_str().unwrap())
    });
    assert_eq!(
        rows.collect::<Vec<_>>(),
        [
            "templates/never.yaml no values that were tried make it write anything",
            "templates/other.yaml 1",
            "templates/random.yaml it writes something else each time",
            "templates/set.yaml:2 changes a map in place",
            "templates/sum.yaml 0",
            "templates/word.yaml templates/sum.yaml includes its text",
        ]
    );
}

#[test]
fn an_archive_becomes_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    chart(&folder.path().join("web"), &[("templates/a.yaml", "k: {{ .Values.replicas }}\n")]);
    assert!(rhumb(folder.path(), &["package", "web"]).status.success());
    let output = rhumb(folder.path(), &["convert", "web-0.1.0.tgz", "-d", "out/new"]);
    assert!(output.status.success(), "{}", text(&output.stderr));
    let template = fs::read_to_string(folder.path().join("out/new/templates/a.yaml.j2")).unwrap();
    assert_eq!(template, "{% set values = optional(values) %}\nk: {{ values.replicas }}\n");
}

#[test]
fn bad_input_is_refused_before_anything_is_written() {
    let folder = tempfile::tempdir().unwrap();
    chart(&folder.path().join("web"), &[("templates/a.yaml", "k: 1\n")]);
    fs::create_dir(folder.path().join("taken")).unwrap();
    fs::write(folder.path().join("list.yaml"), "- 1\n").unwrap();
    for (arguments, message) in [
        (&["convert", "web", "-d", "taken"][..], "Error: taken exists already"),
        (&["convert", "./nothing"][..], "Error: path \"./nothing\" not found"),
        (&["convert", "web", "-f", "list.yaml"][..], "Error: list.yaml is no map of values"),
        (&["convert", "web", "-f", "none.yaml"][..], "Error: open none.yaml: no such file"),
        (&["convert", "web", "--dry-run", "-d", "x"][..], "cannot be used with"),
    ] {
        let output = rhumb(folder.path(), arguments);
        let said = text(&output.stderr);
        assert!(!output.status.success() && said.contains(message), "{arguments:?}: {said}");
    }
    let left = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 3);
}
