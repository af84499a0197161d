//! Makes the pictures of the first page of explore in advance, so that the first visitor does not wait for them.

use db::explore;
use domain::Cursor;
use images::{Encoding, Priority, Size, Width};

use crate::Site;
use crate::picture::{self, PictureError};

/// Makes the pictures of the first page of explore at low priority: requests of visitors come first.
///
/// # Errors
///
/// When the database fails. A picture that cannot be drawn is left to its first visitor.
pub async fn warm_up(site: &Site) -> Result<(), db::Error> {
    let found = explore::page(&site.db, Cursor::Newest).await?.found;
    for width in [Width::W640, Width::W320] {
        for found in &found {
            // Not on a disk that fills up: the picture would be dropped and made again.
            if !site.disk.keeps_derivatives() {
                return Ok(());
            }
            let size = Size {
                width,
                encoding: Encoding::WebP,
            };
            let drawn =
                picture::public(site, found.owner, found.thumb.token, size, Priority::WarmUp);
            match drawn.await {
                Ok(_) | Err(PictureError::NotPublic) => {}
                Err(PictureError::Database(error)) => return Err(error),
                Err(error) => tracing::debug!(%error, "making a picture in advance failed"),
            }
        }
    }
    Ok(())
}
