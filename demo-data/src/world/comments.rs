//! What people say under photos.

use super::{Comment, World};
use crate::rng::{Purpose, Rng};
use crate::words::WORDS;

/// How many in a hundred comments are answered by the owner.
const ANSWERED_PERCENT: u32 = 18;

impl World {
    /// What people say, by photo and time.
    pub fn comments(&self) -> impl Iterator<Item = Comment> + '_ {
        let rows = (0..self.uploads.len()).flat_map(|index| self.comments_of(index));
        (1..)
            .zip(rows)
            .map(|(id, comment)| Comment { id, ..comment })
    }

    /// The comments under one photo, still without their ids.
    fn comments_of(&self, index: usize) -> Vec<Comment> {
        let count = self.popularity.comments[index] as usize;
        if count == 0 {
            return Vec::new();
        }
        let owner = self.uploads[index].owner;
        let mut rng = self.rng(Purpose::Talk, index);
        let mut said: Vec<(i64, u32)> = (0..count)
            .map(|_| {
                let author = self.other_than(owner, &mut rng);
                (self.reaction_at(index, author, &mut rng), author)
            })
            .collect();
        said.sort_unstable();
        let mut last_author = None;
        let comment = |(created_at, author): (i64, u32)| {
            // An answer stands in the place of a comment, so that counts stay what they are.
            let answered = last_author.filter(|_| rng.percent(ANSWERED_PERCENT));
            let (author, body) = match answered {
                Some(name) => (owner, self.reply(index, name, &mut rng)),
                None => (author, self.praise(index, &mut rng)),
            };
            last_author = (author != owner).then_some(author);
            Comment {
                id: 0,
                photo_id: index as i64 + 1,
                userid: i64::from(owner) + 1,
                author_id: i64::from(author) + 1,
                body,
                created_at,
            }
        };
        said.into_iter().map(comment).collect()
    }

    fn other_than(&self, owner: u32, rng: &mut Rng) -> u32 {
        loop {
            let author = self.popularity.somebody(rng);
            if author != owner {
                return author;
            }
        }
    }

    fn praise(&self, index: usize, rng: &mut Rng) -> String {
        let told = self.told(index, rng);
        let own = told.kind != 0 && rng.percent(35);
        let kind = &WORDS.kinds[if own { told.kind } else { 0 }];
        let mut body = String::new();
        told.facts.write(told.choose(&kind.praise, rng), &mut body);
        if rng.percent(12) {
            body.push(' ');
            told.facts
                .write(told.choose(&WORDS.kinds[0].praise, rng), &mut body);
        }
        body
    }

    fn reply(&self, index: usize, to: u32, rng: &mut Rng) -> String {
        let mut told = self.told(index, rng);
        told.facts.name = self.person(to).first;
        let mut body = String::new();
        told.facts.write(rng.pick(&WORDS.replies), &mut body);
        body
    }
}
