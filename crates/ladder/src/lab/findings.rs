//! The result of the benchmark with the userid index and without it, separate for each state of the index because a
//! mean over both would hide the difference.

use serde::{Deserialize, Serialize};

use super::snapshot::{IndexState, Second};
use super::times::Times;

/// How many phases are kept: a person flips the switch a few times in a minute.
const PHASES_MAX: usize = 12;

/// How long each of two phases must have been measured before their ratio is stored, in seconds.
const KEPT_SECS_MIN: f64 = 3.0;

/// A period of a benchmark in which the index did not change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Phase {
    /// Whether the index was there.
    pub with_index: bool,
    /// How long it was measured, in seconds.
    pub secs: f64,
    /// How many pages the site answered.
    pub pages: u64,
    /// How long the app took for them.
    times: Times,
}

impl Phase {
    pub fn pages_per_sec(&self) -> f64 {
        self.pages as f64 / self.secs.max(f64::MIN_POSITIVE)
    }

    /// The median time of a page in milliseconds; `None` without pages.
    pub fn median_ms(&self) -> Option<f64> {
        self.times.quantile_ms(0.5)
    }
}

/// Two phases under the same load, one in each state of the index.
#[derive(Debug, Clone, Copy)]
pub struct Comparison<'a> {
    /// The earlier one.
    pub before: &'a Phase,
    /// The first one in the other state.
    pub after: &'a Phase,
}

impl Comparison<'_> {
    /// How many times slower the site is after the change; less than 1 if it is faster. `None` if one of the phases has
    /// no page.
    pub fn times_slower(&self) -> Option<f64> {
        let (before, after) = (self.before.pages_per_sec(), self.after.pages_per_sec());
        (before > 0.0 && after > 0.0).then(|| before / after)
    }

    /// The comparison in words: `68 times slower`.
    pub fn in_words(&self) -> String {
        match self.times_slower() {
            Some(ratio) if ratio >= 1.05 => format!("{} times slower", factor(ratio)),
            Some(ratio) if ratio > 0.95 => "as fast as before".to_owned(),
            Some(ratio) => format!("{} times faster", factor(1.0 / ratio)),
            None => "no page was answered".to_owned(),
        }
    }
}

/// The phases of one benchmark, in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// When the benchmark ended, in seconds since 1970; `None` while it runs.
    pub ended_at: Option<i64>,
    /// The phases.
    pub phases: Vec<Phase>,
    /// The state in the last second: the next second counts only if nothing changed in between.
    #[serde(skip)]
    last: Option<Seen>,
}

/// The state that decides whether a second belongs to a phase.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Seen {
    index: IndexState,
    is_loaded: bool,
}

impl Findings {
    pub fn is_empty(&self) -> bool {
        self.phases.is_empty()
    }

    /// Counts a second of a running benchmark. A second in which the index changed or the load began mixes
    /// two states and belongs to neither.
    pub(super) fn count(&mut self, second: &Second) {
        let is_loaded = second.load.is_some() || self.last.is_some_and(|last| last.is_loaded);
        let now = Seen {
            index: second.index,
            is_loaded,
        };
        let before = self.last.replace(now);
        let with_index = match second.index {
            IndexState::There => true,
            IndexState::Gone => false,
            IndexState::Between => return,
        };
        if before != Some(now) || !is_loaded {
            return;
        }
        let is_new = self
            .phases
            .last()
            .is_none_or(|last| last.with_index != with_index);
        if is_new && self.phases.len() == PHASES_MAX {
            return;
        }
        if is_new {
            self.phases.push(Phase {
                with_index,
                secs: 0.0,
                pages: 0,
                times: Times::default(),
            });
        }
        if let Some(phase) = self.phases.last_mut() {
            phase.add(second);
        }
    }

    /// The first phase, and the first one in the other state; `None` before the index has changed.
    pub fn comparison(&self) -> Option<Comparison<'_>> {
        let before = self.phases.first()?;
        let mut others = self.phases.iter();
        let after = others.find(|phase| phase.with_index != before.with_index)?;
        Some(Comparison { before, after })
    }

    /// Whether the result is worth storing: both states were measured for some seconds.
    pub(super) fn is_worth_keeping(&self) -> bool {
        self.comparison().is_some_and(|both| {
            both.before.secs >= KEPT_SECS_MIN && both.after.secs >= KEPT_SECS_MIN
        })
    }
}

impl Phase {
    fn add(&mut self, second: &Second) {
        self.secs += second.took.as_secs_f64();
        self.pages += second.pages.total();
        self.times.add(&second.pages);
    }
}

/// Formats a ratio: `68`, `1.3`.
fn factor(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 9.95 => super::explain::grouped(ratio.round()),
        ratio => format!("{ratio:.1}"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;
    use crate::lab::Heard;

    fn second(index: IndexState, pages: u64, is_loaded: bool) -> Second {
        let mut times = Times::default();
        times.record(
            if index == IndexState::Gone {
                238_000
            } else {
                450
            },
            pages,
        );
        Second {
            index,
            pages: times,
            load: is_loaded.then(Heard::default),
            ..Second::quiet(Instant::now(), Duration::from_secs(1))
        }
    }

    fn demonstration() -> Findings {
        use IndexState::{Between, Gone, There};
        let mut findings = Findings::default();
        let seconds = [
            // The benchmark starts: its first second is incomplete.
            (There, 3, false),
            (There, 900, true),
            (There, 2_300, true),
            // The report of the benchmark for a second may be late.
            (There, 2_320, false),
            (There, 2_316, true),
            (Between, 1_400, true),
            // In this second the index was dropped.
            (Gone, 500, true),
            (Gone, 33, true),
            (Gone, 34, true),
            (Gone, 35, true),
            (Between, 40, true),
            (There, 1_000, true),
            (There, 2_290, true),
        ];
        for (index, pages, is_loaded) in seconds {
            findings.count(&second(index, pages, is_loaded));
        }
        findings
    }

    #[test]
    fn each_state_has_its_own_figures_and_seconds_of_change_have_none() {
        let findings = demonstration();
        let figures: Vec<_> = findings
            .phases
            .iter()
            .map(|phase| (phase.with_index, phase.pages, phase.secs))
            .collect();
        assert_eq!(
            figures,
            [(true, 6_936, 3.0), (false, 102, 3.0), (true, 2_290, 1.0)]
        );
        let both = findings.comparison().unwrap();
        assert_eq!(
            (both.before.pages_per_sec(), both.after.pages_per_sec()),
            (2_312.0, 34.0)
        );
        assert_eq!(both.in_words(), "68 times slower");
        assert!(findings.is_worth_keeping());
        let p50 = findings.phases[1].median_ms().unwrap();
        assert!((200.0..280.0).contains(&p50), "{p50}");
    }

    #[test]
    fn the_result_survives_being_written_down() {
        let findings = demonstration();
        let text = serde_json::to_string(&findings).unwrap();
        let read: Findings = serde_json::from_str(&text).unwrap();
        assert_eq!(read.phases, findings.phases);
    }

    #[test]
    fn one_state_alone_and_a_site_that_answers_nothing_have_no_ratio() {
        let mut findings = Findings::default();
        for _ in 0..4 {
            findings.count(&second(IndexState::Gone, 34, true));
        }
        assert!(findings.comparison().is_none() && !findings.is_worth_keeping());
        for _ in 0..3 {
            findings.count(&second(IndexState::There, 0, true));
        }
        let both = findings.comparison().unwrap();
        assert_eq!(
            (both.times_slower(), both.in_words().as_str()),
            (None, "no page was answered")
        );
    }

    #[test]
    fn a_benchmark_that_begins_without_the_index_gets_faster() {
        let mut findings = Findings::default();
        for (index, pages) in [(IndexState::Gone, 34), (IndexState::There, 2_312)] {
            for _ in 0..3 {
                findings.count(&second(index, pages, true));
            }
        }
        assert_eq!(findings.comparison().unwrap().in_words(), "68 times faster");
    }
}
