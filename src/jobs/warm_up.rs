//! Draws the first page of explore ahead, so that the first visitor sees pictures at once.

use crate::db::{explore, photo};
use crate::domain::Cursor;
use crate::images::{Encoding, Key, Priority, Shelf, Size, Width};
use crate::web::{Site, hold_public};

/// Draws what the first page of explore shows, at low priority: whatever somebody looks at meanwhile
/// is drawn first.
///
/// # Errors
///
/// When the database fails. A picture that cannot be drawn is left to its first visitor.
pub async fn warm_up(site: &Site) -> anyhow::Result<()> {
    let found = explore::page(&site.db, Cursor::Newest).await?.found;
    for width in [Width::W640, Width::W320] {
        for found in &found {
            // Not on a disk that fills up: it would be thrown away and made again.
            if !site.disk.keeps_derivatives() {
                return Ok(());
            }
            let (owner, token) = (found.owner, found.thumb.token);
            let Some(filename) = photo::public_original(&site.db, owner, token).await? else {
                continue;
            };
            let key = Key {
                shelf: Shelf::Public,
                owner,
                token,
                size: Size {
                    width,
                    encoding: Encoding::WebP,
                },
            };
            let db = site.db.clone();
            let hold = async move { hold_public(&db, owner, token).await };
            let drawn = site
                .derivatives
                .get_or_make(key, filename.parse()?, Priority::WarmUp, hold)
                .await;
            if let Err(error) = drawn {
                tracing::debug!(%error, "a picture was not drawn ahead");
            }
        }
    }
    Ok(())
}
