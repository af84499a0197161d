//! Evaluates what the threads of a run have counted.

use std::collections::BTreeMap;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{
    Errors, Generator, Histograms, LoadModel, LoadReport, Machine, Report, Requests, Schema,
    Second, StepReport, Tiers, Times, audit,
};
use crate::Plan;
use crate::measure::{Failure, Tally, by_tier, histogram};
use crate::stats::{ratio, steady};

impl Report {
    /// The report of a run that began at `started`.
    pub(crate) fn new(plan: &Plan, tally: Tally, started: OffsetDateTime) -> Self {
        let named = plan.step_names();
        let (pages_of, files_of) = tally.steps.split_at(named.len());
        let by_tier_of_all = by_tier(&tally.steps);
        let all = histogram::sum(&by_tier_of_all);
        let all_pages = histogram::sum([&tally.first_pages, &tally.later_pages]);
        let service = tally.service.clone().unwrap_or_else(|| all.clone());
        let elapsed_secs = tally.elapsed.as_secs_f64();
        let per_sec = |count: u64| ratio(count as f64, elapsed_secs);
        let request_times = Times::of(&all);
        let steps = StepReport::all(&named, &tally.steps);
        let load = load(plan, &tally, elapsed_secs);
        let seconds = Second::whole(&tally.seconds, elapsed_secs);
        let rates: Vec<f64> = seconds.iter().map(|s| s.requests as f64).collect();
        Self {
            schema: Schema::default(),
            target: plan.pages.address(),
            command: String::new(),
            started: rfc3339(started),
            versions: BTreeMap::from([(
                "benchmarker".to_owned(),
                env!("CARGO_PKG_VERSION").to_owned(),
            )]),
            machine: Machine::this(),
            requests_per_sec: per_sec(all.len()),
            average_request_ms: ratio(tally.time_sum.as_secs_f64() * 1e3, all.len() as f64),
            pages_per_sec: per_sec(all_pages.len()),
            elapsed_secs,
            requests: requests(&steps, named.len(), tally.redirects),
            request_times,
            service_times: Times::of(&service),
            pages: all_pages.len(),
            pages_incomplete: tally.pages_incomplete,
            page_times: Times::of(&all_pages),
            first_visit_times: Times::of(&tally.first_pages),
            repeat_visit_times: Times::of(&tally.later_pages),
            from_cache: tally.from_cache,
            revalidated: tally.revalidated,
            load,
            tiers: Tiers::from_histograms(&by_tier_of_all),
            page_tiers: Tiers::from_histograms(&by_tier(pages_of)),
            file_tiers: Tiers::from_histograms(&by_tier(files_of)),
            steps,
            seconds,
            steady: steady::cut(&rates),
            errors: Errors::new(&tally),
            unfinished: tally.unfinished,
            unfinished_longest_ms: tally.unfinished_longest.as_secs_f64() * 1e3,
            bytes: tally.bytes,
            reconnects: tally.reconnects,
            generator: generator(plan, &tally, all.len(), elapsed_secs),
            audit: audit::of(plan, &tally, load.lateness, request_times),
            histograms: Histograms {
                request: all,
                service,
                first_visit: tally.first_pages,
                repeat_visit: tally.later_pages,
                lateness: tally.lateness,
            },
        }
    }
}

fn requests(steps: &[StepReport], named: usize, redirects: u64) -> Requests {
    let of = |step: usize| steps[step].requests;
    Requests {
        total: steps.iter().map(|step| step.requests).sum(),
        html: (0..named).map(of).sum(),
        statics: of(named),
        pictures: of(named + 1),
        redirects,
    }
}

fn load(plan: &Plan, tally: &Tally, elapsed_secs: f64) -> LoadReport {
    let arrivals = tally.arrivals;
    let (model, offered_per_sec) = if plan.is_open() {
        let offered = ratio(arrivals.due as f64, elapsed_secs);
        (LoadModel::Open, Some(offered))
    } else {
        (LoadModel::Closed, None)
    };
    LoadReport {
        model,
        offered_per_sec,
        due: arrivals.due,
        begun: arrivals.begun,
        skipped: arrivals.skipped,
        waiting: arrivals.waiting,
        lateness: Times::of(&tally.lateness),
    }
}

fn generator(plan: &Plan, tally: &Tally, answered: u64, elapsed_secs: f64) -> Generator {
    let failed_by_response = [Failure::Status4xx, Failure::Status5xx, Failure::Unexpected];
    let failed = failed_by_response.map(|failure| tally.failures[failure as usize]);
    let responses = answered + failed.iter().sum::<u64>();
    let cpu_secs = tally.cpu.as_secs_f64();
    Generator {
        cpu_secs,
        cpu_us_per_request: ratio(cpu_secs * 1e6, responses as f64),
        busy: ratio(cpu_secs, elapsed_secs * plan.threads as f64),
        ceiling_per_sec: None,
        threads: plan.threads,
        connections: plan.connections,
        browsers: plan.browsers(),
        seed: plan.seed,
    }
}

fn rfc3339(at: OffsetDateTime) -> String {
    let whole = at.replace_nanosecond(0).unwrap_or(at);
    whole.format(&Rfc3339).unwrap_or_default()
}
