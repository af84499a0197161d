//! Comments under a photo.

use domain::{CommentId, PhotoId, Username};
use sqlx::PgExecutor;
use time::OffsetDateTime;

use super::query_stats::counted;

/// How many comments a page shows.
pub const COMMENTS_PER_PAGE: usize = 30;

/// A comment and its author.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Comment {
    /// The comment.
    pub id: CommentId,
    /// Plain text.
    pub body: String,
    /// When it was written.
    pub created_at: OffsetDateTime,
    /// Its author's name in addresses.
    pub author: Username,
    /// Its author's name as shown.
    pub author_name: String,
}

/// Returns the comments under a photo, oldest first, after a given one; and whether there are more.
pub async fn page(
    db: impl PgExecutor<'_>,
    photo: PhotoId,
    after: Option<CommentId>,
) -> Result<(Vec<Comment>, bool), sqlx::Error> {
    let mut comments: Vec<Comment> = counted(
        sqlx::query_as(
            "select c.id, c.body, c.created_at, u.name as author, u.display_name as author_name
               from comments c
               join users u on u.id = c.author_id
              where c.photo_id = $1 and c.id > $2
              order by c.id
              limit 31",
        )
        .bind(photo)
        .bind(after.unwrap_or(CommentId(0)))
        .fetch_all(db),
    )
    .await?;
    let more = comments.len() > COMMENTS_PER_PAGE;
    comments.truncate(COMMENTS_PER_PAGE);
    Ok((comments, more))
}
