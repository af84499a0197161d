//! Tells the accelerator whether a file is public, and keeps it so while it is stored.

use std::sync::Arc;

use accelerator::{Key, Lease, Validity};
use db::photo_hold::{self, Hold};
use domain::{PhotoToken, UserId};
use images::Held;
use images::blocking::Lane;
use tokio::sync::Semaphore;

use crate::assets;
use crate::assets::AssetStore;

/// Runs the look-ups of files of other versions.
static LOOKING: Lane = Lane::new(4);

/// Checks photos in the database, and the site's own files in this build and the asset store.
///
/// It has no timeout: the accelerator has one, and does not store the file when it expires.
#[derive(Debug, Clone)]
pub struct PictureValidity {
    db: db::Pool,
    asset_store: Option<AssetStore>,
    /// Limits the leases: each holds a connection for as long as memcached takes to store the file. Half of the pool stays
    /// free for visitors, however slow memcached is.
    places: Arc<Semaphore>,
}

impl Validity for PictureValidity {
    async fn still_current(&self, path: &str) -> bool {
        if path.starts_with("/static/") {
            return self.is_ours(path).await;
        }
        match picture_at(path) {
            Some((owner, token)) => is_public(&self.db, owner, token).await,
            None => false,
        }
    }

    async fn lease(&self, path: &str) -> Option<Lease> {
        if path.starts_with("/static/") {
            // The file of a fingerprint does not change, so no lock is needed.
            let lease = || Lease::until_dropped(());
            return self.is_ours(path).await.then(lease);
        }
        let (owner, token) = picture_at(path)?;
        let place = Arc::clone(&self.places).acquire_owned().await.ok()?;
        match held(photo_hold::hold_public(&self.db, owner, token).await) {
            Held::Current(photo) => Some(Lease::until_dropped((photo, place))),
            Held::Gone | Held::Unknown => None,
        }
    }
}

impl PictureValidity {
    /// Checks photos in this database and files in this store.
    pub fn new(db: db::Pool, asset_store: Option<AssetStore>) -> Self {
        let places = (db.options().get_max_connections() / 2).max(1);
        Self {
            db,
            asset_store,
            places: Arc::new(Semaphore::new(places as usize)),
        }
    }

    /// Whether some version of the site has a file at this address.
    async fn is_ours(&self, path: &str) -> bool {
        if assets::all().at(path).is_some() {
            return true;
        }
        let (Some(asset_store), Some(key)) = (self.asset_store.clone(), Key::of(path)) else {
            return false;
        };
        LOOKING
            .run(move || asset_store.has(&key))
            .await
            .unwrap_or(false)
    }
}

/// The owner and token in the address of a picture.
fn picture_at(path: &str) -> Option<(UserId, PhotoToken)> {
    let mut parts = path.strip_prefix("/i/")?.split('/');
    let owner = parts.next()?.parse().ok()?;
    Some((owner, parts.next()?.parse().ok()?))
}

/// Whether the photo of a token is public; false if the database fails.
async fn is_public(pool: &db::Pool, owner: UserId, token: PhotoToken) -> bool {
    match db::photo::public_original(pool, owner, token).await {
        Ok(original) => original.is_some(),
        Err(error) => {
            tracing::warn!(%error, "checking whether a picture is still public failed; it is not stored");
            false
        }
    }
}

/// Converts the result of the database for the store, which stores nothing if it is unknown.
pub(crate) fn held(answer: Result<Option<Hold>, db::Error>) -> Held<Hold> {
    match answer {
        Ok(Some(hold)) => Held::Current(hold),
        Ok(None) => Held::Gone,
        Err(error) => {
            tracing::warn!(%error, "checking whether a photo is still visible failed; its picture is not stored");
            Held::Unknown
        }
    }
}
