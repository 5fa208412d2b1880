//! Input that would eat all memory or never end: a clear error, in bounded memory and time.
//!
//! Every command runs under `ulimit -v`, so that one that takes more than a GiB dies.
#![cfg(unix)]

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

/// Runs a case that has to fail with `message` in what it says.
fn fails(title: &str, files: &[(&str, Vec<u8>)], arguments: &[&str], message: &str) {
    let (code, stderr) = run(title, files, arguments);
    let shown: String = stderr.chars().take(2000).collect();
    assert_eq!(code, Some(1), "{title}: {shown}");
    assert!(stderr.starts_with("Error: ") && stderr.contains(message), "{title}: {shown}");
}

fn template_fails(text: &str, message: &str) {
    let files = [("web/templates/map.yaml", text.as_bytes().to_vec())];
    let title: String = text.chars().take(80).collect();
    fails(&title, &files, &["template", "web"], message);
}

fn template_passes(text: &str) {
    let files = [("web/templates/map.yaml", text.as_bytes().to_vec())];
    let (code, stderr) = run(text, &files, &["template", "web"]);
    assert_eq!(code, Some(0), "{}", stderr.chars().take(2000).collect::<String>());
}

#[test]
fn templates_that_make_too_much() {
    let produced = "exceeded maximum size of texts and lists";
    let double = |start: &str, grow: &str| {
        format!(
            "{{{{ $x := {start} }}}}{{{{ range until 100 }}}}{{{{ $x = {grow} }}}}{{{{ end }}}}"
        )
    };
    template_fails("{{ range until 1000000000 }}x{{ end }}", "more than 4000000 numbers");
    template_fails("{{ untilStep 0 1000000000 1 | len }}", "more than 4000000 numbers");
    template_fails("{{ repeat 1000000000 \"x\" }}", "Repeat output length overflow");
    template_fails("{{ nindent 999999999 \"x\" }}", "Repeat output length overflow");
    template_fails("{{ indent 1000000 (repeat 100000 \"\\n\") }}", "Repeat output length overflow");
    template_fails(&double("\"x\"", "print $x $x"), produced);
    template_fails(&double("list 1", "concat $x $x"), produced);
    template_fails(
        "{{ $a := repeat 100000 \"x\" }}{{ replace \"x\" $a $a | len }}",
        "a text of more than 134217728 bytes",
    );
    template_fails(
        "{{ $x := repeat 1000000 \"x\" }}{{ range until 1000 }}{{ $x }}{{ end }}",
        "exceeded maximum size of output",
    );
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
    let n = 9_000;
    let nest = |open: &str, inner: &str, close: &str| {
        format!("{}{inner}{}", open.repeat(n), close.repeat(n))
    };
    template_passes(&format!("a: {{{{ {} }}}}\n", nest("(", "1", ")")));
    template_passes(&nest("{{ if true }}", "a: 1", "{{ end }}"));
    template_passes(&nest("{{ range list 1 }}", "a: 1", "{{ end }}"));
    template_passes(&nest("{{ with 1 }}", "a: 1", "{{ end }}"));
    template_fails(&"{{ if true }}".repeat(20_000), "max expression depth exceeded");
}

#[test]
fn regular_expressions_that_are_huge() {
    template_fails("{{ mustRegexMatch \"((a{100}){100}){100}\" \"a\" }}", "error parsing regexp");
    template_passes("a: {{ regexMatch \"(a*)*b\" (repeat 10000 \"a\") }}\n");
}

#[test]
fn values_that_are_deep_or_shared() {
    let file = |title: &str, text: String, message: &str| {
        let files = [("my.yaml", text.into_bytes())];
        fails(title, &files, &["template", "web", "-f", "my.yaml"], message);
    };
    let mut bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for pair in ('a'..='k').collect::<Vec<_>>().windows(2) {
        let alias = format!("*{}", pair[0]);
        bomb +=
            &[pair[1].to_string(), format!(": &{} [", pair[1]), vec![alias; 9].join(",")].concat();
        bomb += "]\n";
    }
    file("alias bomb", bomb, "excessive aliasing");
    file("deep flow", format!("a: {}", "[".repeat(1_000_000)), "exceeded max depth");
    file("deep block", "- ".repeat(100_000), "exceeded max depth");
    let path = vec!["a"; 1000].join(".");
    fails("deep --set", &[], &["template", "web", "--set", &format!("{path}=1")], "nested level");
    let json = format!("a={}", "[".repeat(60_000));
    fails("deep --set-json", &[], &["template", "web", "--set-json", &json], "--set-json");
}

#[test]
fn archives_that_inflate() {
    let member = |content: &[u8]| {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        gzip.write_all(content).unwrap();
        gzip.finish().unwrap()
    };
    let mut header = tar::Header::new_gnu();
    header.set_path("web/big").unwrap();
    header.set_size(4 << 30);
    header.set_cksum();
    // A gzip file may have several members; together these inflate to 4 GiB.
    let mut bomb = member(header.as_bytes());
    bomb.extend(member(&vec![0; 1 << 20]).repeat(4096));
    assert!(bomb.len() < 8 << 20);
    let files = [("web.tgz", bomb.clone()), ("web/charts/db.tgz", bomb)];
    fails("zeros", &files, &["template", "web.tgz"], "unable to load chart archive");
    fails("zeros in charts/", &files, &["template", "web"], "error unpacking subchart");
}

#[test]
fn schemas_that_do_not_end() {
    let file = |title: &str, schema: &str, message: &str| {
        let files = [("web/values.schema.json", schema.as_bytes().to_vec())];
        fails(title, &files, &["template", "web"], message);
    };
    let loops =
        r##"{"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"$ref":"#/$defs/a"}},"$ref":"#/$defs/a"}"##;
    file("references in a circle", loops, "web:");
    file("brackets that stay open", &"[".repeat(100_000), "web:");
}
