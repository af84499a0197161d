//! The newest public photos of everybody.

use sqlx::PgPool;

use super::cost::counted;
use super::photostream::{PHOTOS_PER_PAGE, Thumb};
use crate::domain::{Cursor, Frame, PhotoId, PhotoToken, Tone, UserId, Username, Visibility};

/// A photo on explore, and whose it is.
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

macro_rules! newest {
    ($from:literal, $cursor:literal, $beyond:literal, $order:literal) => {
        concat!(
            "select p.id, p.token, p.title, p.width, p.height, p.tone, u.id, u.name, u.display_name
               from ",
            $from,
            "
               join users u on u.id = p.userid
              where p.visibility = 'public' and ",
            $cursor,
            " ",
            $beyond,
            " $1
              order by ",
            $cursor,
            " ",
            $order,
            "
              limit 41"
        )
    };
}

/// The newest photos stand in a small table of their own; below its end the big one goes on.
const RECENT_OLDER: &str = newest!(
    "recent_photos r join photos p on p.id = r.photo_id",
    "r.photo_id",
    "<",
    "desc"
);
const RECENT_NEWER: &str = newest!(
    "recent_photos r join photos p on p.id = r.photo_id",
    "r.photo_id",
    ">",
    "asc"
);
const ALL_OLDER: &str = newest!("photos p", "p.id", "<", "desc");
const ALL_NEWER: &str = newest!("photos p", "p.id", ">", "asc");

/// A page of explore, newest first, and whether there is more in the direction asked for.
///
/// # Errors
///
/// When the database fails.
pub async fn page(db: &PgPool, cursor: Cursor) -> Result<(Vec<Found>, bool), sqlx::Error> {
    let mut found = match cursor {
        Cursor::Newest => older(db, PhotoId(i64::MAX)).await?,
        Cursor::Before(photo) => older(db, photo).await?,
        Cursor::After(photo) => newer(db, photo).await?,
    };
    let more = found.len() > PHOTOS_PER_PAGE;
    found.truncate(PHOTOS_PER_PAGE);
    if matches!(cursor, Cursor::After(_)) {
        found.reverse();
    }
    Ok((found, more))
}

async fn older(db: &PgPool, photo: PhotoId) -> Result<Vec<Found>, sqlx::Error> {
    let recent = fetch(db, RECENT_OLDER, photo).await?;
    if recent.len() > PHOTOS_PER_PAGE {
        return Ok(recent);
    }
    // The small table ended within this page: all of it again from the big one, which holds both.
    fetch(db, ALL_OLDER, photo).await
}

async fn newer(db: &PgPool, photo: PhotoId) -> Result<Vec<Found>, sqlx::Error> {
    let in_recent: Option<bool> = counted(
        sqlx::query_scalar("select $1 >= min(photo_id) from recent_photos")
            .bind(photo)
            .fetch_one(db),
    )
    .await?;
    let sql = if in_recent == Some(true) {
        RECENT_NEWER
    } else {
        ALL_NEWER
    };
    fetch(db, sql, photo).await
}

async fn fetch(db: &PgPool, sql: &'static str, beyond: PhotoId) -> Result<Vec<Found>, sqlx::Error> {
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
    );
    let rows: Vec<Row> = counted(sqlx::query_as(sql).bind(beyond).fetch_all(db)).await?;
    Ok(rows
        .into_iter()
        .map(
            |(id, token, title, width, height, tone, owner, owner_name, owner_display_name)| {
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
        .collect())
}
