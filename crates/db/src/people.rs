//! People: their names, their accounts, their registration. The list of them is in `people_list`.

use domain::{DisplayName, SecretHash, UserId, Username};
use sqlx::PgExecutor;

use super::query_stats::counted;

/// Counts people and photos for the command line; photos by the counters of their owners, because there are far fewer
/// owners than photos.
pub async fn totals(db: impl PgExecutor<'_>) -> Result<(i64, i64), sqlx::Error> {
    sqlx::query_as(
        "select count(*),
                coalesce(sum(public_photo_count + contacts_photo_count + private_photo_count), 0)::int8
           from users",
    )
    .fetch_one(db)
    .await
}

/// The id and names of a person.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Card {
    /// Their id.
    pub id: UserId,
    /// Their name as shown.
    pub display_name: String,
}

/// Returns the person of that name.
pub async fn card(db: impl PgExecutor<'_>, name: &Username) -> Result<Option<Card>, sqlx::Error> {
    counted(
        sqlx::query_as("select id, display_name from users where name = $1")
            .bind(name.as_str())
            .fetch_optional(db),
    )
    .await
}

/// The data of an account that a log-in needs.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Account {
    /// Their id.
    pub id: UserId,
    /// An argon2id string; `None` for people of the demo set.
    pub password_hash: Option<String>,
    /// The accounts that were logged in to in this browser before.
    pub browser_accounts: Vec<UserId>,
}

impl Account {
    /// Whether the account was logged in to in this browser before.
    #[must_use]
    pub fn knows_browser(&self) -> bool {
        self.browser_accounts.contains(&self.id)
    }
}

/// The account of that name, and which accounts know the browser with the secret of that hash: itself, if it does,
/// and a few others at most.
pub async fn account(
    db: impl PgExecutor<'_>,
    name: &Username,
    browser: Option<&SecretHash>,
) -> Result<Option<Account>, sqlx::Error> {
    counted(
        sqlx::query_as(
            "select u.id, u.password_hash,
                    array(select b.userid
                            from known_browsers b
                           where b.token_hash = $2 and b.expires_at > now()
                           order by b.userid = u.id desc, b.userid
                           limit 20) as browser_accounts
               from users u
              where u.name = $1",
        )
        .bind(name.as_str())
        .bind(browser.map(SecretHash::as_bytes))
        .fetch_optional(db),
    )
    .await
}

/// Why an account was not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// Another account has that name (`users_name_taken`).
    #[error("That name is taken.")]
    NameTaken,
    /// The database failed.
    #[error(transparent)]
    Database(sqlx::Error),
}

/// Registers a member, with the words by which the search finds them.
///
/// # Errors
///
/// When the name is taken or the database fails.
pub async fn register(
    db: impl PgExecutor<'_>,
    name: &Username,
    display_name: &DisplayName,
    password_hash: &str,
) -> Result<UserId, RegisterError> {
    counted(
        sqlx::query_scalar(
            "with person as (
                insert into users (name, display_name, password_hash) values ($1, $2, $3)
                returning id, name, sort_name),
             words as (
                insert into name_words (word, userid)
                select distinct word, p.id
                  from person p,
                       unnest(string_to_array(p.sort_name || ' ' || replace(p.name, '-', ' '), ' ')) word
                 where word <> '')
             select id from person",
        )
        .bind(name.as_str())
        .bind(display_name.as_str())
        .bind(password_hash)
        .fetch_one(db),
    )
    .await
    .map_err(|error| match error.as_database_error().and_then(|error| error.constraint()) {
        Some("users_name_taken") => RegisterError::NameTaken,
        _ => RegisterError::Database(error),
    })
}

/// Sets the password of an account, ends its sessions, and deletes its known browsers.
pub async fn set_password(
    db: impl PgExecutor<'_>,
    user: UserId,
    password_hash: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with ended as (delete from sessions where userid = $1),
              forgotten as (delete from known_browsers where userid = $1)
         update users set password_hash = $2 where id = $1",
    )
    .bind(user)
    .bind(password_hash)
    .execute(db)
    .await?;
    Ok(())
}

/// An account in the list of the command line.
#[derive(Debug, sqlx::FromRow)]
pub struct Listed {
    /// The name in addresses.
    pub name: Username,
    /// The name as shown.
    pub display_name: String,
    /// How many photos it has.
    pub photos: i64,
    /// The day on which it was made (UTC).
    pub joined: time::Date,
}

/// Accounts by name, after `after`.
pub async fn accounts(
    db: impl PgExecutor<'_>,
    after: &str,
    limit: i64,
) -> Result<Vec<Listed>, sqlx::Error> {
    sqlx::query_as(
        "select name, display_name, (created_at at time zone 'utc')::date as joined,
                (public_photo_count + contacts_photo_count + private_photo_count)::int8 as photos
           from users
          where name > $1
          order by name
          limit $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Names of people drawn uniformly at random, with or without photos.
pub async fn random_names(
    db: impl PgExecutor<'_>,
    count: i64,
) -> Result<Vec<Username>, sqlx::Error> {
    counted(
        sqlx::query_scalar("select name from users order by random() limit $1")
            .bind(count)
            .fetch_all(db),
    )
    .await
}

/// Names of people drawn uniformly at random, the same ones in the same order for the same seed.
pub async fn drawn_names(
    db: impl PgExecutor<'_>,
    count: i64,
    seed: u64,
) -> Result<Vec<Username>, sqlx::Error> {
    // A hash of both is random enough, and the same on every machine.
    sqlx::query_scalar("select name from users order by md5($2 || ' ' || id), id limit $1")
        .bind(count)
        .bind(seed.to_string())
        .fetch_all(db)
        .await
}
