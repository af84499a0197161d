//! The newest public photos, which explore shows.

use crate::world::{Visibility, World};

/// How many of the newest public photos explore lists.
pub const RECENT_PHOTOS_MAX: usize = 10_000;

/// One of the newest public photos.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct RecentPhoto {
    pub photo_id: i64,
    pub userid: i64,
}

impl World {
    /// The newest public photos, oldest first.
    pub fn recent_photos(&self) -> impl Iterator<Item = RecentPhoto> + '_ {
        let public = |index: &usize| self.uploads[*index].visibility == Visibility::Public;
        let mut newest: Vec<usize> = (0..self.uploads.len())
            .rev()
            .filter(public)
            .take(RECENT_PHOTOS_MAX)
            .collect();
        newest.reverse();
        newest.into_iter().map(|index| RecentPhoto {
            photo_id: index as i64 + 1,
            userid: self.uploads[index].userid(),
        })
    }
}
