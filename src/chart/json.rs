use serde_json::{Map, Value as Json, json};

use super::{Dependency, Lock, Metadata};
use crate::json;

fn put(fields: &mut Map<String, Json>, key: &str, value: Json) {
    let empty = match &value {
        Json::Null | Json::Bool(false) => true,
        Json::String(text) => text.is_empty(),
        Json::Array(items) => items.is_empty(),
        Json::Object(entries) => entries.is_empty(),
        _ => false,
    };
    if !empty {
        fields.insert(key.to_owned(), value);
    }
}

impl Metadata {
    /// Returns the metadata in Helm's JSON: fields in Helm's order, empty ones left out.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut fields = Map::new();
        let maintainers = self.maintainers.iter().map(|maintainer| {
            let mut fields = Map::new();
            put(&mut fields, "name", maintainer.name.clone().into());
            put(&mut fields, "email", maintainer.email.clone().into());
            put(&mut fields, "url", maintainer.url.clone().into());
            Json::Object(fields)
        });
        put(&mut fields, "name", self.name.clone().into());
        put(&mut fields, "home", self.home.clone().into());
        put(&mut fields, "sources", self.sources.clone().into());
        put(&mut fields, "version", self.version.clone().into());
        put(&mut fields, "description", self.description.clone().into());
        put(&mut fields, "keywords", self.keywords.clone().into());
        put(&mut fields, "maintainers", maintainers.collect());
        put(&mut fields, "icon", self.icon.clone().into());
        put(&mut fields, "apiVersion", self.api_version.clone().into());
        put(&mut fields, "condition", self.condition.clone().into());
        put(&mut fields, "tags", self.tags.clone().into());
        put(&mut fields, "appVersion", self.app_version.clone().into());
        put(&mut fields, "deprecated", self.deprecated.into());
        let annotations = self.annotations.iter().flatten();
        let annotations: Map<_, _> =
            annotations.map(|(key, value)| (key.clone(), value.clone().into())).collect();
        put(&mut fields, "annotations", Json::Object(annotations));
        put(&mut fields, "kubeVersion", self.kube_version.clone().into());
        put(
            &mut fields,
            "dependencies",
            self.dependencies.iter().map(Dependency::to_json).collect(),
        );
        put(&mut fields, "type", self.chart_type.clone().into());
        Json::Object(fields)
    }
}

impl Dependency {
    /// Returns the dependency in Helm's JSON; `name` and `repository` are there even if empty.
    #[must_use]
    pub fn to_json(&self) -> Json {
        let mut fields = Map::new();
        fields.insert("name".to_owned(), self.name.clone().into());
        put(&mut fields, "version", self.version.clone().into());
        fields.insert("repository".to_owned(), self.repository.clone().into());
        put(&mut fields, "condition", self.condition.clone().into());
        put(&mut fields, "tags", self.tags.clone().into());
        put(&mut fields, "enabled", self.enabled.into());
        let imports = self.import_values.0.iter().map(json::to_serde);
        put(&mut fields, "import-values", imports.collect());
        put(&mut fields, "alias", self.alias.clone().into());
        Json::Object(fields)
    }
}

impl Lock {
    /// Returns the lock in Helm's JSON.
    #[must_use]
    pub fn to_json(&self) -> Json {
        json!({
            "generated": self.generated.to_str_lossy(),
            "digest": self.digest.to_str_lossy(),
            "dependencies": self.dependencies.iter().map(Dependency::to_json).collect::<Json>(),
        })
    }
}
