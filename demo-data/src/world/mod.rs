//! A photo site's twenty years, invented from a seed.
//!
//! [`World::new`] decides once what several rows depend on: each photo's owner, each person's
//! followees, how many favourites and comments each photo has. That takes some 45 bytes a photo. The
//! folder `rows` draws the rest from the seed again on each call, so that tables can be made in
//! parallel and in any order, and every stored count is exact.

mod follows;
pub(crate) mod popularity;
mod seeds;
pub(crate) mod uploads;
mod visibility;
pub(crate) mod vocabulary;

pub use visibility::Visibility;

use crate::calendar::{SPAN_S, START_AT};
use crate::people::Person;
use crate::picture::{Family, Light, Scene};
use crate::rng::{Purpose, Rng};
use follows::Follows;
use popularity::Popularity;
use seeds::Seeds;
use uploads::{Ranks, Upload};
use vocabulary::Vocabulary;

/// How many tags a photo has on average.
const TAGS_PER_PHOTO: u64 = 2;

/// How many photos an owner has for each month with any, on average.
const PHOTOS_PER_MONTH: u64 = 2;

/// From the middle of summer to the middle of winter.
const HALF_YEAR_DAYS: i64 = 182;

/// Everything that happened on the invented site.
///
/// ```
/// let world = demo_data::World::new(1, 200, 2_000).expect("there are people to own the photos");
/// let photo = world.photos().next().expect("a first photo");
/// assert_eq!(photo.id, 1);
/// assert!(photo.taken_at < photo.created_at);
/// ```
pub struct World {
    pub(crate) seed: u64,
    /// When each person joined, in seconds after the first; grows.
    pub(crate) joined: Vec<u32>,
    /// All photos in the order of their upload.
    pub(crate) uploads: Vec<Upload>,
    pub(crate) follows: Follows,
    pub(crate) popularity: Popularity,
    pub(crate) vocabulary: Vocabulary,
    seeds: Seeds,
}

/// Why a world cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// Photos, but no user to own them.
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

    /// The version of the rows: the same seed and sizes give other rows in another edition. A test
    /// compares the hash in it with the rows of a small world, so that a change of rows needs a new
    /// edition.
    pub const EDITION: &str = "2-44179da6a676b71d";

    /// Decides the owners, the follows, and the counts of favourites and comments.
    pub fn new(seed: u64, users: u32, photos: u32) -> Result<Self, Impossible> {
        if users == 0 && photos > 0 {
            return Err(Impossible::PhotosWithoutUsers);
        }
        if users > Self::ROWS_MAX || photos > Self::ROWS_MAX {
            return Err(Impossible::TooMany);
        }
        let joined = joined(seed, users);
        let ranks = Ranks::new(seed, users);
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

    /// The approximate number of tags on photos: counting them needs all rows.
    pub fn photo_tag_count_about(&self) -> u64 {
        self.photo_count() * TAGS_PER_PHOTO
    }

    /// The approximate number of rows of [`World::photo_months`]: counting them needs all rows.
    pub fn photo_month_count_about(&self) -> u64 {
        self.photo_count() / PHOTOS_PER_MONTH
    }

    /// Moves photos that show snow out of summer, to half a year before their trip.
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

    pub(crate) fn joined_at(&self, user: u32) -> i64 {
        START_AT + i64::from(self.joined[user as usize])
    }

    /// The seed of a photo's picture.
    pub(crate) fn scene_seed(&self, index: usize) -> u64 {
        self.seeds.of(index)
    }

    pub(crate) fn scene(&self, index: usize) -> Scene {
        Scene::of(self.scene_seed(index))
    }

    pub(crate) fn person(&self, user: u32) -> Person {
        Person::of(self.seed, user)
    }

    pub(crate) fn rng(&self, purpose: Purpose, index: usize) -> Rng {
        Rng::new(self.seed, purpose, index as u64)
    }
}

/// When each person joined, in seconds after the first: more people each year.
fn joined(seed: u64, users: u32) -> Vec<u32> {
    let last = f64::from(SPAN_S - 30 * 86_400);
    let at = |user: u32| {
        let jitter = Rng::new(seed, Purpose::Joined, u64::from(user)).unit();
        (last * ((f64::from(user) + jitter) / f64::from(users)).powf(0.75)) as u32
    };
    (0..users).map(at).collect()
}
