//! A person's photostream: the page this project is about.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use db::photostream::Owner;
use domain::urls;
use domain::{Cursor, PhotoId, Relation, Username};
use site::Site;

use super::error::{Error, see_other};
use super::forms::Query;
use super::page::Page;
use super::session::Visit;
use super::tile::{Tile, tiles};

pub(super) const NOBODY: Error = Error::NotFound("There is no member with this name.");

#[derive(Template)]
#[template(path = "photostream.html")]
struct Photostream<'a> {
    visit: &'a Visit,
    owner: Owner,
    name: &'a Username,
    is_own: bool,
    person_url: String,
    archive_url: String,
    photos: Vec<Tile>,
    pager: Pager,
}

/// Where a list goes on, in both directions.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Pager {
    /// The page of newer photos.
    pub newer: Option<String>,
    /// The page of older photos.
    pub older: Option<String>,
}

impl Pager {
    /// Builds the links from what a page holds: its newest and oldest photo, and whether there is
    /// more in the direction that was asked for. In the other direction lies where one came from.
    pub(super) fn new(
        cursor: Cursor,
        more: bool,
        ends: Option<(PhotoId, PhotoId)>,
        url: impl Fn(Cursor) -> String,
    ) -> Self {
        let (has_newer, has_older) = match cursor {
            Cursor::Newest => (false, more),
            Cursor::Before(_) => (true, more),
            Cursor::After(_) => (more, true),
        };
        Self {
            newer: ends
                .filter(|_| has_newer)
                .map(|(newest, _)| url(Cursor::After(newest))),
            older: ends
                .filter(|_| has_older)
                .map(|(_, oldest)| url(Cursor::Before(oldest))),
        }
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    Path(name): Path<String>,
    query: Query,
) -> Result<Response, Error> {
    let name = Username::parse(&name).map_err(|_| NOBODY)?;
    let cursor = query.only(&["before", "after"])?.cursor()?;
    let relation = relation(&site, &visit, &name).await?;
    let (owner, slice) = db::photostream::page(&site.db, &name, relation, cursor)
        .await?
        .ok_or(NOBODY)?;
    match cursor {
        // Less than a full page of newer photos: that is the beginning, and it has its own address.
        Cursor::After(_) if !slice.more => {
            return Ok(see_other(&urls::person(&name, Cursor::Newest)));
        }
        Cursor::Before(_) if slice.photos.is_empty() => {
            return Err(Error::NotFound("There are no older photos."));
        }
        _ => {}
    }
    let ends = slice
        .photos
        .first()
        .zip(slice.photos.last())
        .map(|(first, last)| (first.id, last.id));
    let template = Photostream {
        visit: &visit,
        name: &name,
        is_own: relation == Relation::Owner,
        person_url: urls::person(&name, Cursor::Newest),
        archive_url: urls::archive(&name),
        pager: Pager::new(cursor, slice.more, ends, |cursor| {
            urls::person(&name, cursor)
        }),
        photos: tiles(owner.id, &name, slice.photos),
        owner,
    };
    Ok(Page::show(&visit, &template)?.into_response())
}

/// What the visitor is to a person. Strangers, most of the visitors, need no query.
pub(super) async fn relation(
    site: &Site,
    visit: &Visit,
    name: &Username,
) -> Result<Relation, Error> {
    match visit.viewer_id() {
        None => Ok(Relation::Stranger),
        Some(viewer) => db::photo::relation_to(&site.db, name, viewer)
            .await?
            .ok_or(NOBODY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_leads_both_ways_and_never_nowhere() {
        let url = urls::explore;
        let ends = Some((PhotoId(9), PhotoId(5)));
        let newest = Pager::new(Cursor::Newest, true, ends, url);
        assert_eq!(
            newest,
            Pager {
                newer: None,
                older: Some("/?before=5".to_owned())
            }
        );
        let middle = Pager::new(Cursor::Before(PhotoId(10)), true, ends, url);
        assert_eq!(
            middle,
            Pager {
                newer: Some("/?after=9".to_owned()),
                older: Some("/?before=5".to_owned())
            }
        );
        let last = Pager::new(Cursor::Before(PhotoId(10)), false, ends, url);
        assert_eq!(
            last,
            Pager {
                newer: Some("/?after=9".to_owned()),
                older: None
            }
        );
        assert_eq!(
            Pager::new(Cursor::Newest, false, None, url),
            Pager {
                newer: None,
                older: None
            }
        );
    }
}
