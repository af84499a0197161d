use std::time::Duration;

use toml::Spanned;

use super::place::Text;
use super::written;
use crate::{Error, Stages, Think};

/// How long a stage lasts where nothing is said.
const DURATION: Duration = Duration::from_secs(10);
/// How many visitors may be there at once: each holds at least one connection.
const USERS_MAX: u32 = 10_000;
/// How many steps may be due a second.
const RATE_MAX: f64 = 100_000.0;

/// What the strength of a load counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    /// Visitors who are there at once: when one goes, the next comes. A closed load.
    Users,
    /// Steps that are due a second, whoever is still at the last one. An open load.
    Rate,
}

/// A part of a run with one strength.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Stage {
    /// The strength it reaches, in what [`Load::counts`] says.
    pub(super) strength: f64,
    /// How long it lasts, its ramp included.
    pub(super) lasts: Duration,
    /// How long it takes from the strength before (at first: none) to its own, in a straight line.
    pub(super) ramp: Duration,
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
pub(crate) struct Load {
    /// What the strengths count.
    pub(crate) counts: Counts,
    /// One after the other; empty when the scenario leaves the load to the command line.
    pub(super) stages: Vec<Stage>,
    /// How long load of the first stage is applied before anything is counted, where the scenario
    /// says so.
    pub(super) warmup: Option<Duration>,
    /// How long a visitor thinks before each step but the first, where the step does not say.
    pub(super) think: Think,
}

impl Load {
    /// How long all stages last together.
    pub(super) fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.lasts).sum()
    }

    /// The same for a plan; none when the scenario leaves the load to the command line.
    pub(super) fn planned(&self) -> Result<Option<crate::Load>, Error> {
        if self.stages.is_empty() {
            return Ok(None);
        }
        let mut before = 0.0;
        let mut parts = Vec::new();
        for stage in &self.stages {
            let to = stage.strength;
            parts.push((before, to, stage.ramp));
            parts.push((to, to, stage.lasts - stage.ramp));
            before = to;
        }
        let stages = parts
            .into_iter()
            .filter(|(_, _, time)| !time.is_zero())
            .map(|(from, to, time)| crate::Stage { from, to, time });
        let stages = Stages::of(stages.collect())?;
        Ok(Some(match self.counts {
            Counts::Users => crate::Load::Closed {
                think: self.think,
                users: Some(stages),
            },
            Counts::Rate => crate::Load::Open(stages),
        }))
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
                            "a duration needs a strength: users = 50, or rate = 20 steps a second",
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
                "a stage has a strength: users = 50, or rate = 20 steps a second",
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
            format!("a rate is more than 0 and at most {RATE_MAX} steps a second"),
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
    use super::*;

    fn load(text: &str) -> Result<Load, Error> {
        let written = toml::from_str(text).map_err(|error| Text(text).unreadable(&error))?;
        Load::build(Text(text), &written)
    }

    fn strength_at(load: &Load, second: f64) -> f64 {
        let (crate::Load::Closed {
            users: Some(stages),
            ..
        }
        | crate::Load::Open(stages)) = load.planned().unwrap().unwrap()
        else {
            panic!("no stages");
        };
        stages.at(Duration::from_secs_f64(second))
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
            let strength = strength_at(&load, second);
            assert!((strength - expected).abs() < 1e-9, "{second}: {strength}");
        }
    }

    #[test]
    fn a_load_without_stages_has_one_and_no_load_has_none() {
        let one = load("rate = 20.0\nduration = \"1m\"").unwrap();
        assert_eq!((one.counts, strength_at(&one, 0.0)), (Counts::Rate, 20.0));
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
}
