//! Statistics for few and noisy values: the mean of ratios, its interval, the steady part of a run.

pub mod bootstrap;
pub mod littles_law;
pub mod steady;

use serde::{Deserialize, Serialize};

/// A confidence interval, of 95 % in this crate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether it contains the value, ends included.
    #[must_use]
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// The smallest interval that contains this one and the value.
    #[must_use]
    pub fn widened_to(self, value: f64) -> Self {
        Self {
            low: self.low.min(value),
            high: self.high.max(value),
        }
    }
}

/// A ratio that is 0, not NaN, when there is nothing to divide by.
pub(crate) fn ratio(part: f64, total: f64) -> f64 {
    if total > 0.0 { part / total } else { 0.0 }
}

/// The arithmetic mean; none of no values.
#[must_use]
pub fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// The geometric mean, the mean for ratios: twice and half cancel out.
///
/// None of no values, and none if one of them is zero, negative or not finite.
#[must_use]
pub fn geometric_mean(values: &[f64]) -> Option<f64> {
    let logs: Option<Vec<f64>> = values
        .iter()
        .map(|value| (*value > 0.0 && value.is_finite()).then(|| value.ln()))
        .collect();
    mean(&logs?).map(f64::exp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn twice_and_half_cancel_out() {
        assert_eq!(geometric_mean(&[2.0, 0.5]), Some(1.0));
        assert_eq!(mean(&[2.0, 0.5]), Some(1.25));
    }

    #[test]
    fn what_is_no_ratio_has_no_geometric_mean() {
        for values in [&[][..], &[1.0, 0.0], &[1.0, -2.0], &[1.0, f64::NAN]] {
            assert_eq!(geometric_mean(values), None, "{values:?}");
        }
    }

    proptest! {
        #[test]
        fn the_geometric_mean_lies_between_the_extremes_and_below_the_mean(
            values in prop::collection::vec(1e-3..1e3_f64, 1..40)
        ) {
            let found = geometric_mean(&values).unwrap();
            let low = values.iter().copied().fold(f64::INFINITY, f64::min);
            let high = values.iter().copied().fold(0.0, f64::max);
            prop_assert!(found >= low * (1.0 - 1e-9) && found <= high * (1.0 + 1e-9));
            prop_assert!(found <= mean(&values).unwrap() * (1.0 + 1e-9));
        }

        #[test]
        fn turned_round_the_geometric_mean_is_its_inverse(
            values in prop::collection::vec(1e-3..1e3_f64, 1..40)
        ) {
            let inverse: Vec<f64> = values.iter().map(|value| 1.0 / value).collect();
            let product = geometric_mean(&values).unwrap() * geometric_mean(&inverse).unwrap();
            prop_assert!((product - 1.0).abs() < 1e-9);
        }
    }
}
