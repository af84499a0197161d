//! Answered requests by the tier that answered.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use super::times::Times;
use crate::measure::Tier;
use crate::stats::ratio;

/// Answered requests by the tier that answered.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
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
    /// Responses without the name of a tier.
    pub unnamed: TierReport,
}

/// What one tier answered.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TierReport {
    /// How many requests.
    pub requests: u64,
    /// Their share of all answered requests.
    pub share: f64,
    /// Their response times.
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

    /// The tiers that answered a request.
    pub(crate) fn answering(&self) -> impl Iterator<Item = (Tier, &TierReport)> {
        let all = Tier::ALL.into_iter().map(|tier| (tier, self.of(tier)));
        all.filter(|(_, report)| report.requests > 0)
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
