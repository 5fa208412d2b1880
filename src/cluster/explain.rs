use std::fmt;

use futures::StreamExt as _;
use serde_json::Value as Json;

use super::client::escape;
use super::observe::PARALLEL;
use super::{Cluster, Error, Unready};
use crate::plan::ResourceId;

/// How many Pods of an object are told of.
const PODS: usize = 3;
/// How many events of an object or Pod are told of.
const EVENTS: usize = 3;
/// How many lines of a container's log are shown.
const LOG_LINES: usize = 15;

/// Why an object is not ready, as far as its Pods, events and logs tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The object.
    pub id: ResourceId,
    /// What is missing, in kstatus' words.
    pub message: String,
    /// The latest warnings about the object itself.
    pub events: Vec<String>,
    /// Its Pods that are in trouble, a few of them.
    pub pods: Vec<PodTrouble>,
    /// How many more Pods there are in trouble.
    pub more: usize,
}

/// Why a Pod is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodTrouble {
    /// The name of the Pod.
    pub name: String,
    /// The reason, such as `container web: ImagePullBackOff: Back-off pulling image "x"`.
    pub reason: String,
    /// Whether it will not pass by itself.
    pub hopeless: bool,
    /// The container to blame.
    pub container: Option<String>,
    /// Whether that container has been started again, so that the log of its last run tells more.
    restarted: bool,
    /// The latest warnings about the Pod.
    pub events: Vec<String>,
    /// The last lines that the container wrote.
    pub log: Vec<String>,
}

impl Cluster {
    /// Looks for what keeps objects from being ready. What cannot be read is left out.
    pub async fn explain(&self, unready: &[Unready]) -> Vec<Explanation> {
        futures::stream::iter(unready)
            .map(|unready| self.explain_one(unready))
            .buffered(PARALLEL)
            .collect()
            .await
    }

    async fn explain_one(&self, unready: &Unready) -> Explanation {
        let id = &unready.id;
        let mut explanation = Explanation {
            id: id.clone(),
            message: unready.message.clone(),
            events: Vec::new(),
            pods: Vec::new(),
            more: 0,
        };
        let Ok(Some(live)) = self.live(id).await else { return explanation };
        explanation.events = self.warnings(&live).await;
        let mut pods = self.pods_in_trouble(&live).await.unwrap_or_default();
        explanation.more = pods.len().saturating_sub(PODS);
        pods.truncate(PODS);
        for (pod, mut trouble) in pods {
            trouble.events = self.warnings(&pod).await;
            if let Some(container) = &trouble.container {
                trouble.log = self.log(&pod, container, trouble.restarted).await;
            }
            explanation.pods.push(trouble);
        }
        explanation
    }

    /// Returns the Pods of an object that are in trouble, the hopeless ones first.
    ///
    /// # Errors
    /// [`Error::Read`]
    pub(super) async fn pods_in_trouble(
        &self,
        live: &Json,
    ) -> Result<Vec<(Json, PodTrouble)>, Error> {
        let pods = match live["kind"].as_str() {
            Some("Pod") => vec![live.clone()],
            Some("Deployment" | "ReplicaSet" | "StatefulSet" | "DaemonSet" | "Job") => {
                let namespace = live["metadata"]["namespace"].as_str().unwrap_or_default();
                let mut list = match selector(&live["spec"]["selector"]) {
                    Some(selector) => self.pods(namespace, &selector).await?,
                    None => return Ok(Vec::new()),
                };
                let mut pods = match list["items"].take() {
                    Json::Array(pods) => pods,
                    _ => Vec::new(),
                };
                // Those of earlier revisions are on their way out.
                if let Some((label, value)) = self.revision_label(live).await {
                    pods.retain(|pod| pod["metadata"]["labels"][label] == value.as_str());
                }
                pods
            }
            _ => Vec::new(),
        };
        let mut troubled: Vec<_> = pods
            .into_iter()
            .filter_map(|pod| trouble(&pod).map(|trouble| (pod, trouble)))
            .collect();
        troubled.sort_by_key(|(_, trouble)| !trouble.hopeless);
        Ok(troubled)
    }

    /// Returns the label that the Pods of a workload's latest revision have.
    async fn revision_label(&self, live: &Json) -> Option<(&'static str, String)> {
        let text = |json: &Json| json.as_str().map(str::to_owned);
        let metadata = &live["metadata"];
        match live["kind"].as_str()? {
            "StatefulSet" => {
                Some(("controller-revision-hash", text(&live["status"]["updateRevision"])?))
            }
            "DaemonSet" => {
                let generation = "deprecated.daemonset.template.generation";
                Some(("pod-template-generation", text(&metadata["annotations"][generation])?))
            }
            "Deployment" => {
                let revision = "deployment.kubernetes.io/revision";
                let namespace = metadata["namespace"].as_str()?;
                let path = format!("/apis/apps/v1/namespaces/{namespace}/replicasets");
                let query = escape(&selector(&live["spec"]["selector"])?);
                let sets = self.list(&path, &format!("labelSelector={query}")).await.ok()?;
                let latest = sets.iter().find(|set| {
                    let owner = &set["metadata"]["ownerReferences"][0]["uid"];
                    let annotations = &set["metadata"]["annotations"];
                    *owner == metadata["uid"]
                        && annotations[revision] == metadata["annotations"][revision]
                })?;
                let label = "pod-template-hash";
                Some((label, text(&latest["metadata"]["labels"][label])?))
            }
            _ => None,
        }
    }

    async fn warnings(&self, object: &Json) -> Vec<String> {
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let metadata = &object["metadata"];
        let (namespace, uid) = (text(&metadata["namespace"]), text(&metadata["uid"]));
        if namespace.is_empty() {
            return Vec::new();
        }
        let selector = escape(&format!("involvedObject.uid={uid},type=Warning"));
        let path = format!("/api/v1/namespaces/{namespace}/events");
        let query = format!("fieldSelector={selector}");
        let mut events = self.list(&path, &query).await.unwrap_or_default();
        events.sort_by_key(|event| {
            let latest = ["lastTimestamp", "eventTime", "firstTimestamp"];
            latest.into_iter().find_map(|field| event[field].as_str().map(str::to_owned))
        });
        let skipped = events.len().saturating_sub(EVENTS);
        let events = events.iter().skip(skipped).map(|event| {
            let times = match event["count"].as_i64() {
                Some(count) if count > 1 => format!(" ({count} times)"),
                _ => String::new(),
            };
            format!("{}{times}: {}", text(&event["reason"]), text(&event["message"]))
        });
        events.collect()
    }

    async fn log(&self, pod: &Json, container: &str, previous: bool) -> Vec<String> {
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let metadata = &pod["metadata"];
        let path = format!(
            "/api/v1/namespaces/{}/pods/{}/log?container={container}&tailLines={LOG_LINES}&previous={previous}",
            text(&metadata["namespace"]),
            text(&metadata["name"]),
        );
        let log = self.text(&path).await.unwrap_or_default();
        log.lines().map(str::to_owned).collect()
    }
}

/// Writes a selector of labels as queries take it; `None` for one that picks nothing.
fn selector(selector: &Json) -> Option<String> {
    let mut terms = Vec::new();
    for (key, value) in selector["matchLabels"].as_object().into_iter().flatten() {
        terms.push(format!("{key}={}", value.as_str()?));
    }
    for term in selector["matchExpressions"].as_array().into_iter().flatten() {
        let key = term["key"].as_str()?;
        let values = term["values"].as_array().into_iter().flatten();
        let values: Vec<_> = values.filter_map(Json::as_str).collect();
        let values = values.join(",");
        terms.push(match term["operator"].as_str()? {
            "In" => format!("{key} in ({values})"),
            "NotIn" => format!("{key} notin ({values})"),
            "Exists" => key.to_owned(),
            _ => format!("!{key}"),
        });
    }
    (!terms.is_empty()).then(|| terms.join(","))
}

/// Returns why a Pod is not ready, if it is not and says so.
fn trouble(pod: &Json) -> Option<PodTrouble> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let (metadata, status) = (&pod["metadata"], &pod["status"]);
    if metadata["deletionTimestamp"].is_string() || status["phase"] == "Succeeded" {
        return None;
    }
    let make = |reason: String, hopeless| PodTrouble {
        name: text(&metadata["name"]),
        reason,
        hopeless,
        container: None,
        restarted: false,
        events: Vec::new(),
        log: Vec::new(),
    };
    let conditions = status["conditions"].as_array();
    let condition = |name: &str| {
        let mut conditions = conditions.into_iter().flatten();
        conditions.find(|condition| condition["type"] == name && condition["status"] == "False")
    };
    if let Some(condition) = condition("PodScheduled") {
        let (reason, message) = (text(&condition["reason"]), text(&condition["message"]));
        return Some(make(join(&reason, &message), false));
    }
    let statuses = ["initContainerStatuses", "containerStatuses"];
    let containers = statuses.into_iter().filter_map(|field| status[field].as_array()).flatten();
    for container in containers {
        if let Some((reason, hopeless)) = container_trouble(container) {
            let name = text(&container["name"]);
            let restarted = container["lastState"]["terminated"].is_object()
                && !container["state"]["terminated"].is_object();
            let began = container["state"]["waiting"].is_null() || restarted;
            return Some(PodTrouble {
                container: began.then(|| name.clone()),
                restarted,
                ..make(format!("container {name}: {reason}"), hopeless)
            });
        }
    }
    if status["phase"] == "Failed" {
        let reason = join(&text(&status["reason"]), &text(&status["message"]));
        return Some(make(join("Failed", &reason), false));
    }
    condition("Ready").map(|ready| {
        let reason = join(&text(&ready["reason"]), &text(&ready["message"]));
        make(join("not ready", &reason), false)
    })
}

/// Returns what is wrong with a container, and whether it will not pass by itself.
fn container_trouble(container: &Json) -> Option<(String, bool)> {
    let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
    let ended = |ended: &Json| {
        let reason = text(&ended["reason"]);
        let code = ended["exitCode"].as_i64().unwrap_or_default();
        join(&format!("{reason} (exit code {code})"), &text(&ended["message"]))
    };
    let state = &container["state"];
    let waiting = &state["waiting"];
    if waiting.is_object() {
        let (reason, message) = (text(&waiting["reason"]), text(&waiting["message"]));
        if matches!(reason.as_str(), "ContainerCreating" | "PodInitializing" | "") {
            return None;
        }
        let hopeless = matches!(reason.as_str(), "InvalidImageName" | "ErrImageNeverPull")
            || matches!(reason.as_str(), "ErrImagePull" | "ImagePullBackOff")
                && ["not found", "manifest unknown", "does not exist"]
                    .iter()
                    .any(|word| message.contains(word));
        let mut text = join(&reason, &message);
        let last = &container["lastState"]["terminated"];
        if last.is_object() {
            text = format!("{text}; it ended with {}", ended(last));
        }
        return Some((text, hopeless));
    }
    let terminated = &state["terminated"];
    if terminated.is_object() && terminated["exitCode"] != 0 {
        return Some((ended(terminated), false));
    }
    None
}

fn join(head: &str, tail: &str) -> String {
    match (head.is_empty(), tail.is_empty()) {
        (_, true) => head.to_owned(),
        (true, _) => tail.to_owned(),
        _ => format!("{head}: {tail}"),
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.message)?;
        for event in &self.events {
            write!(f, "\n  {event}")?;
        }
        for pod in &self.pods {
            write!(f, "\n  Pod {}: {}", pod.name, pod.reason)?;
            for event in &pod.events {
                write!(f, "\n    {event}")?;
            }
            if let (Some(container), false) = (&pod.container, pod.log.is_empty()) {
                write!(f, "\n    the last lines of container {container}:")?;
                for line in &pod.log {
                    write!(f, "\n    | {line}")?;
                }
            }
        }
        if self.more > 0 {
            write!(f, "\n  and {} more Pods", self.more)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pods_say_what_is_wrong() {
        let pod =
            |status: Json| json!({"kind": "Pod", "metadata": {"name": "p"}, "status": status});
        let container =
            |state: Json, last: Json| json!({"name": "c", "state": state, "lastState": last});
        let of = |state: Json| pod(json!({"containerStatuses": [container(state, json!({}))]}));
        let waiting = |reason: &str, message: &str| json!({"waiting": {"reason": reason, "message": message}});
        let cases = [
            (pod(json!({"phase": "Succeeded"})), None),
            (of(waiting("ContainerCreating", "")), None),
            (
                pod(json!({"conditions": [{"type": "PodScheduled", "status": "False",
                    "reason": "Unschedulable", "message": "0/3 nodes"}]})),
                Some(("Unschedulable: 0/3 nodes", false)),
            ),
            (
                of(waiting("ImagePullBackOff", "Back-off pulling image \"x\": not found")),
                Some((
                    "container c: ImagePullBackOff: Back-off pulling image \"x\": not found",
                    true,
                )),
            ),
            (
                of(waiting("ImagePullBackOff", "too many requests")),
                Some(("container c: ImagePullBackOff: too many requests", false)),
            ),
            (
                pod(json!({"containerStatuses": [container(
                    waiting("CrashLoopBackOff", "back-off 10s"),
                    json!({"terminated": {"reason": "OOMKilled", "exitCode": 137}}))]})),
                Some((
                    "container c: CrashLoopBackOff: back-off 10s; it ended with OOMKilled (exit code 137)",
                    false,
                )),
            ),
            (
                of(json!({"terminated": {"reason": "Error", "exitCode": 2, "message": "no db"}})),
                Some(("container c: Error (exit code 2): no db", false)),
            ),
            (
                pod(json!({"phase": "Failed", "reason": "Evicted", "message": "disk"})),
                Some(("Failed: Evicted: disk", false)),
            ),
            (
                pod(json!({"conditions": [{"type": "Ready", "status": "False",
                    "reason": "ContainersNotReady", "message": "containers with unready status: [c]"}]})),
                Some(("not ready: ContainersNotReady: containers with unready status: [c]", false)),
            ),
        ];
        for (pod, expected) in cases {
            let found = trouble(&pod).map(|trouble| (trouble.reason, trouble.hopeless));
            let expected = expected.map(|(reason, hopeless)| (reason.to_owned(), hopeless));
            assert_eq!(found, expected, "{pod}");
        }
    }

    #[test]
    fn selectors_are_written_as_queries() {
        let given = json!({"matchLabels": {"a": "b"}, "matchExpressions": [
            {"key": "c", "operator": "In", "values": ["d", "e"]},
            {"key": "f", "operator": "NotIn", "values": ["g"]},
            {"key": "h", "operator": "Exists"},
            {"key": "i", "operator": "DoesNotExist"}]});
        assert_eq!(selector(&given).as_deref(), Some("a=b,c in (d,e),f notin (g),h,!i"));
        assert_eq!(selector(&json!({})), None);
    }
}
