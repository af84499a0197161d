//! Finds the steady part of a run by a rule.
//!
//! The cut is MSER, the marginal standard error rule: drop as many first values as make the standard
//! error of the mean of the rest smallest (White, "An effective truncation heuristic for bias reduction
//! in simulation output", Simulation 69, 1997). Our values are means over a second already, so they are
//! not averaged over batches of five, as MSER-5 does with single observations.
//!
//! MSER always finds a cut. Two checks decide whether the rest is steady: no trend (Mann 1945, Kendall
//! 1975), and no step after the middle of the run. Both must be significant and larger than
//! [`DRIFT_MIN`]: a significant half per cent does not invalidate a run.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::mean;

/// With fewer values, a warm-up cannot be distinguished from noise.
pub const SECONDS_MIN: usize = 10;

/// The smallest change within the kept part that makes a run unsteady, as a share of its mean.
pub const DRIFT_MIN: f64 = 0.05;

/// The fewest values after a late step.
const TAIL_MIN: usize = 5;

/// The significance of a trend: 99 % confidence.
const TREND_Z: f64 = 2.576;

/// The significance of a step, in standard errors, as on a control chart.
const STEP_SIGMAS: f64 = 3.0;

/// The mean absolute difference of independent neighbours, in standard deviations.
const MOVING_RANGE: f64 = 1.128;

/// Whether a run was steady, and from which second on.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Steady {
    /// Steady from this second on, counted from 0; the seconds before are warm-up.
    From {
        /// The first steady second.
        from_second: usize,
    },
    /// Still rising or falling when the run ended.
    Drifting {
        /// By which share of the mean, from the cut to the end; negative when falling.
        by_share: f64,
    },
    /// The level changed too late for a warm-up, and too early for the end of the run.
    Stepped {
        /// The second of the new level.
        at_second: usize,
        /// By which share of the mean before.
        by_share: f64,
    },
    /// Too few seconds for a decision.
    TooShort {
        /// How many there are.
        seconds: usize,
    },
    /// A value was not a number, or there are none.
    #[default]
    NotMeasured,
}

/// Finds the steady part of one value a second.
#[must_use]
pub fn cut(per_second: &[f64]) -> Steady {
    let seconds = per_second.len();
    if seconds < SECONDS_MIN {
        return Steady::TooShort { seconds };
    }
    if per_second.iter().any(|value| !value.is_finite()) {
        return Steady::NotMeasured;
    }
    let from_second = least_error(per_second, seconds / 2);
    let step = least_error(per_second, seconds - TAIL_MIN);
    let kept = &per_second[from_second..];
    let stepped = late_step(kept, step.saturating_sub(from_second));
    let drifting = trend(kept);
    // A step resembles a trend, and a trend a step: the better explanation wins.
    let is_step = match (&stepped, &drifting) {
        (Some(step), Some(trend)) => step.unexplained <= trend.unexplained,
        (step, _) => step.is_some(),
    };
    match (stepped, drifting) {
        (Some(Change { by_share, .. }), _) if is_step => Steady::Stepped {
            at_second: step,
            by_share,
        },
        (_, Some(Change { by_share, .. })) => Steady::Drifting { by_share },
        _ => Steady::From { from_second },
    }
}

/// A significant change within the kept part.
struct Change {
    /// As a share of the mean, or of the level before.
    by_share: f64,
    /// The squared deviations that it does not explain.
    unexplained: f64,
}

impl Steady {
    /// The steady part of the values; none if the run was not steady.
    #[must_use]
    pub fn kept<'a>(&self, per_second: &'a [f64]) -> Option<&'a [f64]> {
        match self {
            Self::From { from_second } => per_second.get(*from_second..),
            _ => None,
        }
    }
}

impl fmt::Display for Steady {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = |share: f64| format!("{:+.0} %", share * 100.0);
        match self {
            Self::From { from_second: 0 } => write!(f, "steady from the start"),
            Self::From { from_second } => write!(f, "steady from second {from_second} on"),
            Self::Drifting { by_share } => {
                write!(
                    f,
                    "no steady state: still moving at the end, {}",
                    by(*by_share)
                )
            }
            Self::Stepped {
                at_second,
                by_share,
            } => {
                write!(
                    f,
                    "no steady state: another level from second {at_second} on, {}",
                    by(*by_share)
                )
            }
            Self::TooShort { seconds } => write!(
                f,
                "too short to tell whether it was steady: {seconds} values, {SECONDS_MIN} are needed"
            ),
            Self::NotMeasured => write!(f, "no steady state: not every second has a value"),
        }
    }
}

/// MSER: the cut, at most `last`, with the least standard error of the mean after it.
fn least_error(values: &[f64], last: usize) -> usize {
    let error = |cut: usize| {
        let kept = &values[cut..];
        squares(kept) / (kept.len() as f64).powi(2)
    };
    (0..=last)
        .min_by(|one, other| error(*one).total_cmp(&error(*other)))
        .unwrap_or(0)
}

/// The sum of squared deviations from the mean.
fn squares(values: &[f64]) -> f64 {
    let mean = mean(values).unwrap_or(0.0);
    values.iter().map(|value| (value - mean).powi(2)).sum()
}

/// The change of the level at `at`, if that is significant.
fn late_step(kept: &[f64], at: usize) -> Option<Change> {
    let (before, after) = kept.split_at_checked(at)?;
    let (level, new_level) = (mean(before)?, mean(after)?);
    // From differences of neighbours, because the standard deviation would include the step itself.
    let sigma = mean_step(kept) / MOVING_RANGE;
    let error = sigma * (1.0 / before.len() as f64 + 1.0 / after.len() as f64).sqrt();
    let by = new_level - level;
    let is_step = by.abs() > STEP_SIGMAS * error && by.abs() > DRIFT_MIN * level.abs();
    is_step.then(|| Change {
        // From 0, the change is all of the new level.
        by_share: by / if level == 0.0 { new_level } else { level },
        unexplained: squares(before) + squares(after),
    })
}

fn mean_step(values: &[f64]) -> f64 {
    let steps: Vec<f64> = values
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).abs())
        .collect();
    mean(&steps).unwrap_or(0.0)
}

/// The rise along the regression line, if the Mann-Kendall test finds a trend.
fn trend(values: &[f64]) -> Option<Change> {
    let n = values.len() as f64;
    let mut score = 0.0_f64;
    for (at, value) in values.iter().enumerate() {
        for later in &values[at + 1..] {
            score += match later.total_cmp(value) {
                std::cmp::Ordering::Less => -1.0,
                std::cmp::Ordering::Equal => 0.0,
                std::cmp::Ordering::Greater => 1.0,
            };
        }
    }
    let deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt();
    // Minus one: the continuity correction for a score that takes only every second integer.
    if score.abs() - 1.0 < TREND_Z * deviation {
        return None;
    }
    let (middle, mean) = ((n - 1.0) / 2.0, mean(values)?);
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (at, value) in values.iter().enumerate() {
        let at = at as f64 - middle;
        covariance += at * (value - mean);
        variance += at * at;
    }
    let rise = covariance / variance * (n - 1.0);
    (rise.abs() > DRIFT_MIN * mean.abs()).then(|| Change {
        by_share: rise / mean,
        unexplained: squares(values) - covariance * covariance / variance,
    })
}

#[cfg(test)]
mod tests;
