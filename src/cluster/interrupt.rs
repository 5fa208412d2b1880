use std::fmt;

use tokio::sync::watch;

use super::holder::Holder;

/// Why work ends before its time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The user, or whoever started the process, wants it to end.
    Signal,
    /// Someone else works on the release now.
    LostLock(Holder),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::Signal => f.write_str("interrupted"),
            Cause::LostLock(holder) => {
                let Holder { whom, pid, .. } = holder;
                write!(f, "the lock of the release was lost to {whom} (process {pid})")
            }
        }
    }
}

/// A bell that ends the carrying out of plans. All clones are one.
#[derive(Clone, Debug)]
pub struct Interrupt(watch::Sender<Option<Cause>>);

impl Default for Interrupt {
    fn default() -> Self {
        Interrupt(watch::Sender::new(None))
    }
}

impl Interrupt {
    /// Rings it. Only the first cause counts.
    pub fn set(&self, cause: Cause) {
        self.0.send_if_modified(|known| {
            let first = known.is_none();
            if first {
                *known = Some(cause);
            }
            first
        });
    }

    /// Waits until it rings.
    pub async fn wait(&self) -> Cause {
        let mut receiver = self.0.subscribe();
        match receiver.wait_for(Option::is_some).await {
            Ok(cause) => cause.clone().unwrap_or(Cause::Signal),
            // The sender lives as long as this does.
            Err(_) => std::future::pending().await,
        }
    }
}
