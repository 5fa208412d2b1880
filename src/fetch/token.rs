use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value as Json;

/// User name and password for a registry. The name may be empty, as with an identity token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Credentials {
    pub name: String,
    pub password: String,
}

/// Finds the credentials for a registry in files of Docker's format, the first that knows them.
pub(super) fn find(host: &str, files: &[PathBuf]) -> Option<Credentials> {
    files.iter().find_map(|file| in_file(host, file))
}

fn in_file(host: &str, file: &Path) -> Option<Credentials> {
    let config: Json = serde_json::from_slice(&fs::read(file).ok()?).ok()?;
    let hosts = [host.to_owned(), format!("https://{host}"), format!("http://{host}")];
    for host in &hosts {
        if let Some(helper) = config["credHelpers"][host].as_str()
            && let Some(found) = ask_helper(helper, host)
        {
            return Some(found);
        }
        if let Some(found) = in_entry(&config["auths"][host]) {
            return Some(found);
        }
    }
    ask_helper(config["credsStore"].as_str()?, host)
}

fn in_entry(entry: &Json) -> Option<Credentials> {
    if let Some(token) = entry["identitytoken"].as_str() {
        return Some(Credentials { name: String::new(), password: token.to_owned() });
    }
    if let (Some(name), Some(password)) = (entry["username"].as_str(), entry["password"].as_str()) {
        return Some(Credentials { name: name.to_owned(), password: password.to_owned() });
    }
    let text = STANDARD.decode(entry["auth"].as_str()?).ok()?;
    let text = String::from_utf8(text).ok()?;
    let (name, password) = text.split_once(':')?;
    Some(Credentials { name: name.to_owned(), password: password.to_owned() })
}

/// Runs `docker-credential-NAME get`.
fn ask_helper(name: &str, host: &str) -> Option<Credentials> {
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)) {
        return None;
    }
    let mut child = Command::new(format!("docker-credential-{name}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .ok()?;
    child.stdin.take()?.write_all(host.as_bytes()).ok()?;
    let output = child.wait_with_output().ok()?;
    if !output.status.success() {
        return None;
    }
    let answer: Json = serde_json::from_slice(&output.stdout).ok()?;
    let name = answer["Username"].as_str()?.to_owned();
    let name = if name == "<token>" { String::new() } else { name };
    Some(Credentials { name, password: answer["Secret"].as_str()?.to_owned() })
}

/// What a registry asks for: the header `WWW-Authenticate`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Challenge {
    Basic,
    Bearer { realm: String, service: String, scope: String },
}

impl Challenge {
    /// Reads the header's value.
    pub(super) fn parse(header: &str) -> Option<Self> {
        let (scheme, rest) = header.trim().split_once(' ').unwrap_or((header.trim(), ""));
        if scheme.eq_ignore_ascii_case("basic") {
            return Some(Challenge::Basic);
        }
        if !scheme.eq_ignore_ascii_case("bearer") {
            return None;
        }
        let field = |name: &str| parameter(rest, name).unwrap_or_default();
        let (realm, service, scope) = (field("realm"), field("service"), field("scope"));
        Some(Challenge::Bearer { realm, service, scope })
    }
}

/// Finds `name="value"` or `name=value` in a list parted by commas.
fn parameter(mut rest: &str, name: &str) -> Option<String> {
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_once(',').map_or((after, ""), |(value, rest)| (value, rest)),
        };
        if key.trim_matches([' ', ',']).eq_ignore_ascii_case(name) {
            return Some(value.to_owned());
        }
        rest = after.trim_start_matches([' ', ',']);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges() {
        assert_eq!(Challenge::parse("Basic realm=\"x\""), Some(Challenge::Basic));
        assert_eq!(
            Challenge::parse(
                "Bearer realm=\"https://a/token\",service=\"reg, 1\",scope=\"repository:x:pull,push\""
            ),
            Some(Challenge::Bearer {
                realm: "https://a/token".to_owned(),
                service: "reg, 1".to_owned(),
                scope: "repository:x:pull,push".to_owned(),
            })
        );
        assert_eq!(Challenge::parse("Digest realm=x"), None);
        assert_eq!(Challenge::parse("Bearer \"\"\"=,,=\"").map(|_| ()), Some(()));
    }

    #[test]
    fn credentials_of_docker_files() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.json");
        fs::write(
            &file,
            r#"{"auths":{"a:1":{"auth":"Ym9iOnNlYzpyZXQ="},"https://b":{"identitytoken":"t"}}}"#,
        )
        .unwrap();
        let get = |host| find(host, std::slice::from_ref(&file)).map(|c| (c.name, c.password));
        assert_eq!(get("a:1"), Some(("bob".to_owned(), "sec:ret".to_owned())));
        assert_eq!(get("b"), Some((String::new(), "t".to_owned())));
        assert_eq!(get("c"), None);
    }
}
