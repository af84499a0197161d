//! Single connections outside a [pool](crate::pool).

use std::path::Path;

use sqlx::postgres::PgSslMode;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::{ConnectOptions, Connection, Error};

/// Connects through a unix socket without a password.
pub fn through_socket(folder: &Path, port: u16, user: &str, database: &str) -> ConnectOptions {
    ConnectOptions::new_without_pgpass()
        .socket(folder)
        .port(port)
        .ssl_mode(PgSslMode::Disable)
        .username(user)
        .database(database)
        .disable_statement_logging()
}

/// Opens a connection.
///
/// # Errors
///
/// When the server cannot be reached or refuses.
pub async fn connect(options: &ConnectOptions) -> Result<Connection, Error> {
    options.connect().await
}

/// Connects, sends an empty query and closes the connection.
///
/// # Errors
///
/// When the server does not answer.
pub async fn ping(options: &ConnectOptions) -> Result<(), Error> {
    let mut connection = options.connect().await?;
    connection.ping().await?;
    connection.close().await
}
