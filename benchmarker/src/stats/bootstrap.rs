//! The percentile bootstrap: how a statistic would vary over other samples of blocks.
//!
//! Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979). Values
//! that follow each other in time are not independent and are drawn in runs of neighbours: the moving
//! blocks of Künsch, Annals of Statistics 17 (1989).

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::Interval;

/// How many resamples are drawn. The ends of the interval then vary by about a hundredth of its width.
pub const RESAMPLES: usize = 10_000;

/// How many of the resamples are below a 95 % interval; as many are above.
const TAIL: usize = RESAMPLES / 40;

/// The 95 % interval of a statistic over independent blocks.
///
/// The same seed gives the same interval. None without blocks, and none if the statistic is not finite.
/// With very few blocks the interval is too narrow: the caller decides how many are enough.
pub fn interval<T: Copy>(
    blocks: &[T],
    seed: u64,
    statistic: impl Fn(&[T]) -> f64,
) -> Option<Interval> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut drawn = Vec::with_capacity(blocks.len());
    percentiles(!blocks.is_empty(), || {
        drawn.clear();
        drawn.extend(
            blocks
                .iter()
                .map(|_| blocks[random.random_range(0..blocks.len())]),
        );
        statistic(&drawn)
    })
}

/// The 95 % interval of a statistic over two independent series of consecutive values.
///
/// Each series is resampled in runs of neighbours, about as long as the third root of its length
/// (Hall, Horowitz and Jing, Biometrika 82, 1995). None if one of the series is empty.
pub fn interval_of_two_series(
    one: &[f64],
    other: &[f64],
    seed: u64,
    statistic: impl Fn(&[f64], &[f64]) -> f64,
) -> Option<Interval> {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let (mut drawn_one, mut drawn_other) = (Vec::new(), Vec::new());
    percentiles(!one.is_empty() && !other.is_empty(), || {
        draw_runs(one, &mut random, &mut drawn_one);
        draw_runs(other, &mut random, &mut drawn_other);
        statistic(&drawn_one, &drawn_other)
    })
}

fn draw_runs(series: &[f64], random: &mut Xoshiro256PlusPlus, drawn: &mut Vec<f64>) {
    let run = run_len(series.len());
    drawn.clear();
    while drawn.len() < series.len() {
        let from = random.random_range(0..=series.len() - run);
        drawn.extend_from_slice(&series[from..from + run]);
    }
    drawn.truncate(series.len());
}

fn run_len(len: usize) -> usize {
    ((len as f64).cbrt().ceil() as usize).clamp(1, len)
}

fn percentiles(is_possible: bool, mut draw: impl FnMut() -> f64) -> Option<Interval> {
    if !is_possible {
        return None;
    }
    let mut found: Vec<f64> = (0..RESAMPLES).map(|_| draw()).collect();
    if found.iter().any(|value| !value.is_finite()) {
        return None;
    }
    found.sort_by(f64::total_cmp);
    Some(Interval {
        low: found[TAIL],
        high: found[RESAMPLES - 1 - TAIL],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::{geometric_mean, mean};

    fn mean_of(values: &[f64]) -> f64 {
        mean(values).unwrap_or(f64::NAN)
    }

    #[test]
    fn the_interval_of_a_mean_is_two_standard_errors_on_each_side() {
        let values: Vec<f64> = (0..400).map(|i| f64::from(i % 20)).collect();
        let found = interval(&values, 1, mean_of).unwrap();
        // Uniform on 0..=19: mean 9.5, standard deviation 5.77, standard error 0.288.
        assert!((found.low - (9.5 - 1.96 * 0.288)).abs() < 0.05, "{found:?}");
        assert!(
            (found.high - (9.5 + 1.96 * 0.288)).abs() < 0.05,
            "{found:?}"
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let ratios = [1.1, 1.2, 0.9, 1.3, 1.25, 1.0];
        let of = |seed| interval(&ratios, seed, |r| geometric_mean(r).unwrap_or(f64::NAN));
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
    }

    #[test]
    fn nineteen_of_twenty_intervals_hold_the_truth() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(5);
        let held = (0..100)
            .filter(|seed| {
                let values: Vec<f64> = (0..40).map(|_| random.random_range(-1.0..1.0)).collect();
                interval(&values, *seed, mean_of).is_some_and(|i| i.contains(0.0))
            })
            .count();
        assert!((88..=100).contains(&held), "{held} of 100");
    }

    #[test]
    fn neighbours_that_resemble_each_other_make_the_interval_wider() {
        let slow: Vec<f64> = (0..64).map(|i| f64::from(i / 8 % 2)).collect();
        let fast: Vec<f64> = (0..64).map(|i| f64::from(i % 2)).collect();
        let width = |series: &[f64]| {
            let found = interval_of_two_series(series, &[1.0], 1, |a, _| mean_of(a)).unwrap();
            found.high - found.low
        };
        assert!(width(&slow) > 2.0 * width(&fast));
    }

    #[test]
    fn nothing_has_no_interval() {
        assert_eq!(interval(&[], 1, mean_of), None);
        assert_eq!(interval(&[1.0], 1, |_| f64::NAN), None);
        assert_eq!(
            interval_of_two_series(&[1.0], &[], 1, |a, _| mean_of(a)),
            None
        );
    }
}
