//! Counts views of photos in memory; they are written to the database together every few seconds.
//!
//! The page of a photo writes nothing, so that pages of one photo do not wait for its row. A process that dies loses only
//! the views of its last seconds.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domain::{PhotoId, UserId};

/// How many photos are counted between two writes; views of further ones are not counted.
const PHOTOS_MAX: usize = 10_000;

/// The views that this process has not yet written.
#[derive(Debug, Default)]
pub struct ViewCounter(Mutex<HashMap<PhotoId, (UserId, i32)>>);

impl ViewCounter {
    /// Counts a view.
    pub fn count(&self, photo: PhotoId, owner: UserId) {
        let mut views = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if views.len() < PHOTOS_MAX || views.contains_key(&photo) {
            views.entry(photo).or_insert((owner, 0)).1 += 1;
        }
    }

    /// Takes the counts, which start at 0 again.
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
        let views = ViewCounter::default();
        views.count(PhotoId(1), UserId(7));
        views.count(PhotoId(1), UserId(7));
        assert_eq!(views.take(), [(PhotoId(1), UserId(7), 2)]);
        assert_eq!(views.take(), []);
    }

    #[test]
    fn views_of_a_bounded_number_of_photos_are_held() {
        let views = ViewCounter::default();
        for _ in 0..2 {
            for photo in 1..=PHOTOS_MAX as i64 + 1 {
                views.count(PhotoId(photo), UserId(7));
            }
        }
        let taken = views.take();
        assert_eq!(taken.len(), PHOTOS_MAX);
        assert!(taken.iter().all(|(_, _, count)| *count == 2));
    }
}
