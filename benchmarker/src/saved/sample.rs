//! A result as a run of the site gives it, drawn from a seed, for tests of all that reads results.

use hdrhistogram::Histogram;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, RngExt, SeedableRng};

use super::*;
use crate::stats::steady;

/// Half a minute of the site behind its cache: `speed` times a thousand requests a second, of which nine
/// in ten are answered by memcached in a third of a millisecond and the rest by the app in eight.
pub(crate) fn site(seed: u64, speed: f64) -> Saved {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut all = Histograms::default();
    let mut by_tier = [
        ("memcached", Recorded::default()),
        ("app", Recorded::default()),
    ];
    let mut seconds = Vec::new();
    for at in 0..30 {
        let requests = (1000.0 * speed * random.random_range(0.97..1.03)) as u64;
        let mut counts = [LogCounts::default(), LogCounts::default()];
        for _ in 0..requests {
            let tier = usize::from(random.random_range(0..10) == 0);
            let middle = [330.0, 8_000.0][tier] / speed;
            let took = (middle * wander(&mut random)) as u64;
            let late = random.random_range(5..80);
            counts[tier].count(took + late, 1);
            by_tier[tier].1.0.saturating_record(took + late);
            all.response.0.saturating_record(took + late);
            all.service.0.saturating_record(took);
            all.send_lateness.0.saturating_record(late);
        }
        let pages = requests / 20;
        for page in 0..pages {
            let took = (25_000.0 / speed * wander(&mut random)) as u64;
            let visits: &mut Histogram<u64> = match page % 3 {
                0 => &mut all.first_visits.0,
                _ => &mut all.repeat_visits.0,
            };
            visits.saturating_record(took / (1 + page % 3));
        }
        let [memcached, app] = counts;
        seconds.push(Second {
            at_secs: f64::from(at),
            requests,
            failed: u64::from(at == 17) * 3,
            pages,
            tiers: vec![counted("memcached", memcached), counted("app", app)],
        });
    }
    finished(seed, seconds, all, &by_tier)
}

fn finished(
    seed: u64,
    seconds: Vec<Second>,
    histograms: Histograms,
    by_tier: &[(&str, Recorded); 2],
) -> Saved {
    let tiers: Vec<TierTimes> = by_tier
        .iter()
        .map(|(tier, times)| TierTimes {
            tier: (*tier).to_owned(),
            requests: times.0.len(),
            times: Times::of(&times.0),
        })
        .collect();
    let sum = |of: fn(&Second) -> u64| seconds.iter().map(of).sum::<u64>();
    let (requests, failed, pages) = (sum(|s| s.requests), sum(|s| s.failed), sum(|s| s.pages));
    let response_times = Times::of(&histograms.response.0);
    let step = |name: &str, share: u64, failed: u64| Step {
        name: name.to_owned(),
        requests: requests * share / 100,
        failed,
        times: response_times,
        tiers: tiers.clone(),
    };
    let mut saved = Saved {
        target: "http://127.0.0.1:8080 (pages.txt)".to_owned(),
        command: "benchmarker pages.txt --base http://127.0.0.1:8080 --rate 50 --duration 30s"
            .to_owned(),
        seed,
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
        load: Load {
            model: LoadModel::Closed,
            users: Some(8),
            connections: 48,
            ..Load::default()
        },
        requests_per_sec: requests as f64 / seconds.len() as f64,
        average_request_ms: response_times.average_ms.unwrap_or_default(),
        pages_per_sec: pages as f64 / seconds.len() as f64,
        elapsed_secs: seconds.len() as f64,
        requests,
        failed,
        pages,
        bytes: requests * 8_000,
        response_times,
        service_times: Times::of(&histograms.service.0),
        page_times: Times::of(&histograms.first_visits.with(&histograms.repeat_visits).0),
        first_visits: Times::of(&histograms.first_visits.0),
        repeat_visits: Times::of(&histograms.repeat_visits.0),
        send_lateness: Times::of(&histograms.send_lateness.0),
        steps: vec![
            step("front page", 60, 0),
            step("sign in", 10, failed),
            step("a photo", 30, 0),
        ],
        tiers,
        failures: vec![FailureKind {
            kind: "timeout".to_owned(),
            count: failed,
            first_path: Some("/people/anna?</script><b>".to_owned()),
        }],
        generator: GeneratorCost {
            cpu_us_per_request: 6.7,
            busy: 0.25,
            ceiling_per_sec: Some(75_000.0),
        },
        audit: vec![
            Check {
                name: "Little's law".to_owned(),
                passed: true,
                says: "1.1 requests under way were counted, the law says 1.1".to_owned(),
            },
            Check {
                name: "bytes".to_owned(),
                passed: true,
                says: "every body had the length that its head named".to_owned(),
            },
        ],
        seconds,
        histograms,
        ..Saved::default()
    };
    saved.steady = steady::cut(&saved.rates());
    saved
}

fn counted(tier: &str, counts: LogCounts) -> TierCounts {
    TierCounts {
        tier: tier.to_owned(),
        counts,
    }
}

/// A factor around 1 with a long tail to the slow side.
fn wander(random: &mut impl Rng) -> f64 {
    let sum: f64 = (0..6).map(|_| random.random_range(-1.0..1.0)).sum();
    (sum * 0.35).exp()
}
