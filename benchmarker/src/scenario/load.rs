//! The load of a scenario: users or a rate, in stages.

use std::time::Duration;

use toml::Spanned;

use super::place::Text;
use super::shorthand::Time;
use super::written;
use crate::{Error, Stages, Think};

/// How long the load lasts where the file sets no duration.
const DURATION: Duration = Duration::from_secs(10);
/// How many users there may be at once: each holds at least one connection.
const USERS_MAX: u32 = 10_000;
/// How many steps may be due a second.
const RATE_MAX: f64 = 100_000.0;

/// The unit of a load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// Concurrent users: when one leaves, the next arrives. A closed load.
    Users,
    /// Steps that are due a second, whether or not the earlier ones were answered. An open load.
    Rate,
}

/// A part of the run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stage {
    /// The load that it reaches, in the [`Unit`] of the scenario.
    target: f64,
    /// How long it lasts, its ramp included.
    duration: Duration,
    /// How long the linear rise from the stage before (at first: from 0) takes.
    ramp: Duration,
}

/// The load of a scenario.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Load {
    unit: Unit,
    /// One after the other; empty when the file leaves the load to the command line.
    stages: Vec<Stage>,
    /// How long the first stage's load is applied before anything is counted, where the file sets it.
    pub(super) warmup: Option<Duration>,
    /// The think time before each step but the first, where the step sets none.
    pub(super) think: Think,
}

impl Load {
    /// How long all stages last together.
    pub(super) fn duration(&self) -> Duration {
        self.stages.iter().map(|stage| stage.duration).sum()
    }

    /// The same for a plan; none when the file leaves the load to the command line.
    pub(super) fn planned(&self) -> Result<Option<crate::Load>, Error> {
        if self.stages.is_empty() {
            return Ok(None);
        }
        let mut before = 0.0;
        let mut parts = Vec::new();
        for stage in &self.stages {
            let to = stage.target;
            parts.push((before, to, stage.ramp));
            parts.push((to, to, stage.duration - stage.ramp));
            before = to;
        }
        let stages = parts
            .into_iter()
            .filter(|(_, _, time)| !time.is_zero())
            .map(|(from, to, time)| crate::Stage { from, to, time });
        let stages = Stages::of(stages.collect())?;
        Ok(Some(match self.unit {
            Unit::Users => crate::Load::Closed {
                think: self.think,
                users: Some(stages),
            },
            Unit::Rate => crate::Load::Open(stages),
        }))
    }

    pub(super) fn build(text: Text<'_>, written: &written::Load) -> Result<Self, Error> {
        let (unit, stages) = match (&written.stages, &written.duration) {
            (Some(stages), None) => {
                if let Some(at) = place_of(written) {
                    return Err(text.error_at(
                        &at,
                        "a load has either stages, or users or a rate: write it as the first stage",
                    ));
                }
                build_stages(text, stages)?
            }
            (Some(_), Some(duration)) => {
                return Err(text.error_at(
                    &duration.span(),
                    "each stage has its own duration: leave this one out",
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
                match target(text, &at, written.users.as_ref(), written.rate.as_ref())? {
                    Some((unit, target)) => {
                        let stage = Stage {
                            target,
                            duration: lasts,
                            ramp: Duration::ZERO,
                        };
                        (unit, vec![stage])
                    }
                    None if duration.is_some() => {
                        return Err(text.error_at(
                            &at,
                            "a duration needs a load: users = 50, or rate = 20 steps a second",
                        ));
                    }
                    None => (Unit::Users, Vec::new()),
                }
            }
        };
        Ok(Self {
            unit,
            stages,
            warmup: written.warmup.map(|time| time.0),
            think: written.think.map_or(Think::NONE, |think| think.0),
        })
    }
}

/// A range of bytes of the file.
type Place = std::ops::Range<usize>;

fn place_of(written: &written::Load) -> Option<Place> {
    let users = written.users.as_ref().map(Spanned::span);
    users.or(written.rate.as_ref().map(Spanned::span))
}

fn build_stages(
    text: Text<'_>,
    written: &Spanned<Vec<Spanned<written::Stage>>>,
) -> Result<(Unit, Vec<Stage>), Error> {
    let mut common = None;
    let mut stages = Vec::new();
    for stage in written.get_ref() {
        let at = stage.span();
        let stage = stage.get_ref();
        let Some((unit, target)) = target(text, &at, stage.users.as_ref(), stage.rate.as_ref())?
        else {
            return Err(text.error_at(
                &at,
                "a stage has a load: users = 50, or rate = 20 steps a second",
            ));
        };
        if *common.get_or_insert(unit) != unit {
            return Err(text.error_at(&at, "all stages have the same unit: users, or a rate"));
        }
        let duration = positive(text, &stage.duration, "a stage")?;
        let ramp = stage
            .ramp
            .as_ref()
            .map_or(Duration::ZERO, |time| time.get_ref().0);
        if let Some(written) = stage.ramp.as_ref().filter(|_| ramp > duration) {
            return Err(text.error_at(
                &written.span(),
                "the ramp is a part of its stage and cannot last longer",
            ));
        }
        stages.push(Stage {
            target,
            duration,
            ramp,
        });
    }
    match common {
        Some(unit) => Ok((unit, stages)),
        None => Err(text.error_at(
            &written.span(),
            r#"give at least one stage, such as { users = 50, for = "30s" }"#,
        )),
    }
}

fn target(
    text: Text<'_>,
    at: &Place,
    users: Option<&Spanned<u32>>,
    rate: Option<&Spanned<f64>>,
) -> Result<Option<(Unit, f64)>, Error> {
    match (users, rate) {
        (Some(_), Some(_)) => Err(text.error_at(
            at,
            "users and rate are two kinds of load: choose one of them",
        )),
        (Some(users), None) if !(1..=USERS_MAX).contains(users.get_ref()) => Err(text.error_at(
            &users.span(),
            format!("users are 1 to {USERS_MAX}, not {}", users.get_ref()),
        )),
        (Some(users), None) => Ok(Some((Unit::Users, f64::from(*users.get_ref())))),
        (None, Some(rate)) if *rate.get_ref() > 0.0 && *rate.get_ref() <= RATE_MAX => {
            Ok(Some((Unit::Rate, *rate.get_ref())))
        }
        (None, Some(rate)) => Err(text.error_at(
            &rate.span(),
            format!("a rate is more than 0 and at most {RATE_MAX} steps a second"),
        )),
        (None, None) => Ok(None),
    }
}

fn positive(text: Text<'_>, time: &Spanned<Time>, what: &str) -> Result<Duration, Error> {
    let lasts = time.get_ref().0;
    if lasts.is_zero() {
        return Err(text.error_at(&time.span(), format!("{what} of 0 is not possible")));
    }
    Ok(lasts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(text: &str) -> Result<Load, Error> {
        let written = toml::from_str(text).map_err(|error| Text(text).toml_error(&error))?;
        Load::build(Text(text), &written)
    }

    fn value_at(load: &Load, second: f64) -> f64 {
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
    fn the_load_follows_the_stages_and_their_ramps() {
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
            let value = value_at(&load, second);
            assert!((value - expected).abs() < 1e-9, "{second}: {value}");
        }
    }

    #[test]
    fn a_load_without_stages_has_one_and_no_load_has_none() {
        let one = load("rate = 20.0\nduration = \"1m\"").unwrap();
        assert_eq!((one.unit, value_at(&one, 0.0)), (Unit::Rate, 20.0));
        assert_eq!(one.duration(), Duration::from_secs(60));
        assert!(load("think = \"2s\"").unwrap().stages.is_empty());
    }

    #[test]
    fn a_load_that_makes_no_sense_is_refused_with_its_place() {
        for (text, said) in [
            ("users = 5\nrate = 2.0", "line 1, column 9"),
            ("users = 0", "1 to 10000"),
            ("rate = -1.0", "more than 0"),
            ("duration = \"5s\"", "needs a load"),
            ("users = 5\nduration = \"0s\"", "line 2, column 12"),
            ("users = 5\nstages = []", "either stages, or users"),
            ("stages = []", "at least one"),
            ("stages = [{ for = \"5s\" }]", "has a load"),
            (
                "stages = [{ users = 5, for = \"5s\", ramp = \"6s\" }]",
                "cannot last longer",
            ),
            (
                "stages = [{ users = 5, for = \"5s\" }, { rate = 5.0, for = \"5s\" }]",
                "the same unit",
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
