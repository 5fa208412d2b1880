use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

/// The folders of `src/` in the order of the path from bytes to a release. A folder imports from
/// folders with lower numbers only; those with equal numbers do not see each other.
const LAYERS: [(&str, u32); 21] = [
    ("value", 0),
    ("diagnostic", 0),
    ("glob", 0),
    ("version", 0),
    ("go", 0),
    ("parallel", 0),
    ("json", 1),
    ("yaml", 2),
    ("chart", 3),
    ("fetch", 4),
    ("provenance", 4),
    ("values", 4),
    ("template", 5),
    ("postrender", 6),
    ("manifest", 6),
    ("lint", 7),
    ("release", 7),
    ("plan", 8),
    ("cluster", 9),
    ("action", 10),
    ("cli", 11),
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Returns the names that follow `crate::` in code, those in braces too.
fn imports(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut base = 0;
    for line in text.split_inclusive('\n') {
        let is_comment = line.trim_start().starts_with("//");
        for (at, word) in line.match_indices("crate::") {
            let before = line[..at].chars().next_back();
            if is_comment || before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                continue;
            }
            let rest = &text[base + at + word.len()..];
            match rest.strip_prefix('{') {
                Some(list) => found.extend(listed(list).map(|name| (base + at, name))),
                None => found.push((base + at, first_name(rest))),
            }
        }
        base += line.len();
    }
    found
}

fn first_name(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Returns the first name of each entry of `a::B, c::{d, e}}`.
fn listed(list: &str) -> impl Iterator<Item = &str> {
    let mut names = Vec::new();
    let (mut depth, mut start) = (0, Some(0));
    for (at, character) in list.char_indices() {
        if depth == 0
            && let Some(from) = start
            && !list[from..=at].trim().is_empty()
        {
            names.push(first_name(list[from..].trim_start()));
            start = None;
        }
        match character {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => start = Some(at + 1),
            _ => {}
        }
    }
    names.into_iter().filter(|name| !name.is_empty())
}

#[test]
fn imports_are_found() {
    for (text, expected) in [
        ("use crate::yaml;", vec!["yaml"]),
        ("use crate::{json, chart::{Chart, File}, values};", vec!["json", "chart", "values"]),
        (
            "use crate::{\n    json,\n    yaml::read,\n};\nuse crate::go;",
            vec!["json", "yaml", "go"],
        ),
        ("let a = crate::value::Map::new();", vec!["value"]),
        ("// crate::cli\nuse rhumb_crate::cli;", vec![]),
    ] {
        let found: Vec<_> = imports(text).into_iter().map(|(_, name)| name).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn imports_go_to_lower_layers() {
    let layers = BTreeMap::from(LAYERS);
    let mut files = Vec::new();
    rust_files(&source(), &mut files);
    files.sort();
    let mut wrong = String::new();
    for path in files {
        let name = path.strip_prefix(source()).unwrap();
        let folder = name.iter().next().unwrap().to_str().unwrap();
        if matches!(folder, "lib.rs" | "main.rs") {
            continue;
        }
        let Some(own) = layers.get(folder) else {
            writeln!(wrong, "src/{folder} has no layer").unwrap();
            continue;
        };
        let text = fs::read_to_string(&path).unwrap();
        for (at, import) in imports(&text) {
            let is_lower = layers.get(import).is_some_and(|layer| layer < own);
            if !is_lower && import != folder {
                let line = text[..at].matches('\n').count() + 1;
                writeln!(wrong, "src/{}:{line} imports {import}", name.display()).unwrap();
            }
        }
    }
    assert!(wrong.is_empty(), "imports go to lower layers only:\n{wrong}");
}

#[test]
fn every_layer_is_a_folder() {
    for (folder, _) in LAYERS {
        assert!(source().join(folder).is_dir(), "src/{folder} does not exist");
    }
}
