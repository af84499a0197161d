//! Throttles the log lines about refused requests, because they come in floods.

use std::sync::Mutex;
use std::time::{Duration, Instant};

/// How many lines may be written in a burst.
const LINES_IN_A_ROW_MAX: u32 = 60;

/// How long it takes until a further line may be written: 86,400 lines of 250 bytes a day at most, 22 MB.
const A_LINE_EVERY: Duration = Duration::from_secs(1);

static BUDGET: Mutex<Option<Budget>> = Mutex::new(None);

/// Writes a line about a refused request, unless the budget is used up. The next line that is written follows a line with
/// the number of lines left out.
pub fn log(line: impl FnOnce()) {
    let now = Instant::now();
    let admitted = match BUDGET.lock() {
        Ok(mut budget) => budget.get_or_insert_with(|| Budget::new(now)).take(now),
        // After a panic elsewhere the bound still holds.
        Err(_) => None,
    };
    match admitted {
        Some(0) => line(),
        Some(left_out) => {
            tracing::info!(left_out, "refused requests without a line each");
            line();
        }
        None => {}
    }
}

/// How many lines may still be written.
#[derive(Debug)]
struct Budget {
    lines: u32,
    refilled: Instant,
    left_out: u64,
}

impl Budget {
    fn new(now: Instant) -> Self {
        Self {
            lines: LINES_IN_A_ROW_MAX,
            refilled: now,
            left_out: 0,
        }
    }

    /// Takes a line from the budget, if there is one: returns how many were left out before it.
    fn take(&mut self, now: Instant) -> Option<u64> {
        let periods = now.duration_since(self.refilled).as_secs() / A_LINE_EVERY.as_secs();
        if periods > 0 {
            let more = u32::try_from(periods).unwrap_or(u32::MAX);
            self.lines = self.lines.saturating_add(more).min(LINES_IN_A_ROW_MAX);
            self.refilled = now;
        }
        if self.lines == 0 {
            self.left_out += 1;
            return None;
        }
        self.lines -= 1;
        Some(std::mem::take(&mut self.left_out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_refusals_has_a_bounded_number_of_lines() {
        let begin = Instant::now();
        let mut budget = Budget::new(begin);
        let written = (0..10_000).filter(|_| budget.take(begin).is_some()).count();
        assert_eq!(written, LINES_IN_A_ROW_MAX as usize);
        let later = begin + 2 * A_LINE_EVERY;
        let left_out = 10_000 - u64::from(LINES_IN_A_ROW_MAX);
        assert_eq!(budget.take(later), Some(left_out));
        assert_eq!(budget.take(later), Some(0));
        assert_eq!(budget.take(later), None);
        let long_after = begin + Duration::from_secs(1_000_000);
        let written = (0..10_000).filter(|_| budget.take(long_after).is_some());
        assert_eq!(written.count(), LINES_IN_A_ROW_MAX as usize);
    }
}
