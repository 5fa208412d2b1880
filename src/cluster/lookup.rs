use serde_json::Value as Json;
use tokio::runtime::Handle;

use super::{Cluster, Discovery};
use crate::json;
use crate::value::{Map, Value};

/// Answers the template function `lookup` from a cluster.
///
/// Rendering is synchronous; this is its one bridge to the asynchronous client, so it must be
/// called from a thread that may block.
#[derive(Clone, Debug)]
pub struct Lookup {
    cluster: Cluster,
    runtime: Handle,
}

impl Lookup {
    /// Makes the bridge.
    #[must_use]
    pub fn new(cluster: Cluster, runtime: Handle) -> Self {
        Lookup { cluster, runtime }
    }

    /// Reads one object, or a list of them when `name` is empty. What does not exist is an empty
    /// map. An empty namespace means all namespaces in a list.
    ///
    /// # Errors
    /// The text of the failure.
    pub fn lookup(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Value, String> {
        let read = self.read(api_version, kind, namespace, name);
        match self.runtime.block_on(read)? {
            Some(object) => Ok(json::from_serde(object)),
            None => Ok(Value::Map(Map::new())),
        }
    }

    async fn read(
        &self,
        api_version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Json>, String> {
        let discovery =
            self.cluster.current_discovery().await.map_err(|error| error.to_string())?;
        let Some(resource) = discovery.find(api_version, kind) else {
            // To Helm a kind that a group does not have is like an object that does not exist, a
            // group that is not there is not.
            return unserved(&discovery, api_version, kind).map_or(Ok(None), Err);
        };
        if let Some(fault) = name_fault(name) {
            return Err(format!("invalid resource name {name:?}: [{fault}]"));
        }
        let namespace = (!namespace.is_empty()).then_some(namespace);
        let path = if name.is_empty() {
            resource.collection(namespace)
        } else {
            resource.object(namespace, name)
        };
        self.cluster.get_optional(&path).await.map_err(|error| error.to_string())
    }
}

/// Returns what Helm says of an API version that no server knows.
fn unserved(discovery: &Discovery, api_version: &str, kind: &str) -> Option<String> {
    let (shown, reason) = if api_version.is_empty() || api_version.matches('/').count() > 1 {
        ("/", "groupVersion shouldn't be empty")
    } else if discovery.serves(api_version) {
        return None;
    } else {
        (api_version, "the server could not find the requested resource")
    };
    Some(format!("unable to get apiresource from unstructured: {shown}, Kind={kind}: {reason}"))
}

/// Returns what is wrong with a name that cannot be part of a path.
fn name_fault(name: &str) -> Option<String> {
    match name {
        "." | ".." => Some(format!("may not be '{name}'")),
        _ => {
            let found = ['/', '%'].into_iter().filter(|character| name.contains(*character));
            let faults: Vec<_> = found.map(|c| format!("may not contain '{c}'")).collect();
            (!faults.is_empty()).then(|| faults.join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::name_fault;

    #[test]
    fn names_that_are_no_part_of_a_path() {
        for (name, fault) in [
            ("a", None),
            ("", None),
            ("..", Some("may not be '..'")),
            ("a/b", Some("may not contain '/'")),
            ("a/%", Some("may not contain '/' may not contain '%'")),
        ] {
            assert_eq!(name_fault(name).as_deref(), fault);
        }
    }
}
