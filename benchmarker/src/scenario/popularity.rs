//! How often each value of a list is drawn.

use rand::RngExt;

/// How popular the values of a list are, by their index.
#[derive(Debug, Clone)]
pub(super) enum Popularity {
    /// All values equally.
    Uniform,
    /// Zipf's law. For each rank the cumulative weight up to it; the last is the total.
    Zipf(Box<[f64]>),
    /// The `first` values of the list share `share` of all draws, the long tail the rest; uniform
    /// within each of the two.
    Hot { first: usize, share: f64 },
}

impl Popularity {
    /// The first value is drawn `n` to the power of `exponent` times as often as the value of rank `n`.
    pub(super) fn zipf(exponent: f64, values: usize) -> Self {
        let mut total = 0.0;
        let cumulative = (1..=values).map(|rank| {
            total += (rank as f64).powf(-exponent);
            total
        });
        Self::Zipf(cumulative.collect())
    }

    /// The index of the next value in a list of `values`, at least one.
    pub(super) fn draw(&self, values: usize, random: &mut impl RngExt) -> usize {
        match self {
            Self::Uniform => random.random_range(0..values),
            Self::Zipf(cumulative) => {
                let total = cumulative.last().copied().unwrap_or(1.0);
                let drawn = random.random_range(0.0..total);
                cumulative
                    .partition_point(|up_to| *up_to <= drawn)
                    .min(values - 1)
            }
            Self::Hot { first, share } if *first < values => {
                if random.random_bool(*share) {
                    random.random_range(0..*first)
                } else {
                    random.random_range(*first..values)
                }
            }
            Self::Hot { .. } => random.random_range(0..values),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    const VALUES: usize = 50;
    const DRAWS: usize = 40_000;

    /// Pearson's chi-squared; with 49 degrees of freedom it exceeds 85 once in a thousand seeds.
    fn distance(law: &Popularity, expected: impl Fn(usize) -> f64) -> f64 {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut drawn = [0_usize; VALUES];
        for _ in 0..DRAWS {
            drawn[law.draw(VALUES, &mut random)] += 1;
        }
        drawn
            .iter()
            .enumerate()
            .map(|(place, drawn)| {
                let expected = DRAWS as f64 * expected(place);
                (*drawn as f64 - expected).powi(2) / expected
            })
            .sum()
    }

    #[test]
    fn values_are_drawn_as_often_as_their_law_says() {
        let alike = distance(&Popularity::Uniform, |_| 1.0 / VALUES as f64);
        assert!(alike < 85.0, "{alike}");
        for exponent in [0.7, 1.0, 1.5] {
            let weight = |place: usize| ((place + 1) as f64).powf(-exponent);
            let whole: f64 = (0..VALUES).map(weight).sum();
            let zipf = distance(&Popularity::zipf(exponent, VALUES), |place| {
                weight(place) / whole
            });
            assert!(zipf < 85.0, "{exponent}: {zipf}");
        }
        let hot = Popularity::Hot {
            first: 10,
            share: 0.9,
        };
        let hot = distance(&hot, |place| if place < 10 { 0.09 } else { 0.1 / 40.0 });
        assert!(hot < 85.0, "{hot}");
    }

    #[test]
    fn another_law_is_told_apart() {
        let flat = distance(&Popularity::zipf(1.0, VALUES), |_| 1.0 / VALUES as f64);
        assert!(flat > 1000.0, "{flat}");
    }

    proptest! {
        #[test]
        fn a_draw_is_always_in_the_list(
            values in 1_usize..300, exponent in 0.0..3.0, first in 1_usize..300, share in 0.0..=1.0,
            seed: u64,
        ) {
            let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
            for law in [
                Popularity::Uniform,
                Popularity::zipf(exponent, values),
                Popularity::Hot { first, share },
            ] {
                for _ in 0..50 {
                    prop_assert!(law.draw(values, &mut random) < values);
                }
            }
        }
    }
}
