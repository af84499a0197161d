//! Flickr Killr: a photo site that stays fast, the stack that runs it, and the lab that measures it.

pub mod app;
pub mod cli;
pub mod config;
pub mod settings;
pub mod stack;
