use serde_json::Value as Json;

use super::Readiness;

/// Tells whether a live object is ready by the rules of Helm 3, those of `--wait=legacy`.
///
/// Where Helm 3 looks at the newest `ReplicaSet` of a Deployment, this counts as ready what must be
/// its own: what is ready beyond the Pods of older ones.
pub(super) fn legacy_readiness(object: &Json, jobs: bool) -> Readiness {
    let kind = object["kind"].as_str().unwrap_or_default();
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let (spec, status) = (&object["spec"], &object["status"]);
    let count = |json: &Json| json.as_i64().unwrap_or(0);
    let wanted = spec["replicas"].as_i64().unwrap_or(1);
    let observed = count(&status["observedGeneration"]) >= count(&object["metadata"]["generation"]);
    let is_true = |name: &str| {
        let conditions = status["conditions"].as_array().into_iter().flatten();
        conditions.into_iter().any(|c| c["type"] == name && c["status"] == "True")
    };
    let (is_ready, what) = match (group, kind) {
        ("", "Pod") => (is_true("Ready"), "Pod is not ready".to_owned()),
        ("batch", "Job") if jobs => {
            let failed = count(&status["failed"]);
            if failed > spec["backoffLimit"].as_i64().unwrap_or(6) {
                return Readiness::Failed(format!("Job failed: {failed} failures"));
            }
            let wanted = spec["completions"].as_i64().unwrap_or(1);
            let done = count(&status["succeeded"]);
            (done >= wanted, format!("Succeeded: {done}/{wanted}"))
        }
        ("apps", "Deployment") => {
            let missing = unavailable(&spec["strategy"]["rollingUpdate"]["maxUnavailable"], wanted);
            let updated = count(&status["updatedReplicas"]);
            let old = count(&status["replicas"]) - updated;
            let ready = (count(&status["readyReplicas"]) - old).min(updated);
            let enough = wanted - missing;
            let is_ready = spec["paused"] == true || (observed && ready >= enough);
            (is_ready, format!("Ready: {ready}/{enough}"))
        }
        ("apps", "StatefulSet") => {
            let update = &spec["updateStrategy"];
            let partition = count(&update["rollingUpdate"]["partition"]);
            let (updated, ready) =
                (count(&status["updatedReplicas"]), count(&status["readyReplicas"]));
            let rolled = partition != 0 || status["currentRevision"] == status["updateRevision"];
            let is_ready = update["type"] != "RollingUpdate"
                || (observed && updated >= wanted - partition && ready == wanted && rolled);
            (is_ready, format!("Ready: {ready}/{wanted}"))
        }
        ("apps", "DaemonSet") => {
            let wanted = count(&status["desiredNumberScheduled"]);
            let update = &spec["updateStrategy"];
            let missing = unavailable(&update["rollingUpdate"]["maxUnavailable"], wanted);
            let ready = count(&status["numberReady"]);
            let updated = count(&status["updatedNumberScheduled"]) == wanted;
            let is_ready = update["type"] != "RollingUpdate"
                || (observed && updated && ready >= wanted - missing);
            (is_ready, format!("Ready: {ready}/{}", wanted - missing))
        }
        ("apps", "ReplicaSet") | ("", "ReplicationController") => {
            let ready = count(&status["readyReplicas"]);
            (observed && ready >= wanted, format!("Ready: {ready}/{wanted}"))
        }
        ("", "PersistentVolumeClaim") => {
            (status["phase"] == "Bound", "PVC is not Bound".to_owned())
        }
        ("", "Service") => {
            let has = |json: &Json| json.as_array().is_some_and(|items| !items.is_empty());
            let is_ready = spec["type"] == "ExternalName"
                || (spec["clusterIP"].as_str().is_some_and(|ip| !ip.is_empty())
                    && (spec["type"] != "LoadBalancer"
                        || has(&spec["externalIPs"])
                        || has(&status["loadBalancer"]["ingress"])));
            (is_ready, "Service has no address".to_owned())
        }
        ("apiextensions.k8s.io", "CustomResourceDefinition") => {
            let refused = status["conditions"].as_array().into_iter().flatten();
            let refused =
                refused.into_iter().any(|c| c["type"] == "NamesAccepted" && c["status"] == "False");
            (is_true("Established") || refused, "CRD is not Established".to_owned())
        }
        _ => (true, String::new()),
    };
    if is_ready { Readiness::Current } else { Readiness::InProgress(what) }
}

/// Returns how many of `wanted` may be missing; without a word a quarter, rounded down.
fn unavailable(limit: &Json, wanted: i64) -> i64 {
    let percent = |text: &str| text.strip_suffix('%')?.parse::<i64>().ok();
    let missing = match limit {
        Json::String(text) => percent(text).map_or(0, |percent| wanted * percent / 100),
        Json::Null => wanted / 4,
        number => number.as_i64().unwrap_or(0),
    };
    missing.min(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn objects_are_ready_by_helm_3s_rules() {
        let deployment = |ready: i64, updated: i64, max: &str| {
            json!({"apiVersion": "apps/v1", "kind": "Deployment",
                "metadata": {"generation": 2},
                "spec": {"replicas": 4, "strategy": {"rollingUpdate": {"maxUnavailable": max}}},
                "status": {"observedGeneration": 2, "replicas": 4, "readyReplicas": ready,
                    "updatedReplicas": updated}})
        };
        let service = |spec: Json, status: Json| json!({"apiVersion": "v1", "kind": "Service", "spec": spec, "status": status});
        let job = |done: i64, failed: i64| {
            json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {"backoffLimit": 0},
                "status": {"succeeded": done, "failed": failed}})
        };
        let cases = [
            (deployment(4, 4, "25%"), false, true),
            (deployment(3, 4, "25%"), false, true),
            (deployment(2, 4, "25%"), false, false),
            // Two of an older ReplicaSet do not count.
            (deployment(4, 2, "25%"), false, false),
            (
                service(json!({"type": "LoadBalancer", "clusterIP": "1.2.3.4"}), json!({})),
                false,
                false,
            ),
            (service(json!({"type": "ClusterIP", "clusterIP": "1.2.3.4"}), json!({})), false, true),
            (service(json!({"type": "ExternalName"}), json!({})), false, true),
            (job(0, 0), false, true),
            (job(0, 0), true, false),
            (job(1, 0), true, true),
            (json!({"apiVersion": "x/v1", "kind": "Foo"}), true, true),
        ];
        for (object, jobs, expected) in cases {
            let is_ready = legacy_readiness(&object, jobs) == Readiness::Current;
            assert_eq!(is_ready, expected, "{object}");
        }
        assert!(matches!(legacy_readiness(&job(0, 1), true), Readiness::Failed(_)));
    }
}
