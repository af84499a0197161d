//! Flickr Killr: a photo site that stays fast, the stack that runs it, and the lab that measures it.

pub mod app;
pub mod config;
pub mod images;
