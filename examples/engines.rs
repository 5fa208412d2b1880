//! Renders a chart in Go templates and its twin in Jinja, and compares what they make and how long
//! they take, the first time and when the same chart is rendered again:
//!
//! ```text
//! cargo run --release --example engines
//! ```
//!
//! `scripts/bench --twins` compares the whole program with smaller charts.

use std::time::{Duration, Instant};

use rhumb::chart::{Chart, File, Metadata};
use rhumb::template::function::Env;
use rhumb::template::{self, Capabilities, Context, ReleaseContext};
use rhumb::value::{Map, Value, deep_equal};
use rhumb::yaml;

const VALUES: &str = r#"
image: {repository: nginx, tag: "1.27"}
replicas: 3
labels: {team: a, tier: web}
resources: {limits: {cpu: 100m, memory: 128Mi}, requests: {cpu: 50m}}
env: {A: "1", B: "yes", C: "x: y", D: plain, E: "0x1"}
hosts: [a.example.com, b.example.com, c.example.com]
"#;

const GO_HELPERS: &str = r#"
{{- define "web.fullname" -}}
{{ .Release.Name }}-{{ .Chart.Name }}
{{- end }}
{{- define "web.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- with .Values.labels }}
{{ toYaml . }}
{{- end }}
{{- end }}
"#;

const GO: &str = r#"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "web.fullname" . }}
  labels:
    {{- include "web.labels" . | nindent 4 }}
spec:
  replicas: {{ .Values.replicas }}
  selector:
    matchLabels:
      {{- include "web.labels" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "web.labels" . | nindent 8 }}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"
          {{- if .Values.env }}
          env:
            {{- range $name, $value := .Values.env }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
          {{- end }}
          resources:
            {{- toYaml .Values.resources | nindent 12 }}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "web.fullname" . }}
spec:
  rules:
    {{- range .Values.hosts }}
    - host: {{ . | quote }}
    {{- end }}
"#;

const JINJA_HELPERS: &str = r"{% macro fullname() %}
{{ release.name }}-{{ chart.name }}
{% endmacro %}
{% macro labels() %}
app.kubernetes.io/name: {{ chart.name }}
app.kubernetes.io/instance: {{ release.name }}
{{ values.labels }}
{% endmacro %}
";

const JINJA: &str = r"apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ helpers.fullname() }}
  labels: {{ helpers.labels() }}
spec:
  replicas: {{ values.replicas }}
  selector:
    matchLabels: {{ helpers.labels() }}
  template:
    metadata:
      labels: {{ helpers.labels() }}
    spec:
      containers:
        - name: {{ chart.name }}
          image: {{ values.image.repository }}:{{ values.image.tag }}
          {% if values.env %}
          env:
            {% for name, value in values.env | items %}
            - name: {{ name }}
              value: {{ value }}
            {% endfor %}
          {% endif %}
          resources: {{ values.resources }}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ helpers.fullname() }}
spec:
  rules:
    {% for host in values.hosts %}
    - host: {{ host }}
    {% endfor %}
";

/// How many templates the charts have.
const TEMPLATES: usize = 50;

/// How often each is rendered.
const ROUNDS: usize = 100;

fn chart(helpers: (&str, &str), text: &str, ending: &str) -> Chart {
    let metadata = Metadata { name: "web".to_owned(), ..Metadata::default() };
    let mut chart = Chart::new(metadata);
    let file = |name: String, text: &str| File { name, data: text.into(), modified: None };
    chart.templates.push(file(helpers.0.to_owned(), helpers.1));
    for i in 0..TEMPLATES {
        chart.templates.push(file(format!("templates/{i:02}.yaml{ending}"), text));
    }
    chart
}

fn render(
    chart: &Chart,
    values: &Map,
) -> Result<(Vec<Value>, Duration), Box<dyn std::error::Error>> {
    let context = Context {
        release: ReleaseContext {
            name: "shop".to_owned(),
            namespace: "default".to_owned(),
            revision: 1,
            is_upgrade: false,
        },
        capabilities: Capabilities::default(),
    };
    let start = Instant::now();
    let rendered = template::render(chart, values, &context, &Env::new())?;
    let time = start.elapsed();
    let mut objects = Vec::new();
    for (_, text) in rendered.texts() {
        objects.extend(yaml::read_all(text)?);
    }
    Ok((objects, time))
}

/// How long the twins took in Go's templates and in Jinja, round by round.
#[derive(Default)]
struct Times([Vec<Duration>; 2]);

impl Times {
    #[allow(clippy::print_stdout)]
    fn print(mut self, what: &str) {
        for times in &mut self.0 {
            times.sort();
        }
        let line = |name: &str, at: usize| {
            let [go, jinja] = [self.0[0][at], self.0[1][at]];
            let ratio = go.as_secs_f64() / jinja.as_secs_f64();
            println!("{what}, {name}: Go {go:.2?}, Jinja {jinja:.2?}, ratio {ratio:.2}");
        };
        line("least", 0);
        line("median", self.0[0].len() / 2);
    }
}

/// Renders both charts, the other one first each time. Returns the times in Go's templates and in
/// Jinja.
fn compare(charts: &[Chart; 2], values: &Map, round: usize) -> Result<[Duration; 2], String> {
    let mut found: [Option<(Vec<Value>, Duration)>; 2] = [None, None];
    for side in [round % 2, 1 - round % 2] {
        let rendered = render(&charts[side], values).map_err(|error| error.to_string())?;
        found[side] = Some(rendered);
    }
    let [Some((go, go_time)), Some((jinja, jinja_time))] = found else {
        return Err("a chart was not rendered".to_owned());
    };
    if go.len() != jinja.len() || !go.iter().zip(&jinja).all(|(a, b)| deep_equal(a, b)) {
        return Err("the twins make different objects".to_owned());
    }
    Ok([go_time, jinja_time])
}

#[allow(clippy::print_stdout)]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let Value::Map(values) = yaml::read(VALUES.as_bytes())? else { return Ok(()) };
    let charts = [
        chart(("templates/_helpers.tpl", GO_HELPERS), GO, ""),
        chart(("templates/_helpers.j2", JINJA_HELPERS), JINJA, ".j2"),
    ];
    let (mut first, mut again) = (Times::default(), Times::default());
    for round in 0..ROUNDS {
        // What was compiled last belongs to the thread: a new one begins from the sources.
        let run = || [(); 2].map(|()| compare(&charts, &values, round));
        let times = std::thread::scope(|scope| scope.spawn(run).join());
        for (times, found) in
            [&mut first, &mut again].into_iter().zip(times.map_err(|_| "a thread failed")?)
        {
            let found = found?;
            for (times, time) in times.0.iter_mut().zip(found) {
                times.push(time);
            }
        }
    }
    println!("{TEMPLATES} templates, {ROUNDS} rounds; a ratio is Go's time divided by Jinja's");
    first.print("first");
    again.print("again");
    Ok(())
}
