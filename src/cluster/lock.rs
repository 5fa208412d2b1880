use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use super::holder::Holder;
use super::interrupt::{Cause, Interrupt};
use super::{ApiError, Cluster};

/// For how long a lock is good that nobody renews.
const DURATION: Duration = Duration::from_secs(20);
/// How often a lock is renewed.
const RENEWAL: Duration = Duration::from_secs(5);

/// The lock of a release: a Lease beside its records, renewed while this lives.
///
/// Helm has nothing of the kind and does not see it.
#[derive(Debug)]
pub struct Lock {
    cluster: Cluster,
    path: String,
    renewal: JoinHandle<()>,
}

/// Whether there is a lock.
#[derive(Debug)]
pub enum Locked {
    /// It is ours.
    Ours(Box<Lock>),
    /// Someone else has it.
    Theirs {
        /// Who.
        holder: Holder,
        /// Since when.
        since: Option<Timestamp>,
    },
    /// We may not make Leases, or the namespace does not exist yet.
    Impossible,
}

impl Cluster {
    /// Takes the lock of a release.
    ///
    /// A lock whose holder was a process of this machine that has ended is free; for one of another
    /// machine this waits until it is renewed, or 20 seconds. `interrupt` is set off when the lock is
    /// lost later on.
    ///
    /// # Errors
    /// [`ApiError`] when the server fails.
    pub async fn lock(
        &self,
        namespace: &str,
        release: &str,
        interrupt: &Interrupt,
    ) -> Result<Locked, ApiError> {
        let collection = format!("/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases");
        let name = format!("sh.rhumb.release.v1.{release}");
        let path = format!("{collection}/{name}");
        let holder = Holder::this(&self.user);
        let mut seen: Option<(String, Instant)> = None;
        let body = json!({
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": name, "namespace": namespace},
        });
        loop {
            let mut body = body.clone();
            body["spec"] = spec(&holder, Timestamp::now());
            // There is none as a rule, so that this is the only request.
            if seen.is_none() {
                match self.post(&collection, &body).await {
                    Ok(_) => return Ok(Locked::Ours(self.renewed(path, holder, interrupt))),
                    Err(error) if error.is_conflict() => {}
                    Err(error) if matches!(error.code(), Some(401 | 403 | 404)) => {
                        return Ok(Locked::Impossible);
                    }
                    Err(error) => return Err(error),
                }
            }
            let lease = match self.get_optional(&path).await {
                Ok(Some(lease)) => lease,
                Ok(None) => {
                    seen = None;
                    continue;
                }
                Err(error) if matches!(error.code(), Some(401 | 403)) => {
                    return Ok(Locked::Impossible);
                }
                Err(error) => return Err(error),
            };
            let theirs = Holder::parse(lease["spec"]["holderIdentity"].as_str().unwrap_or(""));
            let since = lease["spec"]["acquireTime"].as_str().and_then(|time| time.parse().ok());
            if !theirs.is_dead() {
                // Clocks differ between machines; what counts is how long this one sees no change.
                let version = lease["metadata"]["resourceVersion"].as_str().unwrap_or("");
                let (first, from) = seen.get_or_insert((version.to_owned(), Instant::now()));
                if theirs.is_of_this_machine() || first != version {
                    return Ok(Locked::Theirs { holder: theirs, since });
                }
                if from.elapsed() < DURATION {
                    sleep(Duration::from_secs(1)).await;
                    continue;
                }
            }
            body["metadata"]["resourceVersion"] = lease["metadata"]["resourceVersion"].clone();
            match self.put(&path, &body).await {
                Ok(()) => return Ok(Locked::Ours(self.renewed(path, holder, interrupt))),
                Err(error) if error.is_conflict() || error.is_not_found() => {}
                Err(error) if matches!(error.code(), Some(401 | 403)) => {
                    return Ok(Locked::Impossible);
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn renewed(&self, path: String, holder: Holder, interrupt: &Interrupt) -> Box<Lock> {
        let renewal = tokio::spawn(renew(self.clone(), path.clone(), holder, interrupt.clone()));
        Box::new(Lock { cluster: self.clone(), path, renewal })
    }
}

impl Lock {
    /// Gives the lock up.
    ///
    /// # Errors
    /// [`ApiError`] when it could not be deleted. Then it expires.
    pub async fn release(self) -> Result<(), ApiError> {
        self.renewal.abort();
        self.cluster.delete(&self.path, "Background").await
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// Writes a time with the six digits of Kubernetes' `MicroTime`.
fn micro_time(time: Timestamp) -> String {
    format!("{time:.6}")
}

fn spec(holder: &Holder, acquired: Timestamp) -> Json {
    json!({
        "holderIdentity": holder.to_string(),
        "leaseDurationSeconds": DURATION.as_secs(),
        "acquireTime": micro_time(acquired),
        "renewTime": micro_time(acquired),
    })
}

/// Keeps a lock until it is someone else's.
async fn renew(cluster: Cluster, path: String, holder: Holder, interrupt: Interrupt) {
    loop {
        sleep(RENEWAL).await;
        // Without an answer nobody else gets one either, or takes the lock for expired and is found
        // here afterwards.
        let Ok(Some(mut lease)) = cluster.get_optional(&path).await else { continue };
        let now = Holder::parse(lease["spec"]["holderIdentity"].as_str().unwrap_or(""));
        if now != holder {
            interrupt.set(Cause::LostLock(now));
            return;
        }
        lease["spec"]["renewTime"] = micro_time(Timestamp::now()).into();
        // A conflict shows at the next look.
        drop(cluster.put(&path, &lease).await);
    }
}
