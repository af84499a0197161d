//! How PostgreSQL answers the photostream with and without the index, in plain words.

use crate::db::measure::Timing;
use crate::lab::{self, Scene};
use crate::urls;
use crate::web::words;

/// What was last measured in one state of the index.
pub(super) struct Plan {
    pub(super) title: &'static str,
    pub(super) measured: Option<Measured>,
}

pub(super) struct Measured {
    pub(super) owner: String,
    pub(super) owner_url: String,
    pub(super) sentence: String,
    pub(super) median: String,
    pub(super) slowest: String,
    pub(super) owners: i32,
    /// How many other queries ran, in words.
    pub(super) beside: Option<String>,
    pub(super) text: String,
}

/// Both states, and how many pages each costs: unlike times, that is the same whatever else runs.
pub(super) fn of(scene: &Scene) -> ([Plan; 2], Option<String>) {
    let find = |state| scene.timings.iter().find(|timing| timing.state == state);
    let with = find("with the userid index");
    let without = find("without the userid index");
    let pages = |timing: Option<&Timing>| Some(lab::in_words(&timing?.plan)?.pages);
    let pages = pages(with).zip(pages(without)).map(|(with, without)| {
        format!(
            "{} with the index, {} without",
            count_of_pages(with),
            words::number(i64::try_from(without).unwrap_or(i64::MAX))
        )
    });
    let plan = |title, timing: Option<&Timing>| Plan {
        title,
        measured: timing.map(measured),
    };
    (
        [plan("With the index", with), plan("Without it", without)],
        pages,
    )
}

fn count_of_pages(pages: u64) -> String {
    words::count(i64::try_from(pages).unwrap_or(i64::MAX), "page", "pages")
}

fn measured(timing: &Timing) -> Measured {
    Measured {
        owner: timing.owner.to_string(),
        owner_url: urls::person(&timing.owner, crate::domain::Cursor::Newest),
        sentence: sentence(&timing.plan),
        median: words::millis(timing.median_ms),
        slowest: words::millis(timing.slowest_ms),
        owners: timing.owners,
        beside: (timing.beside > 0)
            .then(|| words::count(timing.beside, "other query", "other queries")),
        text: timing.plan_text.clone(),
    }
}

fn sentence(plan: &str) -> String {
    match lab::in_words(plan) {
        Some(lab::Words { did, pages, ms }) => format!(
            "PostgreSQL {did}: {} of 8 kB, {}.",
            count_of_pages(pages),
            words::millis(ms)
        ),
        None => "PostgreSQL’s plan is none that we have words for; it stands below.".to_owned(),
    }
}
