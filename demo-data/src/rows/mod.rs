//! The rows of the site, one file a table, drawn again from the seed on each call. Times are seconds
//! since 1970, UTC.

mod comments;
mod explore;
mod favorites;
mod follows;
mod months;
mod photos;
mod tags;
mod titles;
mod users;

pub use comments::Comment;
pub use explore::{RECENT_PHOTOS_MAX, RecentPhoto};
pub use favorites::Favorite;
pub use follows::Follow;
pub use months::PhotoMonth;
pub use photos::Photo;
pub use tags::{PhotoTag, Tag};
pub use users::User;
