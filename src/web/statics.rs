//! The site's own files, under addresses that hold their fingerprint.

use accelerator::media::Media;
use accelerator::{Key, Policy};
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use images::blocking::Lane;
use site::Site;
use site::assets;

use super::error::Error;
use super::from_disk::FromDisk;

/// Looks for files of other versions.
static FINDING: Lane = Lane::new(8);

/// A file of this build or, where processes share a folder, of another: pages of both are open in
/// browsers, and during a change of versions any process is asked for the files of either.
pub(super) async fn show(
    State(site): State<Site>,
    State(from_disk): State<Option<FromDisk>>,
    uri: Uri,
) -> Result<Response, Error> {
    let key = Key::of(uri.path());
    if let (Some(disk), Some(key)) = (&from_disk, &key)
        && let Some(file) = disk.static_file(key).await
    {
        return Ok(file);
    }
    if let Some(asset) = assets::all().at(uri.path()) {
        return Ok(respond(&asset.content_type, asset.bytes.clone()));
    }
    let other = match key {
        Some(key) => of_another_version(&site, key).await,
        None => None,
    };
    other.ok_or(Error::NotFound(
        "This file does not exist, or it belongs to an older version of the site.",
    ))
}

async fn of_another_version(site: &Site, key: Key) -> Option<Response> {
    let asset_store = site.asset_store.clone()?;
    let media = Media::of(key.extension())?;
    let found = FINDING.run(move || asset_store.find(&key)).await;
    Some(respond(media.content_type, found.ok()??))
}

fn respond(content_type: &str, bytes: Bytes) -> Response {
    (
        [(CONTENT_TYPE, content_type.to_owned())],
        Extension(Policy::Immutable),
        bytes,
    )
        .into_response()
}
