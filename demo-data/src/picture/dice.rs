//! What a seed leaves to chance in a picture.

use super::maths::lerp;
use crate::split_mix::SplitMix64;

/// The random numbers of a picture for one purpose.
#[derive(Clone, Debug)]
pub(crate) struct Dice(SplitMix64);

impl Dice {
    pub(crate) fn new(seed: u64, purpose: u64) -> Self {
        let mut dice = Self(SplitMix64(
            seed ^ purpose.wrapping_mul(0xd134_2543_de82_ef95),
        ));
        dice.next();
        dice
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0.next()
    }

    /// Evenly from zero to one.
    pub(crate) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / 16_777_216.0
    }

    pub(crate) fn range(&mut self, low: f32, high: f32) -> f32 {
        lerp(low, high, self.unit())
    }

    pub(crate) fn chance(&mut self, probability: f32) -> bool {
        self.unit() < probability
    }

    /// An index below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (((self.next() >> 32) * count as u64) >> 32) as usize
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Minus one or one.
    pub(crate) fn sign(&mut self) -> f32 {
        if self.chance(0.5) { 1.0 } else { -1.0 }
    }
}
