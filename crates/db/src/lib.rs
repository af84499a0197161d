//! All SQL of the site but the schema, one file a noun. Functions take an executor, so that the caller decides whether
//! they run alone or in a transaction.

pub mod comment;
mod connection;
pub mod database_url;
pub mod demo;
pub mod explore;
pub mod known_browser;
pub mod load;
pub mod measure;
pub mod migrate;
mod migrations;
pub mod outbox;
pub mod people;
pub mod people_list;
pub mod photo;
pub mod photo_hold;
pub mod photo_write;
pub mod photostream;
pub mod pool;
pub mod query_stats;
pub mod rate_limit;
pub mod roles;
pub mod schema;
pub mod session;
pub mod transient_error;
pub mod upload_place;
pub mod userid_index;
pub mod wal;

pub use sqlx::postgres::{PgConnectOptions as ConnectOptions, PgConnection as Connection};
pub use sqlx::{Error, PgPool as Pool};

pub use self::connection::{connect, ping, through_socket};
