//! The site's own files, under addresses that hold their fingerprint.

use accelerator::Policy;
use axum::Extension;
use axum::http::Uri;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use super::error::Error;
use crate::assets;

/// A file of this build.
pub(super) async fn show(uri: Uri) -> Result<Response, Error> {
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
