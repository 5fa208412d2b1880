use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Entry, StoreError};
use crate::release::{DecodeError, Labels, Release, Status, decode, is_system_label};

/// The object of a record, with the release decoded on request.
#[derive(Clone, Debug)]
pub(super) struct StoredRecord {
    pub(super) key: String,
    pub(super) labels: Labels,
    pub(super) data: Data,
}

/// The content of a record.
#[derive(Clone, Debug)]
pub(super) enum Data {
    /// As Secrets have it: base64 of what the others have.
    Secret(String),
    /// Base64 of the compressed record.
    Text(String),
}

impl StoredRecord {
    /// Returns what the labels tell of the release.
    pub(super) fn bare_release(&self, namespace: &str) -> Release {
        let label = |key: &str| self.labels.get(key).map_or("", String::as_str);
        let entry = Entry {
            key: self.key.clone(),
            namespace: namespace.to_owned(),
            name: label("name").to_owned(),
            revision: label("version").parse().unwrap_or(0),
            status: Status::from_word(label("status")),
        };
        Release { labels: self.own_labels(), ..entry.bare_release() }
    }

    /// Returns the labels but for the storage's own.
    fn own_labels(&self) -> Labels {
        let own = self.labels.iter().filter(|(key, _)| !is_system_label(key));
        own.map(|(key, value)| (key.clone(), value.clone())).collect()
    }

    /// Decodes the release, with all its labels but the storage's own. Of a record in parts it is the
    /// head alone.
    pub(super) fn release(&self) -> Result<Release, StoreError> {
        let error = |source| StoreError::Decode { name: self.key.clone(), source };
        let mut release = match &self.data {
            Data::Secret(data) => {
                let data = STANDARD.decode(data).map_err(|e| error(DecodeError::Base64(e)))?;
                decode(&data).map_err(error)?
            }
            Data::Text(data) => decode(data.as_bytes()).map_err(error)?,
        };
        release.labels = self.own_labels();
        Ok(release)
    }
}

/// Returns whether a selector of labels, as Kubernetes writes them, picks some.
pub(super) fn selects(selector: &str, labels: &Labels) -> bool {
    let holds = |term: &str| {
        let term = term.trim();
        if let Some((key, value)) = term.split_once("!=") {
            labels.get(key.trim()).is_none_or(|label| label != value.trim())
        } else if let Some((key, value)) = term.split_once("==").or_else(|| term.split_once('=')) {
            labels.get(key.trim()).is_some_and(|label| label == value.trim())
        } else if let Some(key) = term.strip_prefix('!') {
            !labels.contains_key(key.trim())
        } else if let Some((head, values)) = term.split_once('(') {
            let mut words = head.split_whitespace();
            let label = words.next().and_then(|key| labels.get(key));
            let among = label.is_some_and(|label| {
                values.trim_end_matches(')').split(',').any(|value| value.trim() == label)
            });
            if words.next() == Some("notin") { !among } else { among }
        } else {
            term.is_empty() || labels.contains_key(term)
        }
    };
    terms(selector).iter().all(|term| holds(term))
}

/// Parts a selector at its commas, but for those within parentheses.
fn terms(selector: &str) -> Vec<&str> {
    let mut depth = 0;
    selector
        .split(|c| {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                _ => {}
            }
            c == ',' && depth == 0
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn selectors_pick_labels() {
        let labels = Labels::from([("a".into(), "1".into()), ("b".into(), "2".into())]);
        for (selector, expected) in [
            ("", true),
            ("a=1,b==2", true),
            ("a=2", false),
            ("a!=2,c!=1", true),
            ("a", true),
            ("!a", false),
            ("!c", true),
            ("a in (0, 1),b notin (1,3)", true),
            ("c in (1)", false),
            ("c notin (1)", true),
        ] {
            assert_eq!(selects(selector, &labels), expected, "{selector}");
        }
    }
}
