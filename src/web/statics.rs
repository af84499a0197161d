//! The site's own files, under addresses that hold their fingerprint.

use accelerator::{Key, Policy};
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use super::error::Error;
use super::site::Site;
use crate::assets;

/// A file of this build; or, from a folder where older ones lie as well, one of those.
pub(super) async fn show(State(site): State<Site>, uri: Uri) -> Result<Response, Error> {
    if let (Some(disk), Some(key)) = (&site.from_disk, Key::of(uri.path()))
        && let Some(file) = disk.static_file(&key).await
    {
        return Ok(file);
    }
    let asset = assets::all().at(uri.path()).ok_or(Error::NotFound(
        "This version of the site has no such file.",
    ))?;
    Ok((
        [(CONTENT_TYPE, asset.content_type.as_str())],
        Extension(Policy::ForEver),
        asset.bytes.clone(),
    )
        .into_response())
}
