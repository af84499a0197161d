//! What the accelerator asks the site: may this file still be shown to everybody?

use accelerator::{Key, Truth};
use sqlx::PgPool;
use tokio::task::spawn_blocking;

use super::pictures;
use crate::assets;
use crate::domain::{PhotoToken, UserId};
use crate::generations::Generations;

/// Answers from the database and, for the site's own files, from what there is of them.
#[derive(Debug, Clone)]
pub struct PictureTruth {
    /// Where photos are.
    pub db: PgPool,
    /// Where the site's own files of other versions are.
    pub generations: Option<Generations>,
}

impl Truth for PictureTruth {
    async fn still_current(&self, path: &str) -> bool {
        if path.starts_with("/static/") {
            return self.is_ours(path).await;
        }
        match picture_at(path) {
            Some((owner, token)) => pictures::is_public(&self.db, owner, token).await,
            None => false,
        }
    }
}

impl PictureTruth {
    /// Whether some version of the site has a file at this address.
    async fn is_ours(&self, path: &str) -> bool {
        if assets::all().at(path).is_some() {
            return true;
        }
        let (Some(generations), Some(key)) = (self.generations.clone(), Key::of(path)) else {
            return false;
        };
        spawn_blocking(move || generations.has(&key))
            .await
            .unwrap_or(false)
    }
}

/// Whose picture lies at an address, and under which token.
fn picture_at(path: &str) -> Option<(UserId, PhotoToken)> {
    let mut parts = path.strip_prefix("/i/")?.split('/');
    let owner = parts.next()?.parse().ok()?;
    Some((owner, parts.next()?.parse().ok()?))
}
