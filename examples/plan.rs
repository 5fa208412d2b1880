//! Plans the upgrade from one manifest to another and prints its steps. No cluster is asked: what
//! the old manifest describes is taken to exist.
//!
//! `cargo run --example plan -- OLD.yaml NEW.yaml`

use std::error::Error;
use std::io;
use std::sync::Arc;

use rhumb::manifest::{self, Notes};
use rhumb::plan::{self, Input, Next, Object, Observed, Options, Owner, Rules, Until, Verb};
use rhumb::{json, yaml};

const NAMESPACE: &str = "default";

/// Kinds without a namespace; a program with a cluster asks its discovery.
const CLUSTER_KINDS: [&str; 4] =
    ["Namespace", "ClusterRole", "ClusterRoleBinding", "CustomResourceDefinition"];

fn object(path: &Arc<str>, text: &[u8]) -> Result<Object, Box<dyn Error>> {
    let body = json::to_serde(&yaml::read(text)?);
    let is_global = body["kind"].as_str().is_some_and(|kind| CLUSTER_KINDS.contains(&kind));
    let namespace = (!is_global).then_some(NAMESPACE);
    Ok(Object::new(body, Arc::clone(path), namespace)?)
}

fn read(path: &str, revision: u32) -> Result<Next, Box<dyn Error>> {
    let text = std::fs::read(path)?;
    let manifest = manifest::parse([(path, text.as_slice())], "plan", Notes::Root)?;
    let mut next = Next { revision, ..Next::default() };
    for document in &manifest.documents {
        next.objects.push(object(&document.path, document.text.as_bytes())?);
    }
    for hook in manifest.hooks {
        let object = object(&hook.path, hook.text.as_bytes())?;
        next.hooks.push((hook, object));
    }
    Ok(next)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    run(&arguments, &mut io::stdout())
}

/// Prints the plan from the manifest in one file to that in another.
pub(crate) fn run(arguments: &[String], out: &mut dyn io::Write) -> Result<(), Box<dyn Error>> {
    let [old, new] = arguments else {
        return Err("usage: plan OLD.yaml NEW.yaml".into());
    };
    let (previous, next) = (read(old, 1)?, read(new, 2)?);
    let observed: Observed =
        previous.objects.iter().map(|object| (object.id.clone(), object.body.clone())).collect();
    let plan = plan::build(&Input {
        verb: Verb::Upgrade,
        owner: Owner { name: "example", namespace: NAMESPACE },
        previous: &previous.objects,
        next: &next,
        observed: &observed,
        deployed: &[1],
        prune: &[],
        options: &Options {
            wait: Some(Until::Ready { jobs: false, rules: Rules::Kstatus }),
            ..Options::default()
        },
    })?;
    out.write_all(plan.to_string().as_bytes())?;
    Ok(())
}
