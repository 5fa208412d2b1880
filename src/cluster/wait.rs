use std::time::Duration;

use futures::{StreamExt as _, TryStreamExt as _};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::observe::PARALLEL;
use super::{Cluster, Error, Readiness, Unready, readiness};
use crate::plan::{ResourceId, Until};

/// The pause between two looks grows from the first to the second of these.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(2));

impl Cluster {
    /// Waits until all objects are ready or gone.
    ///
    /// Ends early when nothing is left to wait for but objects that failed for good.
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
        let mut pending: Vec<ResourceId> = ids.to_vec();
        let mut failed = Vec::new();
        let mut unready: Vec<Unready> = Vec::new();
        let mut pause = PAUSES.0;
        loop {
            let look = futures::stream::iter(std::mem::take(&mut pending))
                .map(|id| async move {
                    let state = self.look(&id, until).await?;
                    Ok::<_, Error>((id, state))
                })
                .buffered(PARALLEL)
                .try_collect::<Vec<_>>();
            let states = match timeout_at(deadline, look).await {
                Ok(states) => states?,
                // Slow answers: what was unready before still is.
                Err(_) => return Err(late(failed, unready)),
            };
            unready.clear();
            for (id, state) in states {
                let (state, message, last) = match state {
                    Look::Done => continue,
                    Look::Not(state, message) => (state, message, false),
                    Look::Failed(message) => ("Failed", message, true),
                };
                if last {
                    failed.push(Unready { id, state, message });
                } else {
                    unready.push(Unready { id: id.clone(), state, message });
                    pending.push(id);
                }
            }
            if pending.is_empty() {
                return if failed.is_empty() { Ok(()) } else { Err(Error::Failed(failed)) };
            }
            let next = Instant::now() + pause;
            if next >= deadline {
                sleep_until(deadline).await;
                return Err(late(failed, unready));
            }
            sleep_until(next).await;
            pause = (pause * 3 / 2).min(PAUSES.1);
        }
    }

    async fn look(&self, id: &ResourceId, until: Until) -> Result<Look, Error> {
        let live = self.live(id).await?;
        Ok(match (live, until) {
            (None, Until::Gone) => Look::Done,
            (None, Until::Ready { .. }) => Look::Not("NotFound", "Resource not found".to_owned()),
            (Some(live), Until::Gone) => {
                let finalizers = live["metadata"]["finalizers"].as_array();
                let names: Vec<_> =
                    finalizers.into_iter().flatten().filter_map(|name| name.as_str()).collect();
                let message = if names.is_empty() {
                    "the object still exists".to_owned()
                } else {
                    format!("waiting for finalizers: {}", names.join(", "))
                };
                Look::Not("Terminating", message)
            }
            (Some(live), Until::Ready { jobs }) => match readiness(&live, jobs) {
                Readiness::Current => Look::Done,
                Readiness::InProgress(message) => Look::Not("InProgress", message),
                Readiness::Failed(message) => Look::Failed(message),
                Readiness::Terminating => {
                    Look::Not("Terminating", "Resource scheduled for deletion".to_owned())
                }
            },
        })
    }
}

enum Look {
    Done,
    Not(&'static str, String),
    Failed(String),
}

fn late(mut failed: Vec<Unready>, unready: Vec<Unready>) -> Error {
    failed.extend(unready);
    Error::NotReady(failed)
}
