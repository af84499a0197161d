//! A photo site's twenty years, invented from a seed: rows, and nothing of where they are kept.
//!
//! What a row depends on from far away (who owns the photo, how many follow whom, how many like it)
//! is decided once, in [`World::new`], and held in some 45 bytes a photo. All the rest is drawn
//! again from the seed whenever a row is asked for, so that tables can be made side by side, in any
//! order, and every stored count is true.

mod comments;
mod favorites;
mod follows;
mod photos;
mod popularity;
mod rows;
mod seeds;
mod tags;
mod titles;
mod uploads;

pub use rows::{
    Comment, Favorite, Follow, Photo, PhotoMonth, PhotoTag, RecentPhoto, Tag, User, Visibility,
};

use crate::calendar::{Day, END_AT, SPAN_S, START_AT};
use crate::people::{Person, Registry};
use crate::picture::{Family, Light, Scene};
use crate::rng::{Purpose, Rng};
use follows::Follows;
use popularity::Popularity;
use seeds::Seeds;
use tags::Vocabulary;
use uploads::Upload;

/// How many of the newest public photos explore keeps at hand.
pub const RECENT_PHOTOS_MAX: usize = 10_000;

/// How many tags a photo has on average.
const TAGS_PER_PHOTO: u64 = 2;

/// How many photos an owner has for each month in which they took any, about.
const PHOTOS_PER_MONTH: u64 = 2;

/// From the middle of summer to the middle of winter.
const HALF_YEAR_DAYS: i64 = 182;

/// Everything that ever happened on the site.
///
/// ```
/// let world = demo_data::World::new(1, 200, 2_000).expect("there are people to own the photos");
/// let photo = world.photos().next().expect("a first photo");
/// assert_eq!(photo.id, 1);
/// assert!(photo.taken_at < photo.created_at);
/// ```
pub struct World {
    seed: u64,
    /// When each person joined, in seconds after the first; grows.
    joined: Vec<u32>,
    /// All photos in the order of their upload.
    uploads: Vec<Upload>,
    follows: Follows,
    popularity: Popularity,
    vocabulary: Vocabulary,
    seeds: Seeds,
}

/// Why there can be no such world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// Photos need somebody who owns them.
    PhotosWithoutUsers,
    /// More than [`World::ROWS_MAX`] users or photos.
    TooMany,
}

impl std::fmt::Display for Impossible {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::PhotosWithoutUsers => f.write_str("photos need at least one user who owns them"),
            Self::TooMany => write!(
                f,
                "at most {} users and as many photos can be made",
                World::ROWS_MAX
            ),
        }
    }
}

impl std::error::Error for Impossible {}

impl World {
    /// How many users, and how many photos, there can be.
    pub const ROWS_MAX: u32 = 50_000_000;

    /// Names the rows that a seed and two numbers give: another edition gives other rows. A test
    /// compares it with the rows of a small world, so that no change of them goes unnamed.
    pub const EDITION: &str = "2-44179da6a676b71d";

    /// Decides who owns what, who follows whom and what is loved.
    pub fn new(seed: u64, users: u32, photos: u32) -> Result<Self, Impossible> {
        if users == 0 && photos > 0 {
            return Err(Impossible::PhotosWithoutUsers);
        }
        if users > Self::ROWS_MAX || photos > Self::ROWS_MAX {
            return Err(Impossible::TooMany);
        }
        let joined = joined(seed, users);
        let ranks = uploads::Ranks::new(seed, users);
        let (uploads, follows) = std::thread::scope(|scope| {
            let follows = scope.spawn(|| Follows::new(seed, &ranks));
            let uploads = uploads::all(seed, &joined, &ranks, photos);
            (uploads, follows.join())
        });
        let follows = follows.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let popularity = Popularity::new(seed, &joined, &uploads, &follows);
        let seeds = Seeds::new(seed, &uploads, ranks.by_uploads.first().copied());
        let mut world = Self {
            seed,
            joined,
            uploads,
            follows,
            popularity,
            vocabulary: Vocabulary::new(),
            seeds,
        };
        world.keep_seasons();
        Ok(world)
    }

    /// How many people there are.
    pub fn user_count(&self) -> u64 {
        self.joined.len() as u64
    }

    /// How many photos there are.
    pub fn photo_count(&self) -> u64 {
        self.uploads.len() as u64
    }

    /// How many favourites there are.
    pub fn favorite_count(&self) -> u64 {
        self.popularity
            .favorites
            .iter()
            .map(|count| u64::from(*count))
            .sum()
    }

    /// How many comments there are.
    pub fn comment_count(&self) -> u64 {
        self.popularity
            .comments
            .iter()
            .map(|count| u64::from(*count))
            .sum()
    }

    /// How many follow rows there are.
    pub fn follow_count(&self) -> u64 {
        self.follows.count() as u64
    }

    /// About how many tags hang on photos: the exact number is known when they are made.
    pub fn photo_tag_count_about(&self) -> u64 {
        self.photo_count() * TAGS_PER_PHOTO
    }

    /// About how many months of owners there are: the exact number is known when they are made.
    pub fn photo_month_count_about(&self) -> u64 {
        self.photo_count() / PHOTOS_PER_MONTH
    }

    /// Everybody, by id.
    pub fn users(&self) -> impl Iterator<Item = User> + '_ {
        let photos = self.photo_counts();
        let mut registry = Registry::new(self.seed);
        (0..self.joined.len()).map(move |user| {
            let created_at = self.joined_at(user as u32);
            let account = registry.register(user as u32, created_at);
            User {
                id: user as i64 + 1,
                name: account.name,
                display_name: account.display_name,
                about: account.about,
                created_at,
                public_photo_count: photos[user][0],
                contacts_photo_count: photos[user][1],
                private_photo_count: photos[user][2],
                follower_count: self.follows.followers[user],
                followee_count: self.follows.of(user as u32).len() as u32,
            }
        })
    }

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

    /// How many photos each owner took in each month of UTC, by owner and month.
    pub fn photo_months(&self) -> impl Iterator<Item = PhotoMonth> + '_ {
        let mut taken: Vec<(u32, u16, Visibility)> = self
            .uploads
            .iter()
            .map(|upload| (upload.owner, upload.taken.month().0, upload.visibility))
            .collect();
        taken.sort_unstable();
        rows::by_month(taken)
    }

    /// Snow falls in winter: what the pictures show of it was taken half a year before the trip.
    fn keep_seasons(&mut self) {
        for index in 0..self.uploads.len() {
            let scene = self.scene(index);
            let taken = &mut self.uploads[index].taken;
            let snowy = scene.light == Light::Winter || scene.family == Family::Winters;
            if snowy && taken.month().is_summery() {
                *taken = taken.plus(-HALF_YEAR_DAYS);
            }
        }
    }

    /// How many photos everybody has at each level of visibility.
    fn photo_counts(&self) -> Vec<[u32; 3]> {
        let mut counts = vec![[0; 3]; self.joined.len()];
        for upload in &self.uploads {
            counts[upload.owner as usize][upload.visibility as usize] += 1;
        }
        counts
    }

    fn joined_at(&self, user: u32) -> i64 {
        START_AT + i64::from(self.joined[user as usize])
    }

    /// The seed of a photo's picture.
    fn scene_seed(&self, index: usize) -> u64 {
        self.seeds.of(index)
    }

    fn scene(&self, index: usize) -> Scene {
        Scene::of(self.scene_seed(index))
    }

    fn person(&self, user: u32) -> Person {
        Person::of(self.seed, user)
    }

    fn rng(&self, purpose: Purpose, index: usize) -> Rng {
        Rng::new(self.seed, purpose, index as u64)
    }

    /// A moment after both a photo's upload and a person's joining, most likely soon, never after
    /// the end.
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

/// When everybody joined, in seconds after the first: more and more people a year.
fn joined(seed: u64, users: u32) -> Vec<u32> {
    let last = f64::from(SPAN_S - 30 * 86_400);
    let at = |user: u32| {
        let jitter = Rng::new(seed, Purpose::Joined, u64::from(user)).unit();
        (last * ((f64::from(user) + jitter) / f64::from(users)).powf(0.75)) as u32
    };
    (0..users).map(at).collect()
}

impl Upload {
    /// The id of the owner.
    fn userid(&self) -> i64 {
        i64::from(self.owner) + 1
    }

    /// When it was uploaded.
    fn created_at(&self) -> i64 {
        START_AT + i64::from(self.created)
    }
}

/// When a photo was taken: its day is settled, its light says about when.
fn taken_at(day: Day, light: Light, rng: &mut Rng) -> i64 {
    let (first, last) = minutes_of(light);
    day.start_at() + i64::from(rng.within(first, last) * 60 + rng.below(60))
}

/// How the light of a scene limits the time at which the shutter was pressed, in minutes of the day.
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
