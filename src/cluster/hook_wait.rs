use futures::StreamExt as _;
use http::Request;
use kube::core::WatchEvent;
use serde_json::Value as Json;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::client::escape;
use super::{ApiError, Cluster, Error, Readiness, Unready, readiness};
use crate::plan::ResourceId;

/// The pause before a watch that has ended is opened again.
const PAUSE: std::time::Duration = std::time::Duration::from_millis(200);

/// The same where watches are refused.
const REFUSED: std::time::Duration = std::time::Duration::from_millis(500);
/// How long a watch may be silent before the object is read, lest the connection is dead.
const SILENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// What is known of the object of a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Done,
    Pending(&'static str, String),
    Failed(String),
}

impl Cluster {
    /// Waits until the Job or Pod of a hook, as just applied, has ended.
    ///
    /// Looking from time to time is not enough: with `ttlSecondsAfterFinished: 0` a Job is deleted
    /// as soon as it has completed. Hence the watch, from the moment it was applied.
    ///
    /// # Errors
    /// [`Error::Failed`] when it failed, [`Error::NotReady`] when it has not ended at the deadline,
    /// [`Error::Read`] when it cannot be read.
    pub(super) async fn wait_for_hook(
        &self,
        id: &ResourceId,
        applied: &Json,
        deadline: Instant,
    ) -> Result<(), Error> {
        let mut state = state(applied);
        let mut version = version(applied);
        let mut pause = PAUSE;
        let unready = |state, message| vec![Unready { id: id.clone(), state, message }];
        loop {
            match &state {
                State::Done => return Ok(()),
                State::Failed(message) => {
                    return Err(Error::Failed(unready("Failed", message.clone())));
                }
                State::Pending(..) => {}
            }
            let until = deadline.min(Instant::now() + SILENCE);
            let ended = timeout_at(until, self.follow(id, &version, &mut state)).await;
            if !matches!(state, State::Pending(..)) {
                continue;
            }
            match ended {
                // Whoever may read the object but not watch it has to look from time to time.
                Ok(Err(error)) if error.code() == Some(403) => pause = REFUSED,
                // An old version, or a connection that broke: the object itself tells the rest.
                Ok(Err(ApiError::Status(status))) if status.code != 410 => {
                    return Err(Error::Read { id: id.clone(), source: ApiError::Status(status) });
                }
                Ok(_) | Err(_) => {}
            }
            if Instant::now() + pause >= deadline {
                sleep_until(deadline).await;
                break;
            }
            tokio::time::sleep(pause).await;
            (state, version) = match self.live(id).await? {
                Some(live) => (self::state(&live), self::version(&live)),
                None => (missing(), String::new()),
            };
        }
        match state {
            State::Pending(state, message) => Err(Error::NotReady(unready(state, message))),
            _ => Ok(()),
        }
    }

    /// Follows an object until it has ended or the server ends the watch.
    async fn follow(
        &self,
        id: &ResourceId,
        version: &str,
        state: &mut State,
    ) -> Result<(), ApiError> {
        let Ok(path) = self.path(id).await else { return Ok(()) };
        let Some((collection, name)) = path.rsplit_once('/') else { return Ok(()) };
        let selector = escape(&format!("metadata.name={name}"));
        let from =
            if version.is_empty() { String::new() } else { format!("&resourceVersion={version}") };
        let query = format!("{collection}?watch=true&fieldSelector={selector}{from}");
        let request = Request::get(&query).body(Vec::new()).map_err(|error| {
            self.failed(&http::Method::GET, &query, kube::Error::HttpError(error))
        })?;
        let failed = |error| self.failed(&http::Method::GET, &query, error);
        let events = self.client.request_events::<Json>(request).await.map_err(failed)?;
        let mut events = std::pin::pin!(events);
        while let Some(event) = events.next().await {
            *state = match event.map_err(failed)? {
                WatchEvent::Added(live) | WatchEvent::Modified(live) => self::state(&live),
                WatchEvent::Deleted(_) => missing(),
                WatchEvent::Bookmark(_) => continue,
                WatchEvent::Error(status) => return Err(ApiError::Status(status)),
            };
            if !matches!(state, State::Pending(..)) {
                break;
            }
        }
        Ok(())
    }
}

fn version(object: &Json) -> String {
    object["metadata"]["resourceVersion"].as_str().unwrap_or_default().to_owned()
}

fn missing() -> State {
    State::Pending("NotFound", "Resource not found".to_owned())
}

fn state(live: &Json) -> State {
    // A Pod has to end: being ready is not enough.
    let phase = (live["kind"] == "Pod").then(|| live["status"]["phase"].as_str().unwrap_or(""));
    match (phase, readiness(live, true)) {
        (Some("Succeeded"), _) | (None, Readiness::Current) => State::Done,
        (Some("Failed"), _) => {
            let name = live["metadata"]["name"].as_str().unwrap_or("");
            State::Failed(format!("pod {name} failed"))
        }
        (_, Readiness::Terminating) => {
            State::Pending("Terminating", "Resource scheduled for deletion".to_owned())
        }
        (_, Readiness::InProgress(message)) | (Some(_), Readiness::Failed(message)) => {
            State::Pending("InProgress", message)
        }
        (Some(_), Readiness::Current) => State::Pending("InProgress", "Pod in progress".to_owned()),
        (None, Readiness::Failed(message)) => State::Failed(message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn pods_have_to_end_and_jobs_to_complete() {
        let pod = |phase: &str| {
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "status": {
                "phase": phase, "conditions": [{"type": "Ready", "status": "True"}]}})
        };
        let job = |kind: &str| {
            json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {"completions": 1}, "status": {
                "startTime": "2026-01-01T00:00:00Z", "failed": 1,
                "conditions": [{"type": kind, "status": "True"}]}})
        };
        let cases = [
            (pod("Running"), State::Pending("InProgress", "Pod in progress".to_owned())),
            (pod("Succeeded"), State::Done),
            (pod("Failed"), State::Failed("pod p failed".to_owned())),
            (job("Complete"), State::Done),
            (job("Failed"), State::Failed("Job Failed. failed: 1/1".to_owned())),
            (job("Other"), State::Pending("InProgress", "Job in progress".to_owned())),
        ];
        for (object, expected) in cases {
            assert_eq!(state(&object), expected, "{object}");
        }
    }
}
