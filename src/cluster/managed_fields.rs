use serde_json::{Map, Value as Json, json};

use super::client::FIELD_MANAGER;

/// Returns the change that turns fields which Helm owns by client-side writes into fields it owns
/// by server-side apply; `None` when there are none.
///
/// Without it the server would hold both sets of fields against each other, and fields that left
/// the chart would stay in the object.
pub(super) fn migration(live: &Json) -> Option<Json> {
    let entries = live["metadata"]["managedFields"].as_array()?;
    let is_ours = |entry: &Json, operation: &str| {
        entry["manager"] == FIELD_MANAGER
            && entry["operation"] == operation
            && entry["subresource"].as_str().unwrap_or("").is_empty()
    };
    if !entries.iter().any(|entry| is_ours(entry, "Update")) {
        return None;
    }
    let mut fields = Json::Object(Map::new());
    let mut template = None;
    for entry in entries {
        if is_ours(entry, "Update") || is_ours(entry, "Apply") {
            unite(&mut fields, &entry["fieldsV1"]);
            if template.is_none() || is_ours(entry, "Apply") {
                template = Some(entry.clone());
            }
        }
    }
    let mut united = template?;
    united["operation"] = "Apply".into();
    united["fieldsV1"] = fields;
    let mut changed = vec![united];
    changed.extend(
        entries
            .iter()
            .filter(|entry| !is_ours(entry, "Update") && !is_ours(entry, "Apply"))
            .cloned(),
    );
    Some(json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": changed},
        {
            "op": "replace",
            "path": "/metadata/resourceVersion",
            "value": live["metadata"]["resourceVersion"],
        },
    ]))
}

/// Adds the fields of one set to another.
fn unite(fields: &mut Json, more: &Json) {
    let (Json::Object(fields), Json::Object(more)) = (fields, more) else { return };
    for (key, below) in more {
        match fields.get_mut(key) {
            Some(known) => unite(known, below),
            None => {
                fields.insert(key.clone(), below.clone());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_become_applies() {
        let live = json!({"metadata": {"resourceVersion": "7", "managedFields": [
            {"manager": "helm", "operation": "Update", "apiVersion": "v1",
             "fieldsV1": {"f:data": {".": {}, "f:a": {}}}},
            {"manager": "kubectl", "operation": "Update", "subresource": "scale"},
            {"manager": "helm", "operation": "Apply", "apiVersion": "v1",
             "fieldsV1": {"f:data": {"f:b": {}}}},
        ]}});
        let patch = migration(&live).unwrap();
        assert_eq!(
            patch[0]["value"],
            json!([
                {"manager": "helm", "operation": "Apply", "apiVersion": "v1",
                 "fieldsV1": {"f:data": {".": {}, "f:a": {}, "f:b": {}}}},
                {"manager": "kubectl", "operation": "Update", "subresource": "scale"},
            ])
        );
        assert_eq!(patch[1]["value"], "7");
    }

    #[test]
    fn applied_objects_need_nothing() {
        let live = json!({"metadata": {"managedFields": [
            {"manager": "helm", "operation": "Apply", "fieldsV1": {}},
            {"manager": "kube-controller-manager", "operation": "Update"},
        ]}});
        assert_eq!(migration(&live), None);
        assert_eq!(migration(&json!({})), None);
    }
}
