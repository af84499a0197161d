//! Flickr Killr: a photo site that stays fast, the stack that runs it, and the lab that measures it.
//!
//! In the order to read them: [`domain`] (pure values), [`urls`] (every path), [`db`] (all SQL),
//! [`site`] (the use cases), [`web`] (pages), [`app`] (the one middleware stack), [`images`] (originals to derivatives),
//! [`generations`] (the site's own files of every version), [`disk`] (the room on the disk, and what is given up for it),
//! [`jobs`] (what runs behind), [`rung`] (the versions of the ladder), [`config`] (what a process is
//! told), [`blocking`] (bounds on work that blocks a thread), [`database_url`] and [`environment`] (what a connection
//! to the database is made of). Around it: [`stack`] (every program as a child), [`settings`] (what a person can set),
//! [`cpu`] (who uses the processor), [`ladder`] (runs every version and measures it), [`cli`] (who
//! answers which command), [`cgi`] (the program as a CGI script).

pub mod app;
pub mod assets;
pub mod blocking;
pub mod cache_tools;
pub mod cgi;
pub mod cli;
pub mod config;
pub mod cpu;
pub mod database_url;
pub mod db;
pub mod demo;
pub mod disk;
pub mod domain;
pub mod environment;
pub mod generations;
pub mod images;
pub mod jobs;
pub mod lab;
pub mod ladder;
pub mod memcached;
pub mod rung;
pub mod settings;
pub mod site;
pub mod stack;
pub mod urls;
pub mod web;
mod whole;
