//! Tools for a cache whose hits the application never sees: they combine what nginx, memcached and the app
//! processes report.
//!
//! [`explain`] finds out why one URL is or is not cached, [`stat`] shows the counters of each server and of all app
//! processes. [`top`], [`histogram`] and [`log`] show requests as nginx reports them: [`request_stream`] receives the
//! lines, [`request`] parses one. [`Endpoints`] has the addresses of all programs, [`target`] parses the URL.

mod endpoints;
pub mod explain;
mod format;
pub mod histogram;
mod http;
pub mod log;
mod metrics;
pub mod request;
pub mod request_stream;
pub mod screen;
pub mod stat;
pub mod target;
pub mod top;

pub use endpoints::Endpoints;
pub use format::grouped;
