//! The tables of a page.

use crate::numbers;
use crate::report::{Report, Tiers, Times};

/// A table: text in the first column, numbers in the others.
pub(super) struct Table {
    pub(super) heads: Vec<&'static str>,
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, PartialEq)]
pub(super) struct Row {
    pub(super) name: String,
    /// Whether it is a part of the row above.
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

pub(super) fn times(report: &Report) -> Table {
    let rows = [
        ("request time", &report.request_times),
        ("service time", &report.service_times),
        ("page time", &report.page_times),
        ("first visits", &report.first_visit_times),
        ("repeat visits", &report.repeat_visit_times),
        ("sent late by", &report.load.lateness),
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

pub(super) fn tiers(tiers: &Tiers) -> Table {
    let rows = tiers.answering().map(|(tier, answered)| {
        let mut cells = counted(answered.requests, &answered.times);
        cells.insert(1, numbers::percent(answered.share));
        Row::new(tier.name(), cells)
    });
    Table {
        heads: with_quantiles(&["", "requests", "share"]),
        rows: rows.collect(),
    }
}

pub(super) fn steps(report: &Report) -> Table {
    let mut rows = Vec::new();
    let requested = report
        .steps
        .iter()
        .filter(|step| step.requests + step.failed > 0);
    for step in requested {
        let mut cells = counted(step.requests, &step.times);
        cells.insert(1, numbers::count(step.failed as f64));
        rows.push(Row::new(&step.name, cells));
        // A single tier would repeat the line above.
        let is_mixed = step.tiers.answering().count() > 1;
        for (tier, answered) in step.tiers.answering().filter(|_| is_mixed) {
            let mut cells = counted(answered.requests, &answered.times);
            cells.insert(1, String::new());
            rows.push(Row {
                is_part: true,
                ..Row::new(tier.name(), cells)
            });
        }
    }
    Table {
        heads: with_quantiles(&["", "requests", "failed"]),
        rows,
    }
}

pub(super) fn environment(report: &Report) -> Vec<Row> {
    let versions = report
        .versions
        .iter()
        .map(|(name, version)| format!("{name} {version}"));
    let ceiling = report.generator.ceiling_per_sec.map_or_else(
        || "not measured".to_owned(),
        |ceiling| format!("{} requests/s", numbers::count(ceiling)),
    );
    let rows = [
        ("started", report.started.clone()),
        ("measured for", format!("{:.1} s", report.elapsed_secs)),
        ("received", numbers::bytes(report.bytes as f64)),
        ("kernel", report.machine.kernel.clone()),
        (
            "processor",
            format!(
                "{}, {} cores",
                report.machine.cpu_model, report.machine.cores
            ),
        ),
        ("versions", versions.collect::<Vec<_>>().join(", ")),
        ("seed", report.generator.seed.to_string()),
        (
            "generator",
            format!(
                "{:.1} us of CPU a request, threads {} busy",
                report.generator.cpu_us_per_request,
                numbers::percent(report.generator.busy)
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
