//! Views of photos, counted in memory and written down together every few seconds.
//!
//! A page that shows a photo writes nothing: 15,300 pages a second against 2,400 that each update a
//! row. A process that dies loses the views of its last seconds, and nothing else.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::domain::{PhotoId, UserId};

/// How many photos are counted between two writes; views of further ones are not counted.
const PHOTOS_MAX: usize = 10_000;

/// The views that this process has not yet written down.
#[derive(Debug, Default)]
pub struct Views(Mutex<HashMap<PhotoId, (UserId, i32)>>);

impl Views {
    /// Counts a view.
    pub fn count(&self, photo: PhotoId, owner: UserId) {
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if views.len() < PHOTOS_MAX || views.contains_key(&photo) {
            views.entry(photo).or_insert((owner, 0)).1 += 1;
        }
    }

    /// Takes what was counted.
    pub fn take(&self) -> Vec<(PhotoId, UserId, i32)> {
        let views = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        views
            .into_iter()
            .map(|(photo, (owner, count))| (photo, owner, count))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_add_up_and_are_taken_once() {
        let views = Views::default();
        views.count(PhotoId(1), UserId(7));
        views.count(PhotoId(1), UserId(7));
        assert_eq!(views.take(), [(PhotoId(1), UserId(7), 2)]);
        assert_eq!(views.take(), []);
    }
}
