use std::path::{Path, PathBuf};

#[expect(dead_code, reason = "the tests call `run`")]
#[path = "../../examples/plan.rs"]
mod plan;
#[expect(dead_code, reason = "the tests call `run`")]
#[path = "../../examples/render.rs"]
mod render;

fn path(relative: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join(relative).display().to_string()
}

fn rendered(arguments: &[&str]) -> Vec<u8> {
    let mut out = Vec::new();
    render::run(arguments.iter().map(|argument| path(argument)), &mut out).unwrap();
    out
}

#[test]
fn render_prints_what_helm_prints() {
    let text = String::from_utf8(rendered(&["charts/hello"])).unwrap();
    let recorded = std::fs::read_to_string(path("tests/fixtures/charts/hello/default.yaml"));
    // The recording's release bears the chart's name, so its objects have another one.
    let lines = recorded.unwrap().lines().count();
    assert_eq!(text.lines().count(), lines);
    assert!(text.contains("\n  name: example-hello\n"), "{text}");
}

#[test]
fn plan_prints_the_steps_of_an_upgrade() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| {
        let path: PathBuf = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let old =
        write("old.yaml", &rendered(&["charts/hello", "charts/hello/ci/ingress-values.yaml"]));
    let new = write("new.yaml", &rendered(&["charts/hello"]));
    let mut out = Vec::new();
    plan::run(&[old, new], &mut out).unwrap();
    let expected = "\
create record 2: pending-upgrade, Preparing upgrade
update ConfigMap/default/example-hello
update Service/default/example-hello
update Deployment/default/example-hello
delete Ingress/default/example-hello
wait until ready: ConfigMap/default/example-hello, Service/default/example-hello, \
     Deployment/default/example-hello
update record 2: deployed, Upgrade complete
update record 1: superseded
on failure: update record 2: failed, Upgrade \"example\" failed: <error>
";
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}
