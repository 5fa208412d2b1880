//! What the tests on a real control plane share.
//!
//! `RHUMB_TEST_KUBECONFIG` names the kubeconfig of a cluster that `scripts/control-plane` has
//! started; `RHUMB_TEST_HELM_4`, `RHUMB_TEST_HELM_3` and `RHUMB_TEST_KUBECTL` name the binaries
//! that `scripts/oracle` has fetched. Without them the tests pass over, except under CI, where they
//! fail. Each test has namespaces of its own.
#![expect(clippy::print_stderr, reason = "a test")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

pub(crate) struct World {
    pub(crate) kubeconfig: PathBuf,
    pub(crate) helm_4: PathBuf,
    pub(crate) helm_3: PathBuf,
    pub(crate) kubectl: PathBuf,
    pub(crate) namespace: String,
    pub(crate) folder: tempfile::TempDir,
    /// Variables that every program sees.
    pub(crate) variables: Vec<(&'static str, String)>,
}

pub(crate) struct Run {
    pub(crate) success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Returns the world of a test, or `None` when the machine has none.
pub(crate) fn world(namespace: &str) -> Option<World> {
    let variable = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        if path.is_none() {
            assert!(std::env::var_os("CI").is_none(), "{name} is not set");
            eprintln!("passed over: {name} is not set");
        }
        path
    };
    Some(World {
        kubeconfig: variable("RHUMB_TEST_KUBECONFIG")?,
        helm_4: variable("RHUMB_TEST_HELM_4")?,
        helm_3: variable("RHUMB_TEST_HELM_3")?,
        kubectl: variable("RHUMB_TEST_KUBECTL")?,
        namespace: format!("rhumb-{namespace}-{}", std::process::id()),
        folder: tempfile::tempdir().unwrap(),
        variables: Vec::new(),
    })
}

impl Drop for World {
    /// Gives the namespace up, and that of Helm's own run. It takes a while until they are gone;
    /// nothing waits for that.
    fn drop(&mut self) {
        let name = &self.namespace;
        let arguments =
            format!("delete namespace {name} {name}-helm --wait=false --ignore-not-found");
        let run = self.run_in(&self.kubectl, "default", &arguments);
        if !run.success {
            eprintln!("{}", run.stderr);
        }
    }
}

impl World {
    pub(crate) fn run_in(&self, program: &Path, namespace: &str, arguments: &str) -> Run {
        let output = Command::new(program)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .args(arguments.split_whitespace())
            .args(["-n", namespace])
            .current_dir(self.folder.path())
            .env("KUBECONFIG", &self.kubeconfig)
            .env("HOME", self.folder.path())
            .env("TZ", "UTC")
            .output()
            .unwrap();
        Run {
            success: output.status.success(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    pub(crate) fn ok(&self, program: &Path, arguments: &str) -> String {
        let run = self.run_in(program, &self.namespace, arguments);
        assert!(run.success, "{}: {}{}", arguments, run.stdout, run.stderr);
        run.stdout
    }

    pub(crate) fn rhumb(&self, arguments: &str) -> String {
        self.ok(rhumb(), arguments)
    }

    /// Returns what a command says when it fails, without the explanation that follows.
    pub(crate) fn refused(&self, program: &Path, arguments: &str) -> String {
        let run = self.run_in(program, &self.namespace, arguments);
        assert!(!run.success, "{arguments} succeeded: {}", run.stdout);
        let errors = run.stderr.find("Error: ").map_or("", |at| &run.stderr[at..]);
        errors.split("\n\n").next().unwrap_or_default().trim_end().to_owned()
    }

    pub(crate) fn json(&self, arguments: &str) -> Json {
        serde_json::from_str(&self.rhumb(arguments)).unwrap()
    }
}

pub(crate) fn rhumb() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_rhumb"))
}

/// Takes away what differs from run to run.
pub(crate) fn steady(json: &mut Json, namespace: &str) {
    match json {
        Json::String(text) => {
            *text = text.replace(namespace, "NAMESPACE");
            let is_time = text.len() >= 20 && text.as_bytes()[10] == b'T' && text.ends_with('Z');
            if is_time {
                "TIME".clone_into(text);
            }
        }
        Json::Array(items) => items.iter_mut().for_each(|item| steady(item, namespace)),
        Json::Object(fields) => {
            for key in ["uid", "resourceVersion", "clusterIP", "clusterIPs", "status"] {
                fields.shift_remove(key);
            }
            fields.values_mut().for_each(|value| steady(value, namespace));
        }
        _ => {}
    }
}
