//! The integration tests: real PostgreSQL, memcached and nginx, in temporary directories.

// One site from `up` to a clean stop, and everything that may go wrong between.
mod stack;
