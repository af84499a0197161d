//! People, words and pictures for a photo site, drawn from a seed.
//!
//! The same seed gives the same site on every machine: [`World`] invents who is there and what
//! they did in twenty years. It knows no database and no page; whoever wants rows asks for them.

mod calendar;
mod people;
pub mod picture;
mod rng;
mod scene;
mod words;
mod world;

pub use world::{
    Comment, Favorite, Follow, Impossible, Photo, PhotoMonth, PhotoTag, RECENT_PHOTOS_MAX, RecentPhoto, Tag, User,
    Visibility, World,
};
