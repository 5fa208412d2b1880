use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Holds requests back: so many at once, and so many a second after that.
#[derive(Debug)]
pub(super) struct Throttle {
    rate: f64,
    burst: f64,
    /// Requests that may go out now, and when that was so. Below zero: requests that wait.
    state: Mutex<(f64, Option<Instant>)>,
}

impl Throttle {
    /// Makes a bucket of `burst` requests into which `rate` requests a second flow.
    pub(super) fn new(rate: f32, burst: u32) -> Self {
        let burst = f64::from(burst.max(1));
        Throttle { rate: f64::from(rate), burst, state: Mutex::new((burst, None)) }
    }

    /// Takes a request out of the bucket and returns how long it has to wait.
    fn take(&self, now: Instant) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, since) = *state;
        let passed = since.map_or(0.0, |since| (now - since).as_secs_f64());
        let tokens = (tokens + passed * self.rate).min(self.burst) - 1.0;
        *state = (tokens, Some(now));
        if tokens >= 0.0 { Duration::ZERO } else { Duration::from_secs_f64(-tokens / self.rate) }
    }

    pub(super) async fn wait(&self) {
        let pause = self.take(Instant::now());
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_flow_after_the_burst() {
        let throttle = Throttle::new(2.0, 3);
        let start = Instant::now();
        let waits: Vec<_> = (0..5).map(|_| throttle.take(start).as_millis()).collect();
        assert_eq!(waits, [0, 0, 0, 500, 1000]);
        assert_eq!(throttle.take(start + Duration::from_mins(1)).as_millis(), 0);
    }
}
