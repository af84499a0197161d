//! A person's photos, newest upload first, a page at a time: the central query of this project.

use domain::{Cursor, Frame, PhotoId, PhotoToken, Relation, Tone, UserId, Username, Visibility};
use sqlx::PgExecutor;

use super::query_stats::counted;

/// How many photos a page shows; about four screens of rows.
pub const PHOTOS_PER_PAGE: usize = 40;

/// The data of a photo in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thumb {
    /// The photo.
    pub id: PhotoId,
    /// Names its pictures.
    pub token: PhotoToken,
    /// May be empty.
    pub title: String,
    pub frame: Frame,
    /// Its placeholder.
    pub tone: Tone,
    /// Its visibility.
    pub visibility: Visibility,
}

/// The owner of a photostream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Their id.
    pub id: UserId,
    /// Their display name.
    pub display_name: String,
    /// Their description; may be empty.
    pub about: String,
    /// How many photos this visitor may see.
    pub photo_count: i64,
    /// How many people follow them.
    pub follower_count: i32,
    /// How many people they follow.
    pub followee_count: i32,
}

/// A page of a photostream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slice {
    /// Newest first; at most [`PHOTOS_PER_PAGE`].
    pub photos: Vec<Thumb>,
    /// Whether there are more in the requested direction.
    pub more: bool,
}

/// One statement answers the whole page, since a second round trip costs more than the rows: the
/// owner, repeated in each row, and 41 photos, of which the last only shows that there are more.
///
/// The three audiences are three statements. A literal `visibility = 'public'` lets PostgreSQL use
/// the partial index under a generic plan too, which a parameter would not.
macro_rules! photostream {
    ($audience:literal, $count:literal, $beyond:literal, $order:literal) => {
        concat!(
            "select u.id, u.display_name, u.about, (",
            $count,
            ")::int8,
                    u.follower_count, u.followee_count,
                    p.id, p.token, p.title, p.width, p.height, p.tone, p.visibility
               from users u
               left join lateral (
                    select id, token, title, width, height, tone, visibility
                      from photos
                     where userid = u.id and ",
            $audience,
            "
                       and id ",
            $beyond,
            " $2
                     order by id ",
            $order,
            "
                     limit 41
                    ) p on true
              where u.name = $1
              order by p.id ",
            $order
        )
    };
}

macro_rules! both_ways {
    ($audience:literal, $count:literal) => {
        [
            photostream!($audience, $count, "<", "desc"),
            photostream!($audience, $count, ">", "asc"),
        ]
    };
}

const STRANGER: [&str; 2] = both_ways!("visibility = 'public'", "u.public_photo_count");
const CONTACT: [&str; 2] = both_ways!(
    "visibility in ('public', 'contacts')",
    "u.public_photo_count + u.contacts_photo_count"
);
const OWNER: [&str; 2] = both_ways!(
    "true",
    "u.public_photo_count + u.contacts_photo_count + u.private_photo_count"
);

/// The statement of a stranger's first page, which the lab explains and measures.
pub const EXPLAINED: &str = STRANGER[0];

/// The statements of this file with their names, for the tests of their plans.
pub const STATEMENTS: [(&str, &str); 6] = [
    ("stranger, older", STRANGER[0]),
    ("stranger, newer", STRANGER[1]),
    ("contact, older", CONTACT[0]),
    ("contact, newer", CONTACT[1]),
    ("owner, older", OWNER[0]),
    ("owner, newer", OWNER[1]),
];

type Row = (
    UserId,
    String,
    String,
    i64,
    i32,
    i32,
    Option<PhotoId>,
    Option<PhotoToken>,
    Option<String>,
    Option<i32>,
    Option<i32>,
    Option<Tone>,
    Option<Visibility>,
);

/// Returns a page of a person's photos as a viewer with this relation sees it; `None` if there is no such person.
pub async fn page(
    db: impl PgExecutor<'_>,
    name: &Username,
    relation: Relation,
    cursor: Cursor,
) -> Result<Option<(Owner, Slice)>, sqlx::Error> {
    let [older, newer] = match relation {
        Relation::Stranger => STRANGER,
        Relation::Contact => CONTACT,
        Relation::Owner => OWNER,
    };
    let (sql, beyond) = match cursor {
        Cursor::Newest => (older, PhotoId(i64::MAX)),
        Cursor::Before(photo) => (older, photo),
        Cursor::After(photo) => (newer, photo),
    };
    let rows: Vec<Row> = counted(
        sqlx::query_as(sql)
            .bind(name.as_str())
            .bind(beyond)
            .fetch_all(db),
    )
    .await?;
    let mut owner = None;
    let mut photos = Vec::with_capacity(rows.len());
    for row in rows {
        if let (
            Some(id),
            Some(token),
            Some(title),
            Some(width),
            Some(height),
            Some(tone),
            Some(visibility),
        ) = (row.6, row.7, row.8, row.9, row.10, row.11, row.12)
        {
            photos.push(Thumb {
                id,
                token,
                title,
                frame: Frame { width, height },
                tone,
                visibility,
            });
        }
        owner.get_or_insert(Owner {
            id: row.0,
            display_name: row.1,
            about: row.2,
            photo_count: row.3,
            follower_count: row.4,
            followee_count: row.5,
        });
    }
    Ok(owner.map(|owner| (owner, Slice::cut(photos, cursor))))
}

impl Slice {
    /// Removes the row that only shows that there are more, and puts the newest first.
    fn cut(mut photos: Vec<Thumb>, cursor: Cursor) -> Self {
        let more = photos.len() > PHOTOS_PER_PAGE;
        photos.truncate(PHOTOS_PER_PAGE);
        if matches!(cursor, Cursor::After(_)) {
            photos.reverse();
        }
        Self { photos, more }
    }
}
