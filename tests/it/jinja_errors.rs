//! What the user sees when a Jinja template is wrong: the place, the way there, what may help.

use std::fmt::Write as _;
use std::process::{Command, Stdio};

const VALUES: &str = "\
image: {repository: nginx, tag: \"1.10\"}
replicas: 3
labels: {team: a}
hosts: [a.example.com]
script: \"a\\ab\"
nothing: null
";

const HELPERS: &str = "\
{% macro labels(name, extra={}) %}
app: {{ name }}
{{ extra }}
{% endmacro %}
{% macro tag() %}
{{ values.image.tga }}
{% endmacro %}
{% macro quoted(x) %}
k: \"{{ x }}\"
{% endmacro %}
";

/// Title and template.
const CASES: &[(&str, &str)] = &[
    ("a misspelt value", "a: 1\nk: {{ values.image.tga }}\n"),
    ("a misspelt first key", "k: {{ values.imagee.tag }}\n"),
    ("a value that is far from all", "k: {{ values.image.digest }}\n"),
    ("a key of a number", "k: {{ values.replicas.min }}\n"),
    ("a key of null", "k: {{ values.nothing.a.b }}\n"),
    ("a key in brackets", "k: {{ values[\"labelz\"] }}\n"),
    ("a value without values", "k: {{ image.tag }}\n"),
    ("Go's name", "k: {{ Values.image.tag }}\n"),
    ("a misspelt name", "k: {{ relase.name }}\n"),
    ("a misspelt field", "k: {{ release.nmae }}\n"),
    ("a misspelt value in a condition", "{% if values.labls %}\nk: 1\n{% endif %}\n"),
    ("a misspelt value in a loop", "{% for h in values.host %}\n- {{ h }}\n{% endfor %}\n"),
    ("a misspelt filter", "k: {{ values.image.tag | b64encod }}\n"),
    ("Go's name of a filter", "k: {{ values.image.tag | b64enc }}\n"),
    ("a filter that is not needed", "k: {{ values.image.tag | quote }}\n"),
    ("another filter that is not needed", "k:\n  {{ values.labels | toYaml | nindent(2) }}\n"),
    ("a misspelt test", "k: {{ values.replicas is nubmer }}\n"),
    ("a misspelt function", "k: {{ includ('x') }}\n"),
    ("a misspelt macro", "k: {{ helpers.lables('x') }}\n"),
    ("a macro without its file", "k: {{ labels('x') }}\n"),
    ("a misspelt keyword argument", "k: {{ helpers.labels('x', exta={}) }}\n"),
    ("too many arguments", "k: {{ helpers.labels('x', {}, 1) }}\n"),
    ("an error within a macro", "a: 1\nk: {{ helpers.tag() }}\n"),
    ("a misspelt file", "{% import '_helprs.j2' as h %}\n"),
    ("a misspelt template of Go", "k: {{ include('web.nmae') }}\n"),
    ("an error in a template of Go", "k: {{ include('web.bad') }}\n"),
    ("a number and a text", "k: {{ values.replicas + 'x' }}\n"),
    ("an argument of the wrong kind", "k: {{ values.labels | b64encode }}\n"),
    ("too few arguments", "k: {{ values.script | regex_replace('a') }}\n"),
    ("a map in a text", "k: x-{{ values.labels }}\n"),
    ("a map in quotes, in a macro", "a: {{ helpers.quoted(values.labels) }}\n"),
    ("a control character in a block", "k: |\n  {{ values.script }}\n"),
    ("required", "k: {{ values.nothing | required('set nothing') }}\n"),
    ("fail", "{{ fail('no') }}\n"),
    ("a syntax error", "a: 1\n{% if values.image %}\nk: 1\n"),
    ("an unfinished hole", "a: 1\nk: {{ values.image.tag }\n"),
    ("broken YAML", "a: 1\n{% if true %}\n  b: {{ values.replicas }}\n{% endif %}\n"),
];

#[test]
fn errors() {
    let mut transcript = String::new();
    for (title, text) in CASES {
        let folder = tempfile::tempdir().unwrap();
        let go =
            "{{ define \"web.name\" }}x{{ end }}{{ define \"web.bad\" }}{{ .Values.a.b }}{{ end }}";
        for (path, content) in [
            ("Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n"),
            ("values.yaml", VALUES),
            ("templates/_helpers.j2", HELPERS),
            ("templates/_go.tpl", go),
            ("templates/a.yaml.j2", text),
        ] {
            let path = folder.path().join("web").join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        let output = Command::new(env!("CARGO_BIN_EXE_rhumb"))
            .args(["template", "web"])
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{title}: {stderr}");
        let stderr = stderr.replace("Use --debug flag to render out invalid YAML\n\n", "");
        writeln!(transcript, "# {title}\n{stderr}").unwrap();
    }
    insta::assert_snapshot!(transcript);
}
