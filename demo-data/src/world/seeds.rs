//! The seed of each photo's picture.
//!
//! Six families of pictures look drawn where they are shown larger than in a grid. They are chosen
//! less often than the others, and not at all for what visitors see first.

use super::uploads::Upload;
use super::visibility::Visibility;
use crate::picture::Scene;
use crate::split_mix::mix;

/// One of this many seeds that look drawn is taken; for the others the next seed is tried.
const TAKEN_OF: u64 = 4;

/// From one seed that is tried for a photo to the next. Far more than there are photos, so that no two
/// get the same, and a multiple of three, because neighbours show different suits of families.
const NEXT_SEED: u64 = 3 << 30;

/// How many seeds are tried at most: about half of a suit looks drawn, so the last is never reached.
const SEEDS_MAX: u64 = 200;

/// How many photos count as seen first: five screens, because explore shows only a few of one
/// person on a page and goes further back for the others.
const SEEN_FIRST: usize = 200;

/// The seeds of all photos.
pub(crate) struct Seeds {
    first: u64,
    /// The places of the photos that are seen first; sorted.
    seen_first: Vec<u32>,
}

impl Seeds {
    /// The seeds of a world; `busiest` is the person with the most photos.
    pub(crate) fn new(seed: u64, uploads: &[Upload], busiest: Option<u32>) -> Self {
        let newest = |is_shown: &dyn Fn(&Upload) -> bool| -> Vec<u32> {
            let all = uploads.iter().enumerate().rev();
            all.filter(|(_, upload)| is_shown(upload))
                .map(|(index, _)| index as u32)
                .take(SEEN_FIRST)
                .collect()
        };
        let mut seen_first = newest(&|upload| upload.visibility == Visibility::Public);
        // The owner's own photostream shows photos of all levels of visibility.
        seen_first.extend(newest(&|upload| Some(upload.owner) == busiest));
        seen_first.sort_unstable();
        seen_first.dedup();
        Self {
            first: mix(seed) >> 32,
            seen_first,
        }
    }

    /// The seed of a photo. Neighbours never show the same family.
    pub(crate) fn of(&self, index: usize) -> u64 {
        let seed = |tried: u64| self.first + index as u64 + tried * NEXT_SEED;
        (0..SEEDS_MAX)
            .map(seed)
            .find(|seed| !Scene::looks_drawn(*seed) || self.is_taken(*seed, index))
            .unwrap_or(seed(0))
    }

    /// Whether a seed that looks drawn is taken for a photo.
    fn is_taken(&self, seed: u64, index: usize) -> bool {
        mix(!seed).is_multiple_of(TAKEN_OF)
            && self.seen_first.binary_search(&(index as u32)).is_err()
    }
}
