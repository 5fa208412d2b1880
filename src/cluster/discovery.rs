use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use serde_json::Value as Json;

use super::connect::KnownDiscovery;
use super::{ApiError, Cluster, ConnectError, Error};

/// How long a server may take to tell of a kind whose definition is established.
const KINDS: std::time::Duration = std::time::Duration::from_secs(10);
const AGGREGATED: &str =
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json";

/// The kinds that a server serves.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    /// `v1`, `apps/v1`, … in the server's order.
    versions: Vec<String>,
    kinds: BTreeMap<(String, String), Resource>,
    /// Kinds that subresources speak of, such as `v1/PodExecOptions`.
    spoken: BTreeSet<String>,
}

/// How to ask for the objects of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// `v1` or `apps/v1`.
    pub api_version: String,
    /// The kind.
    pub kind: String,
    /// The name in paths, such as `deployments`.
    pub plural: String,
    /// Whether its objects live in namespaces.
    pub namespaced: bool,
}

impl Resource {
    /// Returns the path of all objects of the kind, in one namespace or in all.
    #[must_use]
    pub fn collection(&self, namespace: Option<&str>) -> String {
        let root = if self.api_version.contains('/') { "/apis" } else { "/api" };
        match namespace {
            Some(namespace) if self.namespaced => {
                format!("{root}/{}/namespaces/{namespace}/{}", self.api_version, self.plural)
            }
            _ => format!("{root}/{}/{}", self.api_version, self.plural),
        }
    }

    /// Returns the path of one object.
    #[must_use]
    pub fn object(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{name}", self.collection(namespace))
    }
}

/// The version of a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVersion {
    /// `v1.36.3`
    pub git_version: String,
    /// `1`
    pub major: String,
    /// `36`
    pub minor: String,
}

impl Discovery {
    /// Returns whether the server knows an API version such as `apps/v1`.
    #[must_use]
    pub fn serves(&self, api_version: &str) -> bool {
        self.versions.iter().any(|version| version == api_version)
    }

    /// Returns how to ask for a kind.
    #[must_use]
    pub fn find(&self, api_version: &str, kind: &str) -> Option<&Resource> {
        self.kinds.get(&(api_version.to_owned(), kind.to_owned()))
    }

    /// Returns what `.Capabilities.APIVersions` holds: `apps/v1`, then `apps/v1/Deployment`.
    #[must_use]
    pub fn api_versions(&self) -> Vec<String> {
        let kinds = self.kinds.values().map(|r| format!("{}/{}", r.api_version, r.kind));
        let kinds: BTreeSet<_> = kinds.chain(self.spoken.iter().cloned()).collect();
        self.versions.iter().cloned().chain(kinds).collect()
    }

    fn add_aggregated(&mut self, list: &Json) {
        for group in items(list, "items") {
            let name = text(&group["metadata"]["name"]);
            for version in items(group, "versions") {
                let api_version = join(name, text(&version["version"]));
                self.versions.push(api_version.clone());
                for resource in items(version, "resources") {
                    let kind = text(&resource["responseKind"]["kind"]);
                    let namespaced = resource["scope"] == "Namespaced";
                    self.add(&api_version, kind, text(&resource["resource"]), namespaced);
                    for subresource in items(resource, "subresources") {
                        self.speak(&api_version, text(&subresource["responseKind"]["kind"]));
                    }
                }
            }
        }
    }

    pub(super) fn add_resources(&mut self, list: &Json) {
        let api_version = text(&list["groupVersion"]).to_owned();
        self.versions.push(api_version.clone());
        for resource in items(list, "resources") {
            let plural = text(&resource["name"]);
            if plural.contains('/') {
                self.speak(&api_version, text(&resource["kind"]));
            } else {
                let namespaced = resource["namespaced"] == true;
                self.add(&api_version, text(&resource["kind"]), plural, namespaced);
            }
        }
    }

    /// Takes a subresource's kind. Helm puts it into the version of the resource, whatever its own.
    fn speak(&mut self, api_version: &str, kind: &str) {
        if !kind.is_empty() {
            self.spoken.insert(format!("{api_version}/{kind}"));
        }
    }

    fn add(&mut self, api_version: &str, kind: &str, plural: &str, namespaced: bool) {
        let resource = Resource {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            plural: plural.to_owned(),
            namespaced,
        };
        self.kinds.entry((api_version.to_owned(), kind.to_owned())).or_insert(resource);
    }
}

pub(super) fn join(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

pub(super) fn items<'a>(json: &'a Json, field: &str) -> impl Iterator<Item = &'a Json> {
    json[field].as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

pub(super) fn text(json: &Json) -> &str {
    json.as_str().unwrap_or("")
}

impl Cluster {
    /// Waits until the server tells of kinds, given by version and name: it does so a moment after
    /// their definitions are established. Those it does not tell of are met later on.
    ///
    /// # Errors
    /// [`Error::Discovery`]
    pub async fn await_kinds(
        &self,
        kinds: &[(String, String)],
        deadline: tokio::time::Instant,
    ) -> Result<(), Error> {
        let deadline = deadline.min(tokio::time::Instant::now() + KINDS);
        loop {
            let discovery = self.current_discovery().await?;
            let is_known =
                |(version, kind): &(String, String)| discovery.find(version, kind).is_some();
            if kinds.iter().all(is_known) || tokio::time::Instant::now() > deadline {
                return Ok(());
            }
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            self.forget_discovery();
        }
    }

    /// Asks once for the version of the server: whether it can be reached.
    ///
    /// # Errors
    /// [`ConnectError::Unreachable`]
    pub async fn version(&self) -> Result<ServerVersion, ConnectError> {
        let known = self.version.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(version) = known {
            return Ok(version);
        }
        let answer = self.get_path("/version").await.map_err(ConnectError::Unreachable)?;
        let version = ServerVersion {
            git_version: text(&answer["gitVersion"]).to_owned(),
            major: text(&answer["major"]).to_owned(),
            minor: text(&answer["minor"]).to_owned(),
        };
        *self.version.lock().unwrap_or_else(PoisonError::into_inner) = Some(version.clone());
        Ok(version)
    }

    /// Returns the kinds that the server serves, asking once, or not at all where that was done lately:
    /// kinds may be missing, or be gone meanwhile.
    ///
    /// # Errors
    /// [`Error::Discovery`]
    pub async fn discovery(&self) -> Result<Arc<Discovery>, Error> {
        if let Some((discovery, _)) = self.known_discovery() {
            return Ok(discovery);
        }
        let kept = match &self.discovery_cache {
            Some(cache) if !self.distrusts_cache.load(Ordering::Relaxed) => cache.read(),
            _ => None,
        };
        match kept {
            Some(discovery) => Ok(self.know_discovery(discovery, false)),
            None => self.current_discovery().await,
        }
    }

    /// Returns the kinds that the server serves now, asking once.
    ///
    /// # Errors
    /// [`Error::Discovery`]
    pub async fn current_discovery(&self) -> Result<Arc<Discovery>, Error> {
        if let Some((discovery, true)) = self.known_discovery() {
            return Ok(discovery);
        }
        let discovery = self.discover().await.map_err(Error::Discovery)?;
        Ok(self.know_discovery(discovery, true))
    }

    /// Returns how to ask for a kind; asks the server when what is kept does not know it.
    ///
    /// # Errors
    /// [`Error::Discovery`]
    pub(super) async fn kind(
        &self,
        api_version: &str,
        kind: &str,
    ) -> Result<Option<Resource>, Error> {
        if let Some(found) = self.discovery().await?.find(api_version, kind) {
            return Ok(Some(found.clone()));
        }
        Ok(self.current_discovery().await?.find(api_version, kind).cloned())
    }

    /// Returns what is known, and whether it is what the server said itself.
    fn known_discovery(&self) -> KnownDiscovery {
        self.discovery.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn know_discovery(&self, discovery: Discovery, is_current: bool) -> Arc<Discovery> {
        let discovery = Arc::new(discovery);
        *self.discovery.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Arc::clone(&discovery), is_current));
        discovery
    }

    async fn discover(&self) -> Result<Discovery, ApiError> {
        let mut discovery = Discovery::default();
        let (core, groups) = futures::future::try_join(
            self.get_with_accept("/api", AGGREGATED),
            self.get_with_accept("/apis", AGGREGATED),
        )
        .await?;
        if core["kind"] == "APIGroupDiscoveryList" && groups["kind"] == "APIGroupDiscoveryList" {
            discovery.add_aggregated(&core);
            discovery.add_aggregated(&groups);
            if let Some(cache) = self.discovery_cache.clone() {
                // Nobody waits for it; the process ends when it is done.
                drop(tokio::task::spawn_blocking(move || cache.write(&core, &groups)));
            }
            return Ok(discovery);
        }
        // Servers before 1.26 answer with plain lists.
        for version in items(&core, "versions") {
            let list = self.get_path(&format!("/api/{}", text(version))).await?;
            discovery.add_resources(&list);
        }
        for version in items(&groups, "groups").flat_map(|group| items(group, "versions")) {
            let path = format!("/apis/{}", text(&version["groupVersion"]));
            match self.get_path(&path).await {
                Ok(list) => discovery.add_resources(&list),
                // An aggregated server that is down hides its own group only.
                Err(error) if matches!(error.code(), Some(404 | 503)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(discovery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn both_forms_of_discovery_agree() {
        let mut aggregated = Discovery::default();
        aggregated.add_aggregated(&json!({"items": [{"metadata": {"name": "apps"}, "versions": [
            {"version": "v1", "resources": [{"resource": "deployments", "scope": "Namespaced",
             "responseKind": {"group": "apps", "version": "v1", "kind": "Deployment"},
             "subresources": [{"subresource": "scale", "responseKind":
                {"group": "autoscaling", "version": "v1", "kind": "Scale"}}]}]}]}]}));
        let mut plain = Discovery::default();
        plain.add_resources(&json!({"groupVersion": "apps/v1", "resources": [
            {"name": "deployments", "kind": "Deployment", "namespaced": true},
            {"name": "deployments/scale", "kind": "Scale", "namespaced": true}]}));
        for discovery in [aggregated, plain] {
            assert_eq!(
                discovery.api_versions(),
                ["apps/v1", "apps/v1/Deployment", "apps/v1/Scale"]
            );
            let resource = discovery.find("apps/v1", "Deployment").unwrap();
            assert_eq!(
                resource.object(Some("prod"), "web"),
                "/apis/apps/v1/namespaces/prod/deployments/web"
            );
            assert_eq!(resource.collection(None), "/apis/apps/v1/deployments");
        }
    }
}
