use serde_json::Value as Json;
use tokio::runtime::Handle;

use super::Cluster;
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
        let discovery = self.cluster.discovery().await.map_err(|error| error.to_string())?;
        // Helm treats a kind that is not served like an object that does not exist.
        let Some(resource) = discovery.find(api_version, kind) else { return Ok(None) };
        let namespace = (!namespace.is_empty()).then_some(namespace);
        let path = if name.is_empty() {
            resource.collection(namespace)
        } else {
            resource.object(namespace, name)
        };
        self.cluster.get_optional(&path).await.map_err(|error| error.to_string())
    }
}
