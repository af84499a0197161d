//! A report as a run of the site gives it, drawn from a seed, for the tests of all views.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};

use super::*;
use crate::measure::{Failure, Tier, histogram};
use crate::stats::steady;

/// Half a minute of the site behind its cache: `speed` times a thousand requests a second; memcached
/// answers nine of ten in a third of a millisecond, the app the rest in eight.
pub(crate) fn site(seed: u64, speed: f64) -> Report {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut all = Histograms::default();
    let mut by_tier = [histogram::empty(), histogram::empty()];
    let mut seconds = Vec::new();
    for at in 0..30 {
        let requests = (1000.0 * speed * random.random_range(0.97..1.03)) as u64;
        let mut counts = [LogCounts::default(), LogCounts::default()];
        for _ in 0..requests {
            let tier = usize::from(random.random_range(0..10) == 0);
            let middle = [330.0, 8_000.0][tier] / speed;
            let took = (middle * long_tail(&mut random)) as u64;
            let late = random.random_range(5..80);
            counts[tier].count(took + late, 1);
            by_tier[tier].saturating_record(took + late);
            all.request.saturating_record(took + late);
            all.service.saturating_record(took);
            all.lateness.saturating_record(late);
        }
        let pages = requests / 20;
        for page in 0..pages {
            let took = (25_000.0 / speed * long_tail(&mut random)) as u64;
            let visits = match page % 3 {
                0 => &mut all.first_visit,
                _ => &mut all.repeat_visit,
            };
            visits.saturating_record(took / (1 + page % 3));
        }
        let [memcached, app] = counts;
        seconds.push(Second {
            at_secs: f64::from(at),
            requests,
            failed: u64::from(at == 17) * 3,
            pages,
            tiers: vec![
                TierCounts {
                    tier: Tier::Memcached,
                    counts: memcached,
                },
                TierCounts {
                    tier: Tier::App,
                    counts: app,
                },
            ],
        });
    }
    finished(seed, seconds, all, &by_tier)
}

fn finished(
    seed: u64,
    seconds: Vec<Second>,
    histograms: Histograms,
    [memcached, app]: &[Histogram<u64>; 2],
) -> Report {
    let sum = |of: fn(&Second) -> u64| seconds.iter().map(of).sum::<u64>();
    let (requests, failed, pages) = (sum(|s| s.requests), sum(|s| s.failed), sum(|s| s.pages));
    let tier = |times: &Histogram<u64>| TierReport {
        requests: times.len(),
        share: times.len() as f64 / requests as f64,
        times: Times::of(times),
    };
    let tiers = Tiers {
        memcached: tier(memcached),
        app: tier(app),
        ..Tiers::default()
    };
    let request_times = Times::of(&histograms.request);
    let step = |name: &str, share: u64, failed: u64| StepReport {
        name: name.to_owned(),
        requests: requests * share / 100,
        failed,
        times: request_times,
        tiers,
    };
    let passed = |name: &str, detail: &str| Check {
        name: name.to_owned(),
        result: CheckResult::Passed,
        detail: detail.to_owned(),
    };
    let page_times = histogram::sum([&histograms.first_visit, &histograms.repeat_visit]);
    let mut report = Report {
        target: "http://127.0.0.1:8080 (pages.txt)".to_owned(),
        command: "benchmarker pages.txt --base http://127.0.0.1:8080 --rate 50 --duration 30s"
            .to_owned(),
        started: "2026-11-24T14:03:30Z".to_owned(),
        versions: [
            ("benchmarker", "0.4.0"),
            ("nginx", "1.22.1"),
            ("memcached", "1.6.18"),
        ]
        .map(|(name, version)| (name.to_owned(), version.to_owned()))
        .into(),
        machine: Machine {
            kernel: "Linux 6.1.0-18-amd64".to_owned(),
            cores: 2,
            cpu_model: "AMD EPYC 7B13".to_owned(),
        },
        requests_per_sec: requests as f64 / seconds.len() as f64,
        average_request_ms: request_times.average_ms.unwrap_or_default(),
        pages_per_sec: pages as f64 / seconds.len() as f64,
        elapsed_secs: seconds.len() as f64,
        requests: Requests {
            total: requests,
            ..Requests::default()
        },
        bytes: requests * 8_000,
        request_times,
        service_times: Times::of(&histograms.service),
        pages,
        page_times: Times::of(&page_times),
        first_visit_times: Times::of(&histograms.first_visit),
        repeat_visit_times: Times::of(&histograms.repeat_visit),
        load: LoadReport {
            lateness: Times::of(&histograms.lateness),
            ..LoadReport::default()
        },
        steps: vec![
            step("front page", 60, 0),
            step("sign in", 10, failed),
            step("a photo", 30, 0),
        ],
        tiers,
        errors: Errors {
            total: failed,
            timeout: failed,
            first_paths: BTreeMap::from([(
                Failure::Timeout,
                "/people/anna?</script><b>".to_owned(),
            )]),
            ..Errors::default()
        },
        generator: Generator {
            cpu_us_per_request: 6.7,
            busy: 0.25,
            ceiling_per_sec: Some(75_000.0),
            connections: 48,
            browsers: 8,
            seed,
            ..Generator::default()
        },
        audit: vec![
            passed(
                "Little's law",
                "1.1 requests were under way on average; rate times time is 1.1",
            ),
            passed(
                "bytes",
                "100 bytes arrived at the sockets, the responses have 100",
            ),
        ],
        seconds,
        histograms,
        ..Report::default()
    };
    report.steady = steady::cut(&report.rates());
    report
}

/// A factor around 1 with a long tail to the slow side.
fn long_tail(random: &mut impl Rng) -> f64 {
    let sum: f64 = (0..6).map(|_| random.random_range(-1.0..1.0)).sum();
    (sum * 0.35).exp()
}
