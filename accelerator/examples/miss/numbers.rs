//! Statistics over the blocks.

use std::ops::RangeInclusive;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// How many bootstrap samples are drawn.
const RESAMPLES: usize = 10_000;

/// The difference of two cases, over the blocks that had both.
pub(crate) struct Effect {
    /// The median over the blocks.
    pub(crate) middle: f64,
    /// Its 95 % confidence interval.
    pub(crate) interval: RangeInclusive<f64>,
    /// The least and the most of a single block.
    pub(crate) single: RangeInclusive<f64>,
}

impl Effect {
    pub(crate) fn of(blocks: Vec<f64>, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let resamples = (0..RESAMPLES).map(|_| {
            median((0..blocks.len()).map(|_| blocks[random.random_range(0..blocks.len())]))
        });
        let medians = sorted(resamples);
        let at = |part: f64| medians[(part * (RESAMPLES - 1) as f64) as usize];
        let blocks = sorted(blocks.into_iter());
        Self {
            middle: median(blocks.iter().copied()),
            interval: at(0.025)..=at(0.975),
            single: blocks[0]..=blocks[blocks.len() - 1],
        }
    }

    /// The noise of two equal cases as a ratio of at least 1.
    pub(crate) fn either_way(&self) -> RangeInclusive<f64> {
        let apart = self.interval.end().max(1.0 / self.interval.start());
        1.0 / apart..=apart
    }

    pub(crate) fn in_words(&self, digits: usize) -> String {
        format!(
            "{:.digits$}   95 % {:.digits$} to {:.digits$}   single blocks {:.digits$} to {:.digits$}",
            self.middle,
            self.interval.start(),
            self.interval.end(),
            self.single.start(),
            self.single.end(),
        )
    }
}

/// The median; NaN of no values.
pub(crate) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let values = sorted(values);
    match values.len() {
        0 => f64::NAN,
        len if len % 2 == 1 => values[len / 2],
        len => f64::midpoint(values[len / 2 - 1], values[len / 2]),
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}
