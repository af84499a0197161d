//! One photo: its page, its neighbours, its month, its picture.

use domain::{
    Frame, Month, PhotoId, PhotoToken, Relation, TakenCursor, Tone, UserId, Username, Visibility,
};
use sqlx::PgExecutor;
use time::{Date, OffsetDateTime};

use super::photostream::{PHOTOS_PER_PAGE, Thumb};
use super::query_stats::counted;

/// The data of the page of a photo.
#[derive(Debug, Clone, sqlx::FromRow)]
#[allow(
    missing_docs,
    reason = "the columns of photos, explained in schema.sql"
)]
pub struct Photo {
    pub id: PhotoId,
    pub userid: UserId,
    pub filename: String,
    pub token: PhotoToken,
    pub title: String,
    pub description: String,
    pub width: i32,
    pub height: i32,
    pub tone: Tone,
    pub visibility: Visibility,
    pub taken_at: OffsetDateTime,
    pub created_at: OffsetDateTime,
    pub view_count: i64,
    pub favorite_count: i32,
    pub comment_count: i32,
    /// The owner's name as shown.
    pub owner_name: String,
    /// Whether the owner follows the viewer.
    pub is_contact: bool,
    /// Names of its tags, in order.
    pub tags: Vec<String>,
}

impl Photo {
    /// Its shape.
    pub fn frame(&self) -> Frame {
        Frame {
            width: self.width,
            height: self.height,
        }
    }

    /// The relation of the viewer to its owner.
    pub fn relation(&self, viewer: Option<UserId>) -> Relation {
        relation(self.userid, self.is_contact, viewer)
    }
}

/// The relation of a viewer to an owner, given whether the owner follows the viewer.
fn relation(owner: UserId, is_contact: bool, viewer: Option<UserId>) -> Relation {
    match viewer {
        Some(viewer) if viewer == owner => Relation::Owner,
        Some(_) if is_contact => Relation::Contact,
        _ => Relation::Stranger,
    }
}

/// Returns a photo of that person, whatever its visibility: the caller checks [`Photo::relation`].
pub async fn find(
    db: impl PgExecutor<'_>,
    owner: &Username,
    photo: PhotoId,
    viewer: Option<UserId>,
) -> Result<Option<Photo>, sqlx::Error> {
    counted(
        sqlx::query_as(
            "select p.id, p.userid, p.filename, p.token, p.title, p.description, p.width, p.height,
                    p.tone, p.visibility, p.taken_at, p.created_at,
                    p.view_count, p.favorite_count, p.comment_count,
                    u.display_name as owner_name,
                    exists (select from follows f
                             where f.follower_id = p.userid and f.followee_id = $3) as is_contact,
                    array(select t.name
                            from photo_tags pt
                            join tags t on t.id = pt.tag_id
                           where pt.photo_id = p.id
                           order by t.name) as tags
               from photos p
               join users u on u.id = p.userid
              where p.id = $1 and u.name = $2",
        )
        .bind(photo)
        .bind(owner.as_str())
        .bind(viewer)
        .fetch_optional(db),
    )
    .await
}

/// Returns the relation of a viewer to a person; `None` if there is no such person.
pub async fn relation_to(
    db: impl PgExecutor<'_>,
    owner: &Username,
    viewer: UserId,
) -> Result<Option<Relation>, sqlx::Error> {
    let row: Option<(UserId, bool)> = counted(
        sqlx::query_as(
            "select u.id,
                    exists (select from follows f
                             where f.follower_id = u.id and f.followee_id = $2)
               from users u
              where u.name = $1",
        )
        .bind(owner.as_str())
        .bind(viewer)
        .fetch_optional(db),
    )
    .await?;
    Ok(row.map(|(owner, is_contact)| relation(owner, is_contact, Some(viewer))))
}

macro_rules! neighbours {
    ($audience:literal) => {
        concat!(
            "(select id, token, width, height, visibility
                from photos
               where userid = $1 and id > $2 and ",
            $audience,
            "
               order by id limit 1)
             union all
             (select id, token, width, height, visibility
                from photos
               where userid = $1 and id < $2 and ",
            $audience,
            "
               order by id desc limit 1)"
        )
    };
}

const NEIGHBOURS: [&str; 3] = [
    neighbours!("visibility = 'public'"),
    neighbours!("visibility in ('public', 'contacts')"),
    neighbours!("true"),
];

/// A neighbour of a photo, with the data that a page needs to prefetch its picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Neighbour {
    /// The photo.
    pub id: PhotoId,
    /// Names its pictures.
    pub token: PhotoToken,
    /// Its shape.
    pub frame: Frame,
    /// Its visibility.
    pub visibility: Visibility,
}

/// The neighbours of a photo.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The next one posted after it.
    pub newer: Option<Neighbour>,
    /// The last one posted before it.
    pub older: Option<Neighbour>,
}

/// Returns the photos beside this one in the photostream as the viewer sees it.
pub async fn neighbours(
    db: impl PgExecutor<'_>,
    owner: UserId,
    photo: PhotoId,
    relation: Relation,
) -> Result<Neighbours, sqlx::Error> {
    type Row = (PhotoId, PhotoToken, i32, i32, Visibility);
    let rows: Vec<Row> = counted(
        sqlx::query_as(by_audience(&NEIGHBOURS, relation))
            .bind(owner)
            .bind(photo)
            .fetch_all(db),
    )
    .await?;
    let mut beside = Neighbours::default();
    for (id, token, width, height, visibility) in rows {
        let neighbour = Neighbour {
            id,
            token,
            frame: Frame { width, height },
            visibility,
        };
        if id > photo {
            beside.newer = Some(neighbour);
        } else {
            beside.older = Some(neighbour);
        }
    }
    Ok(beside)
}

macro_rules! month {
    ($audience:literal) => {
        concat!(
            "select p.id, p.token, p.title, p.width, p.height, p.tone, p.visibility, p.taken_at
               from photos p
              where p.userid = $1 and ",
            $audience,
            "
                and p.taken_at >= $2
                and (p.taken_at, p.id) < ($3, $4)
              order by p.taken_at desc, p.id desc
              limit 41"
        )
    };
}

const MONTH: [&str; 3] = [
    month!("p.visibility = 'public'"),
    month!("p.visibility in ('public', 'contacts')"),
    month!("true"),
];

/// A page of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonthSlice {
    /// Last taken first; at most [`PHOTOS_PER_PAGE`].
    pub photos: Vec<Thumb>,
    /// Where the page ended, if the month has more photos.
    pub last: Option<TakenCursor>,
}

/// Returns a page of one month, last taken first, after the place where the page before ended.
pub async fn month(
    db: impl PgExecutor<'_>,
    owner: UserId,
    month: Month,
    relation: Relation,
    before: Option<TakenCursor>,
) -> Result<MonthSlice, sqlx::Error> {
    // No photo of the month was taken at its end. A cursor of a later month begins there too, otherwise the page would
    // show photos of that month.
    let end = TakenCursor {
        taken_at: month.end(),
        photo: PhotoId(0),
    };
    let before = before.map_or(end, |before| before.min(end));
    type Row = (
        PhotoId,
        PhotoToken,
        String,
        i32,
        i32,
        Tone,
        Visibility,
        OffsetDateTime,
    );
    let rows: Vec<Row> = counted(
        sqlx::query_as(by_audience(&MONTH, relation))
            .bind(owner)
            .bind(month.begin())
            .bind(before.taken_at)
            .bind(before.photo)
            .fetch_all(db),
    )
    .await?;
    let last = rows
        .get(PHOTOS_PER_PAGE)
        .and(rows.get(PHOTOS_PER_PAGE - 1))
        .map(|(photo, .., taken_at)| TakenCursor {
            taken_at: *taken_at,
            photo: *photo,
        });
    let photos = rows
        .into_iter()
        .take(PHOTOS_PER_PAGE)
        .map(
            |(id, token, title, width, height, tone, visibility, _)| Thumb {
                id,
                token,
                title,
                frame: Frame { width, height },
                tone,
                visibility,
            },
        )
        .collect();
    Ok(MonthSlice { photos, last })
}

/// The months of an archive that hold photos for this viewer, newest first, with their counts.
pub async fn months(
    db: impl PgExecutor<'_>,
    owner: UserId,
    relation: Relation,
) -> Result<Vec<(Month, i64)>, sqlx::Error> {
    let rows: Vec<(Date, i32, i32, i32)> = counted(
        sqlx::query_as(
            "select month, public_count, contacts_count, private_count
               from photo_months
              where userid = $1
              order by month desc",
        )
        .bind(owner)
        .fetch_all(db),
    )
    .await?;
    Ok(rows
        .into_iter()
        .map(|(month, public, contacts, private)| {
            let levels = [
                (Visibility::Public, public),
                (Visibility::Contacts, contacts),
                (Visibility::Private, private),
            ];
            let seen = levels.iter().filter(|(level, _)| relation.may_see(*level));
            (
                Month::of(month),
                seen.map(|(_, count)| i64::from(*count)).sum(),
            )
        })
        .filter(|(_, count)| *count > 0)
        .collect())
}

/// Returns the original of a public picture; `None` if the token is no longer valid.
pub async fn public_original(
    db: impl PgExecutor<'_>,
    owner: UserId,
    token: PhotoToken,
) -> Result<Option<String>, sqlx::Error> {
    counted(
        sqlx::query_scalar(
            "select filename from photos where token = $1 and userid = $2 and visibility = 'public'",
        )
        .bind(token)
        .bind(owner)
        .fetch_optional(db),
    )
    .await
}

/// The statements that use the userid index, except the photostream, for the tests of their plans.
pub const STATEMENTS: [(&str, &str); 6] = [
    ("neighbours, stranger", NEIGHBOURS[0]),
    ("neighbours, contact", NEIGHBOURS[1]),
    ("neighbours, owner", NEIGHBOURS[2]),
    ("month, stranger", MONTH[0]),
    ("month, contact", MONTH[1]),
    ("month, owner", MONTH[2]),
];

fn by_audience(statements: &[&'static str; 3], relation: Relation) -> &'static str {
    match relation {
        Relation::Stranger => statements[0],
        Relation::Contact => statements[1],
        Relation::Owner => statements[2],
    }
}
