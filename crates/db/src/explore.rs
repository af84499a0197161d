//! Explore: the newest public photos of all people.

use domain::{Cursor, Frame, PhotoId, PhotoToken, Tone, UserId, Username, Visibility};
use sqlx::PgPool;

use super::photostream::{PHOTOS_PER_PAGE, Thumb};
use super::query_stats::counted;

/// A photo on explore and its owner.
#[derive(Debug, Clone)]
pub struct Found {
    /// The photo.
    pub thumb: Thumb,
    /// Its owner's id.
    pub owner: UserId,
    /// Its owner's name in addresses.
    pub owner_name: Username,
    /// Its owner's name as shown.
    pub owner_display_name: String,
}

/// How many photos of one person a page shows; the others are in their photostream.
pub const PHOTOS_OF_ONE_PERSON_MAX: usize = 4;

/// The next 41 photos: the whole page, unless a person has more than four of them.
macro_rules! all {
    ($from:literal, $id:literal, $beyond:literal, $order:literal) => {
        concat!(
            "select p.id, p.token, p.title, p.width, p.height, p.tone, u.id, u.name, u.display_name,
                    null::int8
               from ",
            $from,
            "
               join users u on u.id = p.userid
              where p.visibility = 'public' and ",
            $id,
            $beyond,
            "$1
              order by ",
            $id,
            " ",
            $order,
            "
              limit 41"
        )
    };
}

/// Examines a slice in upload order, keeps the first four photos of each person, and 41 of all. If
/// the slice is as long as its limit, its last row only shows that there are more.
macro_rules! four_each {
    ($from:literal, $id:literal, $beyond:literal, $order:literal, $end:literal, $limit:literal) => {
        concat!(
            "with slice as materialized (
                select ",
            $id,
            " as photo_id, userid
                  from ",
            $from,
            " and ",
            $id,
            $beyond,
            "$1
                 order by ",
            $id,
            " ",
            $order,
            "
                 limit ",
            $limit,
            "),
              bounds as materialized (
                select ",
            $end,
            "(photo_id) as last, count(*) = ",
            $limit,
            " as is_cut from slice),
              picked as (
                select r.photo_id
                  from (select photo_id,
                               row_number() over (partition by userid order by photo_id ",
            $order,
            ") as nth
                          from slice) r, bounds b
                 where r.nth <= 4 and not (b.is_cut and r.photo_id = b.last)
                 order by r.photo_id ",
            $order,
            "
                 limit 41)
             select p.id, p.token, p.title, p.width, p.height, p.tone, u.id, u.name, u.display_name,
                    case when b.is_cut then b.last end
               from picked
               join photos p on p.id = picked.photo_id
               join users u on u.id = p.userid, bounds b
              where p.visibility = 'public'
              order by p.id ",
            $order
        )
    };
}

/// The statements of one source, by reach and direction (older, newer).
macro_rules! statements {
    ($joined:literal, $joined_id:literal, $from:literal, $id:literal) => {
        [
            [
                all!($joined, $joined_id, " < ", "desc"),
                all!($joined, $joined_id, " > ", "asc"),
            ],
            [
                four_each!($from, $id, " < ", "desc", "min", "161"),
                four_each!($from, $id, " > ", "asc", "max", "161"),
            ],
            [
                four_each!($from, $id, " < ", "desc", "min", "2001"),
                four_each!($from, $id, " > ", "asc", "max", "2001"),
            ],
        ]
    };
}

/// How many photos a page examines: the 40 that it shows; 160 if a person has more than four of them; 2,000 if these are
/// of few people. A thousand photos posted in a row leave the first page complete, ten thousand make five short pages.
const REACHES: usize = 3;

/// The newest photos are in a small table of their own.
const RECENT: [[&str; 2]; REACHES] = statements!(
    "recent_photos r join photos p on p.id = r.photo_id",
    "r.photo_id",
    "recent_photos where true",
    "photo_id"
);

/// Photos older than those of the small table are read from `photos`.
const ALL: [[&str; 2]; REACHES] = statements!(
    "photos p",
    "p.id",
    "photos where visibility = 'public'",
    "id"
);

/// The statements of this file with their names, for the tests of their plans.
pub const STATEMENTS: [(&str, &str); 12] = [
    ("explore, recent, older", RECENT[0][0]),
    ("explore, recent, newer", RECENT[0][1]),
    ("explore, recent, older, four each", RECENT[1][0]),
    ("explore, recent, newer, four each", RECENT[1][1]),
    ("explore, recent, older, four each, far", RECENT[2][0]),
    ("explore, recent, newer, four each, far", RECENT[2][1]),
    ("explore, older", ALL[0][0]),
    ("explore, newer", ALL[0][1]),
    ("explore, older, four each", ALL[1][0]),
    ("explore, newer, four each", ALL[1][1]),
    ("explore, older, four each, far", ALL[2][0]),
    ("explore, newer, four each, far", ALL[2][1]),
];

/// A page of explore.
#[derive(Debug, Clone)]
pub struct ExplorePage {
    /// Newest first; at most [`PHOTOS_PER_PAGE`], and at most [`PHOTOS_OF_ONE_PERSON_MAX`] of one
    /// person.
    pub found: Vec<Found>,
    /// Where the list goes on in the requested direction: after the last photo examined, so that a photo is left out by
    /// the limit for one person only.
    pub next: Option<Cursor>,
}

/// Returns a page of explore. Usually this is one statement; it always reads a bounded number of photos.
pub async fn page(db: &PgPool, cursor: Cursor) -> Result<ExplorePage, sqlx::Error> {
    let (way, beyond) = match cursor {
        Cursor::Newest => (Way::Older, PhotoId(i64::MAX)),
        Cursor::Before(photo) => (Way::Older, photo),
        Cursor::After(photo) => (Way::Newer, photo),
    };
    let mut is_recent = way == Way::Older || is_in_recent(db, beyond).await?;
    let mut reach = 0;
    loop {
        let source = if is_recent { &RECENT } else { &ALL };
        let slice = fetch(db, source[reach][way as usize], beyond).await?;
        if slice.is_four_each() && slice.is_whole() {
            return Ok(slice.into_page(way));
        }
        if !slice.is_whole() && slice.cut_at.is_none() {
            if is_recent && way == Way::Older {
                // The small table ends within this page: read the whole page from `photos`.
                is_recent = false;
                continue;
            }
            if slice.is_four_each() {
                return Ok(slice.into_page(way));
            }
        }
        if reach + 1 == REACHES {
            return Ok(slice.into_page(way));
        }
        reach += 1;
    }
}

/// A direction in upload order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Older = 0,
    Newer = 1,
}

/// The result of a statement, in its direction.
struct Slice {
    /// One more than a page shows, if there are as many.
    found: Vec<Found>,
    /// The last row of the slice, which was not examined, if the slice was cut there.
    cut_at: Option<PhotoId>,
}

impl Slice {
    /// Whether there is more than a page shows.
    fn is_whole(&self) -> bool {
        self.found.len() > PHOTOS_PER_PAGE
    }

    fn is_four_each(&self) -> bool {
        let mut owners: Vec<UserId> = self.found.iter().map(|found| found.owner).collect();
        owners.truncate(PHOTOS_PER_PAGE);
        owners.sort_unstable();
        let mut runs = owners.chunk_by(|one, next| one == next);
        runs.all(|photos| photos.len() <= PHOTOS_OF_ONE_PERSON_MAX)
    }

    fn into_page(mut self, way: Way) -> ExplorePage {
        let last = if self.is_whole() {
            self.found.truncate(PHOTOS_PER_PAGE);
            self.found.last().map(|found| found.thumb.id.0)
        } else {
            // The next page examines this row.
            self.cut_at.map(|PhotoId(id)| match way {
                Way::Older => id + 1,
                Way::Newer => id - 1,
            })
        };
        let next = last.map(|id| match way {
            Way::Older => Cursor::Before(PhotoId(id)),
            Way::Newer => Cursor::After(PhotoId(id)),
        });
        if way == Way::Newer {
            self.found.reverse();
        }
        ExplorePage {
            found: self.found,
            next,
        }
    }
}

/// Whether all photos newer than this place are in the small table.
async fn is_in_recent(db: &PgPool, photo: PhotoId) -> Result<bool, sqlx::Error> {
    let is_in_recent: Option<bool> = counted(
        sqlx::query_scalar("select $1 >= min(photo_id) from recent_photos")
            .bind(photo)
            .fetch_one(db),
    )
    .await?;
    Ok(is_in_recent == Some(true))
}

async fn fetch(db: &PgPool, sql: &'static str, beyond: PhotoId) -> Result<Slice, sqlx::Error> {
    type Row = (
        PhotoId,
        PhotoToken,
        String,
        i32,
        i32,
        Tone,
        UserId,
        Username,
        String,
        Option<PhotoId>,
    );
    let rows: Vec<Row> = counted(sqlx::query_as(sql).bind(beyond).fetch_all(db)).await?;
    let cut_at = rows.first().and_then(|row| row.9);
    let found = rows
        .into_iter()
        .map(
            |(id, token, title, width, height, tone, owner, owner_name, owner_display_name, _)| {
                Found {
                    thumb: Thumb {
                        id,
                        token,
                        title,
                        frame: Frame { width, height },
                        tone,
                        visibility: Visibility::Public,
                    },
                    owner,
                    owner_name,
                    owner_display_name,
                }
            },
        )
        .collect();
    Ok(Slice { found, cut_at })
}
