//! Two histograms side by side, quantile by quantile.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::Report;
use crate::rules::P999_SAMPLES_MIN;

/// One quantile of both runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct QuantileRow {
    /// The times: `request time`, `service time`, `first visits` or `repeat visits`.
    pub of: &'static str,
    /// `p50` to `p99.9`, or `max`.
    pub quantile: &'static str,
    /// The value of A, in milliseconds.
    pub a_ms: f64,
    /// The value of B, in milliseconds.
    pub b_ms: f64,
    /// B/A.
    pub ratio: f64,
}

/// The quantiles that both reports have; p99.9 only with enough samples in both.
pub(super) fn rows(a: &Report, b: &Report) -> Vec<QuantileRow> {
    let (a, b) = (&a.histograms, &b.histograms);
    [
        ("request time", &a.request, &b.request),
        ("service time", &a.service, &b.service),
        ("first visits", &a.first_visit, &b.first_visit),
        ("repeat visits", &a.repeat_visit, &b.repeat_visit),
    ]
    .into_iter()
    .flat_map(|(of, a, b)| rows_of(of, a, b))
    .collect()
}

fn rows_of(of: &'static str, a: &Histogram<u64>, b: &Histogram<u64>) -> Vec<QuantileRow> {
    let fewer = a.len().min(b.len());
    if fewer == 0 {
        return Vec::new();
    }
    [
        ("p50", 0.5),
        ("p90", 0.9),
        ("p95", 0.95),
        ("p99", 0.99),
        ("p99.9", 0.999),
        ("max", 1.0),
    ]
    .into_iter()
    .filter(|(name, _)| *name != "p99.9" || fewer >= P999_SAMPLES_MIN)
    .map(|(quantile, at)| {
        // At least 1 us, because a histogram may contain a zero.
        let us = |times: &Histogram<u64>| times.value_at_quantile(at).max(1) as f64;
        QuantileRow {
            of,
            quantile,
            a_ms: us(a) / 1e3,
            b_ms: us(b) / 1e3,
            ratio: us(b) / us(a),
        }
    })
    .collect()
}

/// The rows as a text table.
#[must_use]
pub fn quantile_table(rows: &[QuantileRow]) -> String {
    // One number of decimals for all, by the smallest value, so that columns compare at a glance.
    let smallest = rows.iter().map(|row| row.a_ms.min(row.b_ms));
    let decimals = if smallest.fold(f64::INFINITY, f64::min) < 0.1 {
        3
    } else {
        2
    };
    let ms = |value: f64| format!("{value:.decimals$}");
    let mut text = format!("{:<20}{:>12}{:>12}{:>9}\n", "times in ms", "A", "B", "B/A");
    for (index, row) in rows.iter().enumerate() {
        let is_new = index == 0 || rows[index - 1].of != row.of;
        let of = if is_new { row.of } else { "" };
        text += &format!(
            "{of:<14}{:<6}{:>12}{:>12}{:>9}\n",
            row.quantile,
            ms(row.a_ms),
            ms(row.b_ms),
            super::factor(row.ratio)
        );
    }
    text
}
