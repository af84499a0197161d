//! The tables of a report, ready to be read.

use crate::chart::numbers;
use crate::saved::{Saved, TierTimes, Times};

/// A table whose first column is words and whose others are numbers.
pub(super) struct Table {
    pub(super) heads: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    /// A row below another that it is a part of.
    pub(super) is_part: bool,
    pub(super) cells: Vec<String>,
}

const QUANTILES: [&str; 7] = ["average", "p50", "p90", "p95", "p99", "p99.9", "max"];

impl Row {
    pub(super) fn new(name: &str, cells: Vec<String>) -> Self {
        Self {
            name: name.to_owned(),
            is_part: false,
            cells,
        }
    }
}

pub(super) fn times(saved: &Saved) -> Table {
    let rows = [
        ("request time", &saved.response_times),
        ("service time", &saved.service_times),
        ("page time", &saved.page_times),
        ("first visits", &saved.first_visits),
        ("repeat visits", &saved.repeat_visits),
        ("sent late by", &saved.send_lateness),
    ];
    Table {
        heads: with_quantiles(&["", "samples"]),
        rows: rows
            .into_iter()
            .filter(|(_, times)| times.samples > 0)
            .map(|(name, times)| Row::new(name, counted(times.samples, times)))
            .collect(),
    }
}

pub(super) fn tiers(tiers: &[TierTimes]) -> Table {
    let total: u64 = tiers.iter().map(|tier| tier.requests).sum();
    let rows = tiers.iter().filter(|tier| tier.requests > 0).map(|tier| {
        let share = numbers::percent(tier.requests as f64 / total as f64);
        let mut cells = counted(tier.requests, &tier.times);
        cells.insert(1, share);
        Row::new(&tier.tier, cells)
    });
    Table {
        heads: with_quantiles(&["", "requests", "share"]),
        rows: rows.collect(),
    }
}

pub(super) fn steps(saved: &Saved) -> Table {
    let mut rows = Vec::new();
    let asked = saved
        .steps
        .iter()
        .filter(|step| step.requests + step.failed > 0);
    for step in asked {
        let mut cells = counted(step.requests, &step.times);
        cells.insert(1, numbers::count(step.failed as f64));
        rows.push(Row::new(&step.name, cells));
        // One tier alone would repeat the line above.
        for tier in step.tiers.iter().filter(|_| step.tiers.len() > 1) {
            let mut cells = counted(tier.requests, &tier.times);
            cells.insert(1, String::new());
            rows.push(Row {
                is_part: true,
                ..Row::new(&tier.tier, cells)
            });
        }
    }
    Table {
        heads: with_quantiles(&["", "requests", "failed"]),
        rows,
    }
}

pub(super) fn environment(saved: &Saved) -> Vec<Row> {
    let versions = saved
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"));
    let ceiling = saved.generator.ceiling_per_sec.map_or_else(
        || "not measured".to_owned(),
        |ceiling| format!("{} requests/s", numbers::count(ceiling)),
    );
    let rows = [
        ("started", saved.started.clone()),
        ("measured for", format!("{:.1} s", saved.elapsed_secs)),
        ("received", numbers::bytes(saved.bytes as f64)),
        ("kernel", saved.machine.kernel.clone()),
        (
            "processor",
            format!("{}, {} cores", saved.machine.cpu_model, saved.machine.cores),
        ),
        ("versions", versions.collect::<Vec<_>>().join(", ")),
        ("seed", saved.seed.to_string()),
        (
            "generator",
            format!(
                "{:.1} us of CPU a request, threads {} busy",
                saved.generator.cpu_us_per_request,
                numbers::percent(saved.generator.busy)
            ),
        ),
        ("its ceiling", ceiling),
    ];
    rows.into_iter()
        .map(|(name, value)| Row::new(name, vec![value]))
        .collect()
}

fn with_quantiles(heads: &[&'static str]) -> Vec<&'static str> {
    heads.iter().chain(&QUANTILES).copied().collect()
}

fn counted(count: u64, times: &Times) -> Vec<String> {
    let ms = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), numbers::ms);
    let mut cells = vec![numbers::count(count as f64)];
    cells.extend(
        [
            times.average_ms,
            times.p50_ms,
            times.p90_ms,
            times.p95_ms,
            times.p99_ms,
            times.p999_ms,
            times.max_ms,
        ]
        .map(ms),
    );
    cells
}
