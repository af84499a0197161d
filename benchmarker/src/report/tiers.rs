//! Answered requests by who answered them.

use hdrhistogram::Histogram;
use serde::Serialize;

use super::{Times, ratio};
use crate::measure::Tier;

/// Answered requests by the tier that answered.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Tiers {
    /// memcached, through the front.
    pub memcached: TierReport,
    /// The front's page cache.
    pub page: TierReport,
    /// The front, from disk.
    pub disk: TierReport,
    /// The application.
    pub app: TierReport,
    /// Responses that do not say.
    pub unnamed: TierReport,
}

/// What one tier answered.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct TierReport {
    /// How many requests.
    pub requests: u64,
    /// Which part of all answered requests, 0 to 1.
    pub share: f64,
    /// How fast.
    pub times: Times,
}

impl Tiers {
    /// What one of them answered.
    #[must_use]
    pub fn of(&self, tier: Tier) -> &TierReport {
        match tier {
            Tier::Memcached => &self.memcached,
            Tier::Page => &self.page,
            Tier::Disk => &self.disk,
            Tier::App => &self.app,
            Tier::Unnamed => &self.unnamed,
        }
    }

    pub(super) fn from_histograms(histograms: &[Histogram<u64>; Tier::ALL.len()]) -> Self {
        let total: u64 = histograms.iter().map(Histogram::len).sum();
        let tier = |tier: Tier| {
            let histogram = &histograms[tier as usize];
            TierReport {
                requests: histogram.len(),
                share: ratio(histogram.len() as f64, total as f64),
                times: Times::of(histogram),
            }
        };
        Self {
            memcached: tier(Tier::Memcached),
            page: tier(Tier::Page),
            disk: tier(Tier::Disk),
            app: tier(Tier::App),
            unnamed: tier(Tier::Unnamed),
        }
    }
}
