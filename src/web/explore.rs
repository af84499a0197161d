//! Explore: the newest public photos of everybody.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use super::error::{Error, see_other};
use super::forms::Query;
use super::page::Page;
use super::photostream::Pager;
use super::pictures::Tile;
use super::site::Site;
use super::visit::Visit;
use crate::db;
use crate::domain::{Cursor, Username};
use crate::urls;

#[derive(Template)]
#[template(path = "explore.html")]
struct Explore<'a> {
    visit: &'a Visit,
    photos: Vec<Credited>,
    pager: Pager,
}

/// A photo and whose it is.
struct Credited {
    tile: Tile,
    person: String,
    name: Username,
    person_url: String,
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    query: Query,
) -> Result<Response, Error> {
    let cursor = query.only(&["before", "after"])?.cursor()?;
    let (found, more) = db::explore::page(&site.db, cursor).await?;
    if let Cursor::After(_) = cursor
        && !more
    {
        return Ok(see_other(&urls::explore(Cursor::Newest)));
    }
    if let Cursor::Before(_) = cursor
        && found.is_empty()
    {
        return Err(Error::NotFound("There are no older photos."));
    }
    let ends = found
        .first()
        .zip(found.last())
        .map(|(first, last)| (first.thumb.id, last.thumb.id));
    let pager = Pager::new(cursor, more, ends, urls::explore);
    let photos = found
        .into_iter()
        .enumerate()
        .map(|(place, found)| Credited {
            tile: Tile::new(found.owner, &found.owner_name, found.thumb, place),
            person_url: urls::person(&found.owner_name, Cursor::Newest),
            person: found.owner_display_name,
            name: found.owner_name,
        })
        .collect();
    Ok(Page::show(
        &visit,
        &Explore {
            visit: &visit,
            photos,
            pager,
        },
    )?
    .into_response())
}
