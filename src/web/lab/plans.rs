//! How PostgreSQL answers the photostream with and without the index, in plain words.

use db::measure::Timing;
use domain::urls;
use ladder::lab::{self, Snapshot};

use crate::web::format;

/// Both states of the index.
pub(super) struct Plans {
    /// With the index, and without it.
    pub(super) both: [Plan; 2],
    /// The person whose plans these are, and their photostream: the same for both.
    pub(super) example: Option<(String, String)>,
    /// How many blocks each plan reads: unlike times, that is the same whatever else runs.
    pub(super) blocks: Option<String>,
}

/// What was last measured in one state of the index.
pub(super) struct Plan {
    pub(super) title: &'static str,
    pub(super) measured: Option<Measured>,
}

pub(super) struct Measured {
    pub(super) sentence: String,
    pub(super) median: String,
    pub(super) slowest: String,
    pub(super) owners: i32,
    /// How many other queries ran, in words.
    pub(super) beside: Option<String>,
    pub(super) text: String,
}

/// What is known of both states.
pub(super) fn of(scene: &Snapshot) -> Plans {
    let find = |state| scene.timings.iter().find(|timing| timing.state == state);
    let with = find("with the userid index");
    let without = find("without the userid index");
    let blocks = |timing: Option<&Timing>| Some(lab::in_words(&timing?.plan)?.blocks);
    let blocks = blocks(with).zip(blocks(without)).map(|(with, without)| {
        format!(
            "{} with the index, {} without it",
            count_of_blocks(with),
            format::number(i64::try_from(without).unwrap_or(i64::MAX))
        )
    });
    let example = with.or(without).map(|timing| {
        let url = urls::person(&timing.owner, domain::Cursor::Newest);
        (timing.owner.to_string(), url)
    });
    let plan = |title, timing: Option<&Timing>| Plan {
        title,
        measured: timing.map(measured),
    };
    Plans {
        both: [plan("With the index", with), plan("Without it", without)],
        example,
        blocks,
    }
}

fn count_of_blocks(blocks: u64) -> String {
    format::count(i64::try_from(blocks).unwrap_or(i64::MAX), "block", "blocks")
}

fn measured(timing: &Timing) -> Measured {
    Measured {
        sentence: sentence(&timing.plan),
        median: format::millis(timing.median_ms),
        slowest: format::millis(timing.slowest_ms),
        owners: timing.owners,
        beside: (timing.beside > 0)
            .then(|| format::count(timing.beside, "other query", "other queries")),
        text: timing.plan_text.clone(),
    }
}

fn sentence(plan: &str) -> String {
    match lab::in_words(plan) {
        Some(lab::Words { did, blocks, ms }) => format!(
            "PostgreSQL {did}: {} of 8 kB, {}.",
            count_of_blocks(blocks),
            format::millis(ms)
        ),
        None => "This plan of PostgreSQL has no short form; it is shown below.".to_owned(),
    }
}
