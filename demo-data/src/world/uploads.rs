//! The uploads: owner, time, day taken, region and visibility of each photo.

use super::visibility::Visibility;
use crate::calendar::{DAY_S, Day, SPAN_S, START_AT};
use crate::people::Person;
use crate::rng::{Purpose, Rng, Sharer};
use crate::words::WORDS;

/// The busiest owner's share of all photos.
const BUSIEST_SHARE: f64 = 0.05;

/// The share of people without photos.
const ONLOOKERS: f64 = 0.15;

/// The shape of the long tail: tens of people with thousands of photos, most with a few.
const TAIL_SHIFT: f64 = 10.0;
const TAIL_POWER: f64 = 0.9;

/// What several rows of a photo depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Upload {
    /// Seconds after the first account.
    pub(crate) created: u32,
    pub(crate) owner: u32,
    pub(crate) taken: Day,
    pub(crate) region: u8,
    pub(crate) visibility: Visibility,
}

impl Upload {
    /// The id of the owner.
    pub(crate) fn userid(&self) -> i64 {
        i64::from(self.owner) + 1
    }

    /// When it was uploaded.
    pub(crate) fn created_at(&self) -> i64 {
        START_AT + i64::from(self.created)
    }
}

/// All people in the order of their uploads and in that of their followers.
pub(crate) struct Ranks {
    /// The busiest first.
    pub(crate) by_uploads: Vec<u32>,
    /// The most followed first.
    pub(crate) by_fame: Vec<u32>,
}

impl Ranks {
    pub(crate) fn new(seed: u64, users: u32) -> Self {
        let mut rng = Rng::new(seed, Purpose::Rank, 0);
        // The busiest joined early, because they need years. All other seats are shuffled.
        let early = u64::from(users) / 100;
        let mut seats: Vec<(f64, u32)> = (0..users)
            .map(|rank| {
                (
                    rng.unit() * if u64::from(rank) <= early { 0.3 } else { 1.0 },
                    rank,
                )
            })
            .collect();
        seats.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut by_uploads = vec![0; users as usize];
        for (user, (_, rank)) in seats.iter().enumerate() {
            by_uploads[*rank as usize] = user as u32;
        }
        // People with many photos have many followers, with exceptions.
        let mut fame: Vec<(f64, u32)> = by_uploads
            .iter()
            .enumerate()
            .map(|(rank, user)| (rng.unit() * (0.2 + rank as f64 / f64::from(users)), *user))
            .collect();
        fame.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        Self {
            by_uploads,
            by_fame: fame.into_iter().map(|(_, user)| user).collect(),
        }
    }
}

/// How many photos the owner of each rank has.
fn photos_by_rank(users: usize, photos: u32) -> Vec<u32> {
    let owners = ((users as f64 * (1.0 - ONLOOKERS)).ceil() as usize).clamp(1, users);
    let tail = |rank: usize| (rank as f64 + TAIL_SHIFT).powf(-TAIL_POWER);
    let tail_sum: f64 = (1..owners).map(tail).sum();
    let busiest = if owners == 1 { 1.0 } else { BUSIEST_SHARE };
    let mut sharer = Sharer::default();
    let mut share = |part: f64| sharer.share(part * f64::from(photos));
    let first = share(busiest);
    let mut counts = vec![first];
    counts.extend((1..owners).map(|rank| share((1.0 - busiest) * tail(rank) / tail_sum)));
    counts
}

/// All photos in the order of their upload.
pub(crate) fn all(seed: u64, joined: &[u32], ranks: &Ranks, photos: u32) -> Vec<Upload> {
    let mut uploads = Vec::with_capacity(photos as usize);
    if photos > 0 {
        for (rank, count) in photos_by_rank(joined.len(), photos).into_iter().enumerate() {
            let owner = ranks.by_uploads[rank];
            of_owner(seed, owner, joined[owner as usize], count, &mut uploads);
        }
    }
    uploads.sort_unstable();
    // Visibility is drawn by the index of a photo, which is known only after sorting.
    for (index, upload) in uploads.iter_mut().enumerate() {
        upload.visibility = visibility(seed, upload.owner, index);
    }
    uploads
}

/// The uploads of one owner: trips, some days out with the camera each.
fn of_owner(seed: u64, owner: u32, joined: u32, count: u32, uploads: &mut Vec<Upload>) {
    let mut rng = Rng::new(seed, Purpose::Uploads, u64::from(owner));
    let home = Person::of(seed, owner).region;
    // A third stop uploading some day, but no owner of a thousand photos does.
    let years_left = SPAN_S - joined;
    let loses_interest = count < 1_000 && rng.percent(35);
    let active = if loses_interest {
        (f64::from(years_left) * rng.unit()) as u32
    } else {
        years_left
    };
    let mut left = count;
    while left > 0 {
        let size = trip_size(count, &mut rng).min(left);
        left -= size;
        // The busiest upload slowly, so that no single owner fills the newest page.
        let pause = if count < 10_000 {
            rng.within(600, 5_400)
        } else {
            rng.within(3_600, 14_400)
        };
        // The whole trip is uploaded before its owner's time is over.
        let room = active.max(60).saturating_sub(size * (pause + 1)).max(1);
        let begin = joined + rng.below(room);
        let trip = Trip::before(START_AT + i64::from(begin), size, &mut rng);
        let region = if rng.percent(62) {
            home
        } else {
            rng.below(WORDS.regions.len() as u32) as u8
        };
        for photo in 0..size {
            let created = (begin + photo * pause + rng.below(pause)).min(SPAN_S - 1);
            let taken = trip.day(photo, size);
            uploads.push(Upload {
                created,
                owner,
                taken,
                region,
                visibility: Visibility::Public,
            });
        }
    }
}

fn trip_size(count: u32, rng: &mut Rng) -> u32 {
    let most = match count {
        0..=4 => 3,
        5..=49 => 8,
        50..=999 => 24,
        _ => 40,
    };
    let unit = rng.unit();
    1 + (unit * unit * f64::from(most)) as u32
}

/// Some days out with the camera.
struct Trip {
    first: Day,
    days: u32,
}

impl Trip {
    /// A trip that ended before its pictures were uploaded: last week mostly, years ago sometimes.
    fn before(uploaded_at: i64, size: u32, rng: &mut Rng) -> Self {
        let days = 1 + rng.below(1 + size / 5);
        let delay = match rng.below(100) {
            0..70 => rng.below(7),
            70..95 => rng.within(7, 70),
            _ => rng.within(70, 1_800),
        };
        Self {
            first: Day::of(uploaded_at - DAY_S).plus(-i64::from(days + delay)),
            days,
        }
    }

    fn day(&self, photo: u32, of: u32) -> Day {
        self.first.plus(i64::from(photo * self.days / of))
    }
}

/// Nine in ten photos are public; one person in a hundred keeps nearly all private.
fn visibility(seed: u64, owner: u32, index: usize) -> Visibility {
    let shy = Rng::new(seed, Purpose::Visibility, u64::from(owner) << 32).below(100) == 0;
    let percent = Rng::new(seed, Purpose::Visibility, index as u64).below(100);
    let (contacts, private) = if shy { (10, 85) } else { (6, 3) };
    match percent {
        p if p < private => Visibility::Private,
        p if p < private + contacts => Visibility::Contacts,
        _ => Visibility::Public,
    }
}
