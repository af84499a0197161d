//! The charts of a report, each for a screen and for a phone.

use crate::chart::{Dot, Frame, Mark, Series, Span, dots, latency, lines, numbers};
use crate::saved::{Saved, Times};
use crate::stats::steady::Steady;

const WIDE: f64 = 760.0;
const NARROW: f64 = 340.0;

/// A chart with its title, drawn twice; the page shows one.
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

pub(super) fn of_run(saved: &Saved) -> Vec<Figure> {
    let mut figures = Vec::new();
    if saved.seconds.len() > 1 {
        figures.push(over_time(saved));
    }
    if saved.requests > 0 && !saved.seconds.is_empty() {
        figures.push(by_tier(saved));
    }
    figures
}

/// The rates of two runs in one chart.
pub(super) fn both_over_time(a: &Saved, b: &Saved) -> Figure {
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

fn series(name: &str, saved: &Saved) -> Series {
    let points = saved.seconds.iter();
    Series {
        name: name.to_owned(),
        points: points
            .map(|second| (second.at_secs, second.requests as f64))
            .collect(),
    }
}

fn over_time(saved: &Saved) -> Figure {
    let mut all = vec![series("answered", saved)];
    if saved.failed > 0 {
        let points = saved.seconds.iter();
        all.push(Series {
            name: "failed".to_owned(),
            points: points
                .map(|second| (second.at_secs, second.failed as f64))
                .collect(),
        });
    }
    let aside = match saved.steady {
        Steady::From { from_second } if from_second > 0 => {
            saved.seconds.get(from_second).map(|first| Span {
                from: 0.0,
                to: first.at_secs,
                name: "warm-up".to_owned(),
            })
        }
        _ => None,
    };
    let label = format!(
        "Requests a second over {:.0} seconds, {} on average; {}",
        saved.elapsed_secs,
        numbers::count(saved.requests_per_sec),
        saved.steady
    );
    Figure::new(
        "rate",
        "Requests over time",
        String::new(),
        &label,
        |frame| lines(frame, "requests/s", &all, aside.as_ref()),
    )
}

fn by_tier(saved: &Saved) -> Figure {
    let tiers = saved.counts_by_tier();
    let Times {
        p50_ms,
        p95_ms,
        p99_ms,
        ..
    } = saved.response_times;
    let marks: Vec<Mark> = [("p50", p50_ms), ("p95", p95_ms), ("p99", p99_ms)]
        .into_iter()
        .filter_map(|(name, ms)| {
            Some(Mark {
                name: name.to_owned(),
                time_us: ms? * 1e3,
            })
        })
        .collect();
    let shares: Vec<String> = saved
        .tiers
        .iter()
        .map(|tier| {
            let share = tier.requests as f64 / saved.requests.max(1) as f64;
            let median = tier.times.p50_ms.map_or_else(String::new, numbers::ms);
            format!(
                "{} {}, median {median} ms",
                tier.tier,
                numbers::percent(share)
            )
        })
        .collect();
    let label = format!("Request times by who answered: {}", shares.join("; "));
    let note =
        "Share of all requests by request time, on a logarithmic axis; tiers upon each other.";
    Figure::new(
        "latency",
        "Request times by who answered",
        note.to_owned(),
        &label,
        |frame| latency(frame, &tiers, &marks, None),
    )
}
