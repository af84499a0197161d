//! Leaves a server alone for a while after it failed.

use std::time::Duration;

use tokio::time::Instant;

/// How long a server is left alone after its first failure.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// How long a server is left alone at most, because a restarted one should fill soon.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// A circuit breaker that lets one store through after each pause.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    closed_until: Option<Instant>,
}

impl Backoff {
    pub(super) fn is_open(&self, now: Instant) -> bool {
        self.closed_until.is_none_or(|until| now >= until)
    }

    pub(super) fn succeeded(&mut self) {
        *self = Self::default();
    }

    pub(super) fn failed(&mut self, now: Instant) {
        let pause = PAUSE_MIN
            .saturating_mul(1 << self.failures.min(10))
            .min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        self.closed_until = Some(now + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, PAUSE_MAX, PAUSE_MIN};
    use tokio::time::Instant;

    #[test]
    fn pauses_double_up_to_a_limit_and_end_with_a_success() {
        let (now, mut backoff) = (Instant::now(), Backoff::default());
        assert!(backoff.is_open(now));
        backoff.failed(now);
        assert!(!backoff.is_open(now) && backoff.is_open(now + PAUSE_MIN));
        backoff.failed(now);
        assert!(!backoff.is_open(now + PAUSE_MIN) && backoff.is_open(now + 2 * PAUSE_MIN));
        for _ in 0..100 {
            backoff.failed(now);
        }
        assert!(backoff.is_open(now + PAUSE_MAX));
        backoff.succeeded();
        assert!(backoff.is_open(now));
    }
}
