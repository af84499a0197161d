//! People, words and pictures for a photo site, drawn from a seed.
//!
//! The same seed gives the same site on every machine: [`World`] invents the people and what they did
//! in twenty years, and gives the rows of each table; [`picture`] draws the photos. Neither uses a
//! database or the web.

pub mod picture;

mod calendar;
mod people;
mod rng;
mod rows;
mod split_mix;
mod words;
mod world;

pub use rows::{
    Comment, Favorite, Follow, Photo, PhotoMonth, PhotoTag, RECENT_PHOTOS_MAX, RecentPhoto, Tag,
    User,
};
pub use world::{Impossible, Visibility, World};
