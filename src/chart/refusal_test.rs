//! Damaged and hostile charts, and the words each is refused with.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::{File, load, load_archive, read_archive};

const METADATA: &str = "apiVersion: v2\nname: c\nversion: 0.1.0\n";

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Makes an archive with names as they are given, be they legal or not.
fn tar(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, data) in entries {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_entry_type(tar::EntryType::Regular);
        header.set_cksum();
        builder.append(&header, *data).unwrap();
    }
    builder.into_inner().unwrap()
}

fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    gzip(&tar(entries))
}

fn names(files: &[File]) -> Vec<&str> {
    files.iter().map(|file| file.name.as_str()).collect()
}

#[test]
fn archive_names() {
    let outside =
        |name| format!("chart illegally contains content outside the base directory: {name:?}");
    let parent = "chart illegally references parent directory".to_owned();
    let absolute = "chart illegally contains absolute paths".to_owned();
    let illegal = "chart contains illegally named files".to_owned();
    let cases: &[(&str, Result<&str, String>)] = &[
        ("c/Chart.yaml", Ok("Chart.yaml")),
        ("c/a/./b", Ok("a/b")),
        ("c/a/../b", Ok("b")),
        ("c\\templates\\a.yaml", Ok("templates/a.yaml")),
        ("c/..a", Err(parent.clone())),
        ("c/../a", Err(parent.clone())),
        ("c/a/../../b", Err(parent.clone())),
        ("c\\..\\a", Err(parent)),
        ("c//a", Err(absolute.clone())),
        ("c\\\\a", Err(absolute)),
        ("/a", Ok("a")),
        ("a", Err(outside("a"))),
        ("c/.", Err(outside("c/."))),
        ("c/c:/a", Err(illegal.clone())),
        ("c\\c:\\a", Err(illegal)),
        ("c/c:a", Ok("c:a")),
    ];
    for (name, expected) in cases {
        let result = read_archive(&archive(&[(name, b"x")]))
            .map(|files| names(&files).join(" "))
            .map_err(|error| error.to_string());
        assert_eq!(result, expected.clone().map(str::to_owned), "{name}");
    }
}

#[test]
fn archive_damage() {
    let good = archive(&[("c/Chart.yaml", METADATA.as_bytes()), ("c/a", &[7; 4000])]);
    let plain = tar(&[("c/a", &[7; 4000])]);
    let mut bad_sum = plain.clone();
    bad_sum[0] = b'x';
    let mut bad_data = good.clone();
    bad_data[12..40].fill(0xff);
    let cases: &[(&str, &[u8], &str)] = &[
        ("nothing", b"", "EOF"),
        ("short", b"hello", "unexpected EOF"),
        ("no gzip", b"hello, this is text", "gzip: invalid header"),
        ("header only", &good[..10], "unexpected EOF"),
        ("half", &good[..good.len() / 2], "unexpected EOF"),
        ("bad header", &gzip(&bad_sum), "archive/tar: invalid tar header"),
        ("cut tar", &gzip(&plain[..1000]), "unexpected EOF"),
        ("no files", &gzip(&[0; 1024]), "no files in chart archive"),
    ];
    for (name, bytes, expected) in cases {
        assert_eq!(read_archive(bytes).unwrap_err().to_string(), *expected, "{name}");
    }
    let error = read_archive(&bad_data).unwrap_err().to_string();
    assert!(error.starts_with("gzip: "), "{error}");
}

#[test]
fn archive_size() {
    let mut header = tar::Header::new_gnu();
    header.as_old_mut().name[..3].copy_from_slice(b"c/a");
    header.set_size(100 * 1024 * 1024);
    header.set_entry_type(tar::EntryType::Regular);
    header.set_cksum();
    let error = read_archive(&gzip(header.as_bytes())).unwrap_err().to_string();
    assert_eq!(error, "decompressed chart is larger than the maximum size 104857600");
}

#[test]
fn archive_links_are_empty_files() {
    let mut builder = tar::Builder::new(Vec::new());
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        builder.append_link(&mut header, "c/link", "/etc/passwd").unwrap();
    }
    let files = read_archive(&gzip(&builder.into_inner().unwrap())).unwrap();
    assert_eq!(names(&files), ["link", "link"]);
    assert!(files.iter().all(|file| file.data.is_empty()));
}

#[test]
fn archive_depth() {
    let mut inner = archive(&[("c/Chart.yaml", METADATA.as_bytes())]);
    for _ in 0..40 {
        inner =
            archive(&[("c/Chart.yaml", METADATA.as_bytes()), ("c/charts/c.tgz", inner.as_slice())]);
    }
    let error = load_archive(&inner).unwrap_err().to_string();
    assert!(error.ends_with(": charts are nested deeper than 32 levels"), "{error}");
}

#[test]
fn folders() {
    let chart = |extra: &'static str| vec![("Chart.yaml", format!("{METADATA}{extra}"))];
    let with = |name: &'static str, text: &str| {
        vec![("Chart.yaml", METADATA.to_owned()), (name, text.to_owned())]
    };
    let metadata = |text: &str| vec![("Chart.yaml", text.to_owned())];
    let json = "cannot load Chart.yaml: error unmarshaling JSON: while decoding JSON: json: ";
    let field = |text: &str| format!("{json}cannot unmarshal {text}");
    let cases: Vec<(Vec<(&str, String)>, String)> = vec![
        (
            metadata("apiVersion: v2\nname: c\nversion: [a"),
            "cannot load Chart.yaml: error converting YAML to JSON: yaml: line 3: \
             did not find expected ',' or ']'"
                .to_owned(),
        ),
        (metadata("[1]"), field("array into Go value of type loader.chartBase")),
        (metadata("foo"), field("string into Go value of type loader.chartBase")),
        (metadata(""), "validation: chart.metadata.name is required".to_owned()),
        (metadata("apiVersion: v9\nname: c\n"), "unsupported chart version".to_owned()),
        (metadata("apiVersion: v3\nname: c\n"), "invalid chart apiVersion".to_owned()),
        (metadata("name: c\n"), "validation: chart.metadata.version is required".to_owned()),
        (
            metadata("name: c\nversion: abc\n"),
            "validation: chart.metadata.version \"abc\" is invalid".to_owned(),
        ),
        (
            metadata("name: a/c\nversion: 1\n"),
            "validation: chart.metadata.name \"a/c\" is invalid".to_owned(),
        ),
        (
            metadata("name: ..\nversion: 1\n"),
            "validation: chart.metadata.name \"..\" is not allowed".to_owned(),
        ),
        (
            chart("type: foo\n"),
            "validation: chart.metadata.type must be application or library".to_owned(),
        ),
        (chart("keywords: foo\n"), field("string into Go struct field .keywords of type []string")),
        (chart("icon: [1]\n"), field("array into Go struct field .icon of type string")),
        (
            chart("deprecated: \"yes\"\n"),
            field("string into Go struct field .deprecated of type bool"),
        ),
        (chart("maintainers: [foo]\n"), field("string into .maintainers.0 of type v2.Maintainer")),
        (
            chart("maintainers: [{name: {}}]\n"),
            field("object into Go struct field .maintainers.0.name of type string"),
        ),
        (
            chart("maintainers: [null]\n"),
            "validation: maintainers must not contain empty or null nodes".to_owned(),
        ),
        (
            chart("dependencies: [null]\n"),
            "validation: dependencies must not contain empty or null nodes".to_owned(),
        ),
        (
            chart("dependencies: {a: b}\n"),
            field("object into Go struct field .dependencies of type []*v2.Dependency"),
        ),
        (
            chart("annotations: {a: [1]}\n"),
            field("array into Go struct field .annotations.a of type string"),
        ),
        (
            chart("dependencies: [{name: foo, version: 1, alias: a b}]\n"),
            "validation: dependency \"foo\" has disallowed characters in the alias".to_owned(),
        ),
        (
            chart("dependencies: [{name: foo}, {name: x, alias: foo}]\n"),
            "validation: more than one dependency with name or alias \"foo\"".to_owned(),
        ),
        (
            with("values.yaml", "a: [b"),
            "cannot load values.yaml: cannot unmarshal yaml document: error converting YAML to \
             JSON: yaml: line 1: did not find expected ',' or ']'"
                .to_owned(),
        ),
        (
            with("values.yaml", "[1]"),
            "cannot load values.yaml: cannot unmarshal yaml document: error unmarshaling JSON: \
             while decoding JSON: json: cannot unmarshal array into Go value of type \
             map[string]interface {}"
                .to_owned(),
        ),
        (
            with("values.yaml", "a: .inf"),
            "cannot load values.yaml: cannot unmarshal yaml document: error converting YAML to \
             JSON: json: unsupported value: +Inf"
                .to_owned(),
        ),
        (
            with("Chart.lock", "foo: ["),
            "cannot load Chart.lock: error converting YAML to JSON: yaml: line 1: did not find \
             expected node content"
                .to_owned(),
        ),
        (with(".helmignore", "**/a"), "double-star (**) syntax is not supported".to_owned()),
        (with(".helmignore", "[a"), "syntax error in pattern".to_owned()),
        (with(".helmignore", "*.txt\n!ln.txt"), "Chart.yaml file is missing".to_owned()),
        (
            with("charts/README", "hi"),
            "error unpacking subchart README in c: Chart.yaml file is missing".to_owned(),
        ),
        (
            with("charts/x/README", "hi"),
            "error unpacking subchart x in c: Chart.yaml file is missing".to_owned(),
        ),
        (
            with("charts/x.tgz", "hi"),
            "error unpacking subchart x.tgz in c: unexpected EOF".to_owned(),
        ),
        (
            with("charts/x.tgz/foo", "hi"),
            "error unpacking subchart tar in c: expected x.tgz, got x.tgz/foo".to_owned(),
        ),
    ];
    for (files, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in &files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        assert_eq!(load(folder.path()).unwrap_err().to_string(), expected, "{files:?}");
    }
}

#[test]
fn places() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let long = "some text ".repeat(60);
    for (name, text) in [("x.yaml", "a: b"), ("x.tgz", "hello"), ("l.tgz", long.as_str())] {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let kind = |name: &str, kind: &str| {
        format!("file '{}' does not appear to be a gzipped archive; got '{kind}'", at(name))
    };
    let cases = [
        (
            "x.yaml",
            format!(
                "file '{}' seems to be a YAML file, but expected a gzipped archive",
                at("x.yaml")
            ),
        ),
        ("x.tgz", kind("x.tgz", "application/octet-stream")),
        ("l.tgz", kind("l.tgz", "text/plain; charset=utf-8")),
        ("none", format!("stat {}: no such file or directory", at("none"))),
        (
            ".",
            format!(
                "unable to detect chart at {0}: open {0}: no such file or directory",
                at("Chart.yaml")
            ),
        ),
    ];
    for (name, expected) in cases {
        let path = if name == "." { folder.path().to_owned() } else { folder.path().join(name) };
        assert_eq!(load(Path::new(&path)).unwrap_err().to_string(), expected);
    }
}

#[cfg(unix)]
#[test]
fn links() {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("c");
    fs::create_dir(&chart).unwrap();
    fs::write(chart.join("Chart.yaml"), METADATA).unwrap();
    fs::write(folder.path().join("outside.txt"), "hello").unwrap();
    std::os::unix::fs::symlink("../outside.txt", chart.join("inside.txt")).unwrap();
    let loaded = load(&chart).unwrap();
    assert_eq!(names(&loaded.value.files), ["inside.txt"]);
    assert_eq!(loaded.value.files[0].data, "hello");
    assert_eq!(loaded.warnings.len(), 1);
    std::os::unix::fs::symlink("nowhere", chart.join("broken")).unwrap();
    let error = load(&chart).unwrap_err().to_string();
    assert!(error.starts_with("error evaluating symlink "), "{error}");
}
