use std::fmt;
use std::sync::Arc;

use serde_json::Value as Json;

use super::observe::pods_path;
use super::{Cluster, Error};
use crate::plan::ResourceId;

/// What a container of a hook wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerLog {
    /// The name of its Pod.
    pub pod: String,
    /// Its name.
    pub container: String,
    /// What it wrote.
    pub text: String,
}

/// Someone who is told what hooks wrote that ask for it by `helm.sh/hook-output-log-policy`.
#[derive(Clone)]
pub struct LogReader(Arc<dyn Fn(&ContainerLog) + Send + Sync>);

impl LogReader {
    /// Makes one of a function, which must not block.
    #[must_use]
    pub fn new(read: impl Fn(&ContainerLog) + Send + Sync + 'static) -> Self {
        LogReader(Arc::new(read))
    }
}

impl fmt::Debug for LogReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogReader")
    }
}

impl Cluster {
    /// Reads what the containers of a Pod wrote, those that run before the others first.
    ///
    /// # Errors
    /// [`Error::HookPod`], [`Error::HookLog`]
    pub(super) async fn pod_logs(&self, id: &ResourceId) -> Result<Vec<ContainerLog>, Error> {
        let pod = self.get_path(&self.path(id).await?).await;
        let pod = pod.map_err(|source| Error::HookPod { name: id.name.clone(), source })?;
        self.logs_of(id.namespace.as_deref().unwrap_or_default(), &pod).await
    }

    async fn logs_of(&self, namespace: &str, pod: &Json) -> Result<Vec<ContainerLog>, Error> {
        let name = pod["metadata"]["name"].as_str().unwrap_or_default();
        let spec = &pod["spec"];
        let containers = [&spec["initContainers"], &spec["containers"]];
        let containers = containers.into_iter().filter_map(Json::as_array).flatten();
        let mut logs = Vec::new();
        for container in containers.filter_map(|container| container["name"].as_str()) {
            let path =
                format!("/api/v1/namespaces/{namespace}/pods/{name}/log?container={container}");
            let text = self.text(&path).await;
            let text = text.map_err(|source| Error::HookLog { pod: name.to_owned(), source })?;
            let (pod, container) = (name.to_owned(), container.to_owned());
            logs.push(ContainerLog { pod, container, text });
        }
        Ok(logs)
    }

    /// Tells what the containers of a hook wrote, if someone wants to know. Logs that cannot be read
    /// do not fail the hook.
    pub(super) async fn tell_logs(&self, id: &ResourceId) {
        let Some(reader) = &self.log_reader else { return };
        let namespace = id.namespace.as_deref().unwrap_or_default();
        let logs = match id.kind.as_str() {
            "Pod" => self.pod_logs(id).await.unwrap_or_default(),
            "Job" => {
                let selector = format!("job-name={}", id.name);
                let pods = self.get_path(&pods_path(namespace, &selector)).await;
                let pods = pods.unwrap_or_default();
                let mut logs = Vec::new();
                for pod in pods["items"].as_array().into_iter().flatten() {
                    logs.extend(self.logs_of(namespace, pod).await.unwrap_or_default());
                }
                logs
            }
            _ => return,
        };
        for log in &logs {
            (reader.0)(log);
        }
    }
}
