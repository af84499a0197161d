//! Changes of photos, each with all dependent changes, in one transaction.

use domain::{Frame, Month, PhotoId, PhotoToken, Title, Tone, UserId, Visibility};
use sqlx::{PgExecutor, PgTransaction};
use time::OffsetDateTime;

use super::outbox::{self, Gone};
use super::query_stats::counted;

/// How many photos the small table of explore has.
pub const RECENT_PHOTOS_MAX: i64 = 10_000;

/// A photo to be posted.
#[derive(Debug, Clone)]
pub struct NewPhoto {
    pub owner: UserId,
    /// The name of its original.
    pub filename: String,
    /// The SHA-256 of its file.
    pub sha256: [u8; 32],
    /// May be empty.
    pub title: Title,
    /// Its size as seen upright.
    pub frame: Frame,
    /// Its placeholder.
    pub tone: Tone,
    /// Its visibility.
    pub visibility: Visibility,
    /// When it was taken; now if the file has no date.
    pub taken_at: OffsetDateTime,
}

/// Posts a photo.
pub async fn insert(tx: &mut PgTransaction<'_>, new: &NewPhoto) -> Result<PhotoId, sqlx::Error> {
    let photo: PhotoId = counted(
        sqlx::query_scalar(
            "insert into photos (userid, filename, sha256, token, title, width, height, tone, visibility, taken_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
             returning id",
        )
        .bind(new.owner)
        .bind(&new.filename)
        .bind(new.sha256)
        .bind(PhotoToken::random())
        .bind(new.title.as_str())
        .bind(new.frame.width)
        .bind(new.frame.height)
        .bind(new.tone)
        .bind(new.visibility)
        .bind(new.taken_at)
        .fetch_one(&mut **tx),
    )
    .await?;
    count(tx, new.owner, new.taken_at, new.visibility, 1).await?;
    if new.visibility == Visibility::Public {
        show_in_recent(tx, new.owner, photo).await?;
    }
    Ok(photo)
}

#[derive(sqlx::FromRow)]
struct Before {
    token: PhotoToken,
    filename: String,
    visibility: Visibility,
    taken_at: OffsetDateTime,
}

/// Changes the visibility of a photo.
///
/// The photo gets a new token, which invalidates every old address of its pictures; the returned purge must be delivered
/// before the change is acknowledged. `None` if the person has no such photo, or it has this visibility already.
pub async fn change_visibility(
    tx: &mut PgTransaction<'_>,
    owner: UserId,
    photo: PhotoId,
    to: Visibility,
) -> Result<Option<Gone>, sqlx::Error> {
    let Some(before) = lock(tx, owner, photo).await? else {
        return Ok(None);
    };
    if before.visibility == to {
        return Ok(None);
    }
    counted(
        sqlx::query("update photos set visibility = $2, token = $3 where id = $1")
            .bind(photo)
            .bind(to)
            .bind(PhotoToken::random())
            .execute(&mut **tx),
    )
    .await?;
    count(tx, owner, before.taken_at, before.visibility, -1).await?;
    count(tx, owner, before.taken_at, to, 1).await?;
    if to == Visibility::Public {
        show_in_recent(tx, owner, photo).await?;
    } else {
        hide_from_recent(tx, photo).await?;
    }
    outbox::remember(tx, owner, before.token, None)
        .await
        .map(Some)
}

/// Deletes a photo and all dependent rows; the returned purge must be delivered before the deletion is acknowledged. `None`
/// if the person has no such photo.
pub async fn delete(
    tx: &mut PgTransaction<'_>,
    owner: UserId,
    photo: PhotoId,
) -> Result<Option<Gone>, sqlx::Error> {
    let Some(before) = lock(tx, owner, photo).await? else {
        return Ok(None);
    };
    counted(
        sqlx::query("delete from photos where id = $1")
            .bind(photo)
            .execute(&mut **tx),
    )
    .await?;
    count(tx, owner, before.taken_at, before.visibility, -1).await?;
    outbox::remember(tx, owner, before.token, Some(&before.filename))
        .await
        .map(Some)
}

async fn lock(
    tx: &mut PgTransaction<'_>,
    owner: UserId,
    photo: PhotoId,
) -> Result<Option<Before>, sqlx::Error> {
    counted(
        sqlx::query_as(
            "select token, filename, visibility, taken_at
               from photos
              where id = $1 and userid = $2
                for update",
        )
        .bind(photo)
        .bind(owner)
        .fetch_optional(&mut **tx),
    )
    .await
}

/// Updates the owner's stored counts, of all photos and of the month.
async fn count(
    tx: &mut PgTransaction<'_>,
    owner: UserId,
    taken_at: OffsetDateTime,
    visibility: Visibility,
    by: i32,
) -> Result<(), sqlx::Error> {
    let [public, contacts, private] =
        Visibility::ALL.map(|level| if level == visibility { by } else { 0 });
    counted(
        sqlx::query(
            "update users
                set public_photo_count = public_photo_count + $2,
                    contacts_photo_count = contacts_photo_count + $3,
                    private_photo_count = private_photo_count + $4
              where id = $1",
        )
        .bind(owner)
        .bind(public)
        .bind(contacts)
        .bind(private)
        .execute(&mut **tx),
    )
    .await?;
    counted(
        sqlx::query(
            "insert into photo_months as m (userid, month, public_count, contacts_count, private_count)
             values ($1, $2, $3, $4, $5)
                 on conflict (userid, month) do update
                    set public_count = m.public_count + $3,
                        contacts_count = m.contacts_count + $4,
                        private_count = m.private_count + $5",
        )
        .bind(owner)
        .bind(Month::of(taken_at.to_offset(time::UtcOffset::UTC).date()).first_day())
        .bind(public)
        .bind(contacts)
        .bind(private)
        .execute(&mut **tx),
    )
    .await?;
    Ok(())
}

/// Inserts a photo into the newest photos, unless a newer public photo is missing there: the table has no gaps, so that
/// explore can continue in `photos` after its end.
async fn show_in_recent(
    tx: &mut PgTransaction<'_>,
    owner: UserId,
    photo: PhotoId,
) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query(
            "insert into recent_photos (photo_id, userid)
             select $1, $2
              where not exists (
                    select from photos
                     where visibility = 'public' and id > $1
                       and id < (select coalesce(min(photo_id), 9223372036854775807) from recent_photos))
                 on conflict do nothing",
        )
        .bind(photo)
        .bind(owner)
        .execute(&mut **tx),
    )
    .await
    .map(drop)
}

async fn hide_from_recent(tx: &mut PgTransaction<'_>, photo: PhotoId) -> Result<(), sqlx::Error> {
    counted(
        sqlx::query("delete from recent_photos where photo_id = $1")
            .bind(photo)
            .execute(&mut **tx),
    )
    .await
    .map(drop)
}

/// Deletes the oldest rows of the newest photos; returns how many.
pub async fn cut_recent(db: impl PgExecutor<'_>) -> Result<u64, sqlx::Error> {
    let cut = sqlx::query(
        "delete from recent_photos
          where photo_id < (select min(photo_id)
                              from (select photo_id from recent_photos
                                     order by photo_id desc
                                     limit $1) newest)",
    )
    .bind(RECENT_PHOTOS_MAX)
    .execute(db)
    .await?;
    Ok(cut.rows_affected())
}

/// Appends views that an app process has counted.
pub async fn append_views(
    db: impl PgExecutor<'_>,
    views: &[(PhotoId, UserId, i32)],
) -> Result<(), sqlx::Error> {
    let photos: Vec<i64> = views.iter().map(|view| view.0.0).collect();
    let owners: Vec<i64> = views.iter().map(|view| view.1.0).collect();
    let counts: Vec<i32> = views.iter().map(|view| view.2).collect();
    sqlx::query(
        "insert into photo_views (photo_id, userid, views)
         select * from unnest($1::int8[], $2::int8[], $3::int4[])",
    )
    .bind(photos)
    .bind(owners)
    .bind(counts)
    .execute(db)
    .await
    .map(drop)
}

/// Whether a row names this original.
pub async fn is_original(db: impl PgExecutor<'_>, filename: &str) -> Result<bool, sqlx::Error> {
    // Without an index: queried only for unfinished uploads of processes that died.
    sqlx::query_scalar("select exists (select from photos where filename = $1)")
        .bind(filename)
        .fetch_one(db)
        .await
}

/// Folds appended views into the photos; returns how many photos were updated.
pub async fn fold_views(db: impl PgExecutor<'_>) -> Result<u64, sqlx::Error> {
    let folded = sqlx::query(
        "with waiting as (delete from photo_views returning photo_id, views),
              summed as (select photo_id, sum(views) as views
                           from waiting
                          group by photo_id
                          order by photo_id)
         update photos p
            set view_count = p.view_count + summed.views
           from summed
          where p.id = summed.photo_id",
    )
    .execute(db)
    .await?;
    Ok(folded.rows_affected())
}
