//! Fields of others, autoscalers, and dry runs that ask the server, on a real control plane.

use std::time::Duration;

use serde_json::Value as Json;

use super::control_plane::{World, rhumb, world};

const CHART: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/parity/web");

impl World {
    fn live(&self, what: &str) -> Json {
        let text = self.ok(&self.kubectl, &format!("get {what} -o json"));
        serde_json::from_str(&text).unwrap()
    }
}

#[test]
fn a_conflict_names_both_values() {
    let Some(world) = world("conflict") else { return };
    let extra = r#"extra=[{"apiVersion":"v1","kind":"Secret","metadata":{"name":"web"},"data":{"password":"Ymx1ZS1zZWNyZXQ="}}]"#;
    let deployed = &format!("--set-json {extra} --set deployment=true");
    world.rhumb(&format!("install web {CHART} --create-namespace {deployed}"));
    world.ok(&world.kubectl, "scale deployment web --replicas 3");
    let upgrade = format!("upgrade web {CHART} {deployed},replicas=2");
    let run = world.run_in(rhumb(), &world.namespace, &upgrade);
    assert!(!run.success);
    let (error, details) = run.stderr.split_once("\n\n").unwrap();
    assert!(error.starts_with("Error: UPGRADE FAILED: conflict occurred while applying object "));
    let expected = format!(
        "Deployment/{}/web has fields of others:\n  \
         .spec.replicas: 3 by kubectl with subresource scale, 2 wanted\nhint: --force-conflicts ",
        world.namespace
    );
    assert!(details.starts_with(&expected), "{details}");

    // What a Secret holds is nobody's business.
    world.ok(&world.kubectl, "scale deployment web --replicas 1");
    world.ok(
        &world.kubectl,
        r#"patch secret web --field-manager=ann -p {"stringData":{"password":"odd-secret"}}"#,
    );
    let run = world.run_in(rhumb(), &world.namespace, &format!("upgrade web {CHART} {deployed}"));
    assert!(!run.success);
    let hidden = ".data.password: \"(hidden)\" by ann, \"(hidden)\" wanted";
    assert!(run.stderr.contains(hidden), "{}", run.stderr);
    for secret in ["odd-secret", "b2RkLXNlY3JldA", "Ymx1ZS1zZWNyZXQ"] {
        assert!(!run.stderr.contains(secret), "{}", run.stderr);
    }
    world.rhumb(&format!("upgrade web {CHART} {deployed} --force-conflicts"));
}

#[test]
fn replicas_are_left_to_an_autoscaler() {
    let Some(world) = world("scale") else { return };
    let deployed = "--set deployment=true";
    world.rhumb(&format!("install web {CHART} --create-namespace {deployed}"));
    world.ok(&world.kubectl, "autoscale deployment web --min=4 --max=6");
    let replicas = || world.live("deployment web")["spec"]["replicas"].as_i64();
    for _ in 0..150 {
        if replicas() == Some(4) {
            break;
        }
        std::thread::sleep(Duration::from_millis(400));
    }
    assert_eq!(replicas(), Some(4), "the autoscaler has not done its work");

    // Helm stumbles over it, and so does rhumb in its name.
    let upgrade = format!("upgrade web {CHART} {deployed},replicas=2,color=red");
    let as_helm = world.folder.path().join("helm");
    std::os::unix::fs::symlink(rhumb(), &as_helm).unwrap();
    let refused = world.refused(&world.helm_4.clone(), &upgrade);
    assert!(refused.contains("conflict with \"kube-controller-manager\""), "{refused}");
    let ours = world.refused(&as_helm, &upgrade);
    assert!(refused.ends_with(ours.trim_start_matches("level=")), "{ours}\n{refused}");

    let run = world.run_in(rhumb(), &world.namespace, &upgrade);
    assert!(run.success, "{}", run.stderr);
    let told = format!(
        "warning: Deployment/{}/web: an autoscaler has chosen 4 replicas; the chart's 2 are not \
         applied",
        world.namespace
    );
    assert!(run.stderr.contains(&told), "{}", run.stderr);
    assert_eq!(replicas(), Some(4));
    assert_eq!(world.live("configmap web")["data"]["color"], "red");
    let run = world.run_in(rhumb(), &world.namespace, "rollback web 1");
    assert!(run.success && run.stderr.contains("an autoscaler has chosen 4"), "{}", run.stderr);
    assert_eq!(replicas(), Some(4));
}

#[test]
fn a_dry_run_asks_the_server() {
    let Some(world) = world("dry") else { return };
    world.ok(&world.kubectl, &format!("create namespace {}", world.namespace));
    let bad = r#"extra=[{"apiVersion":"v1","kind":"Service","metadata":{"name":"bad"},"spec":{"ports":[{"port":0}]}},{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"odd"},"dota":1}]"#;
    let install = format!("install web {CHART} --dry-run=server --set-json {bad}");
    let refused = world.refused(rhumb(), &install);
    assert!(refused.contains("spec.ports[0].port: Invalid value: 0"), "{refused}");
    assert!(refused.contains(".dota: field not declared in schema"), "{refused}");
    assert_eq!(
        world.ok(
            &world.kubectl,
            "get configmap,secret,service -l app.kubernetes.io/managed-by=Helm -o name"
        ),
        ""
    );

    let hooks = r#"hooks=[{"name":"a","on":"pre-install"}]"#;
    let install = format!("install web {CHART} --set service=true --set-json {hooks}");
    let run = world.run_in(rhumb(), &world.namespace, &format!("{install} --dry-run=server"));
    assert!(run.success, "{}", run.stderr);
    let namespace = &world.namespace;
    let expected = format!(
        "would change in the cluster:\n+ Job/{namespace}/web-a\n+ ConfigMap/{namespace}/web\n\
         + Service/{namespace}/web\n"
    );
    assert_eq!(run.stderr, expected);
    let helm = world.run_in(&world.helm_4, namespace, &format!("{install} --dry-run=server"));
    let steady = |text: &str| -> Vec<String> {
        text.lines().filter(|line| !line.starts_with("LAST")).map(str::to_owned).collect()
    };
    assert_eq!(steady(&run.stdout), steady(&helm.stdout));
    assert_eq!(world.ok(&world.kubectl, "get job,service -o name"), "");

    world.rhumb(&install);
    let upgrade = format!("upgrade web {CHART} --set color=red,secret=true --dry-run=server");
    let run = world.run_in(rhumb(), namespace, &upgrade);
    assert!(run.success, "{}", run.stderr);
    let expected = format!(
        "would change in the cluster:\n+ Secret/{namespace}/web\n~ ConfigMap/{namespace}/web\n    \
         .data.color: \"blue\" -> \"red\"\n- Service/{namespace}/web\n"
    );
    assert_eq!(run.stderr, expected);
    world.rhumb(&format!("upgrade web {CHART} --set secret=true"));
    let upgrade = format!("upgrade web {CHART} --set secret=true,color=red --dry-run=server");
    let run = world.run_in(rhumb(), namespace, &upgrade);
    assert!(run.stderr.contains(".data.password: \"(hidden)\" -> \"(hidden)\""), "{}", run.stderr);
    let run = world.run_in(rhumb(), namespace, "rollback web 1 --dry-run=server");
    assert!(
        run.success && run.stderr.contains(&format!("- Secret/{namespace}/web")),
        "{}",
        run.stderr
    );
    assert_eq!(world.json("history web -o json").as_array().unwrap().len(), 2);
}
