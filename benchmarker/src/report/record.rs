//! A report as it is saved: with all that is needed to repeat the run and to put another beside it.

use std::collections::BTreeMap;
use std::fs;

use hdrhistogram::Histogram;

use super::{CheckResult, Report, StepReport, Tiers};
use crate::measure::{Failure, LogCounts, SecondTally, Tier, histogram};
use crate::saved::{
    Check, FailureKind, GeneratorCost, Histograms, Load, LoadModel, Machine, Saved, Schema, Second,
    Step, TierCounts, TierTimes, Times,
};
use crate::{Plan, load};

/// What a run cannot know of itself.
#[derive(Debug, Clone, Default)]
pub struct Circumstances {
    /// The command that repeats it.
    pub command: String,
    /// When it began, by RFC 3339.
    pub started: String,
    /// Requests a second that the generator reached against a server that does nothing.
    pub ceiling_per_sec: Option<f64>,
}

impl Report {
    /// All of it as JSON for another program; of a run that doubts itself the headline numbers are null.
    ///
    /// # Errors
    ///
    /// What serde says; a report has nothing that JSON has not.
    pub fn to_json(&self) -> serde_json::Result<String> {
        if self.doubts().next().is_none() {
            return serde_json::to_string_pretty(self);
        }
        // What is no number is written as null.
        serde_json::to_string_pretty(&Self {
            requests_per_sec: f64::NAN,
            average_request_ms: f64::NAN,
            pages_per_sec: f64::NAN,
            ..self.clone()
        })
    }

    /// All of it, for a file.
    #[must_use]
    pub fn saved(&self, plan: &Plan, circumstances: Circumstances) -> Saved {
        Saved {
            schema: Schema::default(),
            target: plan.pages.address(),
            command: circumstances.command,
            seed: plan.seed,
            started: circumstances.started,
            versions: BTreeMap::from([(
                "benchmarker".to_owned(),
                env!("CARGO_PKG_VERSION").to_owned(),
            )]),
            machine: machine(),
            load: self.saved_load(plan),
            requests_per_sec: self.requests_per_sec,
            average_request_ms: self.average_request_ms,
            pages_per_sec: self.pages_per_sec,
            elapsed_secs: self.elapsed_secs,
            requests: self.requests.total,
            failed: self.errors.total,
            pages: self.pages,
            pages_incomplete: self.pages_incomplete,
            bytes: self.bytes,
            response_times: Times::of(&self.request_histogram),
            service_times: Times::of(&self.service_histogram),
            page_times: Times::of(&self.page_histogram),
            first_visits: Times::of(&self.first_page_histogram),
            repeat_visits: Times::of(&self.later_page_histogram),
            send_lateness: Times::of(&self.lateness_histogram),
            tiers: tiers(&self.tiers, |tier| {
                self.tier_histograms[tier as usize].clone()
            }),
            steps: self.steps.iter().map(step).collect(),
            seconds: self
                .whole_seconds()
                .iter()
                .enumerate()
                .map(second)
                .collect(),
            failures: self.failures(),
            generator: GeneratorCost {
                cpu_us_per_request: self.generator.cpu_us_per_request,
                busy: self.generator.busy,
                ceiling_per_sec: circumstances.ceiling_per_sec,
            },
            audit: self
                .audit
                .iter()
                .filter(|check| check.result != CheckResult::Unjudged)
                .map(|check| Check {
                    name: check.name.to_owned(),
                    passed: check.result == CheckResult::Passed,
                    says: check.says.clone(),
                })
                .collect(),
            steady: self.steady(),
            histograms: Histograms {
                response: self.request_histogram.clone().into(),
                service: self.service_histogram.clone().into(),
                first_visits: self.first_page_histogram.clone().into(),
                repeat_visits: self.later_page_histogram.clone().into(),
                send_lateness: self.lateness_histogram.clone().into(),
            },
        }
    }

    fn saved_load(&self, plan: &Plan) -> Load {
        let (model, offered_per_sec) = match &plan.load {
            load::Load::Closed { .. } => (LoadModel::Closed, None),
            load::Load::Open(_) => {
                let per_sec = super::ratio(self.load.due as f64, self.elapsed_secs);
                (LoadModel::Open, Some(per_sec))
            }
        };
        let planned = if self.load.is_open { self.load.due } else { 0 };
        Load {
            model,
            users: Some(plan.browsers() as u64),
            connections: plan.connections as u64,
            offered_per_sec,
            planned,
            sent: self.load.begun,
            skipped: self.load.skipped,
        }
    }

    fn failures(&self) -> Vec<FailureKind> {
        let kinds = Failure::ALL.into_iter().map(|kind| {
            let name = kind.name();
            let mut first = self.errors.first_paths.iter();
            FailureKind {
                kind: name.to_owned(),
                count: self.errors.count(kind),
                first_path: first
                    .find(|(of, _)| of == name)
                    .map(|(_, path)| path.clone()),
            }
        });
        kinds.filter(|kind| kind.count > 0).collect()
    }
}

fn step(step: &StepReport) -> Step {
    let all = histogram::sum(&step.histograms);
    Step {
        name: step.name.clone(),
        requests: step.requests,
        failed: step.failed,
        times: Times::of(&all),
        tiers: tiers(&step.tiers, |tier| step.histograms[tier as usize].clone()),
    }
}

/// Those that answered something.
fn tiers(of: &Tiers, histogram: impl Fn(Tier) -> Histogram<u64>) -> Vec<TierTimes> {
    Tier::ALL
        .into_iter()
        .filter(|tier| of.of(*tier).requests > 0)
        .map(|tier| TierTimes {
            tier: tier.name().to_owned(),
            requests: of.of(tier).requests,
            times: Times::of(&histogram(tier)),
        })
        .collect()
}

fn second((at, second): (usize, &SecondTally)) -> Second {
    let tiers = Tier::ALL.into_iter().map(|tier| {
        let mut counts = LogCounts::default();
        for (us, count) in second.times_of(tier) {
            counts.count(us, count);
        }
        TierCounts {
            tier: tier.name().to_owned(),
            counts,
        }
    });
    Second {
        at_secs: at as f64,
        requests: second.requests(),
        failed: second.failed,
        pages: second.pages,
        tiers: tiers.filter(|tier| tier.counts.total() > 0).collect(),
    }
}

/// What is known of this machine without asking anybody; empty where the system does not say.
fn machine() -> Machine {
    let read = |file| fs::read_to_string(file).unwrap_or_default();
    let model = read("/proc/cpuinfo");
    let model = model
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    Machine {
        kernel: format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
        cores: std::thread::available_parallelism().map_or(1, |cores| cores.get() as u64),
        cpu_model: model.map(|(_, model)| model.to_owned()).unwrap_or_default(),
    }
}
