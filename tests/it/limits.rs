//! Input that would eat all memory or never end: a clear error, in bounded memory and time.
//!
//! Every command runs under `ulimit -v`, so that one that takes more than a GiB dies.
#![cfg(unix)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How long a command may take, unoptimised and beside others.
const LIMIT: Duration = Duration::from_mins(2);

/// The memory a command may map, in KiB.
const MEMORY: u32 = 1 << 20;

/// Runs a command in a folder with a chart `web` and the given files. Returns exit code and stderr.
fn run(title: &str, files: &[(&str, Vec<u8>)], arguments: &[&str]) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().unwrap();
    let sound: [(&str, Vec<u8>); 3] = [
        ("web/Chart.yaml", b"apiVersion: v2\nname: web\nversion: 0.1.0\n".to_vec()),
        ("web/values.yaml", b"color: blue\n".to_vec()),
        ("web/templates/map.yaml", b"kind: ConfigMap\n".to_vec()),
    ];
    for (path, content) in sound.iter().chain(files) {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let start = Instant::now();
    let output = Command::new("sh")
        .arg("-c")
        .arg(format!("ulimit -v {MEMORY}; exec \"$0\" \"$@\""))
        .arg(env!("CARGO_BIN_EXE_rhumb"))
        .args(arguments)
        .current_dir(folder.path())
        .env("HOME", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .output()
        .unwrap();
    let time = start.elapsed();
    assert!(time < LIMIT, "{title} took {time:?}");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// The messages of a group of cases.
#[derive(Default)]
struct Transcript(String);

impl Transcript {
    /// Runs a case that has to fail.
    fn fails(&mut self, title: &str, files: &[(&str, Vec<u8>)], arguments: &[&str]) {
        let (code, stderr) = run(title, files, arguments);
        let shown: String = stderr.chars().take(2000).collect();
        assert_eq!(code, Some(1), "{title}: {shown}");
        assert!(stderr.starts_with("Error: "), "{title}: {shown}");
        writeln!(self.0, "# {title}\n{stderr}").unwrap();
    }

    /// Runs a case whose one template is `text`.
    fn template(&mut self, text: &str) {
        let files = [("web/templates/map.yaml", text.as_bytes().to_vec())];
        self.fails(&start(text), &files, &["template", "web"]);
    }

    /// Runs a case with a values file.
    fn values(&mut self, title: &str, text: String) {
        let files = [("my.yaml", text.into_bytes())];
        self.fails(title, &files, &["template", "web", "-f", "my.yaml"]);
    }

    /// Runs a case with a schema.
    fn schema(&mut self, title: &str, schema: &str, values: &str) {
        self.fails(title, &with_schema(schema, values), &["template", "web"]);
    }
}

fn with_schema(schema: &str, values: &str) -> [(&'static str, Vec<u8>); 2] {
    [
        ("web/values.schema.json", schema.as_bytes().to_vec()),
        ("web/values.yaml", values.as_bytes().to_vec()),
    ]
}

fn start(text: &str) -> String {
    text.chars().take(80).collect()
}

/// Runs a case that has to do well.
fn passes(title: &str, files: &[(&str, Vec<u8>)], arguments: &[&str]) {
    let (code, stderr) = run(title, files, arguments);
    assert_eq!(code, Some(0), "{title}: {}", start(&stderr));
}

fn template_passes(text: &str) {
    let files = [("web/templates/map.yaml", text.as_bytes().to_vec())];
    passes(&start(text), &files, &["template", "web"]);
}

#[test]
fn templates_that_make_too_much() {
    let mut t = Transcript::default();
    let double = |start: &str, grow: &str| {
        format!(
            "{{{{ $x := {start} }}}}{{{{ range until 100 }}}}{{{{ $x = {grow} }}}}{{{{ end }}}}"
        )
    };
    t.template("{{ range until 1000000000 }}x{{ end }}");
    t.template("{{ untilStep 0 1000000000 1 | len }}");
    t.template("{{ repeat 1000000000 \"x\" }}");
    t.template("{{ nindent 999999999 \"x\" }}");
    t.template("{{ indent 1000000 (repeat 100000 \"\\n\") }}");
    t.template(&double("\"x\"", "print $x $x"));
    t.template(&double("list 1", "concat $x $x"));
    t.template("{{ $a := repeat 100000 \"x\" }}{{ replace \"x\" $a $a | len }}");
    t.template("{{ $x := repeat 1000000 \"x\" }}{{ range until 1000 }}{{ $x }}{{ end }}");
    insta::assert_snapshot!(t.0);
}

#[test]
fn data_that_is_deep_or_shared() {
    let deep = |use_it: &str| {
        format!(
            "{{{{ $x := list 1 }}}}{{{{ range until 20000 }}}}{{{{ $x = list $x }}}}{{{{ end }}}}a: {use_it}\n"
        )
    };
    template_passes(&deep("{{ toJson $x | len }}"));
    template_passes(&deep("{{ print $x | len }}"));
    template_passes(&deep("{{ toYaml $x | len }}"));
    template_passes(&deep("{{ deepEqual $x $x }}"));
    template_passes("a: {{ repeat 100000 \"[\" | fromJsonArray | len }}\n");
    template_passes("a: {{ repeat 100000 \"[\" | fromYamlArray | len }}\n");
}

#[test]
fn templates_that_are_deep() {
    let mut t = Transcript::default();
    let n = 9_000;
    let nest = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    template_passes(&format!("a: {{{{ {} }}}}\n", nest("(", "1", ")")));
    template_passes(&nest("{{ if true }}", "a: 1", "{{ end }}"));
    template_passes(&nest("{{ range list 1 }}", "a: 1", "{{ end }}"));
    template_passes(&nest("{{ with 1 }}", "a: 1", "{{ end }}"));
    t.template(&"{{ if true }}".repeat(20_000));
    insta::assert_snapshot!(t.0);
}

#[test]
fn regular_expressions_that_are_huge() {
    let mut t = Transcript::default();
    t.template("{{ mustRegexMatch \"((a{100}){100}){100}\" \"a\" }}");
    t.template("{{ regexFind \"(a{1000}){1000}\" \"a\" }}");
    t.template(&format!("{{{{ regexFind {:?} \"a\" }}}}", "(".repeat(2000)));
    template_passes("a: {{ regexMatch \"(a*)*b\" (repeat 10000 \"a\") }}\n");
    template_passes("a: {{ regexMatch \"^(a+)+$\" (repeat 100000 \"a\" | printf \"%sb\") }}\n");
    template_passes("a: {{ regexFindAll \"a*?\" (repeat 20000 \"a\") -1 | len }}\n");
    template_passes(
        "{{ range until 1000 }}{{ $_ := regexMatch (printf \"a%d{500}\" .) \"a\" }}{{ end }}",
    );
    insta::assert_snapshot!(t.0);
}

#[test]
fn values_that_are_deep_or_shared() {
    let mut t = Transcript::default();
    let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for pair in ('a'..='k').collect::<Vec<_>>().windows(2) {
        let alias = format!("*{}", pair[0]);
        bomb +=
            &[pair[1].to_string(), format!(": &{} [", pair[1]), vec![alias; 9].join(",")].concat();
        bomb += "]\n";
    }
    t.values("alias bomb", bomb);
    t.values("deep flow", format!("a: {}", "[".repeat(1_000_000)));
    t.values("deep block", "- ".repeat(100_000));
    let path = vec!["a"; 1000].join(".");
    t.fails("deep --set", &[], &["template", "web", "--set", &format!("{path}=1")]);
    let json = format!("a={}", "[".repeat(60_000));
    t.fails("deep --set-json", &[], &["template", "web", "--set-json", &json]);
    insta::assert_snapshot!(t.0);
}

#[test]
fn values_that_are_large() {
    let mut t = Transcript::default();
    let comment = format!("# {}\ncolor: red\n", "x".repeat(50 << 20));
    passes("comment", &[("my.yaml", comment.into())], &["template", "web", "-f", "my.yaml"]);
    t.values("50 MB of small values", format!("a: [{}]\n", "1,".repeat(25_000_000)));
    t.fails("file without an end", &[], &["template", "web", "-f", "/dev/zero"]);
    t.fails("large index", &[], &["template", "web", "--set", "a[100000000]=1"]);
    t.fails("large index beyond 64 bits", &[], &["template", "web", "--set", "a[1e99]=1"]);
    passes("long lists", &[], &["template", "web", "--set", "a[65535][65535][65535]=1"]);
    insta::assert_snapshot!(t.0);
}

fn member(content: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(content).unwrap();
    gzip.finish().unwrap()
}

/// Packs files as the chart `name`, with its `Chart.yaml`.
fn chart_archive(name: &str, files: &[(String, &[u8])]) -> Vec<u8> {
    let mut tar = tar::Builder::new(Vec::new());
    let metadata = format!("apiVersion: v2\nname: {name}\nversion: 0.1.0\n");
    let files = files.iter().map(|(path, content)| (path.as_str(), *content));
    for (path, content) in std::iter::once(("Chart.yaml", metadata.as_bytes())).chain(files) {
        let mut header = tar::Header::new_gnu();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        tar.append_data(&mut header, format!("{name}/{path}"), content).unwrap();
    }
    member(&tar.into_inner().unwrap())
}

/// An archive that inflates to 4 GiB.
fn bomb() -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path("web/big").unwrap();
    header.set_size(4 << 30);
    header.set_cksum();
    // A gzip file may have several members.
    let mut bomb = member(header.as_bytes());
    bomb.extend(member(&vec![0; 1 << 20]).repeat(4096));
    assert!(bomb.len() < 8 << 20);
    bomb
}

#[test]
fn archives_that_inflate() {
    let mut t = Transcript::default();
    let bomb = bomb();
    let files = [("web.tgz", bomb.clone()), ("web/charts/db.tgz", bomb)];
    t.fails("zeros", &files, &["template", "web.tgz"]);
    t.fails("zeros in charts/", &files, &["template", "web"]);
    insta::assert_snapshot!(t.0);
}

#[test]
fn archives_in_archives() {
    let nested = |depth: usize, innermost: Option<Vec<u8>>| {
        (0..depth).rev().fold(innermost, |inner, level| {
            let inner = inner.map(|inner| (format!("charts/c{}.tgz", level + 1), inner));
            let inner = inner.as_ref().map(|(path, content)| (path.clone(), content.as_slice()));
            Some(chart_archive(&format!("c{level}"), inner.as_slice()))
        })
    };
    let file = |content: Option<Vec<u8>>| [("c.tgz", content.unwrap())];
    let arguments = ["template", "c.tgz"];
    let mut t = Transcript::default();
    passes("a few", &file(nested(20, None)), &arguments);
    t.fails("too many", &file(nested(40, None)), &arguments);
    t.fails("bomb inside", &file(nested(3, Some(bomb()))), &arguments);
    let large = chart_archive("db", &[("zeros".to_owned(), &vec![0; 4 << 20])]);
    let siblings: Vec<_> = (0..80).map(|i| (format!("charts/{i}.tgz"), large.as_slice())).collect();
    t.fails("many beside each other", &file(Some(chart_archive("c", &siblings))), &arguments);
    insta::assert_snapshot!(t.0);
}

#[test]
fn schemas_that_do_not_end() {
    let mut t = Transcript::default();
    let loops =
        r##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##;
    t.schema("references in a circle", loops, "");
    t.schema("brackets that stay open", &"[".repeat(100_000), "");
    let dynamic =
        r##"{"$dynamicRef":"#n","$defs":{"n":{"$dynamicAnchor":"n","$dynamicRef":"#n"}}}"##;
    t.schema("dynamic references in a circle", dynamic, "");
    t.schema("not of not", &format!("{}true{}", r#"{"not":"#.repeat(5000), "}".repeat(5000)), "");
    let doubled: Vec<String> = (0..40)
        .map(|i| {
            let inner = format!(r##"{{"$ref":"#/$defs/d{i}"}}"##);
            format!(r#""d{}":{{"anyOf":[{inner},{inner}]}}"#, i + 1)
        })
        .collect();
    let doubled = format!(
        r##"{{"$defs":{{"d0":{{"type":"integer"}},{}}},"properties":{{"a":{{"$ref":"#/$defs/d40"}}}}}}"##,
        doubled.join(",")
    );
    t.schema("choices that double 40 times", &doubled, "a: x\n");
    insta::assert_snapshot!(t.0);
}

#[test]
fn schemas_that_are_large() {
    let mut t = Transcript::default();
    let branches: Vec<String> = (0..10_000).map(|i| format!(r#"{{"const":{i}}}"#)).collect();
    let choice = format!(r#"{{"properties":{{"a":{{"anyOf":[{}]}}}}}}"#, branches.join(","));
    passes("last of 10,000 choices", &with_schema(&choice, "a: 9999\n"), &["template", "web"]);
    t.schema("none of 10,000 choices", &choice, "a: x\n");
    let tree = r##"{"$ref":"#/$defs/n","$defs":{"n":{"additionalProperties":{"$ref":"#/$defs/n"},
        "type":"object"}}}"##;
    let mut deep: Vec<String> =
        (0..300).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect();
    deep.push(format!("{}a: 1\n", " ".repeat(300)));
    t.schema("tree of 300 levels", tree, &deep.concat());
    let pattern = |text: &str| format!(r#"{{"properties":{{"a":{{"pattern":"{text}"}}}}}}"#);
    let many = format!("a: {}b\n", "a".repeat(20_000));
    t.schema("pattern that goes back and forth", &pattern("^(a+)+$"), &many);
    t.schema("pattern that counts", &pattern("(a{1000}){1000}"), "a: x\n");
    let unique = r#"{"properties":{"a":{"uniqueItems":true}}}"#;
    let items: Vec<String> = (0..20_000).map(|i| format!("[{i}],")).collect();
    let items = items.concat();
    passes("unique items", &with_schema(unique, &format!("a: [{items}]\n")), &["template", "web"]);
    t.schema("items that repeat at the end", unique, &format!("a: [{items}[7.0]]\n"));
    insta::assert_snapshot!(t.0);
}
