use std::collections::BTreeMap;
use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value as Json;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::legacy::legacy_readiness;
use super::observe::PARALLEL;
use super::{Cluster, Error, Progress, Readiness, Standing, Unready, readiness};
use crate::plan::{ResourceId, Rules, Until};

/// The pause between two looks grows from the first to the second of these.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

/// How long an object may be unready before its Pods are looked at.
const PATIENCE: Duration = Duration::from_secs(1);

impl Cluster {
    /// Waits until all objects are ready or gone, and tells the observer of every look.
    ///
    /// Ends early when nothing is left to wait for but objects that failed for good, or whose Pods
    /// are in a state that does not pass, such as an image that does not exist.
    ///
    /// # Errors
    /// [`Error::NotReady`] names each object that is not there at the deadline, and why;
    /// [`Error::Failed`] those that will not get there; [`Error::Read`] a read that failed.
    pub async fn wait(
        &self,
        ids: &[ResourceId],
        until: Until,
        deadline: Instant,
    ) -> Result<(), Error> {
        let start = Instant::now();
        let mut pending: Vec<ResourceId> = ids.to_vec();
        let mut failed = Vec::new();
        let mut unready: Vec<Unready> = Vec::new();
        let mut standings: BTreeMap<ResourceId, Standing> = BTreeMap::new();
        let mut pause = PAUSES.0;
        loop {
            let patient = start.elapsed() < PATIENCE;
            let look = futures::stream::iter(std::mem::take(&mut pending))
                .map(|id| async move {
                    let state = self.look(&id, until, patient).await?;
                    Ok::<_, Error>((id, state))
                })
                .buffered(PARALLEL)
                .try_collect::<Vec<_>>();
            let states = match timeout_at(deadline, look).await {
                Ok(states) => states?,
                // Slow answers: what was unready before still is.
                Err(_) => return Err(late(failed, unready, until)),
            };
            unready.clear();
            for (id, look) in states {
                standings.insert(id.clone(), look.standing(&id, until));
                match look {
                    Look::Done => {}
                    Look::Not { state, message, .. } => {
                        unready.push(Unready { id: id.clone(), state, message });
                        pending.push(id);
                    }
                    Look::Failed { message, .. } => {
                        failed.push(Unready { id, state: "Failed", message });
                    }
                }
            }
            let done = pending.is_empty();
            if let Some(observer) = &self.observer {
                let objects = standings.values().cloned().collect();
                observer.tell(&Progress { objects, done });
            }
            if done {
                return if failed.is_empty() { Ok(()) } else { Err(Error::Failed(failed)) };
            }
            let next = Instant::now() + pause;
            if next >= deadline {
                sleep_until(deadline).await;
                return Err(late(failed, unready, until));
            }
            sleep_until(next).await;
            pause = (pause * 3 / 2).min(PAUSES.1);
        }
    }

    async fn look(&self, id: &ResourceId, until: Until, patient: bool) -> Result<Look, Error> {
        let live = self.live(id).await?;
        let not =
            |state, message: &str| Look::Not { state, message: message.to_owned(), why: None };
        Ok(match (live, until) {
            (None, Until::Gone) => Look::Done,
            (None, Until::Ready { .. }) => not("NotFound", "Resource not found"),
            (Some(live), Until::Gone) => {
                let finalizers = live["metadata"]["finalizers"].as_array();
                let names: Vec<_> =
                    finalizers.into_iter().flatten().filter_map(|name| name.as_str()).collect();
                if names.is_empty() {
                    not("Terminating", "the object still exists")
                } else {
                    not("Terminating", &format!("waiting for finalizers: {}", names.join(", ")))
                }
            }
            (Some(live), Until::Ready { jobs, rules }) => match readiness_by(rules, &live, jobs) {
                Readiness::Current => Look::Done,
                Readiness::InProgress(message) if patient => not("InProgress", &message),
                Readiness::InProgress(message) => {
                    // Whoever may not read Pods waits without knowing why.
                    let pods = self.pods_in_trouble(&live).await.unwrap_or_default();
                    let pod = pods.into_iter().next().map(|(_, pod)| pod);
                    let hopeless = pod.as_ref().is_some_and(|pod| pod.hopeless);
                    let why = pod.map(|pod| format!("Pod {}: {}", pod.name, pod.reason));
                    if hopeless {
                        Look::Failed { message, why }
                    } else {
                        Look::Not { state: "InProgress", message, why }
                    }
                }
                Readiness::Failed(message) => Look::Failed { message, why: None },
                Readiness::Terminating => not("Terminating", "Resource scheduled for deletion"),
            },
        })
    }
}

fn readiness_by(rules: Rules, live: &Json, jobs: bool) -> Readiness {
    match rules {
        Rules::Kstatus => readiness(live, jobs),
        Rules::Legacy => legacy_readiness(live, jobs),
    }
}

enum Look {
    Done,
    Not { state: &'static str, message: String, why: Option<String> },
    Failed { message: String, why: Option<String> },
}

impl Look {
    fn standing(&self, id: &ResourceId, until: Until) -> Standing {
        let (state, message) = match self {
            Look::Done if until == Until::Gone => ("NotFound", String::new()),
            Look::Done => ("Current", String::new()),
            Look::Not { state, message, why } => (*state, joined(message, why.as_deref())),
            Look::Failed { message, why } => ("Failed", joined(message, why.as_deref())),
        };
        Standing { id: id.clone(), state, message }
    }
}

fn joined(message: &str, why: Option<&str>) -> String {
    match why {
        Some(why) => format!("{message}; {why}"),
        None => message.to_owned(),
    }
}

fn late(mut failed: Vec<Unready>, unready: Vec<Unready>, until: Until) -> Error {
    failed.extend(unready);
    match until {
        Until::Ready { rules: Rules::Legacy, .. } => Error::Late(failed),
        Until::Ready { .. } => Error::NotReady(failed),
        Until::Gone => Error::NotGone(failed),
    }
}
