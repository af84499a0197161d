//! Connections to the database.

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, PgConnection, PgPool};

/// How long a request waits for a free connection before the visitor is told to come back.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

/// How many statements a connection keeps prepared; the site has fewer than sixty.
const STATEMENTS_KEPT: usize = 100;

/// Opens a pool; connects when first asked.
///
/// # Errors
///
/// When the address is no `postgres://` address.
pub fn open(database_url: &str, connections: u32) -> Result<PgPool, sqlx::Error> {
    let options = PgConnectOptions::from_str(database_url)?
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
        // A ping before every use would double the round trips; a dead connection is found by its
        // first statement and replaced.
        .test_before_acquire(false)
        .connect_lazy_with(options))
}

/// A connection of its own for the lab, which makes queries slow on purpose: unlike those of the pool it does not
/// warn of slow statements.
///
/// # Errors
///
/// When the database does not answer.
pub async fn unlogged(pool: &PgPool) -> Result<PgConnection, sqlx::Error> {
    let options = PgConnectOptions::clone(&pool.connect_options());
    options.disable_statement_logging().connect().await
}

/// The planner's price of a random page, as the database is set: above 2 it plans the photostream
/// of a big owner as a sort of all their photos (64 ms instead of 0.05).
///
/// # Errors
///
/// When the database does not answer.
pub async fn random_page_cost(pool: &PgPool) -> Result<f64, sqlx::Error> {
    sqlx::query_scalar("select current_setting('random_page_cost')::float8")
        .fetch_one(pool)
        .await
}
