//! The counters of app processes, read from their `/metrics` and summed.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use accelerator::NotStored;
use domain::urls::pattern::METRICS;
use futures::future::join_all;

use super::http::get_from_app;

/// Samples by name and labels, as the Prometheus text format writes them: `name{label="value"}`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Metrics(BTreeMap<String, f64>);

impl Metrics {
    /// Reads the metrics of one app process.
    pub(super) async fn of(app: &Path) -> io::Result<Self> {
        let response = get_from_app(app, METRICS).await?;
        if response.status != 200 {
            let status = response.status;
            return Err(io::Error::other(format!("{METRICS} returned {status}")));
        }
        Ok(Self::parse(&String::from_utf8_lossy(&response.body)))
    }

    /// Reads the metrics of all processes; returns how many responded, and the sum of their samples.
    pub(super) async fn of_all(apps: &[PathBuf]) -> (usize, Self) {
        let all: Vec<Self> = join_all(apps.iter().map(|app| Self::of(app)))
            .await
            .into_iter()
            .flatten()
            .collect();
        let mut sum = Self::default();
        for (name, value) in all.iter().flat_map(|metrics| &metrics.0) {
            *sum.0.entry(name.clone()).or_insert(0.0) += value;
        }
        (all.len(), sum)
    }

    fn parse(text: &str) -> Self {
        let samples = text.lines().filter(|line| !line.starts_with('#'));
        let samples = samples.filter_map(|line| {
            let (name, value) = line.rsplit_once(' ')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(samples.collect())
    }

    /// Returns one counter of the accelerator by the end of its name, such as `stored`.
    pub(super) fn count(&self, name: &str) -> u64 {
        self.sample(&format!("accelerator_{name}_total"))
    }

    /// Returns a gauge of the accelerator by the end of its name.
    pub(super) fn gauge(&self, name: &str) -> u64 {
        self.sample(&format!("accelerator_{name}"))
    }

    /// Returns how many responses were not stored for a reason.
    pub(super) fn not_stored(&self, reason: NotStored) -> u64 {
        let reason = reason.name();
        self.sample(&format!(
            "accelerator_not_stored_total{{reason=\"{reason}\"}}"
        ))
    }

    fn sample(&self, name: &str) -> u64 {
        self.0.get(name).map_or(0, |value| *value as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_found_by_name_and_label() {
        let metrics = Metrics::parse(
            "# HELP accelerator_stored_total Items.\n# TYPE accelerator_stored_total counter\n\
             accelerator_stored_total 4\naccelerator_not_stored_total{reason=\"too_large\"} 2\n",
        );
        assert_eq!(metrics.count("stored"), 4);
        assert_eq!(metrics.not_stored(NotStored::TooLarge), 2);
        assert_eq!(metrics.not_stored(NotStored::Policy), 0);
    }
}
