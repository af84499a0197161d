use hdrhistogram::Histogram;

use super::Tier;
use super::tally::histogram;

/// What one thread of a run saw in about a second, told while the run goes on.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Times of answered requests in microseconds, by the tier that answered.
    pub times: [(Tier, Histogram<u64>); Tier::ALL.len()],
    /// Requests that failed.
    pub failed: u64,
}

impl Moment {
    pub(crate) fn new() -> Self {
        Self {
            times: Tier::ALL.map(|tier| (tier, histogram())),
            failed: 0,
        }
    }

    pub(crate) fn answered(&mut self, tier: Tier, took_us: u64) {
        self.times[tier as usize].1.saturating_record(took_us);
    }
}
