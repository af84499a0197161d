//! Compares two targets, and decides whether one is faster or the data does not show it.
//!
//! The reliable way is [`effect`]: both are measured by turns in blocks, and the ratio is taken within
//! each block, so that other load on the machine slows both. Two runs that were saved separately have
//! no blocks; [`Pair`] compares them as far as that is valid.

mod pair;
mod quantiles;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use pair::{CAUTION, Pair, Rates};
pub use quantiles::{QuantileRow, quantile_table};

use crate::stats::{Interval, bootstrap, geometric_mean};

/// With fewer blocks there is no 95 % confidence: without any effect, five ratios all lie on one side by
/// chance in 1 of 16 experiments, six in 1 of 32. Ten are better.
pub const BLOCKS_MIN: usize = 6;

/// The same blocks always give the same interval.
const SEED: u64 = 1;

/// One block: the same quantity of both, measured one after the other in random order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// The value of A.
    pub a: f64,
    /// The value of B.
    pub b: f64,
    /// The value of A measured again; none if the noise is not measured.
    pub again: Option<f64>,
}

/// Whether higher or lower values are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Higher is better: rates.
    Higher,
    /// Lower is better: times, and CPU a page.
    Lower,
}

/// The effect of B over A.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// How many blocks were measured.
    pub blocks: usize,
    /// Geometric mean of B/A within the blocks; none if a block has no such ratio.
    pub ratio: Option<f64>,
    /// Its 95 % bootstrap interval over blocks; none with too few.
    pub interval: Option<Interval>,
    /// Geometric mean of A/A within the blocks; none if that was not measured in all of them.
    pub same_ratio: Option<f64>,
    /// The noise floor: the 95 % interval of A/A.
    pub same_interval: Option<Interval>,
    /// The verdict.
    pub verdict: Verdict,
}

/// The verdict on an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// B is better.
    Faster,
    /// B is worse.
    Slower,
    /// The interval contains 1: no difference.
    NoEffectSeen,
    /// The interval does not, but A differed as much from itself.
    WithinNoise,
    /// There are not enough blocks for a verdict.
    TooFewBlocks,
    /// A block has a value that is zero, negative or NaN.
    NotMeasured,
}

impl Verdict {
    /// Whether an effect was seen, in either direction.
    #[must_use]
    pub fn is_seen(self) -> bool {
        matches!(self, Self::Faster | Self::Slower)
    }
}

/// Computes the effect of B over A from blocks.
///
/// An effect is seen if its interval does not contain 1, and the ratio is outside the noise floor: the
/// A/A interval, widened to contain 1.
#[must_use]
pub fn effect(blocks: &[Block], better: Better) -> Effect {
    let ratios: Vec<f64> = blocks.iter().map(|block| block.b / block.a).collect();
    let same: Option<Vec<f64>> = blocks
        .iter()
        .map(|block| Some(block.again? / block.a))
        .collect();
    let is_measured = blocks.iter().all(|block| block.a > 0.0 && block.b > 0.0);
    let ratio = geometric_mean(&ratios).filter(|_| is_measured);
    let same = same.unwrap_or_default();
    let (same_ratio, same_interval) = (geometric_mean(&same), interval(&same));
    let interval = ratio.and_then(|_| interval(&ratios));
    let verdict = match (ratio, interval) {
        _ if blocks.len() < BLOCKS_MIN => Verdict::TooFewBlocks,
        (Some(_), Some(interval)) if interval.contains(1.0) => Verdict::NoEffectSeen,
        (Some(ratio), Some(_)) => match same_interval.map(|same| same.widened_to(1.0)) {
            Some(noise) if noise.contains(ratio) => Verdict::WithinNoise,
            _ if (ratio > 1.0) == (better == Better::Higher) => Verdict::Faster,
            _ => Verdict::Slower,
        },
        _ => Verdict::NotMeasured,
    };
    Effect {
        blocks: blocks.len(),
        ratio,
        interval,
        same_ratio,
        same_interval,
        verdict,
    }
}

fn interval(ratios: &[f64]) -> Option<Interval> {
    if ratios.len() < BLOCKS_MIN {
        return None;
    }
    bootstrap::interval(ratios, SEED, |drawn| {
        geometric_mean(drawn).unwrap_or(f64::NAN)
    })
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Faster => "faster",
            Self::Slower => "slower",
            Self::NoEffectSeen => "no effect seen",
            Self::WithinNoise => "no effect seen beyond the noise",
            Self::TooFewBlocks => "too few blocks for a verdict",
            Self::NotMeasured => "not measured",
        })
    }
}

/// As text; `{:#}` leaves out that the noise was not measured, for callers that print this once for
/// several effects.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Faster | Verdict::Slower => self.figures(f),
            Verdict::NoEffectSeen | Verdict::WithinNoise => {
                write!(f, "{}: ", self.verdict)?;
                self.figures(f)
            }
            Verdict::TooFewBlocks => {
                write!(
                    f,
                    "too few blocks for a verdict: {} of {BLOCKS_MIN}",
                    self.blocks
                )?;
                match self.ratio {
                    Some(ratio) => write!(f, "; {} so far", factor(ratio)),
                    None => Ok(()),
                }
            }
            Verdict::NotMeasured => write!(
                f,
                "not measured: a block has a value that is zero or not a number"
            ),
        }
    }
}

impl Effect {
    fn figures(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ratio.map(factor).unwrap_or_default())?;
        let Some(interval) = self.interval else {
            return Ok(());
        };
        write!(f, " ({}", spread(interval))?;
        match self.same_interval {
            Some(same) => write!(f, "; A/A {})", spread(same)),
            None if f.alternate() => write!(f, ")"),
            None => write!(f, "; A/A not measured)"),
        }
    }
}

/// A factor, as `x1.31`.
#[must_use]
pub fn factor(value: f64) -> String {
    format!("x{}", digits(value))
}

fn spread(interval: Interval) -> String {
    format!("{} to {}", digits(interval.low), digits(interval.high))
}

/// Two decimals near 1, three digits far from it.
fn digits(value: f64) -> String {
    match value {
        v if v < 0.0995 => format!("{v:.3}"),
        v if v < 9.995 => format!("{v:.2}"),
        v if v < 99.95 => format!("{v:.1}"),
        v => format!("{v:.0}"),
    }
}

#[cfg(test)]
mod tests;
