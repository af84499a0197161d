//! One photo: its page, its visibility, its deletion.

use askama::Template;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use db::comment::Comment;
use db::photo::{Neighbour, Photo};
use domain::urls;
use domain::{Cursor, Month, PhotoId, Ratio, Relation, UserId, Username, Visibility};
use site::Site;
use site::jobs::Delivery;
use site::log_throttle;

use super::error::{Error, see_other};
use super::forms::{Form, Query};
use super::page::Page;
use super::session::Visit;
use super::shown::Shown;
use super::tile::Sources;

const NO_PHOTO: Error = Error::NotFound("This photo does not exist, or it is private.");

#[derive(Template)]
#[template(path = "photo.html")]
struct PhotoPage<'a> {
    visit: &'a Visit,
    photo: &'a Photo,
    sources: Sources,
    ratio: Ratio,
    url: String,
    name: &'a Username,
    person_url: String,
    month_url: String,
    newer: Option<Beside>,
    older: Option<Beside>,
    comments: Vec<Comment>,
    more_comments: Option<String>,
    owner: Option<OwnerTools>,
}

/// A photo beside this one.
struct Beside {
    url: String,
    /// Its pictures and shape, for the browser to fetch ahead. Only of public photos: a browser may
    /// not keep any other picture, and would fetch it twice.
    ahead: Option<(Sources, Ratio)>,
}

impl Beside {
    fn of(owner: UserId, name: &Username, beside: Neighbour) -> Self {
        let Neighbour {
            id,
            token,
            frame,
            visibility,
        } = beside;
        let ahead = (visibility == Visibility::Public).then(|| {
            let sources = Sources::of(owner, name, id, token, visibility, frame);
            (sources, frame.ratio())
        });
        Self {
            url: urls::photo(name, id),
            ahead,
        }
    }
}

/// What only the owner sees.
struct OwnerTools {
    visibility_url: String,
    delete_url: String,
}

impl PhotoPage<'_> {
    fn title(&self) -> &str {
        if self.photo.title.is_empty() {
            "Untitled"
        } else {
            &self.photo.title
        }
    }

    /// The levels that the owner can choose from.
    fn choices(&self) -> Vec<Visibility> {
        self.photo.visibility.choices()
    }

    fn author_url(&self, comment: &Comment) -> String {
        urls::person(&comment.author, Cursor::Newest)
    }
}

pub(super) async fn show(
    State(site): State<Site>,
    visit: Visit,
    Path((name, photo)): Path<(String, String)>,
    query: Query,
    shown: Shown,
) -> Result<Page, Error> {
    let query = query.only(&["comments_after"])?;
    let after = match query.get("comments_after") {
        None => None,
        Some(id) => Some(id.parse().map_err(|_| {
            Error::BadRequest(
                "This link to the comments is damaged. Please go back to the photo.".to_owned(),
            )
        })?),
    };
    let (name, photo, relation) = visible_photo(&site, &visit, &name, &photo).await?;
    let beside = db::photo::neighbours(&site.db, photo.userid, photo.id, relation).await?;
    let (comments, more) = if photo.comment_count > 0 {
        db::comment::page(&site.db, photo.id, after).await?
    } else {
        (Vec::new(), false)
    };
    if shown.0 && relation != Relation::Owner {
        site.views.count(photo.id, photo.userid);
    }
    let at = |neighbour| Beside::of(photo.userid, &name, neighbour);
    let template = PhotoPage {
        visit: &visit,
        sources: Sources::of(
            photo.userid,
            &name,
            photo.id,
            photo.token,
            photo.visibility,
            photo.frame(),
        ),
        ratio: photo.frame().ratio(),
        url: urls::photo(&name, photo.id),
        name: &name,
        person_url: urls::person(&name, Cursor::Newest),
        month_url: urls::archive_month(&name, Month::of(photo.taken_at.date())),
        newer: beside.newer.map(at),
        older: beside.older.map(at),
        more_comments: comments
            .last()
            .filter(|_| more)
            .map(|last| urls::photo_comments(&name, photo.id, last.id)),
        comments,
        owner: (relation == Relation::Owner).then(|| OwnerTools {
            visibility_url: urls::photo_visibility(&name, photo.id),
            delete_url: urls::photo_delete(&name, photo.id),
        }),
        photo: &photo,
    };
    Page::show(&visit, &template)
}

/// Returns the photo at an address, if this visitor may see it. The error is the same for a photo
/// that does not exist and for one that this visitor may not see.
pub(super) async fn visible_photo(
    site: &Site,
    visit: &Visit,
    name: &str,
    photo: &str,
) -> Result<(Username, Photo, Relation), Error> {
    let (Ok(name), Ok(photo)) = (Username::parse(name), photo.parse::<PhotoId>()) else {
        return Err(NO_PHOTO);
    };
    let photo = db::photo::find(&site.db, &name, photo, visit.viewer_id())
        .await?
        .ok_or(NO_PHOTO)?;
    let relation = photo.relation(visit.viewer_id());
    if relation.may_see(photo.visibility) {
        Ok((name, photo, relation))
    } else {
        Err(NO_PHOTO)
    }
}

/// Changes the visibility of a photo: committed, purged everywhere, and only then acknowledged.
pub(super) async fn change_visibility(
    State(site): State<Site>,
    visit: Visit,
    Path((name, photo)): Path<(String, String)>,
    form: Form,
) -> Result<Response, Error> {
    let to: Visibility = form
        .get("visibility")
        .parse()
        .map_err(|error: domain::BadVisibility| Error::BadRequest(error.to_string()))?;
    let (name, photo) = own_photo(&site, &visit, &name, &photo).await?;
    let delivery = site::photo::show_to(&site, photo.userid, photo.id, to).await?;
    acknowledge(&visit, delivery, &urls::photo(&name, photo.id))
}

/// Deletes a photo: committed, purged everywhere, and only then acknowledged.
pub(super) async fn delete(
    State(site): State<Site>,
    visit: Visit,
    Path((name, photo)): Path<(String, String)>,
) -> Result<Response, Error> {
    let (name, photo) = own_photo(&site, &visit, &name, &photo).await?;
    let delivery = site::photo::delete(&site, photo.userid, photo.id).await?;
    acknowledge(&visit, delivery, &urls::person(&name, Cursor::Newest))
}

/// The viewer's own photo. A photo of another person is refused, one that the viewer may not see is not
/// found.
async fn own_photo(
    site: &Site,
    visit: &Visit,
    name: &str,
    photo: &str,
) -> Result<(Username, Photo), Error> {
    let (Ok(owner), Ok(id)) = (Username::parse(name), photo.parse::<PhotoId>()) else {
        return Err(NO_PHOTO);
    };
    let viewer = visit.signed_in_or_back_to(&urls::photo(&owner, id))?;
    let (name, photo, relation) = visible_photo(site, visit, name, photo).await?;
    if relation == Relation::Owner {
        Ok((name, photo))
    } else {
        let viewer = &viewer.name;
        log_throttle::log(
            || tracing::info!(%viewer, "refused to change the photo of another person"),
        );
        Err(Error::Forbidden(
            "Only the owner of a photo can change or delete it.",
        ))
    }
}

#[derive(Template)]
#[template(path = "unconfirmed.html")]
struct Unconfirmed<'a> {
    visit: &'a Visit,
    next_url: &'a str,
    /// Whether it is a file that stays, and not a copy in memcached, which ends by itself.
    disk_failed: bool,
}

/// Redirects when every copy of a deleted or hidden photo is confirmed to be gone, else shows the page that names the
/// copy that is not confirmed.
fn acknowledge(visit: &Visit, delivery: Delivery, next_url: &str) -> Result<Response, Error> {
    if delivery == Delivery::Everywhere {
        return Ok(see_other(next_url));
    }
    let page = Unconfirmed {
        visit,
        next_url,
        disk_failed: delivery == Delivery::DiskFailed,
    };
    Ok(Page::show(visit, &page)?.into_response())
}
