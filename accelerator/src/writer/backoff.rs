//! A circuit breaker: skips a server for a while after a failure.

use std::time::Duration;

use tokio::time::Instant;

/// How long a server is skipped after its first failure.
const PAUSE_MIN: Duration = Duration::from_millis(100);
/// How long a server is skipped at most, because a restarted one should fill soon.
const PAUSE_MAX: Duration = Duration::from_secs(5);

/// Lets one exchange through after each pause; pauses double with each failure in a row.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
    skipped_until: Option<Instant>,
}

impl Backoff {
    pub(super) fn is_available(&self, now: Instant) -> bool {
        self.skipped_until.is_none_or(|until| now >= until)
    }

    pub(super) fn record_success(&mut self) {
        *self = Self::default();
    }

    pub(super) fn record_failure(&mut self, now: Instant) {
        let pause = PAUSE_MIN
            .saturating_mul(1 << self.failures.min(10))
            .min(PAUSE_MAX);
        self.failures = self.failures.saturating_add(1);
        self.skipped_until = Some(now + pause);
    }
}

#[cfg(test)]
mod tests {
    use super::{Backoff, PAUSE_MAX, PAUSE_MIN};
    use tokio::time::Instant;

    #[test]
    fn pauses_double_up_to_a_limit_and_end_with_a_success() {
        let (now, mut backoff) = (Instant::now(), Backoff::default());
        assert!(backoff.is_available(now));
        backoff.record_failure(now);
        assert!(!backoff.is_available(now) && backoff.is_available(now + PAUSE_MIN));
        backoff.record_failure(now);
        assert!(
            !backoff.is_available(now + PAUSE_MIN) && backoff.is_available(now + 2 * PAUSE_MIN)
        );
        for _ in 0..100 {
            backoff.record_failure(now);
        }
        assert!(backoff.is_available(now + PAUSE_MAX));
        backoff.record_success();
        assert!(backoff.is_available(now));
    }
}
