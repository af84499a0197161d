//! The room of PostgreSQL's write-ahead log, for the supervisor of a private cluster.
//!
//! A log that cannot grow is a PANIC of the whole server, reads included: even a `select` writes to it when
//! it sets hint bits under checksums. So the cluster has segments made ahead, which it uses again after each
//! checkpoint, and on a full disk the supervisor asks for the checkpoint before they run out.

use sqlx::PgConnection;

/// How many segments are ahead of the one in use.
///
/// # Errors
///
/// When the database fails, or the role is no superuser.
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

/// Makes segments until so many are ahead: begins each in turn, and lets a checkpoint turn those that are
/// behind into those to come. PostgreSQL keeps as many as `min_wal_size` says.
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
        // A segment without a record is not left for the next one.
        sqlx::query("select pg_logical_emit_message(false, 'flickr-killr', 'begin a segment')")
            .execute(&mut *db)
            .await?;
        sqlx::query("select pg_switch_wal()")
            .execute(&mut *db)
            .await?;
    }
    checkpoint(db).await
}

/// Writes a checkpoint: the segments before it are used again.
///
/// # Errors
///
/// As [`segments_ahead`], and when the disk is full.
pub async fn checkpoint(db: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("checkpoint").execute(db).await.map(drop)
}
