use std::fs;
use std::path::{Path, PathBuf};

use super::Error;
use crate::value::{Map, Value};
use crate::yaml;

/// The system that programs are picked for, in Go's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Platform {
    /// `linux`, `darwin`, `windows`.
    pub os: &'static str,
    /// `amd64`, `arm64`.
    pub architecture: &'static str,
}

impl Platform {
    /// Returns the system rhumb was built for.
    #[must_use]
    pub fn here() -> Self {
        let os = match std::env::consts::OS {
            "macos" => "darwin",
            os => os,
        };
        let architecture = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            architecture => architecture,
        };
        Platform { os, architecture }
    }
}

/// A plugin of the type `postrenderer/v1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plugin {
    pub name: String,
    pub folder: PathBuf,
    pub command: String,
    pub args: Vec<String>,
}

/// Finds a plugin in folders of plugins.
pub(super) fn find(
    name: &str,
    folders: &[PathBuf],
    platform: Platform,
) -> Result<Option<Plugin>, Error> {
    for parent in folders {
        let Ok(entries) = fs::read_dir(parent) else { continue };
        let mut folders: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        folders.sort();
        for folder in folders {
            let Some(description) = read(&folder.join("plugin.yaml")) else { continue };
            let is = |key: &str, wanted: &str| text(&description, key) == wanted;
            if is("name", name) && is("type", "postrenderer/v1") {
                return plugin(name, folder, &description, platform).map(Some);
            }
        }
    }
    Ok(None)
}

/// Plugins that cannot be read are not those that were asked for.
fn read(path: &Path) -> Option<Map> {
    match yaml::read(&fs::read(path).ok()?).ok()? {
        Value::Map(description) => Some(description),
        _ => None,
    }
}

fn text(map: &Map, key: &str) -> String {
    match map.get(key) {
        Some(Value::Str(text)) => text.to_str_lossy().into_owned(),
        _ => String::new(),
    }
}

fn plugin(
    name: &str,
    folder: PathBuf,
    description: &Map,
    platform: Platform,
) -> Result<Plugin, Error> {
    let fail = |reason: String| Error::Plugin { name: name.to_owned(), reason };
    let runtime = text(description, "runtime");
    if runtime != "subprocess" {
        return Err(fail(format!(
            "its runtime is {runtime:?}, and only \"subprocess\" is known here"
        )));
    }
    let config = match description.get("runtimeConfig") {
        Some(Value::Map(config)) => config,
        _ => Map::new(),
    };
    let commands: Vec<Map> = match config.get("platformCommand") {
        Some(Value::List(items)) => items
            .items()
            .iter()
            .filter_map(|item| match item {
                Value::Map(command) => Some(command.clone()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let rank = |command: &Map| {
        let (os, architecture) = (text(command, "os"), text(command, "arch"));
        match (os.as_str(), architecture.as_str()) {
            (os, arch) if os == platform.os && arch == platform.architecture => Some(0),
            (os, "") if os == platform.os => Some(1),
            ("", "") => Some(2),
            _ => None,
        }
    };
    let best = commands.iter().filter(|command| rank(command).is_some()).min_by_key(|c| rank(c));
    let Some(best) = best else {
        let Platform { os, architecture } = platform;
        return Err(fail(format!("no command for {os}/{architecture} in its platformCommand")));
    };
    let args = match best.get("args") {
        Some(Value::List(items)) => items
            .items()
            .iter()
            .filter_map(|item| match item {
                Value::Str(text) => Some(text.to_str_lossy().into_owned()),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    };
    let command = text(best, "command");
    if command.is_empty() {
        return Err(fail("its platformCommand names no command".to_owned()));
    }
    Ok(Plugin { name: name.to_owned(), folder, command, args })
}
