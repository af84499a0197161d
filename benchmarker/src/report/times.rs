//! Mean and quantiles of a histogram.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

use crate::rules::P999_SAMPLES_MIN;

/// Mean and quantiles in milliseconds; none without samples.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Times {
    /// How many times were recorded.
    pub samples: u64,
    /// The mean.
    pub average_ms: Option<f64>,
    /// The median.
    pub p50_ms: Option<f64>,
    /// The 90th percentile.
    pub p90_ms: Option<f64>,
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
    /// Mean and quantiles of times in microseconds.
    #[must_use]
    pub fn of(histogram: &Histogram<u64>) -> Self {
        let samples = histogram.len();
        if samples == 0 {
            return Self::default();
        }
        let at = |quantile| Some(histogram.value_at_quantile(quantile) as f64 / 1e3);
        Self {
            samples,
            average_ms: Some(histogram.mean() / 1e3),
            p50_ms: at(0.5),
            p90_ms: at(0.9),
            p95_ms: at(0.95),
            p99_ms: at(0.99),
            p999_ms: at(0.999).filter(|_| samples >= P999_SAMPLES_MIN),
            max_ms: Some(histogram.max() as f64 / 1e3),
        }
    }
}
