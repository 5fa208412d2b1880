use std::sync::Arc;

use serde_json::Value as Json;

use super::error::NoMatch;
use super::{Cluster, Error, Resource};
use crate::json;
use crate::manifest::{Document, Hook};
use crate::plan::{Object, ResourceId};
use crate::yaml;

impl Cluster {
    /// Makes objects of documents: which kind each has, whether it lives in a namespace. Lists are
    /// taken apart; documents without content give nothing.
    ///
    /// # Errors
    /// [`Error::NoMatch`] with all kinds the server does not serve, and others for documents that
    /// describe no object.
    pub async fn resolve(
        &self,
        documents: &[Document],
        namespace: &str,
    ) -> Result<Vec<Object>, Error> {
        let mut bodies = Vec::with_capacity(documents.len());
        for document in documents {
            // Helm reads the whole manifest, where a line feed follows each text. A block of lines at
            // the end of a text keeps it.
            let text = [document.text.as_bytes(), b"\n"].concat();
            let body = read(&document.path, document.offset, &text)?;
            flatten(body, &document.path, &mut bodies);
        }
        self.resolve_bodies(bodies, namespace).await
    }

    /// Makes the objects of hooks.
    ///
    /// # Errors
    /// As [`Cluster::resolve`].
    pub async fn resolve_hooks(
        &self,
        hooks: &[Hook],
        namespace: &str,
    ) -> Result<Vec<(Hook, Object)>, Error> {
        let mut resolved = Vec::with_capacity(hooks.len());
        for hook in hooks {
            let mut text = hook.text.as_bytes().to_vec();
            if !text.ends_with(b"\n") {
                text.push(b'\n');
            }
            let body = read(&hook.path, 0, &text)?;
            let bodies = vec![(body, Arc::clone(&hook.path))];
            for object in self.resolve_bodies(bodies, namespace).await? {
                resolved.push((hook.clone(), object));
            }
        }
        Ok(resolved)
    }

    async fn resolve_bodies(
        &self,
        bodies: Vec<(Json, Arc<str>)>,
        namespace: &str,
    ) -> Result<Vec<Object>, Error> {
        let mut objects = Vec::with_capacity(bodies.len());
        let mut unknown = Vec::new();
        for (body, source) in bodies {
            let api_version = body["apiVersion"].as_str().unwrap_or("");
            let kind = body["kind"].as_str().unwrap_or("");
            match (api_version, kind) {
                ("", "") => return Err(Error::Unset("[apiVersion not set, kind not set]")),
                ("", _) => return Err(Error::Unset("apiVersion not set")),
                (_, "") => return Err(Error::Unset("kind not set")),
                _ => {}
            }
            match self.kind(api_version, kind).await? {
                Some(resource) => {
                    let namespace = resource.namespaced.then_some(namespace);
                    objects.push(Object::new(body, source, namespace)?);
                }
                None => unknown.push(NoMatch {
                    name: body["metadata"]["name"].as_str().unwrap_or("").to_owned(),
                    namespace: body["metadata"]["namespace"].as_str().unwrap_or("").to_owned(),
                    kind: kind.to_owned(),
                    api_version: api_version.to_owned(),
                }),
            }
        }
        if unknown.is_empty() { Ok(objects) } else { Err(Error::NoMatch(unknown)) }
    }

    /// Returns how to ask for an object.
    pub(super) async fn resource(&self, id: &ResourceId) -> Result<Resource, Error> {
        let found = self.kind(&id.api_version, &id.kind).await?;
        found.ok_or_else(|| {
            Error::NoMatch(vec![NoMatch {
                name: id.name.clone(),
                namespace: id.namespace.clone().unwrap_or_default(),
                kind: id.kind.clone(),
                api_version: id.api_version.clone(),
            }])
        })
    }

    /// Returns the path of an object.
    pub(super) async fn path(&self, id: &ResourceId) -> Result<String, Error> {
        Ok(self.resource(id).await?.object(id.namespace.as_deref(), &id.name))
    }
}

fn read(path: &str, offset: usize, text: &[u8]) -> Result<Json, Error> {
    let value = yaml::read(text).map_err(|source| crate::manifest::Error::Yaml {
        path: path.to_owned(),
        offset,
        source,
    })?;
    Ok(json::to_serde(&value))
}

fn flatten(body: Json, source: &Arc<str>, bodies: &mut Vec<(Json, Arc<str>)>) {
    let is_list = body["kind"].as_str().is_some_and(|kind| kind.ends_with("List"))
        && body["items"].is_array();
    if !is_list {
        if !body.is_null() {
            bodies.push((body, Arc::clone(source)));
        }
        return;
    }
    if let Json::Object(mut fields) = body
        && let Some(Json::Array(items)) = fields.remove("items")
    {
        for item in items {
            flatten(item, source, bodies);
        }
    }
}
