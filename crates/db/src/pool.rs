//! Connections to the database.

use std::io::ErrorKind;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};
use tokio::time::timeout;

use crate::database_url;

/// How long a request waits for a free connection before it fails as busy.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long opening a connection in advance may take.
const FILL_TIMEOUT: Duration = Duration::from_secs(1);

/// How many statements a connection keeps prepared; the site has fewer than sixty.
const STATEMENTS_KEPT: usize = 100;

/// When this process last found a connection closed.
static LAST_CUT: Mutex<Option<Instant>> = Mutex::new(None);

/// The tolerance for connections that are tested after that: two clocks are read, and the process may be suspended in
/// between.
const DOUBT: Duration = Duration::from_millis(50);

/// Creates a pool, which connects at the first statement.
///
/// # Errors
///
/// When the address is not a `postgres://` address.
pub fn open(database_url: &str, connections: u32) -> Result<PgPool, sqlx::Error> {
    let options = database_url::options(database_url)?
        .application_name("flickr-killr")
        .statement_cache_capacity(STATEMENTS_KEPT)
        // A statement without its index may take a second for one page; longer statements are cancelled.
        .options([
            ("statement_timeout", "20s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ]);
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // Connections are never closed for their age: on a full disk PostgreSQL may refuse a new one, because it writes
        // a file for it.
        .max_lifetime(None)
        .idle_timeout(None)
        // A ping before every use would double the round trips. A closed connection is found by its first statement,
        // and after that each connection that was idle at that time is pinged once before its next use.
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            let is_trusted = !was_idle_at_last_cut(idle.idle_for);
            Box::pin(async move { Ok(is_trusted || connection.ping().await.is_ok()) })
        })
        .connect_lazy_with(options))
}

/// Whether the statement failed because its connection was closed, by the server or the network: then it may be repeated
/// on another connection, if it only reads. After a timeout it may not.
///
/// Records the time for the pool: when a server restarts, all connections are closed, so one failed statement suffices.
#[must_use]
pub fn was_cut(error: &sqlx::Error) -> bool {
    let is_cut = match error {
        sqlx::Error::Io(error) => matches!(
            error.kind(),
            ErrorKind::BrokenPipe
                | ErrorKind::ConnectionAborted
                | ErrorKind::ConnectionReset
                | ErrorKind::NotConnected
                | ErrorKind::UnexpectedEof
        ),
        // The errors before the server closes a connection: an administrator ends the session, or the server stops or has
        // crashed (57P01, 57P02; Appendix A of PostgreSQL's manual). With 57P03 it does not accept connections yet.
        sqlx::Error::Database(error) => {
            matches!(error.code().as_deref(), Some("57P01" | "57P02"))
        }
        _ => false,
    };
    if is_cut {
        *LAST_CUT.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
    is_cut
}

fn was_idle_at_last_cut(idle_for: Duration) -> bool {
    let last_cut = *LAST_CUT.lock().unwrap_or_else(PoisonError::into_inner);
    last_cut.is_some_and(|cut| cut.elapsed() <= idle_for + DOUBT)
}

/// A connection of its own for the lab, which makes queries slow on purpose: unlike those of the pool it does not
/// warn of slow statements.
pub async fn unlogged(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    let options = PgConnectOptions::clone(&pool.connect_options());
    options.disable_statement_logging().connect().await
}

/// The database's `random_page_cost`: above 2 PostgreSQL plans the photostream of an owner with many photos as a sort of
/// all of them.
pub async fn random_page_cost(pool: &PgPool) -> Result<f64, sqlx::Error> {
    sqlx::query_scalar("select current_setting('random_page_cost')::float8")
        .fetch_one(pool)
        .await
}

/// Opens connections until the pool has this many.
///
/// # Errors
///
/// When a connection cannot be opened in time.
pub async fn fill(pool: &PgPool, connections: u32) -> Result<(), sqlx::Error> {
    let mut held = Vec::new();
    while pool.size() < connections {
        // Takes an idle connection or opens one, and holds it so that the next is another; not for long: requests wait.
        let acquired = timeout(FILL_TIMEOUT, pool.acquire()).await;
        held.push(acquired.map_err(|_| sqlx::Error::PoolTimedOut)??);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn a_closed_connection_is_no_timeout_and_no_server_that_is_away() {
        let io = |kind: ErrorKind| sqlx::Error::Io(io::Error::from(kind));
        for (error, expected) in [
            (io(ErrorKind::UnexpectedEof), true),
            (io(ErrorKind::ConnectionReset), true),
            (io(ErrorKind::BrokenPipe), true),
            (io(ErrorKind::TimedOut), false),
            (io(ErrorKind::ConnectionRefused), false),
            (io(ErrorKind::NotFound), false),
            (sqlx::Error::PoolTimedOut, false),
            (sqlx::Error::PoolClosed, false),
            (sqlx::Error::RowNotFound, false),
        ] {
            assert_eq!(was_cut(&error), expected, "{error:?}");
        }
    }
}
