//! Who likes which photo.

use super::follows::distinct;
use super::{Favorite, World};
use crate::rng::Purpose;

impl World {
    /// Who likes which photo, by photo and fan; nobody twice, nobody their own.
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
            let fan = self.popularity.somebody(&mut rng);
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
}
