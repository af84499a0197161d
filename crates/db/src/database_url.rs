//! The address of a database, which contains all parameters of a connection.

use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;
use url::Url;

/// Parses an address. Without a password in it none is used: password files are not read, because the app processes run as
/// another user without such a file.
///
/// # Errors
///
/// When it is not a `postgres://` address.
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
