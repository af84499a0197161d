//! Limits how many lines of a child reach the terminal, so that important lines stay visible.

use std::time::{Duration, Instant};

/// How many lines of one child the terminal shows in a second; its log holds them all. When memcached dies under load,
/// nginx logs thousands of lines, and the supervisor's one line would be lost among them.
const LINES_A_SECOND_MAX: u32 = 20;

/// Counts the lines of one child.
#[derive(Debug)]
pub(super) struct LogThrottle {
    began: Instant,
    shown: u32,
    dropped: u64,
}

impl LogThrottle {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            began: now,
            shown: 0,
            dropped: 0,
        }
    }

    /// Returns whether to show the next line, and, once a second, how many lines were dropped before it.
    pub(super) fn next(&mut self, now: Instant) -> (Option<u64>, bool) {
        let mut missing = None;
        if now.duration_since(self.began) >= Duration::from_secs(1) {
            missing = Some(self.dropped).filter(|lines| *lines > 0);
            *self = Self::new(now);
        }
        let is_shown = self.shown < LINES_A_SECOND_MAX;
        if is_shown {
            self.shown += 1;
        } else {
            self.dropped += 1;
        }
        (missing, is_shown)
    }

    /// Returns how many lines were dropped since the last report.
    pub(super) fn end(&mut self) -> Option<u64> {
        Some(std::mem::take(&mut self.dropped)).filter(|lines| *lines > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_is_held_back_counted_and_over_after_a_second() {
        let begin = Instant::now();
        let mut throttle = LogThrottle::new(begin);
        let shown = (0..1000).filter(|_| throttle.next(begin).1).count();
        assert_eq!(shown, LINES_A_SECOND_MAX as usize);
        let later = begin + Duration::from_secs(1);
        let dropped = 1000 - u64::from(LINES_A_SECOND_MAX);
        assert_eq!(throttle.next(later), (Some(dropped), true));
        assert_eq!(throttle.next(later), (None, true));
        assert_eq!(throttle.end(), None);
    }
}
