//! How many favourites and comments each photo has.

use super::follows::Follows;
use super::uploads::Upload;
use super::visibility::Visibility;
use crate::calendar::{DAY_S, END_AT, START_AT};
use crate::rng::{LongTail, Purpose, Rng, Sharer};

/// How many favourites, and how many comments, there are for each photo of the site.
const FAVORITES_MEAN: f64 = 2.0;
const COMMENTS_MEAN: f64 = 0.5;

/// How many comments one photo has at most.
const COMMENTS_MAX: u32 = 250;

/// The counts of each photo, and the people in the order of their activity.
pub(crate) struct Popularity {
    pub(crate) favorites: Vec<u32>,
    pub(crate) comments: Vec<u32>,
    /// The most active people first.
    pub(crate) by_activity: Vec<u32>,
    pub(crate) activity: LongTail,
}

impl Popularity {
    pub(crate) fn new(seed: u64, joined: &[u32], uploads: &[Upload], follows: &Follows) -> Self {
        let users = follows.followers.len() as u32;
        let appeal: Vec<f64> = uploads
            .iter()
            .enumerate()
            .map(|(index, upload)| appeal(seed, index, upload, follows))
            .collect();
        let total = uploads.len() as f64;
        let fans_max = users.saturating_sub(1) / 4;
        let favorites = shares(&appeal, FAVORITES_MEAN * total, |_| fans_max);
        // Comments are spread more evenly than favourites.
        let chatter: Vec<f64> = appeal.iter().map(|appeal| appeal.powf(0.7)).collect();
        let comments_max = |index: usize| comments_max(joined, &uploads[index]);
        let comments = shares(&chatter, COMMENTS_MEAN * total, comments_max);
        let mut by_activity: Vec<u32> = (0..users).collect();
        by_activity.sort_by_cached_key(|user| {
            Rng::new(seed, Purpose::Popularity, u64::from(*user) << 32).bits()
        });
        Self {
            favorites,
            comments,
            by_activity,
            activity: LongTail::new(users, 20.0, 2),
        }
    }

    /// A person, drawn by activity.
    pub(crate) fn draw_person(&self, rng: &mut Rng) -> u32 {
        self.by_activity[self.activity.draw(rng) as usize]
    }
}

/// The weight of a photo: a few have much, most have little, and it grows with the owner's
/// followers. Photos that are not public have none.
fn appeal(seed: u64, index: usize, upload: &Upload, follows: &Follows) -> f64 {
    if upload.visibility != Visibility::Public {
        return 0.0;
    }
    let mut rng = Rng::new(seed, Purpose::Popularity, index as u64);
    let luck = (1.0 - rng.unit()).powf(-0.75).min(3_000.0) - 0.8;
    luck * (1.0 + f64::from(follows.followers[upload.owner as usize])).sqrt()
}

/// The limit of comments on a photo: one a day since the first day on which it can have one.
fn comments_max(joined: &[u32], upload: &Upload) -> u32 {
    let Some(first) = first_day(joined, upload) else {
        return 0;
    };
    u32::try_from(END_AT / DAY_S - first).map_or(0, |days| days.min(COMMENTS_MAX))
}

/// The first day, counted from 1970, on which a photo can have a comment: it is uploaded and another
/// person than its owner has joined. `None` if its owner is the only person.
pub(crate) fn first_day(joined: &[u32], upload: &Upload) -> Option<i64> {
    // People are numbered in the order in which they joined.
    let other = joined.get(usize::from(upload.owner == 0))?;
    Some((START_AT + i64::from(upload.created.max(*other))) / DAY_S)
}

/// Distributes `total` by weight, at most `most(index)` to each.
fn shares(weights: &[f64], total: f64, most: impl Fn(usize) -> u32) -> Vec<u32> {
    let sum: f64 = weights.iter().sum();
    let scale = if sum > 0.0 { total / sum } else { 0.0 };
    let mut sharer = Sharer::default();
    weights
        .iter()
        .enumerate()
        .map(|(index, weight)| sharer.share(weight * scale).min(most(index)))
        .collect()
}
