//! The result of the benchmark, said large: pages a second with the index and without it.

use ladder::lab::{Comparison, Findings, Phase};

use crate::web::format;

/// How many phases are shown; of more, the first and the last.
const PHASES_SHOWN: usize = 3;

/// The large line.
pub(super) struct Headline {
    /// Pages a second at first.
    pub(super) before: String,
    /// Pages a second after the index changed.
    pub(super) after: Option<String>,
    /// What that means.
    pub(super) verdict: String,
    /// Whether it got worse.
    pub(super) is_worse: bool,
}

/// One state of the index.
pub(super) struct State {
    pub(super) name: &'static str,
    pub(super) rate: String,
    pub(super) median: Option<String>,
    pub(super) with_index: bool,
}

/// The large line; none before a second was measured.
pub(super) fn headline(findings: &Findings) -> Option<Headline> {
    let first = findings.phases.first()?;
    Some(match findings.comparison() {
        Some(both) => compared(both),
        None => Headline {
            before: rate(first),
            after: None,
            verdict: match first.with_index {
                true => "with the index".to_owned(),
                false => "without the index".to_owned(),
            },
            is_worse: false,
        },
    })
}

fn compared(both: Comparison<'_>) -> Headline {
    Headline {
        before: rate(both.before),
        after: Some(rate(both.after)),
        verdict: both.in_words(),
        is_worse: both.times_slower().is_none_or(|ratio| ratio > 1.05),
    }
}

/// The states in the order of time, each with its own figures.
pub(super) fn states(findings: &Findings) -> Vec<State> {
    let mut seen = [false; 2];
    let all = findings.phases.iter().map(|phase| {
        let again = std::mem::replace(&mut seen[usize::from(phase.with_index)], true);
        State {
            name: match (phase.with_index, again) {
                (true, false) => "With the index",
                (true, true) => "With it again",
                (false, false) => "Without it",
                (false, true) => "Without it again",
            },
            rate: rate(phase),
            median: phase.median_ms().map(format::millis),
            with_index: phase.with_index,
        }
    });
    let mut all: Vec<State> = all.collect();
    if all.len() > PHASES_SHOWN {
        all.drain(1..=all.len() - PHASES_SHOWN);
    }
    all
}

fn rate(phase: &Phase) -> String {
    super::panels::rate_said(phase.pages_per_sec())
}
