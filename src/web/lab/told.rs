//! What happens at the moment and what to do next, in one sentence that follows the state.

use std::time::Instant;

use ladder::lab::{BENCHMARK_DURATION, Changing, IndexState, Outcome, Snapshot};
use time::OffsetDateTime;
use time::macros::format_description;

use crate::web::format;

/// The sentence, and how far the work is.
pub(super) struct Told {
    pub(super) sentence: String,
    /// Whether it says what went wrong.
    pub(super) is_mishap: bool,
    /// How much of the index is made, in percent.
    pub(super) percent: Option<i32>,
    /// Whether the index changes at the moment.
    pub(super) is_changing: bool,
    /// Whether a benchmark runs.
    pub(super) is_loaded: bool,
}

impl Told {
    pub(super) fn of(scene: &Snapshot) -> Self {
        let left = scene.benchmark_ends.map(|ends| {
            let left = ends.saturating_duration_since(Instant::now());
            left.as_secs()
        });
        let changing = changing(scene);
        let percent = changing.as_ref().and_then(|(_, percent)| *percent);
        let is_changing = changing.is_some();
        let sentence = match (&scene.mishap, changing, left) {
            (Some(mishap), ..) => mishap.clone(),
            (None, Some((sentence, _)), _) => sentence,
            (None, None, Some(left)) => running(scene, left),
            (None, None, None) => idle(scene),
        };
        Self {
            sentence,
            is_mishap: scene.mishap.is_some(),
            percent,
            is_changing,
            is_loaded: left.is_some(),
        }
    }
}

/// What is being done to the index, in a sentence, and how far it is, in percent.
fn changing(scene: &Snapshot) -> Option<(String, Option<i32>)> {
    let creating = scene.index.as_ref().and_then(|status| {
        let progress = status.creating.as_ref()?;
        let done = status.present.iter().filter(|member| member.valid).count();
        let all = status.present.len() + status.missing.len();
        let name = progress.name.as_deref().unwrap_or("the index");
        let percent = progress
            .percent
            .map_or(String::new(), |percent| format!(", {percent} %"));
        let sentence = format!(
            "Creating {name}, {} of {all}: {}{percent}",
            (done + 1).min(all),
            progress.phase
        );
        Some((sentence, progress.percent))
    });
    let beginning = scene.changing.map(|changing| {
        let sentence = match changing {
            Changing::Dropping => "Waiting for a moment between two queries to drop the index in.",
            Changing::Creating => "Creating the index. The site goes on meanwhile.",
        };
        (sentence.to_owned(), None)
    });
    creating.or(beginning)
}

/// What a running benchmark does, and what to do meanwhile.
fn running(scene: &Snapshot, left: u64) -> String {
    let is_compared = scene.findings.comparison().is_some();
    match (scene.index_state(), is_compared) {
        (IndexState::Gone, true) => format!(
            "Every page now costs PostgreSQL a walk through all photos. {left} s left: flip the switch back."
        ),
        (IndexState::There, true) => {
            format!("The index serves the photostreams again. {left} s left.")
        }
        _ => format!(
            "Eight visitors open photostreams of people drawn at random. {left} s left: flip the switch now."
        ),
    }
}

fn idle(scene: &Snapshot) -> String {
    if !scene.lives {
        return String::new();
    }
    if let Some(outcome) = &scene.outcome {
        return ended(outcome, scene.findings.comparison().is_some());
    }
    if let Some(ended_at) = scene
        .findings
        .ended_at
        .filter(|_| !scene.findings.is_empty())
    {
        return format!(
            "The result of the last benchmark, {}. Run it again to watch.",
            moment(ended_at)
        );
    }
    let secs = BENCHMARK_DURATION.as_secs();
    format!("The benchmark sends eight visitors for {secs} s, over loopback only.")
}

fn ended(outcome: &Outcome, is_compared: bool) -> String {
    let requests = (outcome.requests_per_sec * outcome.elapsed_secs).round() as i64;
    let failed = match outcome.failed {
        0 => "none failed".to_owned(),
        failed => format!(
            "{} failed",
            format::number(i64::try_from(failed).unwrap_or(i64::MAX))
        ),
    };
    let next = match is_compared {
        true => "",
        false => " Run it again, and flip the switch while it runs.",
    };
    format!(
        "The benchmark is over: {} in {:.0} s, {failed}.{next}",
        format::count(requests, "request", "requests"),
        outcome.elapsed_secs
    )
}

/// A moment in seconds since 1970: `1 December 2026, 03:12 UTC`.
fn moment(unix_secs: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(unix_secs).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(format_description!(
        "[day padding:none] [month repr:long] [year], [hour]:[minute] UTC"
    ))
    .unwrap_or_default()
}
