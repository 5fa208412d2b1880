use serde_json::Value as Json;

use super::{Observed, ResourceId};

/// The manager under which autoscalers of the cluster write.
const CONTROLLER: &str = "kube-controller-manager";

/// Returns how many replicas a live object has that an autoscaler has chosen; `None` when it is not
/// one that decides.
///
/// That is so when the number was last written by the controller of autoscalers, or when an
/// autoscaler is there for the object and anyone but the release has written the number. Left out
/// of what is applied, the number then stays as it is; if the release alone owned it, it would fall
/// back to 1.
pub(super) fn autoscaled(id: &ResourceId, live: &Json, observed: &Observed) -> Option<i64> {
    let owners: Vec<_> = scalers(live).collect();
    let targeted = || {
        observed.iter().any(|(scaler, body)| {
            let target = &body["spec"]["scaleTargetRef"];
            scaler.kind == "HorizontalPodAutoscaler"
                && scaler.namespace == id.namespace
                && target["kind"] == id.kind.as_str()
                && target["name"] == id.name.as_str()
        })
    };
    let decides = owners.contains(&CONTROLLER) || (!owners.is_empty() && targeted());
    if decides { live["spec"]["replicas"].as_i64() } else { None }
}

/// Returns whether anyone but the release has written the number of replicas of a live object, of
/// which the metadata is enough.
#[must_use]
pub fn is_scaled(live: &Json) -> bool {
    scalers(live).next().is_some()
}

/// Returns who has written the number of replicas, but for the release.
fn scalers(live: &Json) -> impl Iterator<Item = &str> {
    let entries = live["metadata"]["managedFields"].as_array().into_iter().flatten();
    entries
        .filter(|entry| entry["fieldsV1"]["f:spec"].get("f:replicas").is_some())
        .filter_map(|entry| entry["manager"].as_str())
        .filter(|manager| *manager != "helm")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn replicas_of_autoscalers_are_told_from_others() {
        let id = |kind: &str| ResourceId {
            api_version: "apps/v1".to_owned(),
            kind: kind.to_owned(),
            namespace: Some("n".to_owned()),
            name: "web".to_owned(),
        };
        let live = |managers: &[&str]| {
            let entries: Vec<_> = managers
                .iter()
                .map(|m| json!({"manager": m, "fieldsV1": {"f:spec": {"f:replicas": {}}}}))
                .collect();
            json!({"metadata": {"managedFields": entries}, "spec": {"replicas": 3}})
        };
        let scaler = json!({"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}});
        let with = Observed::from([(id("HorizontalPodAutoscaler"), scaler)]);
        let without = Observed::new();
        for (managers, observed, expected) in [
            (&["helm", "kube-controller-manager"][..], &without, Some(3)),
            (&["helm"], &with, None),
            (&["kubectl"], &with, Some(3)),
            (&["kubectl"], &without, None),
            (&[], &with, None),
        ] {
            let found = autoscaled(&id("Deployment"), &live(managers), observed);
            assert_eq!(found, expected, "{managers:?}");
        }
    }
}
