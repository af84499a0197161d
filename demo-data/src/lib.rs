//! People, words and pictures for a photo site, drawn from a seed.
//!
//! The same seed gives the same site on every machine: [`World`] invents who is there and what
//! they did in twenty years, [`picture`] draws what they saw. Neither knows a database or a page;
//! whoever wants rows or pixels asks for them.

pub mod picture;

mod calendar;
mod people;
mod rng;
mod split_mix;
mod words;
mod world;

pub use world::{
    Comment, Favorite, Follow, Impossible, Photo, PhotoMonth, PhotoTag, RECENT_PHOTOS_MAX,
    RecentPhoto, Tag, User, Visibility, World,
};
