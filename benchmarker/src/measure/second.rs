//! One second of a run, small enough to be kept for an hour: how many requests each tier answered, and
//! about how fast.

use super::tier::Tier;

/// How many buckets an octave of time has: each is a fifth wider than the one before.
const PER_OCTAVE: u32 = 4;
/// 1 us to an hour is 32 octaves.
const BUCKETS: usize = 32 * PER_OCTAVE as usize;

/// What was counted in one second.
#[derive(Debug, Clone)]
pub(crate) struct SecondTally {
    counts: Box<[[u32; BUCKETS]; Tier::ALL.len()]>,
    /// Requests that failed.
    pub(crate) failed: u64,
    /// Page views that were complete.
    pub(crate) pages: u64,
}

impl SecondTally {
    pub(super) fn new() -> Self {
        Self {
            counts: Box::new([[0; BUCKETS]; Tier::ALL.len()]),
            failed: 0,
            pages: 0,
        }
    }

    pub(super) fn answered(&mut self, tier: Tier, us: u64) {
        self.counts[tier as usize][bucket(us)] += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        let mine = self.counts.as_flattened_mut().iter_mut();
        for (mine, theirs) in mine.zip(other.counts.as_flattened()) {
            *mine += theirs;
        }
        self.failed += other.failed;
        self.pages += other.pages;
    }

    /// How many requests were answered.
    pub(crate) fn requests(&self) -> u64 {
        let counts = self.counts.as_flattened().iter();
        counts.map(|count| u64::from(*count)).sum()
    }

    /// The buckets of a tier that are not empty: a time in microseconds near their middle, and how many
    /// requests took about so long.
    pub(crate) fn times_of(&self, tier: Tier) -> impl Iterator<Item = (u64, u64)> {
        let counts = self.counts[tier as usize].iter().enumerate();
        counts
            .filter(|(_, count)| **count > 0)
            // A bucket is a fifth wide.
            .map(|(bucket, count)| ((upper_us(bucket) * 0.9) as u64, u64::from(*count)))
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

/// The end of a bucket.
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
    fn each_tier_has_its_own_times() {
        let mut second = SecondTally::new();
        assert_eq!(second.requests(), 0);
        (0..90).for_each(|_| second.answered(Tier::Memcached, 1000));
        (0..10).for_each(|_| second.answered(Tier::App, 100_000));
        let one = |tier| second.times_of(tier).collect::<Vec<_>>();
        let [(us, 90)] = one(Tier::Memcached)[..] else {
            panic!("{:?}", one(Tier::Memcached));
        };
        assert!((900..=1125).contains(&us), "{us}");
        assert_eq!(one(Tier::Disk), []);
        assert_eq!(second.requests(), 100);
    }
}
