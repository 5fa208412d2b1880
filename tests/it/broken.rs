//! Broken input at every entry: one clear message and exit code 1.
//!
//! Every case runs the binary in a folder of its own, with a small sound chart `web` that the case
//! breaks. The snapshots hold what the user sees.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a command may think about input that it will refuse.
const LIMIT: Duration = Duration::from_secs(20);

/// A file that a case writes: path and content.
type File<'a> = (&'a str, &'a [u8]);

const SOUND: &[File<'static>] = &[
    ("web/Chart.yaml", b"apiVersion: v2\nname: web\nversion: 0.1.0\n"),
    ("web/values.yaml", b"color: blue\nlist: [1, 2]\nimage: {tag: \"1\"}\n"),
    (
        "web/templates/map.yaml",
        b"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n",
    ),
];

/// The transcript of a group of cases.
#[derive(Default)]
struct Transcript(String);

impl Transcript {
    /// Runs `rhumb` with `arguments` (parted by blanks) in a folder with the sound chart and
    /// `files`; a path that begins with `-` is removed instead.
    fn case(&mut self, title: &str, files: &[File], arguments: &str) {
        self.prepared(title, files, |_| {}, arguments);
    }

    /// Runs a case whose one template is `text`.
    fn template(&mut self, title: &str, text: &str) {
        self.case(title, &[("web/templates/map.yaml", text.as_bytes())], "template web");
    }

    /// Runs a case that does something to its folder first.
    fn prepared(&mut self, title: &str, files: &[File], prepare: fn(&Path), arguments: &str) {
        let folder = tempfile::tempdir().unwrap();
        for (path, content) in SOUND.iter().chain(files) {
            if let Some(path) = path.strip_prefix('-') {
                std::fs::remove_file(folder.path().join(path)).unwrap();
                continue;
            }
            let path = folder.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
        prepare(folder.path());
        let start = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_rhumb"))
            .args(arguments.split_whitespace())
            .current_dir(folder.path())
            .env_clear()
            .env("HOME", folder.path())
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let time = start.elapsed();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{title}: {stderr}");
        let errors = stderr.lines().filter(|line| line.starts_with("Error: ")).count();
        assert_eq!(errors, 1, "{title}: {stderr}");
        assert!(time < LIMIT, "{title} took {time:?}");
        let stdout = String::from_utf8(output.stdout).unwrap();
        let said = if stdout.is_empty() { stderr } else { format!("{stdout}(stderr)\n{stderr}") };
        let said = said.replace(folder.path().to_str().unwrap(), "[DIR]");
        writeln!(self.0, "# {title}\n$ rhumb {arguments}\n{said}").unwrap();
    }
}

/// Packs entries, whatever their names are, into a gzipped tar.
fn archive(entries: &[File]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, content) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        header.set_cksum();
        tar.append(&header, *content).unwrap();
    }
    gzip(&tar.into_inner().unwrap())
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(content).unwrap();
    gzip.finish().unwrap()
}

#[test]
fn chart() {
    let mut t = Transcript::default();
    t.case("no such path", &[], "template nowhere");
    t.case("no such path that looks like a repository's", &[], "template stable/web");
    t.case("folder without Chart.yaml", &[("-web/Chart.yaml", b"")], "template web");
    t.case("empty Chart.yaml", &[("web/Chart.yaml", b"")], "template web");
    let mut yaml = |title: &str, text: &str| {
        t.case(title, &[("web/Chart.yaml", text.as_bytes())], "template web");
    };
    yaml("Chart.yaml: broken YAML", "apiVersion: v2\nname: web\nversion: [0.1.0\n");
    yaml("Chart.yaml: tab", "apiVersion: v2\nname: web\n\tversion: 0.1.0\n");
    yaml("Chart.yaml: a list", "- apiVersion: v2\n");
    yaml("Chart.yaml: a field of the wrong type", "apiVersion: v2\nname: {a: b}\nversion: 0.1.0\n");
    yaml(
        "Chart.yaml: a dependency of the wrong type",
        "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- name: db\n  version: 1\n- name: [x]\n",
    );
    yaml(
        "Chart.yaml: keywords that are a text",
        "apiVersion: v2\nname: web\nversion: 0.1.0\nkeywords: web\n",
    );
    yaml(
        "Chart.yaml: maintainers that are texts",
        "apiVersion: v2\nname: web\nversion: 0.1.0\nmaintainers: [me]\n",
    );
    yaml("Chart.yaml: a text", "web\n");
    yaml("no name", "apiVersion: v2\nversion: 0.1.0\n");
    yaml("name with a slash", "apiVersion: v2\nname: ../web\nversion: 0.1.0\n");
    yaml("no version", "apiVersion: v2\nname: web\n");
    yaml("bad version", "apiVersion: v2\nname: web\nversion: one\n");
    yaml("bad apiVersion", "apiVersion: v9\nname: web\nversion: 0.1.0\n");
    yaml("bad type", "apiVersion: v2\nname: web\nversion: 0.1.0\ntype: app\n");
    yaml("library chart", "apiVersion: v2\nname: web\nversion: 0.1.0\ntype: library\n");
    yaml(
        "kubeVersion that does not fit",
        "apiVersion: v2\nname: web\nversion: 0.1.0\nkubeVersion: '>=99'\n",
    );
    yaml(
        "kubeVersion that is none",
        "apiVersion: v2\nname: web\nversion: 0.1.0\nkubeVersion: new\n",
    );
    yaml(
        "missing dependency",
        "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- {name: db, version: 1.x.x, repository: 'https://example.org'}\n",
    );
    yaml(
        "two dependencies of one name",
        "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- {name: db, version: 1.x.x}\n- {name: db, version: 1.x.x}\n",
    );
    t.case("plain file in charts/", &[("web/charts/db.tgz", b"text")], "template web");
    t.case("subchart without Chart.yaml", &[("web/charts/db/values.yaml", b"")], "template web");
    t.case(
        "subchart with broken Chart.yaml",
        &[("web/charts/db/Chart.yaml", b"name: [")],
        "template web",
    );
    t.case("broken values.yaml", &[("web/values.yaml", b"a: b: c\n")], "template web");
    t.case("values.yaml with a list", &[("web/values.yaml", b"- a\n")], "template web");
    t.case("bad .helmignore", &[("web/.helmignore", b"# a\n**\n")], "template web");
    t.case("broken schema", &[("web/values.schema.json", b"{\"type\": ")], "template web");
    t.case("schema of nonsense", &[("web/values.schema.json", b"{\"type\": 5}")], "template web");
    insta::assert_snapshot!(t.0);
}

#[cfg(unix)]
#[test]
fn symlink() {
    let mut t = Transcript::default();
    t.prepared(
        "link to nowhere",
        &[],
        |folder| {
            std::os::unix::fs::symlink("/nowhere", folder.join("web/templates/a.yaml")).unwrap();
        },
        "template web",
    );
    t.prepared(
        "link to its own folder",
        &[],
        |folder| std::os::unix::fs::symlink("..", folder.join("web/templates/up")).unwrap(),
        "template web",
    );
    insta::assert_snapshot!(t.0);
}

#[test]
fn chart_archive() {
    const CHART: File = ("web/Chart.yaml", b"apiVersion: v2\nname: web\nversion: 0.1.0\n");
    let whole = archive(&[CHART, ("web/values.yaml", b"a: 1\n")]);
    let mut t = Transcript::default();
    let mut packed = |title: &str, content: &[u8]| {
        t.case(title, &[("web.tgz", content)], "template web.tgz");
    };
    packed("no gzip", b"apiVersion: v2\n");
    packed("no bytes", b"");
    packed("gzip cut short", &whole[..whole.len() / 2]);
    packed("gzip of no tar", &gzip(&[b'x'; 2000]));
    packed("tar cut short", &{
        let mut tar = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&whole[..]), &mut tar)
            .unwrap();
        gzip(&tar[..tar.len() - 1800])
    });
    packed("more than 100 MiB", &archive(&[CHART, ("web/big", &vec![0; 100 << 20])]));
    packed("no files", &archive(&[]));
    packed("no Chart.yaml", &archive(&[("web/values.yaml", b"a: 1\n")]));
    packed("Chart.yaml at the top", &archive(&[("Chart.yaml", CHART.1)]));
    packed("absolute path", &archive(&[CHART, ("web//etc/evil", b"")]));
    packed("drive letter", &archive(&[CHART, ("web/c:/evil", b"")]));
    packed("path that climbs", &archive(&[CHART, ("web/../../evil", b"")]));
    packed("broken Chart.yaml", &archive(&[("web/Chart.yaml", b"name: web\nname: web\n")]));
    packed("broken archive inside", &archive(&[CHART, ("web/charts/db-1.tgz", b"text")]));
    packed(
        "archive without a chart inside",
        &archive(&[CHART, ("web/charts/db-1.tgz", &archive(&[]))]),
    );
    insta::assert_snapshot!(t.0);
}

#[test]
fn values() {
    let mut t = Transcript::default();
    t.case("no such file", &[], "template web -f my.yaml");
    t.case("a folder", &[], "template web -f web");
    t.case("a URL", &[], "template web -f https://127.0.0.1:1/my.yaml");
    let mut file = |title: &str, text: &[u8]| {
        t.case(title, &[("my.yaml", text)], "template web -f my.yaml");
    };
    file("broken YAML", b"color: red\nlist:\n  - a\n - b\n");
    file("bracket that stays open", b"color: red\nlist: [a, b\n");
    file("quote that stays open", b"color: \"red\n");
    file("a list", b"- a\n- b\n");
    file("a text", b"color\n");
    file("infinity", b"limit: .inf\n");
    file("tab", b"image:\n\ttag: 1\n");
    file("two documents, the second broken", b"---\na: 1\n---\nb: [\n");
    file("no UTF-8", b"color: \xff\n");
    file("NUL", b"color: \0\n");
    file("unknown alias", b"color: *red\n");
    file("template marks", b"color: {{ .Values.red }}\n");
    insta::assert_snapshot!(t.0);
}

#[test]
fn set() {
    let mut t = Transcript::default();
    for arguments in [
        "--set color",
        "--set list[x]=1",
        "--set list[-1]=1",
        "--set list[99999999]=1",
        "--set color={red",
        "--set-string color",
        "--set-json color=red",
        "--set-json color={",
        "--set-json {\"color\":",
        "--set-literal color",
        "--set-file color=nowhere.txt",
        "--set-file color",
        "--set a=1,b=2,color",
        "--set list[0]x=1",
        "--set a.b.c.=1",
        "--set a.b,c=1",
        "--set-json a=1,color=red,b=2",
        "--set-json a={\"b\":tru}",
        "--set a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a=1",
        "--set-file a=web,b=nowhere",
    ] {
        t.case("bad value", &[], &format!("template web {arguments}"));
    }
    insta::assert_snapshot!(t.0);
}

#[test]
fn flags() {
    let mut t = Transcript::default();
    for arguments in [
        "frobnicate",
        "templat web",
        "template",
        "template a web b c",
        "template web --frobnicate",
        "template web --valeus my.yaml",
        "template web -x",
        "template web --values",
        "template web -f",
        "template web --include-crds=perhaps",
        "template web --kube-version new",
        "template a web --generate-name",
        "template a web --name-template x",
        "template web --name-template {{",
        "template web --name-template {{fail(\"no\")}}",
        "template Web_1 web",
        "template -- -a web",
        "template web --show-only templates/none.yaml",
        "template web -n Bad_Name --output-dir web/Chart.yaml",
        "install web",
        "install",
        "install a web --timeout soon",
        "install a web --wait=perhaps",
        "install a web --dry-run=perhaps",
        "install a web -o table.txt",
        "install a web --labels a",
        "upgrade a",
        "upgrade",
        "uninstall",
        "rollback",
        "rollback a first",
        "status",
        "history",
        "history a --max many",
        "get everything a",
        "get values",
        "list a",
        "version --template {{.Nothing",
        "version --template {{.Nothing.More}}",
        "env a b",
    ] {
        t.case("flags", &[], arguments);
    }
    insta::assert_snapshot!(t.0);
}

#[test]
fn metadata() {
    let mut t = Transcript::default();
    let mut yaml = |title: &str, text: &str| {
        let text = format!("apiVersion: v2\nname: web\nversion: 0.1.0\n{text}");
        t.case(title, &[("web/Chart.yaml", text.as_bytes())], "template web");
    };
    yaml("appVersion that is a map", "appVersion: {a: 1}\n");
    yaml("deprecated that is a text", "deprecated: \"yes\"\n");
    yaml("annotations that are numbers", "annotations:\n  a: 1\n  b: [x]\n");
    yaml("dependencies that are a map", "dependencies:\n  db:\n    version: 1.x.x\n");
    yaml(
        "dependency with a bad alias",
        "dependencies:\n- name: db\n  version: 1.x.x\n  alias: a b\n",
    );
    yaml("dependency without a name", "dependencies:\n- version: 1.x.x\n");
    yaml("dependency that is null", "dependencies:\n- name: db\n  version: 1.x.x\n-\n");
    yaml("maintainer that is null", "maintainers:\n- name: me\n-\n");
    yaml("home that is a list", "home: [a]\n");
    yaml("type that is a list", "type: [application]\n");
    yaml("import-values of the wrong type", "dependencies:\n- name: db\n  import-values: data\n");
    yaml("indentation of two kinds", "maintainers:\n  - name: me\n    email: a\n   url: b\n");
    insta::assert_snapshot!(t.0);
}

#[test]
fn schema_file() {
    let mut t = Transcript::default();
    let mut schema = |title: &str, text: &str| {
        t.case(title, &[("web/values.schema.json", text.as_bytes())], "template web");
    };
    schema("comma at the end", "{\"type\": \"object\",\n}");
    schema("comment", "{\n  // the values\n  \"type\": \"object\"\n}");
    schema("two values", "{} {}");
    schema("a list", "[]");
    schema("YAML", "type: object\n");
    schema("unknown type", r#"{"properties": {"color": {"type": "text"}}}"#);
    schema("required that is a text", r#"{"required": "color"}"#);
    schema("length below zero", r#"{"properties": {"color": {"minLength": -1}}}"#);
    schema("pattern that is none", r#"{"properties": {"color": {"pattern": "["}}}"#);
    schema("pattern that looks ahead", r#"{"properties": {"color": {"pattern": "(?=a)"}}}"#);
    schema("dialect of a bad address", r#"{"$schema": "http://[/", "type": "object"}"#);
    schema("reference to a file that is not there", r#"{"$ref": "nowhere/other.json"}"#);
    schema("reference to an anchor that is not there", r##"{"$ref": "#color"}"##);
    schema("reference of an unknown scheme", r#"{"$ref": "ftp://localhost/a.json"}"#);
    schema(
        "two schemas of one address",
        r#"{"$defs": {"a": {"$id": "http://localhost/a"}, "b": {"$id": "http://localhost/a"}}}"#,
    );
    schema(
        "draft 4 with a limit of draft 6",
        r#"{"$schema": "http://json-schema.org/draft-04/schema#", "properties": {"a": {"exclusiveMinimum": 5}}}"#,
    );
    insta::assert_snapshot!(t.0);
}

#[test]
fn schema_violations() {
    let mut t = Transcript::default();
    let mut schema = |title: &str, text: &str, arguments: &str| {
        let arguments = format!("template web {arguments}");
        t.case(title, &[("web/values.schema.json", text.as_bytes())], &arguments);
    };
    let closed = r#"{
  "properties": {"color": true, "list": true, "image": {
    "properties": {"tag": true, "repository": true}, "additionalProperties": false
  }},
  "additionalProperties": false
}"#;
    schema("misspelt key", closed, "--set colour=red");
    schema("misspelt inner key", closed, "--set image.repo=r,image.tga=1");
    schema(
        "several keywords",
        r#"{"properties": {
  "color": {"enum": ["red", "green"], "maxLength": 2},
  "list": {"uniqueItems": true, "contains": {"const": 7}},
  "image": {"minProperties": 3, "dependentRequired": {"tag": ["digest"]}, "propertyNames": {"pattern": "^d"}}
}}"#,
        "--set list={1,1}",
    );
    schema(
        "choices",
        r#"{"oneOf": [{"required": ["host"]}, {"required": ["port"]}],
 "anyOf": [{"properties": {"color": {"type": "integer"}}}, {"properties": {"list": {"type": "string"}}}],
 "not": {"required": ["color"]},
 "if": {"properties": {"color": {"const": "blue"}}}, "then": {"required": ["shade"]}}"#,
        "--set host=h,port=1",
    );
    schema(
        "through a reference",
        r##"{"definitions": {"port": {"type": "integer", "maximum": 65535}},
 "properties": {"port": {"$ref": "#/definitions/port"}, "ports": {"items": {"$ref": "#/definitions/port"}}}}"##,
        "--set port=99999 --set ports[0]=80,ports[1]=http",
    );
    schema("false schema", r#"{"properties": {"color": false}}"#, "");
    schema("values of another type", r#"{"type": "array"}"#, "");
    let db: File = ("web/charts/db/Chart.yaml", b"apiVersion: v2\nname: db\nversion: 0.1.0\n");
    t.case("subchart whose values are no map", &[db], "template web --set db=1");
    t.case(
        "value from a file",
        &[
            ("web/values.schema.json", br#"{"properties": {"port": {"type": "integer"}}}"#),
            ("my.yaml", b"# mine\nport: http\n"),
        ],
        "template web -f my.yaml",
    );
    insta::assert_snapshot!(t.0);
}

#[test]
fn values_file() {
    let mut t = Transcript::default();
    let mut file = |title: &str, text: &[u8]| {
        t.case(title, &[("my.yaml", text)], "template web -f my.yaml");
    };
    file("key that is a map", b"color: red\n{a: b}: c\n");
    file("key that is a list", b"? [a, b]\n: c\n");
    file("tag that does not fit", b"port: !!int http\n");
    file("merge of a text", b"image:\n  <<: base\n");
    file("separator with text", b"a: 1\n---b: 2\n");
    file("second document that is a list", b"a: 1\n---\n- b\n");
    file("UTF-16", b"\xff\xfea\x00:\x00 \x001\x00\n\x00");
    file("map that goes on deeper", b"image:\n  tag: 1\n    name: a\n");
    file("list that begins in a map", b"image:\n  tag: 1\n  - a\n");
    file("text with a tab before it", b"color:\tred\nlist:\n\t- a\n");
    file("value that begins with @", b"color: @red\n");
    file("value that begins with %", b"color: %red\n");
    file("unknown escape", b"color: \"\\q\"\n");
    file("text behind a quoted one", b"color: \"red\" blue\n");
    file("anchor that contains itself", b"a: &a [*a]\n");
    file("key without its colon", b"color red\nlist: []\n");
    t.case("quote in the list of files", &[], "template web -f a\"b");
    insta::assert_snapshot!(t.0);
}

#[test]
fn archive_content() {
    const CHART: File = ("web/Chart.yaml", b"apiVersion: v2\nname: web\nversion: 0.1.0\n");
    let mut t = Transcript::default();
    let mut packed = |title: &str, content: &[u8]| {
        t.case(title, &[("web.tgz", content)], "template web.tgz");
    };
    packed("zip", b"PK\x03\x04\x14\0\0\0");
    packed("tar without gzip", &{
        let mut tar = Vec::new();
        let packed = archive(&[CHART]);
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut tar)
            .unwrap();
        tar
    });
    packed("header that was changed", &{
        let mut tar = Vec::new();
        let packed = archive(&[CHART]);
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed[..]), &mut tar)
            .unwrap();
        tar[0] = b'x';
        gzip(&tar)
    });
    packed("backslashes that climb", &archive(&[CHART, ("web\\..\\..\\evil", b"")]));
    packed(
        "API version of Helm 4",
        &archive(&[("web/Chart.yaml", b"apiVersion: v3\nname: web\n")]),
    );
    packed("broken values.yaml", &archive(&[CHART, ("web/values.yaml", b"a: b: c\n")]));
    packed("broken Chart.lock", &archive(&[CHART, ("web/Chart.lock", b"generated: [\n")]));
    packed(
        "broken template inside an archive inside",
        &archive(&[
            CHART,
            (
                "web/charts/db-1.tgz",
                &archive(&[
                    ("db/Chart.yaml", b"apiVersion: v2\nname: db\nversion: 0.1.0\n"),
                    ("db/templates/a.yaml", b"a: {{ .Values.none.b }}\n"),
                ]),
            ),
        ]),
    );
    t.case("YAML file for a chart", &[], "template web/values.yaml");
    t.case("template for a chart", &[("web.tpl", &[b'x'; 600])], "template web.tpl");
    insta::assert_snapshot!(t.0);
}

/// A program in the folder, to be called as `./render`.
#[cfg(unix)]
fn program(folder: &Path, script: &str) {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("render");
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[cfg(unix)]
#[test]
fn post_renderer() {
    let mut t = Transcript::default();
    let command = "template web --post-renderer ./render";
    t.case("no such program", &[], command);
    t.case("program that may not be run", &[("render", b"#!/bin/sh\ncat\n")], command);
    t.case("no such plugin", &[], "template web --post-renderer kustomize-it");
    t.case("a folder", &[], "template web --post-renderer ./web");
    let mut run = |title: &str, prepare: fn(&Path)| t.prepared(title, &[], prepare, command);
    run("program that fails", |folder| program(folder, "cat >/dev/null; echo no >&2; exit 3"));
    run("program that says nothing", |folder| program(folder, "cat >/dev/null"));
    run("program that is killed", |folder| program(folder, "kill -9 $$"));
    run("output that is no YAML", |folder| program(folder, "cat; echo '---'; echo 'a: b: c'"));
    run("output that is a list", |folder| program(folder, "cat >/dev/null; echo '- a'"));
    run("text before the documents", |folder| program(folder, "echo done; cat"));
    insta::assert_snapshot!(t.0);
}

/// Commands other than `template`.
#[test]
fn other_commands() {
    const LOOSE: File = (
        "web/Chart.yaml",
        b"apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n- {name: db, version: 1.x.x}\n",
    );
    let mut t = Transcript::default();
    for arguments in [
        "lint",
        "lint nowhere",
        "lint web nowhere",
        "lint web/values.yaml",
        "lint web --kube-version new",
        "lint web --set color",
        "lint web -f nowhere.yaml",
        "lint web --set colour=red --strict-values",
        "lint web --strict --frobnicate",
        "package",
        "package nowhere",
        "package web --version one",
        "package web --frobnicate",
        "package web -d web/Chart.yaml",
        "package web/values.yaml",
        "show chart",
        "show chart nowhere",
        "show chart web web",
        "show everything web",
        "show values web --jsonpath {.color",
        "show values web --jsonpath {.image[}",
        "show values web --frobnicate",
        "show all web --version 1.0.0 --repo nowhere",
        "dependency list nowhere",
        "dependency list a b",
        "dependency frobnicate",
        "create",
        "create a b",
        "create web/Chart.yaml/new",
        "create new --starter nowhere",
        "completion tcsh",
        "completion bash zsh",
        "values web --why color.dark",
        "values web --frobnicate",
        "values nowhere",
    ] {
        t.case("command", &[], arguments);
    }
    t.case("broken template", &[("web/templates/map.yaml", b"a: {{ .Values.a.b }}\n")], "lint web");
    t.case("broken manifest", &[("web/templates/map.yaml", b"a: b: c\n")], "lint web");
    t.case("broken values", &[("web/values.yaml", b"a: b: c\n")], "lint web");
    t.case("missing dependency", &[LOOSE], "package web");
    insta::assert_snapshot!(t.0);
}

#[test]
fn template_syntax() {
    let mut t = Transcript::default();
    t.template("action that stays open", "a: 1\nb: {{ .Values.color\n");
    t.template("action without an end in the text", "a: {{ if .Values.color }}\nb: 1\n");
    t.template("unknown function", "a: {{ frobnicate .Values.color }}\n");
    t.template("misspelt function", "a: {{ .Values.color | quoet }}\n");
    t.template("end without a beginning", "a: 1\n{{ end }}\n");
    t.template("else without an if", "a: 1\n{{ else }}\n");
    t.template("unknown variable", "a: {{ $color }}\n");
    t.template("quote that stays open", "a: {{ quote \"red }}\n");
    t.template("character that says nothing", "a: {{ .Values.color @ }}\n");
    t.template("hyphen in a field", "a: {{ .Values.my-color }}\n");
    t.template("missing value for a command", "a: {{ }}\n");
    t.template("parenthesis that stays open", "a: {{ (quote .Values.color }}\n");
    t.template("bad number", "a: {{ 12x }}\n");
    t.template("comment that stays open", "a: {{/* comment }}\n");
    t.template("break outside of a loop", "a: {{ break }}\n");
    t.template("template defined in an if", "{{ if true }}{{ define \"a\" }}{{ end }}{{ end }}\n");
    insta::assert_snapshot!(t.0);
}

#[test]
fn template_run() {
    let mut t = Transcript::default();
    t.template("nil pointer", "a: {{ .Values.image.registry.host }}\n");
    t.template("nil pointer in a function", "a:\n  b: {{ upper .Values.none }}\n");
    t.template("field of a text", "a: {{ .Values.color.dark }}\n");
    t.template("too few arguments", "a: {{ replace \"a\" }}\n");
    t.template("too many arguments", "a: {{ upper \"a\" \"b\" }}\n");
    t.template("wrong type", "a: {{ index .Values.color \"x\" }}\n");
    t.template("index out of range", "a: {{ index .Values.list 7 }}\n");
    t.template("comparison of two types", "a: {{ if lt .Values.color 1 }}b{{ end }}\n");
    t.template("range over a bool", "a: {{ range true }}b{{ end }}\n");
    t.template("division by zero", "a: {{ div 1 0 }}\n");
    t.template("bad regular expression", "a: {{ mustRegexMatch \"(\" \"a\" }}\n");
    t.template("bad JSON", "a: {{ mustFromJson \"{\" }}\n");
    t.template("fail", "a: 1\n{{ fail \"use color\" }}\n");
    t.template(
        "required",
        "a: {{ required \"image.registry is needed\" .Values.image.registry }}\n",
    );
    t.template("include of no template", "a: {{ include \"web.name\" . }}\n");
    t.template("template of no template", "a: {{ template \"web.name\" . }}\n");
    t.template(
        "error in an include in a tpl",
        "{{ define \"web.name\" }}\nname: {{ .Values.color.dark }}\n{{ end }}\na: {{ tpl \"{{ include \\\"web.name\\\" . }}\" . }}\n",
    );
    t.template("syntax error in a tpl", "a: {{ tpl \"{{ if }}\" . }}\n");
    t.template(
        "include of itself",
        "{{ define \"web.name\" }}{{ include \"web.name\" . }}{{ end }}a: {{ include \"web.name\" . }}\n",
    );
    t.template(
        "tpl of itself",
        "{{ $_ := set .Values \"t\" \"{{ tpl .Values.t . }}\" }}a: {{ tpl .Values.t . }}\n",
    );
    t.template(
        "template of itself",
        "{{ define \"web.name\" }}{{ template \"web.name\" . }}{{ end }}a: {{ template \"web.name\" . }}\n",
    );
    t.case(
        "error in a partial",
        &[
            (
                "web/templates/_names.tpl",
                b"{{ define \"web.name\" }}\n{{ .image.tag.x }}\n{{ end }}",
            ),
            (
                "web/templates/map.yaml",
                b"kind: ConfigMap\nname: {{ include \"web.name\" .Values | nindent 2 }}\n",
            ),
        ],
        "template web",
    );
    insta::assert_snapshot!(t.0);
}

/// What the values, the functions and the templates have that is near to what was asked for.
#[test]
fn advice() {
    const NAMES: File = (
        "web/templates/_names.tpl",
        b"{{ define \"web.fullname\" }}n{{ end }}{{ define \"web.labels\" }}{{ template \"web.selector\" . }}{{ end }}\n{{ define \"web.selector\" }}{{ .Values.imgae.tag }}{{ end }}",
    );
    const VALUES: File = (
        "web/values.yaml",
        b"color: blue\nport: 80\nimage: {tag: \"1\", repository: r}\nlist: [{name: a}]\nempty: {}\nnothing:\nmy-key: {a: 1}\n",
    );
    let mut t = Transcript::default();
    let mut template = |title: &str, text: &str| {
        let text = format!("# {title}\n{text}\n");
        t.case(
            title,
            &[NAMES, VALUES, ("web/templates/map.yaml", text.as_bytes())],
            "template web",
        );
    };
    template("misspelt key", "a: {{ .Values.imge.tag }}");
    template("misspelt key through $", "a: {{ $.Values.imge.tag }}");
    template("misspelt inner key", "a: {{ .Values.image.tga.x }}");
    template("in a with", "a: {{ with .Values.image }}{{ .rgistry.host }}{{ end }}");
    template("through a variable", "{{ $i := .Values.image }}a: {{ $i.rgistry.host }}");
    template("in a range", "a: {{ range .Values.list }}{{ .nam.x }}{{ end }}");
    template("key of another level", "a: {{ .Values.repository.name }}");
    template("key that is null", "a: {{ .Values.nothing.name }}");
    template("map that is empty", "a: {{ .Values.empty.a.b }}");
    template("level with few keys", "a: {{ .Values.image.credentials.user }}");
    template(
        "key that YAML reads as a boolean",
        "{{ $c := fromYaml \"on: {a: 1}\" }}a: {{ $c.on.a }}",
    );
    template("YAML that could not be read", "{{ $c := fromYaml \"a: b: c\" }}a: {{ $c.a.b }}");
    template("nothing near", "a: {{ .Values.credentials.user }}");
    template("text that has no fields", "a: {{ .Values.color.dark }}");
    template("number given to a function of texts", "a: {{ upper .Values.port }}");
    template("number piped into a function of texts", "a: {{ .Values.port | trunc 3 }}");
    template("null given to a function", "a: {{ b64enc .Values.image.tagg }}");
    template("null piped into a function", "a: {{ .Values.image.tagg | b64enc }}");
    template("required", "a: {{ required \"set the tag\" .Values.image.tga }}");
    template("required at the end of a pipe", "a: {{ .Values.imge | required \"set the tag\" }}");
    template("required of an empty text", "a: {{ \"\" | required \"set it\" }}");
    template("index of nil", "a: {{ index .Values \"my-kye\" \"a\" }}");
    template("index of nil, deeper", "a: {{ index .Values.image \"tga\" \"a\" }}");
    template("comparison with a number", "a: {{ if gt .Values.port 79 }}b{{ end }}");
    template("range over a text", "a: {{ range .Values.color }}b{{ end }}");
    template("misspelt template in an include", "a: {{ include \"web.fulname\" . }}");
    template("misspelt template in a template", "a: {{ template \"web.fulname\" . }}");
    template("template of another chart", "a: {{ include \"common.tplvalues.render\" . }}");
    template("misspelt function", "a: {{ .Values.color | toyaml }}");
    template("function of the environment", "a: {{ env \"HOME\" }}");
    template("misspelt variable", "{{ $name := 1 }}a: {{ $nmae }}");
    template("misspelt object", "a: {{ .Value.color.x }}");
    template("misspelt field of the release", "a: {{ .Release.Nmae.x }}");
    template("in a template called by an include", "a: {{ include \"web.labels\" . }}");
    template("in a tpl", "a: {{ tpl \"{{ .Values.imge.tag }}\" . }}");
    template(
        "two templates that call each other",
        "{{ define \"a\" }}{{ include \"b\" . }}{{ end }}{{ define \"b\" }}{{ include \"a\" . }}{{ end }}a: {{ include \"a\" . }}",
    );
    insta::assert_snapshot!(t.0);
}

/// Every failing template of a run is told, Helm's first.
#[test]
fn several() {
    const HELPER: File =
        ("web/templates/_h.tpl", b"{{ define \"web.tag\" }}{{ .Values.image.tag.x }}{{ end }}");
    let mut t = Transcript::default();
    t.case(
        "two templates",
        &[
            ("web/templates/map.yaml", b"a: {{ .Values.none.a }}\n"),
            ("web/templates/pod.yaml", b"a: 1\nb: {{ .Values.none.b }}\n"),
        ],
        "template web",
    );
    t.case(
        "one partial in many templates",
        &[
            HELPER,
            ("web/templates/a.yaml", b"a: {{ include \"web.tag\" . }}\n"),
            ("web/templates/b.yaml", b"b: {{ include \"web.tag\" . }}\n"),
            ("web/templates/c.yaml", b"c: {{ include \"web.tag\" . }}\n"),
            ("web/templates/d.yaml", b"d: {{ include \"web.tag\" . }}\n"),
            ("web/templates/e.yaml", b"{{ .Values.none.a }}{{ include \"web.tag\" . }}\n"),
            ("web/templates/map.yaml", b"f: {{ include \"web.tag\" . }}\n"),
        ],
        "template web",
    );
    t.case(
        "two syntax errors",
        &[
            ("web/templates/map.yaml", b"a: {{ if }}\n"),
            ("web/templates/pod.yaml", b"a: 1\nb: {{ frobnicate }}\n"),
        ],
        "template web",
    );
    let paths: Vec<_> = (10..24).map(|i| format!("web/templates/x{i}.yaml")).collect();
    let many: Vec<File> =
        paths.iter().map(|path| (path.as_str(), b"{{ fail \"no\" }}\n".as_slice())).collect();
    t.case("more than are shown", &many, "template web");
    insta::assert_snapshot!(t.0);
}

#[test]
fn cycle() {
    let mut t = Transcript::default();
    for (action, fails) in [
        ("{{ $d }}", true),
        ("{{ printf \"%v\" $d }}", true),
        ("{{ print $d }}", true),
        ("{{ toString $d }}", true),
        ("{{ quote $d }}", true),
        ("{{ toYaml $d }}", false),
        ("{{ mustToYaml $d }}", true),
        ("{{ toYamlPretty $d }}", false),
        ("{{ toJson $d }}", false),
        ("{{ mustToJson $d }}", true),
        ("{{ toPrettyJson $d }}", false),
        ("{{ toRawJson $d }}", true),
        ("{{ toToml $d }}", false),
        ("{{ deepCopy $d }}", true),
        ("{{ deepEqual $d $e }}", false),
        ("{{ merge $d $e }}", true),
        ("{{ mergeOverwrite $d $e }}", true),
        ("{{ has $d (list $e) }}", false),
    ] {
        let text = format!(
            "{{{{ $d := dict }}}}{{{{ $_ := set $d \"self\" $d }}}}{{{{ $e := dict }}}}{{{{ $_ := set $e \"self\" $e }}}}\na: {action}{{{{ fail \"end\" }}}}\n"
        );
        // Some functions swallow their error, or are right to give none.
        let title = if fails { action.to_owned() } else { format!("{action}, then fail") };
        t.template(&title, &text);
    }
    insta::assert_snapshot!(t.0);
}

const HELPER: File = (
    "web/templates/_labels.tpl",
    b"{{ define \"web.labels\" -}}\napp: web\nteam: {{ .Values.team }}: {{ .Values.color }}\n{{- end }}{{ define \"web.all\" }}{{ include \"web.labels\" . }}{{ end }}",
);

#[test]
fn manifest() {
    let mut t = Transcript::default();
    t.template("bad indentation", "kind: ConfigMap\nmetadata:\n  name: a\n data: {}\n");
    t.template("two colons", "kind: ConfigMap\nname: a: b\n");
    t.template("tab", "kind: ConfigMap\nmetadata:\n\tname: a\n");
    t.template("value that breaks the YAML", "kind: ConfigMap\nname: {{ \"a: b\" }}\n");
    t.template("second document", "kind: ConfigMap\n---\nkind: [\n");
    t.template("a list", "- kind: ConfigMap\n");
    t.template("a text", "ConfigMap\n");
    t.template("kind that is a list", "kind: [ConfigMap]\n");
    t.template("infinity", "kind: ConfigMap\nlimit: .inf\n");
    t.template("text that is a template", "kind: ConfigMap\na: {{ \"{{ .Values.color }}\" }}\n");
    t.template("printf of the wrong verb", "kind: ConfigMap\na: x: {{ printf \"%s\" 5 }}\n");
    t.template(
        "several lines without an indentation",
        "kind: ConfigMap\ndata:\n  a: {{ toYaml .Values.image }}\n  b: {{ printf \"x: 1\\ny\\nz: 2\" }}\n",
    );
    t.case(
        "partial without an indentation",
        &[
            HELPER,
            (
                "web/templates/map.yaml",
                b"kind: ConfigMap\nmetadata:\n  labels:\n    {{ include \"web.all\" . }}\n  name: a\n",
            ),
        ],
        "template web",
    );
    t.case(
        "line of a partial of a partial",
        &[
            HELPER,
            (
                "web/templates/map.yaml",
                b"kind: ConfigMap\nmetadata:\n  labels: {{- include \"web.all\" . | nindent 4 }}\n",
            ),
        ],
        "template web",
    );
    t.case(
        "several files",
        &[
            ("web/templates/a.yaml", b"kind: ConfigMap\na: [\n"),
            ("web/templates/b.yaml", b"kind: ConfigMap\n"),
            ("web/templates/c.yaml", b"kind: ConfigMap\n---\nkind: ConfigMap\n\ta: 1\n"),
        ],
        "template web",
    );
    insta::assert_snapshot!(t.0);
}

#[test]
fn schema() {
    const SCHEMA: File = (
        "web/values.schema.json",
        br#"{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["host"],
 "properties": {"color": {"enum": ["red", "blue"]}, "host": {"type": "string", "minLength": 3},
 "list": {"type": "array", "maxItems": 2, "items": {"type": "integer"}}}, "additionalProperties": true}"#,
    );
    let mut t = Transcript::default();
    t.case("missing value", &[SCHEMA], "template web");
    t.case("wrong types", &[SCHEMA], "template web --set host=1,color=green,list={a,1,2}");
    t.case(
        "subchart",
        &[
            ("web/charts/db/Chart.yaml", b"apiVersion: v2\nname: db\nversion: 0.1.0\n"),
            ("web/charts/db/values.schema.json", SCHEMA.1),
        ],
        "template web",
    );
    t.case(
        "reference to no definition",
        &[("web/values.schema.json", b"{\"$ref\": \"#/definitions/none\"}")],
        "template web",
    );
    insta::assert_snapshot!(t.0);
}

const CLOSED: File = (
    "config",
    b"apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters:\n- {name: a, cluster: {server: 'https://127.0.0.1:1'}}\ncontexts:\n- {name: a, context: {cluster: a, user: a}}\nusers:\n- {name: a, user: {token: x}}\n",
);

#[test]
fn kubeconfig() {
    let mut t = Transcript::default();
    t.case("no kubeconfig at all", &[], "list");
    t.case("no such file", &[], "list --kubeconfig nowhere");
    let mut config = |title: &str, text: &str| {
        t.case(title, &[("config", text.as_bytes())], "list --kubeconfig config");
    };
    config("no bytes", "");
    config("broken YAML", "apiVersion: v1\nclusters: [\n");
    config("a list", "- a\n");
    config("field of the wrong type", "apiVersion: v1\nclusters: a\n");
    let edit = |from: &str, to: &str| {
        let text = String::from_utf8(CLOSED.1.to_vec()).unwrap();
        assert!(text.contains(from));
        text.replace(from, to)
    };
    config("current context that is not there", &edit("current-context: a", "current-context: b"));
    config("no current context", &edit("current-context: a\n", ""));
    config("cluster that is not there", &edit("cluster: a,", "cluster: b,"));
    config("user that is not there", &edit("user: a}", "user: b}"));
    config("server that is no URL", &edit("https://127.0.0.1:1", "https://a b"));
    config(
        "certificate that is no base64",
        &edit("server:", "certificate-authority-data: '%', server:"),
    );
    config(
        "certificate that is none",
        &edit("server:", "certificate-authority-data: YWJj, server:"),
    );
    config(
        "certificate file that is not there",
        &edit("server:", "certificate-authority: no.crt, server:"),
    );
    config(
        "client certificate that is none",
        &edit("token: x", "client-certificate-data: YWJj, client-key-data: YWJj"),
    );
    config("token file that is not there", &edit("token: x", "tokenFile: no.token"));
    config(
        "login program that is not there",
        &edit(
            "token: x",
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: no-such-login}",
        ),
    );
    config(
        "login program that fails",
        &edit(
            "token: x",
            "exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/false}",
        ),
    );
    t.case("unknown context", &[CLOSED], "list --kubeconfig config --kube-context b");
    t.case("missing CA file", &[CLOSED], "list --kubeconfig config --kube-ca-file no.crt");
    t.case(
        "CA file without a certificate",
        &[CLOSED],
        "list --kubeconfig config --kube-ca-file config",
    );
    t.case("bad server", &[CLOSED], "list --kubeconfig config --kube-apiserver https://[");
    insta::assert_snapshot!(t.0);
}

#[test]
fn unreachable() {
    let mut t = Transcript::default();
    for command in [
        "list",
        "install a web",
        "install a web --dry-run=server",
        "upgrade a web",
        "upgrade --install a web",
        "status a",
        "history a",
        "rollback a",
        "uninstall a",
        "get values a",
        "get all a",
        "list --kube-apiserver http://127.0.0.1:1",
    ] {
        t.case("refused", &[CLOSED], &format!("{command} --kubeconfig config"));
    }
    insta::assert_snapshot!(t.0);
}
