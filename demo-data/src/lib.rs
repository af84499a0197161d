//! People, words and pictures for a photo site, drawn from a seed.

pub mod picture;
