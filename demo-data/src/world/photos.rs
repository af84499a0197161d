//! The photos themselves.

use super::{Photo, World, taken_at};
use crate::calendar::{DAY_S, END_AT};
use crate::rng::Purpose;

impl World {
    /// All photos, by id, which is the order of their upload.
    pub fn photos(&self) -> impl Iterator<Item = Photo> + '_ {
        (0..self.uploads.len()).map(|index| self.photo(index))
    }

    fn photo(&self, index: usize) -> Photo {
        let upload = &self.uploads[index];
        let scene_seed = self.scene_seed(index);
        let scene = self.scene(index);
        let (title, description) = self.words_on(index);
        let mut rng = self.rng(Purpose::Views, index);
        Photo {
            id: index as i64 + 1,
            userid: upload.userid(),
            scene_seed,
            token: self.token(index),
            title,
            description,
            width: scene.shape.width,
            height: scene.shape.height,
            tone: scene.tone,
            visibility: upload.visibility,
            taken_at: taken_at(upload.taken, scene.light, &mut rng),
            created_at: upload.created_at(),
            view_count: self.views(index),
            favorite_count: self.popularity.favorites[index],
            comment_count: self.popularity.comments[index],
        }
    }

    /// A UUID of version 4, drawn from the seed.
    fn token(&self, index: usize) -> [u8; 16] {
        let mut rng = self.rng(Purpose::Token, index);
        let mut token = (u128::from(rng.bits()) << 64 | u128::from(rng.bits())).to_be_bytes();
        token[6] = token[6] & 0x0f | 0x40;
        token[8] = token[8] & 0x3f | 0x80;
        token
    }

    /// Whoever likes or talks has looked, and far more have looked than that.
    fn views(&self, index: usize) -> u64 {
        let mut rng = self.rng(Purpose::Views, index);
        let age_days = ((END_AT - self.uploads[index].created_at()) / DAY_S) as u32;
        let likes = u64::from(self.popularity.favorites[index]) * u64::from(rng.within(8, 60));
        let talk = u64::from(self.popularity.comments[index]) * u64::from(rng.within(3, 12));
        likes + talk + u64::from(rng.below(4 + age_days / 40))
    }
}
