//! What each second of a run counted.

use serde::{Deserialize, Serialize};

use crate::measure::{LogCounts, SecondTally, Tier};

/// What one second counted.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Second {
    /// When it began, from the begin of the measurement.
    pub at_secs: f64,
    /// Requests that were answered as expected.
    pub requests: u64,
    /// Requests that failed.
    pub failed: u64,
    /// Complete page views.
    pub pages: u64,
    /// Response times by the tier that answered.
    pub tiers: Vec<TierCounts>,
}

/// Response times of one tier, as counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TierCounts {
    /// The tier.
    pub tier: Tier,
    /// Counts of times.
    pub counts: LogCounts,
}

impl Second {
    /// The whole seconds of the measured time; of less than a second, what there is.
    pub(super) fn whole(tallies: &[SecondTally], elapsed_secs: f64) -> Vec<Self> {
        let whole = (elapsed_secs as usize).max(1);
        let tallies = tallies.iter().take(whole).enumerate();
        tallies.map(|(at, tally)| Self::of(at, tally)).collect()
    }

    fn of(at: usize, tally: &SecondTally) -> Self {
        let tiers = Tier::ALL.into_iter().map(|tier| {
            let mut counts = LogCounts::default();
            for (time_us, count) in tally.times_of(tier) {
                counts.count(time_us, count);
            }
            TierCounts { tier, counts }
        });
        Self {
            at_secs: at as f64,
            requests: tally.requests(),
            failed: tally.failed,
            pages: tally.pages,
            tiers: tiers.filter(|tier| tier.counts.total() > 0).collect(),
        }
    }
}
