//! The highest rate at which a rule is kept: doubled until it breaks, then halved between the two.
//!
//! Each trial is a run of its own with planned instants: at a rate that the server cannot keep, page views
//! wait, and their times say so.

use std::sync::atomic::Ordering::Relaxed;

use crate::load::{Load, Stages};
use crate::run::run;
use crate::{Error, Plan, Report};

/// How often the rate is doubled at most: from 10 to ten million.
const DOUBLINGS_MAX: u32 = 20;
/// The search ends when the rate that breaks is at most this many times the one that holds.
const CLOSE: f64 = 1.05;
/// What is left of a rate that held once and broke when it was tried again.
const STEP_DOWN: f64 = 0.95;
/// How often a rate is tried again before it counts as found.
const CONFIRMATIONS_MAX: u32 = 4;
/// How often a trial is repeated that doubts itself: what else the machine does comes and goes.
const REPEATS_MAX: u32 = 2;

/// One run of the search.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Page views a second that were due.
    pub rate: f64,
    /// What is broken, in sentences; empty when the rule was kept.
    pub broken: Vec<String>,
    /// What the run found.
    pub report: Report,
}

/// What the search found.
#[derive(Debug, Clone)]
pub struct Capacity {
    /// The highest rate, in page views a second, that kept the rule twice; none when none did.
    pub rate: Option<f64>,
    /// Why it is not more.
    pub limit: Limit,
    /// All runs, in their order.
    pub trials: Vec<Trial>,
}

/// What ended the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A slightly higher rate broke the rule.
    Rule,
    /// The generator could not send at a higher rate: the server may do more.
    Generator,
    /// The rate with which the search began broke the rule.
    First,
    /// It was told to stop.
    Stopped,
}

/// Searches from a rate on; `broken` says in sentences what of the rule a run does not keep. Each trial
/// lasts as long as the plan says, warm-up included; `tell` hears of each.
///
/// # Errors
/// As [`run`]; a rate of nothing is one more.
pub fn capacity(
    plan: &Plan,
    from: f64,
    broken: impl Fn(&Report) -> Vec<String>,
    mut tell: impl FnMut(&Trial),
) -> Result<Capacity, Error> {
    let mut trials: Vec<Trial> = vec![];
    let mut once = |rate: f64| -> Result<(Outcome, bool), Error> {
        let load = Load::Open(Stages::constant(rate)?);
        let number = trials.len() as u64;
        let report = run(&plan.clone().load(load).run_number(number))?;
        let mut broken = broken(&report);
        broken.extend(left_behind(&report));
        let in_doubt = report.is_in_doubt();
        let outcome = if plan.stop.load(Relaxed) {
            Outcome::Stopped
        } else if broken.is_empty() && !in_doubt {
            Outcome::Kept
        } else if in_doubt || report.generator.is_the_limit() {
            // Late answers of a generator without time are its own.
            Outcome::TooFastForUs
        } else {
            Outcome::Broken
        };
        let may_pass = in_doubt && !report.generator.is_the_limit();
        let trial = Trial {
            rate,
            broken,
            report,
        };
        tell(&trial);
        trials.push(trial);
        Ok((outcome, may_pass))
    };
    let (rate, limit) = search(from, |rate| repeated(|| once(rate)))?;
    Ok(Capacity {
        rate,
        limit,
        trials,
    })
}

/// Tries until a trial does not doubt itself, or will not change its mind.
fn repeated(mut once: impl FnMut() -> Result<(Outcome, bool), Error>) -> Result<Outcome, Error> {
    for _ in 0..REPEATS_MAX {
        match once()? {
            (Outcome::TooFastForUs, true) => {}
            (outcome, _) => return Ok(outcome),
        }
    }
    once().map(|(outcome, _)| outcome)
}

/// Page views that were due and are in no histogram, because they were never over: the slowest of all.
fn left_behind(report: &Report) -> Option<String> {
    let (over, due) = (report.pages + report.pages_incomplete, report.load.due);
    let says = || format!("of {due} page views that were due only {over} were over in time");
    report.falls_behind().then(says)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Kept,
    Broken,
    TooFastForUs,
    Stopped,
}

impl Outcome {
    fn limit(self) -> Limit {
        match self {
            Self::TooFastForUs => Limit::Generator,
            Self::Stopped => Limit::Stopped,
            Self::Kept | Self::Broken => Limit::Rule,
        }
    }
}

/// The search itself, whatever a trial is.
fn search(
    from: f64,
    mut attempt: impl FnMut(f64) -> Result<Outcome, Error>,
) -> Result<(Option<f64>, Limit), Error> {
    let (mut held, mut broke, mut limit) = (None, None, Limit::Rule);
    let mut rate = from;
    for _ in 0..DOUBLINGS_MAX {
        match attempt(rate)? {
            Outcome::Kept => held = Some(rate),
            Outcome::Stopped => return Ok((held, Limit::Stopped)),
            other => {
                limit = other.limit();
                broke = Some(rate);
                break;
            }
        }
        rate *= 2.0;
    }
    let Some(mut low) = held else {
        let first = if limit == Limit::Rule {
            Limit::First
        } else {
            limit
        };
        return Ok((None, first));
    };
    let Some(mut high) = broke else {
        return Ok((held, Limit::Generator));
    };
    while high / low > CLOSE {
        let middle = f64::midpoint(low, high);
        match attempt(middle)? {
            Outcome::Kept => low = middle,
            Outcome::Stopped => return Ok((Some(low), Limit::Stopped)),
            other => {
                limit = other.limit();
                high = middle;
            }
        }
    }
    // What held once may have been lucky.
    for _ in 0..CONFIRMATIONS_MAX {
        match attempt(low)? {
            Outcome::Kept => return Ok((Some(low), limit)),
            Outcome::Stopped => return Ok((Some(low), Limit::Stopped)),
            other => limit = other.limit(),
        }
        low *= STEP_DOWN;
    }
    Ok((None, limit))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What a server that keeps a rule up to a rate is found to keep, and in how many trials.
    fn found(capacity: f64, from: f64) -> (Option<f64>, Limit, usize) {
        let mut trials = 0;
        let (rate, limit) = search(from, |rate| {
            trials += 1;
            Ok(if rate <= capacity {
                Outcome::Kept
            } else {
                Outcome::Broken
            })
        })
        .unwrap();
        (rate, limit, trials)
    }

    #[test]
    fn a_trial_that_doubts_itself_is_repeated_unless_the_generator_is_at_its_end() {
        let told = |answers: &[(Outcome, bool)]| {
            let mut answers = answers.iter();
            let outcome = repeated(|| Ok(*answers.next().unwrap())).unwrap();
            (outcome, answers.len())
        };
        let (doubt, end) = (
            (Outcome::TooFastForUs, true),
            (Outcome::TooFastForUs, false),
        );
        let kept = (Outcome::Kept, false);
        assert_eq!(told(&[doubt, kept, end]), (Outcome::Kept, 1));
        assert_eq!(told(&[doubt, doubt, kept]), (Outcome::Kept, 0));
        assert_eq!(told(&[doubt, doubt, doubt]), (Outcome::TooFastForUs, 0));
        assert_eq!(told(&[end, kept, kept]), (Outcome::TooFastForUs, 2));
    }

    proptest! {
        #[test]
        fn what_is_found_holds_and_a_twentieth_more_does_not(capacity in 10.0..100_000.0_f64) {
            let (rate, limit, trials) = found(capacity, 10.0);
            let rate = rate.unwrap();
            prop_assert!(rate <= capacity && rate * CLOSE >= capacity, "{rate} of {capacity}");
            prop_assert_eq!(limit, Limit::Rule);
            prop_assert!(trials < 30, "{} trials", trials);
        }
    }

    #[test]
    fn a_server_that_breaks_at_once_has_no_capacity() {
        assert_eq!(found(5.0, 10.0), (None, Limit::First, 1));
    }

    #[test]
    fn a_rate_that_held_by_luck_is_tried_again_and_lowered() {
        let mut trials = 0;
        let (rate, _) = search(100.0, |rate| {
            trials += 1;
            // The first time 150 holds, and then no more.
            let lucky = trials < 4;
            Ok(if rate <= 140.0 || (lucky && rate <= 160.0) {
                Outcome::Kept
            } else {
                Outcome::Broken
            })
        })
        .unwrap();
        assert!(rate.unwrap() <= 140.0 && rate.unwrap() > 130.0, "{rate:?}");
    }

    #[test]
    fn a_generator_at_its_end_says_so() {
        let (rate, limit) = search(100.0, |rate| {
            Ok(if rate <= 1000.0 {
                Outcome::Kept
            } else {
                Outcome::TooFastForUs
            })
        })
        .unwrap();
        assert!((950.0..=1000.0).contains(&rate.unwrap()));
        assert_eq!(limit, Limit::Generator);
    }
}
