//! What people say under photos.

use std::collections::VecDeque;

use super::titles::Told;
use crate::calendar::{DAY_S, END_AT, START_AT};
use crate::rng::{Purpose, Rng};
use crate::words::WORDS;
use crate::world::World;
use crate::world::popularity::first_day;

/// How many in a hundred comments are answered by the owner.
const ANSWERED_PERCENT: u32 = 18;

/// How many in a hundred comments have a second sentence.
const SECOND_PERCENT: u32 = 12;

/// How many comments come before the same sentence may be said again under a photo: a page shows 30.
const APART: usize = 29;

/// How many authors are tried before one of those who were there first is taken.
const AUTHORS_MAX: usize = 16;

/// A comment under a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct Comment {
    pub id: i64,
    pub photo_id: i64,
    /// The owner of the photo.
    pub userid: i64,
    pub author_id: i64,
    pub body: String,
    pub created_at: i64,
}

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
        let mut said = Said::default();
        let mut last_author = None;
        let comment = |created_at: i64| {
            let author = self.author_at(created_at, owner, &mut rng);
            // An answer stands in the place of a comment, so that counts stay what they are.
            let answered = last_author.filter(|_| rng.percent(ANSWERED_PERCENT));
            let answer = answered.and_then(|to| self.reply(index, to, &mut said, &mut rng));
            let (author, body) = match answer {
                Some(body) => (owner, body),
                None => (author, self.praise(index, &mut said, &mut rng)),
            };
            said.end_comment();
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
        let mut times_rng = self.rng(Purpose::TalkTimes, index);
        let times = self.comment_times(index, count, &mut times_rng);
        times.into_iter().map(comment).collect()
    }

    /// When so many comments were written, each on a day of its own: half of them in the first days,
    /// a tenth after a month.
    fn comment_times(&self, index: usize, count: usize, rng: &mut Rng) -> Vec<i64> {
        let upload = &self.uploads[index];
        let first = first_day(&self.joined, upload).unwrap_or_default();
        // `Popularity` gives no photo more comments than there are days.
        let last = END_AT / DAY_S - 1;
        let mut days: Vec<i64> = (0..count)
            .map(|_| {
                let unit = rng.unit();
                first + (3.0 * unit / (1.01 - unit)) as i64
            })
            .collect();
        days.sort_unstable();
        for at in 1..count {
            days[at] = days[at].max(days[at - 1] + 1);
        }
        for (left, day) in (0..).zip(days.iter_mut().rev()) {
            *day = (*day).min(last - left);
        }
        let earliest = |user: u32| self.joined_at(user);
        let there = upload
            .created_at()
            .max(earliest(u32::from(upload.owner == 0)));
        let moment = |day: i64| {
            let begin = (day * DAY_S).max(there);
            begin + i64::from(rng.below(((day + 1) * DAY_S - begin) as u32))
        };
        days.into_iter().map(moment).collect()
    }

    /// Somebody else than the owner who was there at a moment.
    fn author_at(&self, moment: i64, owner: u32, rng: &mut Rng) -> u32 {
        let may = |author: &u32| *author != owner && self.joined_at(*author) <= moment;
        let author = (0..AUTHORS_MAX)
            .map(|_| self.popularity.somebody(rng))
            .find(may);
        author.unwrap_or_else(|| {
            let there = self
                .joined
                .partition_point(|joined| START_AT + i64::from(*joined) <= moment);
            let author = rng.below(there as u32);
            if author == owner {
                u32::from(owner == 0)
            } else {
                author
            }
        })
    }

    fn praise(&self, index: usize, said: &mut Said, rng: &mut Rng) -> String {
        let told = self.told(index, rng);
        let own = told.kind != 0 && rng.percent(35);
        let (own, all) = (
            &WORDS.kinds[if own { told.kind } else { 0 }],
            &WORDS.kinds[0],
        );
        let mut body = String::new();
        // There are more sentences for all pictures than a page has comments.
        let first = said.new_one(&told, &own.praise, rng);
        let first = first.or_else(|| said.new_one(&told, &all.praise, rng));
        told.facts.write(first.unwrap_or(all.praise[0]), &mut body);
        if rng.percent(SECOND_PERCENT)
            && let Some(second) = said.new_one(&told, &all.praise, rng)
        {
            body.push(' ');
            told.facts.write(second, &mut body);
        }
        body
    }

    fn reply(&self, index: usize, to: u32, said: &mut Said, rng: &mut Rng) -> Option<String> {
        let mut told = self.told(index, rng);
        told.facts.name = self.person(to).first;
        let mut body = String::new();
        told.facts
            .write(said.new_one(&told, &WORDS.replies, rng)?, &mut body);
        Some(body)
    }
}

/// The sentences that were said last under a photo.
#[derive(Default)]
struct Said {
    now: [Option<&'static str>; 2],
    before: VecDeque<[Option<&'static str>; 2]>,
}

impl Said {
    /// One of several sentences that suits and has not been said lately, if there is one.
    fn new_one(
        &mut self,
        told: &Told,
        sentences: &[&'static str],
        rng: &mut Rng,
    ) -> Option<&'static str> {
        let first = rng.below(sentences.len() as u32) as usize;
        let (before, after) = sentences.split_at(first);
        let new = after
            .iter()
            .chain(before)
            .find(|sentence| !self.holds(sentence) && told.suits(sentence))?;
        self.now[usize::from(self.now[0].is_some())] = Some(new);
        Some(new)
    }

    fn holds(&self, sentence: &str) -> bool {
        let all = self.before.iter().flatten().chain(&self.now).flatten();
        all.into_iter().any(|said| *said == sentence)
    }

    fn end_comment(&mut self) {
        self.before.push_back(std::mem::take(&mut self.now));
        if self.before.len() > APART {
            self.before.pop_front();
        }
    }
}
