//! Value types: ids, names, tokens, months, paths, settings. Each is validated once, when it is parsed.
//!
//! Nothing here depends on database rows, HTTP or files; all other crates may import it.

pub mod config;
mod cursor;
mod disk_reserve;
mod ids;
mod letters;
mod month;
mod name;
mod network;
mod picture;
mod reserved_names;
pub mod rung;
mod secret;
pub mod settings;
mod text;
pub mod urls;
mod visibility;
mod visible;

pub use cursor::{BadCursor, CountCursor, Cursor, NameCursor, TakenCursor};
pub use disk_reserve::{BadReserve, Reserve, inodes as reserve_inodes};
pub use ids::{CommentId, PhotoId, PhotoToken, UserId};
pub use letters::letters_of;
pub use month::{BadMonth, Month};
pub use name::{BadUsername, Username};
pub use network::Network;
pub use picture::{Frame, Ratio, Tone};
pub use secret::{Secret, SecretHash};
pub use text::{BadText, DisplayName, Title};
pub use visibility::{BadVisibility, Relation, Visibility};
