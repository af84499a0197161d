use hdrhistogram::Histogram;

use super::Tier;
use super::tally::histogram;
use crate::html::Kind;

/// What one thread of a run saw in about a second, told while the run goes on.
#[derive(Debug, Clone)]
pub struct Moment {
    /// Times of answered requests in microseconds, by the tier that answered.
    pub times: [(Tier, Histogram<u64>); Tier::ALL.len()],
    /// Those of pages of the list alone, whoever answered.
    pub pages: Histogram<u64>,
    /// Requests that failed.
    pub failed: u64,
}

impl Moment {
    pub(crate) fn new() -> Self {
        Self {
            times: Tier::ALL.map(|tier| (tier, histogram())),
            pages: histogram(),
            failed: 0,
        }
    }

    /// Counts a request that was answered as asked; no `kind` is a page itself.
    pub(crate) fn answered(&mut self, tier: Tier, kind: Option<Kind>, took_us: u64) {
        self.times[tier as usize].1.saturating_record(took_us);
        if kind.is_none() {
            self.pages.saturating_record(took_us);
        }
    }
}
