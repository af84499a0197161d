use hdrhistogram::Histogram;

use super::Tier;
use super::tally::{Answered, Of, histogram, merge_histogram, micros};

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

    /// Adds what another thread saw.
    pub fn add(&mut self, other: &Self) {
        for ((_, mine), (_, theirs)) in self.times.iter_mut().zip(&other.times) {
            merge_histogram(mine, theirs);
        }
        merge_histogram(&mut self.pages, &other.pages);
        self.failed += other.failed;
    }

    /// Counts a request that was answered as asked.
    pub(crate) fn answered(&mut self, answered: &Answered) {
        let us = micros(answered.response);
        self.times[answered.tier as usize].1.saturating_record(us);
        if let Of::Step(_) = answered.of {
            self.pages.saturating_record(us);
        }
    }
}
