//! Hiding and deleting a photo: changes that must also succeed when the disk is full.

use sqlx::PgPool;

use super::room;
use crate::db::outbox::Gone;
use crate::db::photo_write;
use crate::disk::Disk;
use crate::domain::{PhotoId, UserId, Visibility};

/// Deletes a photo and commits. What is returned must be purged before the deletion is acknowledged;
/// `None` if the owner has no such photo.
///
/// # Errors
///
/// When the database fails, also with the room that the ballast makes.
pub async fn delete(
    db: &PgPool,
    disk: &Disk,
    owner: UserId,
    photo: PhotoId,
) -> Result<Option<Gone>, sqlx::Error> {
    let ended = delete_once(db, owner, photo).await;
    if room::is_made(disk, &ended).await {
        return delete_once(db, owner, photo).await;
    }
    ended
}

async fn delete_once(
    db: &PgPool,
    owner: UserId,
    photo: PhotoId,
) -> Result<Option<Gone>, sqlx::Error> {
    let mut tx = db.begin().await?;
    let gone = photo_write::delete(&mut tx, owner, photo).await?;
    tx.commit().await?;
    Ok(gone)
}

/// Changes who may see a photo and commits. What is returned must be purged before the change is
/// acknowledged; `None` if there is nothing to change.
///
/// # Errors
///
/// As [`delete`].
pub async fn change_visibility(
    db: &PgPool,
    disk: &Disk,
    owner: UserId,
    photo: PhotoId,
    to: Visibility,
) -> Result<Option<Gone>, sqlx::Error> {
    let ended = change_visibility_once(db, owner, photo, to).await;
    if room::is_made(disk, &ended).await {
        return change_visibility_once(db, owner, photo, to).await;
    }
    ended
}

async fn change_visibility_once(
    db: &PgPool,
    owner: UserId,
    photo: PhotoId,
    to: Visibility,
) -> Result<Option<Gone>, sqlx::Error> {
    let mut tx = db.begin().await?;
    let gone = photo_write::change_visibility(&mut tx, owner, photo, to).await?;
    tx.commit().await?;
    Ok(gone)
}
