//! How much load, and when: page views follow each other (closed), or are due at planned instants (open).

mod parse;

use std::time::Duration;

use rand::RngExt;
use rand::rngs::Xoshiro256PlusPlus;

use crate::Error;

pub use parse::parse_time;

/// The highest rate of a plan, in page views a second.
const RATE_MAX: f64 = 10_000_000.0;
/// The lowest rate: one page view in a quarter of an hour.
const RATE_MIN: f64 = 0.001;
/// How many stages a plan may have.
const STAGES_MAX: usize = 1000;

/// When page views begin.
#[derive(Debug, Clone, PartialEq)]
pub enum Load {
    /// Closed: each browser begins its next page view after the last one and the think time.
    Closed {
        /// The think time between two page views of one browser.
        think: Think,
        /// How many browsers work over time; none: all browsers, all the time.
        users: Option<Stages>,
    },
    /// Open: page views are due at planned instants, whether or not the server has answered the earlier
    /// ones. Times are counted from these instants.
    Open(Stages),
}

/// The think time between two page views of one browser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Think {
    /// Always the same.
    Fixed(Duration),
    /// Exponentially distributed with this mean, as in TPC-W (clause 5.3.1.1), truncated at ten times the
    /// mean.
    Exponential(Duration),
}

impl Think {
    /// No think time.
    pub const NONE: Self = Self::Fixed(Duration::ZERO);

    /// Draws a think time.
    pub(crate) fn draw(self, random: &mut Xoshiro256PlusPlus) -> Duration {
        match self {
            Self::Fixed(time) => time,
            Self::Exponential(mean) => {
                let even: f64 = random.random_range(f64::EPSILON..1.0);
                mean.mul_f64((-even.ln()).min(10.0))
            }
        }
    }
}

/// A quantity over time: page views a second, or working browsers. Each stage goes from one value to
/// another linearly; after the last stage the value stays.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages(Vec<Stage>);

/// One stage.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// The value at its beginning.
    pub from: f64,
    /// The value at its end.
    pub to: f64,
    /// How long it lasts.
    pub time: Duration,
}

impl Stages {
    /// The same value all the time.
    ///
    /// # Errors
    /// When the value is below 0.001 or above ten million.
    pub fn constant(value: f64) -> Result<Self, Error> {
        Self::of(vec![Stage {
            from: value,
            to: value,
            time: Duration::ZERO,
        }])
    }

    /// One stage after another.
    ///
    /// # Errors
    /// When there is no stage, or too many, when a value is not a load, or the last one is 0.
    pub fn of(stages: Vec<Stage>) -> Result<Self, Error> {
        if stages.is_empty() || stages.len() > STAGES_MAX {
            return Err(Error::invalid(format!(
                "a load has 1 to {STAGES_MAX} stages, not {}",
                stages.len()
            )));
        }
        let values = stages.iter().flat_map(|stage| [stage.from, stage.to]);
        for value in values {
            if !(0.0..=RATE_MAX).contains(&value) {
                return Err(Error::invalid(format!(
                    "a load of {value} is not possible: 0 to {RATE_MAX} is"
                )));
            }
        }
        if stages.last().is_none_or(|last| last.to < RATE_MIN) {
            return Err(Error::invalid(
                "a load must end with more than 0, because its last value holds after the last stage",
            ));
        }
        Ok(Self(stages))
    }

    /// The value at a time since the beginning.
    #[must_use]
    pub fn at(&self, time: Duration) -> f64 {
        let mut left = time;
        for stage in &self.0 {
            if left < stage.time {
                let part = left.as_secs_f64() / stage.time.as_secs_f64();
                return stage.from + (stage.to - stage.from) * part;
            }
            left -= stage.time;
        }
        self.0.last().map_or(0.0, |last| last.to)
    }

    /// How long all stages last.
    #[must_use]
    pub fn total(&self) -> Duration {
        self.0.iter().map(|stage| stage.time).sum()
    }

    /// The same, preceded by a time with the first value.
    pub(crate) fn after(&self, time: Duration) -> Self {
        let first = self.0.first().map_or(0.0, |first| first.from);
        let before = Stage {
            from: first,
            to: first,
            time,
        };
        Self([&[before], &self.0[..]].concat())
    }

    /// The greatest value.
    #[must_use]
    pub fn most(&self) -> f64 {
        let values = self.0.iter().flat_map(|stage| [stage.from, stage.to]);
        values.fold(0.0, f64::max)
    }

    /// The integral up to a time: the number of page views, when the value is a rate.
    #[must_use]
    pub fn until(&self, time: Duration) -> f64 {
        let (mut left, mut sum) = (time, 0.0);
        for stage in &self.0 {
            let part = left.min(stage.time);
            if part < stage.time {
                return sum + (stage.from + self.at(time)) / 2.0 * part.as_secs_f64();
            }
            sum += (stage.from + stage.to) / 2.0 * part.as_secs_f64();
            left -= part;
        }
        sum + self.at(time) * left.as_secs_f64()
    }

    /// The planned instant of page view `number`: the time at which the integral reaches it. The first is
    /// 0, due at the beginning.
    #[must_use]
    pub fn instant(&self, number: u64) -> Duration {
        let mut missing = number as f64;
        let mut begin = 0.0;
        for stage in &self.0 {
            let time = stage.time.as_secs_f64();
            let here = (stage.from + stage.to) / 2.0 * time;
            if missing < here {
                return Duration::from_secs_f64(begin + within(stage, time, missing));
            }
            missing -= here;
            begin += time;
        }
        let rate = self.0.last().map_or(1.0, |last| last.to);
        Duration::from_secs_f64(begin + missing / rate)
    }
}

/// The time within a stage at which its integral reaches `count`, which is less than its total.
/// With the slope a of the rate, a/2 t^2 + from t = count; solved without cancellation.
fn within(stage: &Stage, time: f64, count: f64) -> f64 {
    let slope = (stage.to - stage.from) / time;
    let root = (stage.from * stage.from + 2.0 * slope * count)
        .max(0.0)
        .sqrt();
    let at = 2.0 * count / (stage.from + root);
    if at.is_finite() { at.min(time) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::SeedableRng;

    use super::*;

    fn stages() -> impl Strategy<Value = Stages> {
        let value = prop_oneof![Just(0.0), 0.1..5000.0_f64];
        let stage = (value.clone(), value, 1..5000_u64).prop_map(|(from, to, ms)| Stage {
            from,
            to,
            time: Duration::from_millis(ms),
        });
        (prop::collection::vec(stage, 0..5), 0.5..3000.0_f64).prop_map(|(mut stages, last)| {
            stages.push(Stage {
                from: last,
                to: last,
                time: Duration::ZERO,
            });
            Stages::of(stages).unwrap()
        })
    }

    proptest! {
        #[test]
        fn as_many_are_due_by_an_instant_as_have_come_together(stages in stages(), number in 0..20_000_u64) {
            let at = stages.instant(number);
            let together = stages.until(at);
            prop_assert!((together - number as f64).abs() < 1e-3 * (1.0 + number as f64), "{together} at {at:?}");
        }

        #[test]
        fn instants_never_go_back(stages in stages(), number in 0..20_000_u64) {
            prop_assert!(stages.instant(number) <= stages.instant(number + 1));
        }

        #[test]
        fn a_constant_rate_is_an_even_row(rate in 0.1..100_000.0_f64, number in 0..1_000_000_u64) {
            let at = Stages::constant(rate).unwrap().instant(number).as_secs_f64();
            prop_assert!((at - number as f64 / rate).abs() < 1e-6);
        }
    }

    #[test]
    fn a_ramp_has_its_middle_in_the_middle() {
        let stages = Stages::of(vec![Stage {
            from: 0.0,
            to: 100.0,
            time: Duration::from_secs(10),
        }])
        .unwrap();
        assert_eq!(stages.at(Duration::from_secs(5)), 50.0);
        assert_eq!(stages.until(Duration::from_secs(10)), 500.0);
        assert_eq!(stages.until(Duration::from_secs(11)), 600.0);
        assert_eq!(stages.most(), 100.0);
    }

    #[test]
    fn what_is_no_load_is_refused() {
        assert!(Stages::constant(0.0).is_err());
        assert!(Stages::constant(f64::NAN).is_err());
        assert!(Stages::constant(-1.0).is_err());
        assert!(Stages::of(vec![]).is_err());
    }

    #[test]
    fn thinking_has_the_mean_it_says() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(7);
        let think = Think::Exponential(Duration::from_secs(7));
        let sum: Duration = (0..20_000).map(|_| think.draw(&mut random)).sum();
        let mean = sum.as_secs_f64() / 20_000.0;
        // The standard error of 20,000 draws is 7 / sqrt(20,000) = 0.05.
        assert!((mean - 7.0).abs() < 0.2, "{mean}");
    }
}
