//! Connections to the database.

use std::io::ErrorKind;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};
use tokio::time::timeout;

use crate::database_url;

/// How long a request waits for a free connection before the visitor is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection may take that is opened before it is needed.
const FILL_TIMEOUT: Duration = Duration::from_secs(1);

/// How many statements a connection keeps prepared; the site has fewer than sixty.
const STATEMENTS_KEPT: usize = 100;

/// When a connection of this process last turned out to be closed.
static LAST_CUT: Mutex<Option<Instant>> = Mutex::new(None);

/// How long after that connections are still tested before their use: two clocks are read, and a process may stand
/// still between.
const DOUBT: Duration = Duration::from_millis(50);

/// Opens a pool; connects when first asked.
///
/// # Errors
///
/// When the address is no `postgres://` address.
pub fn open(database_url: &str, connections: u32) -> Result<PgPool, sqlx::Error> {
    let options = database_url::options(database_url)?
        .application_name("flickr-killr")
        .statement_cache_capacity(STATEMENTS_KEPT)
        // A statement without its index may take a second for one page; it may not take for ever.
        .options([
            ("statement_timeout", "20s"),
            ("idle_in_transaction_session_timeout", "30s"),
        ]);
    Ok(PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(ACQUIRE_TIMEOUT)
        // A connection lives as long as its server: on a full disk a new one may be refused, because
        // PostgreSQL writes a file for it.
        .max_lifetime(None)
        .idle_timeout(None)
        // A ping before every use would double the round trips. A closed connection is found by its first statement,
        // and after that each connection that was idle already then is asked once before its next use.
        .test_before_acquire(false)
        .before_acquire(|connection, idle| {
            let is_trusted = !was_idle_at_last_cut(idle.idle_for);
            Box::pin(async move { Ok(is_trusted || connection.ping().await.is_ok()) })
        })
        .connect_lazy_with(options))
}

/// Whether the statement failed because its connection was closed, by the server or on the way: then it may be asked
/// once more on another connection, if it only reads. After a timeout it may not.
///
/// The pool remembers it: when a server restarts, all connections are closed, and one failed statement is enough.
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
        // What the server says before it closes: an administrator ends the session, or the server stops or has crashed
        // (57P01, 57P02; Appendix A of PostgreSQL's manual). 57P03 is a server that takes no connection yet.
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

/// The planner's price of a random page, as the database is set: above 2 it plans the photostream
/// of a big owner as a sort of all their photos.
pub async fn random_page_cost(pool: &PgPool) -> Result<f64, sqlx::Error> {
    sqlx::query_scalar("select current_setting('random_page_cost')::float8")
        .fetch_one(pool)
        .await
}

/// Opens connections until the pool holds so many.
///
/// # Errors
///
/// When one cannot be opened soon.
pub async fn fill(pool: &PgPool, connections: u32) -> Result<(), sqlx::Error> {
    let mut held = Vec::new();
    while pool.size() < connections {
        // An idle one, or else a new one; held, so that the next is another. Not for long: requests wait.
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
