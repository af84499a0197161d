//! When to replace a child, and how soon: patience with the busy, none with the frozen.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::probe::Probe;
use super::process;

/// How often a working child is asked.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// How many questions in a row must stay unanswered.
const FAILURES_MIN: u32 = 3;

/// How often one child may be killed for its silence at most: what keeps falling silent is not
/// helped by being killed faster, and a cache that is emptied every second is none.
const SILENCE_KILL_EVERY: Duration = Duration::from_secs(60);

/// Waits until the child has fallen silent for good, and tells how that showed.
///
/// A child that uses CPU time is busy, not frozen, so its silence begins anew: on two busy cores
/// a late answer is ordinary.
pub(super) async fn silence(
    alive: &Probe,
    pid: i32,
    silence_timeout: Duration,
    brake: &mut SilenceBrake,
) -> String {
    let mut silent: Option<Silence> = None;
    loop {
        sleep(ASK_EVERY).await;
        let Err(answer) = alive.ask(pid).await else {
            silent = None;
            continue;
        };
        let cpu_ticks = process::family_cpu_ticks(pid);
        let so_far = match silent.take() {
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
        let lasts = so_far.since.elapsed();
        if so_far.failures >= FAILURES_MIN && lasts >= silence_timeout && brake.allows() {
            return format!("{answer}; silent for {lasts:.1?}, its CPU time stands still");
        }
        silent = Some(so_far);
    }
}

struct Silence {
    since: Instant,
    cpu_ticks: u64,
    failures: u32,
}

/// Lets a child be killed for its silence once in a while only.
#[derive(Debug, Default)]
pub(super) struct SilenceBrake(Option<Instant>);

impl SilenceBrake {
    fn allows(&mut self) -> bool {
        let allows = self
            .0
            .is_none_or(|last| last.elapsed() >= SILENCE_KILL_EVERY);
        if allows {
            self.0 = Some(Instant::now());
        }
        allows
    }
}

/// How long to wait before the next start: soon after a good life, ever longer after short ones.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    pause: Option<Duration>,
}

impl Backoff {
    /// The first replacement comes at once, as far as a visitor can tell.
    const SHORTEST: Duration = Duration::from_millis(100);
    /// With it, a child that cannot live is started at most ten times in its first minute.
    const LONGEST: Duration = Duration::from_secs(20);
    /// How long a life must be to forget the short ones before it.
    const GOOD_LIFE: Duration = Duration::from_secs(60);

    /// The pause after a life of this length.
    pub(super) fn next(&mut self, lived: Duration) -> Duration {
        let pause = match self.pause {
            Some(pause) if lived < Self::GOOD_LIFE => (pause * 2).min(Self::LONGEST),
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
        assert_eq!(backoff.next(Backoff::GOOD_LIFE), Backoff::SHORTEST);
    }

    #[test]
    fn silence_kills_a_child_once_a_minute_at_most() {
        let mut brake = SilenceBrake::default();
        assert!(brake.allows());
        assert!(!brake.allows());
    }
}
