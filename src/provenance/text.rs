use sha2::{Digest as _, Sha256};

use super::Error;
use crate::value::Value;
use crate::yaml;

/// What parts the chart's metadata from the digests.
const SEPARATOR: &str = "\n...\n";

/// Returns the digest of an archive, `sha256:…`.
pub(super) fn digest(archive: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(archive).iter().fold("sha256:".to_owned(), |mut text, byte| {
        // Writing to a string cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
        text
    })
}

/// Returns the text that is signed: the chart's metadata in YAML, and the archive's digest.
pub(super) fn build(metadata: &str, name: &str, archive: &[u8]) -> Result<String, Error> {
    let digests = serde_json::json!({"files": {name: digest(archive)}});
    let digests = yaml::encode(&crate::json::from_serde(digests))
        .map_err(|error| Error::Text(error.to_string()))?;
    Ok(format!("{metadata}{SEPARATOR}{}", String::from_utf8_lossy(&digests)))
}

/// Finds the digest that a signed text has for a file.
pub(super) fn find_digest(text: &str, name: &str) -> Result<String, Error> {
    let fail = |reason: &str| Error::Text(reason.to_owned());
    let (_, digests) = text
        .split_once(SEPARATOR)
        .ok_or_else(|| fail("message block must have at least two parts"))?;
    let digests = yaml::read(digests.as_bytes()).map_err(|error| Error::Text(error.in_helm()))?;
    let Value::Map(digests) = digests else { return Err(Error::NotNamed(name.to_owned())) };
    let Some(Value::Map(files)) = digests.get("files") else {
        return Err(Error::NotNamed(name.to_owned()));
    };
    match files.get(name) {
        Some(Value::Str(digest)) if !digest.is_empty() => Ok(digest.to_str_lossy().into_owned()),
        _ => Err(Error::NotNamed(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_helms() {
        let text = build("name: db\n", "db-1.tgz", b"").unwrap();
        assert_eq!(
            text,
            "name: db\n\n...\nfiles:\n  db-1.tgz: sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b9\
             34ca495991b7852b855\n"
        );
        assert_eq!(find_digest(&text, "db-1.tgz"), Ok(digest(b"")));
        assert_eq!(find_digest(&text, "x.tgz"), Err(Error::NotNamed("x.tgz".to_owned())));
        assert_eq!(
            find_digest("name: db\n", "x").unwrap_err().to_string(),
            "message block must have at least two parts"
        );
    }
}
