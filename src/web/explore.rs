//! Explore: the newest public photos of all people.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use db::explore::ExplorePage;
use domain::urls;
use domain::{Cursor, Username};
use site::Site;

use super::error::{Error, see_other};
use super::forms::Query;
use super::page::Page;
use super::photostream::Pager;
use super::session::Visit;
use super::tile::Tile;

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
    let ExplorePage { found, next } = db::explore::page(&site.db, cursor).await?;
    if let Cursor::After(_) = cursor
        && next.is_none()
    {
        return Ok(see_other(&urls::explore(Cursor::Newest)));
    }
    if let Cursor::Before(_) = cursor
        && found.is_empty()
    {
        return Err(Error::NotFound("There are no older photos."));
    }
    // A page of newer photos began at its oldest, a page of older ones at its newest: beside these
    // lies where the visitor came from.
    let newest = found.first().map(|found| Cursor::After(found.thumb.id));
    let oldest = found.last().map(|found| Cursor::Before(found.thumb.id));
    let (newer, older) = match cursor {
        Cursor::Newest => (None, next),
        Cursor::Before(_) => (newest, next),
        Cursor::After(_) => (next, oldest),
    };
    let pager = Pager {
        newer: newer.map(urls::explore),
        older: older.map(urls::explore),
    };
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
