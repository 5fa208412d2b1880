use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::{Error, Platform, plugin};
use crate::chart::io_text;

/// A program that changes manifests: a plugin, or beyond Helm 4 any program, as Helm 3 took them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PostRenderer {
    /// The name of the plugin or the path of the program, as given.
    pub name: String,
    command: PathBuf,
    args: Vec<String>,
    environment: Vec<(&'static str, String)>,
    is_plugin: bool,
}

impl PostRenderer {
    /// Finds a post-renderer: a plugin of that name in `folders`, or else a program, by its path
    /// or in the folders of `search`.
    ///
    /// `variable` returns what a variable of the environment says; plugins may name such.
    ///
    /// # Errors
    /// [`Error::NotFound`], or [`Error::Plugin`] for a plugin that cannot be run here.
    pub fn find(
        name: &str,
        args: &[String],
        folders: &[PathBuf],
        search: &[PathBuf],
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        if let Some(found) = plugin::find(name, folders, Platform::here())? {
            let folder = found.folder.display().to_string();
            let environment =
                vec![("HELM_PLUGIN_DIR", folder.clone()), ("HELM_PLUGIN_NAME", found.name.clone())];
            let expand = |text: &str| {
                expand(text, &|name| {
                    let own = environment.iter().find(|(known, _)| *known == name);
                    own.map(|(_, value)| value.clone()).or_else(|| variable(name))
                })
            };
            let command = expand(&found.command);
            let mut all: Vec<String> = found.args.iter().map(|arg| expand(arg)).collect();
            all.extend_from_slice(args);
            return Ok(PostRenderer {
                name: found.name,
                command: command.into(),
                args: all,
                environment,
                is_plugin: true,
            });
        }
        let is_path = name.contains(std::path::is_separator);
        let command = if is_path {
            Some(PathBuf::from(name)).filter(|path| is_program(path))
        } else {
            search.iter().map(|folder| folder.join(name)).find(|path| is_program(path))
        };
        match command {
            Some(command) => Ok(PostRenderer {
                name: name.to_owned(),
                command,
                args: args.to_vec(),
                environment: Vec::new(),
                is_plugin: false,
            }),
            None => Err(Error::NotFound { name: name.to_owned() }),
        }
    }

    /// Gives the program a stream of manifests and returns what it makes of it.
    ///
    /// # Errors
    /// [`Error::Start`], [`Error::Exit`] or [`Error::Empty`].
    pub fn run(&self, stream: &[u8]) -> Result<Vec<u8>, Error> {
        let (what, subject) = if self.is_plugin {
            (format!("post-renderer plugin {:?}", self.name), format!("plugin {:?}", self.name))
        } else {
            (format!("post-renderer {:?}", self.name), format!("program {:?}", self.name))
        };
        let start = |error: &std::io::Error| Error::Start {
            what: what.clone(),
            reason: format!("{}: {}", self.command.display(), io_text(error)),
        };
        let mut child = Command::new(&self.command)
            .args(&self.args)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| start(&error))?;
        let stdin = child.stdin.take();
        // The program may write before it has read all, so that both have to go on at once.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                if let Some(mut stdin) = stdin {
                    // A program need not read what it is given.
                    drop(stdin.write_all(stream));
                }
            });
            child.wait_with_output()
        })
        .map_err(|error| start(&error))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Error::Exit { what, subject, code: output.status.code(), said });
        }
        if output.stdout.trim_ascii().is_empty() {
            return Err(Error::Empty { name: self.name.clone() });
        }
        Ok(output.stdout)
    }
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

/// Puts the values of variables where `$NAME` or `${NAME}` stands; unknown ones are empty.
fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push_str(before);
        let braced = after.strip_prefix('{').and_then(|inner| inner.split_once('}'));
        if let Some((name, after)) = braced {
            out.push_str(&variable(name).unwrap_or_default());
            rest = after;
            continue;
        }
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let end = after.find(|c| !is_name(c)).unwrap_or(after.len());
        if end == 0 {
            out.push('$');
        } else {
            out.push_str(&variable(&after[..end]).unwrap_or_default());
        }
        rest = &after[end..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_put_in() {
        let variable = |name: &str| (name == "A_1").then(|| "x".to_owned());
        for (text, expected) in [
            ("$A_1/b", "x/b"),
            ("${A_1}b", "xb"),
            ("$B.$", ".$"),
            ("a$$A_1", "a$x"),
            ("${A", "${A"),
        ] {
            assert_eq!(expand(text, &variable), expected, "{text}");
        }
    }
}
