//! Everything that moves, as one piece of HTML: put into the page, and sent again each second.

use askama::Template;
use db::userid_index::Status;
use ladder::lab::{self, Snapshot};

use super::events::Events;
use super::histogram::Histogram;
use super::panels::{Cpu, Files, Rate, Times};
use super::plans::{self, Plans};
use super::result::{self, Headline, State};
use super::told::Told;
use crate::web::error::Error;
use crate::web::format;

/// How many addresses a list shows.
const ADDRESSES_SHOWN: usize = 5;

/// What the lab shows of a moment.
#[derive(Template)]
#[template(path = "lab_picture.html")]
pub(super) struct Picture<'a> {
    scene: &'a Snapshot,
    headline: Option<Headline>,
    states: Vec<State>,
    told: Told,
    events: Events,
    rate: Rate,
    times: Times,
    files: Files,
    cpu: Vec<Cpu>,
    histogram: Histogram,
    lists: Vec<List>,
    plans: Plans,
}

/// The addresses met most often.
struct List {
    title: &'static str,
    note: String,
    rows: Vec<(String, String)>,
}

impl<'a> Picture<'a> {
    pub(super) fn of(scene: &'a Snapshot) -> Self {
        Self {
            scene,
            headline: result::headline(&scene.findings),
            states: result::states(&scene.findings),
            told: Told::of(scene),
            events: Events::of(scene),
            rate: Rate::of(scene),
            times: Times::of(scene),
            files: Files::of(scene),
            cpu: Cpu::of(scene),
            histogram: Histogram::of(scene),
            lists: lists(scene),
            plans: plans::of(scene),
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
            members.map(|member| format!("{} ({})", member.name, format::bytes(member.bytes)));
        named.collect::<Vec<_>>().join(", ")
    }

    /// Whether nothing is there that could serve the photostream.
    fn is_gone(&self) -> bool {
        self.scene.index.as_ref().is_some_and(Status::is_gone)
    }
}

fn lists(scene: &Snapshot) -> Vec<List> {
    let rows = |top: Vec<(String, u64)>| {
        let said = |count: u64| format::number(i64::try_from(count).unwrap_or(i64::MAX));
        top.into_iter()
            .map(|(address, count)| (address, said(count)))
            .collect()
    };
    let mut lists = vec![List {
        title: "Pages most asked for",
        note: "counted by the app".to_owned(),
        rows: rows(scene.top(|second| &second.top_pages, ADDRESSES_SHOWN)),
    }];
    if scene.has_memcached {
        let unseen: u64 = scene.lately().map(|second| second.log_unseen).sum();
        let mut note = "as seen in memcached’s log, a tenth of each second".to_owned();
        if unseen > 0 {
            note += &format!(
                "; it left out {}",
                format::count(i64::try_from(unseen).unwrap_or(i64::MAX), "line", "lines")
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
