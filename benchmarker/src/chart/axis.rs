//! An axis: the position of a value, and its ticks.

/// The scale of an axis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    Linear,
    Log,
}

/// Maps a range of values to a range of positions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    pub(super) scale: Scale,
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) from_px: f64,
    pub(super) to_px: f64,
}

impl Axis {
    /// A linear axis from zero to a round value that is at least `highest`, with about `ticks` ticks.
    #[must_use]
    pub fn from_zero(highest: f64, ticks: usize, from_px: f64, to_px: f64) -> Self {
        let highest = if highest > 0.0 { highest } else { 1.0 };
        let step = step(highest / ticks as f64);
        Self {
            scale: Scale::Linear,
            low: 0.0,
            high: (highest / step - 1e-9).ceil() * step,
            from_px,
            to_px,
        }
    }

    /// A logarithmic axis between two values above zero.
    #[must_use]
    pub fn log((low, high): (f64, f64), from_px: f64, to_px: f64) -> Self {
        Self {
            scale: Scale::Log,
            low,
            high,
            from_px,
            to_px,
        }
    }

    /// The highest value.
    #[must_use]
    pub fn high(&self) -> f64 {
        self.high
    }

    /// A logarithmic axis that covers all values, with some room at both ends.
    pub(super) fn log_around(values: impl Iterator<Item = f64>, from_px: f64, to_px: f64) -> Self {
        let (mut low, mut high) = (f64::INFINITY, 0.0_f64);
        for value in values.filter(|value| *value > 0.0 && value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if low > high {
            (low, high) = (1.0, 1.0);
        }
        // At least 5 %, because a narrow range would magnify noise.
        let room = (high / low).powf(0.06).max(1.05);
        Self::log((low / room, high * room), from_px, to_px)
    }

    /// The position of a value; outside of the range, that of the nearer end.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        let share = match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Log => (value / self.low).ln() / (self.high / self.low).ln(),
        };
        if share.is_nan() {
            return f64::NAN;
        }
        self.from_px + share.clamp(0.0, 1.0) * (self.to_px - self.from_px)
    }

    /// Round values on the axis, at most about `at_most`.
    #[must_use]
    pub fn ticks(&self, at_most: usize) -> Vec<f64> {
        match self.scale {
            Scale::Linear => self.even(at_most),
            Scale::Log => {
                let within = |ticks: Vec<f64>| -> Vec<f64> {
                    let range = self.low * (1.0 - 1e-9)..=self.high * (1.0 + 1e-9);
                    ticks.into_iter().filter(|t| range.contains(t)).collect()
                };
                // From fine to coarse, the first with few enough ticks.
                let finest = within(powers(self.low, self.high, &[1.0, 2.0, 5.0], 1));
                if finest.len() < 3 && self.high / self.low < 10.0 {
                    return self.even(at_most);
                }
                [
                    (&[1.0, 2.0, 5.0][..], 1),
                    (&[1.0, 3.0], 1),
                    (&[1.0], 1),
                    (&[1.0], 2),
                ]
                .into_iter()
                .map(|(digits, every)| within(powers(self.low, self.high, digits, every)))
                .find(|ticks| ticks.len() <= at_most)
                .unwrap_or_else(|| within(powers(self.low, self.high, &[1.0], 3)))
            }
        }
    }

    fn even(&self, at_most: usize) -> Vec<f64> {
        let step = step((self.high - self.low) / at_most.max(1) as f64);
        let (first, last) = (
            (self.low / step - 1e-9).ceil(),
            (self.high / step + 1e-9).floor(),
        );
        let count = (last - first).max(0.0) as usize;
        (0..=count)
            .map(|index| {
                let tick = (first + index as f64) * step;
                // Rounds, because 3 x 0.1 is not exactly 0.3.
                (tick / step).round() * step
            })
            .collect()
    }
}

/// The smallest round step (1, 2 or 5 times a power of ten) that is at least `wanted`.
fn step(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|digit| digit * power)
        .find(|step| *step >= wanted * (1.0 - 1e-9))
        .unwrap_or(power)
}

fn powers(low: f64, high: f64, digits: &[f64], every: i32) -> Vec<f64> {
    let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
    (first..=last)
        .filter(|power| power.rem_euclid(every) == 0)
        .flat_map(|power| digits.iter().map(move |digit| digit * 10_f64.powi(power)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(found: &[f64], wanted: &[f64]) {
        let same = found.len() == wanted.len()
            && found
                .iter()
                .zip(wanted)
                .all(|(f, w)| (f - w).abs() < 1e-9 * w.abs().max(1.0));
        assert!(same, "{found:?}, wanted {wanted:?}");
    }

    fn log(low: f64, high: f64) -> Axis {
        Axis::log((low, high), 0.0, 100.0)
    }

    #[test]
    fn an_axis_from_zero_ends_with_a_round_number() {
        for (value, end) in [(0.7, 1.0), (1.0, 1.0), (34.0, 50.0), (1_912.0, 2_000.0)] {
            assert_eq!(Axis::from_zero(value, 1, 0.0, 1.0).high(), end);
        }
    }

    #[test]
    fn ticks_are_round() {
        let axis = Axis::from_zero(1043.0, 4, 100.0, 0.0);
        close(&axis.ticks(4), &[0.0, 500.0, 1000.0, 1500.0]);
        close(
            &log(80.0, 30_000.0).ticks(9),
            &[100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4, 2e4],
        );
        close(&log(80.0, 30_000.0).ticks(4), &[100.0, 1e3, 1e4]);
        close(&log(0.93, 1.44).ticks(6), &[1.0, 1.1, 1.2, 1.3, 1.4]);
        close(&log(0.9, 40.0).ticks(6), &[1.0, 2.0, 5.0, 10.0, 20.0]);
    }

    #[test]
    fn half_of_a_log_axis_is_the_square_root() {
        assert!((log(1.0, 100.0).at(10.0) - 50.0).abs() < 1e-9);
        assert!((log(1.0, 100.0).at(1e9) - 100.0).abs() < 1e-9);
    }

    proptest! {
        #[test]
        fn no_range_has_too_many_ticks(low in 1e-3..1e5_f64, span in 1.01..1e8_f64, at_most in 3..9_usize) {
            let ticks = log(low, low * span).ticks(at_most);
            prop_assert!(ticks.len() <= at_most + 1, "{:?}", ticks);
            prop_assert!(ticks.windows(2).all(|pair| pair[0] < pair[1]));
            let linear = Axis::from_zero(low * span, at_most, 0.0, 1.0);
            prop_assert!(linear.high >= low * span * (1.0 - 1e-9));
            prop_assert!(linear.ticks(at_most).len() <= at_most + 1);
        }
    }
}
