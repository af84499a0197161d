//! The people.

use crate::people::Registry;
use crate::world::World;

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct User {
    pub id: i64,
    /// Unique, and fit for an address: `^[a-z0-9][a-z0-9-]{1,29}$`.
    pub name: String,
    pub display_name: String,
    pub about: String,
    pub created_at: i64,
    pub public_photo_count: u32,
    pub contacts_photo_count: u32,
    pub private_photo_count: u32,
    pub follower_count: u32,
    pub followee_count: u32,
}

impl World {
    /// All users, by id.
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

    /// How many photos each user has at each level of visibility.
    fn photo_counts(&self) -> Vec<[u32; 3]> {
        let mut counts = vec![[0; 3]; self.joined.len()];
        for upload in &self.uploads {
            counts[upload.owner as usize][upload.visibility as usize] += 1;
        }
        counts
    }
}
