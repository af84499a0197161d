//! Counts of times in buckets that are equally wide on a logarithmic axis.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// Counts of times in buckets that are equally wide on a logarithmic axis: ten a decade.
///
/// Serialized as pairs `[bucket, count]`; bucket `b` holds times from 10^(b/10) microseconds to below
/// 10^((b+1)/10).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "Vec<(u16, u64)>", into = "Vec<(u16, u64)>")]
pub struct LogCounts(BTreeMap<u16, u64>);

impl LogCounts {
    /// How many buckets a factor of ten has.
    pub const PER_DECADE: u16 = 10;

    /// The counts of times in microseconds.
    #[must_use]
    pub fn of(times_us: &Histogram<u64>) -> Self {
        let mut counts = Self::default();
        for value in times_us.iter_recorded() {
            counts.count(value.value_iterated_to(), value.count_at_value());
        }
        counts
    }

    /// Counts a time `count` times. Times below a microsecond count as one.
    pub fn count(&mut self, time_us: u64, count: u64) {
        *self.0.entry(Self::bucket_of(time_us)).or_default() += count;
    }

    /// Adds all counts of another.
    pub fn add(&mut self, other: &Self) {
        for (bucket, count) in &other.0 {
            *self.0.entry(*bucket).or_default() += count;
        }
    }

    /// The buckets that are not empty, in order, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (u16, u64)> {
        self.0.iter().map(|(bucket, count)| (*bucket, *count))
    }

    /// The sum of all counts.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// The bucket of a time, at most 193. Times below a microsecond count as one.
    #[must_use]
    pub fn bucket_of(time_us: u64) -> u16 {
        let time = time_us.max(1) as f64;
        let bucket = (time.log10() * f64::from(Self::PER_DECADE)).floor() as u16;
        // On the edge of a bucket, rounding may make the logarithm too small.
        if time >= Self::begins_at_us(bucket + 1) {
            bucket + 1
        } else {
            bucket
        }
    }

    /// The lower edge of a bucket.
    #[must_use]
    pub fn begins_at_us(bucket: u16) -> f64 {
        10_f64.powf(f64::from(bucket) / f64::from(Self::PER_DECADE))
    }
}

impl From<Vec<(u16, u64)>> for LogCounts {
    fn from(pairs: Vec<(u16, u64)>) -> Self {
        let mut counts = Self::default();
        for (bucket, count) in pairs {
            *counts.0.entry(bucket).or_default() += count;
        }
        counts
    }
}

impl From<LogCounts> for Vec<(u16, u64)> {
    fn from(counts: LogCounts) -> Self {
        counts.0.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_decade_begins_a_bucket() {
        assert_eq!(
            [0, 1, 10, 1000, 10_000_000].map(LogCounts::bucket_of),
            [0, 0, 10, 30, 70]
        );
        assert_eq!(
            [9, 999, 1258, 1259].map(LogCounts::bucket_of),
            [9, 29, 30, 31]
        );
    }

    proptest! {
        #[test]
        fn a_time_lies_in_its_bucket(time_us in 1..3_600_000_000_u64) {
            let bucket = LogCounts::bucket_of(time_us);
            prop_assert!(LogCounts::begins_at_us(bucket) <= time_us as f64 * (1.0 + 1e-12));
            prop_assert!(LogCounts::begins_at_us(bucket + 1) > time_us as f64);
        }
    }
}
