use sha2::{Digest as _, Sha256};

use super::{Dependency, Lock, SaveFault};
use crate::json;

/// Returns the digest of a lock: that of the dependencies as declared, and as they were resolved.
///
/// Repositories that were declared by an alias have to be given by their URL.
///
/// # Source
/// Helm v4 `internal/resolver/resolver.go`, `HashReq`: JSON of both lists, SHA-256, hexadecimal.
#[must_use]
pub fn lock_digest(declared: &[Dependency], locked: &[Dependency]) -> String {
    hash(&vec![list(declared), list(locked)].into())
}

/// Returns the digest that Helm 2 gave a lock: that of the dependencies as declared.
///
/// # Source
/// Helm v4 `internal/resolver/resolver.go`, `HashV2Req`.
#[must_use]
pub fn old_lock_digest(declared: &[Dependency]) -> String {
    hash(&serde_json::json!({ "dependencies": list(declared) }))
}

fn list(dependencies: &[Dependency]) -> serde_json::Value {
    dependencies.iter().map(Dependency::to_json).collect()
}

fn hash(lists: &serde_json::Value) -> String {
    use std::fmt::Write as _;
    // Go escapes `<`, `>` and `&` in JSON, also those of version ranges.
    let escaped = |c: char| match c {
        '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", c as u32),
        c => c.to_string(),
    };
    let text: String = lists.to_string().chars().map(escaped).collect();
    Sha256::digest(text).iter().fold("sha256:".to_owned(), |mut digest, byte| {
        // Writing to a string cannot fail.
        write!(digest, "{byte:02x}").unwrap_or_default();
        digest
    })
}

impl Lock {
    /// Returns the text of the lock's file.
    ///
    /// # Errors
    /// [`SaveFault::Yaml`]
    pub fn to_yaml(&self) -> Result<Vec<u8>, SaveFault> {
        Ok(crate::yaml::encode(&json::from_serde(self.to_json()))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::Metadata;

    /// The digests are those that Helm 4.3.1 wrote.
    #[test]
    fn digests_are_helms() {
        let read = |text: &str| {
            let text = format!("dependencies:\n{text}");
            Metadata::read(text.as_bytes()).unwrap().0.dependencies
        };
        let cases = [
            (
                "- {name: db, version: ^1.0.0, repository: \"http://127.0.0.1:8765\"}\n- {name: loc, \
                 version: \">0.1.0\", repository: \"file://../src/loc\", alias: l, condition: \
                 \"l.on\", tags: [x<y], import-values: [a, {child: b, parent: c}]}\n",
                "- {name: db, repository: \"http://127.0.0.1:8765\", version: 1.1.0}\n- {name: loc, \
                 repository: \"file://../src/loc\", version: 0.5.0}\n",
                "sha256:ab83a4e20fbde3d434a92bb36f39fab33353c0e1ca78dd8722292d0dae18031d",
            ),
            (
                "- {name: db, version: 1}\n",
                "- {name: db, repository: \"\", version: \"1\"}\n",
                "sha256:b4f9014d57a624ea987418110ce44f40cebdd005dba0b4e372bef103326f9a9c",
            ),
            ("", "", "sha256:643d5437104296e21d906ecb15b2c96ad278f20cfc4af53b12bb6069bd853726"),
        ];
        for (declared, locked, expected) in cases {
            assert_eq!(lock_digest(&read(declared), &read(locked)), expected, "{declared}");
        }
    }
}
