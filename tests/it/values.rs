//! `rhumb values` and the warnings about values that no template reads.

use std::fs;
use std::path::Path;
use std::process::Command;

const FILES: &[(&str, &str)] = &[
    (
        "web/Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- name: db\n  version: 0.1.0\n  \
         condition: db.enabled\n",
    ),
    ("web/values.yaml", "image:\n  tag: v1\n  name: web\ndb:\n  port: 5433\nhosts: [a, b]\n"),
    ("web/templates/map.yaml", "kind: ConfigMap\ndata: {tag: {{ .Values.image.tag | quote }}}\n"),
    ("web/charts/db/Chart.yaml", "apiVersion: v2\nname: db\nversion: 0.1.0\n"),
    ("web/charts/db/values.yaml", "port: 5432\nmotd: |\n  two\n  lines\na.b/c: 1\n"),
    ("web/charts/db/templates/map.yaml", "kind: ConfigMap\ndata: {port: {{ .Values.port }}}\n"),
    ("prod.yaml", "global:\n  zone: eu\nimage:\n  tag: v2\ndb:\n  prot: 1\n"),
];

/// Runs the binary under a name, in a folder with the files.
fn run_as(name: &str, arguments: &[&str]) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in FILES {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let binary = Path::new(env!("CARGO_BIN_EXE_rhumb"));
    let program = folder.path().join(name);
    fs::hard_link(binary, &program).or_else(|_| fs::copy(binary, &program).map(|_| ())).unwrap();
    let output = Command::new(program)
        .args(arguments)
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .output()
        .unwrap();
    format!(
        "exit {}\n{}--- stderr\n{}",
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap()
    )
}

fn run(arguments: &[&str]) -> String {
    run_as("rhumb", arguments)
}

#[test]
fn values_are_shown_with_their_origin() {
    let all = run(&["values", "web", "-f", "prod.yaml", "--set", "image.tag=v3"]);
    insta::assert_snapshot!(all, @r#"
    exit 0
    db:
      a.b/c: 1    # web/charts/db/values.yaml:5
      global:
        zone: eu  # prod.yaml:2 (as global.zone)
      motd: |     # web/charts/db/values.yaml:2
        two
        lines
      port: 5433  # web/values.yaml:5 (from the chart above); over web/charts/db/values.yaml:1
      prot: 1     # prod.yaml:6
    global:
      zone: eu    # prod.yaml:2
    hosts:
    - a           # web/values.yaml:6
    - b           # web/values.yaml:6
    image:
      name: web   # web/values.yaml:3
      tag: v3     # --set 'image.tag=v3'; over prod.yaml:4 and 1 more
    --- stderr
    "#);
}

#[test]
fn one_value_is_explained() {
    let set = ["-f", "prod.yaml", "--set", "image.tag=v3,hosts=null"];
    let why = |path: &str| {
        let arguments = [&["values", "web"], &set[..], &["--why", path]].concat();
        format!("{path}: {}", run(&arguments))
    };
    let shown: Vec<String> = [
        "image.tag",
        "image",
        r"db.a\.b/c",
        "db.global.zone",
        "hosts",
        "imge.tag",
        "image.x",
        "a[",
    ]
    .map(why)
    .into();
    insta::assert_snapshot!(shown.join("\n"), @r#"
    image.tag: exit 0
    image.tag: v3

    1. --set 'image.tag=v3,hosts=null': v3 [in force]

    2. prod.yaml:4: v2 [overridden]
         3 | image:
       > 4 |   tag: v2
         5 | db:

    3. web/values.yaml:2: v1 [overridden]
         1 | image:
       > 2 |   tag: v1
         3 |   name: web
    --- stderr

    image: exit 0
    image:
      name: web  # web/values.yaml:3
      tag: v3    # --set 'image.tag=v3,hosts=null'; over prod.yaml:4 and 1 more

    1. --set 'image.tag=v3,hosts=null': a map of 1 key [wins]

    2. prod.yaml:3: a map of 1 key [adds what is not above]
         2 |   zone: eu
       > 3 | image:
         4 |   tag: v2

    3. web/values.yaml:1: a map of 2 keys [adds what is not above]
       > 1 | image:
         2 |   tag: v1
    --- stderr

    db.a\.b/c: exit 0
    db.a\.b/c: 1

    1. web/charts/db/values.yaml:5: 1 [in force]
         4 |   lines
       > 5 | a.b/c: 1
    --- stderr

    db.global.zone: exit 0
    db.global.zone: eu

    1. prod.yaml:2 (as global.zone): eu [in force]
         1 | global:
       > 2 |   zone: eu
         3 | image:
    --- stderr

    hosts: exit 0
    hosts is not there: a null deletes it

    1. --set 'image.tag=v3,hosts=null': null [deletes]

    2. web/values.yaml:6: a list of 2 items [overridden]
         5 |   port: 5433
       > 6 | hosts: [a, b]
    --- stderr

    imge.tag: exit 1
    --- stderr
    Error: there is no value at imge.tag

    hint: near it: image.tag

    image.x: exit 1
    --- stderr
    Error: there is no value at image.x

    hint: near it: image.name, image.tag

    a[: exit 1
    --- stderr
    Error: "a[" is no path to a value: a `[` without its `]`
    "#);
}

#[test]
fn machines_get_every_leaf() {
    let json = run(&["values", "web", "--set", "image.tag=v3", "-o", "json"]);
    let json = json.lines().nth(1).unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    let leaves = json["values"].as_array().unwrap();
    let tag = leaves.iter().find(|leaf| leaf["path"] == "image.tag").unwrap();
    assert_eq!(tag["value"], "v3");
    assert_eq!(tag["origin"]["source"], "argument");
    assert_eq!(tag["origin"]["flag"], "--set");
    assert_eq!(tag["origin"]["number"], 1);
    assert_eq!(tag["overridden"][0]["file"], "web/values.yaml");
    assert_eq!(tag["overridden"][0]["line"], 2);
    let motd = leaves.iter().find(|leaf| leaf["path"] == "db.motd").unwrap();
    assert_eq!(motd["origin"]["file"], "web/charts/db/values.yaml");
    assert!(leaves.iter().any(|leaf| leaf["path"] == r"db.a\.b/c"));

    let yaml = run(&["values", "web", "--why", "image.tag", "-o", "yaml"]);
    assert!(yaml.contains("path: image.tag\n"), "{yaml}");
}

#[test]
fn unread_values_are_told() {
    let given = ["-f", "prod.yaml", "--set", "imge.tag=1"];
    let with = |words: &[&str], more: &[&str]| run(&[words, &given[..], more].concat());
    let shown = [
        with(&["template", "web"], &[]),
        with(&["template", "web"], &["--strict-values"]),
        with(&["template", "web"], &["--set", "db.enabled=false"]),
        run(&["template", "web", "--set", "image.tag=v9", "--strict-values"]),
        with(&["values", "web"], &["--unread"]),
        with(&["values", "web"], &["--unread", "--defaults"]),
    ];
    insta::assert_snapshot!(shown.join("\n"), @r#"
    exit 0
    ---
    # Source: web/charts/db/templates/map.yaml
    kind: ConfigMap
    data: {port: 5433}

    ---
    # Source: web/templates/map.yaml
    kind: ConfigMap
    data: {tag: "v2"}
    --- stderr
    warning: prod.yaml:6: db.prot is not read by any template; did you mean db.port?
    warning: prod.yaml:2: global.zone is not read by any template
    warning: --set 'imge.tag=1' is not read by any template; did you mean image.tag?

    exit 1
    --- stderr
    Error: values that no template reads:
    - prod.yaml:6: db.prot is not read by any template; did you mean db.port?
    - prod.yaml:2: global.zone is not read by any template
    - --set 'imge.tag=1' is not read by any template; did you mean image.tag?

    exit 0
    ---
    # Source: web/templates/map.yaml
    kind: ConfigMap
    data: {tag: "v2"}
    --- stderr
    warning: prod.yaml:6: db.prot belongs to subchart db, which is disabled by condition db.enabled
    warning: prod.yaml:2: global.zone is not read by any template
    warning: --set 'imge.tag=1' is not read by any template; did you mean image.tag?

    exit 0
    ---
    # Source: web/charts/db/templates/map.yaml
    kind: ConfigMap
    data: {port: 5433}

    ---
    # Source: web/templates/map.yaml
    kind: ConfigMap
    data: {tag: "v9"}
    --- stderr

    exit 0
    prod.yaml:6: db.prot is not read by any template; did you mean db.port?
    prod.yaml:2: global.zone is not read by any template
    --set 'imge.tag=1' is not read by any template; did you mean image.tag?
    --- stderr

    exit 0
    web/charts/db/values.yaml:5: db.a\.b/c is not read by any template
    prod.yaml:2: db.global.zone is not read by any template
    web/charts/db/values.yaml:2: db.motd is not read by any template
    prod.yaml:6: db.prot is not read by any template; did you mean db.port?
    prod.yaml:2: global.zone is not read by any template
    web/values.yaml:6: hosts (2 values) is not read by any template
    web/values.yaml:3: image.name is not read by any template
    --set 'imge.tag=1' is not read by any template; did you mean image.tag?
    --- stderr
    "#);
}

#[test]
fn as_helm_there_is_no_warning() {
    let shown = run_as("helm", &["template", "web", "--set", "imge.tag=1"]);
    assert!(shown.ends_with("--- stderr\n"), "{shown}");
}

#[cfg(feature = "jinja")]
#[test]
fn templates_in_jinja_read_values_too() {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in [
        ("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 0.1.0\n"),
        (
            "web/values.yaml",
            "name: a\nold: 1\nmap: {x: 1, w: 2}\nitems: [1]\nlabels: {a: b}\nextra: 1\ntested: 1\n",
        ),
        ("web/templates/_h.j2", "{% macro name() %}\n{{ values.name }}\n{% endmacro %}\n"),
        (
            "web/templates/a.yaml.j2",
            "k: {{ h.name() }}\nm: {{ values.map.x }}\nl: {{ values.labels }}\n{% for i in values['items'] %}\nn{{ i }}: 1\n{% endfor %}\n{% if values.tested is defined %}\no: 1\n{% endif %}\n",
        ),
        ("web/templates/b.yaml.j2", "k: {{ h.name() }}\n"),
    ] {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    let output = Command::new(env!("CARGO_BIN_EXE_rhumb"))
        .args(["values", "web", "--unread", "--defaults", "--set", "map.z=1"])
        .current_dir(folder.path())
        .env_clear()
        .env("HOME", folder.path())
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    let shown = String::from_utf8(output.stdout).unwrap();
    let unread: Vec<&str> = shown.lines().collect();
    let names = ["extra", "map.w", "map.z", "old"];
    assert!(names.iter().all(|name| unread.iter().any(|line| line.contains(name))), "{shown}");
    assert_eq!(unread.len(), names.len(), "{shown}");
}
