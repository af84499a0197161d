//! Runs the benchmark of the lab, reads its output and stores its result.

use db::measure;
use time::OffsetDateTime;

use super::Live;
use crate::lab::load::{Line, Outcome, Running};
use crate::lab::snapshot::Happening;

impl Live {
    /// Runs the benchmark and stores its findings.
    pub(super) async fn benchmark(&self) {
        self.redraw(|snapshot| snapshot.add_event(Happening::BenchmarkBegins));
        let front = self.0.place.get().and_then(|place| place.front);
        let started = front.map(|front| Running::start(front, &self.0.database_url));
        let outcome = match started {
            Some(Ok(running)) => self.listen(running).await,
            Some(Err(error)) => {
                tracing::warn!(
                    error = format!("{error:#}"),
                    "the benchmark could not be started"
                );
                Err("The benchmark does not start; the log says why.".to_owned())
            }
            None => Err("This process does not know where its front listens.".to_owned()),
        };
        self.redraw(|snapshot| {
            snapshot.benchmark_ends = None;
            snapshot.add_event(Happening::BenchmarkEnds);
            snapshot.findings.ended_at = Some(OffsetDateTime::now_utc().unix_timestamp());
            match outcome {
                Ok(outcome) => {
                    snapshot.outcome = Some(outcome);
                    // A failure shown until now is out of date.
                    snapshot.mishap = None;
                }
                Err(sentence) => snapshot.mishap = Some(sentence),
            }
        });
        self.keep_findings().await;
    }

    /// Reads the output of a running benchmark to its end.
    async fn listen(&self, mut running: Running) -> Result<Outcome, String> {
        let mut outcome = Err("The benchmark ended without a word.".to_owned());
        loop {
            tokio::select! {
                line = running.next() => match line {
                    Some(Line::Second(heard)) => {
                        self.state().heard.get_or_insert_default().add(&heard);
                    }
                    Some(Line::Done(found)) => outcome = Ok(found),
                    Some(Line::Refused(sentence)) => outcome = Err(sentence),
                    None => break,
                },
                () = self.0.stop.notified() => running.ask_to_end(),
            }
        }
        running.end().await;
        outcome
    }

    /// Shows the findings of the last benchmark, also one of another process or before a restart.
    pub(super) async fn recall_findings(&self) {
        match measure::last_benchmark(&self.0.db).await {
            Ok(Some(found)) => {
                let findings = serde_json::from_str(&found).unwrap_or_default();
                self.redraw(|snapshot| {
                    if snapshot.findings.is_empty() && snapshot.benchmark_ends.is_none() {
                        snapshot.findings = findings;
                    }
                });
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "reading the last result of the benchmark failed")
            }
        }
    }

    /// Stores the findings of a benchmark, for `index status` and for the lab after a restart.
    async fn keep_findings(&self) {
        let findings = self.0.drawn.borrow().findings.clone();
        if !findings.is_worth_keeping() {
            return;
        }
        let kept = match serde_json::to_string(&findings) {
            Ok(text) => measure::keep_benchmark(&self.0.db, &text).await,
            Err(error) => {
                return tracing::warn!(%error, "serializing the result of the benchmark failed");
            }
        };
        if let Err(error) = kept {
            tracing::warn!(%error, "storing the result of the benchmark failed");
        }
    }
}
