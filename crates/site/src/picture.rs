//! The pictures of a photo: read from the store, or made and stored while the photo's row is locked.

use db::photo::Photo;
use db::photo_hold::{self, Hold};
use domain::{PhotoToken, UserId};
use images::{Derivative, Held, Key, Priority, Shelf, Size, StoreError};

use crate::Site;
use crate::validity::held;

/// Why a picture cannot be returned.
#[derive(Debug, thiserror::Error)]
pub enum PictureError {
    /// No public photo has this token.
    #[error("no public photo has this token")]
    NotPublic,
    /// The row of the photo has an invalid file name.
    #[error("the photo names no original: {0:?}")]
    BadOriginal(String),
    /// The picture cannot be made or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] db::Error),
}

/// Returns a picture of a public photo.
///
/// # Errors
///
/// When the photo is not public, or the picture cannot be made.
pub async fn public(
    site: &Site,
    owner: UserId,
    token: PhotoToken,
    size: Size,
    priority: Priority,
) -> Result<Derivative, PictureError> {
    let filename = db::photo::public_original(&site.db, owner, token).await?;
    let filename = filename.ok_or(PictureError::NotPublic)?;
    let key = Key {
        shelf: Shelf::Public,
        owner,
        token,
        size,
    };
    let pool = site.db.clone();
    let hold = async move { held(photo_hold::hold_public(&pool, owner, token).await) };
    made(site, key, &filename, priority, hold).await
}

/// Returns a picture of a photo; the caller has checked that the visitor may see it. It is stored in a folder that no web
/// server reads.
///
/// # Errors
///
/// When the picture cannot be made.
pub async fn private(site: &Site, photo: &Photo, size: Size) -> Result<Derivative, PictureError> {
    let (owner, token) = (photo.userid, photo.token);
    let key = Key {
        shelf: Shelf::Private,
        owner,
        token,
        size,
    };
    let pool = site.db.clone();
    let hold = async move { held(photo_hold::hold_any(&pool, owner, token).await) };
    made(site, key, &photo.filename, Priority::Visitor, hold).await
}

async fn made(
    site: &Site,
    key: Key,
    filename: &str,
    priority: Priority,
    hold: impl Future<Output = Held<Hold>> + Send + 'static,
) -> Result<Derivative, PictureError> {
    let original = filename
        .parse()
        .map_err(|_| PictureError::BadOriginal(filename.to_owned()))?;
    let made = site.derivatives.get_or_make(key, original, priority, hold);
    Ok(made.await?)
}
