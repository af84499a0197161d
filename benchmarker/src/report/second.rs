//! One second of a run, small enough to be kept: what was answered, by whom and about how fast.

use serde::Serialize;

use super::Tier;

/// How many buckets an octave of time has: each is a fifth wider than the one before.
const PER_OCTAVE: u32 = 4;
/// 1 us to an hour is 32 octaves.
const BUCKETS: usize = 32 * PER_OCTAVE as usize;

/// What was seen in one second.
#[derive(Debug, Clone)]
pub struct Second {
    counts: Box<[[u32; BUCKETS]; Tier::ALL.len()]>,
    /// Requests that failed.
    pub failed: u64,
    /// Page views that were complete.
    pub pages: u64,
}

/// A row of a second's histogram, for drawing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Bucket {
    /// Times up to here, in milliseconds.
    pub upto_ms: f64,
    /// How many requests took so long, by tier in the order of [`Tier::ALL`].
    pub counts: [u32; Tier::ALL.len()],
}

impl Second {
    pub(crate) fn new() -> Self {
        Self {
            counts: Box::new([[0; BUCKETS]; Tier::ALL.len()]),
            failed: 0,
            pages: 0,
        }
    }

    pub(crate) fn answered(&mut self, tier: Tier, us: u64) {
        self.counts[tier as usize][bucket(us)] += 1;
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        let mine = self.counts.as_flattened_mut().iter_mut();
        for (mine, theirs) in mine.zip(other.counts.as_flattened()) {
            *mine += theirs;
        }
        self.failed += other.failed;
        self.pages += other.pages;
    }

    /// How many requests were answered.
    #[must_use]
    pub fn requests(&self) -> u64 {
        let counts = self.counts.as_flattened().iter();
        counts.map(|count| u64::from(*count)).sum()
    }

    /// The buckets that hold something.
    #[must_use]
    pub fn buckets(&self) -> Vec<Bucket> {
        let buckets = (0..BUCKETS).map(|at| Bucket {
            upto_ms: upper_us(at) / 1e3,
            counts: std::array::from_fn(|tier| self.counts[tier][at]),
        });
        buckets
            .filter(|bucket| bucket.counts.iter().any(|count| *count > 0))
            .collect()
    }

    /// A quantile from 0 to 1 in milliseconds, too high by at most a fifth; none without a request.
    #[must_use]
    pub fn quantile_ms(&self, quantile: f64) -> Option<f64> {
        let all = self.requests();
        let wanted = (quantile * all as f64).ceil().max(1.0) as u64;
        let mut seen = 0;
        let found = (0..BUCKETS).find(|at| {
            let counts = self.counts.iter().map(|tier| u64::from(tier[*at]));
            seen += counts.sum::<u64>();
            seen >= wanted
        });
        found
            .filter(|_| all > 0)
            .map(|bucket| upper_us(bucket) / 1e3)
    }
}

/// The bucket of a time: its octave, and the quarter of it.
fn bucket(us: u64) -> usize {
    let us = us.max(1);
    let octave = us.ilog2();
    // The two bits below the highest one; below 4 us there are fewer.
    let quarter = (us << 2 >> octave) & 3;
    ((octave * PER_OCTAVE) as usize + quarter as usize).min(BUCKETS - 1)
}

/// Where a bucket ends.
fn upper_us(bucket: usize) -> f64 {
    let (octave, quarter) = (bucket / PER_OCTAVE as usize, bucket % PER_OCTAVE as usize);
    (1_u64 << octave) as f64 * (1.0 + (quarter + 1) as f64 / f64::from(PER_OCTAVE))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_time_lies_within_its_bucket(us in 1..3_600_000_000_u64) {
            let at = bucket(us);
            prop_assert!((us as f64) < upper_us(at));
            prop_assert!(at == 0 || us as f64 >= upper_us(at - 1));
        }
    }

    #[test]
    fn quantiles_are_those_of_all_tiers_together() {
        let mut second = Second::new();
        assert_eq!(second.quantile_ms(0.5), None);
        (0..90).for_each(|_| second.answered(Tier::Memcached, 1000));
        (0..10).for_each(|_| second.answered(Tier::App, 100_000));
        let (median, last) = (second.quantile_ms(0.5), second.quantile_ms(0.99));
        assert!((1.0..=1.25).contains(&median.unwrap()), "{median:?}");
        assert!((100.0..=125.0).contains(&last.unwrap()), "{last:?}");
        assert_eq!((second.requests(), second.buckets().len()), (100, 2));
    }
}
