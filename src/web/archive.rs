//! A person's archive: photos by the month in which they were taken, with a rail of dates.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use domain::urls;
use domain::{BadCursor, Cursor, Month, PhotoId, TakenCursor, Username};
use site::Site;

use super::error::{Error, see_other};
use super::forms::Query;
use super::page::Page;
use super::photostream::{NOBODY, relation};
use super::session::Visit;
use super::tile::{Tile, tiles};

const NO_MONTH: Error = Error::NotFound("There are no photos from this month.");

#[derive(Template)]
#[template(path = "archive.html")]
struct Archive<'a> {
    visit: &'a Visit,
    owner_name: String,
    name: &'a Username,
    person_url: String,
    month: Month,
    count: i64,
    photos: Vec<Tile>,
    rail: Vec<Year>,
    month_url: String,
    begins: bool,
    older: Option<String>,
}

/// A year of the rail.
struct Year {
    year: i32,
    months: Vec<RailMonth>,
}

/// A month of the rail.
struct RailMonth {
    month: Month,
    count: i64,
    url: String,
    is_shown: bool,
}

/// Leads to the newest month.
pub(super) async fn newest(
    State(site): State<Site>,
    visit: Visit,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let name = Username::parse(&name).map_err(|_| NOBODY)?;
    let relation = relation(&site, &visit, &name).await?;
    let owner = db::people::card(&site.db, &name).await?.ok_or(NOBODY)?;
    let months = db::photo::months(&site.db, owner.id, relation).await?;
    let (newest, _) = months
        .first()
        .ok_or(Error::NotFound("There are no photos yet."))?;
    Ok(see_other(&urls::archive_month(&name, *newest)))
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    Path((name, month)): Path<(String, String)>,
    query: Query,
) -> Result<Response, Error> {
    let name = Username::parse(&name).map_err(|_| NOBODY)?;
    let month: Month = month.parse().map_err(|_| NO_MONTH)?;
    let query = query.only(&["before"])?;
    let before = match query.get("before") {
        None => None,
        // Links of earlier versions ended a page by the photo's id alone. Where that photo is in
        // the archive only a look at it could say, and it may be private: from the beginning.
        Some(id) if id.parse::<PhotoId>().is_ok() => {
            return Ok(see_other(&urls::archive_month(&name, month)));
        }
        Some(text) => Some(
            text.parse::<TakenCursor>()
                .map_err(|error: BadCursor| Error::BadRequest(error.to_string()))?,
        ),
    };
    let relation = relation(&site, &visit, &name).await?;
    let owner = db::people::card(&site.db, &name).await?.ok_or(NOBODY)?;
    let months = db::photo::months(&site.db, owner.id, relation).await?;
    let count = months
        .iter()
        .find(|(rail, _)| *rail == month)
        .map(|(_, count)| *count)
        .ok_or(NO_MONTH)?;
    let slice = db::photo::month(&site.db, owner.id, month, relation, before).await?;
    if slice.photos.is_empty() {
        return Err(Error::NotFound(
            "There are no earlier photos from this month.",
        ));
    }
    let month_url = urls::archive_month(&name, month);
    let older = slice
        .last
        .map(|last| urls::archive_month_before(&name, month, last));
    let template = Archive {
        visit: &visit,
        owner_name: owner.display_name,
        name: &name,
        person_url: urls::person(&name, Cursor::Newest),
        month,
        count,
        photos: tiles(owner.id, &name, slice.photos),
        rail: rail(&name, month, months),
        month_url,
        begins: before.is_none(),
        older,
    };
    Ok(Page::show(&visit, &template)?.into_response())
}

fn rail(name: &Username, shown: Month, months: Vec<(Month, i64)>) -> Vec<Year> {
    let mut years: Vec<Year> = Vec::new();
    for (month, count) in months {
        let entry = RailMonth {
            month,
            count,
            url: urls::archive_month(name, month),
            is_shown: month == shown,
        };
        match years.last_mut() {
            Some(last) if last.year == month.year() => last.months.push(entry),
            _ => years.push(Year {
                year: month.year(),
                months: vec![entry],
            }),
        }
    }
    years
}
