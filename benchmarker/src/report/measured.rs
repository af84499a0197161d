//! What rules read from a report.

use super::Report;
use super::steps::StepReport;
use super::times::Times;
use crate::rules::{Measured, Subject};

impl Measured for Report {
    fn answered(&self, subject: &Subject) -> Option<u64> {
        match subject {
            Subject::Requests => Some(self.requests.total),
            Subject::Pages => Some(self.pages),
            Subject::Step(name) => self.step(name).map(|step| step.requests),
        }
    }

    fn failed(&self, subject: &Subject) -> Option<u64> {
        match subject {
            Subject::Requests => Some(self.errors.total),
            Subject::Pages => Some(self.pages_incomplete),
            Subject::Step(name) => self.step(name).map(|step| step.failed),
        }
    }

    fn quantile_ms(&self, subject: &Subject, quantile: f64) -> Option<f64> {
        let times = self.times_of(subject)?;
        match (quantile * 1e3).round() as u64 {
            500 => times.p50_ms,
            900 => times.p90_ms,
            950 => times.p95_ms,
            990 => times.p99_ms,
            999 => times.p999_ms,
            _ => None,
        }
    }

    fn max_ms(&self, subject: &Subject) -> Option<f64> {
        self.times_of(subject)?.max_ms
    }

    fn average_ms(&self, subject: &Subject) -> Option<f64> {
        self.times_of(subject)?.average_ms
    }

    fn rate(&self, subject: &Subject) -> Option<f64> {
        let answered = self.answered(subject)?;
        (self.elapsed_secs > 0.0).then(|| answered as f64 / self.elapsed_secs)
    }
}

impl Report {
    fn step(&self, name: &str) -> Option<&StepReport> {
        self.steps.iter().find(|step| step.name == name)
    }

    fn times_of(&self, subject: &Subject) -> Option<&Times> {
        match subject {
            Subject::Requests => Some(&self.request_times),
            Subject::Pages => Some(&self.page_times),
            Subject::Step(name) => self.step(name).map(|step| &step.times),
        }
    }
}
