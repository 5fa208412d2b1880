//! Which kinds Kubernetes is about to drop.

use super::object::Object;
use crate::template::KubeVersion;

/// One kind a line: API version, kind, since when, until when (`-` for no end), replacement.
///
/// What the binary of Helm 4.3.1 answers for each kind it knows.
const TABLE: &str = include_str!("deprecated.txt");

/// Tells of a kind that is deprecated in the version given.
///
/// # Errors
/// Helm's text.
pub(super) fn check(object: &Object, version: &KubeVersion) -> Result<(), String> {
    if object.api_version.is_empty() || object.kind.is_empty() {
        return Ok(());
    }
    let name = format!("{} {}", object.api_version, object.kind);
    let row = TABLE.lines().find_map(|line| line.strip_prefix(&name)?.strip_prefix(' '));
    let Some(row) = row else { return Ok(()) };
    let mut columns = row.splitn(3, ' ');
    let mut column = || columns.next().unwrap_or_default();
    let (since, until, replacement) = (column(), column(), column());
    let begins = since.split_once('.').and_then(|(major, minor)| parts(major, minor));
    if parts(&version.major, &version.minor) < begins {
        return Ok(());
    }
    let until = match until {
        "-" => String::new(),
        until => format!(", unavailable in v{until}+"),
    };
    let replacement = match replacement {
        "" => String::new(),
        replacement => format!("; use {replacement}"),
    };
    Err(format!("{name} is deprecated in v{since}+{until}{replacement}"))
}

fn parts(major: &str, minor: &str) -> Option<(u32, u32)> {
    Some((major.parse().ok()?, minor.parse().ok()?))
}
