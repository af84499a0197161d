//! The follows: pairs of follower and followee.

use crate::world::World;

/// A person follows another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct Follow {
    pub follower_id: i64,
    pub followee_id: i64,
}

impl World {
    /// All follows, by follower and followee. Each pair comes once, and no person follows themselves.
    pub fn follows(&self) -> impl Iterator<Item = Follow> + '_ {
        let id = |user: u32| i64::from(user) + 1;
        (0..self.joined.len() as u32).flat_map(move |follower| {
            let pair = move |followee: &u32| Follow {
                follower_id: id(follower),
                followee_id: id(*followee),
            };
            self.follows.of(follower).iter().map(pair)
        })
    }
}
