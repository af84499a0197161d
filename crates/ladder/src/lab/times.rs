//! Histograms of durations in the buckets of the benchmarker's charts: cheap to count, exact enough to draw.

use benchmarker::LogCounts;
use serde::{Deserialize, Serialize};

/// How many buckets there are: up to 158 s, longer than any request may take.
pub const BUCKETS: usize = 82;

/// The bucket of a time.
pub fn bucket_of(micros: u64) -> usize {
    usize::from(LogCounts::bucket_of(micros)).min(BUCKETS - 1)
}

/// The lower bound of a bucket, in microseconds.
fn begin_of(bucket: usize) -> f64 {
    u16::try_from(bucket).map_or(f64::INFINITY, LogCounts::begins_at_us)
}

/// A histogram of durations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<u64>")]
pub struct Times(Vec<u64>);

impl TryFrom<Vec<u64>> for Times {
    type Error = &'static str;

    /// A process of another version may have other buckets.
    fn try_from(counts: Vec<u64>) -> Result<Self, Self::Error> {
        match counts.len() {
            BUCKETS => Ok(Self(counts)),
            _ => Err("the counts have another number of buckets"),
        }
    }
}

impl Default for Times {
    fn default() -> Self {
        Self(vec![0; BUCKETS])
    }
}

impl Times {
    /// Builds a histogram from counts by bucket; missing counts at the end are 0.
    pub fn from_counts(counts: impl IntoIterator<Item = u64>) -> Self {
        let mut times = Self::default();
        for (mine, count) in times.0.iter_mut().zip(counts) {
            *mine = count;
        }
        times
    }

    /// Counts a duration `count` times.
    pub fn record(&mut self, micros: u64, count: u64) {
        self.0[bucket_of(micros)] += count;
    }

    /// The counts by bucket.
    pub fn counts(&self) -> &[u64] {
        &self.0
    }

    /// The counts for a chart.
    pub fn log_counts(&self) -> LogCounts {
        let counted = (0..).zip(self.0.iter().copied());
        LogCounts::from(counted.filter(|(_, count)| *count > 0).collect::<Vec<_>>())
    }

    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Adds the counts of another histogram.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            *mine += theirs;
        }
    }

    /// The difference to earlier counts; 0 for a counter that was reset since.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let both = self.0.iter().zip(&before.0);
        Self(both.map(|(now, then)| now.saturating_sub(*then)).collect())
    }

    /// The quantile for this share, in milliseconds; `None` if nothing was counted.
    pub fn quantile_ms(&self, share: f64) -> Option<f64> {
        let total = self.total();
        let wanted = total as f64 * share;
        let mut below = 0.0;
        for (bucket, count) in self.0.iter().enumerate().filter(|(_, count)| **count > 0) {
            let count = *count as f64;
            if below + count >= wanted {
                // Assumes an even distribution within a bucket.
                let (begin, end) = (begin_of(bucket), begin_of(bucket + 1));
                return Some((begin + (end - begin) * (wanted - below) / count) / 1000.0);
            }
            below += count;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_lies_in_the_bucket_that_says_so() {
        for micros in [1, 8, 9, 15, 16, 99, 1_000, 75_000, 20_000_000] {
            let bucket = bucket_of(micros);
            let (begin, end) = (begin_of(bucket), begin_of(bucket + 1));
            assert!(
                (begin..end).contains(&(micros as f64)),
                "{micros} in {begin} to {end}"
            );
        }
        assert_eq!(bucket_of(0), 0);
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn quantiles_are_off_by_less_than_a_bucket() {
        let mut times = Times::default();
        for micros in 1..=1000 {
            times.record(micros * 100, 1);
        }
        let (median, p95) = (times.quantile_ms(0.5), times.quantile_ms(0.95));
        let near = |found: Option<f64>, true_ms: f64| {
            found.is_some_and(|ms| (ms / true_ms - 1.0).abs() < 0.06)
        };
        assert!(near(median, 50.0), "{median:?}");
        assert!(near(p95, 95.0), "{p95:?}");
        assert_eq!(Times::default().quantile_ms(0.5), None);
    }

    #[test]
    fn counts_in_other_buckets_are_not_taken_for_ours() {
        let told = serde_json::to_string(&Times::default()).unwrap();
        assert_eq!(
            serde_json::from_str::<Times>(&told).unwrap(),
            Times::default()
        );
        assert!(serde_json::from_str::<Times>("[1,2]").is_err());
    }

    #[test]
    fn a_counter_that_began_anew_counts_nothing_rather_than_less() {
        let mut before = Times::default();
        before.record(1_000, 5);
        let mut now = before.clone();
        now.record(1_000, 2);
        assert_eq!(now.since(&before).total(), 2);
        assert_eq!(Times::default().since(&before).total(), 0);
    }
}
