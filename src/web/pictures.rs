//! The bytes of a picture.

use accelerator::Policy;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use domain::{PhotoToken, UserId};
use images::{Derivative, Encoding, Key, Priority, Shelf, Size};
use site::Site;
use site::picture;

use super::error::Error;
use super::from_disk::FromDisk;
use super::photo::visible_photo;
use super::session::Visit;

const GONE: Error = Error::NotFound("This picture does not exist, or it has been deleted.");

/// A public picture: made once, and cacheable by all.
pub(super) async fn show(
    State(site): State<Site>,
    State(from_disk): State<Option<FromDisk>>,
    Path((owner, token, file)): Path<(String, String, String)>,
) -> Result<Response, Error> {
    let (Ok(owner), Ok(token), Ok(size)) = (
        owner.parse::<UserId>(),
        token.parse::<PhotoToken>(),
        file.parse::<Size>(),
    ) else {
        return Err(GONE);
    };
    let key = Key {
        shelf: Shelf::Public,
        owner,
        token,
        size,
    };
    if let Some(disk) = &from_disk
        && let Some(picture) = disk.picture(&key).await
    {
        return Ok(picture);
    }
    let derivative = picture::public(&site, owner, token, size, Priority::Visitor).await?;
    Ok(respond(derivative, size.encoding, Policy::Purgeable))
}

/// A picture of a photo that is not public: the visitor is checked each time, and no cache may store it.
pub(super) async fn show_own(
    State(site): State<Site>,
    visit: Visit,
    Path((name, photo, file)): Path<(String, String, String)>,
) -> Result<Response, Error> {
    let size: Size = file.parse().map_err(|_| GONE)?;
    let (_, photo, _) = visible_photo(&site, &visit, &name, &photo).await?;
    let derivative = picture::private(&site, &photo, size).await?;
    Ok(respond(derivative, size.encoding, Policy::Private))
}

fn respond(derivative: Derivative, encoding: Encoding, policy: Policy) -> Response {
    let content_type = mime_guess::from_ext(encoding.extension())
        .first_or_octet_stream()
        .to_string();
    (
        [(CONTENT_TYPE, content_type)],
        Extension(policy),
        derivative.bytes,
    )
        .into_response()
}
