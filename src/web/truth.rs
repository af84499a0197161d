//! What the accelerator asks the site: may this file still be shown to everybody?

use accelerator::Truth;
use sqlx::PgPool;

use super::pictures;
use crate::assets;

/// Answers from the database.
#[derive(Debug, Clone)]
pub struct PictureTruth(pub PgPool);

impl Truth for PictureTruth {
    async fn still_current(&self, path: &str) -> bool {
        if path.starts_with("/static/") {
            return assets::all().at(path).is_some();
        }
        let mut parts = path.strip_prefix("/i/").unwrap_or_default().split('/');
        let (Some(Ok(owner)), Some(Ok(token))) =
            (parts.next().map(str::parse), parts.next().map(str::parse))
        else {
            return false;
        };
        pictures::is_public(&self.0, owner, token).await
    }
}
