//! The comments under photos.

use std::collections::VecDeque;

use super::titles::PhotoFacts;
use crate::calendar::{DAY_S, END_AT, START_AT};
use crate::rng::{Purpose, Rng};
use crate::words::WORDS;
use crate::world::World;
use crate::world::popularity::first_day;

/// The percentage of comments that the owner answers.
const ANSWERED_PERCENT: u32 = 18;

/// The percentage of comments with a second sentence.
const SECOND_PERCENT: u32 = 12;

/// How many comments must come before a sentence may repeat under a photo: a page shows 30.
const APART: usize = 29;

/// How many authors are tried before one is drawn from all people that had joined by then.
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
    /// All comments, by photo and time.
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
        let mut recent = Recent::default();
        let mut last_author = None;
        let comment = |created_at: i64| {
            let author = self.author_at(created_at, owner, &mut rng);
            // An answer replaces a comment, so that the stored counts stay exact.
            let answered = last_author.filter(|_| rng.percent(ANSWERED_PERCENT));
            let answer = answered.and_then(|to| self.reply(index, to, &mut recent, &mut rng));
            let (author, body) = match answer {
                Some(body) => (owner, body),
                None => (author, self.praise(index, &mut recent, &mut rng)),
            };
            recent.end_comment();
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

    /// The times of `count` comments, each on another day: half of them in the first days, a tenth
    /// after a month.
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

    /// A person other than the owner, joined by `moment`.
    fn author_at(&self, moment: i64, owner: u32, rng: &mut Rng) -> u32 {
        let may = |author: &u32| *author != owner && self.joined_at(*author) <= moment;
        let author = (0..AUTHORS_MAX)
            .map(|_| self.popularity.draw_person(rng))
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

    fn praise(&self, index: usize, recent: &mut Recent, rng: &mut Rng) -> String {
        let photo = self.photo_facts(index, rng);
        let own = photo.kind != 0 && rng.percent(35);
        let (own, all) = (
            &WORDS.kinds[if own { photo.kind } else { 0 }],
            &WORDS.kinds[0],
        );
        let mut body = String::new();
        // There are more sentences for all pictures than a page has comments.
        let first = recent.new_one(&photo, &own.praise, rng);
        let first = first.or_else(|| recent.new_one(&photo, &all.praise, rng));
        photo.facts.write(first.unwrap_or(all.praise[0]), &mut body);
        if rng.percent(SECOND_PERCENT)
            && let Some(second) = recent.new_one(&photo, &all.praise, rng)
        {
            body.push(' ');
            photo.facts.write(second, &mut body);
        }
        body
    }

    fn reply(&self, index: usize, to: u32, recent: &mut Recent, rng: &mut Rng) -> Option<String> {
        let mut photo = self.photo_facts(index, rng);
        photo.facts.name = self.person(to).first;
        let mut body = String::new();
        photo
            .facts
            .write(recent.new_one(&photo, &WORDS.replies, rng)?, &mut body);
        Some(body)
    }
}

/// The sentences of the latest comments under a photo.
#[derive(Default)]
struct Recent {
    now: [Option<&'static str>; 2],
    before: VecDeque<[Option<&'static str>; 2]>,
}

impl Recent {
    /// One of several sentences that suits and is in none of the latest comments, if there is one.
    fn new_one(
        &mut self,
        photo: &PhotoFacts,
        sentences: &[&'static str],
        rng: &mut Rng,
    ) -> Option<&'static str> {
        let first = rng.below(sentences.len() as u32) as usize;
        let (before, after) = sentences.split_at(first);
        let new = after
            .iter()
            .chain(before)
            .find(|sentence| !self.holds(sentence) && photo.suits(sentence))?;
        self.now[usize::from(self.now[0].is_some())] = Some(new);
        Some(new)
    }

    fn holds(&self, sentence: &str) -> bool {
        let all = self.before.iter().flatten().chain(&self.now).flatten();
        all.into_iter().any(|other| *other == sentence)
    }

    fn end_comment(&mut self) {
        self.before.push_back(std::mem::take(&mut self.now));
        if self.before.len() > APART {
            self.before.pop_front();
        }
    }
}
