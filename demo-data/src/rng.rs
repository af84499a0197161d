//! Random numbers that are the same on every machine and in every version, as the demo set must be.
//!
//! All of them follow from the seed: they look random and are not.

use crate::split_mix::{SplitMix64, mix};

/// What random numbers are for: the title and the fans of one row are drawn independently.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Person = 1,
    Account,
    Joined,
    Rank,
    Uploads,
    Visibility,
    Words,
    Trip,
    Token,
    Tags,
    Popularity,
    Fans,
    Talk,
    Following,
    Views,
    TalkTimes,
}

/// The random numbers of one row for one purpose.
#[derive(Clone, Debug)]
pub(crate) struct Rng(SplitMix64);

impl Rng {
    /// The generator of one row for one purpose.
    pub(crate) fn new(seed: u64, purpose: Purpose, row: u64) -> Self {
        Self(SplitMix64(mix(
            seed.wrapping_add(mix(row.wrapping_add(mix(purpose as u64))))
        )))
    }

    /// 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next()
    }

    /// A number from zero up to, but without, `end`; zero if there is none.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        ((u64::from(end) * (self.bits() >> 32)) >> 32) as u32
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn within(&mut self, low: u32, high: u32) -> u32 {
        low + self.below(high - low + 1)
    }

    /// A number from zero up to, but without, one.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True in `percent` of a hundred calls.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of several, all equally likely. The list must not be empty.
    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }

    /// One of several, the first more likely than the last. The list must not be empty.
    pub(crate) fn pick_early<T: Copy>(&mut self, from: &[T]) -> T {
        let unit = self.unit();
        from[(unit * unit * from.len() as f64) as usize]
    }
}

/// A long-tailed distribution of ranks: rank 0 is drawn most often.
///
/// The density falls with `(rank + shift) ^ -(1 - 1 / power)`. Its inverse is a whole power, so
/// that a draw costs a few multiplications and is the same on every machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LongTail {
    low: f64,
    high: f64,
    shift: f64,
    power: i32,
    count: u32,
}

impl LongTail {
    /// The distribution over `count` ranks; the greater the power, the more often the first is drawn.
    pub(crate) fn new(count: u32, shift: f64, power: i32) -> Self {
        let root = |x: f64| x.powf(1.0 / f64::from(power));
        Self {
            low: root(shift),
            high: root(f64::from(count) + shift),
            shift,
            power,
            count,
        }
    }

    /// A rank.
    pub(crate) fn draw(&self, rng: &mut Rng) -> u32 {
        let x = self.low + (self.high - self.low) * rng.unit();
        ((x.powi(self.power) - self.shift) as u32).min(self.count.saturating_sub(1))
    }
}

/// Distributes whole things by weights without loss: the shares add up to the sum of all weights,
/// rounded.
#[derive(Default)]
pub(crate) struct Sharer {
    weights: f64,
    given: u64,
}

impl Sharer {
    /// The whole share of one weight.
    pub(crate) fn share(&mut self, weight: f64) -> u32 {
        self.weights += weight;
        // A hair more than the sum, so that rounding errors do not lose the last one.
        let due = (self.weights + 1e-6) as u64;
        let share = due.saturating_sub(self.given);
        self.given += share;
        share as u32
    }
}

/// Fills a list with `count` different values, sorted. `draw` must have far more values than that.
pub(crate) fn distinct(count: u32, into: &mut Vec<u32>, mut draw: impl FnMut() -> Option<u32>) {
    into.clear();
    while into.len() < count as usize {
        for _ in into.len()..count as usize {
            into.extend(draw());
        }
        into.sort_unstable();
        into.dedup();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_neighbours_differ_and_repeat() {
        let first = |row| Rng::new(1, Purpose::Words, row).bits();
        assert_eq!(first(7), first(7));
        assert_ne!(first(7), first(8));
        assert_ne!(first(7), Rng::new(2, Purpose::Words, 7).bits());
        assert_ne!(first(7), Rng::new(1, Purpose::Tags, 7).bits());
    }

    #[test]
    fn a_long_tail_stays_in_its_ranks_and_loves_the_first() {
        let law = LongTail::new(1_000, 10.0, 4);
        let mut rng = Rng::new(1, Purpose::Fans, 1);
        let mut first = 0;
        for _ in 0..10_000 {
            let rank = law.draw(&mut rng);
            assert!(rank < 1_000);
            first += u32::from(rank < 100);
        }
        assert!(
            (3_000..7_000).contains(&first),
            "{first} of 10,000 among the first tenth"
        );
    }

    #[test]
    fn shares_add_up() {
        let mut sharer = Sharer::default();
        let sum: u32 = (0..1_000).map(|_| sharer.share(0.3)).sum();
        assert_eq!(sum, 300);
    }
}
