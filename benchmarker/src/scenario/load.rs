use std::time::Duration;

use rand::RngExt;
use toml::Spanned;

use super::place::Text;
use super::written;
use crate::Error;

/// How long a stage lasts where nothing is said.
const DURATION: Duration = Duration::from_secs(10);
/// How many visitors may be there at once: each holds at least one connection.
const USERS_MAX: u32 = 10_000;
/// How many visitors may come a second.
const RATE_MAX: f64 = 100_000.0;
/// How long a visitor thinks at most, in means: the law has no end, a run has. As in TPC-W.
const THINK_MEANS_MAX: f64 = 10.0;

/// What the strength of a load counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Visitors who are there at once: when one goes, the next comes. A closed load.
    Users,
    /// Visitors who come a second, whoever is still there. An open load.
    Rate,
}

/// A part of a run with one strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Stage {
    /// The strength it reaches, in what [`Load::counts`] says.
    pub strength: f64,
    /// How long it lasts, its ramp included.
    pub lasts: Duration,
    /// How long it takes from the strength before (at first: none) to its own, in a straight line.
    pub ramp: Duration,
}

/// How long a visitor waits between an answer and the next request.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Think {
    /// Always so long.
    Fixed(Duration),
    /// Drawn from the exponential law with this mean; at most ten times as long.
    Exponential(Duration),
}

impl Think {
    pub(super) fn draw(self, random: &mut impl RngExt) -> Duration {
        match self {
            Self::Fixed(time) => time,
            Self::Exponential(mean) => {
                let even: f64 = random.random_range(0.0..1.0);
                mean.mul_f64((-(1.0 - even).ln()).min(THINK_MEANS_MAX))
            }
        }
    }
}

impl From<written::Think> for Think {
    fn from(written: written::Think) -> Self {
        match written {
            written::Think::Fixed(time) => Self::Fixed(time.0),
            written::Think::Drawn { mean } => Self::Exponential(mean.0),
        }
    }
}

/// The load that a scenario asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// What the strengths count.
    pub counts: Counts,
    /// One after the other; empty when the scenario leaves the load to the command line.
    pub stages: Vec<Stage>,
    /// How long load of the first stage is applied before anything is counted, where the scenario
    /// says so.
    pub warmup: Option<Duration>,
    /// How long a visitor thinks before each step but the first, where the step does not say.
    pub think: Think,
}

impl Load {
    /// How long all stages last together.
    #[must_use]
    pub fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.lasts).sum()
    }

    /// The strength so long after the beginning; nothing when there are no stages, and after the last
    /// one its strength still.
    #[must_use]
    pub fn at(&self, since: Duration) -> f64 {
        let mut begins = Duration::ZERO;
        let mut before = 0.0;
        for stage in &self.stages {
            if since < begins + stage.lasts {
                let within = since - begins;
                return if within < stage.ramp {
                    let done = within.as_secs_f64() / stage.ramp.as_secs_f64();
                    before + (stage.strength - before) * done
                } else {
                    stage.strength
                };
            }
            begins += stage.lasts;
            before = stage.strength;
        }
        before
    }

    pub(super) fn build(text: Text<'_>, written: &written::Load) -> Result<Self, Error> {
        let (counts, stages) = match (&written.stages, &written.duration) {
            (Some(stages), None) => {
                if let Some(at) = place_of(written) {
                    return Err(text.wrong(
                        &at,
                        "a load has either stages or one strength: write it as the first stage",
                    ));
                }
                build_stages(text, stages)?
            }
            (Some(_), Some(duration)) => {
                return Err(text.wrong(
                    &duration.span(),
                    "the stages say how long they last: leave the duration out",
                ));
            }
            (None, duration) => {
                let at = place_of(written)
                    .or(duration.as_ref().map(Spanned::span))
                    .unwrap_or_default();
                let lasts = match duration {
                    Some(duration) => positive(text, duration, "a duration")?,
                    None => DURATION,
                };
                match strength(text, &at, written.users.as_ref(), written.rate.as_ref())? {
                    Some((counts, strength)) => {
                        let ramp = Duration::ZERO;
                        let stage = Stage {
                            strength,
                            lasts,
                            ramp,
                        };
                        (counts, vec![stage])
                    }
                    None if duration.is_some() => {
                        return Err(text.wrong(
                            &at,
                            "a duration needs a strength: users = 50, or rate = 20 visitors a second",
                        ));
                    }
                    None => (Counts::Users, Vec::new()),
                }
            }
        };
        Ok(Self {
            counts,
            stages,
            warmup: written.warmup.map(|time| time.0),
            think: written
                .think
                .map_or(Think::Fixed(Duration::ZERO), Think::from),
        })
    }
}

type Place = std::ops::Range<usize>;

fn place_of(written: &written::Load) -> Option<Place> {
    let users = written.users.as_ref().map(Spanned::span);
    users.or(written.rate.as_ref().map(Spanned::span))
}

fn build_stages(
    text: Text<'_>,
    written: &Spanned<Vec<Spanned<written::Stage>>>,
) -> Result<(Counts, Vec<Stage>), Error> {
    let mut kind = None;
    let mut stages = Vec::new();
    for stage in written.get_ref() {
        let at = stage.span();
        let stage = stage.get_ref();
        let Some((counts, strength)) =
            strength(text, &at, stage.users.as_ref(), stage.rate.as_ref())?
        else {
            return Err(text.wrong(
                &at,
                "a stage has a strength: users = 50, or rate = 20 visitors a second",
            ));
        };
        if *kind.get_or_insert(counts) != counts {
            return Err(text.wrong(&at, "all stages count the same: users, or a rate"));
        }
        let lasts = positive(text, &stage.lasts, "a stage")?;
        let ramp = stage
            .ramp
            .as_ref()
            .map_or(Duration::ZERO, |time| time.get_ref().0);
        if let Some(written) = stage.ramp.as_ref().filter(|_| ramp > lasts) {
            return Err(text.wrong(
                &written.span(),
                "the ramp is a part of its stage and cannot last longer",
            ));
        }
        stages.push(Stage {
            strength,
            lasts,
            ramp,
        });
    }
    match kind {
        Some(counts) => Ok((counts, stages)),
        None => Err(text.wrong(
            &written.span(),
            r#"stages need at least one, such as { users = 50, for = "30s" }"#,
        )),
    }
}

fn strength(
    text: Text<'_>,
    at: &Place,
    users: Option<&Spanned<u32>>,
    rate: Option<&Spanned<f64>>,
) -> Result<Option<(Counts, f64)>, Error> {
    match (users, rate) {
        (Some(_), Some(_)) => Err(text.wrong(
            at,
            "users and rate are two kinds of load: choose one of them",
        )),
        (Some(users), None) if !(1..=USERS_MAX).contains(users.get_ref()) => Err(text.wrong(
            &users.span(),
            format!("users are 1 to {USERS_MAX}, not {}", users.get_ref()),
        )),
        (Some(users), None) => Ok(Some((Counts::Users, f64::from(*users.get_ref())))),
        (None, Some(rate)) if *rate.get_ref() > 0.0 && *rate.get_ref() <= RATE_MAX => {
            Ok(Some((Counts::Rate, *rate.get_ref())))
        }
        (None, Some(rate)) => Err(text.wrong(
            &rate.span(),
            format!("a rate is more than 0 and at most {RATE_MAX} visitors a second"),
        )),
        (None, None) => Ok(None),
    }
}

fn positive(text: Text<'_>, time: &Spanned<written::Time>, what: &str) -> Result<Duration, Error> {
    let lasts = time.get_ref().0;
    if lasts.is_zero() {
        return Err(text.wrong(&time.span(), format!("{what} lasts longer than nothing")));
    }
    Ok(lasts)
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand::rngs::Xoshiro256PlusPlus;

    use super::*;

    fn load(text: &str) -> Result<Load, Error> {
        let written = toml::from_str(text).map_err(|error| Text(text).unreadable(&error))?;
        Load::build(Text(text), &written)
    }

    #[test]
    fn the_strength_follows_the_stages_and_their_ramps() {
        let load = load(
            r#"stages = [{ users = 50, for = "10s", ramp = "5s" }, { users = 100, for = "10s", ramp = "10s" }]"#,
        )
        .unwrap();
        assert_eq!(load.duration(), Duration::from_secs(20));
        for (second, expected) in [
            (0.0, 0.0),
            (2.5, 25.0),
            (5.0, 50.0),
            (9.0, 50.0),
            (15.0, 75.0),
            (99.0, 100.0),
        ] {
            let strength = load.at(Duration::from_secs_f64(second));
            assert!((strength - expected).abs() < 1e-9, "{second}: {strength}");
        }
    }

    #[test]
    fn a_load_without_stages_has_one_and_no_load_has_none() {
        let one = load("rate = 20.0\nduration = \"1m\"").unwrap();
        assert_eq!((one.counts, one.at(Duration::ZERO)), (Counts::Rate, 20.0));
        assert_eq!(one.duration(), Duration::from_secs(60));
        assert!(load("think = \"2s\"").unwrap().stages.is_empty());
    }

    #[test]
    fn a_load_that_makes_no_sense_is_refused_with_its_place() {
        for (text, said) in [
            ("users = 5\nrate = 2.0", "line 1, column 9"),
            ("users = 0", "1 to 10000"),
            ("rate = -1.0", "more than 0"),
            ("duration = \"5s\"", "needs a strength"),
            ("users = 5\nduration = \"0s\"", "line 2, column 12"),
            ("users = 5\nstages = []", "either stages or one strength"),
            ("stages = []", "at least one"),
            ("stages = [{ for = \"5s\" }]", "has a strength"),
            (
                "stages = [{ users = 5, for = \"5s\", ramp = \"6s\" }]",
                "cannot last longer",
            ),
            (
                "stages = [{ users = 5, for = \"5s\" }, { rate = 5.0, for = \"5s\" }]",
                "count the same",
            ),
            (
                "stages = [{ users = 5, for = \"5\" }]",
                "number with its unit",
            ),
            ("think = 5", "a time such as"),
            ("think = { mean = \"5s\", law = \"normal\" }", "exponential"),
        ] {
            let error = load(text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }

    #[test]
    fn exponential_thinking_has_its_mean_and_an_end() {
        let mut random = Xoshiro256PlusPlus::seed_from_u64(1);
        let think = Think::Exponential(Duration::from_secs(7));
        let times: Vec<f64> = (0..20_000)
            .map(|_| think.draw(&mut random).as_secs_f64())
            .collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        assert!((mean - 7.0).abs() < 0.2, "{mean}");
        assert!(times.iter().all(|time| *time <= 70.0));
    }
}
