//! Hiding and deleting a photo: committed, purged everywhere, and only then acknowledged. Both also succeed when the
//! disk is full.

use db::outbox::Gone;
use db::photo_write;
use domain::{PhotoId, UserId, Visibility};

use super::disk_full_retry;
use crate::Site;
use crate::jobs::outbox::{self, Delivery};

/// Deletes a photo. Returns what is known of its copies; while one may be left, the outbox job retries. A photo that the
/// owner does not have has no copies.
///
/// # Errors
///
/// When the database fails, also after a part of the ballast was released.
pub async fn delete(site: &Site, owner: UserId, photo: PhotoId) -> Result<Delivery, db::Error> {
    let ended = delete_once(&site.db, owner, photo).await;
    let gone = match disk_full_retry::should_retry(&site.disk, &ended).await {
        true => delete_once(&site.db, owner, photo).await?,
        false => ended?,
    };
    Ok(purge(site, gone).await)
}

async fn delete_once(
    db: &db::Pool,
    owner: UserId,
    photo: PhotoId,
) -> Result<Option<Gone>, db::Error> {
    let mut tx = db.begin().await?;
    let gone = photo_write::delete(&mut tx, owner, photo).await?;
    tx.commit().await?;
    Ok(gone)
}

/// Changes the visibility of a photo. Returns what is known of the copies under its former address, as [`delete`] does.
///
/// # Errors
///
/// As [`delete`].
pub async fn show_to(
    site: &Site,
    owner: UserId,
    photo: PhotoId,
    to: Visibility,
) -> Result<Delivery, db::Error> {
    let ended = show_to_once(&site.db, owner, photo, to).await;
    let gone = match disk_full_retry::should_retry(&site.disk, &ended).await {
        true => show_to_once(&site.db, owner, photo, to).await?,
        false => ended?,
    };
    Ok(purge(site, gone).await)
}

async fn show_to_once(
    db: &db::Pool,
    owner: UserId,
    photo: PhotoId,
    to: Visibility,
) -> Result<Option<Gone>, db::Error> {
    let mut tx = db.begin().await?;
    let gone = photo_write::change_visibility(&mut tx, owner, photo, to).await?;
    tx.commit().await?;
    Ok(gone)
}

async fn purge(site: &Site, gone: Option<Gone>) -> Delivery {
    match gone {
        Some(gone) => outbox::deliver(site, &gone).await,
        None => Delivery::Everywhere,
    }
}
