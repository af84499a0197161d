//! Everything that moves, as one piece of HTML: put into the page, and sent again each second.

use std::time::Instant;

use askama::Template;

use super::histogram::Histogram;
use super::panels::{self, Cpu, Event, Files, Rate, Times};
use super::plans::{self, Plan};
use crate::db::userid_index::Status;
use crate::lab::{self, BENCHMARK_DURATION, Changing, Scene};
use crate::web::error::Error;
use crate::web::words;

/// How many addresses a list shows.
const ADDRESSES_SHOWN: usize = 5;

/// What the lab shows of a moment.
#[derive(Template)]
#[template(path = "lab_picture.html")]
pub(super) struct Picture<'a> {
    scene: &'a Scene,
    events: Vec<Event>,
    rate: Rate,
    times: Times,
    files: Files,
    cpu: Vec<Cpu>,
    histogram: Histogram,
    lists: Vec<List>,
    plans: [Plan; 2],
    pages: Option<String>,
}

/// The addresses met most often.
struct List {
    title: &'static str,
    note: String,
    rows: Vec<(String, String)>,
}

impl<'a> Picture<'a> {
    pub(super) fn of(scene: &'a Scene) -> Self {
        let (plans, pages) = plans::of(scene);
        Self {
            scene,
            events: panels::events(scene),
            rate: Rate::of(scene),
            times: Times::of(scene),
            files: Files::of(scene),
            cpu: Cpu::of(scene),
            histogram: Histogram::of(scene),
            lists: lists(scene),
            plans,
            pages,
        }
    }

    pub(super) fn render_whole(&self) -> Result<String, Error> {
        self.render().map_err(|error| Error::Internal(error.into()))
    }

    fn state(&self) -> &'static str {
        self.scene
            .index
            .as_ref()
            .map_or("not known yet", lab::describe)
    }

    /// Whether the switch is on: something is there that could serve the photostream.
    fn is_on(&self) -> bool {
        self.scene
            .index
            .as_ref()
            .is_some_and(|status| !status.is_gone())
    }

    /// What the switch does.
    fn flips_to(&self) -> &'static str {
        match &self.scene.index {
            Some(status) if status.is_whole() => "drop",
            _ => "create",
        }
    }

    /// The indexes that are there, by name and size.
    fn present(&self) -> String {
        let members = self.scene.index.iter().flat_map(|status| &status.present);
        let members = members.filter(|member| member.valid);
        let named =
            members.map(|member| format!("{} ({})", member.name, words::bytes(member.bytes)));
        named.collect::<Vec<_>>().join(", ")
    }

    fn is_changing(&self) -> bool {
        self.scene.changing.is_some() || self.creating().is_some()
    }

    /// What is being done to the index, in a sentence, and how far it is, in percent.
    fn changing(&self) -> Option<(String, Option<i32>)> {
        if let Some(creating) = self.creating() {
            return Some(creating);
        }
        let sentence = match self.scene.changing? {
            Changing::Dropping => "Waiting for a moment between two queries to drop the index in",
            Changing::Creating => "Beginning to create the index",
        };
        Some((sentence.to_owned(), None))
    }

    fn creating(&self) -> Option<(String, Option<i32>)> {
        let status: &Status = self.scene.index.as_ref()?;
        let progress = status.creating.as_ref()?;
        let done = status.present.iter().filter(|member| member.valid).count();
        let all = status.present.len() + status.missing.len();
        let name = progress.name.as_deref().unwrap_or("the index");
        let sentence = format!(
            "Creating {name}, {} of {all}: {}",
            (done + 1).min(all),
            progress.phase
        );
        Some((sentence, progress.percent))
    }

    /// How many seconds the running benchmark still has.
    fn benchmark_left(&self) -> Option<u64> {
        let ends = self.scene.benchmark_ends?;
        Some(ends.saturating_duration_since(Instant::now()).as_secs())
    }

    fn rounded(&self, number: &f64) -> String {
        words::number(number.round() as i64)
    }

    fn benchmark_secs(&self) -> u64 {
        BENCHMARK_DURATION.as_secs()
    }

    fn is_quiet(&self) -> bool {
        self.scene.lately().all(|second| second.pages.total() == 0)
    }
}

fn lists(scene: &Scene) -> Vec<List> {
    let rows = |top: Vec<(String, u64)>| {
        let said = |count: u64| words::number(i64::try_from(count).unwrap_or(i64::MAX));
        top.into_iter()
            .map(|(address, count)| (address, said(count)))
            .collect()
    };
    let mut lists = vec![List {
        title: "Pages most asked for",
        note: String::new(),
        rows: rows(scene.top(|second| &second.top_pages, ADDRESSES_SHOWN)),
    }];
    if scene.has_memcached {
        let unseen: u64 = scene.lately().map(|second| second.log_unseen).sum();
        let mut note = "as seen in memcached’s log, a tenth of each second".to_owned();
        if unseen > 0 {
            note += &format!(
                "; it left out {}",
                words::count(i64::try_from(unseen).unwrap_or(i64::MAX), "line", "lines")
            );
        }
        lists.push(List {
            title: "Files most asked for",
            note,
            rows: rows(scene.top(|second| &second.top_found, ADDRESSES_SHOWN)),
        });
    }
    lists.push(List {
        title: "Files most missed",
        note: "answered by the app".to_owned(),
        rows: rows(scene.top(|second| &second.top_missed, ADDRESSES_SHOWN)),
    });
    lists
}
