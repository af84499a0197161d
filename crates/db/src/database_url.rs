//! The address of a database, which holds everything that a connection needs.

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use url::Url;

/// Reads an address. An address without a password means none: no password file is looked at, because
/// the app processes run as another user, in whose home there is no such file.
///
/// # Errors
///
/// When it is no `postgres://` address.
pub fn options(address: &str) -> Result<PgConnectOptions, sqlx::Error> {
    let url: Url = address
        .parse()
        .map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
    let has_password =
        url.password().is_some() || url.query_pairs().any(|(name, _)| name == "password");
    let options = PgConnectOptions::from_url(&url)?;
    Ok(if has_password {
        options
    } else {
        options.password("")
    })
}
