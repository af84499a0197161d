//! The tags, and the tags on each photo.

use crate::rng::{Purpose, Rng};
use crate::words::WORDS;
use crate::world::World;
use crate::world::vocabulary::YEARS;

/// The percentages of photos with no tag, one tag, two tags and so on.
const COUNTS_PERCENT: [u32; 7] = [18, 22, 26, 17, 10, 5, 2];

/// A tag of the vocabulary.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct Tag {
    pub id: i64,
    pub name: String,
}

/// A tag on a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct PhotoTag {
    pub photo_id: i64,
    pub tag_id: i64,
    pub userid: i64,
}

impl World {
    /// All tags, by id.
    pub fn tags(&self) -> impl Iterator<Item = Tag> + '_ {
        (1..).zip(&self.vocabulary.names).map(|(id, name)| Tag {
            id,
            name: name.clone(),
        })
    }

    /// The tags on all photos, by photo and tag.
    pub fn photo_tags(&self) -> impl Iterator<Item = PhotoTag> + '_ {
        (0..self.uploads.len()).flat_map(|index| {
            let userid = self.uploads[index].userid();
            let tags = self.tags_of(index);
            tags.into_iter().map(move |tag| PhotoTag {
                photo_id: index as i64 + 1,
                tag_id: i64::from(tag) + 1,
                userid,
            })
        })
    }

    fn tags_of(&self, index: usize) -> Vec<u32> {
        let mut rng = self.rng(Purpose::Tags, index);
        let mut hundred = rng.below(100);
        let mut count = 0;
        while hundred >= COUNTS_PERCENT[count] {
            hundred -= COUNTS_PERCENT[count];
            count += 1;
        }
        let mut tags = Vec::with_capacity(count);
        if count > 0 {
            let kind = WORDS.kind_of(self.scene(index).family.name());
            while tags.len() < count {
                let tag = self.tag_of(index, kind, &mut rng);
                if !tags.contains(&tag) {
                    tags.push(tag);
                }
            }
            tags.sort_unstable();
        }
        tags
    }

    fn tag_of(&self, index: usize, kind: usize, rng: &mut Rng) -> u32 {
        let upload = &self.uploads[index];
        let region = self.region(index, kind);
        let words = &self.vocabulary;
        match rng.below(100) {
            0..34 => rng.pick_early(&words.kinds[kind]),
            34..46 => rng.pick_early(&words.kinds[0]),
            46..58 => words.regions[region],
            58..68 => match self.place(index, kind) {
                Some(place) => words.places[place],
                None => rng.pick_early(&words.kinds[kind]),
            },
            68..76 => rng.pick_early(&words.lights),
            76..82 => words.gear[usize::from(self.person(upload.owner).gear)],
            82..88 => words.years[region][(upload.taken.month().year() - YEARS.start()) as usize],
            _ => words.compounds[words.compound_law.draw(rng) as usize],
        }
    }
}
