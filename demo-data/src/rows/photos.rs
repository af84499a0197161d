//! The photos.

use crate::calendar::{DAY_S, Day, END_AT};
use crate::picture::Light;
use crate::rng::{Purpose, Rng};
use crate::world::{Visibility, World};

/// A photo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct Photo {
    pub id: i64,
    pub userid: i64,
    /// What its picture is drawn from.
    pub scene_seed: u64,
    /// A random UUID.
    pub token: [u8; 16],
    pub title: String,
    pub description: String,
    pub width: u32,
    pub height: u32,
    /// Average colour as an index into the 6 x 6 x 6 cube.
    pub tone: u8,
    pub visibility: Visibility,
    pub taken_at: i64,
    pub created_at: i64,
    pub view_count: u64,
    pub favorite_count: u32,
    pub comment_count: u32,
}

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

    /// Each favourite and each comment counts as several views: many more people look than react.
    fn views(&self, index: usize) -> u64 {
        let mut rng = self.rng(Purpose::Views, index);
        let age_days = ((END_AT - self.uploads[index].created_at()) / DAY_S) as u32;
        let likes = u64::from(self.popularity.favorites[index]) * u64::from(rng.within(8, 60));
        let talk = u64::from(self.popularity.comments[index]) * u64::from(rng.within(3, 12));
        likes + talk + u64::from(rng.below(4 + age_days / 40))
    }
}

/// When a photo was taken: on this day, at an hour that has this light.
fn taken_at(day: Day, light: Light, rng: &mut Rng) -> i64 {
    let (first, last) = minutes_of(light);
    day.start_at() + i64::from(rng.within(first, last) * 60 + rng.below(60))
}

/// The first and the last minute of the day with a light.
fn minutes_of(light: Light) -> (u32, u32) {
    match light {
        Light::Dawn => (270, 380),
        Light::Sunrise => (320, 430),
        Light::Mist => (370, 560),
        Light::Morning => (430, 640),
        Light::Noon => (660, 830),
        Light::Overcast | Light::Winter => (560, 950),
        Light::Afternoon => (820, 1_020),
        Light::Storm => (780, 1_140),
        Light::Golden => (1_030, 1_170),
        Light::Sunset => (1_110, 1_240),
        Light::Afterglow => (1_160, 1_280),
        Light::Dusk => (1_200, 1_320),
        Light::Night => (1_300, 1_439),
    }
}
