//! The pages: one file a page group. `routes` is the whole site on a screen.
//!
//! A handler parses its input, calls one use case of the crate `site` and renders the result. All layers are listed
//! in `server.rs`.

pub(crate) mod routes;

mod account;
mod archive;
mod body;
pub(crate) mod csrf;
pub(crate) mod error;
mod explore;
mod format;
mod forms;
mod from_disk;
pub(crate) mod lab;
pub(crate) mod limits;
mod page;
mod people;
mod photo;
mod photostream;
mod pictures;
mod probes;
mod ranges;
pub(crate) mod retry;
mod robots;
pub(crate) mod server_timing;
pub(crate) mod session;
mod shown;
mod state;
mod statics;
mod tile;
mod trusted_headers;
pub(crate) mod upload;

pub use body::{is_upload, read_to_the_end};
pub use error::{failed, took_too_long};
pub use ranges::cut as cut_ranges;
pub use state::AppState;
pub use trusted_headers::for_a_front as stand_in_for_a_front;
