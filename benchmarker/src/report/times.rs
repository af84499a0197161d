//! Quantiles of a histogram.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::rules::P999_SAMPLES_MIN;

/// Quantiles in milliseconds; none without samples.
#[derive(Debug, Clone, Copy, Serialize)]
#[non_exhaustive]
pub struct Times {
    /// The median.
    pub p50_ms: Option<f64>,
    /// The 95th percentile.
    pub p95_ms: Option<f64>,
    /// The 99th percentile.
    pub p99_ms: Option<f64>,
    /// The 99.9th percentile; none below 10,000 samples.
    pub p999_ms: Option<f64>,
    /// The longest.
    pub max_ms: Option<f64>,
}

impl Times {
    pub(super) fn of(histogram: &Histogram<u64>) -> Self {
        let ms = |us: u64| us as f64 / 1000.0;
        let at =
            |quantile| (!histogram.is_empty()).then(|| ms(histogram.value_at_quantile(quantile)));
        Self {
            p50_ms: at(0.5),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            p999_ms: at(0.999).filter(|_| histogram.len() >= P999_SAMPLES_MIN),
            max_ms: (!histogram.is_empty()).then(|| ms(histogram.max())),
        }
    }
}
