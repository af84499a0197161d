//! The lab: the userid index, its worth, and the buttons to take it away and put it back.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::error::{Error, see_other};
use super::forms::{Form, Query};
use super::page::Page;
use super::site::Site;
use super::visit::Visit;
use super::words;
use crate::db::measure::{self, Timing};
use crate::db::userid_index::{self, Status};
use crate::domain::Username;
use crate::lab;
use crate::urls;
use crate::{db, urls::pattern};

#[derive(Template)]
#[template(path = "lab.html")]
struct Lab<'a> {
    visit: &'a Visit,
    status: Status,
    owner: Username,
    owner_url: String,
    plan: Vec<String>,
    with: Option<Timing>,
    without: Option<Timing>,
    index_url: &'a str,
    measure_url: &'a str,
}

impl Lab<'_> {
    fn state(&self) -> &'static str {
        lab::describe(&self.status)
    }

    /// How many times slower the photostream is without the index, once both were measured.
    fn factor(&self) -> Option<String> {
        let (with, without) = self.with.as_ref().zip(self.without.as_ref())?;
        (with.median_ms > 0.0)
            .then(|| words::number((without.median_ms / with.median_ms).round() as i64))
    }

    /// Both states and what was last measured in them.
    fn rows(&self) -> [(&'static str, Option<&Timing>); 2] {
        [
            ("With the index", self.with.as_ref()),
            ("Without", self.without.as_ref()),
        ]
    }

    /// How long a bar of the comparison is, in percent of the longest.
    fn bar(&self, timing: &Timing) -> u32 {
        let longest = [&self.with, &self.without]
            .into_iter()
            .flatten()
            .map(|timing| timing.median_ms)
            .fold(f64::MIN_POSITIVE, f64::max);
        ((timing.median_ms / longest * 100.0).round() as u32).clamp(1, 100)
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    query: Query,
) -> Result<Page, Error> {
    let query = query.only(&["owner"])?;
    let owner = match query.get("owner") {
        Some(name) => Username::parse(name).map_err(|_| {
            Error::NotFound("There is nobody of that name to explain the photostream of.")
        })?,
        None => db::people::random_owner(&site.db)
            .await?
            .ok_or(Error::NotFound(
                "Nobody is here yet whose photostream could be explained.",
            ))?,
    };
    let status = userid_index::status(&site.db).await?;
    let plan = measure::explain(&site.db, &owner).await?;
    let mut timings = measure::last(&site.db).await?;
    let mut last = |state: &str| {
        timings
            .iter()
            .position(|timing| timing.state == state)
            .map(|at| timings.swap_remove(at))
    };
    let template = Lab {
        visit: &visit,
        with: last("with the userid index"),
        without: last("without the userid index"),
        owner_url: urls::person(&owner, crate::domain::Cursor::Newest),
        owner,
        status,
        plan,
        index_url: pattern::LAB_INDEX,
        measure_url: pattern::LAB_MEASURE,
    };
    Page::show(&visit, &template)
}

/// Drops or creates the userid index; no other index can be named.
pub(super) async fn change_index(State(site): State<Site>, form: Form) -> Result<Response, Error> {
    if form.get("index") != "userid" {
        return Err(Error::Forbidden(
            "Only the userid index can be dropped and created here.",
        ));
    }
    let db = site.db.clone();
    // The change goes on when the visitor does not wait for it.
    let change = match form.get("action") {
        "drop" => tokio::spawn(async move { lab::drop(&db).await }),
        "create" => tokio::spawn(async move { lab::create(&db).await }),
        _ => {
            return Err(Error::BadRequest(
                "The index can be dropped or created.".to_owned(),
            ));
        }
    };
    match change.await.map_err(anyhow::Error::from)? {
        Ok(done) => {
            tracing::info!(?done, "the userid index was changed in the lab");
            Ok(see_other(pattern::LAB))
        }
        Err(userid_index::Error::Busy) => Err(Error::Busy),
        Err(error) => Err(anyhow::Error::from(error).into()),
    }
}

/// Measures the photostream as things are.
pub(super) async fn measure(State(site): State<Site>) -> Result<Response, Error> {
    lab::measure(&site.db).await?;
    Ok(see_other(pattern::LAB).into_response())
}
