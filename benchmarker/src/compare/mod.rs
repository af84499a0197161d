//! Says whether one thing is faster than another, and when that cannot be said.
//!
//! The honest way is [`effect`]: both measured by turns in blocks, the ratio taken within each block, so
//! that whatever slows the machine slows both. Two runs that were saved on their own have no blocks;
//! what can be said of them, and what not, is in [`Pair`].

mod pair;
mod quantiles;

use std::fmt;

use serde::{Deserialize, Serialize};

pub use pair::{CAUTION, Pair, Rates};
pub use quantiles::{QuantileRow, quantile_table};

use crate::stats::{Interval, bootstrap, geometric_mean};

/// With fewer blocks no 95 % can be said at all: that five ratios all lie on one side happens by chance
/// in 1 of 16 experiments without any effect, with six in 1 of 32. Ten are better.
pub const BLOCKS_MIN: usize = 6;

/// The same blocks always give the same interval.
const SEED: u64 = 1;

/// One block: the same quantity of both, measured one after the other in random order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Block {
    /// Of A.
    pub a: f64,
    /// Of B.
    pub b: f64,
    /// Of A once more, under another name; none if the noise is not measured.
    pub again: Option<f64>,
}

/// Which way the quantity is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// More is better: rates.
    Higher,
    /// Less is better: times, and CPU a page.
    Lower,
}

/// What B makes of A.
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
    /// What can be said.
    pub verdict: Verdict,
}

/// What can be said of an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// B is better.
    Faster,
    /// B is worse.
    Slower,
    /// The interval holds "no difference".
    NoEffectSeen,
    /// The interval does not, but the same thing twice differed as much.
    WithinNoise,
    /// Not enough blocks to say anything.
    TooFewBlocks,
    /// A block has a value that is zero, negative or no number.
    NotMeasured,
}

impl Verdict {
    /// Whether an effect was seen, in either direction.
    #[must_use]
    pub fn is_seen(self) -> bool {
        matches!(self, Self::Faster | Self::Slower)
    }
}

/// Takes the effect of B over A from blocks.
///
/// An effect is seen if its interval leaves out 1, and the ratio lies outside the noise floor, which is
/// the A/A interval, widened to 1 if it leaves that out.
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
            Self::TooFewBlocks => "too few blocks to say",
            Self::NotMeasured => "not measured",
        })
    }
}

/// In words; `{:#}` leaves out that the noise was not measured, where one says it of many at once.
impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verdict {
            Verdict::Faster | Verdict::Slower => self.figures(f),
            Verdict::NoEffectSeen | Verdict::WithinNoise => {
                write!(f, "{}: ", self.verdict)?;
                self.figures(f)
            }
            Verdict::TooFewBlocks => {
                write!(f, "too few blocks to say: {} of {BLOCKS_MIN}", self.blocks)?;
                match self.ratio {
                    Some(ratio) => write!(f, "; {} so far", factor(ratio)),
                    None => Ok(()),
                }
            }
            Verdict::NotMeasured => write!(
                f,
                "not measured: a block has a value that is zero or no number"
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
            Some(same) => write!(f, "; the same twice {})", spread(same)),
            None if f.alternate() => write!(f, ")"),
            None => write!(f, "; the noise was not measured)"),
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

/// Two decimals tell factors near 1 apart; far from it three figures do.
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
