//! The charts of a page, each for screens and for phones.

use crate::chart::{Dot, Frame, Layer, Mark, Series, Span, dots, latency, lines};
use crate::numbers;
use crate::report::{Report, Times};
use crate::stats::steady::Steady;

const WIDE: f64 = 760.0;
const NARROW: f64 = 340.0;

/// A chart with its title, drawn in two widths; the page shows one of them.
pub(super) struct Figure {
    pub(super) title: &'static str,
    pub(super) note: String,
    pub(super) wide: String,
    pub(super) narrow: String,
}

impl Figure {
    fn new(
        id: &str,
        title: &'static str,
        note: String,
        label: &str,
        draw: impl Fn(Frame<'_>) -> String,
    ) -> Self {
        let drawn = |id: &str, width| draw(Frame { id, width, label });
        Self {
            title,
            note,
            wide: drawn(&format!("{id}-wide"), WIDE),
            narrow: drawn(&format!("{id}-narrow"), NARROW),
        }
    }
}

pub(super) fn of_run(report: &Report) -> Vec<Figure> {
    let mut figures = Vec::new();
    if report.seconds.len() > 1 {
        figures.push(over_time(report));
    }
    if report.requests.total > 0 && !report.seconds.is_empty() {
        figures.push(by_tier(report));
    }
    figures
}

/// The rates of two runs in one chart.
pub(super) fn both_over_time(a: &Report, b: &Report) -> Figure {
    let series = [series("A", a), series("B", b)];
    let label = format!(
        "Requests a second over time: A {} on average, B {}",
        numbers::count(a.requests_per_sec),
        numbers::count(b.requests_per_sec)
    );
    let note = format!("A: {}. B: {}.", a.steady, b.steady);
    Figure::new("rates", "Requests over time", note, &label, |frame| {
        lines(frame, "requests/s", &series, None)
    })
}

pub(super) fn effects(rows: &[Dot]) -> Figure {
    let said: Vec<String> = rows
        .iter()
        .map(|row| format!("{}: {}", row.name, row.effect))
        .collect();
    let note = "Ratio of B to A within the blocks, with its 95 % interval. Grey band: A measured twice. \
                Hollow: no effect seen.";
    Figure::new(
        "effects",
        "Effect",
        note.to_owned(),
        &said.join(". "),
        |frame| dots(frame, rows),
    )
}

fn series(name: &str, report: &Report) -> Series {
    let points = report.seconds.iter();
    Series {
        name: name.to_owned(),
        points: points
            .map(|second| (second.at_secs, second.requests as f64))
            .collect(),
    }
}

fn over_time(report: &Report) -> Figure {
    let mut all = vec![series("answered", report)];
    if report.errors.total > 0 {
        let points = report.seconds.iter();
        all.push(Series {
            name: "failed".to_owned(),
            points: points
                .map(|second| (second.at_secs, second.failed as f64))
                .collect(),
        });
    }
    let aside = match report.steady {
        Steady::From { from_second } if from_second > 0 => {
            report.seconds.get(from_second).map(|first| Span {
                from: 0.0,
                to: first.at_secs,
                name: "warm-up".to_owned(),
            })
        }
        _ => None,
    };
    let label = format!(
        "Requests a second over {:.0} seconds, {} on average; {}",
        report.elapsed_secs,
        numbers::count(report.requests_per_sec),
        report.steady
    );
    Figure::new(
        "rate",
        "Requests over time",
        String::new(),
        &label,
        |frame| lines(frame, "requests/s", &all, aside.as_ref()),
    )
}

fn by_tier(report: &Report) -> Figure {
    let layers = report.counts_by_tier().into_iter().map(|tier| Layer {
        name: tier.tier.name().to_owned(),
        counts: tier.counts,
    });
    let layers: Vec<Layer> = layers.collect();
    let Times {
        p50_ms,
        p95_ms,
        p99_ms,
        ..
    } = report.request_times;
    let marks: Vec<Mark> = [("p50", p50_ms), ("p95", p95_ms), ("p99", p99_ms)]
        .into_iter()
        .filter_map(|(name, ms)| {
            Some(Mark {
                name: name.to_owned(),
                time_us: ms? * 1e3,
            })
        })
        .collect();
    let shares = report.tiers.answering().map(|(tier, answered)| {
        let median = answered.times.p50_ms.map_or_else(String::new, numbers::ms);
        let share = numbers::percent(answered.share);
        format!("{} {share}, median {median} ms", tier.name())
    });
    let label = format!(
        "Request times by tier: {}",
        shares.collect::<Vec<_>>().join("; ")
    );
    let note = "Share of all requests by request time, on a logarithmic axis; tiers stacked.";
    Figure::new(
        "latency",
        "Request times by tier",
        note.to_owned(),
        &label,
        |frame| latency(frame, &layers, &marks, None),
    )
}
