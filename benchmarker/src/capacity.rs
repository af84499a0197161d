//! Searches for the highest rate that keeps a rule: doubles the rate until the rule breaks, then bisects.
//!
//! Each trial is a run of its own with an open load: at a rate that the server cannot keep, page views
//! wait, and their times include the waiting.

use std::sync::atomic::Ordering::Relaxed;

use crate::load::{Load, Stages};
use crate::run::run;
use crate::{Error, Plan, Report};

/// How often the rate is doubled at most: from 10 to ten million page views a second.
const DOUBLINGS_MAX: u32 = 20;
/// The search ends when the lowest rate that breaks the rule is at most this many times the highest
/// one that keeps it.
const CLOSE: f64 = 1.05;
/// The factor for a rate that kept the rule once and broke it when it was confirmed.
const STEP_DOWN: f64 = 0.95;
/// How many confirmations are tried.
const CONFIRMATIONS_MAX: u32 = 4;
/// How often a trial in doubt is repeated: other load on the machine may be temporary.
const REPEATS_MAX: u32 = 2;

/// One run of the search.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Page views a second that were due.
    pub rate: f64,
    /// The broken rules, in sentences; empty when all were kept.
    pub broken: Vec<String>,
    /// The report of the run.
    pub report: Report,
}

/// The result of the search.
#[derive(Debug, Clone)]
pub struct Capacity {
    /// The highest rate, in page views a second, that kept the rule twice; none when no rate did.
    pub rate: Option<f64>,
    /// Why it is not higher.
    pub limit: Limit,
    /// All runs, in order.
    pub trials: Vec<Trial>,
}

/// What ended the search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// A slightly higher rate broke the rule.
    Rule,
    /// The generator could not send a higher rate on time: the server may have a higher capacity.
    Generator,
    /// The first rate broke the rule.
    First,
    /// The plan's stop flag was set.
    Stopped,
}

/// Searches from the rate `from` upwards. `broken` returns the rules that a run breaks, in sentences;
/// `on_trial` is called after each run. Each run has the duration and warm-up of the plan.
///
/// # Errors
/// As [`run`](crate::run()), and when the first rate is 0.
pub fn capacity(
    plan: &Plan,
    from: f64,
    broken: impl Fn(&Report) -> Vec<String>,
    mut on_trial: impl FnMut(&Trial),
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
            // The delay may be that of the generator.
            Outcome::Inconclusive
        } else {
            Outcome::Broken
        };
        let may_repeat = in_doubt && !report.generator.is_the_limit();
        let trial = Trial {
            rate,
            broken,
            report,
        };
        on_trial(&trial);
        trials.push(trial);
        Ok((outcome, may_repeat))
    };
    let (rate, limit) = search(from, |rate| repeated(|| once(rate)))?;
    Ok(Capacity {
        rate,
        limit,
        trials,
    })
}

/// Repeats a trial while it is in doubt and a repetition may help.
fn repeated(mut once: impl FnMut() -> Result<(Outcome, bool), Error>) -> Result<Outcome, Error> {
    for _ in 0..REPEATS_MAX {
        match once()? {
            (Outcome::Inconclusive, true) => {}
            (outcome, _) => return Ok(outcome),
        }
    }
    once().map(|(outcome, _)| outcome)
}

/// The sentence for page views that were due and never over: the slowest, and in none of the times.
fn left_behind(report: &Report) -> Option<String> {
    let (over, due) = (report.pages + report.pages_incomplete, report.load.due);
    let sentence = || format!("only {over} of {due} page views that were due were over in time");
    report.falls_behind().then(sentence)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Kept,
    Broken,
    /// The generator was late, busy or in doubt.
    Inconclusive,
    Stopped,
}

impl Outcome {
    fn limit(self) -> Limit {
        match self {
            Self::Inconclusive => Limit::Generator,
            Self::Stopped => Limit::Stopped,
            Self::Kept | Self::Broken => Limit::Rule,
        }
    }
}

/// The search, for any kind of trial.
fn search(
    from: f64,
    mut attempt: impl FnMut(f64) -> Result<Outcome, Error>,
) -> Result<(Option<f64>, Limit), Error> {
    let (mut kept, mut broke, mut limit) = (None, None, Limit::Rule);
    let mut rate = from;
    for _ in 0..DOUBLINGS_MAX {
        match attempt(rate)? {
            Outcome::Kept => kept = Some(rate),
            Outcome::Stopped => return Ok((kept, Limit::Stopped)),
            other => {
                limit = other.limit();
                broke = Some(rate);
                break;
            }
        }
        rate *= 2.0;
    }
    let Some(mut low) = kept else {
        let first = if limit == Limit::Rule {
            Limit::First
        } else {
            limit
        };
        return Ok((None, first));
    };
    let Some(mut high) = broke else {
        return Ok((kept, Limit::Generator));
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
    // Confirms the rate: once may have been luck.
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

    /// The result of the search for a server with this capacity, and the number of trials.
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
            (Outcome::Inconclusive, true),
            (Outcome::Inconclusive, false),
        );
        let kept = (Outcome::Kept, false);
        assert_eq!(told(&[doubt, kept, end]), (Outcome::Kept, 1));
        assert_eq!(told(&[doubt, doubt, kept]), (Outcome::Kept, 0));
        assert_eq!(told(&[doubt, doubt, doubt]), (Outcome::Inconclusive, 0));
        assert_eq!(told(&[end, kept, kept]), (Outcome::Inconclusive, 2));
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
            // 150 is kept the first time only.
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
                Outcome::Inconclusive
            })
        })
        .unwrap();
        assert!((950.0..=1000.0).contains(&rate.unwrap()));
        assert_eq!(limit, Limit::Generator);
    }
}
