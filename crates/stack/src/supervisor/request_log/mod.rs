//! The requests that nginx reports, forwarded to `cache log`, `top` and `hist`.
//!
//! `relay` forwards the lines, `join` makes one line of the two that nginx sends for a request.

mod join;
mod relay;

pub(super) use relay::{RequestLog, WATCHERS};
