//! Favourites: the photos that people like.

use crate::calendar::END_AT;
use crate::rng::{Purpose, Rng, distinct};
use crate::world::World;

/// A person likes a photo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct Favorite {
    pub photo_id: i64,
    pub fan_id: i64,
    /// The owner of the photo.
    pub userid: i64,
    pub created_at: i64,
}

impl World {
    /// All favourites, by photo and fan. Each pair comes once, and no owner likes their own photo.
    pub fn favorites(&self) -> impl Iterator<Item = Favorite> + '_ {
        (0..self.uploads.len()).flat_map(|index| self.favorites_of(index))
    }

    fn favorites_of(&self, index: usize) -> Vec<Favorite> {
        let count = self.popularity.favorites[index];
        if count == 0 {
            return Vec::new();
        }
        let owner = self.uploads[index].owner;
        let mut rng = self.rng(Purpose::Fans, index);
        let mut fans = Vec::with_capacity(count as usize);
        distinct(count, &mut fans, || {
            let fan = self.popularity.draw_person(&mut rng);
            (fan != owner).then_some(fan)
        });
        let favorite = |fan: u32| Favorite {
            photo_id: index as i64 + 1,
            fan_id: i64::from(fan) + 1,
            userid: i64::from(owner) + 1,
            created_at: self.reaction_at(index, fan, &mut rng),
        };
        fans.into_iter().map(favorite).collect()
    }

    /// A moment after both a photo's upload and a person's joining, most likely soon after, never
    /// after the end of the demo set.
    fn reaction_at(&self, index: usize, user: u32, rng: &mut Rng) -> i64 {
        let earliest = self.uploads[index].created_at().max(self.joined_at(user));
        let unit = rng.unit();
        // Half of all within a day, a tenth after a month and more.
        let later = earliest + 60 + (43_200.0 * unit / (1.002 - unit)) as i64;
        if later < END_AT {
            later
        } else {
            earliest + ((END_AT - earliest) as f64 * unit) as i64
        }
    }
}
