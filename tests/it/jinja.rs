//! Templates in Jinja: each position of a hole once, and the two engines in one chart.

use std::cell::Cell;
use std::rc::Rc;

use rhumb::chart::{Chart, File, Metadata};
use rhumb::template::function::Env;
use rhumb::template::{self, Capabilities, Context, ReleaseContext};
use rhumb::value::{Map, Value};
use rhumb::{values, yaml};

const VALUES: &str = r#"
name: web
word: "yes"
version: "1.10"
hex: "0x1"
pair: "a: b"
lines: "a\nb\n"
emoji: 🚀
bell: "\a"
quotes: "it's \"x\""
flag: true
unset: false
nothing: null
count: 3
ratio: 0.5
major: 1
minor: 10
map: {b: "no", a: 1}
list: [x, {"y": 1}]
nested: {list: [], map: {}, deep: {k: [1]}}
empty: {}
none: []
"#;

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), data: text.into(), modified: None }
}

fn chart(name: &str, files: &[(&str, &str)]) -> Chart {
    let metadata = Metadata {
        name: name.to_owned(),
        version: "1.2.3".to_owned(),
        app_version: "1.10".to_owned(),
        ..Metadata::default()
    };
    let mut chart = Chart::new(metadata);
    for (path, text) in files {
        if path.starts_with("templates/") {
            chart.templates.push(file(path, text));
        } else {
            chart.files.push(file(path, text));
        }
    }
    chart
}

fn render_with(chart: Chart, given: &str, env: &Env) -> Result<Vec<(String, String)>, String> {
    let given = match yaml::read(given.as_bytes()).unwrap() {
        Value::Map(map) => map,
        _ => Map::new(),
    };
    let chart = values::process_dependencies(chart, &given).value.map_err(|e| e.to_string())?;
    let values = values::merge(&chart, &given).value.map_err(|e| e.to_string())?;
    let release = ReleaseContext {
        name: "rel".to_owned(),
        namespace: "space".to_owned(),
        revision: 2,
        is_upgrade: true,
    };
    let context = Context { release, capabilities: Capabilities::default() };
    let rendered = template::render(&chart, &values, &context, env)
        .map_err(|failures| failures.to_string())?;
    let texts = rendered.texts();
    Ok(texts
        .map(|(path, text)| (path.to_owned(), String::from_utf8(text.to_vec()).unwrap()))
        .collect())
}

/// Renders files and returns what the one of that name wrote.
fn render_file(files: &[(&str, &str)], name: &str) -> String {
    let rendered = render_with(chart("c", files), VALUES, &Env::new());
    let rendered = rendered.unwrap_or_else(|error| panic!("{error}\n{files:?}"));
    rendered.into_iter().find(|(path, _)| path.ends_with(name)).unwrap().1
}

fn render(text: &str) -> String {
    render_file(&[("templates/a.yaml.j2", text)], "a.yaml")
}

/// Position, template, what it writes.
const POSITIONS: &[(&str, &str, &str)] = &[
    ("a word that looks like a boolean", "k: {{ values.word }}\n", "k: \"yes\"\n"),
    ("a version that looks like a number", "k: {{ values.version }}\n", "k: \"1.10\"\n"),
    ("a text that looks like a hexadecimal number", "k: {{ values.hex }}\n", "k: \"0x1\"\n"),
    ("a text with a colon", "k: {{ values.pair }}\n", "k: \"a: b\"\n"),
    ("a text of several lines", "k: {{ values.lines }}\n", "k: |\n  a\n  b\n"),
    ("an emoji", "k: {{ values.emoji }}\n", "k: \"🚀\"\n"),
    ("a control character", "k: {{ values.bell }}\n", "k: \"\\x07\"\n"),
    ("quotes", "k: {{ values.quotes }}\n", "k: \"it's \\\"x\\\"\"\n"),
    ("true and false", "a: {{ values.flag }}\nb: {{ not values.flag }}\n", "a: true\nb: false\n"),
    ("null", "k: {{ values.nothing }}\n", "k: null\n"),
    (
        "numbers",
        "a: {{ values.count }}\nb: {{ values.ratio }}\nc: {{ 1.0 }}\n",
        "a: 3\nb: 0.5\nc: 1.0\n",
    ),
    ("arithmetic", "k: {{ values.count + 1 }}\n", "k: 4\n"),
    ("a map after its key", "k: {{ values.map }}\n", "k:\n  a: 1\n  b: \"no\"\n"),
    ("a list after its key", "k: {{ values.list }}\n", "k:\n  - x\n  - \"y\": 1\n"),
    ("empty ones", "a: {{ values.empty }}\nb: {{ values.none }}\n", "a: {}\nb: []\n"),
    (
        "nested ones",
        "k: {{ values.nested }}\n",
        "k:\n  deep:\n    k:\n      - 1\n  list: []\n  map: {}\n",
    ),
    ("a map as an item", "- {{ values.map }}\n- z\n", "- a: 1\n  b: \"no\"\n- z\n"),
    ("a list as an item", "- {{ values.list }}\n", "- - x\n  - \"y\": 1\n"),
    ("a scalar as an item", "- {{ values.word }}\n", "- \"yes\"\n"),
    (
        "alone under its key",
        "k:\n    {{ values.map }}\nz: 1\n",
        "k:\n    a: 1\n    b: \"no\"\nz: 1\n",
    ),
    ("alone under its key, a scalar", "k:\n  {{ values.word }}\n", "k:\n  \"yes\"\n"),
    ("alone under its key, empty", "k:\n  {{ values.empty }}\n", "k:\n  {}\n"),
    ("among keys", "k:\n  {{ values.map }}\n  z: 1\n", "k:\n  a: 1\n  b: \"no\"\n  z: 1\n"),
    ("among keys, empty", "k:\n  {{ values.empty }}\n  z: 1\n", "k:\n  z: 1\n"),
    (
        "among keys, a text of nothing",
        "k:\n  a: 1\n  {{ '' }}\nl:\n  {{ '' }}\n  b: 1\n",
        "k:\n  a: 1\nl:\n  b: 1\n",
    ),
    (
        "an `if` without `else`",
        "k: a{{ 's' if values.flag }}{{ 'x' if values.empty }}\nl: {{ 'x' if values.empty }}\n",
        "k: as\nl: \"\"\n",
    ),
    ("the whole document", "{{ values.map }}\n", "a: 1\nb: \"no\"\n"),
    (
        "the whole of a second document",
        "a: 1\n---\n{{ values.list }}\n",
        "a: 1\n---\n- x\n- \"y\": 1\n",
    ),
    ("behind a document's start", "--- {{ values.map }}\n", "---\na: 1\nb: \"no\"\n"),
    ("text and holes", "k: {{ values.name }}:{{ values.version }}\n", "k: web:1.10\n"),
    ("two holes", "k: {{ values.major }}.{{ values.minor }}\n", "k: \"1.10\"\n"),
    ("text before a hole", "k: prefix-{{ values.pair }}\n", "k: \"prefix-a: b\"\n"),
    ("a colon between texts", "k: run {{ values.name }}: now\n", "k: \"run web: now\"\n"),
    ("a star before a hole", "k: *.{{ values.name }}\n", "k: \"*.web\"\n"),
    ("a text over two lines", "k: one {{ values.name }}\n  two\n", "k: one web two\n"),
    ("in double quotes", "k: \"<{{ values.quotes }}>\"\n", "k: \"<it's \\\"x\\\">\"\n"),
    ("lines in double quotes", "k: \"{{ values.lines }}\"\n", "k: \"a\\nb\\n\"\n"),
    ("in single quotes", "k: '<{{ values.quotes }}>'\n", "k: '<it''s \"x\">'\n"),
    ("lines in single quotes", "k: 'it''s {{ values.lines }}'\n", "k: \"it's a\\nb\\n\"\n"),
    (
        "in a literal block",
        "k: |\n  x\n  {{ values.lines }}\nz: 1\n",
        "k: |\n  x\n  a\n  b\nz: 1\n",
    ),
    (
        "within a line of a block",
        "k: |-\n    [{{ values.lines }}]\n",
        "k: |-\n    [a\n    b\n    ]\n",
    ),
    ("in a folded block", "k: >\n  x\n  {{ values.name }}\n", "k: |\n  x web\n"),
    ("in a list in brackets", "k: [{{ values.word }}, {{ values.count }}]\n", "k: [\"yes\", 3]\n"),
    ("a map in brackets", "k: [{{ values.map }}, z]\n", "k: [{a: 1, b: \"no\"}, z]\n"),
    (
        "in braces",
        "k: {a: {{ values.list }}, b: {{ values.word }}-x}\n",
        "k: {a: [x, {\"y\": 1}], b: yes-x}\n",
    ),
    ("more pairs in braces", "k: {z: 1, {{ values.map }}}\n", "k: {z: 1, a: 1, b: \"no\"}\n"),
    ("a key", "{{ values.word }}: 1\n", "\"yes\": 1\n"),
    ("a part of a key", "k-{{ values.pair }}: 1\n", "\"k-a: b\": 1\n"),
    ("a key of several lines", "{{ values.lines }}: 1\n", "\"a\\nb\\n\": 1\n"),
    ("a key in braces", "k: {{ '{' }}{{ values.word }}: 1{{ '}' }}\n", "k: \"{yes: 1}\"\n"),
    ("a comment", "# {{ values.lines }}\nk: 1 # {{ values.pair }}\n", "# a b \nk: 1 # a: b\n"),
    ("before a comment", "k: {{ values.map }} # why\n", "k: # why\n  a: 1\n  b: \"no\"\n"),
    ("after an anchor", "k: &a {{ values.map }}\nl: *a\n", "k: &a\n  a: 1\n  b: \"no\"\nl: *a\n"),
    ("after a tag", "k: !!str {{ values.count }}\n", "k: !!str 3\n"),
    ("raw text", "k: {{ '{a: 1}' | raw }}\n", "k: {a: 1}\n"),
    ("raw lines", "k:\n  {{ 'a: 1\\nb: 2' | raw }}\n", "k:\n  a: 1\n  b: 2\n"),
    ("JSON in a text", "k: {{ values.map | to_json }}\n", "k: '{\"a\":1,\"b\":\"no\"}'\n"),
    (
        "a loop",
        "k:\n  {% for x in values.list %}\n  - {{ x }}\n  {% endfor %}\n",
        "k:\n  - x\n  - \"y\": 1\n",
    ),
    (
        "a loop on one line",
        "k: [{% for i in range(3) %}{{ i }}, {% endfor %}]\n",
        "k: [0, 1, 2, ]\n",
    ),
    (
        "conditions",
        "{% if values.flag %}\na: {{ values.name }}\n{% else %}\nb: 1\n{% endif %}\nc: {% if values.unset %}x{% else %}{{ values.word }}{% endif %}\nd: 1\n",
        "a: web\nc: \"yes\"\nd: 1\n",
    ),
    (
        "a macro with lines",
        "{% macro labels(x) %}\nname: {{ x }}\nversion: {{ values.version }}\n{% endmacro %}\nk: {{ labels(values.word) }}\nl:\n      {{ labels('b') }}\n",
        "k:\n  name: \"yes\"\n  version: \"1.10\"\nl:\n      name: b\n      version: \"1.10\"\n",
    ),
    (
        "a macro with a text",
        "{% macro full() %}\n{{ release.name }}-{{ values.name }}\n{% endmacro %}\nk: {{ full() }}\nl: \"{{ full() }}!\"\nm: {{ full() | upper }}\nn: {{ full() == 'rel-web' }}\no: {{ full() ~ '-x' }}\n",
        "k: rel-web\nl: \"rel-web!\"\nm: REL-WEB\nn: true\no: rel-web-x\n",
    ),
    (
        "a block that is kept",
        "{% set x %}\na: {{ values.word }}\n{% endset %}\nk: {{ x }}\n{% set y | upper %}b{{ values.name }}{% endset %}\nl: {{ y }}\n",
        "k:\n  a: \"yes\"\nl: BWEB\n",
    ),
    (
        "a call with a body",
        "{% macro box(name) %}\n{{ name }}:\n  {{ caller() }}\n{% endmacro %}\nk:\n  {% call box('x') %}\n  a: {{ values.word }}\n  {% endcall %}\nz: 1\n",
        "k:\n  x:\n    a: \"yes\"\nz: 1\n",
    ),
    ("a list among items", "k:\n- a\n{{ values.list }}\n- z\n", "k:\n- a\n- x\n- \"y\": 1\n- z\n"),
];

#[test]
fn every_position_holds_its_data() {
    for (position, text, expected) in POSITIONS {
        assert_eq!(render(text), *expected, "{position}");
    }
}

#[test]
fn data_is_named_as_jinja_does() {
    let text = "a: {{ release.is_upgrade }} {{ release.namespace }} {{ release.revision }}\n\
        b: {{ chart.name }}-{{ chart.version }}\nc: {{ chart.app_version }}\n\
        d: {{ capabilities.kube_version.minor is string }}\n\
        e: {{ capabilities.api_versions.has('apps/v1') }}\n\
        f: {{ files.get('x.txt') }}\ng: {{ files.glob('*.txt').as_config() | from_yaml }}\n\
        h: {{ template.name }}\ni: {{ files.lines('x.txt') }}\nj: {{ values.nothing is none }}\n\
        k: {{ values.missing is defined }}\nl: {{ values.missing | default('d') }}\n";
    let files = [("templates/a.yaml.j2", text), ("x.txt", "one\ntwo\n")];
    assert_eq!(
        render_file(&files, "a.yaml"),
        "a: true space 2\nb: c-1.2.3\nc: \"1.10\"\nd: true\ne: true\nf: |\n  one\n  two\n\
         g:\n  x.txt: |-\n    one\n    two\nh: c/templates/a.yaml.j2\ni:\n  - one\n  - two\n\
         j: true\nk: false\nl: d\n"
    );
}

#[test]
fn functions_take_the_subject_first() {
    for (hole, expected) in [
        ("'abc' | b64encode", "YWJj"),
        ("b64decode('YWJj')", "abc"),
        ("'abc' | sha256 | truncate(6)", "ba7816"),
        ("'a-b' | regex_replace('-', '+')", "a+b"),
        ("'1.2.3' | semver_matches('>=1.2')", "true"),
        ("{'b': 1, 'a': [1]} | to_json", "{\"a\":[1],\"b\":1}"),
        ("'a: 1' | from_yaml", "{\"a\":1}"),
        ("values.list | has('x')", "true"),
        ("values.map | has_key('a')", "true"),
        ("values.map | dig('a', 0)", "1"),
        ("'' | if_empty('x')", "x"),
        ("'x-y' | trim_suffix('-y')", "x"),
        ("true | ternary('a', 'b')", "a"),
        ("'hello' | contains('ell')", "true"),
        ("random_string(8) | length", "8"),
        ("values.name | required('m')", "web"),
        ("{'a': 1} | merge({'b': 2}) | to_json", "{\"a\":1,\"b\":2}"),
        ("'HelloWorld' | snakecase", "hello_world"),
    ] {
        let text = format!("{{{{ {hole} }}}}");
        assert_eq!(
            render_file(&[("templates/NOTES.txt.j2", &text)], "NOTES.txt"),
            expected,
            "{hole}"
        );
    }
}

#[test]
fn other_files_are_plain_text() {
    let text =
        "{{ values.flag }} {{ values.nothing }} {{ values.map }} {{ values.count }} {{ 1.5 }}\n";
    let found = render_file(&[("templates/NOTES.txt.j2", text)], "NOTES.txt");
    assert_eq!(found, "true null {\"a\":1,\"b\":\"no\"} 3 1.5\n");
}

#[test]
fn macros_of_files_are_there_by_name() {
    let helpers = "{% macro name(suffix='') %}\n{{ release.name }}{{ suffix }}\n{% endmacro %}\n";
    for text in [
        "k: {{ helpers.name('-x') }}\n",
        "{% import '_helpers.j2' as h %}\nk: {{ h.name(suffix='-x') }}\n",
        "{% from '_helpers.j2' import name %}\nk: {{ name('-x') }}\n",
    ] {
        let files = [("templates/_helpers.j2", helpers), ("templates/a.yaml.j2", text)];
        assert_eq!(render_file(&files, "a.yaml"), "k: rel-x\n", "{text}");
    }
}

#[test]
fn templates_of_go_and_macros_include_each_other() {
    let files = [
        (
            "templates/_h.tpl",
            "{{ define \"go.labels\" }}\na: {{ .Release.Name }}\nb: {{ .Values.word | quote }}\n{{ end }}{{ define \"go.name\" }}{{ .Values.name }}{{ end }}{{ define \"back\" }}{{ include \"plain\" . }}{{ end }}",
        ),
        (
            "templates/_m.j2",
            "{% macro plain() %}\n{{ values.name }}:{{ values.version }}\n{% endmacro %}\n{% macro lines(first, second='x') %}\nk: {{ first }}\nl: {{ second }}\n{% endmacro %}\n{% macro one(data) %}\n{{ data.Values.name }}\n{% endmacro %}\n",
        ),
        (
            "templates/a.yaml.j2",
            "k: {{ include('go.labels') }}\nl: {{ include('go.name') }}-x\nm:\n    {{ include('go.labels', root) }}\nn: {{ tpl('{{ .Values.word }}') }}\no: {{ include('back') }}\n",
        ),
        (
            "templates/b.yaml",
            "a: {{ include \"plain\" . | quote }}\nb: {{ include \"m.one\" . }}\nc:\n{{- include \"lines\" (dict \"first\" .Values.word) | nindent 2 }}\n",
        ),
    ];
    assert_eq!(
        render_file(&files, "a.yaml"),
        "k:\n  a: rel\n  b: \"yes\"\nl: web-x\nm:\n    a: rel\n    b: \"yes\"\nn: yes\no: web:1.10\n"
    );
    assert_eq!(
        render_file(&files, "b.yaml"),
        "a: \"web:1.10\"\nb: web\nc:\n  k: \"yes\"\n  l: x\n"
    );
}

#[test]
fn charts_of_both_kinds_lie_within_each_other() {
    let mut child =
        chart("child", &[("templates/c.yaml.j2", "k: {{ values.color }} {{ chart.name }}\n")]);
    let labels = "{% macro labels() %}\nchart: {{ chart.name }}\n{% endmacro %}\n";
    let size = "{{ define \"grand.size\" }}{{ .Chart.Name }}-{{ .Values.size }}{{ end }}k: {{ .Values.size }}\n";
    child.dependencies.push(chart("grand", &[("templates/g.yaml", size)]));
    let mut root = chart(
        "c",
        &[
            ("templates/a.yaml", "k: {{ .Values.name }}\n"),
            (
                "templates/b.yaml.j2",
                "{% import 'common/_labels.j2' as labels %}\nk: {{ labels.labels() }}\nl: {{ subcharts.child.values.color }}\nm: {{ include('grand.size', subcharts.child.subcharts.grand) }}\n",
            ),
        ],
    );
    root.dependencies.push(child);
    root.dependencies.push(chart("common", &[("templates/_labels.j2", labels)]));
    let given = "name: web\nchild: {color: red, grand: {size: 3}}\n";
    let rendered = render_with(root, given, &Env::new()).unwrap();
    let rendered: Vec<_> = rendered.iter().map(|(path, text)| format!("{path}: {text}")).collect();
    assert_eq!(
        rendered,
        [
            "c/charts/child/charts/grand/templates/g.yaml: k: 3\n",
            "c/charts/child/templates/c.yaml: k: red child\n",
            "c/templates/a.yaml: k: web\n",
            "c/templates/b.yaml: k:\n  chart: c\nl: red\nm: grand-3\n",
        ]
    );
}

#[test]
fn text_in_values_may_be_a_template() {
    let files = [(
        "templates/a.yaml.j2",
        "k: {{ render(values.text) }}\nl: {{ render('{{ values.word }}') }}\n",
    )];
    let given = "word: \"yes\"\ntext: \"a: {{ values.word }}\\nb: {{ release.name }}\\n\"\n";
    let rendered = render_with(chart("c", &files), given, &Env::new()).unwrap();
    assert_eq!(rendered[0].1, "k:\n  a: \"yes\"\n  b: rel\nl: \"yes\"\n");
}

#[test]
fn a_stable_secret_is_the_one_that_the_release_has() {
    let text = "a: {{ stable_secret('db') }}\nb: {{ stable_secret('db', key='token', length=40) | length }}\n\
        c: {{ stable_secret('db', key='token') == stable_secret('db', key='token') }}\n";
    let files = [("templates/a.yaml.j2", text)];
    let asked = Rc::new(Cell::new(0));
    let count = Rc::clone(&asked);
    let mut env = Env::new();
    env.lookup = Rc::new(move |version, kind, namespace, name| {
        assert_eq!((version, kind, namespace, name), ("v1", "Secret", "space", "db"));
        count.set(count.get() + 1);
        Ok(yaml::read(b"data: {password: b2xk}").unwrap())
    });
    let rendered = render_with(chart("c", &files), "{}", &env).unwrap();
    assert_eq!(rendered[0].1, "a: old\nb: 40\nc: true\n");
    assert_eq!(asked.get(), 2);
}

#[test]
fn endless_templates_end_in_a_message() {
    for (text, expected) in [
        (
            "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
            "too many steps",
        ),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "nests too deeply"),
        (
            "{% macro f() %}x{{ f() }}{% endmacro %}k: {{ render('{{ render(values.text) }}') }}",
            "nest deeper",
        ),
    ] {
        let given = "text: \"{{ render(values.text) }}\"\n";
        let files = [("templates/a.yaml.j2", text)];
        let error = render_with(chart("c", &files), given, &Env::new()).unwrap_err();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn files_of_macros_in_a_circle_are_told() {
    let files = [
        ("templates/_a.j2", "{% macro f(x) %}{{ b.g(x) }}{% endmacro %}"),
        ("templates/_b.j2", "{% macro g(x) %}{{ a.f(x) }}{% endmacro %}"),
        ("templates/a.yaml.j2", "k: {{ b.g(1) }}\n"),
    ];
    let error = render_with(chart("c", &files), "{}", &Env::new()).unwrap_err();
    assert!(error.contains("the template nests too deeply"), "{error}");
}

#[test]
fn what_places_cannot_hold_is_told() {
    let long = "x".repeat(1000);
    let given = format!("long: {long}\nmap: {{{long}: 1}}\n");
    let lines = "{% macro lines() %}\na: 1\nb: 2\n{% endmacro %}\n";
    for (text, expected) in [
        ("{{ values.long }}: 1\n", "the key is too long for YAML"),
        ("k: {{ values.map }}\n", "the key is too long for YAML"),
        ("k: [{{ lines() }}]\n", "a text of several lines cannot stand here"),
        ("k: x-{{ values.map }}\n", "a map cannot be part of a text"),
    ] {
        let text = format!("{lines}{text}");
        let files = [("templates/a.yaml.j2", text.as_str())];
        let error = render_with(chart("c", &files), &given, &Env::new()).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn what_a_template_looks_at_is_read() {
    let error = render_with(
        chart("c", &[("templates/a.yaml.j2", "k: {{ values.b }}")]),
        "a: 1",
        &Env::new(),
    );
    assert_eq!(error.unwrap_err(), "c/templates/a.yaml.j2:1:6: `values.b` is not defined");
}

#[test]
fn words_in_texts_are_those_of_yaml() {
    for (hole, expected) in [
        ("'a' ~ true ~ false ~ none ~ 1 ~ 1.5", "atruefalsenull11.5"),
        ("values.flag ~ '-' ~ values.nothing", "true-null"),
        ("(1 == 1) ~ ''", "true"),
        ("values.map ~ ''", "{\"a\":1,\"b\":\"no\"}"),
        ("true | string", "true"),
        ("[true, none, 1, 'a'] | join('-')", "true-null-1-a"),
        ("[{'a': true}, {'a': {'b': 2}}] | join(',', attribute='a')", "true,{\"b\":2}"),
        ("'%s=%s %d' | format('a', false, 3)", "a=false 3"),
        ("'a-b' | replace('-', '+')", "a+b"),
        ("values.count ~ (values.count + 1)", "34"),
    ] {
        let text = format!("{{{{ {hole} }}}}");
        let found = render_file(&[("templates/NOTES.txt.j2", &text)], "NOTES.txt");
        assert_eq!(found, expected, "{hole}");
    }
}

#[test]
fn texts_that_grow_and_grow_end_in_a_message() {
    for body in [
        "{% set n.s = n.s ~ n.s %}",
        "{% set n.s = n.s + n.s %}",
        "{% set n.s = [n.s, n.s] | join %}",
        "{% set n.s = '%s%s' | format(n.s, n.s) %}",
        "{% set n.s = n.s | replace('a', 'aa') %}",
    ] {
        let text = format!(
            "{{% set n = namespace(s='a') %}}{{% for i in range(64) %}}{body}{{% endfor %}}k: 1\n"
        );
        let files = [("templates/a.yaml.j2", text.as_str())];
        let error = render_with(chart("c", &files), "{}", &Env::new()).unwrap_err();
        assert!(error.contains("exceeded maximum size of texts"), "{body}: {error}");
    }
}

#[test]
fn macros_see_what_go_templates_write() {
    let helpers = "{% macro name() %}\n{{ values.name }}\n{% endmacro %}\n{% macro both() %}\na: {{ name() }}\nb: {{ values.version }}\n{% endmacro %}\n";
    let twice = "k: {{ h.name() }}\nl: {{ h.both() }}\nm:\n  {{ h.both() }}\n  z: {{ h.name() }}\n";
    let files = [
        ("templates/_h.j2", helpers),
        (
            "templates/_w.tpl",
            "{{ define \"write\" }}{{ $_ := set .Values \"name\" \"third\" }}{{ end }}",
        ),
        ("templates/a.yaml.j2", "a: {{ h.name() }}{{ include('write') }}\nb: {{ h.name() }}\n"),
        ("templates/b.yaml", "{{ $_ := set .Values \"name\" \"second\" }}k: 1\n"),
        ("templates/c.yaml.j2", twice),
        ("templates/d.yaml.j2", twice),
    ];
    let expected = "k: web\nl:\n  a: web\n  b: \"1.10\"\nm:\n  a: web\n  b: \"1.10\"\n  z: web\n";
    assert_eq!(render_file(&files, "c.yaml"), expected);
    assert_eq!(render_file(&files, "d.yaml"), expected);
    assert_eq!(render_file(&files, "a.yaml"), "a: second\nb: third\n");
}

#[test]
fn a_macro_that_is_run_once_says_where_it_fails() {
    let files = [
        ("templates/_h.j2", "{% macro name() %}\n{{ values.nam }}\n{% endmacro %}\n"),
        ("templates/a.yaml.j2", "k: {{ h.name() }}\n"),
    ];
    let error = render_with(chart("c", &files), VALUES, &Env::new()).unwrap_err();
    assert_eq!(error, "c/templates/_h.j2:2:3: `values.nam` is not defined");
}
