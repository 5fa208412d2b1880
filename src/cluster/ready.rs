use serde_json::Value as Json;

/// How far an object is, in kstatus' terms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// It is as its specification asks.
    Current,
    /// It is on its way; what is missing.
    InProgress(String),
    /// It will not get there by itself; why.
    Failed(String),
    /// It is being deleted.
    Terminating,
}

/// Tells how far a live object is.
///
/// `jobs` tells whether a Job must have completed; else it need only have started.
///
/// # Source
/// The rules of kstatus (kubernetes-sigs/cli-utils), as Helm 4's watcher uses them.
#[must_use]
pub fn readiness(object: &Json, jobs: bool) -> Readiness {
    if object["metadata"]["deletionTimestamp"].is_string() {
        return Readiness::Terminating;
    }
    let observed = &object["status"]["observedGeneration"];
    let generation = &object["metadata"]["generation"];
    if observed.is_i64() && generation.is_i64() && observed != generation {
        return Readiness::InProgress(format!(
            "{} generation is {generation}, but latest observed generation is {observed}",
            text(&object["kind"])
        ));
    }
    let api_version = text(&object["apiVersion"]);
    let group = api_version.split_once('/').map_or("", |(group, _)| group);
    let result = match (group, text(&object["kind"])) {
        ("apps" | "extensions", "Deployment") => deployment(object),
        ("apps" | "extensions", "ReplicaSet") => replica_set(object),
        ("apps", "StatefulSet") => stateful_set(object),
        ("apps" | "extensions", "DaemonSet") => daemon_set(object),
        ("", "Pod") => pod(object),
        ("batch", "Job") => job(object, jobs),
        ("", "PersistentVolumeClaim") => claim(object),
        ("", "Service") => service(object),
        ("apiextensions.k8s.io", "CustomResourceDefinition") => definition(object),
        _ => generic(object),
    };
    result.map_or_else(|readiness| readiness, |()| Readiness::Current)
}

/// `Ok` when nothing is missing.
type Check = Result<(), Readiness>;

fn text(json: &Json) -> &str {
    json.as_str().unwrap_or("")
}

fn progress<T>(message: impl Into<String>) -> Result<T, Readiness> {
    Err(Readiness::InProgress(message.into()))
}

fn failed<T>(message: impl Into<String>) -> Result<T, Readiness> {
    Err(Readiness::Failed(message.into()))
}

fn condition<'a>(object: &'a Json, name: &str) -> Option<&'a Json> {
    object["status"]["conditions"].as_array()?.iter().find(|condition| condition["type"] == name)
}

fn is_true(object: &Json, name: &str) -> bool {
    condition(object, name).is_some_and(|condition| condition["status"] == "True")
}

fn count(json: &Json) -> i64 {
    json.as_i64().unwrap_or(0)
}

/// Compares a count of the status with what is wanted, with kstatus' message if it is too small.
fn reaches(found: i64, wanted: i64, name: &str) -> Check {
    if found < wanted { progress(format!("{name}: {found}/{wanted}")) } else { Ok(()) }
}

fn deployment(object: &Json) -> Check {
    if object["spec"]["paused"] == true {
        return Ok(());
    }
    if let Some(condition) = condition(object, "Progressing")
        && condition["reason"] == "ProgressDeadlineExceeded"
    {
        return failed("Progress deadline exceeded");
    }
    let status = &object["status"];
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
    let replicas = count(&status["replicas"]);
    let updated = count(&status["updatedReplicas"]);
    let available = count(&status["availableReplicas"]);
    reaches(replicas, wanted, "Replicas")?;
    reaches(updated, wanted, "Updated")?;
    if replicas > wanted {
        return progress(format!("Pending termination: {}", replicas - wanted));
    }
    if updated > available {
        return progress(format!("Available: {available}/{updated}"));
    }
    reaches(count(&status["readyReplicas"]), wanted, "Ready")?;
    if condition(object, "Progressing").is_some()
        && condition(object, "Progressing").is_none_or(|c| c["reason"] != "NewReplicaSetAvailable")
    {
        return progress("ReplicaSet not Available");
    }
    if !is_true(object, "Available") {
        return progress("Deployment not Available");
    }
    Ok(())
}

fn replica_set(object: &Json) -> Check {
    let status = &object["status"];
    let wanted = object["spec"]["replicas"].as_i64().unwrap_or(1);
    if is_true(object, "ReplicaFailure") {
        return progress("Replica Failure condition. Check Pods");
    }
    reaches(count(&status["fullyLabeledReplicas"]), wanted, "Labelled")?;
    reaches(count(&status["availableReplicas"]), wanted, "Available")?;
    reaches(count(&status["readyReplicas"]), wanted, "Ready")?;
    let replicas = count(&status["replicas"]);
    if replicas > wanted {
        return progress(format!("replicas: {replicas}/{wanted}"));
    }
    Ok(())
}

fn stateful_set(object: &Json) -> Check {
    let (spec, status) = (&object["spec"], &object["status"]);
    let strategy = &spec["updateStrategy"];
    if strategy["type"] == "OnDelete" {
        return Ok(());
    }
    let wanted = spec["replicas"].as_i64().unwrap_or(1);
    let replicas = count(&status["replicas"]);
    reaches(replicas, wanted, "Replicas")?;
    reaches(count(&status["readyReplicas"]), wanted, "Ready")?;
    if replicas > wanted {
        return progress(format!("Pending termination: {}", replicas - wanted));
    }
    let partition = count(&strategy["rollingUpdate"]["partition"]);
    if partition > 0 {
        let updated = count(&status["updatedReplicas"]);
        return reaches(updated, (wanted - partition).max(0), "updated");
    }
    reaches(count(&status["currentReplicas"]), wanted, "current")?;
    if status["currentRevision"] != status["updateRevision"] {
        return progress("Waiting for updated revision to match current");
    }
    Ok(())
}

fn daemon_set(object: &Json) -> Check {
    let status = &object["status"];
    if !status["observedGeneration"].is_i64() {
        return progress("Controller has not observed the object yet");
    }
    let Some(wanted) = status["desiredNumberScheduled"].as_i64() else {
        return progress("Missing .status.desiredNumberScheduled");
    };
    reaches(count(&status["currentNumberScheduled"]), wanted, "Current")?;
    reaches(count(&status["updatedNumberScheduled"]), wanted, "Updated")?;
    reaches(count(&status["numberAvailable"]), wanted, "Available")?;
    reaches(count(&status["numberReady"]), wanted, "Ready")
}

fn pod(object: &Json) -> Check {
    let status = &object["status"];
    match text(&status["phase"]) {
        // A Pod that has ended is where it wants to be, however it ended: kstatus says so.
        "Succeeded" | "Failed" => Ok(()),
        "Running" if is_true(object, "Ready") => Ok(()),
        phase => {
            let containers = status["containerStatuses"].as_array().map(Vec::as_slice);
            for container in containers.unwrap_or_default() {
                let waiting = &container["state"]["waiting"];
                let reason = text(&waiting["reason"]);
                if reason == "CrashLoopBackOff" {
                    return failed(format!(
                        "Containers in CrashLoop state: {}",
                        text(&container["name"])
                    ));
                }
                if !matches!(reason, "" | "ContainerCreating" | "PodInitializing") {
                    return progress(format!("{}: {reason}", text(&container["name"])));
                }
            }
            if let Some(scheduled) = condition(object, "PodScheduled")
                && scheduled["status"] == "False"
            {
                return progress(format!("Pod not scheduled: {}", text(&scheduled["message"])));
            }
            match phase {
                "Running" => progress("Pod is running but is not Ready"),
                _ => progress("Pod has not started"),
            }
        }
    }
}

fn job(object: &Json, completion: bool) -> Check {
    let status = &object["status"];
    let wanted = object["spec"]["completions"]
        .as_i64()
        .unwrap_or_else(|| object["spec"]["parallelism"].as_i64().unwrap_or(1));
    if is_true(object, "Failed") {
        return failed(format!("Job Failed. failed: {}/{wanted}", count(&status["failed"])));
    }
    if is_true(object, "Complete") {
        return Ok(());
    }
    if completion {
        return progress("Job in progress");
    }
    if !is_true(object, "Suspended") && !status["startTime"].is_string() {
        return progress("Job not started");
    }
    Ok(())
}

fn claim(object: &Json) -> Check {
    match text(&object["status"]["phase"]) {
        "Bound" => Ok(()),
        _ => progress("PVC is not Bound"),
    }
}

fn service(object: &Json) -> Check {
    let spec = &object["spec"];
    if spec["type"] == "LoadBalancer" && text(&spec["clusterIP"]).is_empty() {
        return progress("ClusterIP not set. Service type: LoadBalancer");
    }
    Ok(())
}

fn definition(object: &Json) -> Check {
    if let Some(accepted) = condition(object, "NamesAccepted")
        && accepted["status"] == "False"
        && accepted["reason"] != "Installing"
    {
        return failed(text(&accepted["message"]));
    }
    if is_true(object, "Established") { Ok(()) } else { progress("Install in progress") }
}

fn generic(object: &Json) -> Check {
    for (name, fail) in [("Reconciling", false), ("Stalled", true)] {
        if is_true(object, name) {
            let message = condition(object, name).map_or("", |c| text(&c["message"]));
            return if fail { failed(message) } else { progress(message) };
        }
    }
    match condition(object, "Ready") {
        Some(ready) if ready["status"] != "True" => progress(text(&ready["message"])),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn current() -> Readiness {
        Readiness::Current
    }

    fn waiting(message: &str) -> Readiness {
        Readiness::InProgress(message.to_owned())
    }

    fn failing(message: &str) -> Readiness {
        Readiness::Failed(message.to_owned())
    }

    #[test]
    fn kinds() {
        let deployment = |status: Json| {
            json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"generation": 2},
                   "spec": {"replicas": 2}, "status": status})
        };
        let available = json!([{"type": "Available", "status": "True"},
            {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}]);
        let pod = |status: Json| {
            json!({"apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": "p"}, "status": status})
        };
        let set = |spec: Json, status: Json| {
            json!({"apiVersion": "apps/v1",
            "kind": "StatefulSet", "spec": spec, "status": status})
        };
        let cases = [
            (
                deployment(json!({"observedGeneration": 1})),
                waiting("Deployment generation is 2, but latest observed generation is 1"),
            ),
            (deployment(json!({})), waiting("Replicas: 0/2")),
            (
                deployment(json!({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 1})),
                waiting("Available: 1/2"),
            ),
            (
                deployment(json!({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2,
                    "readyReplicas": 2, "conditions": available})),
                current(),
            ),
            (
                deployment(json!({"conditions": [{"type": "Progressing",
                    "reason": "ProgressDeadlineExceeded", "status": "False"}]})),
                failing("Progress deadline exceeded"),
            ),
            (pod(json!({"phase": "Pending"})), waiting("Pod has not started")),
            (pod(json!({"phase": "Failed"})), current()),
            (
                pod(json!({"phase": "Running", "containerStatuses": [
                    {"name": "c", "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]})),
                failing("Containers in CrashLoop state: c"),
            ),
            (
                pod(json!({"phase": "Pending", "containerStatuses": [
                    {"name": "c", "state": {"waiting": {"reason": "ImagePullBackOff"}}}]})),
                waiting("c: ImagePullBackOff"),
            ),
            (
                pod(json!({"phase": "Running",
                    "conditions": [{"type": "Ready", "status": "True"}]})),
                current(),
            ),
            (set(json!({"updateStrategy": {"type": "OnDelete"}}), json!({})), current()),
            (
                set(
                    json!({"replicas": 3, "updateStrategy": {"rollingUpdate": {"partition": 1}}}),
                    json!({"replicas": 3, "readyReplicas": 3, "updatedReplicas": 1}),
                ),
                waiting("updated: 1/2"),
            ),
            (
                json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim",
                    "status": {"phase": "Pending"}}),
                waiting("PVC is not Bound"),
            ),
            (json!({"apiVersion": "v1", "kind": "ConfigMap"}), current()),
            (
                json!({"apiVersion": "x.io/v1", "kind": "X", "status": {"conditions": [
                    {"type": "Ready", "status": "False", "message": "soon"}]}}),
                waiting("soon"),
            ),
            (
                json!({"apiVersion": "v1", "kind": "ConfigMap",
                    "metadata": {"deletionTimestamp": "2026-01-01T00:00:00Z"}}),
                Readiness::Terminating,
            ),
        ];
        for (object, expected) in cases {
            assert_eq!(readiness(&object, false), expected, "{object}");
        }
    }

    #[test]
    fn jobs_complete_only_when_asked() {
        let job = json!({"apiVersion": "batch/v1", "kind": "Job",
            "status": {"startTime": "2026-01-01T00:00:00Z", "active": 1}});
        assert_eq!(readiness(&job, false), Readiness::Current);
        assert_eq!(readiness(&job, true), waiting("Job in progress"));
    }
}
