//! What one thread counted in about a second, sent to a listener while the run goes on.

use hdrhistogram::Histogram;

use super::histogram::{empty, merge, micros};
use super::sample::{RequestKind, RequestSample};
use super::tier::Tier;

/// What one thread of a run counted since its last message, about a second ago.
#[derive(Debug, Clone)]
pub struct Progress {
    /// Times of answered requests in microseconds, by the tier that answered.
    pub times: [(Tier, Histogram<u64>); Tier::ALL.len()],
    /// Times of pages alone, without their parts, of all tiers.
    pub pages: Histogram<u64>,
    /// Requests that failed.
    pub failed: u64,
}

impl Progress {
    pub(crate) fn new() -> Self {
        Self {
            times: Tier::ALL.map(|tier| (tier, empty())),
            pages: empty(),
            failed: 0,
        }
    }

    /// Adds what another thread counted.
    pub fn add(&mut self, other: &Self) {
        for ((_, mine), (_, theirs)) in self.times.iter_mut().zip(&other.times) {
            merge(mine, theirs);
        }
        merge(&mut self.pages, &other.pages);
        self.failed += other.failed;
    }

    /// Counts a request that was answered as expected.
    pub(crate) fn answered(&mut self, sample: &RequestSample) {
        let us = micros(sample.response_time);
        self.times[sample.tier as usize].1.saturating_record(us);
        if let RequestKind::Step(_) = sample.kind {
            self.pages.saturating_record(us);
        }
    }
}
