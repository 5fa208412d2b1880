use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::ApiError;

/// The pauses before each further try, in milliseconds. Together they are a minute, which outlasts the
/// restart of an API server.
const PAUSES: [u64; 17] = [
    100, 200, 500, 1000, 2000, 3000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000, 5000,
    5000,
];
/// How often a request is tried again that the server failed at: a failure such as that of a webhook
/// may last, and whoever waits wants to know.
const REFUSED_TRIES: usize = 4;

/// Decides about one request whether it is sent again.
///
/// The client's own layer deals with 429, 503 and 504, which a server answers before it acts. Here is
/// about answers that leave open whether it did: all requests are made so that they can be repeated.
#[derive(Debug)]
pub(super) struct Retry<'a> {
    /// Whether the server has answered before: one that never did is more likely not there.
    reached: &'a AtomicBool,
    tries: usize,
}

impl<'a> Retry<'a> {
    pub(super) fn new(reached: &'a AtomicBool) -> Self {
        Retry { reached, tries: 0 }
    }

    /// Returns whether an earlier try may have been carried out.
    pub(super) fn is_repeated(&self) -> bool {
        self.tries > 0
    }

    /// Takes note of an answer; returns after how long the request is to be sent again.
    pub(super) fn after<T>(&mut self, answer: &Result<T, ApiError>) -> Option<Duration> {
        let most = match answer {
            Err(ApiError::Status(status)) if matches!(status.code, 500 | 502) => {
                Some(REFUSED_TRIES)
            }
            Err(ApiError::Transport(_) | ApiError::Answer(_))
                if self.reached.load(Ordering::Relaxed) =>
            {
                Some(PAUSES.len())
            }
            // There is someone, who may be starting.
            Err(ApiError::Transport(unanswered)) if unanswered.is_cut() => Some(REFUSED_TRIES),
            Ok(_) | Err(_) => None,
        };
        if !matches!(answer, Err(ApiError::Transport(_))) {
            self.reached.store(true, Ordering::Relaxed);
        }
        let pause =
            PAUSES.get(self.tries).filter(|_| most.is_some_and(|most| self.tries < most))?;
        self.tries += 1;
        Some(Duration::from_millis(*pause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(code: u16) -> Result<(), ApiError> {
        let status = kube::core::Status::failure("no", "Because").with_code(code).boxed();
        Err(ApiError::Status(status))
    }

    #[test]
    fn refusals_are_final_and_failures_are_not() {
        let reached = AtomicBool::new(false);
        for (answer, tries) in
            [(Ok(()), 0), (status(404), 0), (status(409), 0), (status(500), 4), (status(502), 4)]
        {
            let mut retry = Retry::new(&reached);
            assert_eq!(std::iter::from_fn(|| retry.after(&answer)).count(), tries);
            assert_eq!(retry.is_repeated(), tries > 0);
        }
    }

    #[test]
    fn a_server_that_cuts_the_first_connection_is_asked_again() {
        use std::io::ErrorKind::{ConnectionRefused, ConnectionReset};
        for (kind, tries) in [(ConnectionReset, REFUSED_TRIES), (ConnectionRefused, 0)] {
            let reached = AtomicBool::new(false);
            let error = kube::Error::Service(Box::new(std::io::Error::from(kind)));
            let (request, server) = (String::new(), String::new());
            let unanswered = super::super::Unanswered { request, server, error };
            let answer = Err::<(), _>(ApiError::Transport(Box::new(unanswered)));
            let mut retry = Retry::new(&reached);
            assert_eq!(std::iter::from_fn(|| retry.after(&answer)).count(), tries, "{kind}");
        }
    }

    #[test]
    fn a_server_that_never_answered_is_not_asked_again() {
        let reached = AtomicBool::new(false);
        let cut = || Err::<(), _>(ApiError::Answer(serde_json::from_str::<()>("{").unwrap_err()));
        assert_eq!(Retry::new(&reached).after(&cut()), None);
        // Half an answer is one.
        let mut retry = Retry::new(&reached);
        assert_eq!(std::iter::from_fn(|| retry.after(&cut())).count(), PAUSES.len());
    }

    #[test]
    fn a_server_may_be_away_for_a_minute() {
        let reached = AtomicBool::new(true);
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let error = kube::Error::Service(Box::new(refused));
        let (request, server) = (String::new(), String::new());
        let unanswered = super::super::Unanswered { request, server, error };
        let answer = Err::<(), _>(ApiError::Transport(Box::new(unanswered)));
        let mut retry = Retry::new(&reached);
        let pauses: Vec<_> = std::iter::from_fn(|| retry.after(&answer)).collect();
        assert_eq!(pauses.iter().sum::<Duration>(), Duration::from_millis(61_800));
        // It is noticed soon that the server is back, whenever that is.
        assert!(pauses.is_sorted() && pauses.iter().all(|pause| *pause <= Duration::from_secs(5)));
        assert_eq!(pauses[0], Duration::from_millis(100));
        // An answer in between does not begin the minute anew.
        assert_eq!(retry.after(&Ok::<(), _>(())), None);
        assert_eq!(retry.after(&answer), None);
    }
}
