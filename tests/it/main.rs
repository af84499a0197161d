//! The site against real programs: PostgreSQL, memcached and nginx, started for the tests in
//! temporary directories.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of a test may panic as the test may"
)]

mod accounts;
mod brake;
mod browser;
mod browser_lists;
mod browser_model;
mod browser_pages;
mod browser_photo;
mod browser_titles;
mod cache_tools;
mod canaries;
mod cgi;
mod cluster;
mod crash;
mod cut;
mod deploys;
mod ended;
mod expiry;
mod fence;
mod from_disk;
mod front;
mod full_disk;
mod guards;
mod hold;
mod known_browsers;
mod lab;
mod lab_browser;
mod lists;
mod load;
mod load_refused;
mod memory;
mod migrations;
mod nasty;
mod pages;
mod plans;
mod privacy;
mod refusals;
mod snapshots;
mod stack;
mod stories;
mod sweeps;
mod talk;
mod through;
mod tidy;
mod town;
mod uploads;
mod versions;
