//! Charts in Jinja make the same objects as their twins in Go templates: those of `charts/jinja`,
//! the scaffold of `rhumb create`, and the examples of `docs/jinja.md`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rhumb::chart::{self, Chart, File, Language, Metadata};
use rhumb::template::function::Env;
use rhumb::template::{self, Capabilities, Context, ReleaseContext};
use rhumb::value::{Map, Value, deep_equal};
use rhumb::{values, yaml};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn map(text: &[u8]) -> Map {
    match yaml::read(text).unwrap() {
        Value::Map(map) => map,
        _ => Map::new(),
    }
}

/// Renders a chart; returns the texts by path.
fn render(chart: Chart, given: &Map, env: &Env) -> Result<BTreeMap<String, String>, String> {
    let chart = values::process_dependencies(chart, given).value.map_err(|e| e.to_string())?;
    let merged = values::merge(&chart, given).value.map_err(|e| e.to_string())?;
    let release = ReleaseContext {
        name: "rel".to_owned(),
        namespace: "default".to_owned(),
        revision: 1,
        is_upgrade: false,
    };
    let context = Context { release, capabilities: Capabilities::default() };
    let rendered = template::render(&chart, &merged, &context, env).map_err(|e| e.to_string())?;
    let texts = rendered.texts();
    Ok(texts.map(|(p, t)| (p.to_owned(), String::from_utf8(t.to_vec()).unwrap())).collect())
}

fn objects(text: &str) -> Vec<Value> {
    let objects = yaml::read_all(text.as_bytes()).unwrap_or_else(|e| panic!("{e}\n{text}"));
    objects.into_iter().filter(|object| !matches!(object, Value::Nil)).collect()
}

/// Asserts that both render to the same objects and to the same notes.
fn assert_twins(go: Chart, jinja: Chart, given: &Map, env: &Env, case: &str) {
    let go = render(go, given, env).unwrap_or_else(|e| panic!("{case}, Go: {e}"));
    let jinja = render(jinja, given, env).unwrap_or_else(|e| panic!("{case}, Jinja: {e}"));
    let paths = |texts: &BTreeMap<String, String>| texts.keys().cloned().collect::<Vec<_>>();
    assert_eq!(paths(&go), paths(&jinja), "{case}");
    for (path, text) in &go {
        let other = &jinja[path];
        if path.rsplit_once('.').is_some_and(|(_, end)| end == "txt") {
            assert_eq!(text.trim(), other.trim(), "{case}: {path}");
            continue;
        }
        let (first, second) = (objects(text), objects(other));
        let is_same =
            first.len() == second.len() && first.iter().zip(&second).all(|(a, b)| deep_equal(a, b));
        assert!(is_same, "{case}: {path}\n{text}\n----\n{other}");
    }
}

/// Returns the values to try: none, and those of `ci/`.
fn cases(folder: &Path) -> Vec<(String, Map)> {
    let mut cases = vec![("defaults".to_owned(), Map::new())];
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        cases.push((file.display().to_string(), map(&fs::read(&file).unwrap())));
    }
    assert!(cases.len() > 2, "{}", folder.display());
    cases
}

#[test]
fn charts_in_jinja_make_the_objects_of_their_twins() {
    let charts = root().join("charts");
    for name in ["hello", "shop"] {
        let load = |path: &Path| chart::load(path).unwrap().value;
        for (case, given) in cases(&charts.join(name).join("ci")) {
            let (go, jinja) = (load(&charts.join(name)), load(&charts.join("jinja").join(name)));
            assert!(jinja.templates.iter().all(|file| template::is_jinja(&file.name)));
            assert_twins(go, jinja, &given, &Env::new(), &case);
        }
    }
}

/// Returns the files below a folder but for templates and packages.
fn other_files(folder: &Path, below: &Path, found: &mut BTreeMap<PathBuf, Vec<u8>>) {
    for entry in fs::read_dir(folder.join(below)).unwrap() {
        let entry = entry.unwrap();
        let path = below.join(entry.file_name());
        let is_shared = path.extension().is_none_or(|e| e != "tgz" && e != "md")
            && path != Path::new("templates");
        if entry.file_type().unwrap().is_dir() && is_shared {
            other_files(folder, &path, found);
        } else if is_shared {
            found.insert(path.clone(), fs::read(folder.join(path)).unwrap());
        }
    }
}

#[test]
fn twins_differ_in_their_templates_alone() {
    let charts = root().join("charts");
    for name in ["common-web", "hello", "shop"] {
        let files = |folder: &Path| {
            let mut found = BTreeMap::new();
            other_files(folder, Path::new(""), &mut found);
            found
        };
        let (go, jinja) = (files(&charts.join(name)), files(&charts.join("jinja").join(name)));
        assert!(!go.is_empty());
        assert_eq!(go, jinja, "{name}");
    }
    let jinja = charts.join("jinja");
    let packed = chart::load(&jinja.join("shop/charts/common-web-0.1.0.tgz")).unwrap().value;
    let source = chart::load(&jinja.join("common-web")).unwrap().value;
    let bytes = |chart| chart::pack(chart, None).unwrap();
    assert!(
        bytes(&packed) == bytes(&source),
        "run rhumb package charts/jinja/common-web -d charts/jinja/shop/charts"
    );
}

fn scaffold(name: &str, language: Language) -> Chart {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in chart::scaffold(name, language) {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    chart::load(folder.path()).unwrap().value
}

#[test]
fn the_scaffold_in_jinja_makes_the_objects_of_that_in_go() {
    for name in [
        "web",
        "Shop_Front.v2",
        "a-chart-with-a-name-that-is-so-long-that-labels-cannot-hold-it-all",
    ] {
        for (case, given) in cases(&root().join("tests/fixtures/scaffold")) {
            let (go, jinja) = (scaffold(name, Language::Go), scaffold(name, Language::Jinja));
            assert_twins(go, jinja, &given, &Env::new(), &format!("{name}: {case}"));
        }
    }
}

/// A block of code in a document: what follows the three ticks, the text, and the line.
struct Block {
    language: String,
    file: String,
    text: String,
    line: usize,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_open = false;
    for (i, line) in document.lines().enumerate() {
        if let Some(info) = line.strip_prefix("```") {
            is_open = !is_open;
            if is_open {
                let (language, file) = info.split_once(' ').unwrap_or((info, ""));
                let (language, file) = (language.to_owned(), file.to_owned());
                blocks.push(Block { language, file, text: String::new(), line: i + 1 });
            }
        } else if is_open {
            let block = blocks.last_mut().unwrap();
            block.text.push_str(line);
            block.text.push('\n');
        }
    }
    assert!(!is_open);
    blocks
}

fn document_chart(values: &str, templates: &[(&str, &str)]) -> Chart {
    let mut chart = Chart::new(Metadata {
        name: "web".to_owned(),
        version: "1.2.3".to_owned(),
        app_version: "1.10".to_owned(),
        api_version: "v2".to_owned(),
        ..Metadata::default()
    });
    let file =
        |name: &str, text: &str| File { name: name.to_owned(), data: text.into(), modified: None };
    chart.values = map(values.as_bytes());
    chart.files.push(file("config/app.conf", "mode = fast\nlevel = 2\n"));
    for (name, text) in templates {
        chart.templates.push(file(&format!("templates/{name}"), text));
    }
    chart
}

fn cluster() -> Env {
    let mut env = Env::new();
    env.lookup = Rc::new(|_, kind, _, _| {
        Ok(yaml::read(match kind {
            "Secret" => b"data: {password: b2xkLXNlY3JldA==}".as_slice(),
            _ => b"data: {mode: quiet}",
        })
        .unwrap())
    });
    env
}

#[test]
fn the_examples_of_the_document_are_true() {
    let document = fs::read_to_string(root().join("docs/jinja.md")).unwrap();
    let blocks = blocks(&document);
    let named = |file: &str| blocks.iter().find(|block| block.file == file).unwrap().text.as_str();
    let values = named("values.yaml");
    let go_helpers = ("_helpers.tpl", named("_helpers.tpl"));
    let jinja_helpers = ("_helpers.j2", named("_helpers.j2"));
    let (mut pairs, mut printed) = (0, 0);
    for pair in blocks.windows(2) {
        let [first, second] = pair else { continue };
        let case = format!("docs/jinja.md:{}", first.line);
        match (first.language.as_str(), second.language.as_str()) {
            ("gotemplate", "jinja") if !first.file.starts_with('_') => {
                let is_text = first.file == "NOTES.txt";
                let paths =
                    if is_text { ("NOTES.txt", "NOTES.txt.j2") } else { ("x.yaml", "x.yaml.j2") };
                let go = document_chart(values, &[go_helpers, (paths.0, &first.text)]);
                let both = [go_helpers, jinja_helpers, (paths.1, second.text.as_str())];
                let jinja = document_chart(values, &both);
                assert_twins(go, jinja, &Map::new(), &cluster(), &case);
                pairs += 1;
            }
            ("jinja", "yaml") if second.file.is_empty() => {
                let templates = [jinja_helpers, ("x.yaml.j2", first.text.as_str())];
                let chart = document_chart(values, &templates);
                let texts = render(chart, &Map::new(), &cluster())
                    .unwrap_or_else(|error| panic!("{case}: {error}"));
                assert_eq!(texts["web/templates/x.yaml"], second.text, "{case}");
                printed += 1;
            }
            _ => {}
        }
    }
    let of = |language: &str| blocks.iter().filter(|block| block.language == language).count();
    // The helpers are a pair that is compared through its users.
    assert_eq!(pairs + 1, of("gotemplate"), "each block in Go has one in Jinja after it");
    assert_eq!(pairs + 1 + printed, of("jinja"), "each block in Jinja is tested");
    assert!(pairs > 20 && printed > 2);
}
