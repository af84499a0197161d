//! Health checks and restart backoff: a busy child gets time, a frozen one is replaced.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::probe::Probe;
use super::process;

/// How often a running child is probed.
const PROBE_INTERVAL: Duration = Duration::from_millis(500);

/// How many probes in a row must fail.
const FAILURES_MIN: u32 = 3;

/// The shortest time between two kills of one child for not answering: killing a child more often does not help it,
/// and a cache that is emptied every second is useless.
const SILENCE_KILL_INTERVAL: Duration = Duration::from_secs(60);

/// Waits until the child has stopped answering, and returns how that showed.
///
/// A child that uses CPU time is busy, not frozen, so its silence is counted from zero again: on two busy cores a late
/// answer is ordinary.
pub(super) async fn silence(
    alive: &Probe,
    pid: i32,
    silence_timeout: Duration,
    kill_limit: &mut KillLimit,
) -> String {
    let mut silent: Option<Silence> = None;
    loop {
        sleep(PROBE_INTERVAL).await;
        let Err(answer) = alive.ask(pid).await else {
            silent = None;
            continue;
        };
        let cpu_ticks = process::family_cpu_ticks(pid);
        let current = match silent.take() {
            Some(before) if before.cpu_ticks == cpu_ticks => Silence {
                failures: before.failures + 1,
                ..before
            },
            _ => Silence {
                since: Instant::now(),
                cpu_ticks,
                failures: 1,
            },
        };
        let lasts = current.since.elapsed();
        if current.failures >= FAILURES_MIN && lasts >= silence_timeout && kill_limit.allows() {
            return format!("{answer}; no answer for {lasts:.1?} and no CPU time used");
        }
        silent = Some(current);
    }
}

struct Silence {
    since: Instant,
    cpu_ticks: u64,
    failures: u32,
}

/// Limits how often a child is killed for not answering.
#[derive(Debug, Default)]
pub(super) struct KillLimit(Option<Instant>);

impl KillLimit {
    fn allows(&mut self) -> bool {
        let allows = self
            .0
            .is_none_or(|last| last.elapsed() >= SILENCE_KILL_INTERVAL);
        if allows {
            self.0 = Some(Instant::now());
        }
        allows
    }
}

/// The pause before the next start: short after a long run, longer after each short one.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    pause: Option<Duration>,
}

impl Backoff {
    /// Short enough that a visitor hardly notices the first restart.
    const SHORTEST: Duration = Duration::from_millis(100);
    /// With this limit, a child that always fails is started at most ten times in its first minute.
    const LONGEST: Duration = Duration::from_secs(20);
    /// A run of this length resets the backoff.
    const RESET_AFTER: Duration = Duration::from_secs(60);

    /// Returns the pause after a run of this length.
    pub(super) fn next(&mut self, lived: Duration) -> Duration {
        let pause = match self.pause {
            Some(pause) if lived < Self::RESET_AFTER => (pause * 2).min(Self::LONGEST),
            _ => Self::SHORTEST,
        };
        self.pause = Some(pause);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_child_that_cannot_live_is_started_at_most_ten_times_a_minute() {
        let mut backoff = Backoff::default();
        let mut clock = Duration::ZERO;
        let mut starts = 1;
        loop {
            clock += backoff.next(Duration::ZERO);
            if clock > Duration::from_secs(60) {
                break;
            }
            starts += 1;
        }
        assert!(starts <= 10, "{starts} starts in the first minute");
    }

    #[test]
    fn a_good_life_is_followed_by_a_quick_start() {
        let mut backoff = Backoff::default();
        for _ in 0..5 {
            backoff.next(Duration::ZERO);
        }
        assert_eq!(backoff.next(Backoff::RESET_AFTER), Backoff::SHORTEST);
    }

    #[test]
    fn silence_kills_a_child_once_a_minute_at_most() {
        let mut kill_limit = KillLimit::default();
        assert!(kill_limit.allows());
        assert!(!kill_limit.allows());
    }
}
