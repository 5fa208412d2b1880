use std::fs;
use std::path::{Path, PathBuf};

use rhumb::chart;
use rhumb::manifest::{self, Manifest, Notes, PrintOptions};
use rhumb::template::function::Env;
use rhumb::template::{self, Capabilities, Context, ReleaseContext};
use rhumb::values::{self, ValueSources};
use serde_json::Value as Json;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn render(chart: &Path, name: &str, files: Vec<String>) -> Manifest {
    let chart = chart::load(chart).unwrap().value;
    let sources = ValueSources { values: files, ..ValueSources::default() };
    let user = sources.read(&mut std::io::empty()).unwrap();
    let chart = values::process_dependencies(chart, &user).value.unwrap();
    let merged = values::merge(&chart, &user).value.unwrap();
    let context = Context {
        release: ReleaseContext {
            name: name.to_owned(),
            namespace: "default".to_owned(),
            revision: 1,
            is_upgrade: false,
        },
        capabilities: Capabilities::default(),
    };
    let rendered = template::render(&chart, &merged, &context, &Env::new()).unwrap();
    manifest::parse(rendered.texts(), chart.name(), Notes::Root).unwrap()
}

fn printed(manifest: &Manifest) -> String {
    let text = manifest::print_template(manifest, &[], PrintOptions::default());
    String::from_utf8(text).unwrap()
}

#[test]
fn our_charts_render_as_with_helm() {
    let recorded = root().join("tests/fixtures/charts");
    let table = fs::read(recorded.join("cases.json")).unwrap();
    let table: Json = serde_json::from_slice(&table).unwrap();
    let cases = table["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let (chart, name) = (case["chart"].as_str().unwrap(), case["name"].as_str().unwrap());
        let file = |path: &Json| root().join(path.as_str().unwrap()).display().to_string();
        let files = case["values"].as_array().unwrap().iter().map(file).collect();
        let manifest = render(&root().join("charts").join(chart), chart, files);
        let expected = |suffix: &str| {
            fs::read_to_string(recorded.join(chart).join(format!("{name}.{suffix}"))).unwrap()
        };
        assert_eq!(printed(&manifest), expected("yaml"), "{chart}/{name}");
        assert_eq!(manifest.notes, expected("notes.txt"), "{chart}/{name}");
    }
}

#[test]
fn a_package_renders_like_its_folder() {
    let packages: Vec<PathBuf> = fs::read_dir(root().join("repo-index"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "tgz"))
        .collect();
    assert!(!packages.is_empty());
    for package in packages {
        let packed = chart::load(&package).unwrap().value;
        if packed.is_library() {
            continue;
        }
        let name = packed.name().to_owned();
        let folder = root().join("charts").join(&name);
        let packed = render(&package, "web", Vec::new());
        let unpacked = render(&folder, "web", Vec::new());
        assert_eq!(printed(&packed), printed(&unpacked), "{name}");
        assert_eq!(packed.notes, unpacked.notes, "{name}");
    }
}

#[test]
fn packed_dependencies_are_the_charts_they_come_from() {
    let charts = root().join("charts");
    let packed = chart::load(&charts.join("shop/charts/common-web-0.1.0.tgz")).unwrap().value;
    let source = chart::load(&charts.join("common-web")).unwrap().value;
    let bytes = |chart| chart::pack(chart, None).unwrap();
    assert!(bytes(&packed) == bytes(&source), "run scripts/record-charts --package");
}
