//! The follows of all people, in two arrays.

use super::uploads::Ranks;
use crate::rng::{LongTail, Purpose, Rng, Sharer, distinct};

/// How many people a person follows on average.
const FOLLOWEES_MEAN: f64 = 50.0;

/// All pairs, by follower.
pub(crate) struct Follows {
    /// Where the followees of each follower begin; one more than there are followers.
    starts: Vec<u32>,
    /// The followees of all followers, one follower after the other, each sorted.
    followees: Vec<u32>,
    /// How many followers each person has.
    pub(crate) followers: Vec<u32>,
}

impl Follows {
    pub(crate) fn new(seed: u64, ranks: &Ranks) -> Self {
        let users = ranks.by_fame.len() as u32;
        let fame = LongTail::new(users, 10.0, 4);
        let mut follows = Self {
            starts: vec![0],
            followees: Vec::new(),
            followers: vec![0; users as usize],
        };
        let mut chosen = Vec::new();
        for (user, count) in counts(seed, users).into_iter().enumerate() {
            let mut rng = Rng::new(seed, Purpose::Following, user as u64);
            distinct(count, &mut chosen, || {
                let followee = ranks.by_fame[fame.draw(&mut rng) as usize];
                (followee != user as u32).then_some(followee)
            });
            for followee in &chosen {
                follows.followers[*followee as usize] += 1;
            }
            follows.followees.extend_from_slice(&chosen);
            follows.starts.push(follows.followees.len() as u32);
        }
        follows
    }

    pub(crate) fn count(&self) -> usize {
        self.followees.len()
    }

    /// The followees of a person, sorted.
    pub(crate) fn of(&self, user: u32) -> &[u32] {
        let user = user as usize;
        &self.followees[self.starts[user] as usize..self.starts[user + 1] as usize]
    }
}

/// How many people each person follows: mostly a few dozen, sometimes hundreds, rarely thousands.
fn counts(seed: u64, users: u32) -> Vec<u32> {
    let most = users.saturating_sub(1) / 4;
    let keen: Vec<f64> = (0..users)
        .map(|user| {
            let mut rng = Rng::new(seed, Purpose::Following, u64::from(user) << 32);
            (0.25 + 1.5 * rng.unit()) * (1.0 - rng.unit()).powf(-0.4).min(120.0)
        })
        .collect();
    let scale = FOLLOWEES_MEAN * f64::from(users) / keen.iter().sum::<f64>();
    let mut sharer = Sharer::default();
    keen.into_iter()
        .map(|keen| sharer.share(keen * scale).min(most))
        .collect()
}
