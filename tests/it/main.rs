//! The site against real programs: PostgreSQL started for the tests, in a temporary directory.

mod cluster;
mod load;
mod load_refused;
