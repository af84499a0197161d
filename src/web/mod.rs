//! The pages: one file a page group. `routes` is the whole site on a screen.
//!
//! A handler loads, decides and shows; it holds no SQL, writes no header and no HTML.

pub mod routes;

mod account;
mod archive;
mod body;
mod error;
mod explore;
mod forms;
mod from_disk;
mod lab;
mod origin;
mod page;
mod people;
mod photo;
mod photostream;
mod pictures;
mod probes;
mod ranges;
mod robots;
mod shown;
mod stand_in;
mod state;
mod statics;
mod upload;
mod visit;
mod words;

pub use body::{is_upload, read_to_the_end};
pub use error::{failed, took_too_long};
pub use ranges::cut as cut_ranges;
pub use routes::router;
pub use stand_in::for_a_front as stand_in_for_a_front;
pub use state::AppState;
