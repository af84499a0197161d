//! The space of PostgreSQL's write-ahead log, for the supervisor of a private cluster.
//!
//! A log that cannot grow is a PANIC of the whole server, reads included: even a `select` writes to it when
//! it sets hint bits under checksums. So the cluster has preallocated segments, which it recycles after each checkpoint,
//! and on a full disk the supervisor requests a checkpoint before they run out.

use sqlx::PgConnection;

/// How many segments are ahead of the one in use.
///
/// # Errors
///
/// When the database fails, or the role is not a superuser.
pub async fn segments_ahead(db: &mut PgConnection) -> Result<i64, sqlx::Error> {
    // Names of segments sort as their numbers; the timeline in front is the same for all after a start.
    sqlx::query_scalar(
        "select count(*)
           from pg_ls_waldir()
          where name ~ '^[0-9A-F]{24}$'
            and name > pg_walfile_name(pg_current_wal_insert_lsn())",
    )
    .fetch_one(db)
    .await
}

/// Creates segments until this many are ahead: switches to each in turn, and a checkpoint recycles those behind.
/// PostgreSQL keeps as many as `min_wal_size` allows.
///
/// # Errors
///
/// As [`segments_ahead`].
pub async fn make_ahead(db: &mut PgConnection, segments: i64) -> Result<(), sqlx::Error> {
    let missing = segments - segments_ahead(db).await?;
    if missing <= 0 {
        return Ok(());
    }
    for _ in 0..missing {
        // PostgreSQL does not switch from a segment without a record.
        sqlx::query("select pg_logical_emit_message(false, 'flickr-killr', 'begin a segment')")
            .execute(&mut *db)
            .await?;
        sqlx::query("select pg_switch_wal()")
            .execute(&mut *db)
            .await?;
    }
    checkpoint(db).await
}

/// Runs a checkpoint, which recycles the segments before it.
///
/// # Errors
///
/// As [`segments_ahead`], and when the disk is full.
pub async fn checkpoint(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("checkpoint").execute(db).await.map(drop)
}
